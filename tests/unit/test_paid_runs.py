"""Paid runs at Apify: each is started once, and none goes on after its job has ended, whatever is killed when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.killing import Killing
from tests.machine import KilledError
from tests.simulated import World
from tracking import jobs
from tracking.jobs import ChangeKind, Status
from tracking.outcomes import THROTTLED, ExecutionStatus
from tracking.store import DocumentWrite, JobWrite

APIFY = ["instagram", "tiktok"]
RUNS = {"instagram": 2, "tiktok": 1}


def calls_of_a_job(platform: str) -> int:
    world = World(run_s=15)
    killing = Killing(world, -1, is_applied=False)
    assert world.run(world.add_job(platform, "sim_videos_20"))["status"] == "completed"
    return killing.calls


@pytest.mark.parametrize("platform", APIFY)
def test_there_are_calls_to_be_killed_at(platform: str) -> None:
    assert 15 <= calls_of_a_job(platform) <= POINTS


POINTS = 18
WHILE_IT_RUNS = [*range(1, POINTS + 1), *(pytest.param(at, marks=pytest.mark.nightly) for at in range(POINTS + 1, 41))]
"""A run that never ends is asked for again and again; the later points only repeat this question."""


@pytest.mark.parametrize("is_applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, POINTS + 1))
@pytest.mark.parametrize("platform", APIFY)
def test_a_kill_at_any_call_starts_no_run_twice(platform: str, at: int, is_applied: bool) -> None:
    """The process dies before or after one call. The machine runs the state again."""
    world = World(run_s=15)
    Killing(world, at, is_applied=is_applied)
    job_id = world.add_job(platform, "sim_videos_20")
    assert world.run(job_id)["status"] == "completed"
    assert len(world.saved(job_id)) == 20
    assert len(world.runs) == RUNS[platform]
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("is_applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", WHILE_IT_RUNS)
@pytest.mark.parametrize("platform", APIFY)
def test_a_cancel_after_a_kill_at_any_call_leaves_no_run(platform: str, at: int, is_applied: bool) -> None:
    """The user cancels right after the process died, so the retry finds a cancelled job."""
    world = World(run_s=100_000)
    killing = Killing(world, at, is_applied=is_applied)
    job_id = world.add_job(platform, "sim_videos_20")
    world.tick()
    while world.running() and killing.calls < at:
        world.step()
    change = jobs.cancel(Status.PROCESSING, world.clock.now())
    if world.document(job_id)["status"] == "processing":
        killing.store.touch(job_id, **change.fields)
    world.run(job_id)
    assert len(world.runs) <= RUNS[platform]
    assert world.unfinished_runs() == []


# Who ends a job stops its runs


def begun(platform: str, steps: int = 2, **fields: Any) -> tuple[World, str]:
    """Return a job that waits for a run which never ends."""
    world = World(run_s=100_000, **fields)
    job_id = world.add_job(platform, "sim_videos_20")
    world.tick()
    for _ in range(steps):
        world.step()
    assert len(world.unfinished_runs()) == RUNS[platform]
    return world, job_id


@contextmanager
def silent_reconcile(world: World) -> Iterator[None]:
    """Lose the events of ended executions."""
    world.tell, tell = lambda _execution: None, world.tell  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        world.tell = tell  # type: ignore[method-assign]


@pytest.mark.parametrize("platform", APIFY)
def test_ids_are_in_the_document_as_soon_as_they_are_known(platform: str) -> None:
    world, job_id = begun(platform, steps=1)
    assert set(world.document(job_id)["runs"].values()) == {run.run_id for run in world.runs}


@pytest.mark.parametrize("platform", APIFY)
def test_every_run_has_limits(platform: str) -> None:
    world, _ = begun(platform)
    assert all(run.timeout_s and 3_600 <= run.timeout_s <= 3_700 for run in world.runs)


@pytest.mark.parametrize("platform", APIFY)
def test_a_failing_job_stops_its_runs(platform: str) -> None:
    world, job_id = begun(platform)
    assert world.run(job_id)["status"] == "failed"
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("platform", APIFY)
def test_a_cancelled_job_stops_its_runs(platform: str, is_deleted: bool) -> None:
    """If its user deletes the job too, only the state knows the ids."""
    world, job_id = begun(platform)
    if is_deleted:
        world.store.delete_jobs([world.store.get_job(job_id)])  # type: ignore[list-item]
    else:
        world.store.touch(job_id, status="cancelled")  # type: ignore[attr-defined]
    world.run(job_id)
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("platform", APIFY)
@pytest.mark.parametrize("status", [ExecutionStatus.ABORTED, ExecutionStatus.TIMED_OUT])
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_stopped_execution_leaves_no_run(platform: str, status: ExecutionStatus, is_cancelled: bool) -> None:
    """The reconcile function stops them, also when the user cancelled the job while the execution waited."""
    world, job_id = begun(platform)
    if is_cancelled:
        world.store.touch(job_id, status="cancelled")  # type: ignore[attr-defined]
    (execution,) = world.running()
    execution.end(status)
    world.step()
    assert world.document(job_id)["status"] == ("cancelled" if is_cancelled else "failed")
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("platform", APIFY)
@pytest.mark.parametrize("status", [ExecutionStatus.ABORTED, ExecutionStatus.SUCCEEDED])
def test_the_sweep_stops_the_runs_of_what_it_ends(platform: str, status: ExecutionStatus) -> None:
    """It fails the job of an aborted execution, and puts back the one of an execution that did not complete it."""
    world, job_id = begun(platform)
    (execution,) = world.running()
    execution.end(status)
    world.clock.advance(400)
    with silent_reconcile(world):
        world.tick()
    assert world.document(job_id)["status"] != "completed"
    first = world.runs[: RUNS[platform]]
    assert [run for run in world.unfinished_runs() if run in first] == []


@pytest.mark.parametrize("platform", APIFY)
def test_a_paused_job_stops_its_runs(platform: str) -> None:
    """Its next attempt begins new ones."""
    world, job_id = begun(platform)
    world.fault(kind="quota", platform=platform, path="/actor-runs/", times=1)
    while world.running():
        world.step()
    assert world.document(job_id)["status"] == "pending"
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("platform", APIFY)
def test_a_run_that_cannot_be_stopped_ends_by_its_own_limit(platform: str) -> None:
    world, job_id = begun(platform)
    world.fault(kind="503", platform=platform, path="/abort")
    assert world.run(job_id)["status"] == "failed"
    assert len(world.unfinished_runs()) == RUNS[platform]
    world.clock.advance(timedelta(hours=2).total_seconds())
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("platform", APIFY)
def test_a_stopped_run_is_not_begun_anew(platform: str) -> None:
    """The job's time is over, the last chunk is staged, and the reply of the state is lost, so the state runs again."""
    world = World(run_s=10, items_per_s=2, max_job=timedelta(minutes=2))
    invoke = world.invoke

    def dying(event: dict[str, Any]) -> dict[str, Any]:
        output = invoke(event)
        if output.get("then") == "save" and event["state"] == "FetchVideos" and event["retryCount"] == 0:
            raise KilledError
        return output

    world.invoke = dying  # type: ignore[method-assign]
    document = world.run(world.add_job(platform, "sim_videos_5000"))
    assert document["message"].endswith(" newest of 5,000 videos saved.")
    assert len(world.runs) == RUNS[platform]
    assert world.unfinished_runs() == []


