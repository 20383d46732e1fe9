"""A job's spending at its platform is in its document, whatever becomes of its states and of the job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import videos
from tests.harness import CHAIN, Harness, lambda_cause, spoil
from tracking import fence, jobs
from tracking.errors import (
    AccountNotFoundError,
    JobCancelledError,
    JobPausedError,
    PlatformUnavailableError,
    QuotaExceededError,
    StaleAttemptError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.fence import Fence
from tracking.jobs import Status
from tracking.sentences import Sentence
from tracking.spending import Meter
from tracking.store import DocumentWrite, JobSnapshot, JobWrite
from tracking.store.memory import MemoryStore

LATER = START + timedelta(seconds=1)  # no other write of these tests has this time


class CountingStore(MemoryStore):
    """A store that counts its calls, and fails some commits after they were made."""

    calls = 0
    losing = 0  # replies to lose

    def get_job(self, job_id: str) -> JobSnapshot | None:
        self.calls += 1
        return super().get_job(job_id)

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        self.calls += 1
        version = super().commit(job, documents)
        if self.losing:
            self.losing -= 1
            raise StoreUnavailableError(Sentence("Our database did not answer."))
        return version


@pytest.fixture
def harness() -> Harness:
    harness = Harness(videos=videos(5))
    harness.use(CountingStore(harness.clock))
    harness.platform.charges = {"units": 2}
    return harness


def spent(harness: Harness, job: Any) -> Any:
    return harness.document(job["jobId"]).get("spent")


def run_failing(harness: Harness, state: str, job: Any, error: type[TrackingError], retry_count: int = 0) -> None:
    harness.platform.failures = [error(Sentence("It did not work."))]
    with pytest.raises(error):
        harness.run_state(state, job, retry_count)


def logged(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return the amounts that could not be written."""
    records = [vars(record) for record in caplog.records]
    return [record["spent"] for record in records if record.get("action") == "spending_lost"]


def test_a_jobs_states_add_up_what_they_spent(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.run_chain(job)
    assert spent(harness, job) == {"units": 4}


def test_a_normal_job_makes_no_further_request(harness: Harness) -> None:
    job = harness.claimed_job()
    store: Any = harness.memory
    store.calls = 0
    harness.run_chain(job)
    assert store.calls == len(CHAIN)


def test_a_platform_that_charges_nothing_leaves_no_field(harness: Harness) -> None:
    harness.platform.charges = {}
    job = harness.claimed_job()
    harness.run_chain(job)
    assert "spent" not in harness.document(job["jobId"])


def test_a_failed_state_tells_what_it_spent_and_the_job_fails(harness: Harness) -> None:
    job = harness.claimed_job()
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    assert (spent(harness, job), harness.document(job["jobId"])["status"]) == ({"units": 2}, "processing")
    cause = lambda_cause(AccountNotFoundError(Sentence("There is no nasa.")))
    assert harness.fail_job(job, "AccountNotFoundError", cause)["isRecorded"]
    assert (spent(harness, job), harness.document(job["jobId"])["status"]) == ({"units": 2}, "failed")


def test_each_retry_of_a_state_is_counted(harness: Harness) -> None:
    job = harness.claimed_job()
    run_failing(harness, "FetchAccount", job, PlatformUnavailableError)
    run_failing(harness, "FetchAccount", job, PlatformUnavailableError, retry_count=1)
    state = harness.run_state("FetchAccount", job, retry_count=2)
    assert spent(harness, job) == {"units": 6}
    for name in CHAIN[1:]:
        state = harness.run_state(name, state)
    assert spent(harness, job) == {"units": 8}


def test_a_paused_job_and_its_next_attempt_add_up(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.platform.failures = [QuotaExceededError(Sentence("Used up."))]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job)
    assert (spent(harness, job), harness.document(job["jobId"])["status"]) == ({"units": 2}, "pending")
    harness.clock.advance(86_400)
    harness.tick()
    again = next(dict(job) for job in harness.executions.started.values() if job["attempt"] == 2)
    harness.run_chain(again)
    assert spent(harness, job) == {"units": 6}


def test_a_retry_by_its_user_keeps_what_was_spent(harness: Harness) -> None:
    job = harness.claimed_job()
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    harness.fail_job(job, "AccountNotFoundError", lambda_cause(AccountNotFoundError(Sentence("There is no nasa."))))
    harness.memory.touch(job["jobId"], **jobs.retry(Status.FAILED, harness.clock.now()).fields)
    harness.tick()
    assert spent(harness, job) == {"units": 2}


def test_a_job_cancelled_on_the_way_tells_what_was_spent(harness: Harness) -> None:
    job = harness.claimed_job()
    state = harness.run_chain(job, until="SaveAccount")
    harness.memory.touch(job["jobId"], **jobs.cancel(Status.PROCESSING, harness.clock.now()).fields)
    run_failing(harness, "FetchVideos", state, JobCancelledError)
    assert (spent(harness, job), harness.document(job["jobId"])["status"]) == ({"units": 4}, "cancelled")


def test_a_job_that_waits_again_is_not_touched(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """The write would stand in the way of its next claim."""
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], **jobs.release(harness.clock.now()).fields)
    before = harness.memory.get_job(job["jobId"])
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    assert harness.memory.get_job(job["jobId"]) == before
    assert logged(caplog) == [{"units": 2}]


