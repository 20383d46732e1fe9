"""The job of an account that is due: its mode, what it may spend, and its document, which is already claimed."""

from __future__ import annotations

from datetime import datetime, timedelta

from tracking import budgets, jobs, refreshes
from tracking.errors import InvalidJobError
from tracking.jobs import Fields, Job, Status
from tracking.naming import execution_name
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import FULL_AFTER, Mode, Order
from tracking.store import DueAccount, JobSnapshot
from tracking.wiring import RefreshDeps
from trigger.budget_book import BudgetBook
from trigger.claim import Claim

NEW_POSTS = 50
"""Posts that a full refresh may find beyond those that are known."""
LATE = timedelta(hours=1)
"""A refresh that is due for so long waits for its budget, or for a slot."""
NOBODY = "refresh"
"""The user of a refresh whose account does not say who added it."""


def job_if_due(
    deps: RefreshDeps, one: DueAccount, going_on: set[str], book: BudgetBook, now: datetime
) -> Fields | None:
    """Return the document of the account's refresh.

    None if this time is left out: the refresh before goes on, or the account is not to be refreshed, or is odd.
    """
    if not isinstance(one.fields.get("username"), str):
        return None
    is_off = refreshes.planned_hours(one.fields, deps.default_cadence) is None
    if is_off or refreshes.id_of_account(one.path) in going_on:
        return None
    try:
        return _job(deps, refreshes.job_id(one.path, one.due_at), one, book, now)
    except InvalidJobError:
        return None


def _job(deps: RefreshDeps, job_id: str, one: DueAccount, book: BudgetBook, now: datetime) -> Fields:
    """Return the document of a refresh that is claimed. Raises InvalidJobError for an odd account."""
    _, org_id, _, project_id, _, account_id = one.path.split("/")
    account, platform = one.fields, one.platform
    mode, posts = _mode_and_posts(deps, one, book, now)
    order = Order(
        mode=mode,
        allowance=budgets.allowance(deps.budget_limits, platform, posts),
        account_id=account_id,
        username=str(account.get("username")),
        synced_at=moment_of(account, "lastSyncedAt"),
        misses=_count(account, "refreshMisses"),
        unavailable=account.get("unavailable"),
        probes=_count(account, "refreshProbes"),
        is_second_try=account.get("refreshAgainAt") == one.due_at,
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


def claim_of(snapshot: JobSnapshot, one: DueAccount, now: datetime) -> Claim:
    job = snapshot.parse()
    return Claim(job, snapshot.version, execution_name(job), (now - one.due_at).total_seconds())


def _mode_and_posts(deps: RefreshDeps, one: DueAccount, book: BudgetBook, now: datetime) -> tuple[Mode, int]:
    """Return the mode and its most posts. A full refresh that a day's budget cannot bear is an incremental one.

    So is one that has waited, once it would take the day's full share: else those that are full, each of which costs as
    much as many others, leave nothing for the daily ones, and soon all are full.
    """
    platform, mode = one.platform, _mode(one, now)
    if mode is Mode.FULL:
        known = max(_count(one.fields, "postCount"), _count(one.fields, "videoCount"))
        posts = min(deps.max_videos(platform), known + NEW_POSTS)
        has_share = now - one.due_at < LATE or book.today.has_share_for(platform, posts)
        if has_share and not budgets.is_too_large(deps.budget_limits, platform, posts):
            return mode, posts
    return Mode.INCREMENTAL, PLATFORMS[platform].refresh_posts


def _mode(one: DueAccount, now: datetime) -> Mode:
    full_at = moment_of(one.fields, "fullAt")
    after = FULL_AFTER[refreshes.type_of(one.fields)]
    is_recent = full_at is not None and now - full_at < after - timedelta(hours=1)
    confirm_at = moment_of(one.fields, "confirmAt")
    return Mode.INCREMENTAL if is_recent and not (confirm_at and confirm_at - timedelta(hours=1) <= now) else Mode.FULL


def is_asked(one: DueAccount) -> bool:
    """Return whether a member pressed for this refresh: the same write sets both times."""
    return one.fields.get("refreshAskedAt") == one.due_at


def _count(fields: Fields, name: str) -> int:
    value = fields.get(name)
    return value if type(value) is int else 0


def moment_of(fields: Fields, name: str) -> datetime | None:
    value = fields.get(name)
    return value if isinstance(value, datetime) else None
