"""How much an account and its videos grew, and which videos stand out.

A figure is None when one of the two counts is unknown, or when there is no point so long ago.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from tracking.history.days import base
from tracking.history.past import Past, count_of
from tracking.jobs import Fields

EARLIER_VIDEOS = 50
"""The most earlier videos with which a video is compared. Their median counts, because a few large ones skew a mean."""
FEWEST_VIDEOS = 5
"""With fewer earlier videos there is no comparison."""
SETTLED = timedelta(days=7)
"""A video that is younger still gains most of its views, so it is no measure for others."""
OUTLIER_LEVELS = (2, 5, 10)
"""A video whose multiplier reaches one of these is an outlier."""
RECENT_DAYS = 30
AGES: Mapping[str, tuple[timedelta, timedelta]] = {
    "viewsAt24h": (timedelta(hours=24), timedelta(hours=6)),
    "viewsAt7d": (timedelta(days=7), timedelta(days=1)),
}
"""The ages at which videos can be compared with each other, and how far a fetch may be from them."""


@dataclass(frozen=True, slots=True)
class Views:
    """A video as the comparison sees it."""

    published_at: datetime | None
    media_type: str
    views: int | None


def of_account(past: Past, point: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the account's growth in followers and views over 1, 7 and 30 days, and `since`: the first point's day.

    Views are the platform's total. If it has none, they are the sum over the tracked videos.
    """
    figures: dict[str, Any] = {"since": (past.since or min([*past.account, today])).isoformat()}
    for days in (1, 7, 30):
        before = base(past.account, today, days) or {}
        figures[f"f{days}"] = _change(point, before, "f")
        of_platform = _change(point, before, "v")
        figures[f"v{days}"] = _change(point, before, "tv") if of_platform is None else of_platform
    return figures


def recent_followers(past: Past, point: Mapping[str, Any], today: date) -> list[int | None]:
    """Return the followers of the last 30 days, the oldest first; None for a day without a point.

    A list of accounts draws them without reading any history.
    """
    points = {**past.account, today: point}
    days = (today - timedelta(back) for back in reversed(range(RECENT_DAYS)))
    return [count_of(points.get(day, {}).get("f")) for day in days]


def of_video(views: int | None, published_at: datetime | None, before: Mapping[date, int], now: datetime) -> Fields:
    """Return the growth in views over 1 and 7 days. All views of a younger video are growth."""
    figures: Fields = {}
    for days in (1, 7):
        is_younger = published_at is not None and now - timedelta(days) < published_at <= now
        at_begin = 0 if is_younger else base(before, now.date(), days)
        figures[f"d{days}"] = None if views is None or at_begin is None else views - at_begin
    return figures


def at_ages(views: int | None, published_at: datetime | None, now: datetime) -> Fields:
    """Return the views at the age of 24 hours or of 7 days, if the video has this age now."""
    if views is None or published_at is None:
        return {}
    age = now - published_at
    return {name: views for name, (at, tolerance) in AGES.items() if abs(age - at) <= tolerance}


def multipliers(videos: Mapping[str, Views], wanted: Iterable[str], now: datetime) -> dict[str, float | None]:
    """Return for each wanted video how many times the median of earlier videos of its media type it was viewed.

    `videos`: all that are known. The result has two figures, because a document is written again when it changes.
    """
    settled: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for one in videos.values():
        if one.published_at is not None and one.views is not None and one.published_at <= now - SETTLED:
            settled[one.media_type].append((one.published_at, one.views))
    for earlier in settled.values():
        earlier.sort()
    return {video_id: _multiplier(videos[video_id], settled[videos[video_id].media_type]) for video_id in wanted}


def outlier_level(multiplier: float | None) -> int:
    """Return the highest level that a multiplier reaches, or 0."""
    return max((level for level in OUTLIER_LEVELS if multiplier is not None and multiplier >= level), default=0)


def _multiplier(video: Views, settled: list[tuple[datetime, int]]) -> float | None:
    if video.views is None or video.published_at is None:
        return None
    end = bisect_left(settled, (video.published_at, -1))
    earlier = [views for _, views in settled[max(0, end - EARLIER_VIDEOS) : end]]
    usual = median(earlier) if len(earlier) >= FEWEST_VIDEOS else 0
    return float(f"{video.views / usual:.2g}") if usual else None


def _change(now: Mapping[str, Any], before: Mapping[str, Any], name: str) -> int | None:
    after, begin = now.get(name), before.get(name)
    return after - begin if type(after) is int and type(begin) is int else None
