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

from tracking import budgets, refreshes
from tracking.budgets import BUDGETS_DOCUMENT, Closed, Reservation
from tracking.errors import AllowanceSpentError, PermanentError
from tracking.jobs import Fields, PlatformName, Status
from tracking.pauses import CONTROL_DOCUMENT
from tracking.platform_contract import PLATFORMS
from tracking.sentences import say
from tracking.spending import TOLERANCE
from tracking.store import DocumentWrite, DueAccount, JobSnapshot
from tracking.wiring import RefreshDeps
from trigger.budget_book import BudgetBook
from trigger.choice import parse_all
from trigger.claim import fail_pending
from trigger.control import REFRESH_SLOTS, Control
from trigger.refresh_jobs import claim_of, is_asked, job_if_due, moment_of
from trigger.slots import Pending, Slots
from trigger.sweep import sweep
from trigger.tick import Tick, claim_and_start, start_all, until_first, with_status

MAX_OPEN = 2_000
"""The most open refreshes that one tick reads. Slots limit their number; those that a pause put back come on top."""
MAX_DUE = 500
"""The most due accounts that one tick reads: as many jobs as one request creates."""
ASKED_WITHIN = timedelta(minutes=15)
"""A press that finds no slot for so long waits for tomorrow, if the rest of its platform's budget is for presses."""
BUSIEST_MINUTE = 1.5
"""The most starts of a minute, by the mean of the hour."""
NO_CROWD = 10
"""Starts that are no crowd in any minute."""
OURS = re.compile("organizations/[^/]+/projects/[^/]+/trackedAccounts/[^/]+")
"""The paths of our accounts. The query is by the collection's name, and another system may use the same."""


def run_refreshes(deps: RefreshDeps, remaining_s: Callable[[], float] = lambda: math.inf) -> Tick:
    """Run one refresh tick. Raises as `run_tick` does."""
    tick = Tick()
    until_first(lambda: _look(deps, tick, remaining_s))
    return tick


def _look(deps: RefreshDeps, tick: Tick, remaining_s: Callable[[], float]) -> None:
    now, store, trigger = deps.clock.now(), deps.store, deps.trigger
    stored = store.get_stored_each([CONTROL_DOCUMENT, BUDGETS_DOCUMENT])
    control = Control(stored.get(CONTROL_DOCUMENT), now, REFRESH_SLOTS)
    book = BudgetBook(stored.get(BUDGETS_DOCUMENT), deps.budget_limits, now)
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
    hopeless = [*malformed, *_too_dear(deps, waiting)]
    again = [one for one in waiting if _may_go_on(deps, one, control, slots, book, now)]
    going_on = {refreshes.id_of_account_in(job.job_id) for job in opened}
    orders = [(one, job_if_due(deps, one, going_on, book, now)) for one in due]
    skipped = [one for one, fields in orders if fields is None]
    choice = _choose(deps, [(one, fields) for one, fields in orders if fields is not None], slots, book, now)
    new = {refreshes.job_id(one.path, one.due_at): one for one, _ in choice.chosen}
    control.take(again, now)
    control.take_new({job_id: one.platform for job_id, one in new.items()}, now)
    told = book.tell(store)
    book.save(store)
    tick.told += told  # not before: if another tick wrote first, this look is repeated
    control.save(store, with_turns=False)
    if hopeless:
        fail_pending(trigger, hopeless, remaining_s)
    claim_and_start(trigger, again, tick, remaining_s)
    created = store.create_jobs(dict(zip(new, [fields for _, fields in choice.chosen], strict=True)))
    _plan(deps, [*skipped, *(new[job_id] for job_id in created)], choice.of_spent_orgs, now)
    claims = [claim_of(job, new[job_id], now) for job_id, job in created.items() if job is not None]
    start_all(trigger, claims, tick, remaining_s)


