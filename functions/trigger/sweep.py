"""The sweep: `processing` jobs whose lease has expired are brought in line with their executions.

    claim ── lease 360 s ──────────────────────────────> expired ──> the next tick asks Step Functions
         └─ execution, at most 300 s ──> it ended and updated the job; or it ended without an update; or it never began

The sweep needs no lock. Each repair is one conditional write, and a refused write means that another writer was first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracking import endings, jobs, outcomes, paid_runs, parts
from tracking.errors import InvalidJobError
from tracking.executions import ExecutionsUnavailableError, StartRefusedError, StartUnknownError
from tracking.jobs import ENDINGS, Change, ChangeKind, Job, Status
from tracking.naming import execution_name
from tracking.outcomes import ExecutionStatus
from tracking.paid_runs import NotStopped
from tracking.store import JobSnapshot, JobWrite, Unwritable
from tracking.wiring import TriggerDeps
from trigger.control import MAX_CLOCK_SKEW, Holder
from trigger.job_writes import write_each

OVERDUE_AFTER = timedelta(minutes=2)
"""Two ticks. A lease that ran out longer ago, and is not repaired now, is told by an alarm."""
PARALLEL_QUERIES = 16
STOP_RESERVE_S = 35.0  # one call to a platform
ASK_RESERVE_S = 40.0  # one DescribeExecution with its retries, each at its time-out, and the repairs


@dataclass(frozen=True, slots=True)
class Repair:
    job_id: str
    status: str  # the job's status after the repair
    error_code: str | None


@dataclass(frozen=True, slots=True)
class Swept:
    """The results of one sweep."""

    running: dict[str, Holder]  # the jobs with a live lease, by id
    repaired: list[Repair]
    unwritable: list[tuple[JobSnapshot, Unwritable]]  # jobs whose repair the database refuses
    left_out: set[str]  # ids of jobs that an earlier tick found unwritable
    not_stopped: list[NotStopped] = field(default_factory=list)  # paid runs of jobs that the sweep ended
    overdue: int = 0  # jobs whose lease ran out over OVERDUE_AFTER ago, and of which Step Functions says nothing


def sweep(
    deps: TriggerDeps, processing: Sequence[JobSnapshot], remaining_s: Callable[[], float] = lambda: math.inf
) -> Swept:
    """Repair jobs whose lease has expired, and count the running ones.

    A job counts as running, and waits for the next tick, when Step Functions gives no answer for it.
    """
    now = deps.clock.now()
    running: dict[str, Holder] = {}
    expired: list[tuple[JobSnapshot, Job]] = []
    repairs: list[tuple[JobSnapshot, Change]] = []
    left_out = {snapshot.job_id for snapshot in processing if deps.hints.is_unwritable(snapshot)}
    for snapshot in (found for found in processing if found.job_id not in left_out):
        try:
            job = snapshot.parse()
        except InvalidJobError as error:
            refusal = jobs.fail(Status.PROCESSING, now, error.sentence, InvalidJobError.__name__)
            repairs.append((snapshot, refusal))
            continue
        # No claim sets a `leaseUntil` after this limit. A hand-written one must not hold a slot for ever.
        if job.lease_until is not None and now < job.lease_until <= now + deps.limits.lease + MAX_CLOCK_SKEW:
            running[job.job_id] = _holder(job, now)
        else:
            expired.append((snapshot, job))
    overdue = 0
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        all_settled = pool.map(lambda found: _change_for(deps, found[1], now, remaining_s), expired)
    for (snapshot, job), settled in zip(expired, all_settled, strict=True):
        if settled is not None:
            repairs.append((snapshot, settled))
        else:
            overdue += _is_overdue(job, now)
        if settled is None or settled.kind is ChangeKind.RENEW:
            running[job.job_id] = _holder(job, now)
    return _repair(deps, repairs, Swept(running, [], [], left_out, overdue=overdue), remaining_s)


def _is_overdue(job: Job, now: datetime) -> bool:
    return job.lease_until is not None and job.lease_until + OVERDUE_AFTER < now


def _holder(job: Job, now: datetime) -> Holder:
    return Holder(job.job_id, job.attempt, job.platform, job.started_at or now)


def _repair(
    deps: TriggerDeps, repairs: Sequence[tuple[JobSnapshot, Change]], swept: Swept, remaining_s: Callable[[], float]
) -> Swept:
    writes = [_write(deps, snapshot, change) for snapshot, change in repairs]
    for (snapshot, change), answer in zip(repairs, write_each(deps.store, writes, remaining_s), strict=True):
        if isinstance(answer, str):
            swept.repaired.append(Repair(snapshot.job_id, change.fields["status"], change.fields.get("errorCode")))
            if change.kind is not ChangeKind.RENEW and remaining_s() >= STOP_RESERVE_S:
                swept.not_stopped.extend(_stop_runs(deps, snapshot))
        elif answer is not None:
            swept.unwritable.append((snapshot, answer))
    return swept


def _stop_runs(deps: TriggerDeps, snapshot: JobSnapshot) -> list[NotStopped]:
    """Stop the paid runs of a job that ended, or waits again. If time is short, their own limits end them."""
    try:
        return paid_runs.stop(deps.platform, paid_runs.of(snapshot.parse(), deps.clock.now()), deps.clock)
    except InvalidJobError:
        return []


def _write(deps: TriggerDeps, snapshot: JobSnapshot, change: Change) -> JobWrite:
    if change.kind not in ENDINGS:
        return JobWrite(snapshot.job_id, change, snapshot.version)
    execution = _execution(snapshot)
    job = snapshot.data
    return endings.ending(snapshot.job_id, job, change, snapshot.version, news=deps.news, execution=execution)


def _execution(snapshot: JobSnapshot) -> str:
    """Return the name of the job's execution, or "" for a malformed job, which no execution is named after."""
    try:
        return execution_name(snapshot.parse())
    except InvalidJobError:
        return ""


def _change_for(deps: TriggerDeps, job: Job, now: datetime, remaining_s: Callable[[], float]) -> Change | None:
    if remaining_s() < ASK_RESERVE_S:
        return None
    try:
        outcome = deps.executions.outcome(execution_name(job))
        if outcome.status is ExecutionStatus.NEVER_STARTED and parts.is_handed_over(job):
            return _start_further(deps, job, now)
    except ExecutionsUnavailableError:
        return None
    return outcomes.settle(job, outcome, now, deps.limits.lease)


def _start_further(deps: TriggerDeps, job: Job, now: datetime) -> Change | None:
    """Start the execution to which the job was handed over. Its name and input follow from the job alone."""
    try:
        deps.executions.start(execution_name(job), parts.payload(job))
    except (StartRefusedError, StartUnknownError):
        return None  # the next tick asks again
    return jobs.renew(now, deps.limits.lease)
