"""The fence: only the attempt that owns a job may write to it, and each of its steps is applied once.

    claim           version 1 ──> FetchAccount commits if still 1 ──> version 2 ──> SaveAccount commits if still 2 ...
    user cancels           └──> version 9: every later commit is refused, the document is read, the attempt stops

The job document's version travels through the states. Every commit carries it as its precondition and carries
data and progress together, so progress can never disagree with the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracking.errors import JobCancelledError, StaleAttemptError, StoreUnavailableError
from tracking.jobs import Fields, Job, Progress, Status
from tracking.store import DocumentWrite, JobWrite, StaleVersionError, Store

COMMIT_TRIES = 5
"""Somebody else's harmless write may come between reading a version and using it; five in a row is not harmless."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One attempt's right to write to its job, as of `version`."""

    job_id: str
    attempt: int
    version: str


def commit(
    store: Store,
    fence: Fence,
    fields: Fields,
    documents: Sequence[DocumentWrite] = (),
    reaches: Progress | None = None,
) -> Fence:
    """Write `fields` to the job, and `documents` with them, if the attempt still owns the job.

    `reaches`: the progress that this commit brings about. A job that is there already has had this very commit (its
    reply was lost and the state ran again): nothing is written, and that is success.
    JobCancelledError and StaleAttemptError: somebody else decided; nothing was written.
    """
    for _ in range(COMMIT_TRIES):
        write = JobWrite(fence.job_id, fields, fence.version)
        try:
            return Fence(fence.job_id, fence.attempt, store.commit(write, documents))
        except StaleVersionError:
            fence, job = current(store, fence)
            if reaches is not None and job.progress >= reaches:
                return fence
            if job.status is Status.COMPLETED:
                raise StaleAttemptError("The job is already completed.") from None
    raise StoreUnavailableError("Our database was busy with the same job.")


def current(store: Store, fence: Fence) -> tuple[Fence, Job]:
    """The job as it is now, processing or completed by this very attempt, and the fence at its version.

    JobCancelledError and StaleAttemptError where the attempt has lost the job.
    """
    snapshot = store.get_job(fence.job_id)
    if snapshot is None:
        raise JobCancelledError("The job was deleted.")
    job = snapshot.parse()
    if job.status is Status.CANCELLED:
        raise JobCancelledError("The job was cancelled.")
    if job.attempt != fence.attempt or job.status not in {Status.PROCESSING, Status.COMPLETED}:
        raise StaleAttemptError(
            f"Attempt {fence.attempt} no longer owns the job: attempt {job.attempt} is {job.status}."
        )
    return Fence(fence.job_id, fence.attempt, snapshot.version), job
