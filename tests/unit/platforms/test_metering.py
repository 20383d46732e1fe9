"""Each provider counts what it charges for: YouTube's units, X's resources, Apify's runs, results and dollars."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import Replay, account_of, answer, run, sample
from tracking.errors import TrackingError
from tracking.platforms import Bounds, Platform, RunBook, collect_videos

GOOGLE = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
CHANNELS = "GET /youtube/v3/channels"
NASA_POSTS = sample("apify-instagram/nasa/posts.json")


def spent_on(platform: Platform, username: str, bounds: Bounds, replay: Replay) -> dict[str, float]:
    """Fetch the account and its videos, and return what that cost. An error of the platform ends the fetching."""
    try:
        fetched = account_of(platform, username, bounds)
        collect_videos(platform.fetch_videos(fetched, bounds), bounds, replay.clock)
    except TrackingError:
        assert replay.requests, "nothing was asked for"
    return bounds.meter.take()


def google() -> Replay:
    replay = Replay().on(CHANNELS, sample("youtube/GoogleDevelopers/channel.json"))
    replay.on("GET /youtube/v3/playlistItems", sample("youtube/GoogleDevelopers/uploads_page1.json"))
    return replay.on("GET /youtube/v3/videos", sample("youtube/GoogleDevelopers/videos_assembled.json"))


def test_youtube_charges_a_unit_for_each_request() -> None:
    replay = google()
    assert spent_on(replay.youtube(), GOOGLE, replay.bounds(max_videos=50), replay) == {"units": 3}
    assert len(replay.requests) == 3


def test_a_name_that_is_looked_up_in_two_ways_costs_two_units() -> None:
    replay = Replay().on(CHANNELS, sample("youtube/errors/channel_not_found_empty_items_200.json"))
    assert spent_on(replay.youtube(), "nobody", replay.bounds(), replay) == {"units": 2}


@pytest.mark.parametrize(
    ("steps", "units"),
    [
        ([answer(sample("youtube/errors/quota_exceeded_403.json"))], 1),
        ([answer({}, 500)], 1),
        ([httpx.ReadTimeout("too slow")], 1),  # it may have arrived
        ([answer({}, 429, {"retry-after": "1"}), answer({}, 429, {"retry-after": "1"}), answer({}, 500)], 3),
    ],
)
def test_a_refused_request_costs_a_unit_too(steps: list[Any], units: int) -> None:
    replay = Replay().on(CHANNELS, *steps)
    assert spent_on(replay.youtube(), GOOGLE, replay.bounds(), replay) == {"units": units}


def test_x_charges_for_all_that_it_returned() -> None:
    """The recorded pages also hold reposts, and users that we do not ask for: X would charge for them as well."""
    pages = [sample(f"x/wunpini_fm/user_tweets_page{number}.json") for number in (1, 2)]
    replay = Replay().on("GET /2/users/by/username/", sample("x/wunpini_fm/user_by_username.json"))
    replay.on(r"GET /2/users/\d+/tweets", *pages, sample("x/shapes/last_page_empty.json"))
    found = {kind: sum(len(page["includes"].get(kind, ())) for page in pages) for kind in ("users", "media", "tweets")}
    assert spent_on(replay.twitter(), "Wunpini_FM", replay.bounds(), replay) == {
        "users": 1 + found["users"],
        "posts": 97 + 99 + found["tweets"],
    } | ({"media": found["media"]} if found["media"] else {})


def test_x_charges_for_each_medium() -> None:
    recorded = sample("x/shapes/tweet_with_video.json")
    replay = Replay().on("GET /2/users/by/username/", {"data": recorded["includes"]["users"][0]})
    replay.on(r"GET /2/users/\d+/tweets", recorded | {"includes": {"media": recorded["includes"]["media"]}})
    expected = {"users": 1, "posts": 1, "media": len(recorded["includes"]["media"])}
    assert spent_on(replay.twitter(), "igorbrigadir", replay.bounds(), replay) == expected


@pytest.mark.parametrize(
    "name", ["user_by_username_not_found_200", "user_by_username_suspended_200", "too_many_requests_429"]
)
def test_x_charges_nothing_for_a_refusal(name: str) -> None:
    replay = Replay().on("GET", answer(sample(f"x/errors/{name}.json")))
    assert spent_on(replay.twitter(), "nobody", replay.bounds(), replay) == {}


def instagram(**of_run: Any) -> Replay:
    """Return a server with a run of details and one of posts. `of_run`: more fields of both runs."""

    def start(request: httpx.Request) -> httpx.Response:
        return answer({"data": run("SUCCEEDED", json.loads(request.content)["resultsType"]) | of_run}, 201)

    replay = Replay().on("POST /v2/acts/", start)
    for kind in ("details", "posts"):
        replay.on(f"GET /v2/actor-runs/{kind}", {"data": run("SUCCEEDED", kind) | of_run})
    replay.on("GET /v2/datasets/details-items/items", answer(sample("apify-instagram/nasa/details.json")))
    return replay.on("GET /v2/datasets/posts-items/items", answer(NASA_POSTS))


def test_apify_charges_for_runs_and_results() -> None:
    replay = instagram()
    assert spent_on(replay.instagram(), "nasa", replay.bounds(), replay) == {"runs": 2, "results": 1 + 33}


@pytest.mark.parametrize(("told", "usd"), [(0.25, {"usd": 0.5}), (None, {}), ("much", {}), (-1, {})])
def test_dollars_are_counted_if_the_run_says_them(told: object, usd: dict[str, float]) -> None:
    replay = instagram(usageTotalUsd=told)
    expected = {"runs": 2, "results": 34} | usd
    assert spent_on(replay.instagram(), "nasa", replay.bounds(), replay) == expected


def test_a_tiktok_account_is_one_run_and_read_once() -> None:
    items = sample("apify-tiktok/loveluxury.com/items_nested_from_csv.json")
    replay = Replay().run_of(items)
    expected = {"runs": 1, "results": len(items)}
    assert spent_on(replay.tiktok(), "loveluxury.com", replay.bounds(), replay) == expected


def test_an_error_item_is_a_result_too() -> None:
    """Apify bills it: docs/platform-contracts.md, section 4.4."""
    replay = instagram().on(
        "GET /v2/datasets/details-items/items", answer(sample("apify-instagram/errors/no_items.json"))
    )
    assert spent_on(replay.instagram(), "nasa", replay.bounds(), replay) == {"runs": 2, "results": 1}


def test_a_known_run_is_not_counted_again() -> None:
    replay = instagram()
    bounds = replay.bounds(runs=RunBook({"details": "details", "posts": "posts"}))
    account_of(replay.instagram(), "nasa", bounds)
    assert bounds.meter.take() == {"results": 1}


def test_a_run_whose_start_was_lost_is_counted_when_it_is_found() -> None:
    """The first try sent the start and was killed, so it could not count."""
    items = sample("apify-tiktok/loveluxury.com/items_nested_from_csv.json")
    replay = Replay().run_of(items)
    replay.on("GET /v2/acts/clockworks~tiktok-profile-scraper/runs", {"data": {"items": [run("SUCCEEDED")]}})
    replay.on("GET /v2/key-value-stores/run1-store/records/INPUT", json.loads(start_of(items)))
    bounds = replay.retry("videos")
    account_of(replay.tiktok(), "loveluxury.com", bounds)
    assert (bounds.meter.take(), replay.asked("POST")) == ({"runs": 1}, [])


def start_of(items: Any) -> bytes:
    """Return the input with which TikTok's run is started."""
    replay = Replay().run_of(items)
    account_of(replay.tiktok(), "loveluxury.com", replay.bounds())
    return replay.asked("POST")[0].content


def test_the_refusal_of_a_tiktok_account_is_a_result() -> None:
    replay = Replay().run_of([{"error": "This profile/hashtag does not exist.", "input": "nobody"}])
    assert spent_on(replay.tiktok(), "nobody", replay.bounds(), replay) == {"runs": 1, "results": 1}
