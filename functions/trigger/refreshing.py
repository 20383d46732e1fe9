"""The refresh tick: accounts that are due become jobs in `refreshJobs`, and are started at once.

    accounts   nextRefreshAt ≤ now, the earliest first ──> as many as slots are left ──> a job each, already claimed
    refreshes  put back by a pause, or without a place ──> claimed again, before new ones
               whose lease ran out                     ──> swept, as users' jobs are

The due accounts are the queue, so nothing piles up elsewhere. After an outage each account is refreshed once, because
its next time is always later than now. Users' jobs come first: `Slots.leave_to_users`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from tracking import jobs, refreshes
from tracking.errors import InvalidJobError
from tracking.jobs import Fields, Job, PlatformName, Status
from tracking.naming import execution_name
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import FULL_AFTER, Mode, Order
from tracking.store import DocumentWrite, DueAccount, JobSnapshot
from tracking.wiring import RefreshDeps
from trigger.choice import parse_all
from trigger.claim import Claim, fail_malformed
from trigger.control import REFRESH_SLOTS, read_control
from trigger.slots import Slots
from trigger.sweep import sweep
from trigger.tick import Tick, claim_and_start, start_all, until_first, with_status

MAX_OPEN = 2_000
"""The most open refreshes that one tick reads. Slots limit their number; those that a pause put back come on top."""
MAX_DUE = 500
"""The most due accounts that one tick reads: as many jobs as one request creates."""
OURS = re.compile("organizations/[^/]+/projects/[^/]+/trackedAccounts/[^/]+")
"""The paths of our accounts. The query is by the collection's name, and another system may use the same."""
NOBODY = "refresh"
"""The user of a refresh whose account does not say who added it."""


def run_refreshes(deps: RefreshDeps, remaining_s: Callable[[], float] = lambda: math.inf) -> Tick:
    """Run one refresh tick. Raises as `run_tick` does."""
    tick = Tick()
    until_first(lambda: _look(deps, tick, remaining_s))
    return tick


def _look(deps: RefreshDeps, tick: Tick, remaining_s: Callable[[], float]) -> None:
    now, store, trigger = deps.clock.now(), deps.store, deps.trigger
    control = read_control(store, now, REFRESH_SLOTS)
    opened = store.open_jobs(MAX_OPEN)
    due = _due(deps, now, [name for name in PlatformName if name not in control.pauses])
    if not opened and not due:
        return
    control.own(deps.executions.machine)
    swept = sweep(trigger, with_status(opened, Status.PROCESSING), remaining_s)
    tick.repaired += swept.repaired
    tick.overdue = swept.overdue
    tick.not_stopped += swept.not_stopped
    control.agree(swept.running, store, now - deps.limits.longest_tick)
    slots = Slots(deps.limits, control.running, control.pauses, now)
    slots.leave_to_users(deps.limits, control.of_book)
    waiting, malformed = parse_all(with_status(opened, Status.PENDING))
    again = [one for one in waiting if one.job.platform not in control.pauses and slots.take(one.job.platform)]
    going_on = {refreshes.id_of_account_in(job.job_id) for job in opened}
    orders = [(one, _job_if_due(deps, one, going_on, now)) for one in due]
    skipped = [one for one, fields in orders if fields is None]
    chosen = [(one, fields) for one, fields in orders if fields is not None and slots.take(_platform(one))]
    new = {refreshes.job_id(one.path, _due_at(one)): one for one, _ in chosen}
    control.take(again, now)
    control.take_new({job_id: _platform(one) for job_id, one in new.items()}, now)
    control.save(store, with_turns=False)
    if malformed:
        fail_malformed(trigger, malformed, remaining_s)
    claim_and_start(trigger, again, tick, remaining_s)
    created = store.create_jobs(dict(zip(new, [fields for _, fields in chosen], strict=True)))
    _plan(deps, [*skipped, *(new[job_id] for job_id in created)], now)
    claims = [_claim(job, new[job_id], now) for job_id, job in created.items() if job is not None]
    start_all(trigger, claims, tick, remaining_s)


