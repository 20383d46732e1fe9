"""Parts: the further executions of an attempt whose platform needs longer than one execution lasts.

    execution 1 ── saves 1,204 posts ── hand-over ──> execution 2 ── saves 1,100 more ── hand-over ──> execution 3 ...
                                          └─ one commit: part 2, its name and its lease, and where it goes on (`Resume`)

The hand-over makes the next execution the owner, so the fence refuses every later commit of the one before. The name
and the input of an execution follow from the job's document alone. So whoever finds that it never started can start it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from tracking.clock import to_rfc3339
from tracking.errors import InvalidJobError
from tracking.jobs import Fields, Job
from tracking.naming import execution_name
from tracking.sentences import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """The place at which a further execution goes on. It is kept in the job's document."""

    cursor: str = ""  # the first page that is not saved yet, as the platform's module names it
    saved: int = 0  # videos
    missing: int = 0  # videos that could not be saved
    total: int | None = None  # the platform's own count
    retry_at: datetime | None = None  # the platform asked us to wait until then

    def to_document(self) -> Fields:
        return {
            "cursor": self.cursor,
            "saved": self.saved,
            "missing": self.missing,
            "total": self.total,
            "retryAt": self.retry_at and to_rfc3339(self.retry_at),
        }

    @classmethod
    def from_document(cls, found: Mapping[str, Any]) -> Self:
        """Read the map. Raises InvalidJobError when somebody changed it."""
        try:
            resume = cls(
                cursor=found["cursor"],
                saved=found["saved"],
                missing=found["missing"],
                total=found["total"],
                retry_at=found["retryAt"] and datetime.fromisoformat(found["retryAt"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidJobError(say("malformedField", field="resume")) from error
        numbers = (resume.saved, resume.missing, resume.total or 0)
        is_aware = resume.retry_at is None or resume.retry_at.tzinfo is not None
        if not (isinstance(resume.cursor, str) and all(type(n) is int and n >= 0 for n in numbers) and is_aware):
            raise InvalidJobError(say("malformedField", field="resume"))
        return resume


def first_execution(job: Job) -> str:
    """Return the name of the attempt's first execution, under which the account is staged."""
    return execution_name(replace(job, part=1))


def following(job: Job) -> Job:
    """Return the job as its next hand-over makes it."""
    return replace(job, part=job.part + 1)


def is_handed_over(job: Job) -> bool:
    """Return whether a hand-over named the job's execution.

    None did after an edit of a field that the name covers: what earlier executions saved then belongs to another job.
    """
    return job.part > 1 and (job.execution_arn or "").rpartition(":")[2] == execution_name(job)


def was_handed_over_by(job: Job, execution: str) -> bool:
    """Return whether the job's execution follows directly on this one, of the same attempt."""
    return job.part > 1 and execution_name(replace(job, part=job.part - 1)) == execution


def is_of_same_claim(job: Job, execution: str, part: int) -> bool:
    """Return whether this execution, the attempt's `part`th, is of the claim that the document holds."""
    return execution_name(replace(job, part=part)) == execution


def payload(job: Job) -> dict[str, Any]:
    """Return the input of the job's execution, if this is not the attempt's first one.

    It holds only values that stay the same within the attempt, and no version. The execution's first state reads the
    job.
    """
    return {
        "jobId": job.job_id,
        "attempt": job.attempt,
        "part": job.part,
        "orgId": job.org_id,
        "projectId": job.project_id,
        "userId": job.user_id,
        "username": job.username,
        "platform": str(job.platform),
        "accountType": str(job.account_type),
    } | ({"refresh": dict(job.refresh)} if job.refresh else {})
