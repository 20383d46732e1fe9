"""Collecting pages until the last one, the limit or the deadline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.unit.platforms.replay import NOON, FakeClock
from tracking.accounts import MediaType, Video
from tracking.platforms import Bounds, VideoPage, collect_videos


def page(*ids: str, has_more: bool = True, title: str = "") -> VideoPage:
    videos = (Video(video_id=one, url="u", title=title, caption="", media_type=MediaType.TEXT) for one in ids)
    return VideoPage(videos=tuple(videos), has_more=has_more)


def collect(pages: list[VideoPage], max_videos: int = 100, clock: FakeClock | None = None) -> tuple[list[str], bool]:
    clock = clock or FakeClock()
    bounds = Bounds(deadline=NOON + timedelta(seconds=60), max_videos=max_videos)

    def slow() -> Iterator[VideoPage]:
        for one in pages:
            clock.sleep(25)
            yield one

    fetched = collect_videos(slow(), bounds, clock)
    return [video.video_id for video in fetched.videos], fetched.is_complete


@pytest.mark.parametrize(
    ("pages", "max_videos", "ids", "is_complete"),
    [
        ([], 5, [], True),
        ([page("a", "b"), page("c", has_more=False)], 5, ["a", "b", "c"], True),
        ([page("a", "b"), page("c", "d")], 3, ["a", "b", "c"], False),
        ([page("a", "b", has_more=False)], 2, ["a", "b"], True),
        ([page("a", "b")], 2, ["a", "b"], False),
        ([page("a"), page("b"), page("c"), page("d", has_more=False)], 9, ["a", "b", "c"], False),  # 75 s, limit 60 s
        ([page("a"), page(), page("b", has_more=False)], 9, ["a", "b"], True),
        ([page("a")], 9, ["a"], False),  # the platform's run was cut short
    ],
)
def test_pages_are_taken_until_one_limit_is_met(
    pages: list[VideoPage], max_videos: int, ids: list[str], is_complete: bool
) -> None:
    assert collect(pages, max_videos) == (ids, is_complete)


def test_repeated_video_keeps_first_place_and_newest_content() -> None:
    clock = FakeClock()
    bounds = Bounds(deadline=NOON + timedelta(seconds=60), max_videos=9)
    pages = iter([page("a", "b", title="old"), page("a", has_more=False, title="new")])
    fetched = collect_videos(pages, bounds, clock)
    assert [(video.video_id, video.title) for video in fetched.videos] == [("a", "new"), ("b", "old")]


def test_the_packages_root_is_cheap_to_import() -> None:
    program = "import sys, tracking.platforms; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