def test_next_claim_of_a_job_given_back_leaves_no_run() -> None:
    """A tick claims it as soon as it waits, and clears its runs."""
    world, job_id = begun("tiktok")
    (execution,) = world.running()
    execution.end(ExecutionStatus.FAILED)
    execution.error = THROTTLED
    commit = world.store.commit

    def then_a_tick(job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        version = commit(job, documents)
        if job.change.kind is ChangeKind.RELEASE:
            world.tick()
        return version

    world.store.commit = then_a_tick  # type: ignore[method-assign]
    world.tell(execution)
    assert world.document(job_id)["attempt"] == 2
    assert world.unfinished_runs() == []


# Two jobs of one account


@pytest.mark.parametrize("platform", APIFY)
def test_a_job_without_room_does_not_stop_the_run_of_another(platform: str) -> None:
    """Both have the same input, so only an id tells the runs apart."""
    world, _ = begun(platform, steps=1)
    world.fault(kind="no-room", platform=platform)
    second = world.add_job(platform, "sim_videos_20")
    world.tick()
    world.step()
    assert not world.document(second)["runs"]
    world.store.touch(second, status="cancelled")  # type: ignore[attr-defined]
    for execution in world.running():
        if execution.job["jobId"] == second:
            execution.advance(world.invoke)
            execution.advance(world.invoke)
    assert len(world.unfinished_runs()) == RUNS[platform]


@pytest.mark.parametrize("platform", APIFY)
def test_a_job_without_room_does_not_take_the_run_of_another(platform: str) -> None:
    world = World(run_s=30)
    world.fault(kind="no-room", platform=platform, times=1)
    ids = [world.add_job(platform, "sim_videos_20") for _ in range(2)]
    world.tick()
    for _ in range(20):
        world.step()
    assert [world.document(job_id)["status"] for job_id in ids] == ["completed"] * 2
    assert len(world.runs) == 2 * RUNS[platform]


# A missing or private account


@pytest.mark.parametrize("username", ["sim_missing", "sim_private"])
def test_posts_of_an_account_that_cannot_be_read_are_stopped(username: str) -> None:
    world = World(run_s=10, items_per_s=0.0001)
    job_id = world.add_job("instagram", username)
    document = world.run(job_id)
    assert document["status"] == "failed"
    assert world.unfinished_runs() == []


# No room


@pytest.mark.parametrize("platform", APIFY)
def test_job_without_room_for_its_run_waits_a_minute(platform: str) -> None:
    """Only this job waits: its platform is not paused."""
    world = World(run_s=15)
    world.fault(kind="no-room", platform=platform, times=2)
    job_id = world.add_job(platform, "sim_videos_20")
    world.tick()
    world.step()
    document = world.document(job_id)
    assert document["message"] == "Apify has no room for another run right now; trying again in a minute."
    began = world.clock.now()
    world.step()
    assert 59 <= (world.clock.now() - began).total_seconds() <= 61
    document = world.run(job_id)
    assert (document["status"], document["attempt"], document["retryCount"]) == ("completed", 1, 0)
    assert platform not in (world.store.get_document("trackingControl/platforms") or {})


@pytest.mark.parametrize("platform", APIFY)
def test_job_that_never_finds_room_goes_back_to_the_queue(platform: str) -> None:
    world = World(run_s=15)
    world.fault(kind="no-room", platform=platform)
    job_id = world.add_job(platform, "sim_videos_20")
    world.tick()
    while world.running():
        world.step()
    document = world.document(job_id)
    assert (document["status"], document.get("expiries", 0)) == ("pending", 0)
    assert document["message"] == "Apify had no room for another run; waiting for a free place."
