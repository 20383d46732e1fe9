"""The sweep: `processing` jobs whose lease has run out are made to agree with their executions.

    claim ── lease 360 s ──────────────────────────────> expired ──> the next tick asks Step Functions
         └─ execution, at most 300 s ──> it ended, and said so; or it ended without a word; or it never began

It holds no lock: each repair is one conditional write, and a write that is refused means that somebody else repaired.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from tracking import jobs, outcomes
from tracking.errors import InvalidJobError
from tracking.executions import ExecutionsUnavailableError
from tracking.jobs import Fields, Job, PlatformName, Status
from tracking.naming import execution_name
from tracking.store import JobSnapshot, JobWrite
from tracking.wiring import TriggerDeps
from trigger.writing import Refusal, unwritable, write_each

PARALLEL_QUESTIONS = 16
ASK_RESERVE_S = 40.0  # one question with its tries, each at its time-out, and the repairs


@dataclass(frozen=True, slots=True)
class Repair:
    job_id: str
    status: str  # what the job was found, or made, to be
    error_code: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """Jobs with a live lease."""

    by_platform: Counter[PlatformName]

    @property
    def total(self) -> int:
        return self.by_platform.total()


@dataclass(frozen=True, slots=True)
class Swept:
    running: Running
    repaired: list[Repair]
    unwritable: list[Refusal]  # to be repaired, and the database refuses it


def sweep(
    deps: TriggerDeps, processing: Sequence[JobSnapshot], remaining_s: Callable[[], float] = lambda: math.inf
) -> Swept:
    """A job that Step Functions says nothing about waits for the next tick."""
    now = deps.clock.now()
    running: Counter[PlatformName] = Counter()
    expired: list[tuple[JobSnapshot, Job]] = []
    writes: list[JobWrite] = []
    for snapshot in processing:
        try:
            job = snapshot.parse()
        except InvalidJobError as error:
            fields = jobs.fail(Status.PROCESSING, now, error.message, InvalidJobError.__name__)
            writes.append(JobWrite(snapshot.job_id, fields, snapshot.version))
            continue
        if job.lease_until is not None and job.lease_until > now:
            running[job.platform] += 1
        else:
            expired.append((snapshot, job))
    with ThreadPoolExecutor(PARALLEL_QUESTIONS) as pool:
        all_settled = pool.map(lambda found: _settled(deps, found[1], now, remaining_s), expired)
    for (snapshot, job), settled in zip(expired, all_settled, strict=True):
        if settled is not None:
            writes.append(JobWrite(snapshot.job_id, settled, snapshot.version))
        if settled is None or settled["status"] == Status.PROCESSING:
            running[job.platform] += 1
    answers = write_each(deps.store, writes, remaining_s)
    repaired = [
        Repair(write.job_id, write.fields["status"], write.fields.get("errorCode"))
        for write, answer in zip(writes, answers, strict=True)
        if isinstance(answer, str)
    ]
    return Swept(Running(running), repaired, unwritable(writes, answers))


def _settled(deps: TriggerDeps, job: Job, now: datetime, remaining_s: Callable[[], float]) -> Fields | None:
    if remaining_s() < ASK_RESERVE_S:
        return None
    try:
        outcome = deps.executions.outcome(execution_name(job))
    except ExecutionsUnavailableError:
        return None
    return outcomes.settle(job, outcome, now)
