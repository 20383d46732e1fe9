"""Spikes: a day on which an account gained, or lost, far more than on the days before.

A change is judged by the median of the changes of the last 28 days, and by how far these usually are from it (the
median of the distances), because both stay as they are when one of the days was unusual, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from tracking.history.past import Past, count_of, map_of
from tracking.jobs import Fields

KINDS: Mapping[str, tuple[str, ...]] = {"followers": ("f",), "views": ("v", "tv")}
"""The counts of a point by kind; of views the platform's total, or else the sum over the tracked videos."""
LOOK_BACK_DAYS = 28
FEWEST_CHANGES = 14
"""With fewer changes to compare with, nothing is a spike."""
TIMES = 6 * 1.4826
"""A spike is so many times farther from the median than usual. 1.4826 makes of the median distance a deviation."""
LEAST_SHARE = 0.01
LEAST = 50
"""It is also at least this share of the count, and this number: people care for no less."""
A_DAY = (timedelta(hours=18), timedelta(hours=30))
"""The time between two fetches whose difference is the change of a day. A short one would look like a drop."""


def of_account(past: Past, point: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the latest spike of each kind: `{day, change, usual}`, or None. `usual`: the median of the days before.

    Views never drop: their sum falls when a video vanishes, and that is told by the video.
    """
    points = {**past.account, today: point}
    known = map_of(past.document.get("spikes"))
    found = {name: _spike(points, today, keys) for name, keys in KINDS.items()}
    if (views := found["views"]) and views["change"] < 0:
        found["views"] = None
    return {name: spike or known.get(name) for name, spike in found.items()}


def _spike(points: Mapping[date, Mapping[str, Any]], today: date, keys: tuple[str, ...]) -> Fields | None:
    for key in keys:
        change = _change(points, today, key)
        if change is not None:
            earlier = list(_changes(points, today, key))
            counts = [count for day in points if (count := count_of(points[day].get(key))) is not None]
            return _judged(change, earlier, counts, points[today][key], today)
    return None


def _judged(change: int, earlier: list[int], counts: list[int], count: int, today: date) -> Fields | None:
    if len(earlier) < FEWEST_CHANGES:
        return None
    usual = median(earlier)
    distances = [abs(one - usual) for one in earlier]
    least = max(TIMES * median(distances), *distances, LEAST_SHARE * (count - change), LEAST - 1, _step(counts))
    is_spike = abs(change - usual) > least
    return {"day": today.isoformat(), "change": change, "usual": round(usual)} if is_spike else None


def _changes(points: Mapping[date, Mapping[str, Any]], today: date, key: str) -> Iterator[int]:
    for back in range(1, LOOK_BACK_DAYS + 1):
        change = _change(points, today - timedelta(back), key)
        if change is not None:
            yield change


def _change(points: Mapping[date, Mapping[str, Any]], day: date, key: str) -> int | None:
    """Return the change of a day, or None if it is not known."""
    after, before = points.get(day, {}), points.get(day - timedelta(1), {})
    end, begin = after.get("at"), before.get("at")
    count, earlier = count_of(after.get(key)), count_of(before.get(key))
    if not (isinstance(end, datetime) and isinstance(begin, datetime)) or count is None or earlier is None:
        return None
    return count - earlier if A_DAY[0] <= end - begin <= A_DAY[1] else None


def _step(counts: list[int]) -> int:
    """Return the step by which the platform rounds: the largest power of ten that divides all counts."""
    step = 1
    while any(counts) and all(count % (step * 10) == 0 for count in counts):
        step *= 10
    return step
