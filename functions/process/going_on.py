"""Going on: a job whose platform needs longer than this execution lasts is given to a further one.

FetchAccount or FetchVideos ── hand-over (one commit) ──> GoOn starts the next execution ──> GoesOn
                      └─ its FetchAccount reads the job, and fetches the account, or FetchVideos goes on at the cursor
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from process import charging
from process.advancing import not_past
from process.step import Step, Then
from process.waiting import WAITS_S
from process.work import Work
from tracking import fence, jobs, parts
from tracking.clock import to_rfc3339
from tracking.errors import InvalidJobError, StaleAttemptError
from tracking.fence import Fence
from tracking.jobs import Job, Status
from tracking.naming import execution_name
from tracking.parts import Resume
from tracking.sentences import Sentence
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps


def begin(step: Step, deps: ProcessDeps) -> Work:
    """Return the work of a further execution, as the hand-over left it in the job's document."""
    owned, job = fence.current(deps.store, step.fence)
    resume = Resume.from_document(job.resume)
    return step.work.after(
        owned,
        retries_used=job.retry_count,
        waits=len(WAITS_S) - 1,  # the longest: the platform has shown that it needs time
        started_at=job.started_at and to_rfc3339(job.started_at),
        staged_in=parts.first_execution(job),
        runs=dict(job.runs),
        account_id=job.account_id,
        cursor=resume.cursor,
        videos_saved=resume.saved,
        videos_missing=resume.missing,
        videos_total=resume.total,
        retry_at=resume.retry_at and to_rfc3339(resume.retry_at),
    )


def hand_over(
    step: Step, deps: ProcessDeps, message: Sentence, documents: Sequence[DocumentWrite] = ()
) -> dict[str, Any]:
    """Give the job to the next execution, and return the output with which the machine starts it.

    Safe to run twice: a run that finds its own hand-over returns the same output. Raises as `fence.commit` does.
    """
    try:
        return _hand_over(step, deps, message, documents)
    except StaleAttemptError:
        if (output := handed_over(step, deps)) is None:
            raise
        return output


def _hand_over(step: Step, deps: ProcessDeps, message: Sentence, documents: Sequence[DocumentWrite]) -> dict[str, Any]:
    work = step.work
    owned, job = fence.current(deps.store, step.fence)
    not_past(step)(job)
    successor = parts.following(job)
    resume = Resume(
        cursor=work.cursor,
        saved=work.videos_saved,
        missing=work.videos_missing,
        total=work.videos_total,
        retry_at=datetime.fromisoformat(work.retry_at) if work.retry_at else None,
    )
    arn = f"{step.execution.rpartition(':')[0]}:{execution_name(successor)}"
    # A user's job has the account's id since SaveAccount.
    known = {"accountId": work.account_id} if work.refresh and work.account_id else {}
    change = jobs.hand_over(
        deps.clock.now(), successor.part, arn, resume.to_document(), message, lease=deps.limits.lease, **known
    )
    carried = charging.with_carried(step, change)
    owned = charging.commit(step, deps, carried, documents, owned=owned, check=not_past(step))
    return _output(replace(step, work=work.after(owned)), successor)


def handed_over(step: Step, deps: ProcessDeps) -> dict[str, Any] | None:
    """Return the output of a run of this state that handed the job over before; None if there was none."""
    if not step.state.goes_on:
        return None
    snapshot = deps.store.get_job(step.work.job_id)
    if snapshot is None:
        return None
    try:
        job = snapshot.parse()
    except InvalidJobError:
        return None
    if job.status is not Status.PROCESSING or not parts.was_handed_over_by(job, step.execution_name):
        return None
    owned = Fence(job.job_id, step.execution_name, snapshot.version, job.progress, job.account_id)
    return _output(replace(step, work=step.work.after(owned)), job)


def _output(step: Step, successor: Job) -> dict[str, Any]:
    following = {"name": execution_name(successor), "input": parts.payload(successor)}
    return step.work.to_state() | {"then": str(Then.GO_ON), "next": following}
