"""Days that pass at the simulator: the recorded accounts grow, and day 0 is what was recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
from werkzeug.test import EnvironBuilder

from cli.fetch import Fetching
from local.simulator import in_process
from local.simulator.messages import Request
from local.simulator.server import Simulator
from tests.doubles import START, ManualClock
from tracking.jobs import PlatformName
from tracking.platforms import Setup

SINCE = START - timedelta(hours=1)
RECORDED = {
    PlatformName.YOUTUBE: "GoogleDevelopers",
    PlatformName.TWITTER: "wunpini_fm",
    PlatformName.INSTAGRAM: "nasa",
    PlatformName.TIKTOK: "nba",
}
EVERY = pytest.mark.parametrize("platform", PlatformName)


class Served:
    """The simulated platforms on one clock, read by the product's own modules."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(0.01, "", self.clock)
        self._http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.bodies: list[bytes] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.clock.advance(1)
        response = in_process.answer(self.simulator, request)
        self.bodies.append(response.content)
        return response

    def control(self, method: str, day: int | None = None, since: datetime = SINCE) -> tuple[int, Any]:
        body = None if day is None else {"day": day, "since": since.isoformat()}
        sent = EnvironBuilder("/control/day", method=method, json=body)
        response = self.simulator.respond(Request(sent.get_environ()))
        return response.status_code, response.get_json(silent=True)

    def on(self, day: int, platform: PlatformName, username: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the account, and its videos by id, as they are on a day."""
        assert self.control("POST", day)[0] == 204
        setup = Setup(http=self._http, settings=in_process.SETTINGS, key=lambda: "key", clock=self.clock)
        module = import_module(f"tracking.platforms.{platform}").build(setup)
        found = Fetching(module, username or RECORDED[platform], 5_000, self.clock, 600).everything()
        return found["account"], {video["videoId"]: video for video in found["videos"]}


@EVERY
def test_day_0_is_served_as_it_was_recorded(platform: PlatformName) -> None:
    served, fresh = Served(), Served()
    before = fresh.on(0, platform)

    served.on(7, platform)
    served.bodies.clear()

    assert served.on(0, platform) == before
    if platform in (PlatformName.YOUTUBE, PlatformName.TWITTER):  # an Apify run has a random id
        assert served.bodies == fresh.bodies


@EVERY
def test_recorded_posts_are_as_many_days_older(platform: PlatformName) -> None:
    _, before = Served().on(0, platform)
    _, later = Served().on(9, platform)

    kept = before.keys() & later.keys()
    assert len(kept) >= len(before) - 1
    for video_id in kept:
        published = [datetime.fromisoformat(videos[video_id]["publishedAt"]) for videos in (before, later)]
        assert published[0] - published[1] == timedelta(days=9)
        assert later[video_id]["title"] == before[video_id]["title"]


@EVERY
def test_counts_grow_day_by_day(platform: PlatformName) -> None:
    days = [Served().on(day, platform) for day in range(0, 31, 10)]

    followers = [account["followerCount"] for account, _ in days]
    assert followers[0] < followers[1] < followers[2] < followers[3] < followers[0] * 1.2
    for name in ("viewCount", "likeCount"):
        totals = [
            sum(video[name] or 0 for key, video in videos.items() if key in days[0][1] and key in days[3][1])
            for _, videos in days
        ]
        assert totals == sorted(totals)
    hidden = [video_id for video_id, video in days[0][1].items() if video["viewCount"] is None]
    assert all(days[3][1][video_id]["viewCount"] is None for video_id in hidden if video_id in days[3][1])


@EVERY
def test_the_same_day_is_the_same_each_time(platform: PlatformName) -> None:
    assert Served().on(12, platform) == Served().on(12, platform)


@pytest.mark.parametrize(("platform", "step"), [(PlatformName.YOUTUBE, 10_000), (PlatformName.TIKTOK, 100_000)])
def test_a_rounded_number_of_followers_stays_rounded(platform: PlatformName, step: int) -> None:
    counts = [Served().on(day, platform)[0]["followerCount"] for day in range(0, 40, 3)]

    assert all(count % step == 0 for count in counts)
    assert len(set(counts)) > 2


@EVERY
def test_day_1_has_a_new_post_of_some_hours(platform: PlatformName) -> None:
    account, before = Served().on(0, platform)
    later, videos = Served().on(1, platform)

    (new,) = videos.keys() - before.keys()
    age = SINCE - datetime.fromisoformat(videos[new]["publishedAt"])
    assert timedelta(hours=2) <= age <= timedelta(hours=6)
    assert later["postCount"] == account["postCount"] + 1
    assert videos[new]["url"] not in {video["url"] for video in before.values()}


@EVERY
def test_a_new_post_ages_and_grows_with_the_days(platform: PlatformName) -> None:
    days = [Served().on(day, platform)[1] for day in (0, 1, 2, 8)]
    (new,) = days[1].keys() - days[0].keys()

    published = [datetime.fromisoformat(videos[new]["publishedAt"]) for videos in days[1:]]
    assert [published[0] - later for later in published] == [timedelta(0), timedelta(days=1), timedelta(days=7)]
    likes = [videos[new]["likeCount"] for videos in days[1:]]
    assert likes == sorted(likes)
    assert days[3].keys() - days[1].keys() != set()  # more posts came


@EVERY
def test_the_oldest_post_is_gone_one_day(platform: PlatformName) -> None:
    _, before = Served().on(0, platform)
    _, later = Served().on(6, platform)
    missing = before.keys() - later.keys()

    if platform is PlatformName.YOUTUBE or platform is PlatformName.TIKTOK:
        assert missing == set()  # they have too few
        return
    assert missing == {min(before, key=lambda video_id: before[video_id]["publishedAt"])}


def test_a_gone_post_of_flattened_items_is_gone_in_all_copies() -> None:
    _, before = Served().on(0, PlatformName.TIKTOK, "loveluxury.com")
    _, later = Served().on(6, PlatformName.TIKTOK, "loveluxury.com")
    new = later.keys() - before.keys()

    assert len(before) == 17
    assert len(before.keys() & later.keys()) == 16
    assert all(video["url"].endswith(f"/{video_id}") for video_id, video in later.items() if video_id in new)


def test_synthetic_accounts_stay_as_they_are() -> None:
    for platform in PlatformName:
        assert Served().on(5, platform, "sim_videos_3") == Served().on(0, platform, "sim_videos_3")


def test_the_day_is_set_told_and_begun_again() -> None:
    served = Served()

    assert served.control("GET")[1]["day"] == 0
    assert served.control("POST", 3) == (204, None)
    assert served.control("GET") == (200, {"day": 3, "since": SINCE.isoformat()})
    assert served.control("DELETE")[0] == 204
    assert served.control("GET")[1]["day"] == 0


@pytest.mark.parametrize(
    "body", [[], {}, {"day": 1}, {"day": -1, "since": "2026-03-01T00:00:00Z"}, {"day": 1, "since": "2026-03-01"}, "x"]
)
def test_a_day_that_cannot_be_read_is_refused_in_a_sentence(body: Any) -> None:
    served = Served()
    sent = EnvironBuilder("/control/day", method="POST", json=body)

    response = served.simulator.respond(Request(sent.get_environ()))

    assert response.status_code == 400
    assert "day" in response.get_json()["error"].lower()
    assert served.control("GET")[1]["day"] == 0
