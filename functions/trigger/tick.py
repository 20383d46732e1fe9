"""One tick: read the open jobs, repair expired ones, choose jobs, claim them, start them, release refused ones.

When few jobs wait, one query reads them all. When many wait, or a platform is paused, the tick uses several queries and
reads only jobs that can start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tracking import jobs, pauses
from tracking.errors import InvalidJobError
from tracking.executions import NO_TIME_LEFT, StartRefusedError, StartUnknownError
from tracking.jobs import PlatformName, Status
from tracking.paid_runs import NotStopped
from tracking.store import MAX_WRITES_PER_COMMIT, JobSnapshot, JobWrite, Unwritable
from tracking.wiring import TriggerDeps
from trigger.claim import Claim, age_s, claim_jobs, fail_malformed
from trigger.slots import Pending, Slots
from trigger.sweep import Repair, sweep
from trigger.turns import Turns
from trigger.waiting import choose
from trigger.writing import write_each

PARALLEL_STARTS = 16
"""Threads for StartExecution, which is about 20 ms of waiting. AWS refills its quota by 150 to 300 starts a second:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


MAX_PROCESSING_JOBS = 2000
"""The most processing jobs that one tick reads. The limits allow fewer jobs than this to run."""
CLAIM_RESERVE_S = 20.0  # to claim 500 jobs and start them
START_RESERVE_S = 12.0  # for one StartExecution whose first try times out, and for the release of the other jobs


MAX_TEMPORARY_REFUSALS = 50
"""After this many temporary refusals a tick claims no more jobs, because the database is probably overloaded."""


@dataclass(frozen=True, slots=True)
class Refusal:
    job_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Started:
    job_id: str
    waited_s: float  # from the document's createdAt to the claim


class StartsRefusedError(Exception):
    """Step Functions refused to start executions, for a reason that waiting does not fix."""


@dataclass(slots=True)
class Tick:
    """The results of one tick, by job."""

    oldest_pending_age_s: float = 0.0
    repaired: list[Repair] = field(default_factory=list)
    started: list[Started] = field(default_factory=list)
    malformed: list[Refusal] = field(default_factory=list)
    lost: int = 0  # changed by another tick or a user between our read and our write
    unwritable: list[Refusal] = field(default_factory=list)  # newly found: the database refuses our writes to them
    left_out: set[str] = field(default_factory=set)  # ids of jobs found unwritable before, unchanged since
    temporary_refusals: int = 0  # writes that the database refused for a temporary reason
    refused: list[Refusal] = field(default_factory=list)
    unknown: list[Refusal] = field(default_factory=list)  # may be running; the sweep checks after their lease
    not_stopped: list[NotStopped] = field(default_factory=list)  # paid runs of jobs that the sweep ended
    needs_attention: str | None = None

    def counts(self) -> dict[str, int]:
        return {
            "started": len(self.started),
            "repaired": len(self.repaired),
            "malformed": len(self.malformed),
            "lost": self.lost,
            "unwritable": len(self.unwritable) + len(self.left_out),
            "refused": len(self.refused),
            "unknown": len(self.unknown),
        }

    def raise_for_refusals(self) -> None:
        if self.needs_attention:
            raise StartsRefusedError(f"{self.needs_attention}: {len(self.refused)} jobs were given back.")


def run_tick(deps: TriggerDeps, remaining_s: Callable[[], float] = lambda: math.inf) -> Tick:
    """Run one tick.

    Each batch of claims is started before the next one is made, so a crash leaves few claims unstarted.
    `remaining_s`: seconds left to this invocation. Work that does not fit is left to the next tick.
    """
    tick = Tick()
    deps.hints.forget_the_old(deps.clock.now())
    seen = [] if deps.hints.is_busy else deps.store.open_jobs(deps.limits.max_open_jobs)
    saw_all = not deps.hints.is_busy and len(seen) < deps.limits.max_open_jobs
    processing = _with_status(seen, Status.PROCESSING) if saw_all else deps.store.processing_jobs(MAX_PROCESSING_JOBS)
    swept = sweep(deps, processing, remaining_s)
    tick.repaired, tick.left_out, tick.not_stopped = swept.repaired, swept.left_out, swept.not_stopped
    _note_unwritable(deps, tick, swept.unwritable)
    pending = _with_status(seen, Status.PENDING)
    control = None if saw_all and not pending else deps.store.get_document(pauses.CONTROL_DOCUMENT)
    paused = pauses.active(control, deps.clock.now())
    slots, turns = Slots(deps.limits, swept.running, paused, deps.clock.now()), Turns(control)
    if not saw_all:
        page_size = deps.limits.pending_page_size
        pending = deps.store.pending_jobs(page_size, without=slots.closed()) if slots.total else []
        saw_all = slots.total > 0 and len(pending) < page_size
    deps.hints.is_busy = bool(paused) or not saw_all
    if not saw_all and not slots.total:  # no pending job was read, so the known unwritable ones still count
        tick.left_out |= deps.hints.unwritable.keys()
    _fill(deps, slots, pending, turns, tick, remaining_s, saw_all=saw_all)
    return tick