def test_a_deleted_jobs_spending_is_in_the_log(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    job = harness.claimed_job()
    harness.memory.delete_job(job["jobId"])
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    assert logged(caplog) == [{"units": 2}]


def test_a_full_document_does_not_hide_the_states_own_error(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    job = harness.claimed_job()
    spoil(harness.memory, job["jobId"])
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    assert logged(caplog) == [{"units": 2}]


def test_an_attempt_that_lost_its_job_adds_nothing_to_the_next(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], **jobs.release(harness.clock.now()).fields)
    harness.tick()
    run_failing(harness, "FetchAccount", job, AccountNotFoundError)
    assert spent(harness, job) is None


def owned(harness: Harness, job: Any) -> Fence:
    return Fence(job["jobId"], harness.execution_of(job), job["version"])


def test_a_lost_reply_adds_the_amounts_once(harness: Harness) -> None:
    """The client of Firestore sends a commit again when its reply is lost. The second one is refused as stale."""
    job, store = harness.claimed_job(), harness.memory

    class SentTwice(MemoryStore):
        def get_job(self, job_id: str) -> JobSnapshot | None:
            return store.get_job(job_id)

        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            store.commit(job, documents)
            return store.commit(job, documents)

    fence.spend(SentTwice(harness.clock), owned(harness, job), jobs.spend(START, {"units": 1}))
    assert spent(harness, job) == {"units": 1}


def test_spending_gives_up_on_a_job_that_never_stands_still(harness: Harness) -> None:
    job, store = harness.claimed_job(), harness.memory

    class Busy(MemoryStore):
        def get_job(self, job_id: str) -> JobSnapshot | None:
            found = store.get_job(job_id)
            store.touch(job_id, busy=found and found.version)
            return found

        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            return store.commit(job, documents)

    with pytest.raises(StoreUnavailableError, match="busy"):
        fence.spend(Busy(harness.clock), owned(harness, job), jobs.spend(LATER, {"units": 1}))


def test_spending_of_another_executions_job_is_refused(harness: Harness) -> None:
    job = harness.claimed_job()
    other = Fence(job["jobId"], "another", job["version"])
    with pytest.raises(StaleAttemptError):
        fence.spend(harness.memory, other, jobs.spend(START, {"units": 1}))


def test_a_commit_whose_reply_is_lost_loses_no_amount(harness: Harness) -> None:
    """Whether the commit was made is not known, so its amounts may count twice; they never get lost."""
    job = harness.claimed_job()
    store: Any = harness.memory
    store.losing = 1
    with pytest.raises(StoreUnavailableError):
        harness.run_state("FetchAccount", job)
    harness.run_state("FetchAccount", job, retry_count=1)
    assert spent(harness, job)["units"] >= 4


def test_a_meter_adds_up_and_is_emptied_by_taking() -> None:
    meter = Meter()
    meter.add({"units": 1, "usd": 0.5})
    meter.add({"units": 2, "posts": 0})
    assert meter.take() == {"units": 3, "usd": 0.5}
    assert meter.take() == {}


def test_a_meter_takes_no_unknown_resource() -> None:
    with pytest.raises(ValueError, match="likes"):
        Meter().add({"likes": 1})
