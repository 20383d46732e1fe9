"""Cancelled and lost jobs: after the current page, the platform gets no further call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import Replay, answer, run, sample
from tracking.errors import JobCancelledError, StaleAttemptError, StoreUnavailableError, TrackingError
from tracking.platforms import Budget, Platform, collect_videos

POSTS = r"GET /2/users/\d+/tweets"
PLAYLIST = "GET /youtube/v3/playlistItems"
ABORT = "POST /v2/actor-runs/run1/abort"
DETAILS = sample("apify-instagram/nasa/details.json")

LOST: list[TrackingError] = [JobCancelledError("The job was cancelled."), StaleAttemptError("Another attempt owns it.")]


def stopping(replay: Replay, after: int, error: Exception) -> Budget:
    """Return a budget whose checkpoint raises the error at its `after`th call."""
    left = iter(range(after - 1))

    def checkpoint() -> None:
        if next(left, None) is None:
            raise error

    return replace(replay.budget(seconds=100_000), checkpoint=checkpoint)


def endless_youtube() -> tuple[Replay, Platform, str]:
    numbers = count()

    def page(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        listed = [{"contentDetails": {"videoId": f"video{number}"}}]
        return answer({"items": listed, "nextPageToken": f"page{number}"})

    def shown(request: httpx.Request) -> httpx.Response:
        ids = request.url.params["id"].split(",")
        return answer({"items": [{"id": one, "snippet": {"title": one}} for one in ids]})

    replay = Replay().on("GET /youtube/v3/channels", sample("youtube/GoogleDevelopers/channel.json"))
    replay.on(PLAYLIST, page).on("GET /youtube/v3/videos", shown)
    return replay, replay.youtube(), PLAYLIST


def endless_x() -> tuple[Replay, Platform, str]:
    numbers = count(1)

    def page(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        return answer({"data": [{"id": str(number), "text": "t"}], "meta": {"next_token": f"page{number}"}})

    replay = Replay().on("GET /2/users/by/username", sample("x/Twitter/user_by_username_minimal.json")).on(POSTS, page)
    return replay, replay.twitter(), POSTS


NAMES = {endless_youtube: "GoogleDevelopers", endless_x: "Twitter"}


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("pages", [1, 2, 5])
@pytest.mark.parametrize("endless", NAMES)
def test_paging_stops_with_the_page_after_which_the_job_was_lost(
    endless: Callable[[], tuple[Replay, Platform, str]], pages: int, error: Exception
) -> None:
    replay, platform, asked = endless()
    fetched = platform.fetch_account(NAMES[endless], replay.budget())
    budget = stopping(replay, pages, error)
    with pytest.raises(type(error)):
        collect_videos(platform.fetch_videos(fetched, budget), budget, replay.clock)
    assert len(replay.asked(asked)) == pages


def polled(platform: str, replay: Replay, budget: Budget) -> Any:
    if platform == "tiktok":
        return replay.tiktok().fetch_account("nasa", budget)
    return replay.instagram().fetch_account("nasa", budget)


def never_ending(abort: Any) -> Replay:
    replay = Replay().run_of([], status="RUNNING")
    return replay.on(ABORT, abort)


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("polls", [1, 2, 4])
@pytest.mark.parametrize("platform", ["instagram", "tiktok"])
def test_a_run_is_polled_no_more_and_aborted_once(platform: str, polls: int, error: Exception) -> None:
    replay = never_ending({"data": run("ABORTING")})
    with pytest.raises(type(error)):
        polled(platform, replay, stopping(replay, polls, error))
    assert len(replay.asked("GET /v2/actor-runs/run1")) == polls - 1
    assert len(replay.asked(ABORT)) == 1
    assert replay.requests[-1].url.path.endswith("/abort")


@pytest.mark.parametrize("abort", [httpx.ConnectError("gone"), answer("no", 500), answer("no", 404)])
def test_failed_abort_of_a_run_still_cancels_the_job(abort: Any) -> None:
    replay = never_ending(abort)
    with pytest.raises(JobCancelledError):
        polled("instagram", replay, stopping(replay, 1, LOST[0]))


def test_run_is_not_aborted_if_its_job_cannot_be_read() -> None:
    """The database did not answer, so the job may still be ours. A retry then continues the run."""
    replay = never_ending({"data": run("ABORTING")})
    with pytest.raises(StoreUnavailableError):
        polled("instagram", replay, stopping(replay, 2, StoreUnavailableError("Our database did not answer.")))
    assert replay.asked(ABORT) == []


def test_the_videos_run_of_a_lost_job_is_aborted_too() -> None:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.run_of([], status="RUNNING", run_id="run1").on(ABORT, {"data": run("ABORTING")})
    budget = stopping(replay, 3, LOST[0])
    with pytest.raises(JobCancelledError):
        collect_videos(replay.instagram().fetch_videos(fetched, budget), budget, replay.clock)
    assert len(replay.asked(ABORT)) == 1
