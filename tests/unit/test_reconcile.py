"""Status-change events of executions: recorded ones from events/, and events that are doubled, late or foreign."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from reconcile.app import handler
from tests.execution_events import event_of, recorded
from tests.harness import Harness
from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.jobs import Status
from tracking.sentences import say
from tracking.wiring import ReconcileDeps

ENDS = [
    # event, errorCode, sentence
    ("timed-out", "TimedOut", "Tracking this account took too long and was stopped."),
    ("aborted", "ExecutionAborted", "An operator stopped this job."),
    ("failed", "StoreUnavailableError", "Our database did not answer."),
]


def reconcile(harness: Harness, event: dict[str, Any]) -> dict[str, Any]:
    deps = ReconcileDeps(harness.store, harness.clock, harness.process_deps.platform)
    return handler(event, FakeContext(), deps)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "code", "sentence"), ENDS)
@pytest.mark.parametrize("until", [None, "FetchAccount", "FetchVideos"])
def test_event_of_a_silent_execution_end_fails_its_job(
    harness: Harness, name: str, code: str, sentence: str, until: str | None
) -> None:
    job = harness.claimed_job()
    if until:
        harness.run_chain(job, until=until)
    assert reconcile(harness, event_of(harness, job, name)) == {"isRecorded": True}
    document = harness.document(job["jobId"])
    assert (document["status"], document["errorCode"], document["error"]) == ("failed", code, sentence)
    assert (document["leaseUntil"], document["completedAt"]) == (None, harness.clock.now())
    assert document["progress"] == {None: 0, "FetchAccount": 30, "FetchVideos": 70}[until]


def test_a_job_that_lost_its_database_is_left_to_the_sweep(harness: Harness) -> None:
    """Google refused our key, so FailJob wrote nothing. The job will start again: its user has done nothing wrong."""
    job = harness.claimed_job()
    event = event_of(harness, job, "failed")
    event["detail"] |= {
        "error": "Unrecorded.CredentialsError",
        "cause": say("databaseRefusesUs", detail="It is no longer ours.").to_cause(),
    }
    before = harness.document(job["jobId"])
    assert reconcile(harness, event) == {"isRecorded": False}
    assert harness.document(job["jobId"]) == before


@pytest.mark.parametrize("name", ["timed-out", "aborted", "failed"])
def test_an_event_that_comes_twice_is_told_once(harness: Harness, name: str) -> None:
    event = event_of(harness, harness.claimed_job(), name)
    reconcile(harness, event)
    before = harness.memory._documents.copy()
    harness.clock.advance(60)
    assert reconcile(harness, event) == {"isRecorded": False}
    assert harness.memory._documents == before


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "pending"])
def test_a_job_that_ended_or_waits_again_is_left_as_it_is(harness: Harness, status: str) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], status=status)
    before = harness.document(job["jobId"])
    assert reconcile(harness, event_of(harness, job)) == {"isRecorded": False}
    assert harness.document(job["jobId"]) == before


def test_a_late_event_of_an_attempt_leaves_the_newer_one_alone(harness: Harness) -> None:
    old = harness.claimed_job()
    reconcile(harness, event_of(harness, old))
    harness.memory.touch(old["jobId"], **jobs.retry(Status.FAILED, harness.clock.now()).fields)
    harness.tick()
    before = harness.document(old["jobId"])
    assert (before["status"], before["attempt"]) == ("processing", 2)
    assert reconcile(harness, event_of(harness, old, "aborted")) == {"isRecorded": False}
    assert harness.document(old["jobId"]) == before


def test_a_deleted_job_stays_deleted(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.memory.delete_job(job["jobId"])
    assert reconcile(harness, event_of(harness, job)) == {"isRecorded": False}
    assert harness.store.get_job(job["jobId"]) is None


def test_somebody_elses_field_does_not_hide_the_end(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], seenBy="somebody")
    assert reconcile(harness, event_of(harness, job)) == {"isRecorded": True}
    assert harness.document(job["jobId"])["seenBy"] == "somebody"


def spoiled(path: str, value: Any) -> dict[str, Any]:
    event = deepcopy(recorded("failed"))
    *parents, last = path.split(".")
    at = event
    for name in parents:
        at = at[name]
    at[last] = value
    return event


FOREIGN = [
    {},
    {"detail": "text"},
    spoiled("detail", None),
    spoiled("detail.input", None),  # AWS leaves a very large input out; ours is never that large
    spoiled("detail.input", "not JSON"),
    spoiled("detail.input", "[]"),
    spoiled("detail.input", '{"orderId": 7}'),
    spoiled("detail.input", '{"jobId": "job1", "attempt": "first", "version": "v"}'),
    spoiled("detail.status", "EXPLODED"),
    spoiled("detail.status", "SUCCEEDED"),
    spoiled("detail.status", "RUNNING"),
]


@pytest.mark.parametrize("event", FOREIGN)
def test_event_of_another_kind_is_refused(harness: Harness, event: dict[str, Any]) -> None:
    job_id = harness.claimed_job()["jobId"]
    before = harness.document(job_id)
    with pytest.raises(InvalidJobError):
        reconcile(harness, event)
    assert harness.document(job_id) == before


def test_an_event_as_recorded_names_its_job_and_finds_none_here(harness: Harness) -> None:
    for name in ("timed-out", "aborted", "failed"):
        assert reconcile(harness, recorded(name)) == {"isRecorded": False}
