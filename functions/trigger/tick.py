"""One tick: read the open jobs, repair expired ones, choose jobs, claim them, start them, release refused ones.

When few jobs wait, one query reads them all. When many wait, or a platform is paused, the tick uses several queries and
reads only jobs that can start. The tick of a wake fills the slots that have become free, and repairs nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tracking import adoption, jobs
from tracking.errors import InvalidJobError, StoreUnavailableError
from tracking.executions import ALREADY_EXISTS, NO_TIME_LEFT, StartRefusedError, StartUnknownError
from tracking.jobs import Change, PlatformName, Status
from tracking.paid_runs import NotStopped
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.sentences import say
from tracking.store import MAX_WRITES_PER_COMMIT, JobSnapshot, JobWrite, Unwritable
from tracking.wiring import TriggerDeps
from trigger import wait_times
from trigger.budget_book import BudgetNews
from trigger.choice import choose
from trigger.claim import Claim, claim_jobs, fail_pending
from trigger.control import Control, ControlChangedError, Holder, read_control
from trigger.job_writes import write_each
from trigger.slots import Pending, Slots
from trigger.sweep import Repair, sweep
from trigger.wait_times import Hold, Waits
from trigger.wake_messages import Wake

PARALLEL_STARTS = 16
"""Threads for StartExecution, which is about 20 ms of waiting. AWS refills its quota by 150 to 300 starts a second:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
MAX_PROCESSING_JOBS = 2000
"""The most processing jobs that one tick reads. `MaxRunningJobs` is smaller: a running job that is not read would lose
its slot, and too many jobs would run.
"""
CLAIM_RESERVE_S = 20.0  # to claim 500 jobs and start them
START_RESERVE_S = 12.0  # for one StartExecution whose first try times out, and for the release of the other jobs
MEETINGS = 5
"""How often a tick begins again because another tick wrote the control document first. At most three run at a time."""
COUNT_EVERY = timedelta(minutes=10)  # reads all running jobs again: see `_sweep_busy`
MAX_TEMPORARY_REFUSALS = 50
"""After this many temporary refusals a tick claims no more jobs, because the database is probably overloaded."""


@dataclass(frozen=True, slots=True)
class Refusal:
    job_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Started:
    job_id: str
    waited_s: float  # since the job could start: `trigger.wait_times`
    hold: Hold | None = None  # what held it back until this tick; None: nothing, so its whole wait counts


@dataclass(slots=True)
class Unclaimed:
    """Jobs that were chosen and not claimed. Their slots are free again."""

    jobs: list[JobSnapshot] = field(default_factory=list)
    unwritable: list[tuple[JobSnapshot, Unwritable]] = field(default_factory=list)  # some of `jobs`


class StartsRefusedError(Exception):
    """Step Functions refused to start executions, for a reason that waiting does not fix."""


@dataclass(slots=True)
class Tick:
    """The results of one tick, by job."""

    looks_at_all: bool = True  # False: the tick of a wake, which reads only what it needs
    is_kicked: bool = False  # a kick asked for this tick
    waits: Waits | None = None  # None: not looked at
    closed_until: Mapping[str, datetime] = field(default_factory=dict)  # ends of pauses, past ones too
    is_paused: Mapping[PlatformName, bool] = field(default_factory=dict)  # empty: not looked at
    holds: Mapping[PlatformName, Hold] = field(default_factory=dict)
    repaired: list[Repair] = field(default_factory=list)
    overdue: int = 0  # processing jobs whose lease ran out more than two ticks ago
    started: list[Started] = field(default_factory=list)
    malformed: list[Refusal] = field(default_factory=list)
    held: list[str] = field(default_factory=list)  # ids of jobs newly found to be older than this system
    lost: int = 0  # changed by another tick or a user between our read and our write
    unwritable: list[Refusal] = field(default_factory=list)  # newly found: the database refuses our writes to them
    left_out: set[str] = field(default_factory=set)  # ids of jobs found unwritable before, unchanged since
    temporary_refusals: int = 0  # writes that the database refused for a temporary reason
    refused: list[Refusal] = field(default_factory=list)
    unknown: list[Refusal] = field(default_factory=list)  # may be running; the sweep checks after their lease
    not_stopped: list[NotStopped] = field(default_factory=list)  # paid runs of jobs that the sweep ended
    told: list[BudgetNews] = field(default_factory=list)  # of refreshes alone: budgets that are spent, or free again
    needs_attention: str | None = None

    def counts(self) -> dict[str, int]:
        return {
            "started": len(self.started),
            "repaired": len(self.repaired),
            "malformed": len(self.malformed),
            "held": len(self.held),
            "lost": self.lost,
            "unwritable": len(self.unwritable) + len(self.left_out),
            "refused": len(self.refused),
            "unknown": len(self.unknown),
        }

    def raise_for_refusals(self) -> None:
        if self.needs_attention:
            raise StartsRefusedError(f"{self.needs_attention}: {len(self.refused)} jobs were given back.")