def _due(deps: RefreshDeps, now: datetime, platforms: Sequence[PlatformName]) -> list[DueAccount]:
    """Return due accounts of these platforms, the earliest first.

    If there are very many, each platform is asked for its own: one whose slots are taken must not hide the others.
    """
    found = deps.store.due_accounts(now, platforms, MAX_DUE) if platforms else []
    if len(found) == MAX_DUE:
        of_each = [deps.store.due_accounts(now, [name], MAX_DUE // len(platforms)) for name in platforms]
        found = sorted(chain.from_iterable(of_each), key=lambda one: one.due_at)
    return [one for one in found if OURS.fullmatch(one.path)]


def _asked(deps: RefreshDeps, now: datetime, platforms: Sequence[PlatformName]) -> list[DueAccount]:
    """Return the accounts that members have just asked for. Of these platforms nothing else can be afforded today."""
    found = deps.store.due_accounts(now, platforms, MAX_DUE, since=now - ASKED_WITHIN) if platforms else []
    return [one for one in found if OURS.fullmatch(one.path) and is_asked(one)]


def _may_go_on(
    deps: RefreshDeps, one: Pending, control: Control, slots: Slots, book: BudgetBook, now: datetime
) -> bool:
    """Take a slot, and what it may spend, for a refresh that was put back. Return False if either is missing."""
    job, amount = one.job, _allowance(deps, one)
    if job.platform in control.pauses or not slots.of(job.platform):
        return False
    reservation = Reservation(job.job_id, job.attempt + 1, job.platform, job.org_id, amount, now)
    return book.today.take_again(one.snapshot, reservation) and slots.take(job.platform)


def _too_dear(deps: RefreshDeps, waiting: Iterable[Pending]) -> list[tuple[JobSnapshot, PermanentError]]:
    """Return refreshes whose allowance is more than all of a day's budget, since somebody lowered that. Each must fail.

    Else they would wait for ever, and their accounts with them.
    """
    return [
        (one.snapshot, AllowanceSpentError(say("allowanceSpent", platform=one.job.platform.label)))
        for one in waiting
        if _allowance(deps, one) > deps.budget_limits.planned(one.job.platform) + TOLERANCE
    ]


def _allowance(deps: RefreshDeps, one: Pending) -> float:
    """Return what a refresh that was put back may spend.

    The order of an earlier version names no allowance. It takes that of an incremental refresh.
    """
    platform, allowed = one.job.platform, one.job.refresh.get("allowance")
    if isinstance(allowed, int | float):
        return allowed
    return budgets.allowance(deps.budget_limits, platform, PLATFORMS[platform].refresh_posts)


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
    room = _room(deps, book, [one for one, _ in orders if not is_asked(one)], now)
    for one, fields in orders:
        platform, is_press, org_id = one.platform, is_asked(one), fields["orgId"]
        amount = fields["refreshOrder"]["allowance"]
        if not book.today.org_fits(org_id, is_asked=is_press):
            choice.of_spent_orgs.append(one)
            continue
        has_room = is_press or room > 0
        if not (has_room and slots.of(platform) and book.today.fits(platform, amount, is_asked=is_press)):
            continue
        job_id = refreshes.job_id(one.path, one.due_at)
        book.today.take(Reservation(job_id, 1, platform, org_id, amount, now))
        slots.take(platform)
        room -= not is_press
        choice.chosen.append((one, fields))
    book.today.count_starts(len(choice.chosen))
    return choice


def _room(deps: RefreshDeps, book: BudgetBook, due: Sequence[DueAccount], now: datetime) -> int:
    """Return how many planned refreshes may be started in what is left of this minute.

    Times are spread by chance, so some minutes have many. A minute takes at most BUSIEST_MINUTE times its part of all
    that is due until an hour from now; the others wait for the next one. After an outage that is a part of what has
    piled up.
    """
    started = book.today.starts_this_minute(now)
    if len(due) + started <= NO_CROWD:
        return NO_CROWD
    platforms = [name for name in PlatformName if book.closed(name) is None]
    number = deps.store.count_due(now + timedelta(hours=1), platforms)
    return max(NO_CROWD, math.ceil(BUSIEST_MINUTE * number / 60)) - started


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
        first = refreshes.first_of_day(one.path, tomorrow, moment_of(one.fields, "lastSyncedAt"))
        writes.append(DocumentWrite(one.path, {"nextRefreshAt": first}))
    for one in accounts:
        hours = refreshes.planned_hours(one.fields, deps.default_cadence)
        next_at = refreshes.next_at(one.path, hours, now) if hours else None
        writes.append(DocumentWrite(one.path, {"nextRefreshAt": next_at}))
    deps.store.update_each(writes)
