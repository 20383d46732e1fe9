"""Slots: the jobs that may start in one tick, by the limits and pauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tracking.jobs import Job, PlatformName
from tracking.pauses import Pause
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.settings import Limits
from tracking.store import JobSnapshot

REFRESH_SHARE = 0.6
"""The most of a limit that refreshes take."""
LEFT_TO_USERS = 2
"""Slots that refreshes leave free, whatever their share."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending document that holds a well-formed job."""

    job: Job
    snapshot: JobSnapshot

    def order(self) -> tuple[int, datetime]:
        """Return the sort key among the jobs of one organisation: by priority, then by age."""
        return -self.job.priority, self.job.created_at


class Slots:
    """The number of jobs that may start in this tick: in all, by credential and by platform."""

    def __init__(
        self, limits: Limits, running: Counter[PlatformName], paused: Mapping[PlatformName, Pause], now: datetime
    ) -> None:
        """`running`: the jobs that hold a slot, by platform. `paused`: the pauses that still hold jobs back."""
        self.total = max(0, limits.running - running.total())
        used = _by_credential(running)
        self._by_credential = {name: limits.per_credential - used[name] for name in CREDENTIALS}
        self._by_platform = {
            platform: allowed
            for platform, pause in paused.items()
            if (allowed := pause.starts_allowed(now)) is not None
        }

    def close(self, *, all_but: Collection[str], paused: Collection[PlatformName]) -> None:
        """Close the credentials that are not named, and the platforms that are paused or begin again after a pause."""
        self._by_credential |= {name: 0 for name in self._by_credential if name not in all_but}
        self._by_platform |= dict.fromkeys(paused, 0)

    def leave_to_users(self, limits: Limits, refreshing: Counter[PlatformName]) -> None:
        """Keep only what refreshes may take: a share of the limits, and never the last free slots.

        `refreshing`: the refreshes that hold a slot, by platform. So a user's job always finds a slot of its own.
        """
        used = _by_credential(refreshing)
        self.total = _share(limits.running, self.total, refreshing.total())
        self._by_credential = {
            name: _share(limits.per_credential, free, used[name]) for name, free in self._by_credential.items()
        }

    def of(self, platform: PlatformName) -> int:
        own = self._by_platform.get(platform, self.total)
        return max(0, min(self.of_credential(PLATFORMS[platform].credential), own))

    def take(self, platform: PlatformName) -> bool:
        if not self.of(platform):
            return False
        self.total -= 1
        self._by_credential[PLATFORMS[platform].credential] -= 1
        if platform in self._by_platform:
            self._by_platform[platform] -= 1
        return True

    def give_back(self, platform: PlatformName) -> None:
        """Free the slot of a job that could not be claimed."""
        self.total += 1
        self._by_credential[PLATFORMS[platform].credential] += 1
        if platform in self._by_platform:
            self._by_platform[platform] += 1

    def of_credential(self, credential: str) -> int:
        """Return the number of jobs that may start with this credential, whatever their platform."""
        return max(0, min(self.total, self._by_credential[credential]))


def _by_credential(by_platform: Counter[PlatformName]) -> Counter[str]:
    used: Counter[str] = Counter()
    for platform, number in by_platform.items():
        used[PLATFORMS[platform].credential] += number
    return used


def _share(limit: int, free: int, taken: int) -> int:
    return max(0, min(int(limit * REFRESH_SHARE) - taken, free - LEFT_TO_USERS))
