"""Claiming: one conditional write makes a pending job ours.

    tick A   read (version 7) ──────── write if still 7 ──> 8, attempt 1, ours until leaseUntil
    tick B        read (version 7) ──────────── write if still 7 ──> refused: A has it
    user               cancels ──> 8 ... our write if still 7 ──> refused: it never starts

A trigger that dies between claim and start leaves `processing` with attempt, leaseUntil and executionArn: all that a
later tick needs to see that nothing runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.executions import execution_name
from tracking.jobs import Job, Status
from tracking.store import JobSnapshot, JobWrite
from tracking.wiring import TriggerDeps
from trigger.waiting import Pending


@dataclass(frozen=True, slots=True)
class Claim:
    job: Job  # as it was while pending
    version: str  # of the document that the claim wrote
    attempt: int
    execution_name: str
    waited_s: float

    def payload(self) -> dict[str, Any]:
        """The execution's input: what never changes within the attempt, so that starting twice is starting once."""
        return {
            "jobId": self.job.job_id,
            "attempt": self.attempt,
            "version": self.version,
            "orgId": self.job.org_id,
            "projectId": self.job.project_id,
            "userId": self.job.user_id,
            "username": self.job.username,
            "platform": str(self.job.platform),
            "accountType": str(self.job.account_type),
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    job_id: str
    reason: str


def fail_malformed(deps: TriggerDeps, malformed: Sequence[tuple[JobSnapshot, InvalidJobError]]) -> list[Refusal]:
    """Tell each job's user what is wrong with it; nothing else of the document changes."""
    now = deps.clock.now()
    writes = [
        JobWrite(
            snapshot.job_id, jobs.fail(Status.PENDING, now, error.message, InvalidJobError.__name__), snapshot.version
        )
        for snapshot, error in malformed
    ]
    deps.store.write_each(writes)
    return [Refusal(snapshot.job_id, error.message) for snapshot, error in malformed]


def claim_jobs(deps: TriggerDeps, pending: Sequence[Pending]) -> list[Claim]:
    """Claim at most 500 jobs in one request. Those not in the answer are another tick's, or were cancelled."""
    now = deps.clock.now()
    names = [execution_name(p.job, p.job.attempt + 1) for p in pending]
    versions = deps.store.write_each(
        [
            JobWrite(p.job.job_id, jobs.claim(p.job, now, deps.executions.arn(name)), p.version)
            for p, name in zip(pending, names, strict=True)
        ]
    )
    return [
        Claim(p.job, version, p.job.attempt + 1, name, age_s(p.job.created_at, now))
        for p, name, version in zip(pending, names, versions, strict=True)
        if version is not None
    ]


def age_s(created_at: datetime | None, now: datetime) -> float:
    """0 for nothing; never negative, for a front end's clock may be ahead of ours."""
    return max(0.0, (now - created_at).total_seconds()) if created_at else 0.0
