"""What becomes of the soak's jobs: a mix of accounts and of users."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.chaos.points import PLATFORMS

FLAKY_VIDEOS = range(20, 60)  # with the platforms 160 accounts, each of which fails twice


class Fate(StrEnum):
    GOOD = "good"
    PRIVATE = "private"
    MISSING = "missing"
    FLAKY = "flaky"  # two 503s
    SLOW = "slow"
    CANCELLED_PENDING = "cancelled while pending"
    CANCELLED_PROCESSING = "cancelled while processing"
    MALFORMED = "malformed"


SHARES = {
    Fate.GOOD: 0.62,
    Fate.PRIVATE: 0.05,
    Fate.MISSING: 0.08,
    Fate.FLAKY: 0.08,
    Fate.SLOW: 0.03,
    Fate.CANCELLED_PENDING: 0.05,
    Fate.CANCELLED_PROCESSING: 0.05,
    Fate.MALFORMED: 0.04,
}


@dataclass(frozen=True, slots=True)
class Wish:
    fate: Fate
    platform: str
    username: str
    ends: Sequence[str]  # status, and error code if it has one
    videos: int = 0
    job: dict[str, Any] = field(default_factory=dict)  # fields that differ from what a front end writes


def wishes(count: int, chance: random.Random) -> list[Wish]:
    """So many, in shares, shuffled. No more flaky ones than there are accounts for them; good ones in their place."""
    flaky = [(platform, videos) for platform in PLATFORMS for videos in FLAKY_VIDEOS]
    chance.shuffle(flaky)
    made = [
        _wish(fate, number, flaky, chance) for fate, share in SHARES.items() for number in range(round(count * share))
    ]
    made += [_wish(Fate.GOOD, number, flaky, chance) for number in range(count - len(made))]
    chance.shuffle(made)
    return made[:count]


def _wish(fate: Fate, number: int, flaky: list[tuple[str, int]], chance: random.Random) -> Wish:
    platform = PLATFORMS[number % len(PLATFORMS)]
    if fate is Fate.FLAKY and flaky:
        platform, videos = flaky.pop()
        return Wish(fate, platform, f"sim_videos_{videos}", ["completed"], videos)
    match fate:
        case Fate.PRIVATE:
            return Wish(fate, platform, "sim_private", ["failed AccountPrivateError"])
        case Fate.MISSING:
            return Wish(fate, platform, "sim_missing", ["failed AccountNotFoundError"])
        case Fate.SLOW:
            return Wish(fate, platform, "sim_slow_1", ["completed"], 3)
        case Fate.CANCELLED_PENDING:
            return Wish(fate, platform, "sim_videos_3", ["cancelled"])
        case Fate.CANCELLED_PROCESSING:  # it may be quicker than its user
            return Wish(fate, "youtube", "sim_slow_1", ["cancelled", "completed"], 3)
        case Fate.MALFORMED:
            return Wish(fate, platform, "sim_videos_3", ["failed InvalidJobError"], job={"projectId": None})
    videos = chance.randint(1, 12)
    return Wish(Fate.GOOD, platform, f"sim_videos_{videos}", ["completed"], videos)