def _due(deps: RefreshDeps, now: datetime, platforms: Sequence[PlatformName]) -> list[DueAccount]:
    """Return due accounts of these platforms, the earliest first.

    If there are very many, each platform is asked for its own: one whose slots are taken must not hide the others.
    """
    found = deps.store.due_accounts(now, platforms, MAX_DUE)
    if len(found) == MAX_DUE:
        of_each = [deps.store.due_accounts(now, [name], MAX_DUE // len(platforms)) for name in platforms]
        found = sorted(chain.from_iterable(of_each), key=_due_at)
    return [one for one in found if OURS.fullmatch(one.path)]


def _job_if_due(deps: RefreshDeps, one: DueAccount, going_on: set[str], now: datetime) -> Fields | None:
    """Return the document of the account's refresh.

    None if this time is left out: the refresh before goes on, or the account is not to be refreshed, or is odd.
    """
    if not isinstance(one.fields.get("username"), str):
        return None
    is_off = refreshes.planned_hours(one.fields, deps.default_cadence) is None
    if is_off or refreshes.id_of_account(one.path) in going_on:
        return None
    try:
        return _job(deps, refreshes.job_id(one.path, _due_at(one)), one, now)
    except InvalidJobError:
        return None


def _job(deps: RefreshDeps, job_id: str, one: DueAccount, now: datetime) -> Fields:
    """Return the document of a refresh that is claimed. Raises InvalidJobError for an odd account."""
    _, org_id, _, project_id, _, account_id = one.path.split("/")
    account, platform = one.fields, _platform(one)
    order = Order(
        mode=_mode(one, now),
        account_id=account_id,
        username=str(account.get("username")),
        synced_at=_moment(account, "lastSyncedAt"),
        misses=_count(account, "refreshMisses"),
        unavailable=account.get("unavailable"),
        probes=_count(account, "refreshProbes"),
    )
    by_id = PLATFORMS[platform].has_ids
    waiting = {
        "orgId": org_id,
        "projectId": project_id,
        "userId": account.get("addedBy") or NOBODY,
        "username": account_id.removeprefix(f"{platform}_") if by_id else order.username,
        "platform": str(platform),
        "accountType": account.get("accountType"),
        "status": str(Status.PENDING),
        "progress": 0,
        "message": jobs.WAITING.text,
        "createdAt": now,
        "retryCount": 0,
        "refreshOrder": order.to_document(),
    }
    claim = jobs.claim(Job.from_document(job_id, waiting, now).next_attempt(), now, "", deps.limits.lease)
    # The execution's name follows from the time of the creation, so the document cannot hold it.
    return waiting | claim.fields | {"executionArn": None}


def _claim(snapshot: JobSnapshot, one: DueAccount, now: datetime) -> Claim:
    job = snapshot.parse()
    return Claim(job, snapshot.version, execution_name(job), (now - _due_at(one)).total_seconds())


def _mode(one: DueAccount, now: datetime) -> Mode:
    full_at = _moment(one.fields, "fullAt")
    after = FULL_AFTER[refreshes.type_of(one.fields)]
    is_recent = full_at is not None and now - full_at < after - timedelta(hours=1)
    confirm_at = _moment(one.fields, "confirmAt")
    return Mode.INCREMENTAL if is_recent and not (confirm_at and confirm_at - timedelta(hours=1) <= now) else Mode.FULL


def _plan(deps: RefreshDeps, accounts: Iterable[DueAccount], now: datetime) -> None:
    """Write each account's next time. If that fails, the next tick finds the account due, and its refresh made."""
    writes = []
    for one in accounts:
        hours = refreshes.planned_hours(one.fields, deps.default_cadence)
        next_at = refreshes.next_at(one.path, hours, now) if hours else None
        writes.append(DocumentWrite(one.path, {"nextRefreshAt": next_at}))
    deps.store.update_each(writes)


def _due_at(one: DueAccount) -> datetime:
    due_at: datetime = one.fields["nextRefreshAt"]
    return due_at


def _platform(one: DueAccount) -> PlatformName:
    return PlatformName(one.fields["platform"])


def _count(fields: Fields, name: str) -> int:
    value = fields.get(name)
    return value if type(value) is int else 0


def _moment(fields: Fields, name: str) -> datetime | None:
    value = fields.get(name)
    return value if isinstance(value, datetime) else None
