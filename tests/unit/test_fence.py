"""The fence: the right to write to a job, and writes that come too late or twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles import START, ManualClock
from tests.factories import job_document
from tracking import fence, jobs
from tracking.errors import JobCancelledError, StaleAttemptError, StoreUnavailableError
from tracking.fence import Fence
from tracking.jobs import Progress, Status
from tracking.naming import execution_name
from tracking.sentences import Sentence
from tracking.store import DocumentExistsError, DocumentWrite, JobSnapshot, JobWrite
from tracking.store.memory import MemoryStore

ADVANCE = jobs.advance(START, Progress.ACCOUNT_FETCHED, Sentence("Found."))
TWICE = jobs.advance(START, Progress.ACCOUNT_FETCHED, Sentence("Twice."))
ACCOUNT = DocumentWrite("organizations/o/projects/p/trackedAccounts/a", {"username": "nasa"})


class InterruptedStore(MemoryStore):
    """A store in which another writer changes the job right before each of the next `interruptions` commits."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.interruptions = 0
        self.commits = 0

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        self.commits += 1
        if self.interruptions:
            self.interruptions -= 1
            self.touch(job.job_id, colour=f"blue {self.interruptions}")
        return super().commit(job, documents)


@pytest.fixture
def store(clock: ManualClock) -> InterruptedStore:
    return InterruptedStore(clock)


@pytest.fixture
def owned(store: InterruptedStore) -> Fence:
    """The fence of attempt 1, which has just claimed the job."""
    job_id = store.create_job(job_document(status="processing", attempt=1, claimId="a1b2"))
    snapshot = read(store, job_id)
    return Fence(job_id, execution_name(snapshot.parse()), snapshot.version)


def read(store: MemoryStore, job_id: str) -> JobSnapshot:
    snapshot = store.get_job(job_id)
    assert snapshot is not None
    return snapshot


def version(store: MemoryStore, job_id: str) -> str:
    return read(store, job_id).version


def document(store: MemoryStore, owned: Fence) -> dict[str, Any]:
    return read(store, owned.job_id).data


def test_owner_commits_job_and_documents_and_gets_a_version(store: InterruptedStore, owned: Fence) -> None:
    after = fence.commit(store, owned, ADVANCE, [ACCOUNT], reaches=Progress.ACCOUNT_FETCHED)
    assert after == Fence(owned.job_id, owned.execution, version(store, owned.job_id), Progress.ACCOUNT_FETCHED)
    assert after.version != owned.version
    assert document(store, owned)["progress"] == 30
    assert store.get_document(ACCOUNT.path) == {"username": "nasa"}
    assert store.commits == 1


LOST: dict[str, tuple[Callable[[MemoryStore, str], None], type[Exception]]] = {
    "cancelled": (lambda store, job_id: store.touch(job_id, status="cancelled"), JobCancelledError),
    "deleted": (lambda store, job_id: store.delete_job(job_id), JobCancelledError),
    "failed": (lambda store, job_id: store.touch(job_id, status="failed"), StaleAttemptError),
    "back in the queue": (lambda store, job_id: store.touch(job_id, status="pending"), StaleAttemptError),
    "claimed again": (lambda store, job_id: store.touch(job_id, attempt=2), StaleAttemptError),
    "completed by another attempt": (
        lambda store, job_id: store.touch(job_id, attempt=2, status="completed", progress=100, claimProgress=100),
        StaleAttemptError,
    ),
}


@pytest.mark.parametrize("reaches", [None, Progress.ACCOUNT_FETCHED])
@pytest.mark.parametrize("what", LOST)
def test_an_attempt_that_lost_its_job_writes_nothing_and_stops(
    store: InterruptedStore, owned: Fence, what: str, reaches: Progress | None
) -> None:
    happen, error = LOST[what]
    happen(store, owned.job_id)
    before = store.get_job(owned.job_id)
    with pytest.raises(error):
        fence.commit(store, owned, ADVANCE, [ACCOUNT], reaches=reaches)
    assert store.get_job(owned.job_id) == before
    assert store.get_document(ACCOUNT.path) is None


def test_somebody_elses_harmless_field_does_not_stop_the_owner(store: InterruptedStore, owned: Fence) -> None:
    store.touch(owned.job_id, colour="blue")
    fence.commit(store, owned, ADVANCE, reaches=Progress.ACCOUNT_FETCHED)
    assert document(store, owned)["progress"] == 30
    assert document(store, owned)["colour"] == "blue"


def test_a_commit_whose_reply_was_lost_is_not_applied_again(store: InterruptedStore, owned: Fence) -> None:
    fence.commit(store, owned, ADVANCE, reaches=Progress.ACCOUNT_FETCHED)
    applied = store.get_job(owned.job_id)
    again = fence.commit(store, owned, TWICE, [ACCOUNT], reaches=Progress.ACCOUNT_FETCHED)
    assert again.version == version(store, owned.job_id)
    assert store.get_job(owned.job_id) == applied
    assert store.get_document(ACCOUNT.path) is None


def test_late_commit_of_one_attempt_keeps_higher_progress(store: InterruptedStore, owned: Fence) -> None:
    store.touch(owned.job_id, progress=70, claimProgress=70)
    fence.commit(store, owned, ADVANCE, reaches=Progress.ACCOUNT_FETCHED)
    assert document(store, owned)["progress"] == 70


def test_a_completed_job_is_never_overwritten(store: InterruptedStore, owned: Fence) -> None:
    store.touch(owned.job_id, status="completed", progress=100, claimProgress=100)
    completed = store.get_job(owned.job_id)
    with pytest.raises(StaleAttemptError):
        fence.commit(store, owned, jobs.note(START, Sentence("Saved 1 of 2.")), [ACCOUNT])
    with pytest.raises(StaleAttemptError):
        fence.end(
            store,
            owned,
            {},
            jobs.fail(Status.PROCESSING, START, Sentence("Why."), "ContractError"),
            documents=[ACCOUNT],
            news=False,
        )
    assert store.get_job(owned.job_id) == completed


def test_commit_succeeds_after_four_interruptions(store: InterruptedStore, owned: Fence) -> None:
    store.interruptions = 4
    fence.commit(store, owned, ADVANCE, reaches=Progress.ACCOUNT_FETCHED)
    assert document(store, owned)["progress"] == 30
    assert store.commits == 5


def test_five_interruptions_raise_for_the_machines_retry(store: InterruptedStore, owned: Fence) -> None:
    store.interruptions = 5
    with pytest.raises(StoreUnavailableError):
        fence.commit(store, owned, ADVANCE, reaches=Progress.ACCOUNT_FETCHED)
    assert document(store, owned)["progress"] == 0


def test_existing_must_be_new_document_raises_to_the_caller(store: InterruptedStore, owned: Fence) -> None:
    fence.commit(store, owned, ADVANCE, [ACCOUNT])
    now = replace(owned, version=version(store, owned.job_id))
    with pytest.raises(DocumentExistsError):
        fence.commit(store, now, ADVANCE, [DocumentWrite(ACCOUNT.path, {}, must_be_new=True)])