def run_tick(deps: TriggerDeps, remaining_s: Callable[[], float] = lambda: math.inf, wake: Wake | None = None) -> Tick:
    """Run one tick. Without a `wake` it looks at everything; with one, at the slots that have become free.

    Each batch of claims is started before the next one is made, so a crash leaves few claims unstarted.
    `remaining_s`: seconds left to this invocation. Work that does not fit is left to the next tick.
    Raises StoreUnavailableError if other ticks write the control document first, each time. Raises OtherStackError if
    the jobs are another stack's.
    """
    tick = Tick(looks_at_all=wake is None, is_kicked=wake is not None and wake.is_kick)

    def look() -> None:
        if wake is None:
            _look_at_all(deps, tick, remaining_s)
        elif not wake.is_empty:
            _fill_freed(deps, tick, wake, remaining_s)

    until_first(look)
    return tick


def until_first(look: Callable[[], None]) -> None:
    """Look, and look again while another tick writes the control document first.

    Raises StoreUnavailableError if that happens each time.
    """
    for _ in range(MEETINGS):
        try:
            look()
        except ControlChangedError:
            continue
        return
    raise StoreUnavailableError(
        say("databaseTrouble", detail="Other ticks wrote the control document again and again.")
    )


def _look_at_all(deps: TriggerDeps, tick: Tick, remaining_s: Callable[[], float]) -> None:
    """Repair jobs whose lease has expired, find out which slots are taken, and fill the free ones."""
    hints, store = deps.hints, deps.store
    hints.forget_the_old(deps.clock.now())
    seen = [] if hints.is_busy else store.open_jobs(deps.limits.max_open_jobs)
    saw_all = not hints.is_busy and len(seen) < deps.limits.max_open_jobs
    if saw_all and not seen:
        tick.waits = Waits()
        return
    control = _read_control(deps, tick)
    pending, processing = with_status(seen, Status.PENDING), with_status(seen, Status.PROCESSING)
    if processing or not saw_all:
        control.save(store, with_turns=False)  # a new owner, before the sweep changes any job
    if saw_all:
        tick.waits = wait_times.of_jobs(deps, pending, control)
        running = _sweep(deps, tick, processing, control.adopted_from, remaining_s)
        if not pending:
            return
        control.agree(running, store, deps.clock.now() - deps.limits.longest_tick)
    else:
        _sweep_busy(deps, tick, control, remaining_s)
    slots = Slots(deps.limits, control.running, control.pauses, deps.clock.now())
    if not saw_all and slots.total:
        pending, saw_all = _scan(deps, [name for name in control.pauses if not slots.of(name)])
    hints.is_busy = bool(control.pauses) or not saw_all
    if not saw_all and not slots.total:  # no pending job was read, so the known unwritable ones still count
        tick.left_out |= hints.unwritable.keys()
    _fill(deps, slots, pending, control, tick, remaining_s, saw_all=saw_all)
    if tick.waits is None:
        tick.waits = wait_times.of_oldest(deps, control, remaining_s)


def _read_control(deps: TriggerDeps, tick: Tick) -> Control:
    """Read the control document before anything is done with a job: the jobs may be another stack's.

    Note the pauses, and what holds jobs back before this tick has found free places.
    """
    now = deps.clock.now()
    control = read_control(deps.store, now)
    control.own(deps.executions.machine)
    tick.closed_until = control.closed_until
    tick.is_paused = {name: control.closed_until.get(name, now) > now for name in PlatformName}
    tick.holds = wait_times.holds(deps, control)
    return control


def _sweep(
    deps: TriggerDeps,
    tick: Tick,
    processing: Sequence[JobSnapshot],
    adopted_from: datetime | None,
    remaining_s: Callable[[], float],
) -> dict[str, Holder]:
    processing = [job for job in processing if not adoption.is_held(job, adopted_from)]
    swept = sweep(deps, processing, remaining_s)
    tick.repaired += swept.repaired
    tick.left_out |= swept.left_out
    tick.not_stopped += swept.not_stopped
    tick.overdue = swept.overdue
    _note_unwritable(deps, tick, swept.unwritable)
    return swept.running


