"""Jobs whose platform needs time: waiting, chunks of videos, and further executions of the same attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.simulated import World
from tracking.jobs import EXECUTION_TIMEOUT_S
from tracking.outcomes import ExecutionStatus

APIFY = ["instagram", "tiktok"]
LARGE = "sim_videos_5000"


def followed(world: World, job_id: str) -> tuple[dict[str, Any], list[int], list[str]]:
    """Run the job to its end. Return its document, its progress and its messages after each state."""
    progress: list[int] = []
    messages: list[str] = []
    world.tick()
    while world.running():
        world.step()
        document = world.document(job_id)
        progress.append(document["progress"])
        if not messages or messages[-1] != document["message"]:
            messages.append(document["message"])
    return world.document(job_id), progress, messages


@pytest.mark.parametrize("platform", APIFY)
def test_a_run_of_thirty_seconds_costs_fourteen_transitions(platform: str) -> None:
    world = World(run_s=30)
    job_id = world.add_job(platform, "sim_videos_50")
    document, progress, _ = followed(world, job_id)
    (execution,) = world.executions.running.values()
    assert (document["status"], len(world.saved(job_id))) == ("completed", 50)
    assert execution.transitions <= 14
    assert progress == sorted(progress)


@pytest.mark.parametrize("platform", ["youtube", "twitter"])
def test_a_job_that_waits_for_nothing_costs_eight_transitions(platform: str) -> None:
    world = World()
    job_id = world.add_job(platform, "sim_videos_50")
    followed(world, job_id)
    (execution,) = world.executions.running.values()
    assert (execution.transitions, len(world.saved(job_id))) == (8, 50)


@pytest.mark.parametrize("platform", APIFY)
def test_no_function_waits_for_a_run(platform: str) -> None:
    world = World(run_s=120)
    job_id = world.add_job(platform, "sim_videos_50")
    followed(world, job_id)
    assert world.clock.slept_s == []


def test_instagram_begins_both_runs_at_once() -> None:
    world = World(run_s=30)
    followed(world, world.add_job("instagram", "sim_videos_50"))
    first, second = world.runs
    assert second.started_s - first.started_s < 1


@pytest.mark.parametrize("platform", APIFY)
@pytest.mark.parametrize("per_s", [2, 5, 10, 30, 60])
def test_five_thousand_posts_are_saved_by_one_run(platform: str, per_s: int) -> None:
    """At each speed, by one attempt, in executions of at most 300 s. Progress only grows."""
    world = World(run_s=10, items_per_s=per_s)
    job_id = world.add_job(platform, LARGE)
    document, progress, messages = followed(world, job_id)
    assert (document["status"], document["message"]) == ("completed", "Done: 5,000 videos saved.")
    assert len(world.saved(job_id)) == 5_000
    assert (document["attempt"], document.get("expiries", 0), document["retryCount"]) == (1, 0, 0)
    assert progress == sorted(progress)
    assert len(world.runs) == (2 if platform == "instagram" else 1)
    lasted_s = (world.clock.now() - document["startedAt"]).total_seconds()
    executions = list(world.executions.running.values())
    assert len(executions) >= lasted_s / EXECUTION_TIMEOUT_S
    assert {execution.status for execution in executions} == {ExecutionStatus.SUCCEEDED}
    if per_s < 20:
        assert any(message.endswith(" of about 5,000 posts saved; going on.") for message in messages)
        assert " is still collecting: " in " ".join(messages)
    assert world.staged.bodies == {}


def test_saved_numbers_only_grow() -> None:
    world = World(run_s=10, items_per_s=5)
    job_id = world.add_job("tiktok", LARGE)
    _, _, messages = followed(world, job_id)
    saved = [int(text.split()[0].replace(",", "")) for text in messages if "going on" in text]
    assert saved == sorted(saved)
    assert len(set(saved)) > 5


def test_each_item_of_a_run_is_read_once() -> None:
    world = World(run_s=10, items_per_s=10)
    job_id = world.add_job("tiktok", LARGE)
    followed(world, job_id)
    read = [path for method, path in world.requests if path.endswith("/items")]
    looks = sum(1 for method, path in world.requests if method == "GET" and "/actor-runs/" in path)
    pages = 5_000 / 200
    assert len(read) <= pages + 3 * looks, "a few short pages, one look at the number, and the first items"


# The bound of the whole job


def test_job_that_takes_too_long_is_completed_with_what_is_there() -> None:
    """At 1 post a second, an hour gives some 3,500 of the 5,000 posts. The run is stopped."""
    world = World(run_s=10, items_per_s=1)
    job_id = world.add_job("instagram", LARGE)
    document, progress, _ = followed(world, job_id)
    number = len(world.saved(job_id))
    assert 3_300 < number < 3_600
    assert (document["status"], document["message"]) == ("completed", f"Done: {number:,} newest of 5,000 videos saved.")
    assert world.unfinished_runs() == []
    assert timedelta(minutes=59) < world.clock.now() - document["startedAt"] < timedelta(minutes=62)
    assert progress == sorted(progress)


def test_bound_is_a_setting() -> None:
    world = World(run_s=10, items_per_s=10, max_job=timedelta(minutes=4))
    job_id = world.add_job("tiktok", LARGE)
    document, _, _ = followed(world, job_id)
    assert document["message"].endswith(" newest of 5,000 videos saved.")
    assert 2_000 < len(world.saved(job_id)) < 2_400
    assert world.unfinished_runs() == []


def test_run_that_finds_nothing_in_time_fails_its_job() -> None:
    world = World(run_s=100_000, max_job=timedelta(minutes=10))
    job_id = world.add_job("tiktok", "sim_videos_50")
    document = world.run(job_id)
    assert (document["status"], document["errorCode"]) == ("failed", "PlatformUnavailableError")
    assert world.unfinished_runs() == []


# Cancelled in between


@pytest.mark.parametrize("after_steps", [1, 2, 3, 6, 9, 12, 15, 20])
def test_cancel_between_executions_stops_the_job_and_its_run(after_steps: int) -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("instagram", LARGE)
    world.tick()
    for _ in range(after_steps):
        world.step()
    world.store.touch(job_id, status="cancelled")  # type: ignore[attr-defined]
    while world.running():
        world.step()
    assert world.document(job_id)["status"] == "cancelled"
    assert world.unfinished_runs() == []
