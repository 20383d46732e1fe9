"""Jobs whose platform needs time: waiting, chunks of videos, and further executions of the same attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.killing import Killing
from tests.machine import Execution, KilledError, ThrottledError
from tests.simulated import World
from tracking import jobs
from tracking.errors import StoreUnavailableError
from tracking.jobs import EXECUTION_TIMEOUT_S, ChangeKind, Status
from tracking.outcomes import ExecutionStatus
from tracking.sentences import Sentence
from tracking.store import DocumentWrite, JobWrite
from tracking.store.memory import MemoryStore

APIFY = ["instagram", "tiktok"]
LARGE = "sim_videos_5000"
SLOW = "sim_videos_1500"
"""An account whose run takes several executions, when it collects only a post or two a second."""


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


SPEEDS = [(platform, per_s) for platform in APIFY for per_s in (2, 5, 10, 30, 60)]


@pytest.mark.parametrize(
    ("platform", "per_s"),
    [
        pytest.param(*one, marks=() if one in {("instagram", 10), ("tiktok", 30)} else pytest.mark.nightly)
        for one in SPEEDS
    ],
)
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
    world = World(run_s=10, items_per_s=1)
    job_id = world.add_job("tiktok", SLOW)
    _, _, messages = followed(world, job_id)
    saved = [int(text.split()[0].replace(",", "")) for text in messages if "going on" in text]
    assert saved == sorted(saved)
    assert len(set(saved)) > 5


def test_each_item_of_a_run_is_read_once() -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", SLOW)
    followed(world, job_id)
    read = [path for method, path in world.requests if path.endswith("/items")]
    looks = sum(1 for method, path in world.requests if method == "GET" and "/actor-runs/" in path)
    pages = 1_500 / 200
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


def test_account_that_takes_long_is_waited_for() -> None:
    """The run that finds the account takes longer than an execution lasts. It is begun once."""
    world = World(run_s=700)
    job_id = world.add_job("instagram", "sim_videos_50")
    document, progress, messages = followed(world, job_id)
    assert (document["status"], document["message"]) == ("completed", "Done: 50 videos saved.")
    assert (document["attempt"], document.get("expiries", 0), document["retryCount"]) == (1, 0, 0)
    assert len(world.saved(job_id)) == 50
    assert len(world.runs) == 2
    assert document["part"] == len(world.executions.running) >= 3
    assert progress == sorted(progress)
    assert "Account saved." in messages
    assert world.staged.bodies == {}


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_kill_while_an_account_takes_long_doubles_nothing(every: int) -> None:
    world = World(run_s=300)
    killing = Killing(world, -1, is_applied=False)
    assert world.run(world.add_job("instagram", "sim_videos_50"))["part"] == 2
    for at in range(1, killing.calls + 1, every):
        for is_applied in (True, False):
            world = World(run_s=300)
            Killing(world, at, is_applied=is_applied)
            job_id = world.add_job("instagram", "sim_videos_50")
            document = world.run(job_id)
            what = f"call {at}, {'after' if is_applied else 'before'}"
            assert (document["status"], document["message"]) == ("completed", "Done: 50 videos saved."), what
            assert (document["attempt"], document.get("expiries", 0)) == (1, 0), what
            assert (len(world.saved(job_id)), len(world.runs)) == (50, 2), what


def test_run_that_finds_nothing_in_time_fails_its_job() -> None:
    world = World(run_s=100_000, max_job=timedelta(minutes=10))
    job_id = world.add_job("tiktok", "sim_videos_50")
    document = world.run(job_id)
    assert (document["status"], document["errorCode"]) == ("failed", "PlatformUnavailableError")
    assert world.unfinished_runs() == []


# Pages that take long, and refusals in the middle

PAGES = {"youtube": "/playlistItems", "twitter": "/tweets"}
PAGE_SIZE = {"youtube": 50, "twitter": 100}
PAGED = sorted(PAGES)


@pytest.mark.parametrize(
    ("platform", "call_s"), [pytest.param("youtube", 2.5, marks=pytest.mark.nightly), ("twitter", 10)]
)
def test_pages_that_take_long_are_asked_for_once(platform: str, call_s: float) -> None:
    """The whole takes some 500 s, so three executions share it."""
    world = World(call_s=call_s)
    job_id = world.add_job(platform, LARGE)
    document, progress, _ = followed(world, job_id)
    assert (document["message"], len(world.saved(job_id))) == ("Done: 5,000 videos saved.", 5_000)
    pages = [path for _, path in world.requests if path.endswith(PAGES[platform])]
    assert len(pages) == 5_000 / PAGE_SIZE[platform]
    assert len(world.executions.running) >= 3
    assert (document["attempt"], document["part"]) == (1, len(world.executions.running))
    assert progress == sorted(progress)


def refused(world: World, platform: str, page: int, **answer: Any) -> list[float]:
    """Refuse this page once, by number, and all that come before the platform's time. Return the refusals' times."""
    pages = 0
    times: list[float] = []

    def instead(path: str) -> httpx.Response | None:
        nonlocal pages
        if not path.endswith(PAGES[platform]):
            return None
        pages += 1
        if pages != page:
            return None
        times.append(world.clock.now().timestamp())
        return httpx.Response(**answer)

    world.instead = instead
    return times


def slow_down(seconds: int | None) -> dict[str, Any]:
    return {"status_code": 429, "headers": {"Retry-After": str(seconds)} if seconds else {}, "json": {}}


QUOTA: dict[str, dict[str, Any]] = {
    "youtube": {"status_code": 403, "json": {"error": {"errors": [{"reason": "quotaExceeded"}]}}},
    "twitter": {"status_code": 402, "json": {"title": "CreditsDepleted"}},
}


def pause_of(world: World, platform: str) -> dict[str, Any]:
    control, shown = (
        world.store.get_document(f"{name}/platforms") or {} for name in ("trackingControl", "trackingStatus")
    )
    assert control.get(platform) == shown.get(platform)
    return control.get(platform) or {}


@pytest.mark.parametrize("platform", PAGED)
@pytest.mark.parametrize("seconds", [120, None])
def test_short_rate_limit_in_the_middle_is_waited_for(platform: str, seconds: int | None) -> None:
    """The job keeps its place, and a Wait state waits. If no time is named, it waits for a minute."""
    world = World()
    refused(world, platform, 7, **slow_down(seconds))
    job_id = world.add_job(platform, "sim_videos_1000")
    document, progress, messages = followed(world, job_id)
    saved = 6 * PAGE_SIZE[platform]
    assert (document["message"], document["retryCount"]) == ("Done: 1,000 videos saved.", 0)
    assert any(text.startswith(f"{saved:,} of about 1,000 posts saved; going on about ") for text in messages)
    assert pause_of(world, platform) == {}
    assert progress == sorted(progress)
    assert sum(1 for _, path in world.requests if path.endswith(PAGES[platform])) == 1_000 / PAGE_SIZE[platform] + 1


@pytest.mark.parametrize("platform", PAGED)
def test_long_rate_limit_in_the_middle_is_waited_for(platform: str) -> None:
    """Further executions wait: the job is never back in the queue, and the platform is paused for other jobs."""
    world = World()
    times = refused(world, platform, 7, **slow_down(900))
    job_id = world.add_job(platform, "sim_videos_1000")
    document, progress, messages = followed(world, job_id)
    assert (document["status"], document["message"]) == ("completed", "Done: 1,000 videos saved.")
    assert (document["attempt"], document.get("expiries", 0)) == (1, 0)
    assert progress == sorted(progress)
    assert len(world.executions.running) >= 4
    assert all(execution.transitions < 20 for execution in world.executions.running.values())
    pause = pause_of(world, platform)
    assert (pause["until"].timestamp(), pause["reason"]) == (times[0] + 900, "RateLimitedError")
    label = {"youtube": "YouTube", "twitter": "X"}[platform]
    saved = 6 * PAGE_SIZE[platform]
    until = f"{pause['until']:%H:%M} UTC"
    assert f"{saved:,} of about 1,000 posts saved; going on about {until}; {label} refuses us for now." in messages
    assert sum(1 for _, path in world.requests if path.endswith(PAGES[platform])) == 1_000 / PAGE_SIZE[platform] + 1


@pytest.mark.parametrize("platform", PAGED)
@pytest.mark.parametrize("kind", ["QuotaExceededError", "RateLimitedError"])
def test_refusal_past_the_bound_completes_with_what_is_there(platform: str, kind: str) -> None:
    world = World()
    answer = QUOTA[platform] if kind == "QuotaExceededError" else slow_down(5 * 3600)
    refused(world, platform, 7, **answer)
    job_id = world.add_job(platform, "sim_videos_1000")
    document, _, _ = followed(world, job_id)
    saved = 6 * PAGE_SIZE[platform]
    assert document["message"] == f"Done: {saved:,} newest of 1,000 videos saved."
    assert len(world.saved(job_id)) == saved
    assert pause_of(world, platform)["reason"] == kind
    assert world.clock.now() - document["startedAt"] < timedelta(minutes=2)


@pytest.mark.parametrize("platform", PAGED)
@pytest.mark.parametrize("kind", ["QuotaExceededError", "RateLimitedError"])
def test_refusal_before_the_first_page_pauses_as_ever(platform: str, kind: str) -> None:
    world = World()
    refused(world, platform, 1, **(QUOTA[platform] if kind == "QuotaExceededError" else slow_down(900)))
    job_id = world.add_job(platform, "sim_videos_1000")
    document, _, _ = followed(world, job_id)
    assert (document["status"], document["progress"]) == ("pending", 0)
    assert pause_of(world, platform)["reason"] == kind


def answered(world: World, platform: str, retry_after: str, *, once: bool = True) -> list[float]:
    """Refuse the seventh page, and those after it unless `once`. Return the times of the refusals, which it fills."""
    times: list[float] = []
    pages = 0

    def instead(path: str) -> httpx.Response | None:
        nonlocal pages
        pages += path.endswith(PAGES[platform])
        if not path.endswith(PAGES[platform]) or pages < 7 or (once and pages > 7):
            return None
        times.append(world.clock.now().timestamp())
        return httpx.Response(429, headers={"Retry-After": retry_after}, json={})

    world.instead = instead
    return times


@pytest.mark.parametrize("platform", PAGED)
@pytest.mark.parametrize("retry_after", ["999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_refusal_pauses_a_platform_for_longer_than_a_day(platform: str, retry_after: str) -> None:
    world = World()
    answered(world, platform, retry_after)
    document, _, _ = followed(world, world.add_job(platform, "sim_videos_1000"))
    assert document["message"] == f"Done: {6 * PAGE_SIZE[platform]:,} newest of 1,000 videos saved."
    assert pause_of(world, platform)["until"] - world.clock.now() <= timedelta(days=1)


@pytest.mark.parametrize("platform", PAGED)
@pytest.mark.parametrize("retry_after", ["Fri, 31 Dec 9999 23:59:59 -0100", "Mon, 01 Jan 0001 00:00:00 +0100"])
def test_a_time_that_no_clock_shows_counts_as_none(platform: str, retry_after: str) -> None:
    world = World()
    answered(world, platform, retry_after)
    document, _, _ = followed(world, world.add_job(platform, "sim_videos_1000"))
    assert document["message"] == "Done: 1,000 videos saved."


@pytest.mark.parametrize("platform", PAGED)
def test_a_time_that_is_past_is_no_reason_to_ask_all_the_time(platform: str) -> None:
    world = World(max_job=timedelta(minutes=10))
    times = answered(world, platform, "Mon, 01 Jan 2001 00:00:00 GMT", once=False)
    document, _, _ = followed(world, world.add_job(platform, "sim_videos_1000"))
    assert document["message"] == f"Done: {6 * PAGE_SIZE[platform]:,} newest of 1,000 videos saved."
    assert len(times) < 3 * 12, "three tries in each of ten minutes, and a few at the ends of executions"


# Killed, refused and thrown out in between


def test_a_kill_after_a_chunk_loses_nothing() -> None:
    """The reply of the state that saved it is lost, so the state runs again."""
    world = World(run_s=10, items_per_s=1)
    invoke, killed = world.invoke, []

    def dying(event: dict[str, Any]) -> dict[str, Any]:
        output = invoke(event)
        if event["state"] == "SaveSomeVideos" and event["retryCount"] == 0:
            killed.append(event)
            raise KilledError
        return output

    world.invoke = dying  # type: ignore[method-assign]
    job_id = world.add_job("tiktok", SLOW)
    assert world.run(job_id)["message"] == "Done: 1,500 videos saved."
    assert (len(world.saved(job_id)), len(world.runs), world.document(job_id)["attempt"]) == (1_500, 1, 1)
    assert len(killed) > 3
    assert world.staged.bodies == {}


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_kill_at_any_call_loses_and_doubles_nothing(every: int) -> None:
    """Two executions share the job, and every call of both is a point. One in three kills comes before its call."""
    world = World(run_s=10, items_per_s=2)
    killing = Killing(world, -1, is_applied=False)
    assert world.run(world.add_job("tiktok", CONTINUED))["part"] == 2
    points = killing.calls
    assert points > 25
    after = [(at, True) for at in range(1, points + 1, every)]
    before = [(at, False) for at in range(1, points + 1, 3 * every)]
    for at, is_applied in after + before:
        world = World(run_s=10, items_per_s=2)
        Killing(world, at, is_applied=is_applied)
        job_id = world.add_job("tiktok", CONTINUED)
        document = world.run(job_id)
        what = f"call {at}, {'after' if is_applied else 'before'}"
        assert (document["status"], document["message"]) == ("completed", "Done: 500 videos saved."), what
        assert (document["attempt"], document.get("expiries", 0)) == (1, 0), what
        assert (len(world.saved(job_id)), len(world.runs)) == (500, 1), what
        assert len(world.executions.running) <= 3, what


CONTINUED = "sim_videos_500"  # 260 s at 2 a second


def until_handed_over(world: World, job_id: str) -> Execution:
    """Run the job to the moment before GoOn, and return its first execution."""
    world.tick()
    (execution,) = world.running()
    while world.document(job_id)["part"] == 1:
        world.step()
    return execution


@pytest.mark.parametrize("replies", [["unknown, begun"], ["unknown, not begun"], ["ThrottlingException"] * 4])
def test_start_of_the_next_execution_is_tried_again(replies: list[str]) -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    execution = until_handed_over(world, job_id)
    world.executions.replies = replies
    document = world.run(job_id)
    assert (document["status"], document["part"], document["attempt"]) == ("completed", 2, 1)
    assert execution.status is ExecutionStatus.SUCCEEDED


def test_lost_reply_of_a_hand_over_delays_nothing() -> None:
    """The database answers with an error, although the hand-over was written. The retry finds it."""

    class Lossy(MemoryStore):
        lost = 0

        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            version = super().commit(job, documents)
            if job.change.kind is ChangeKind.HAND_OVER and not self.lost:
                self.lost += 1
                raise StoreUnavailableError(Sentence("Our database did not answer."))
            return version

    world = World(run_s=10, items_per_s=2)
    world.store = store = Lossy(world.clock)
    job_id = world.add_job("tiktok", CONTINUED)
    execution = until_handed_over(world, job_id)
    world.step()
    world.step()
    assert store.lost == 1
    assert (execution.status, len(world.executions.running)) == (ExecutionStatus.SUCCEEDED, 2)
    document = world.run(job_id)
    assert (document["status"], document["part"], document["attempt"]) == ("completed", 2, 1)


def test_an_execution_that_never_began_is_begun_by_the_sweep() -> None:
    """It goes on where the first one stopped. No expiry is counted."""
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    execution = until_handed_over(world, job_id)
    world.executions.replies = ["ThrottlingException"] * 5
    while world.running():
        world.step()
    assert (execution.status, execution.error) == (ExecutionStatus.FAILED, "NotStarted")
    assert world.document(job_id)["status"] == "processing"
    world.clock.advance(400)
    world.executions.replies = ["ThrottlingException"]
    assert world.tick()["repaired"] == 0, "the next tick asks again"
    document = world.run(job_id)
    assert (document["status"], document["part"], document["attempt"]) == ("completed", 2, 1)
    assert document.get("expiries", 0) == 0
    assert (len(world.saved(job_id)), len(world.runs)) == (500, 1)


def test_job_edited_between_two_executions_begins_again() -> None:
    """Nothing goes on from what was saved, because it lies in the old project."""
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    until_handed_over(world, job_id)
    world.store.touch(job_id, projectId="project2")  # type: ignore[attr-defined]
    while world.running():
        world.step()
    world.clock.advance(400)
    document = world.run(job_id)
    assert (document["attempt"], document["part"], document["expiries"]) == (2, 2, 1)
    assert (document["message"], len(world.saved(job_id))) == ("Done: 500 videos saved.", 500)


def test_event_of_an_execution_that_handed_over_changes_nothing() -> None:
    """Its job, and its job's run, are the next execution's."""
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    execution = until_handed_over(world, job_id)
    execution.advance(world.invoke)
    before = world.document(job_id)
    execution.end(ExecutionStatus.ABORTED)
    world.tell(execution)
    assert world.document(job_id) == before
    assert len(world.unfinished_runs()) == 1
    assert world.run(job_id)["status"] == "completed"


def test_stop_of_a_further_execution_fails_its_job() -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    until_handed_over(world, job_id)
    world.step()
    (execution,) = world.running()
    execution.end(ExecutionStatus.ABORTED)
    world.step()
    document = world.document(job_id)
    assert (document["status"], document["errorCode"]) == ("failed", "ExecutionAborted")
    assert world.unfinished_runs() == []


def test_a_retried_job_begins_at_its_first_execution_again() -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    until_handed_over(world, job_id)
    world.store.touch(job_id, **jobs.cancel(Status.PROCESSING, world.clock.now()).fields)  # type: ignore[attr-defined]
    world.run(job_id)
    world.store.touch(job_id, **jobs.retry(Status.CANCELLED, world.clock.now()).fields)  # type: ignore[attr-defined]
    world.tick()
    document = world.document(job_id)
    assert (document["attempt"], document["part"], document["runs"], document["resume"]) == (2, 1, None, None)
    assert world.run(job_id)["message"] == "Done: 500 videos saved."


def test_an_edited_place_to_go_on_fails_the_job() -> None:
    world = World(run_s=10, items_per_s=2)
    job_id = world.add_job("tiktok", CONTINUED)
    until_handed_over(world, job_id)
    world.store.touch(job_id, resume={"cursor": 7})  # type: ignore[attr-defined]
    document = world.run(job_id)
    assert (document["status"], document["error"]) == ("failed", "The job's resume is malformed.")


# Throttled


class Throttling:
    """Lambda has no place for the next invocations."""

    def __init__(self, world: World, number: int) -> None:
        self.left = number
        self._invoke = world.invoke
        world.invoke = self._throttled  # type: ignore[method-assign]

    def _throttled(self, event: dict[str, Any]) -> dict[str, Any]:
        if self.left:
            self.left -= 1
            raise ThrottledError
        return self._invoke(event)


@pytest.mark.parametrize("steps", range(5))
@pytest.mark.parametrize("number", [1, 8])
def test_throttling_that_passes_costs_no_retry(steps: int, number: int) -> None:
    world = World()
    job_id = world.add_job("youtube", "sim_videos_20")
    world.tick()
    for _ in range(steps):
        world.step()
    Throttling(world, number)
    document = world.run(job_id)
    assert (document["status"], document["retryCount"], document["attempt"]) == ("completed", 0, 1)


@pytest.mark.parametrize("tells", [True, False], ids=["by its event", "by the sweep"])
@pytest.mark.parametrize("steps", range(4))
def test_throttling_that_lasts_gives_the_job_back(steps: int, tells: bool) -> None:
    world = World()
    job_id = world.add_job("youtube", "sim_videos_20")
    world.tick()
    for _ in range(steps):
        world.step()
    Throttling(world, 9)
    if not tells:
        world.tell = lambda _execution: None  # type: ignore[assignment, method-assign]
    (execution,) = world.running()
    while world.running():
        world.step()
    assert (execution.status, execution.error) == (ExecutionStatus.FAILED, "Throttled")
    if not tells:
        world.clock.advance(400)
        world.tick()
    document = world.document(job_id)
    assert (document["status"], document.get("error"), document.get("expiries", 0)) == ("pending", None, 0)
    document = world.run(job_id)
    assert (document["status"], document["attempt"], document["retryCount"]) == ("completed", 2, 0)


def test_throttled_fail_job_gives_the_job_back() -> None:
    """The job meets its error again when Lambda has a place."""
    world = World()
    job_id = world.add_job("youtube", "sim_missing")
    world.tick()
    world.step()
    Throttling(world, 9)
    while world.running():
        world.step()
    assert world.document(job_id)["status"] == "pending"
    assert world.run(job_id)["errorCode"] == "AccountNotFoundError"


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