def _sweep_busy(deps: TriggerDeps, tick: Tick, control: Control, remaining_s: Callable[[], float]) -> None:
    """Sweep without reading every running job. If their number is the book's, read only those with an expired lease.

    Once in COUNT_EVERY all are read, because a job edited by hand may have a lease that is not a time.
    """
    now = deps.clock.now()
    is_counted = now - deps.hints.counted_at < COUNT_EVERY
    if is_counted and deps.store.count_processing() == len(control.holders):
        expired = deps.store.expired_jobs(now, MAX_PROCESSING_JOBS)
        control.give_back(job.job_id for job in expired)
        control.holders |= _sweep(deps, tick, expired, control.adopted_from, remaining_s)
        return
    processing = deps.store.processing_jobs(MAX_PROCESSING_JOBS)
    running = _sweep(deps, tick, processing, control.adopted_from, remaining_s)
    control.agree(running, deps.store, now - deps.limits.longest_tick)
    deps.hints.counted_at = now


def _scan(deps: TriggerDeps, paused: Sequence[PlatformName]) -> tuple[list[JobSnapshot], bool]:
    """Read a page of the waiting jobs of all platforms that are not paused, and return whether it holds all of them.

    The scan goes on from tick to tick, so it finds every malformed job in the end. During a pause it stands still.
    """
    if paused:
        page = deps.store.pending_jobs(deps.limits.scan_page_size, without=paused)
        return page, len(page) < deps.limits.scan_page_size
    from_id, size = deps.hints.next_scan_id, deps.limits.scan_page_size
    page = deps.store.pending_jobs(size, from_id=from_id)
    deps.hints.next_scan_id = page[-1].job_id if len(page) == size else ""
    return page, not from_id and len(page) < size


def _fill_freed(deps: TriggerDeps, tick: Tick, wake: Wake, remaining_s: Callable[[], float]) -> None:
    """Strike the ended jobs out of the book, and fill their slots. A kick fills the slots that were free before, too.

    A platform that begins again after a pause starts jobs only in the minute's ticks: its ramp counts them.
    """
    now = deps.clock.now()
    control = _read_control(deps, tick)
    was_full = control.running.total() >= deps.limits.running
    freed = {PLATFORMS[platform].credential for platform in control.end(wake.ended)}
    slots = Slots(deps.limits, control.running, {}, now)
    slots.close(all_but=CREDENTIALS if wake.is_kick or (freed and was_full) else freed, paused=control.pauses)
    _fill(deps, slots, [], control, tick, remaining_s, saw_all=False)


def _fill(
    deps: TriggerDeps,
    slots: Slots,
    pending: Sequence[JobSnapshot],
    control: Control,
    tick: Tick,
    remaining_s: Callable[[], float],
    *,
    saw_all: bool,
) -> None:
    """Fill the free slots. A job that cannot be claimed, or is malformed, gives its slot to the next job.

    The turns and the slots are written before the claims. If that fails, nothing has been started.
    """
    had_turn: set[str] = set()
    stuck: Counter[str] = Counter()  # organisations of the jobs that had their turn and may still wait
    first_refused = len(tick.refused)
    has_room = True
    while has_room:
        choice = choose(deps, slots, pending, control, remaining_s, saw_all=saw_all, without=had_turn, stuck=stuck)
        tick.left_out |= choice.left_out - had_turn
        had_turn |= {job.job.job_id for job in choice.chosen} | {job.job_id for job, _ in choice.malformed}
        control.take(choice.chosen, deps.clock.now())
        somebody_waits = not saw_all or len(had_turn) < len(pending)
        control.save(deps.store, with_turns=somebody_waits)
        _fail_malformed(deps, choice.malformed, tick, remaining_s)
        unclaimed = claim_and_start(deps, choice.chosen, tick, remaining_s)
        _hold(deps, [job for job in choice.held if job.job_id not in had_turn], tick, remaining_s)
        had_turn |= {job.job_id for job in choice.held}
        control.give_back(job.job_id for job in unclaimed.jobs)
        _note_unwritable(deps, tick, unclaimed.unwritable)
        for job in unclaimed.jobs:
            slots.give_back(PlatformName(job.data["platform"]))
        stuck.update(str(job.data.get("orgId")) for job in (*unclaimed.jobs, *(job for job, _ in choice.malformed)))
        is_stopped = tick.temporary_refusals >= MAX_TEMPORARY_REFUSALS or remaining_s() < CLAIM_RESERVE_S
        has_more = bool(unclaimed.jobs or choice.malformed or (choice.has_more and choice.chosen))
        has_room = slots.total > 0 and has_more and not is_stopped
    control.give_back(refused.job_id for refused in tick.refused[first_refused:])
    control.save(deps.store, with_turns=False)