def _fill(
    deps: TriggerDeps,
    slots: Slots,
    pending: Sequence[JobSnapshot],
    turns: Turns,
    tick: Tick,
    remaining_s: Callable[[], float],
    *,
    saw_all: bool,
) -> None:
    """Fill the free slots. A job that cannot be written, or is malformed, gives its slot to the next job.

    The turns are written before the claims. If that fails, nothing has been started.
    """
    had_turn: set[str] = set()
    while True:
        waiting = choose(deps, slots, pending, turns, remaining_s, saw_all=saw_all, without=had_turn)
        if not had_turn:
            tick.oldest_pending_age_s = age_s(waiting.oldest, deps.clock.now())
        tick.left_out |= waiting.left_out - had_turn
        had_turn |= {job.job.job_id for job in waiting.chosen} | {job.job_id for job, _ in waiting.malformed}
        if turns.have_moved and not (saw_all and len(had_turn) == len(pending)):  # somebody still waits
            deps.store.put_document(turns.to_write())
        _fail_malformed(deps, waiting.malformed, tick, remaining_s)
        unwritable = _claim_and_start(deps, waiting.chosen, tick, remaining_s)
        _note_unwritable(deps, tick, unwritable)
        for job, _ in unwritable:
            slots.give_back(PlatformName(job.data["platform"]))
        has_room = bool(unwritable or (waiting.malformed and slots.total))
        if not has_room or tick.temporary_refusals >= MAX_TEMPORARY_REFUSALS or remaining_s() < CLAIM_RESERVE_S:
            return


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
    answers = fail_malformed(deps, malformed, remaining_s) if malformed else []
    for (job, error), answer in zip(malformed, answers, strict=True):
        if isinstance(answer, str):
            tick.malformed.append(Refusal(job.job_id, error.message))
        elif answer is not None:
            _note_unwritable(deps, tick, [(job, answer)])


def _with_status(seen: Sequence[JobSnapshot], status: Status) -> list[JobSnapshot]:
    return [job for job in seen if job.data["status"] == status]


def _claim_and_start(
    deps: TriggerDeps, chosen: Sequence[Pending], tick: Tick, remaining_s: Callable[[], float]
) -> list[tuple[JobSnapshot, Unwritable]]:
    """Claim and start the jobs. Return those whose document could not be written."""
    unwritable: list[tuple[JobSnapshot, Unwritable]] = []
    for first in range(0, len(chosen), MAX_WRITES_PER_COMMIT):
        if remaining_s() < CLAIM_RESERVE_S:
            break
        claims = claim_jobs(deps, chosen[first : first + MAX_WRITES_PER_COMMIT], remaining_s)
        tick.lost += claims.lost
        unwritable += claims.unwritable
        _start_all(deps, claims.won, tick, remaining_s)
    return unwritable


def _start_all(deps: TriggerDeps, claims: Sequence[Claim], tick: Tick, remaining_s: Callable[[], float]) -> None:
    refused: list[Claim] = []
    with ThreadPoolExecutor(PARALLEL_STARTS) as pool:
        errors = pool.map(lambda claim: _start(deps, claim, remaining_s), claims)
        for claim, error in zip(claims, errors, strict=True):
            if error is None:
                tick.started.append(Started(claim.job.job_id, claim.waited_s))
            elif isinstance(error, StartRefusedError):
                refused.append(claim)
                tick.refused.append(Refusal(claim.job.job_id, error.code))
                if not error.is_temporary:
                    tick.needs_attention = error.code
            else:
                tick.unknown.append(Refusal(claim.job.job_id, "no answer from StartExecution"))
    if refused:
        now = deps.clock.now()
        released = [JobWrite(claim.job.job_id, jobs.release(now), claim.version) for claim in refused]
        write_each(deps.store, released, remaining_s)


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
