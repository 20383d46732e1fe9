"""Status-change events of executions, as recorded in events/, doubled, late, foreign."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from local.paths import ROOT
from reconcile.app import handler
from tests.doubles import FakeContext
from tests.world import World
from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.jobs import Status
from tracking.wiring import ReconcileDeps

ENDS = [
    # event, errorCode, sentence
    ("timed-out", "States.Timeout", "Tracking this account took too long and was stopped."),
    ("aborted", "ExecutionAborted", "An operator stopped this job."),
    ("failed", "StoreUnavailableError", "Our database did not answer."),
]


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/execution-{name}.json").read_text())
    return event


def event_of(world: World, job: dict[str, Any], name: str = "timed-out") -> dict[str, Any]:
    """The recorded event, of this job's execution."""
    event = recorded(name)
    execution = world.execution_of(job)
    event["detail"] |= {"input": json.dumps(job), "name": execution, "executionArn": world.executions.arn(execution)}
    return event


def reconcile(world: World, event: dict[str, Any]) -> dict[str, Any]:
    deps = ReconcileDeps(world.store, world.clock)
    return handler(event, FakeContext(), deps)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "code", "sentence"), ENDS)
@pytest.mark.parametrize("until", [None, "FetchAccount", "FetchVideos"])
def test_an_execution_that_ended_without_a_word_makes_its_job_failed_at_once(
    world: World, name: str, code: str, sentence: str, until: str | None
) -> None:
    job = world.claimed_job()
    if until:
        world.run_chain(job, until=until)
    assert reconcile(world, event_of(world, job, name)) == {"isRecorded": True}
    document = world.document(job["jobId"])
    assert (document["status"], document["errorCode"], document["error"]) == ("failed", code, sentence)
    assert (document["leaseUntil"], document["completedAt"]) == (None, world.clock.now())
    assert document["progress"] == {None: 0, "FetchAccount": 30, "FetchVideos": 70}[until]


@pytest.mark.parametrize("name", ["timed-out", "aborted", "failed"])
def test_an_event_that_comes_twice_is_told_once(world: World, name: str) -> None:
    event = event_of(world, world.claimed_job(), name)
    reconcile(world, event)
    before = world.memory._documents.copy()
    world.clock.advance(60)
    assert reconcile(world, event) == {"isRecorded": False}
    assert world.memory._documents == before


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "pending"])
def test_a_job_that_ended_or_waits_again_is_left_as_it_is(world: World, status: str) -> None:
    job = world.claimed_job()
    world.memory.touch(job["jobId"], status=status)
    before = world.document(job["jobId"])
    assert reconcile(world, event_of(world, job)) == {"isRecorded": False}
    assert world.document(job["jobId"]) == before


def test_a_late_event_of_an_attempt_leaves_the_newer_one_alone(world: World) -> None:
    old = world.claimed_job()
    reconcile(world, event_of(world, old))
    world.memory.touch(old["jobId"], **jobs.retry(Status.FAILED, world.clock.now()))
    world.tick()
    before = world.document(old["jobId"])
    assert (before["status"], before["attempt"]) == ("processing", 2)
    assert reconcile(world, event_of(world, old, "aborted")) == {"isRecorded": False}
    assert world.document(old["jobId"]) == before


def test_a_deleted_job_stays_deleted(world: World) -> None:
    job = world.claimed_job()
    world.memory.delete_job(job["jobId"])
    assert reconcile(world, event_of(world, job)) == {"isRecorded": False}
    assert world.store.get_job(job["jobId"]) is None


def test_somebody_elses_field_does_not_hide_the_end(world: World) -> None:
    job = world.claimed_job()
    world.memory.touch(job["jobId"], seenBy="somebody")
    assert reconcile(world, event_of(world, job)) == {"isRecorded": True}
    assert world.document(job["jobId"])["seenBy"] == "somebody"


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
    spoiled("detail.input", None),  # larger than EventBridge takes along: never ours
    spoiled("detail.input", "not JSON"),
    spoiled("detail.input", "[]"),
    spoiled("detail.input", '{"orderId": 7}'),
    spoiled("detail.input", '{"jobId": "job1", "attempt": "first", "version": "v"}'),
    spoiled("detail.status", "EXPLODED"),
    spoiled("detail.status", "SUCCEEDED"),
    spoiled("detail.status", "RUNNING"),
]


@pytest.mark.parametrize("event", FOREIGN)
def test_an_event_of_something_else_is_refused_and_changes_nothing(world: World, event: dict[str, Any]) -> None:
    job_id = world.claimed_job()["jobId"]
    before = world.document(job_id)
    with pytest.raises(InvalidJobError):
        reconcile(world, event)
    assert world.document(job_id) == before


def test_an_event_as_recorded_names_its_job_and_finds_none_here(world: World) -> None:
    for name in ("timed-out", "aborted", "failed"):
        assert reconcile(world, recorded(name)) == {"isRecorded": False}
