"""Claiming: one conditional write makes a pending job ours.

    tick A   read (version 7) ──────── write if still 7 ──> 8, attempt 1, ours until leaseUntil
    tick B        read (version 7) ──────────── write if still 7 ──> refused: tick A has the job
    user               cancels ──> 8 ... our write if still 7 ──> refused: the job never starts
    the database refuses the write itself, for example as too large ──> another job gets the slot

A trigger may stop between the claim and the start. The job is then `processing`, with attempt, claimId, leaseUntil and
executionArn. From these a later tick sees that nothing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tracking import endings, jobs
from tracking.errors import PermanentError
from tracking.jobs import Job, Status
from tracking.naming import execution_name
from tracking.store import JobSnapshot, JobWrite, Unwritable
from tracking.wiring import TriggerDeps
from trigger.job_writes import write_each
from trigger.slots import Pending
from trigger.wait_times import waited_s


@dataclass(frozen=True, slots=True)
class Claim:
    job: Job  # at its new attempt
    version: str  # of the document that the claim wrote
    execution_name: str
    waited_s: float

    def payload(self) -> dict[str, Any]:
        """Return the execution's input.

        It holds only values that stay the same within an attempt. Starting the attempt twice therefore starts one
        execution.
        """
        return {
            "jobId": self.job.job_id,
            "attempt": self.job.attempt,
            "version": self.version,
            "orgId": self.job.org_id,
            "projectId": self.job.project_id,
            "userId": self.job.user_id,
            "username": self.job.username,
            "platform": str(self.job.platform),
            "accountType": str(self.job.account_type),
        } | ({"refresh": dict(self.job.refresh)} if self.job.refresh else {})


@dataclass(slots=True)
class Claims:
    """The results of one batch of claims."""

    won: list[Claim] = field(default_factory=list)
    lost: list[JobSnapshot] = field(default_factory=list)  # changed or deleted by somebody else since our read
    unwritable: list[tuple[JobSnapshot, Unwritable]] = field(default_factory=list)


def fail_pending(
    deps: TriggerDeps,
    hopeless: Sequence[tuple[JobSnapshot, PermanentError]],
    remaining_s: Callable[[], float],
) -> list[str | Unwritable | None]:
    """Fail each of these pending jobs with its error. Return the answers of `write_each`."""
    now = deps.clock.now()
    writes = [
        endings.ending(
            snapshot.job_id,
            snapshot.data,
            jobs.fail(Status.PENDING, now, error.sentence, type(error).__name__),
            snapshot.version,
            news=deps.news,
        )
        for snapshot, error in hopeless
    ]
    return write_each(deps.store, writes, remaining_s)


def claim_jobs(
    deps: TriggerDeps,
    pending: Sequence[Pending],
    remaining_s: Callable[[], float],
    closed_until: Mapping[str, datetime] = MappingProxyType({}),
) -> Claims:
    """Claim at most 500 jobs in one request. `closed_until`: the ends of pauses, as in `trigger.wait_times`."""
    now = deps.clock.now()
    attempts = [p.job.next_attempt() for p in pending]
    names = [execution_name(job) for job in attempts]
    writes = [
        JobWrite(job.job_id, jobs.claim(job, now, deps.executions.arn(name), deps.limits.lease), p.snapshot.version)
        for p, job, name in zip(pending, attempts, names, strict=True)
    ]
    claims = Claims()
    answers = write_each(deps.store, writes, remaining_s)
    for p, job, name, answer in zip(pending, attempts, names, answers, strict=True):
        match answer:
            case str(version):
                claims.won.append(Claim(job, version, name, waited_s(p.snapshot, now, closed_until)))
            case Unwritable():
                claims.unwritable.append((p.snapshot, answer))
            case None:
                claims.lost.append(p.snapshot)
    return claims
