"""Spikes: golden series with the days that people would point at, and random walks that have none."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from tests.factories import video
from tests.harness import Harness
from tests.past_days import track
from tracking.history import growth, spikes
from tracking.history.past import Past

FIRST = date(2026, 1, 1)
STEADY = (100, 120, 90, 110, 105, 95, 130)


def series(changes: Iterable[int], begin: int = 100_000) -> list[int]:
    counts = [begin]
    for change in changes:
        counts.append(counts[-1] + change)
    return counts


def steady(days: int) -> list[int]:
    return [STEADY[number % len(STEADY)] for number in range(days)]


def points(counts: Iterable[int | None], key: str = "f", hour: int = 9) -> dict[date, dict[str, Any]]:
    """Return a point for each count that is not None, a day each."""
    days = ((FIRST + timedelta(number), count) for number, count in enumerate(counts))
    return {day: {"at": at(day, hour), key: count} for day, count in days if count is not None}


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def found(of: Mapping[date, Mapping[str, Any]], kind: str = "followers") -> list[tuple[int, int, int]]:
    """Fetch day by day, as the system does. Return the spikes: number of the day, change, usual change."""
    document: dict[str, Any] = {}
    told: list[tuple[int, int, int]] = []
    for day, point in of.items():
        past = {earlier: other for earlier, other in of.items() if day - timedelta(35) <= earlier < day}
        document["spikes"] = spikes.of_account(Past(document=document, account=past), point, day)
        spike = document["spikes"][kind]
        if spike and spike["day"] == day.isoformat():
            told.append(((day - FIRST).days, spike["change"], spike["usual"]))
    return told


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (series(steady(60)), []),
        (series([*steady(30), 5_000, *steady(20)]), [(31, 5_000, 105)]),
        (series([*steady(30), -4_000, *steady(20)]), [(31, -4_000, 105)]),
        (series([*steady(30), 900, *steady(20)]), []),  # far more than usual, and less than 1 %
        (series([*steady(12), 5_000, *steady(20)]), []),  # too few days to compare with
        (series([*steady(30), 5_000, *steady(5), 5_000, *steady(5), 9_000]), [(31, 5_000, 105), (43, 9_000, 105)]),
        (series([0] * 40, 60), []),
        (series([*[0] * 30, 40], 60), []),  # fewer than 50
        (series([*[0] * 30, 60], 60), [(31, 60, 0)]),
        (series([10_000 if day % 6 == 0 else 0 for day in range(60)], 1_010_000), []),  # rounded: steps
        (series([*[0] * 30, 10_000, *[0] * 20], 990_000), []),  # one step, although it is 1 %
        (series([*[0] * 30, 40_000, *[0] * 20], 990_000), [(31, 40_000, 0)]),
    ],
    ids=["steady", "viral", "drop", "small share", "young", "twice", "still", "few", "new", "steps", "step", "leap"],
)
def test_golden_series(counts: list[int], expected: list[tuple[int, int, int]]) -> None:
    assert found(points(counts)) == expected


def test_a_gap_of_days_is_no_spike() -> None:
    counts: list[int | None] = [*series(steady(60))]
    counts[30:37] = [None] * 7
    assert found(points(counts)) == []


def test_a_fetch_after_few_hours_is_no_drop() -> None:
    counts = series([5_000 + change for change in steady(30)])
    day = FIRST + timedelta(len(counts))
    history = points(counts, hour=21)
    assert found({**history, day: {"at": at(day, 1), "f": counts[-1] + 10}}) == []
    assert found({**history, day: {"at": at(day, 21), "f": counts[-1] + 10}}) != []  # a whole day is judged


def test_hidden_followers_are_not_judged() -> None:
    history = points(series([*steady(30), 5_000]))
    last = max(history)
    assert found({**history, last: {**history[last], "f": None}}) == []


def test_views_are_of_the_platform_or_of_the_videos() -> None:
    counts = series([*steady(30), 9_000])
    assert found(points(counts, "v"), "views") == found(points(counts, "tv"), "views") == [(31, 9_000, 105)]


def test_views_never_drop() -> None:
    assert found(points(series([*steady(30), -9_000]), "tv"), "views") == []


def most_spikes(walks: int, share: float) -> int:
    """Return the spikes of the walk that has the most. `share`: a day's usual change of the followers."""
    most = 0
    for seed in range(walks):
        chance = random.Random(seed)
        counts = [100_000]
        for _ in range(365):
            counts.append(max(0, counts[-1] + round(chance.gauss(0.0005, share) * counts[-1])))
        most = max(most, len(found(points(counts))))
    return most


def test_a_random_walk_has_one_false_spike_at_most() -> None:
    assert most_spikes(40, share=0.006) <= 1


@pytest.mark.nightly
@pytest.mark.parametrize("share", [0.001, 0.003, 0.006])
def test_a_thousand_walks_have_one_false_spike_each(share: float) -> None:
    assert most_spikes(1_000, share) <= 1


def test_the_account_has_its_spikes_and_recent_followers(harness: Harness) -> None:
    for count in series([*steady(34), 5_000, *steady(4)]):
        document = track(harness, followers=count, served=[video(1)])
        harness.clock.advance(86_400)
    assert document["spikes"] == {
        "followers": {"day": "2026-04-05", "change": 5_000, "usual": 105},
        "views": None,
    }
    assert document["recentFollowers"] == [*series([*steady(34), 5_000, *steady(4)])[-growth.RECENT_DAYS :]]


def test_recent_followers_have_gaps(harness: Harness) -> None:
    track(harness, followers=7, served=[])
    harness.clock.advance(2 * 86_400)
    assert track(harness, followers=9, served=[])["recentFollowers"] == [*[None] * 27, 7, None, 9]
