"""Each writer of an ending, run by its real handler: the event is written if the job ends, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bench.lambda_context import FakeContext
from reconcile.app import handler as reconcile_handler
from tests.contract.front_ends import FrontEnd
from tests.factories import videos
from tests.harness import Harness
from tracking.errors import JobCancelledError, StoreUnavailableError
from tracking.jobs import ENDINGS, LEASE, MAX_EXPIRIES
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.sentences import Sentence
from tracking.store import OUTBOX, DocumentWrite, JobWrite, StaleVersionError, Store, Unwritable

EXPIRED_S = LEASE.total_seconds() + 1


def told(store: Store) -> dict[str, dict[str, Any]]:
    """Return what the events in the outbox say of each job, by its id. Two events of one job are a failure."""
    found = {}
    for event_id, document in store.get_documents(OUTBOX).items():
        payload = json.loads(document["event"]["payload"])
        job_id = payload["data"]["jobId"]
        assert job_id not in found
        assert event_id.startswith(f"{job_id}-")
        found[job_id] = {"type": payload["type"], "errorCode": payload["data"].get("errorCode")}
    return found


def save_videos(harness: Harness, job: dict[str, Any]) -> None:
    with suppress(JobCancelledError):
        harness.run_state("SaveVideos", job)


def fail_job(harness: Harness, job: dict[str, Any]) -> None:
    harness.fail_job(job, "ContractError", "{}")


def reconcile(harness: Harness, job: dict[str, Any]) -> None:
    arn = harness.executions.arn(harness.execution_of(job))
    detail = {"executionArn": arn, "status": "TIMED_OUT", "input": json.dumps(job), "error": None, "cause": None}
    reconcile_handler({"detail": detail}, FakeContext(), harness.reconcile_deps)  # type: ignore[arg-type]


def sweep(harness: Harness, job: dict[str, Any]) -> None:
    harness.clock.advance(EXPIRED_S)
    harness.tick()


def tick(harness: Harness, job: dict[str, Any]) -> None:
    harness.tick()


INTERRUPTED = Outcome(status=ExecutionStatus.SUCCEEDED)


@dataclass(frozen=True)
class Case:
    """A writer of an ending: its job, the way to run it, and the ending expected."""

    write: Callable[[Harness, dict[str, Any]], None]
    status: str
    error_code: str | None
    until: str | None = None  # the last state that runs before
    is_pending: bool = False
    outcome: Outcome = Outcome(status=ExecutionStatus.FAILED)  # noqa: RUF009 - frozen
    edits: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, harness: Harness, front_end: FrontEnd) -> dict[str, Any]:
        """Return the job as it is right before its writer runs."""
        if self.is_pending:
            job_id = harness.add_job()
            front_end.write(job_id, **self.edits)
            return {"jobId": job_id}
        job = harness.claimed_job()
        if self.until:
            job = harness.run_chain(job, until=self.until)
        harness.executions.outcomes[f"instagram-NASA-{job['jobId']}-1"] = self.outcome
        if self.edits:
            front_end.write(job["jobId"], **self.edits)
        return job

    @property
    def told(self) -> dict[str, Any]:
        """Return what the event of this ending must say."""
        return {"type": f"tracking.job.{self.status}", "errorCode": self.error_code}


CASES = {
    "SaveVideos": Case(save_videos, "completed", None, until="FetchVideos"),
    "FailJob": Case(fail_job, "failed", "ContractError", until="FetchAccount"),
    "reconcile": Case(reconcile, "failed", "TimedOut", until="FetchAccount"),
    "sweep": Case(sweep, "failed", "InternalError"),
    "last expiry": Case(sweep, "failed", "LeaseExpired", outcome=INTERRUPTED, edits={"expiries": MAX_EXPIRIES - 1}),
    "malformed, pending": Case(tick, "failed", "InvalidJobError", is_pending=True, edits={"username": 7}),
    "malformed, processing": Case(tick, "failed", "InvalidJobError", edits={"username": 7}),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


class Interposed:
    """A store that runs an action around the write of an ending."""

    def __init__(self, store: Store, around: Callable[[JobWrite, Callable[[], Any]], Any]) -> None:
        self._store = store
        self._around = around

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        return cast("str", self._through([job], lambda: self._store.commit(job, documents)))

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        return cast("list[str | Unwritable | None]", self._through(writes, lambda: self._store.write_each(writes)))

    def _through(self, writes: Sequence[JobWrite], write: Callable[[], Any]) -> Any:
        ending = next((write for write in writes if write.change.kind in ENDINGS), None)
        return self._around(ending, write) if ending else write()


def harness_over(store: Any) -> Harness:
    return Harness(store=cast("Store", store), videos=videos(3), news=True)


def test_an_event_is_written_when_its_job_ends(store: Store, front_end: FrontEnd, case: Case) -> None:
    harness = harness_over(store)
    job = case.begin(harness, front_end)
    assert told(store) == {}
    case.write(harness, job)
    assert harness.document(job["jobId"])["status"] == case.status
    assert told(store) == {job["jobId"]: case.told}


def test_an_event_is_not_written_with_a_stale_ending(store: Store, front_end: FrontEnd, case: Case) -> None:
    """The user cancels between the writer's read and its write."""
    refused: list[JobWrite] = []

    def cancelled(ending: JobWrite, write: Callable[[], Any]) -> Any:
        refused.append(ending)
        front_end.write(ending.job_id, status="cancelled")
        return write()

    harness = harness_over(Interposed(store, cancelled))
    job = case.begin(harness, front_end)
    case.write(harness, job)
    assert [ending.job_id for ending in refused] == [job["jobId"]]
    assert harness.document(job["jobId"])["status"] == "cancelled"
    assert told(store) == {}


