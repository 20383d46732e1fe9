"""Posts with an unusable id: they are left out and counted, so that the job can say so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.doubles import START, ManualClock
from tests.factories import account
from tracking.platforms import Bounds, FetchedAccount, FetchedVideos, Platform, collect_videos
from tracking.platforms.instagram import reading_of as read_instagram
from tracking.platforms.tiktok import reading_of as read_tiktok
from tracking.platforms.twitter import Twitter
from tracking.platforms.youtube import YouTube

BOUNDS = Bounds(deadline=START.replace(year=2027), max_videos=100)
UNREADABLE: list[Any] = [-5, 1.5, 2**70, "\n", " ", {}, [], None, True]


def collected(platform: Platform) -> FetchedVideos:
    fetched = FetchedAccount(account=account(platform_user_id="1", username="nasa"), videos_ref="1")
    return collect_videos(platform.fetch_videos(fetched, BOUNDS), BOUNDS, ManualClock())


@pytest.mark.parametrize("odd", UNREADABLE, ids=repr)
def test_tiktok_counts_an_item_without_a_readable_id(odd: Any) -> None:
    items = [{"id": post_id, "authorMeta": {"name": "nasa"}, "text": "t"} for post_id in ("7", odd)]
    reading = read_tiktok(items, "nasa")
    assert ([video.video_id for video in reading.videos], len(reading.unusable)) == (["7"], 1)


def test_tiktok_counts_no_item_that_is_no_video() -> None:
    items: list[dict[str, Any]] = [
        {"authorMeta": {"name": "nasa"}, "errorCode": "PROFILE_EMPTY"},
        {"authorMeta": {"name": "nasa"}},
        {"id": None, "authorMeta": {"name": "somebody"}, "fromProfileSection": "reposts"},
    ]
    assert read_tiktok(items, "nasa").unusable == ()


@pytest.mark.parametrize("odd", UNREADABLE, ids=repr)
def test_instagram_counts_a_post_without_a_readable_id(odd: Any) -> None:
    items = [{"id": post_id, "ownerUsername": "nasa"} for post_id in ("7", odd)]
    reading = read_instagram(items, "nasa")
    assert ([video.video_id for video in reading.videos], len(reading.unusable)) == (["7"], 1)


class Posts:
    """X API v2 with one page of posts."""

    def __init__(self, *ids: Any) -> None:
        self._ids = ids

    def posts_page(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"data": [{"id": post_id, "author_id": "1", "text": "t"} for post_id in self._ids]}


@pytest.mark.parametrize("odd", UNREADABLE, ids=repr)
def test_x_counts_a_post_without_a_readable_id(odd: Any) -> None:
    found = collected(Twitter(Posts("7", odd)))  # type: ignore[arg-type]
    assert ([video.video_id for video in found.videos], len(found.unusable)) == (["7"], 1)


class Uploads:
    """YouTube Data API v3 with one page of videos. It records the ids that it was asked for."""

    def __init__(self, *ids: str) -> None:
        self._ids = list(ids)
        self.asked: list[str] = []

    def playlist_page(self, *_: Any, **__: Any) -> tuple[list[str], str]:
        return self._ids, ""

    def videos(self, ids: list[str], deadline: datetime, *, account: str) -> list[dict[str, Any]]:
        self.asked = ids
        return [{"id": video_id, "snippet": {"title": "t"}} for video_id in ids]


@pytest.mark.parametrize("odd", ["x" * 70_000, "a,b", "a/b", "..", "a b", "é", "\n"], ids=ascii)
def test_youtube_is_not_asked_for_an_odd_id(odd: str) -> None:
    api = Uploads("dQw4w9WgXcQ", odd, "_-_-_-_-_-_")
    found = collected(YouTube(api))  # type: ignore[arg-type]
    assert api.asked == [video.video_id for video in found.videos] == ["dQw4w9WgXcQ", "_-_-_-_-_-_"]
    assert len(found.unusable) == 1
    assert all(len(shown) <= 100 for shown in found.unusable)


def test_two_posts_without_an_id_are_two() -> None:
    assert len(collected(Twitter(Posts("7", None, None))).unusable) == 2  # type: ignore[arg-type]
