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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from tracking import budgets, jobs, refreshes
from tracking.budgets import BUDGETS_DOCUMENT, Closed, Reservation
from tracking.errors import InvalidJobError
from tracking.jobs import Fields, Job, PlatformName, Status
from tracking.naming import execution_name
from tracking.pauses import CONTROL_DOCUMENT
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import FULL_AFTER, Mode, Order
from tracking.store import DocumentWrite, DueAccount, JobSnapshot
from tracking.wiring import RefreshDeps
from trigger.budget_book import BudgetBook
from trigger.choice import parse_all
from trigger.claim import Claim, fail_malformed
from trigger.control import REFRESH_SLOTS, Control
from trigger.slots import Pending, Slots
from trigger.sweep import sweep
from trigger.tick import Tick, claim_and_start, start_all, until_first, with_status

MAX_OPEN = 2_000
"""The most open refreshes that one tick reads. Slots limit their number; those that a pause put back come on top."""
MAX_DUE = 500
"""The most due accounts that one tick reads: as many jobs as one request creates."""
ASKED_WITHIN = timedelta(minutes=15)
"""A press that finds no slot for so long waits for tomorrow, if the rest of its platform's budget is for presses."""
NEW_POSTS = 50
"""Posts that a full refresh may find beyond those that are known."""
LATE = timedelta(hours=1)
"""A refresh that is due for so long waits for its budget, or for a slot."""
EVEN = 1.5
"""The most starts of a minute, by the mean of the hour."""
FEW = 10
"""Starts that are no crowd in any minute."""
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
    stored = store.get_stored_each([CONTROL_DOCUMENT, BUDGETS_DOCUMENT])
    control = Control(stored.get(CONTROL_DOCUMENT), now, REFRESH_SLOTS)
    book = BudgetBook(stored.get(BUDGETS_DOCUMENT), deps.budgets, now)
    opened = store.open_jobs(MAX_OPEN)
    young_since = now - deps.limits.longest_tick
    book.settle(store, opened, young_since)
    platforms = [name for name in PlatformName if name not in control.pauses]
    due = _due(deps, now, [name for name in platforms if book.closed(name) is None])
    due += _asked(deps, now, [name for name in platforms if book.closed(name) is Closed.PLANNED])
    if not opened and not due and not book.has_changed:
        return
    control.own(deps.executions.machine)
    swept = sweep(trigger, with_status(opened, Status.PROCESSING), remaining_s)
    tick.repaired += swept.repaired
    tick.overdue = swept.overdue
    tick.not_stopped += swept.not_stopped
    control.agree(swept.running, store, young_since)
    slots = Slots(deps.limits, control.running, control.pauses, now)
    slots.leave_to_users(deps.limits, control.of_book)
    waiting, malformed = parse_all(with_status(opened, Status.PENDING))
    again = [one for one in waiting if _may_go_on(deps, one, control, slots, book, now)]
    going_on = {refreshes.id_of_account_in(job.job_id) for job in opened}
    orders = [(one, _job_if_due(deps, one, going_on, book, now)) for one in due]
    skipped = [one for one, fields in orders if fields is None]
    choice = _choose(deps, [(one, fields) for one, fields in orders if fields is not None], slots, book, now)
    new = {refreshes.job_id(one.path, _due_at(one)): one for one, _ in choice.chosen}
    control.take(again, now)
    control.take_new({job_id: _platform(one) for job_id, one in new.items()}, now)
    told = book.tell(store)
    book.save(store)
    tick.told += told  # not before: if another tick wrote first, this look is repeated
    control.save(store, with_turns=False)
    if malformed:
        fail_malformed(trigger, malformed, remaining_s)
    claim_and_start(trigger, again, tick, remaining_s)
    created = store.create_jobs(dict(zip(new, [fields for _, fields in choice.chosen], strict=True)))
    _plan(deps, [*skipped, *(new[job_id] for job_id in created)], choice.of_spent_orgs, now)
    claims = [_claim(job, new[job_id], now) for job_id, job in created.items() if job is not None]
    start_all(trigger, claims, tick, remaining_s)