def _note_unwritable(deps: TriggerDeps, tick: Tick, found: Sequence[tuple[JobSnapshot, Unwritable]]) -> None:
    for job, answer in found:
        tick.unwritable.append(Refusal(job.job_id, answer.code))
        if answer.is_lasting:
            deps.hints.remember_unwritable(job, deps.limits.max_remembered)
        else:
            tick.temporary_refusals += 1


def _fail_malformed(
    deps: TriggerDeps,
    malformed: Sequence[tuple[JobSnapshot, InvalidJobError]],
    tick: Tick,
    remaining_s: Callable[[], float],
) -> None:
    answers = fail_pending(deps, malformed, remaining_s) if malformed else []
    for (job, error), answer in zip(malformed, answers, strict=True):
        if isinstance(answer, str):
            tick.malformed.append(Refusal(job.job_id, error.message))
        elif answer is not None:
            _note_unwritable(deps, tick, [(job, answer)])


def _hold(deps: TriggerDeps, held: Sequence[JobSnapshot], tick: Tick, remaining_s: Callable[[], float]) -> None:
    """Say in each job that it is on hold, once. A refused write is tried again at the next tick that reads the job."""
    unsaid = [job for job in held if job.data.get("message") != jobs.HELD.text]
    writes = [JobWrite(job.job_id, jobs.hold(), job.version) for job in unsaid]
    answers = write_each(deps.store, writes, remaining_s) if writes else []
    tick.held += [job.job_id for job, answer in zip(unsaid, answers, strict=True) if isinstance(answer, str)]


def with_status(seen: Sequence[JobSnapshot], status: Status) -> list[JobSnapshot]:
    return [job for job in seen if job.data["status"] == status]


def claim_and_start(
    deps: TriggerDeps, chosen: Sequence[Pending], tick: Tick, remaining_s: Callable[[], float]
) -> Unclaimed:
    """Claim and start the jobs. Return those that could not be claimed."""
    unclaimed = Unclaimed()
    for first in range(0, len(chosen), MAX_WRITES_PER_COMMIT):
        batch = chosen[first : first + MAX_WRITES_PER_COMMIT]
        if remaining_s() < CLAIM_RESERVE_S:
            unclaimed.jobs += [pending.snapshot for pending in batch]
            continue
        claims = claim_jobs(deps, batch, remaining_s, tick.closed_until)
        tick.lost += len(claims.lost)
        unclaimed.unwritable += claims.unwritable
        unclaimed.jobs += [*claims.lost, *(job for job, _ in claims.unwritable)]
        start_all(deps, claims.won, tick, remaining_s)
    return unclaimed


def start_all(deps: TriggerDeps, claims: Sequence[Claim], tick: Tick, remaining_s: Callable[[], float]) -> None:
    refused: list[tuple[Claim, StartRefusedError]] = []
    with ThreadPoolExecutor(PARALLEL_STARTS) as pool:
        errors = pool.map(lambda claim: _start(deps, claim, remaining_s), claims)
        for claim, error in zip(claims, errors, strict=True):
            if error is None:
                hold = tick.holds.get(claim.job.platform)
                tick.started.append(Started(claim.job.job_id, claim.waited_s, hold))
            elif isinstance(error, StartRefusedError):
                refused.append((claim, error))
                tick.refused.append(Refusal(claim.job.job_id, error.code))
                if not error.is_temporary:
                    tick.needs_attention = error.code
            else:
                tick.unknown.append(Refusal(claim.job.job_id, "no answer from StartExecution"))
    if refused:
        now = deps.clock.now()
        released = [JobWrite(claim.job.job_id, _release(claim, error, now), claim.version) for claim, error in refused]
        write_each(deps.store, released, remaining_s)


def _release(claim: Claim, error: StartRefusedError, now: datetime) -> Change:
    """Give a job back. Of a refresh it says that it spent nothing, if surely no request for this start was accepted."""
    release = jobs.release(now)
    is_sure = error.code == NO_TIME_LEFT or not (error.is_temporary or error.code == ALREADY_EXISTS)
    whole = {jobs.SPENT_IS_WHOLE: True} if claim.job.refresh and is_sure else {}
    return replace(release, fields=release.fields | whole)


def _start(
    deps: TriggerDeps, claim: Claim, remaining_s: Callable[[], float]
) -> StartRefusedError | StartUnknownError | None:
    if remaining_s() < START_RESERVE_S:
        return StartRefusedError(NO_TIME_LEFT)
    try:
        deps.executions.start(claim.execution_name, claim.payload())
    except (StartRefusedError, StartUnknownError) as error:
        return error
    return None
