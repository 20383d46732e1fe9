"""Refreshes: the jobs with which the system keeps accounts current.

    account   nextRefreshAt ≤ now ── the refresh tick ──> refreshJobs/{account}-{due minute}, claimed ──> an execution
                                  └─ nextRefreshAt = the next time of its cadence

A refresh goes through the states of every job. It differs from a user's job: it compares the platform's id with the
account's before it writes anything, it writes the account's document and its history once, at its end, and of the
videos those that have changed. Its progress is not shown, so no state writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from tracking.clock import to_rfc3339
from tracking.errors import InvalidJobError
from tracking.jobs import AccountType, Fields, PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.sentences import say

RECENT = timedelta(days=30)
"""An incremental refresh counts the videos that are younger than this again."""
FULL_AFTER: Mapping[AccountType, timedelta] = {
    AccountType.MY: timedelta(days=7),
    AccountType.COMPETITOR: timedelta(days=30),
}
"""All videos are fetched again after this time: else a deleted one would never be missed."""
OFF_MIDNIGHT = timedelta(hours=1)
"""So long before and after midnight no daily refresh is due: a late one would leave its day without a point."""
MISSES = 3
"""An account that is not found on so many days is unavailable. One answer is never believed."""
PROBES = (timedelta(days=7), timedelta(days=14), timedelta(days=28))
"""The times after which an unavailable account is looked for again. The last one repeats."""
_MOST_DAYS = 7
"""Accounts that have waited for so many days or more are alike."""


class Mode(StrEnum):
    INCREMENTAL = "incremental"  # the newest videos, and counts of the recent ones
    FULL = "full"


class Cadence(StrEnum):
    """How often an account is refreshed. Members of its organisation choose."""

    OFF = "off"
    SIX_HOURS = "6h"
    DAILY = "daily"
    WEEKLY = "weekly"
    AUTO = "auto"  # by how often the account posts


class Unavailable(StrEnum):
    """Why an account cannot be refreshed."""

    NOT_FOUND = "not_found"
    PRIVATE = "private"
    SUSPENDED = "suspended"
    NAME_TAKEN = "name_taken"  # its name is another account's now: people must say which one they mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A refresh's knowledge of its account. It travels through the states, so it is JSON."""

    mode: Mode
    account_id: str
    username: str  # as the account's document has it
    synced_at: datetime | None  # the fetch before
    misses: int = 0  # days on which the account was not found, one after the other
    unavailable: str | None = None  # why it could not be refreshed, as its document says
    probes: int = 0  # looks since then
    is_second_try: bool = False  # of a due moment: the first one failed by our fault
    allowance: float | None = None  # what it may spend, in the unit of its platform's budget; None: no limit

    def stops_at(self, now: datetime) -> datetime:
        """Return the time before which an incremental refresh needs no videos."""
        return min(now - RECENT, self.synced_at or now)

    def to_document(self) -> Fields:
        return {
            "mode": str(self.mode),
            "accountId": self.account_id,
            "username": self.username,
            "syncedAt": self.synced_at and to_rfc3339(self.synced_at),
            "misses": self.misses,
            "unavailable": self.unavailable,
            "probes": self.probes,
            "isSecondTry": self.is_second_try,
            "allowance": self.allowance,
        }

    @classmethod
    def from_document(cls, found: Mapping[str, Any]) -> Self:
        """Read the map. Raises InvalidJobError when somebody changed it."""
        try:
            order = cls(
                mode=Mode(found["mode"]),
                account_id=found["accountId"],
                username=found["username"],
                synced_at=found["syncedAt"] and datetime.fromisoformat(found["syncedAt"]),
                misses=found["misses"],
                unavailable=found["unavailable"],
                probes=found["probes"],
                is_second_try=found.get("isSecondTry") is True,  # an earlier version knows neither this
                allowance=found.get("allowance"),  # nor this
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidJobError(say("malformedField", field="refresh")) from error
        if not (
            isinstance(order.account_id, str)
            and isinstance(order.username, str)
            and type(order.misses) is type(order.probes) is int
            and (order.allowance is None or type(order.allowance) in (int, float))
        ):
            raise InvalidJobError(say("malformedField", field="refresh"))
        return order


def cadence_of(account: Mapping[str, Any], default: Cadence) -> Cadence:
    """Return the account's cadence: `default` if nobody has chosen one."""
    chosen = account.get("refreshCadence")
    return Cadence(chosen) if isinstance(chosen, str) and chosen in set(Cadence) else default


def hours_of(
    cadence: Cadence, account_type: AccountType, platform: PlatformName, *, posts_of_week: int, has_new: bool
) -> int | None:
    """Return the hours between two refreshes, or None for none.

    `posts_of_week`: videos of the last seven days. `has_new`: whether one is younger than 48 hours.
    AUTO takes half the usual time between two posts, because the whole time is too late; six hours while a video is
    new; at most a week, and at most a day for an account of one's own.
    """
    match cadence:
        case Cadence.OFF:
            return None
        case Cadence.SIX_HOURS:
            hours = 6
        case Cadence.DAILY:
            hours = 24
        case Cadence.WEEKLY:
            hours = 168
        case Cadence.AUTO:
            hours = 6 if has_new else max(6, min(168, 168 // (2 * posts_of_week or 1)))
            if account_type is AccountType.MY:
                hours = min(hours, 24)
    return max(hours, PLATFORMS[platform].refresh_hours)


def type_of(account: Mapping[str, Any]) -> AccountType:
    """Return the account's type. An odd one counts as a competitor's, which is fetched less often."""
    return AccountType.MY if account.get("accountType") == AccountType.MY else AccountType.COMPETITOR


def planned_hours(account: Mapping[str, Any], default: Cadence) -> int | None:
    """Return the hours until the refresh after the one that is due. AUTO takes what the last fetch computed."""
    cadence = cadence_of(account, default)
    computed = account.get("refreshHours")
    if cadence is Cadence.AUTO:
        return (
            computed
            if type(computed) is int and PLATFORMS[account["platform"]].refresh_hours <= computed <= 168
            else 24
        )
    return hours_of(cadence, type_of(account), PlatformName(account["platform"]), posts_of_week=0, has_new=False)


def next_at(account_path: str, hours: int, after: datetime) -> datetime:
    """Return the account's next time after a moment.

    Each account has times of its own, so that the refreshes of many are spread over the interval. A daily account is
    refreshed at the same time of each day, an hour or more from midnight, so each UTC day gets its point.
    """
    interval = timedelta(hours=hours)
    number = int(hashlib.sha256(account_path.encode()).hexdigest(), 16)
    days, rest_hours = divmod(hours, 24)
    if rest_hours:
        phase = timedelta(seconds=number % int(interval.total_seconds()))
    else:
        seconds = int((timedelta(days=1) - 2 * OFF_MIDNIGHT).total_seconds())
        phase = timedelta(days=number // seconds % days) + OFF_MIDNIGHT + timedelta(seconds=number % seconds)
    epoch = datetime.fromtimestamp(phase.total_seconds(), UTC)
    return epoch + ((after - epoch) // interval + 1) * interval


def first_of_day(account_path: str, midnight: datetime, synced_at: datetime | None) -> datetime:
    """Return the account's time in the first hour of a day. Only what the day before could not pay for needs it.

    Each whole day since its last fetch halves the time. So who has waited longer is earlier, and nobody waits for ever.
    """
    days = min(max((midnight - synced_at) // timedelta(days=1), 0), _MOST_DAYS) if synced_at else _MOST_DAYS
    seconds = 3600 + int(id_of_account(account_path), 16) % 3600
    return midnight + timedelta(seconds=seconds / 2 ** (days + 1))


def job_id(account_path: str, due_at: datetime) -> str:
    """Return the id of the refresh for this due moment. A second tick that finds it makes the same id."""
    return f"{id_of_account(account_path)}-{int(due_at.timestamp()) // 60}"


def id_of_account(account_path: str) -> str:
    """Return the first part of the ids of an account's refreshes."""
    return hashlib.sha256(account_path.encode()).hexdigest()[:20]


def id_of_account_in(job_id: str) -> str:
    """Return the account's part of a refresh's id."""
    return job_id.partition("-")[0]


def until_next_probe(probes: int) -> timedelta:
    """Return how long to wait before an unavailable account is looked for again. `probes`: those before."""
    return PROBES[min(probes, len(PROBES) - 1)]
