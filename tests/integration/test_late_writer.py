"""Late writers: a Lambda that still works after a time-out, a stop or a cancellation. Threads and database are real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from bench.lambda_context import FakeContext
from reconcile.app import handler as reconcile
from tests.execution_events import event_of
from tests.factories import account, video, videos
from tests.harness import Harness
from tracking import jobs
from tracking.errors import JobCancelledError, StaleAttemptError
from tracking.jobs import LEASE, Status
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.platforms import Bounds, FetchedAccount, VideoPage
from tracking.store import JobWrite
from tracking.store.firestore import FirestoreStore
from tracking.wiring import ReconcileDeps

VIDEOS = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151/videos"
WAIT_S = 30


class Hanging:
    """A platform that answers the late writer only when the test allows it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answer = threading.Event()

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        return FetchedAccount(account=account(), videos_ref="ref")

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage]:
        self.asked.set()
        assert self.answer.wait(WAIT_S)
        yield VideoPage(videos=(video(1, title="From the late writer"),), has_more=False)


class LateWriter(threading.Thread):
    """A thread that runs FetchVideos and then SaveVideos as the old attempt."""

    def __init__(self, harness: Harness, state: Any, platform: Hanging) -> None:
        super().__init__(daemon=True)
        self._world = Harness(store=harness.store)
        self._world.clock = harness.clock
        self._world.executions = harness.executions
        self._world.process_deps = replace(harness.process_deps, platform=lambda name: platform)
        self._state = state
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._world.run_state("SaveVideos", self._world.run_state("FetchVideos", self._state))
        except Exception as error:  # noqa: BLE001 - the test checks every error
            self.error = error


@pytest.fixture
def real(firestore_client: Callable[[], Client]) -> Harness:
    return Harness(store=FirestoreStore(firestore_client()), videos=videos(3))


@pytest.fixture
def hanging(real: Harness) -> Iterator[tuple[dict[str, Any], Hanging, LateWriter]]:
    """A job whose first attempt hangs in FetchVideos."""
    state = real.run_chain(real.claimed_job(), until="SaveAccount")
    platform = Hanging()
    writer = LateWriter(real, state, platform)
    writer.start()
    assert platform.asked.wait(WAIT_S)
    yield state, platform, writer
    platform.answer.set()
    writer.join(WAIT_S)


def change(real: Harness, job_id: str, make: jobs.UserChange) -> None:
    snapshot = real.store.get_job(job_id)
    assert snapshot is not None
    real.store.commit(JobWrite(job_id, make(snapshot.parse().status, real.clock.now()), snapshot.version))


def wake(platform: Hanging, writer: LateWriter) -> Exception | None:
    platform.answer.set()
    writer.join(WAIT_S)
    assert not writer.is_alive()
    return writer.error


def timed_out(real: Harness, state: dict[str, Any]) -> None:
    deps = ReconcileDeps(real.store, real.clock, real.process_deps.platform)
    assert reconcile(event_of(real, state), FakeContext(), deps) == {"isRecorded": True}  # type: ignore[arg-type]


def stopped(real: Harness, state: dict[str, Any]) -> None:
    deps = ReconcileDeps(real.store, real.clock, real.process_deps.platform)
    assert reconcile(event_of(real, state, "aborted"), FakeContext(), deps) == {"isRecorded": True}  # type: ignore[arg-type]


def swept(real: Harness, state: dict[str, Any]) -> None:
    (name,) = real.executions.started
    real.executions.outcomes[name.rpartition("-")[0]] = Outcome(status=ExecutionStatus.TIMED_OUT)
    real.clock.advance(LEASE.total_seconds())
    assert real.tick()["repaired"] == 1


def cancelled(real: Harness, state: dict[str, Any]) -> None:
    change(real, state["jobId"], jobs.cancel)


ENDS = [
    (timed_out, "failed", StaleAttemptError),
    (stopped, "failed", StaleAttemptError),
    (swept, "failed", StaleAttemptError),
    (cancelled, "cancelled", JobCancelledError),
]


@pytest.mark.parametrize(("end", "status", "error"), ENDS)
def test_a_late_writer_can_no_longer_write(
    real: Harness, hanging: Any, end: Any, status: str, error: type[Exception]
) -> None:
    state, platform, writer = hanging
    end(real, state)
    before = real.document(state["jobId"])
    assert isinstance(wake(platform, writer), error)
    assert real.document(state["jobId"]) == before
    assert before["status"] == status
    assert real.store.get_documents(VIDEOS) == {}


@pytest.mark.parametrize(("end", "status", "error"), ENDS)
def test_a_late_writer_does_not_disturb_the_attempt_after_it(
    real: Harness, hanging: Any, end: Any, status: str, error: type[Exception]
) -> None:
    state, platform, writer = hanging
    end(real, state)
    change(real, state["jobId"], jobs.retry)
    assert real.tick()["started"] == 1
    second = next(dict(p) for p in real.executions.started.values() if p["attempt"] == 2)
    fetched = real.run_chain(second, until="FetchVideos")
    assert isinstance(wake(platform, writer), StaleAttemptError)  # while the newer attempt is at work
    real.run_state("SaveVideos", fetched)
    document = real.document(state["jobId"])
    assert (document["status"], document["attempt"], document["progress"]) == ("completed", 2, 100)
    saved = real.store.get_documents(VIDEOS)
    assert sorted(saved) == [one.video_id for one in videos(3)]
    assert "From the late writer" not in {one["title"] for one in saved.values()}


def test_attempt_that_hung_past_its_lease_still_completes(real: Harness, hanging: Any) -> None:
    """The sweep learns that the execution runs, and gives it a new lease."""
    state, platform, writer = hanging
    real.clock.advance(LEASE.total_seconds())
    real.tick()  # the execution runs, so the sweep renews the lease
    assert wake(platform, writer) is None
    assert real.document(state["jobId"])["status"] == Status.COMPLETED
