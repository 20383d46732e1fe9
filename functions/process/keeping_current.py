"""Keeping current: the account's fields that say when it is refreshed next, and why it cannot be.

A fetch that succeeded puts everything in order. A refresh that failed because of the account itself says so. If it
failed for a reason that may pass, it is tried once more after an hour, as far as the budgets allow. Any other error
says nothing about the account, and its next refresh comes as planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from process.step import Step
from tracking import errors, outcomes, refreshes
from tracking.accounts import Account
from tracking.history.days import day_of
from tracking.history.points import Points
from tracking.jobs import AccountType, Fields
from tracking.refreshes import MISSES, Mode, Order, Unavailable
from tracking.store import DocumentWrite, account_path
from tracking.wiring import ProcessDeps

WEEK = timedelta(days=7)
NEW = timedelta(hours=48)
BELIEVED = {
    errors.AccountPrivateError.__name__: Unavailable.PRIVATE,
    errors.AccountSuspendedError.__name__: Unavailable.SUSPENDED,
}
"""Errors that are believed at once, because the platform says so."""
AGAIN_AFTER = timedelta(hours=1)
MAY_PASS = {
    errors.PlatformUnavailableError.__name__,
    errors.RateLimitedError.__name__,
    errors.StoreUnavailableError.__name__,
    errors.AllowanceSpentError.__name__,
    outcomes.TIMED_OUT,
}
"""Failures that may have passed an hour later. Mistakes in the code (`InternalError`) do not pass by themselves."""


def after_success(step: Step, deps: ProcessDeps, points: Points, account: Account) -> Fields:
    """Return the fields to write with the account. A user's job also sets the time of the next refresh."""
    work, now, known = step.work, points.now, points.past.document
    cadence = refreshes.cadence_of(known, deps.default_cadence)
    ages = [now - entry.published_at for entry in points.entries.values() if entry.published_at]
    hours = refreshes.hours_of(
        cadence,
        AccountType(work.account_type),
        work.platform_name,
        posts_of_week=sum(age < WEEK for age in ages),
        has_new=any(timedelta(0) <= age < NEW for age in ages),
    )
    fields: Fields = {"refreshHours": hours, "refreshMisses": 0, "refreshProbes": 0}
    fields |= {"unavailable": None, "unavailableSince": None}
    order = work.order
    if order is None or order.mode is Mode.FULL:
        is_confirmed = points.is_sure or known.get("confirmAt") is not None  # once, so that nothing goes on for ever
        fields |= {"fullAt": now, "confirmAt": None if is_confirmed else now + timedelta(days=1)}
    if order is None:
        fields["nextRefreshAt"] = _after_job(work.account_document, hours, now) if hours else None
    elif account.username != order.username:
        fields["usernameHistory"] = [*_names(known), {"username": order.username, "until": now}]
    return fields


def _after_job(path: str, hours: int, now: datetime) -> datetime:
    """Return the account's next time. The counts are new, so one that comes soon is left out, but not a day's last."""
    first = refreshes.next_at(path, hours, now)
    is_soon = first - now < timedelta(hours=hours) / 4
    return refreshes.next_at(path, hours, first) if is_soon and day_of(first) == day_of(now) else first


def is_overtaken(order: Order, account: Mapping[str, Any]) -> bool:
    """Return whether a job has fetched the account since the order was given: it knows more than this refresh."""
    synced_at = account.get("lastSyncedAt")
    return isinstance(synced_at, datetime) and order.synced_at is not None and synced_at > order.synced_at


def after_failure(step: Step, deps: ProcessDeps, order: Order, error_code: str) -> DocumentWrite | None:
    """Return the write of the account if the failure says something about it."""
    now = deps.clock.now()
    match error_code:
        case errors.AccountNotFoundError.__name__:
            misses = order.misses + 1
            fields: Fields = {"refreshMisses": misses, "nextRefreshAt": now + timedelta(days=1)}  # on another day
            if misses >= MISSES:
                fields |= _unavailable(order, Unavailable.NOT_FOUND, now)
        case code if code in BELIEVED:
            fields = _unavailable(order, BELIEVED[code], now)
        case errors.IdentityChangedError.__name__:
            fields = _unavailable(order, Unavailable.NAME_TAKEN, now) | {"nextRefreshAt": None}
        case code if code in MAY_PASS and not order.is_second_try:
            fields = {"nextRefreshAt": now + AGAIN_AFTER, "refreshAgainAt": now + AGAIN_AFTER}
        case _:
            return None
    path = account_path(step.work.org_id, step.work.project_id, order.account_id)
    account = deps.store.get_each([path]).get(path)
    if account is None or is_overtaken(order, account):
        return None
    if "refreshAgainAt" in fields and not _is_later(account.get("nextRefreshAt"), now + AGAIN_AFTER):
        return None  # it is off by now, or comes as soon by itself
    return DocumentWrite(path, fields, must_exist=True)


def _unavailable(order: Order, reason: Unavailable, now: datetime) -> Fields:
    """Return the fields of an account that cannot be refreshed. Another reason than before begins anew."""
    is_new = order.unavailable != reason
    probes = 0 if is_new else order.probes + 1
    since = {"unavailableSince": now} if is_new else {}
    next_at = now + refreshes.until_next_probe(probes)
    return since | {"unavailable": str(reason), "refreshProbes": probes, "nextRefreshAt": next_at}


def _is_later(value: object, than: datetime) -> bool:
    return isinstance(value, datetime) and than < value


def _names(known: Mapping[str, Any]) -> list[Any]:
    names = known.get("usernameHistory")
    return names if isinstance(names, list) else []
