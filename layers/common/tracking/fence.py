"""The fence: only the execution that owns a job may write to it, and each step of the execution is applied once.

    claim           version 1 ──> FetchAccount commits if still 1 ──> version 2 ──> SaveAccount commits if still 2 ...
    user cancels           └──> version 9: every later commit is refused, the document is read, the execution stops

The job document's version travels through the states. The precondition of every commit is this version. Every commit
also writes data and progress together, so the progress always matches the data.

After a refused commit the document is read, to find out who owns the job. The execution still owns the job if the claim
has the execution's name (`naming`), the status is `processing`, and the progress is unchanged. Otherwise the execution
stops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracking import endings
from tracking.errors import InvalidJobError, JobCancelledError, StaleAttemptError, StoreUnavailableError
from tracking.jobs import Change, ChangeKind, Job, Progress, Status
from tracking.naming import execution_name
from tracking.sentences import say
from tracking.store import DocumentWrite, JobSnapshot, JobWrite, StaleVersionError, StateStore

COMMIT_TRIES = 5
"""The most tries of one commit. Another writer may change the job between our read and our write. One such change is
harmless; five in a row are not.
"""


@dataclass(frozen=True, slots=True)
class Fence:
    """An execution's right to write to its job at `version`."""

    job_id: str
    execution: str  # its name
    version: str  # "": not known, as at the start of a further execution; the first commit reads the job
    progress: int = Progress.CREATED  # reached by the execution at `version`
    account_id: str | None = None  # the tracked account, once FetchAccount has set it


def commit(
    store: StateStore,
    fence: Fence,
    change: Change,
    documents: Sequence[DocumentWrite] = (),
    reaches: Progress | None = None,
    check: Callable[[Job], None] = lambda _job: None,
) -> Fence:
    """Write `change` to the job together with `documents`, if the execution still owns the job.

    `check`: is called with the job when somebody has changed it since `fence`; it may raise, and nothing is written.
    `reaches`: the progress that this commit writes. If the job has this progress already, an earlier run of the state
    made the same commit, and only the reply was lost. Then nothing is written, and the call succeeds.
    Raises JobCancelledError or StaleAttemptError if the execution lost the job; nothing is written then.
    """
    return _commit(store, fence, JobWrite(fence.job_id, change, fence.version), documents, reaches, check)


def end(
    store: StateStore,
    fence: Fence,
    job: Mapping[str, Any],
    change: Change,
    account: DocumentWrite | None = None,
    documents: Sequence[DocumentWrite] = (),
    *,
    news: bool,
) -> Fence:
    """End the job, and write `account`, `documents` and the ending's riders in the same commit.

    `job`, `change`, `account`, `news`: as in `endings.ending`. Checks and raises as `commit` does.
    """
    write = endings.ending(fence.job_id, job, change, fence.version, account, news=news, execution=fence.execution)
    reaches = Progress.VIDEOS_SAVED if change.kind is ChangeKind.COMPLETE else None
    return _commit(store, fence, write, documents, reaches)


def _commit(
    store: StateStore,
    fence: Fence,
    write: JobWrite,
    documents: Sequence[DocumentWrite],
    reaches: Progress | None,
    check: Callable[[Job], None] = lambda _job: None,
) -> Fence:
    if fence.progress >= Progress.VIDEOS_SAVED:
        _refuse_after_completion(write)
    for _ in range(COMMIT_TRIES):
        version = _try(store, replace(write, version=fence.version), documents) if fence.version else None
        if version is None:
            snapshot, job = _read(store, fence)
            if snapshot.holds(write):  # the reply was lost, and the client sent the commit again
                return _after(fence, snapshot.version, reaches)
            fence = _still_owned(fence, snapshot, job)
            if reaches is not None and job.progress >= reaches:
                return fence
            if job.status is Status.COMPLETED:
                raise StaleAttemptError("The job is already completed.")
            check(job)
        else:
            return _after(fence, version, reaches)
    raise StoreUnavailableError(say("databaseTrouble", detail="Our database was busy with the same job."))


def _try(store: StateStore, write: JobWrite, documents: Sequence[DocumentWrite]) -> str | None:
    """Return the job's new version, or None if the job has another version than `write` expects."""
    try:
        return store.commit(write, documents)
    except StaleVersionError:
        return None


def _refuse_after_completion(write: JobWrite) -> None:
    """Refuse a commit after the completion: it would undo the completion, and the job would start again.

    Raises StaleAttemptError if the change is a failure; the job stays completed. Raises ValueError for any other
    change. Such a change comes from a state after the one that completes the job, so the execution must fail.
    """
    if write.change.kind is ChangeKind.FAIL:
        raise StaleAttemptError("The job is already completed.")
    raise ValueError(f"{write.change.kind}: the job is completed, and no later state may write to it")


def spend(store: StateStore, fence: Fence, change: Change) -> None:
    """Write `change`, of the kind SPEND, while the job's claim belongs to this execution.

    A job that was cancelled, or that failed in the meantime, gets the amounts, too. A job that waits again does not:
    the write would stand in the way of its next claim. Raises JobCancelledError if the job was deleted, and
    StaleAttemptError if it waits, or its claim is another execution's.
    """
    for tried in range(COMMIT_TRIES):
        snapshot, job = _read(store, fence)
        write = JobWrite(fence.job_id, change, snapshot.version)
        if tried and snapshot.holds(write):  # the reply was lost, and the client sent the commit again
            return
        if job.status is Status.PENDING:
            raise StaleAttemptError("The job waits again.")
        try:
            store.commit(write)
        except StaleVersionError:
            continue
        return
    raise StoreUnavailableError(say("databaseTrouble", detail="Our database was busy with the same job."))


def current(store: StateStore, fence: Fence) -> tuple[Fence, Job]:
    """Return the fence at the job's newest version, and the job.

    The job is processing, or was completed by this execution. Raises JobCancelledError or StaleAttemptError otherwise.
    """
    snapshot, job = _read(store, fence)
    return _still_owned(fence, snapshot, job), job


def _read(store: StateStore, fence: Fence) -> tuple[JobSnapshot, Job]:
    """Read the job, and check that its claim belongs to this execution."""
    snapshot = store.get_job(fence.job_id)
    if snapshot is None:
        raise JobCancelledError("The job was deleted.")
    try:
        job = snapshot.parse()
    except InvalidJobError as error:
        raise StaleAttemptError("The job was edited and is malformed now.") from error
    if (owner := execution_name(job)) != fence.execution:
        raise StaleAttemptError(f"The job is {job.status} and names another execution: {owner}.")
    return snapshot, job


def _still_owned(fence: Fence, snapshot: JobSnapshot, job: Job) -> Fence:
    if job.status is Status.CANCELLED:
        raise JobCancelledError("The job was cancelled.")
    if job.status not in {Status.PROCESSING, Status.COMPLETED}:
        raise StaleAttemptError(f"The job is {job.status}: this execution no longer owns it.")
    is_of_account = job.progress < Progress.ACCOUNT_SAVED or fence.account_id in {None, job.account_id}
    is_as_left = job.progress == job.claim_progress and job.progress >= fence.progress and is_of_account
    if not is_as_left or (job.status is Status.COMPLETED and job.progress < Progress.VIDEOS_SAVED):
        raise StaleAttemptError("The job is not as this execution left it: it was edited, or put back.")
    return replace(fence, version=snapshot.version, progress=job.progress)


def _after(fence: Fence, version: str, reaches: Progress | None) -> Fence:
    return replace(fence, version=version, progress=fence.progress if reaches is None else reaches)
