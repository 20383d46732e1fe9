"""Days are UTC days. A document holds a month of them: `2026-11`, and `2026-11-2` for the second part of the videos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

_T = TypeVar("_T")

SLACK_DAYS: Mapping[int, int] = {1: 0, 7: 1, 30: 5}
"""The growth over so many days may begin up to this many days earlier, because not every account is fetched daily.

30 days: a weekly account has a point 28 or 35 days ago.
"""
LOOK_BACK_DAYS = max(days + slack for days, slack in SLACK_DAYS.items())


def day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def day_from(text: object) -> date | None:
    """Return the day that an ISO date names, or None if it names none."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def day_key(day: date) -> str:
    """Return the day's name within its month's document: `03`."""
    return f"{day:%d}"


def first_moment(month: str, later: int = 0) -> datetime:
    """Return the moment at which the month begins, or the one that is so many months later."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + later
    return datetime.combine(date(number // 12, number % 12 + 1, 1), time(), UTC)


def month_after(month: str) -> str:
    return month_of(first_moment(month, 1).date())


def months(first: date, last: date) -> list[str]:
    """Return the months from the day `first` to the day `last`."""
    days = (last - timedelta(number) for number in range((last - first).days, -1, -1))
    return list(dict.fromkeys(map(month_of, days)))


def base(points: Mapping[date, _T], today: date, days: int) -> _T | None:
    """Return the point with which the growth of `days` begins, or None: too young, or not fetched then."""
    for back in range(days, days + SLACK_DAYS[days] + 1):
        if (point := points.get(today - timedelta(back))) is not None:
            return point
    return None
