"""Thinning: how long the points of each day stay, and which of them stay then.

    account   each day for 13 months, then the last point of each ISO week
    videos    each day for 90 days after the month, then the last point of each week of the month, and after a year
              the last point of the month

A document says in `thinAt` when it is due. The time follows from the document's month alone, so every fetch writes the
same one. The functions here read and write nothing; the daily cleanup does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tracking.history.days import day_from, first_moment, month_after
from tracking.history.past import account_points, map_of
from tracking.jobs import Fields

DUE = "thinAt"
ACCOUNT_MONTHS = 13
"""Months for which an account's days stay."""
VIDEO_DAYS, VIDEO_WEEKS = timedelta(days=90), timedelta(days=365)
"""Times after the end of the month for which the videos' days stay, and then their weeks."""
WEEK = timedelta(days=7)
_MONTH = re.compile(
    r"organizations/[^/]+/projects/[^/]+/trackedAccounts/[^/]+/(?:account|video)History/"
    r"(?P<month>[1-9]\d{3}-(?:0[1-9]|1[0-2]))(?:-\d+)?",
    re.ASCII,
)


def month_at(path: str) -> str | None:
    """Return the month of a document, or None if it is no month of our history: other systems may use our names."""
    found = _MONTH.fullmatch(path)
    return found["month"] if found else None


def account_due(month: str) -> datetime:
    """Return when an account's month is due. The week that goes over its end is as old by then."""
    return first_moment(month, 1 + ACCOUNT_MONTHS) + WEEK


def videos_due(month: str) -> datetime:
    """Return when a month of videos is due for the first time."""
    return first_moment(month, 1) + VIDEO_DAYS


def weeks(month: str, document: Mapping[str, Any], following: Mapping[str, Any]) -> dict[str, Fields]:
    """Return the last point of each week that the month touches, by ISO year and week: `{"2026": {"05": point}}`.

    `following`: the next month's document. It has the last days of the week that goes over the month's end.
    """
    last_week = _week(first_moment(month, 1).date() - timedelta(1))
    of_next = account_points(following, month_after(month))
    points = account_points(document, month) | {day: of_next[day] for day in of_next if _week(day) == last_week}
    found: dict[str, Fields] = {}
    for day in sorted(points):
        year, week = _week(day)
        found.setdefault(f"{year}", {})[f"{week:02}"] = points[day]
    return found


def joined(before: object, found: Mapping[str, Any]) -> Fields:
    """Return the weeks of a year with those that were found. Of two points of a week, the later one stays.

    So it does not matter which month of a week over a month's end is thinned first, or how often.
    """
    known = dict(map_of(before))
    later = {week: point for week, point in found.items() if _moment(point) >= _moment(known.get(week))}
    return known | later


def of_videos(month: str, document: Mapping[str, Any], now: datetime) -> Fields:
    """Return the fields of a month of videos as they stay: each video's last points, and when they are due again.

    A week that goes over the month's end has one point in each of the two months.
    """
    weekly_until = first_moment(month, 1) + VIDEO_WEEKS
    is_weekly = now < weekly_until
    kept = {video_id: _last(month, points, is_weekly) for video_id, points in map_of(document.get("v")).items()}
    return {"v": kept, DUE: weekly_until if is_weekly else None}


def _last(month: str, points: object, is_weekly: bool) -> Fields:
    """Return a video's last point of each week, or of the month."""
    days = {day: key for key in map_of(points) if (day := day_from(f"{month}-{key}"))}
    last = {_week(day) if is_weekly else month: days[day] for day in sorted(days)}
    return {key: map_of(points)[key] for key in last.values()}


def _week(day: date) -> tuple[int, int]:
    """Return the ISO year and week. The first days of January may belong to the year before."""
    year, week, _ = day.isocalendar()
    return year, week


def _moment(point: object) -> datetime:
    moment = map_of(point).get("at")
    return moment if isinstance(moment, datetime) else datetime.min.replace(tzinfo=UTC)
