"""The soak's jobs, which are a mix of accounts and of users, and the expected endings of each job."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.chaos.points import PLATFORMS

FLAKY_VIDEOS = range(20, 60)  # 40 accounts on each of 4 platforms; each answers 503 twice


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
class PlannedJob:
    fate: Fate
    platform: str
    username: str
    ends: Sequence[str]  # status, and error code if it has one
    videos: int = 0
    job: dict[str, Any] = field(default_factory=dict)  # fields that differ from what a front end writes


def planned_jobs(count: int, chance: random.Random) -> list[PlannedJob]:
    """Return `count` jobs in random order, in the shares of `SHARES`. When no flaky account is left, a job is good."""
    flaky = [(platform, videos) for platform in PLATFORMS for videos in FLAKY_VIDEOS]
    chance.shuffle(flaky)
    made = [
        _planned(fate, number, flaky, chance)
        for fate, share in SHARES.items()
        for number in range(round(count * share))
    ]
    made += [_planned(Fate.GOOD, number, flaky, chance) for number in range(count - len(made))]
    chance.shuffle(made)
    return made[:count]


def _planned(fate: Fate, number: int, flaky: list[tuple[str, int]], chance: random.Random) -> PlannedJob:
    platform = PLATFORMS[number % len(PLATFORMS)]
    if fate is Fate.FLAKY and flaky:
        platform, videos = flaky.pop()
        return PlannedJob(fate, platform, f"sim_videos_{videos}", ["completed"], videos)
    match fate:
        case Fate.PRIVATE:
            return PlannedJob(fate, platform, "sim_private", ["failed AccountPrivateError"])
        case Fate.MISSING:
            return PlannedJob(fate, platform, "sim_missing", ["failed AccountNotFoundError"])
        case Fate.SLOW:
            return PlannedJob(fate, platform, "sim_slow_1", ["completed"], 3)
        case Fate.CANCELLED_PENDING:
            return PlannedJob(fate, platform, "sim_videos_3", ["cancelled"])
        case Fate.CANCELLED_PROCESSING:  # the job may complete before its user cancels it
            return PlannedJob(fate, "youtube", "sim_slow_1", ["cancelled", "completed"], 3)
        case Fate.MALFORMED:
            return PlannedJob(fate, platform, "sim_videos_3", ["failed InvalidJobError"], job={"projectId": None})
    videos = chance.randint(1, 12)
    return PlannedJob(Fate.GOOD, platform, f"sim_videos_{videos}", ["completed"], videos)