def _due(deps: RefreshDeps, now: datetime, platforms: Sequence[PlatformName]) -> list[DueAccount]:
    """Return due accounts of these platforms, the earliest first.

    If there are very many, each platform is asked for its own: one whose slots are taken must not hide the others.
    """
    found = deps.store.due_accounts(now, platforms, MAX_DUE) if platforms else []
    if len(found) == MAX_DUE:
        of_each = [deps.store.due_accounts(now, [name], MAX_DUE // len(platforms)) for name in platforms]
        found = sorted(chain.from_iterable(of_each), key=_due_at)
    return [one for one in found if OURS.fullmatch(one.path)]


def _asked(deps: RefreshDeps, now: datetime, platforms: Sequence[PlatformName]) -> list[DueAccount]:
    """Return the accounts that members have just asked for. Of these platforms nothing else can be afforded today."""
    found = deps.store.due_accounts(now, platforms, MAX_DUE, since=now - ASKED_WITHIN) if platforms else []
    return [one for one in found if OURS.fullmatch(one.path) and _is_asked(one)]


def _may_go_on(
    deps: RefreshDeps, one: Pending, control: Control, slots: Slots, book: BudgetBook, now: datetime
) -> bool:
    """Take a slot, and what the refresh may spend, for a refresh that was put back. Return False if either is missing.

    The order of an earlier version names no allowance. It takes that of an incremental refresh.
    """
    job = one.job
    if job.platform in control.pauses or not slots.of(job.platform):
        return False
    allowed = job.refresh.get("allowance")
    amount = (
        allowed
        if isinstance(allowed, int | float)
        else budgets.allowance(deps.budgets, job.platform, PLATFORMS[job.platform].refresh_posts)
    )
    reservation = Reservation(job.job_id, job.attempt + 1, job.platform, job.org_id, amount, now)
    return book.budgets.take_again(one.snapshot, reservation) and slots.take(job.platform)


@dataclass(slots=True)
class _Choice:
    chosen: list[tuple[DueAccount, Fields]] = field(default_factory=list)
    of_spent_orgs: list[DueAccount] = field(default_factory=list)  # the budget of the organisation is spent


def _choose(
    deps: RefreshDeps, orders: Sequence[tuple[DueAccount, Fields]], slots: Slots, book: BudgetBook, now: datetime
) -> _Choice:
    """Choose as many as slots, budgets and the minute allow, the earliest first.

    What members have asked for is not held back by the minute.
    """
    choice = _Choice()
    if not orders:
        return choice
    room = _room(deps, book, [one for one, _ in orders if not _is_asked(one)], now)
    for one, fields in orders:
        platform, is_asked, org_id = _platform(one), _is_asked(one), fields["orgId"]
        amount = fields["refreshOrder"]["allowance"]
        if not book.budgets.org_fits(org_id, is_asked=is_asked):
            choice.of_spent_orgs.append(one)
            continue
        has_room = is_asked or room > 0
        if not (has_room and slots.of(platform) and book.budgets.fits(platform, amount, is_asked=is_asked)):
            continue
        job_id = refreshes.job_id(one.path, _due_at(one))
        book.budgets.take(Reservation(job_id, 1, platform, org_id, amount, now))
        slots.take(platform)
        room -= not is_asked
        choice.chosen.append((one, fields))
    book.budgets.count_starts(len(choice.chosen))
    return choice


def _room(deps: RefreshDeps, book: BudgetBook, due: Sequence[DueAccount], now: datetime) -> int:
    """Return how many planned refreshes may be started in what is left of this minute.

    Times are spread by chance, so some minutes have many. A minute takes at most EVEN times its part of all that is due
    until an hour from now; the others wait for the next one. After an outage that is a part of what has piled up.
    """
    started = book.budgets.start_minute(now)
    if len(due) + started <= FEW:
        return FEW
    platforms = [name for name in PlatformName if book.closed(name) is None]
    number = deps.store.count_due(now + timedelta(hours=1), platforms)
    return max(FEW, math.ceil(EVEN * number / 60)) - started


def _job_if_due(
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
        return _job(deps, refreshes.job_id(one.path, _due_at(one)), one, book, now)
    except InvalidJobError:
        return None


def _job(deps: RefreshDeps, job_id: str, one: DueAccount, book: BudgetBook, now: datetime) -> Fields:
    """Return the document of a refresh that is claimed. Raises InvalidJobError for an odd account."""
    _, org_id, _, project_id, _, account_id = one.path.split("/")
    account, platform = one.fields, _platform(one)
    mode, posts = _mode_and_posts(deps, one, book, now)
    order = Order(
        mode=mode,
        allowance=budgets.allowance(deps.budgets, platform, posts),
        account_id=account_id,
        username=str(account.get("username")),
        synced_at=_moment(account, "lastSyncedAt"),
        misses=_count(account, "refreshMisses"),
        unavailable=account.get("unavailable"),
        probes=_count(account, "refreshProbes"),
        is_second_try=account.get("refreshAgainAt") == _due_at(one),
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


def _mode_and_posts(deps: RefreshDeps, one: DueAccount, book: BudgetBook, now: datetime) -> tuple[Mode, int]:
    """Return the mode and its most posts. A full refresh that a day's budget cannot bear is an incremental one.

    So is one that has waited, once it would take the day's full share: else those that are full, each of which costs as
    much as many others, leave nothing for the daily ones, and soon all are full.
    """
    platform, mode = _platform(one), _mode(one, now)
    if mode is Mode.FULL:
        known = max(_count(one.fields, "postCount"), _count(one.fields, "videoCount"))
        posts = min(deps.max_videos(platform), known + NEW_POSTS)
        has_share = now - _due_at(one) < LATE or book.budgets.has_share_for(platform, posts)
        if has_share and not budgets.is_too_large(deps.budgets, platform, mode, posts):
            return mode, posts
    return Mode.INCREMENTAL, PLATFORMS[platform].refresh_posts


def _plan(
    deps: RefreshDeps, accounts: Iterable[DueAccount], of_spent_orgs: Iterable[DueAccount], now: datetime
) -> None:
    """Write each account's next time. If that fails, the next tick finds the account due, and its refresh made.

    Accounts of organisations whose budget is spent are the first of the next day. They do not stay due: each look would
    read them again, and they would hide those of others.
    """
    tomorrow = budgets.end_of_day(now)
    writes = []
    for one in of_spent_orgs:
        first = refreshes.first_of_day(one.path, tomorrow, _moment(one.fields, "lastSyncedAt"))
        writes.append(DocumentWrite(one.path, {"nextRefreshAt": first}))
    for one in accounts:
        hours = refreshes.planned_hours(one.fields, deps.default_cadence)
        next_at = refreshes.next_at(one.path, hours, now) if hours else None
        writes.append(DocumentWrite(one.path, {"nextRefreshAt": next_at}))
    deps.store.update_each(writes)


def _is_asked(one: DueAccount) -> bool:
    """Return whether a member pressed for this refresh: the same write sets both times."""
    return one.fields.get("refreshAskedAt") == _due_at(one)


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