def test_an_event_survives_a_lost_reply(store: Store, front_end: FrontEnd, case: Case) -> None:
    """The ending is written, but its reply is lost, and the client sends the ending again."""

    def resent(ending: JobWrite, write: Callable[[], Any]) -> Any:
        with suppress(StaleVersionError):
            write()
        return write()

    harness = harness_over(Interposed(store, resent))
    job = case.begin(harness, front_end)
    case.write(harness, job)
    assert harness.document(job["jobId"])["status"] == case.status
    assert told(store) == {job["jobId"]: case.told}


def test_an_event_waits_for_an_ending_that_failed(store: Store, front_end: FrontEnd, case: Case) -> None:
    """The database does not answer, and it does not write the ending."""

    def unanswered(ending: JobWrite, write: Callable[[], Any]) -> Any:
        raise StoreUnavailableError(Sentence("no answer"))

    harness = harness_over(Interposed(store, unanswered))
    job = case.begin(harness, front_end)
    with pytest.raises(StoreUnavailableError):
        case.write(harness, job)
    assert harness.document(job["jobId"])["status"] in {"pending", "processing"}
    assert told(store) == {}


def test_many_endings_of_a_tick_take_their_events_along(store: Store, front_end: FrontEnd) -> None:
    """Cancel four of the 40 malformed jobs first: their endings are refused, and no event is written for them."""
    harness = harness_over(store)
    malformed = [harness.add_job(username=7) for _ in range(40)]
    good = [harness.add_job() for _ in range(3)]

    def some_cancelled(ending: JobWrite, write: Callable[[], Any]) -> Any:
        for job_id in malformed[::10]:
            front_end.write(job_id, status="cancelled")
        return write()

    harness.store = cast("Store", Interposed(store, some_cancelled))
    counts = harness.tick()
    assert (counts["malformed"], counts["started"]) == (36, 3)
    ended = {job_id for job_id in malformed if harness.document(job_id)["status"] == "failed"}
    assert told(store).keys() == ended == set(malformed) - set(malformed[::10])
    assert {harness.document(job_id)["status"] for job_id in good} == {"processing"}


def test_a_life_that_goes_on_has_no_event(store: Store, front_end: FrontEnd) -> None:
    """The job is claimed, expires, is claimed again, and is cancelled by its user. None of these writes an event."""
    harness = harness_over(store)
    job = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    harness.executions.outcomes[f"instagram-NASA-{job['jobId']}-1"] = INTERRUPTED
    sweep(harness, job)
    harness.tick()
    assert harness.document(job["jobId"])["attempt"] == 2
    front_end.write(job["jobId"], status="cancelled")
    assert told(store) == {}
