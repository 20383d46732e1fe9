"""Made-up growth: how the counts of an account and of its posts change from day to day.

Days are numbers. Day 0 is the day of the recorded answers, and its counts are the recorded ones. The days before it are
the made-up history of the demo (`local.made_up`); the others come when a day passes (`local.passing`). All figures
follow from names and day numbers alone, so that each run makes up the same.

A level is a count's share of the same count on day 0.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate

DAY = timedelta(days=1)
WEEK = (0.8, 0.85, 0.95, 1.0, 1.15, 1.35, 0.9)
"""The rhythm of a week. Its mean is 1."""
YEAR = 365
_BIG_DAY = (14.0, 7.0, 3.5, 1.5)
"""The further growth on a big day and on those after it, in usual days."""
_ROUNDED_FROM = 10_000
_FIGURES = 3
Gain = Callable[[int], float]
"""The level that is gained on a day."""


def chance(*names: object) -> float:
    """Return a number from 0 to below 1 that follows from the names alone."""
    digest = hashlib.blake2b("\0".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def account_gain(name: str) -> Gain:
    """Return the gain of an account: 6 to 20 % in the year before day 0, with one big day. Some days lose a little."""
    usual = (0.06 + 0.14 * chance(name, "year")) / YEAR
    peak = -30 - int(200 * chance(name, "peak"))

    def is_big(day: int) -> bool:
        return day == peak or (day > 0 and chance(name, "big", day) < 0.08)

    def gain(day: int) -> float:
        is_loss = chance(name, "loss", day) < 0.04
        rhythm = -0.4 if is_loss else WEEK[day % 7] * (0.4 + 1.2 * chance(name, "noise", day))
        return usual * (rhythm + sum(size for back, size in enumerate(_BIG_DAY) if is_big(day - back)))

    return gain


def post_gain(post_id: str, age_days: float) -> Gain:
    """Return the gain of a post: fast at first, then slow. One in five took off again in the year before day 0.

    `age_days`: its age on day 0.
    """
    again = -15 - int(200 * chance(post_id, "again")) if chance(post_id, "viral") < 0.2 else None

    def gain(day: int) -> float:
        age = age_days + day
        if age <= 0:
            return 0.0
        gained = (reach(age) - reach(age - 1)) / reach(age_days) * (0.5 + chance(post_id, "noise", day))
        if again is not None and 0 <= day - again < 6:
            gained += 0.3 / 2 ** (day - again + 1)
        if day > 0 and chance(post_id, "big", day) < 0.03:
            gained += 0.04
        return gained

    return gain


def reach(age_days: float) -> float:
    """Return how far a post of this age has come. It has a quarter of its first month after a day, half after five."""
    return math.log1p(2 * max(age_days, 0))


def past_levels(gain: Gain, first: int, *, is_born: bool = False) -> dict[int, float]:
    """Return the levels of the days from `first` to 0. They end at exactly 1, and are never negative.

    `is_born`: whether there was nothing before `first`, so that the levels begin near 0.
    """
    days = range(first, 1)
    gains = [gain(day) for day in days]
    if is_born:
        whole = sum(gains) or 1.0
        levels = [so_far / whole for so_far in accumulate(gains)]
    else:
        before = 1 - sum(gains[1:])
        levels = list(accumulate(gains[1:], initial=before))
    return {day: max(0.0, level) for day, level in zip(days, levels, strict=True)} | {0: 1.0}


def later_level(gain: Gain, day: int) -> float:
    """Return the level of a day from 0 on."""
    return 1 + sum(gain(number) for number in range(1, day + 1))


def grown(count: int, level: float) -> int:
    return max(0, round(count * level))


def grown_followers(name: str, count: int, level: float) -> int:
    """Return a number of followers. A number that the platform has rounded to three figures stays rounded: it steps."""
    step: int = 10 ** max(0, len(str(count)) - _FIGURES)
    if count < _ROUNDED_FROM or count % step:
        return grown(count, level)
    exact = (count + step * chance(name, "hidden")) * level  # the rounded number hides a part of a step
    return max(0, math.floor(exact / step + 1e-9) * step)


def changed_slowly(name: str, count: int, first: int) -> dict[int, int]:
    """Return a count that moves by one now and then, on the days from `first` to 0. It ends at `count`."""
    counts = {0: count}
    for day in range(-1, first - 1, -1):
        roll = chance(name, "slowly", day + 1)
        counts[day] = max(0, counts[day + 1] - (1 if roll < 0.06 else -1 if roll > 0.98 else 0))
    return counts


def posts_on(name: str, day: int, a_day: float) -> int:
    """Return how many posts an account made on a day, if it makes so many `a_day`."""
    share = a_day * WEEK[day % 7]
    return int(share) + (chance(name, "posts", day) < share % 1)


def age_days(published_at: datetime, now: datetime) -> float:
    return (now - published_at) / DAY
