"""Cancelled and lost jobs: after the current page, the platform gets no further call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import httpx
import pytest

from tests.unit.platforms.replay import Replay, account_of, answer, sample
from tracking.errors import JobCancelledError, StaleAttemptError, TrackingError
from tracking.platforms import Bounds, Platform, collect_videos

POSTS = r"GET /2/users/\d+/tweets"
PLAYLIST = "GET /youtube/v3/playlistItems"
ABORT = "POST /v2/actor-runs/run1/abort"
DETAILS = sample("apify-instagram/nasa/details.json")

LOST: list[TrackingError] = [JobCancelledError("The job was cancelled."), StaleAttemptError("Another attempt owns it.")]


def stopping(replay: Replay, after: int, error: Exception) -> Bounds:
    """Return a bounds whose checkpoint raises the error at its `after`th call."""
    left = iter(range(after - 1))

    def checkpoint() -> None:
        if next(left, None) is None:
            raise error

    return replace(replay.bounds(seconds=100_000), checkpoint=checkpoint)


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
    fetched = account_of(platform, NAMES[endless], replay.bounds())
    bounds = stopping(replay, pages, error)
    with pytest.raises(type(error)):
        collect_videos(platform.fetch_videos(fetched, bounds), bounds, replay.clock)
    assert len(replay.asked(asked)) == pages
