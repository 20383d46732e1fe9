"""The past: an account and its videos as they are known before a fetch.

Only the functions write these documents. All the same, an entry that cannot be read counts as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, Self

from tracking.history.days import LOOK_BACK_DAYS, SLACK_DAYS, day_from, day_key, months
from tracking.jobs import Fields

VIDEOS_PER_PART = 500
"""The most videos of one document: 31 days of four counts have 1.1 kB."""
VIEWS = 0
"""The place of the views in a video's point."""


class Documents(Protocol):
    def get_each(self, paths: Collection[str]) -> dict[str, Fields]:
        """Return the documents that exist, by path. One request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVideo:
    """A video's entry in the index."""

    part: int  # the number of the document that holds it
    digest: str  # of the video's document as it was last written
    published_at: datetime | None
    media_type: str
    views: int | None
    first_seen: date | None
    missing_since: datetime | None = None  # the first fetch of all videos that did not find it
    is_marked: bool = False  # its document says that it is gone
    outlier: int = 0  # the highest level of its multiplier that an event told


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    document: Mapping[str, Any] = field(default_factory=dict)  # the account's
    since: date | None = None  # the day of the account's first point
    account: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)  # the points of the last LOOK_BACK_DAYS
    videos: Mapping[str, KnownVideo] = field(default_factory=dict)
    parts: Counter[int] = field(default_factory=Counter)  # how many videos each part of the index holds
    views: Mapping[str, Mapping[date, int]] = field(default_factory=dict)  # of videos, on days that growth begins with

    @property
    def last_at(self) -> datetime | None:
        """The time of the last point, or None if there is none of the last LOOK_BACK_DAYS."""
        return max((at for point in self.account.values() if (at := _moment(point.get("at")))), default=None)

    @classmethod
    def read(cls, store: Documents, account_path: str, video_ids: Collection[str], today: date) -> Self:
        """Read in two requests: the account with the index of its videos, then the days of those in `video_ids`."""
        account_months = months(today - timedelta(LOOK_BACK_DAYS), today)
        history = {f"{account_path}/accountHistory/{month}": month for month in account_months}
        likely = _index_paths(account_path, 1, len(video_ids) // VIDEOS_PER_PART + 1)
        found = store.get_each([account_path, *history, *likely])
        number_of_parts = _whole(map_of(found.get(likely[0])).get("of"))
        further = _index_paths(account_path, len(likely) + 1, number_of_parts)
        indexes = {**found, **store.get_each(further)} if further else found
        videos = {
            video_id: video
            for part, path in enumerate([*likely, *further], start=1)
            for video_id, video in _videos(indexes.get(path), part)
        }
        parts = Counter(video.part for video in videos.values())
        concerned = {videos[video_id].part for video_id in video_ids if video_id in videos}
        document = map_of(found.get(account_path))
        return cls(
            document=document,
            since=day_from(map_of(document.get("growth")).get("since")),
            account={
                day: point
                for path, month in history.items()
                for day, point in account_points(found.get(path), month).items()
            },
            videos=videos,
            parts=parts,
            views=_views(store, account_path, concerned, today) if concerned else {},
        )


def index_path(account_path: str, part: int) -> str:
    return f"{account_path}/videoIndex/{part}"


def video_month_path(account_path: str, month: str, part: int) -> str:
    return f"{account_path}/videoHistory/{month}" + (f"-{part}" if part > 1 else "")


def _index_paths(account_path: str, first: int, last: int) -> list[str]:
    return [index_path(account_path, part) for part in range(first, last + 1)]


def _videos(document: object, part: int) -> Iterator[tuple[str, KnownVideo]]:
    for video_id, entry in map_of(map_of(document).get("v")).items():
        if isinstance(entry, dict) and isinstance(entry.get("h"), str):
            yield (
                video_id,
                KnownVideo(
                    part=part,
                    digest=entry["h"],
                    published_at=_moment(entry.get("t")),
                    media_type=str(entry.get("m")),
                    views=count_of(entry.get("w")),
                    first_seen=day_from(entry.get("s")),
                    missing_since=_moment(entry.get("x")),
                    is_marked=entry.get("u") is True,
                    outlier=_whole(entry.get("o")),
                ),
            )


def account_points(document: Mapping[str, Any] | None, month: str) -> dict[date, Mapping[str, Any]]:
    """Return the points of a month's document by day."""
    points = {day_from(f"{month}-{key}"): point for key, point in map_of(map_of(document).get("days")).items()}
    return {day: point for day, point in points.items() if day and isinstance(point, dict)}


def _views(store: Documents, account_path: str, parts: Collection[int], today: date) -> dict[str, dict[date, int]]:
    """Return the views on the days with which the growth over one day and over seven days may begin."""
    days = [today - timedelta(back) for n in (1, 7) for back in range(n, n + SLACK_DAYS[n] + 1)]
    paths = {
        video_month_path(account_path, month, part): [day for day in days if months(day, day) == [month]]
        for part in parts
        for month in months(min(days), max(days))
    }
    views: dict[str, dict[date, int]] = {}
    for path, document in store.get_each(list(paths)).items():
        for video_id, points in map_of(document.get("v")).items():
            for day in paths[path]:
                point = map_of(points).get(day_key(day))
                count = count_of(point[VIEWS]) if isinstance(point, list) and point else None
                if count is not None:
                    views.setdefault(video_id, {})[day] = count
    return views


def map_of(value: object) -> Mapping[str, Any]:
    """Return a map, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int:
    return value if type(value) is int else 0


def count_of(value: object) -> int | None:
    """Return a count, or None for anything else."""
    return value if type(value) is int else None


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
