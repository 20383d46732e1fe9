"""Budgets: what refreshes may spend in a UTC day, at each platform and for each organisation.

    the tick         reserves a refresh's allowance before it creates its job; once it has ended, what it spent counts
    the allowance    is in the order; the states send no request that could exceed it (`spending.Meter`)
    at midnight      all begins anew; what is still reserved stays reserved

So what was spent and what is reserved are never more than the limit, whoever is killed when. A fifth of each budget is
kept for what members ask for by a press.

Users' jobs spend at the same platforms, without a budget. So a platform's budget is the share of its quota, or of the
money, that refreshes may take. YouTube's own day ends at midnight Pacific time, and these days at midnight UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from tracking.document_limits import is_document_id
from tracking.jobs import SPENT_IS_WHOLE, Fields, PlatformName, Status
from tracking.platform_contract import REFRESH_BUDGETS
from tracking.prices import estimated_usd
from tracking.spending import TOLERANCE, Spent, total
from tracking.store import JobSnapshot

BUDGETS_DOCUMENT = "trackingControl/budgets"
WAITS_DOCUMENT = "trackingStatus/refreshes"
"""Which platforms' refreshes wait for the next day, for every signed-in user. The functions never read it."""
ORG = "org:"
"""Begins an organisation's key in `told`, where platforms have their names."""
FOR_PRESSES = 0.2
"""The part of each budget that is only for what members ask for."""
LARGEST_SHARE = 0.5
"""A full refresh that takes a larger part of a day's budget is made an incremental one."""
ALLOWED_SKEW = timedelta(days=1)
ROUNDING = 1e-3
"""Of posts: dollars are rounded to six digits."""
UNITS, USD, RESULTS = "units", "usd", "results"


class Closed(StrEnum):
    """How far a budget is spent."""

    PLANNED = "planned"  # what is left is for presses
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """The limits of a day. A platform that is missing has none."""

    platforms: Mapping[PlatformName, float] = field(default_factory=dict)  # each in its own unit
    org_refreshes: float = math.inf

    def of(self, platform: PlatformName) -> float:
        return self.platforms.get(platform, math.inf)

    def planned(self, platform: PlatformName) -> float:
        """Return the part for what nobody pressed for."""
        return self.of(platform) * (1 - FOR_PRESSES)

    def smallest(self, platform: PlatformName, posts: int) -> float:
        """Return what must be left for a refresh. `posts`: the most of an incremental one."""
        return min(cost_of_posts(platform, posts), self.planned(platform))


@dataclass(frozen=True, slots=True)
class Reservation:
    """The amount that a refresh which has not ended may still spend."""

    job_id: str
    attempt: int
    platform: PlatformName
    org_id: str
    amount: float
    since: datetime
    counted: float = 0.0  # of the job's spending, with its attempts before


def unit_of(platform: str) -> str:
    """Return the unit of the platform's budget: units or usd."""
    return REFRESH_BUDGETS[platform].unit


def cost_of(platform: str, spent: Spent) -> float:
    """Return amounts in the unit of the platform's budget. Of dollars that the provider said, some may be missing."""
    if unit_of(platform) == UNITS:
        return spent.get(UNITS, 0)
    return max(spent.get(USD, 0), estimated_usd(platform, {**spent, USD: 0}))


def cost_of_posts(platform: str, posts: int) -> float:
    """Return the most that a refresh of an account with so many posts may spend."""
    budget = REFRESH_BUDGETS[platform]
    amounts = total(budget.account, {name: amount * posts for name, amount in budget.post.items()})
    cost = cost_of(platform, amounts)
    return math.ceil(cost - TOLERANCE) if budget.unit == UNITS else round(cost, 6)


def posts_of_runs(platform: str, allowance: float, most: int) -> int:
    """Return how many posts, `most` at most, paid runs may be asked for: `cost_of_posts` the other way round.

    They are asked for all posts at once. Where posts come in pages, each page is checked (`Meter.check`).
    """
    budget = REFRESH_BUDGETS[platform]
    if RESULTS not in budget.post:
        return most
    posts = (allowance - cost_of(platform, budget.account)) / cost_of(platform, budget.post)
    return min(most, max(1, math.floor(posts + ROUNDING)))


def end_of_day(now: datetime) -> datetime:
    """Return the next midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


class Budgets:
    """The document of the budgets, as one tick uses it. Parts that cannot be read count as nothing."""

    def __init__(self, fields: Mapping[str, Any] | None, limits: BudgetLimits, now: datetime) -> None:
        self.limits = limits
        self.reserved = {one.job_id: one for one in _reservations(fields)}
        self.day, is_new = _day(fields, now)
        stored = {} if is_new or fields is None else fields
        self.used = {name: _number(_map(stored, "used").get(name)) for name in PlatformName}
        self.orgs: dict[str, int] = {
            org: number
            for org, number in _map(stored, "orgs").items()
            if is_document_id(org) and type(number) is int and number > 0
        }
        self.told: dict[str, str] = {
            name: str(value) for name, value in _map(stored, "told").items() if is_document_id(name.removeprefix(ORG))
        }
        self.minute, self._started = _minute(stored)

    # What is left

    def reserved_at(self, platform: PlatformName) -> float:
        """Return what refreshes that have not ended may still spend."""
        return sum(one.amount for one in self.reserved.values() if one.platform == platform)

    def closed(self, platform: PlatformName, posts: int, *, spent_only: bool = False) -> Closed | None:
        """Return whether another refresh fits. `posts`: the most of an incremental one.

        `spent_only`: count only what is spent. What is reserved may be left over.
        """
        limit, smallest = self.limits.of(platform), self.limits.smallest(platform, posts)
        taken = self.used[platform] + (0 if spent_only else self.reserved_at(platform))
        if _is_over(taken + smallest, limit) or limit <= 0:
            return Closed.ALL
        return Closed.PLANNED if _is_over(taken + smallest, self.limits.planned(platform)) else None

    def closed_org(self, org_id: str) -> Closed | None:
        """Return whether the organisation may have another refresh."""
        number, limit = self.orgs.get(org_id, 0), self.limits.org_refreshes
        if number >= limit:
            return Closed.ALL
        return Closed.PLANNED if limit < math.inf and number >= math.ceil(limit * (1 - FOR_PRESSES)) else None

    def fits(self, platform: PlatformName, amount: float, *, is_asked: bool) -> bool:
        limit = self.limits.of(platform) if is_asked else self.limits.planned(platform)
        return not _is_over(self.used[platform] + self.reserved_at(platform) + amount, limit)

    def has_share_for(self, platform: PlatformName, posts: int) -> bool:
        """Return whether a full refresh fits into the part of the day's budget that one may take, with all before."""
        taken = self.used[platform] + self.reserved_at(platform) + cost_of_posts(platform, posts)
        return not _is_over(taken, self.limits.of(platform) * LARGEST_SHARE)

    def org_fits(self, org_id: str, *, is_asked: bool) -> bool:
        closed = self.closed_org(org_id)
        return closed is None or (is_asked and closed is Closed.PLANNED)

    # What the tick does

    def take(self, new: Reservation) -> None:
        """Reserve for a new refresh. One that another tick took, and may be about to create, stays as it is."""
        if new.job_id in self.reserved:
            return
        self.orgs[new.org_id] = self.orgs.get(new.org_id, 0) + 1
        self.reserved[new.job_id] = new

    def take_again(self, snapshot: JobSnapshot, new: Reservation) -> bool:
        """Reserve for a refresh that was put back. Its attempts before are settled. Return False if it does not fit."""
        if new.job_id in self.reserved:
            return True  # another tick took it, and may be about to claim the job
        if not self.fits(new.platform, new.amount, is_asked=False):
            return False
        counted = cost_of(new.platform, spent_in(snapshot.data))
        self.reserved[new.job_id] = replace(new, counted=counted)
        return True

    def settle(self, ended: Mapping[str, JobSnapshot], missing: Iterable[str], young_since: datetime) -> None:
        """Count what refreshes have spent. `ended`: those that are finished, or wait for another attempt.

        `missing`: those that have no document. They were never created: a tick was killed before it came to that. A
        younger one may still be created, or claimed.
        """
        for job_id, snapshot in ended.items():
            one, job = self.reserved[job_id], snapshot.data
            if job.get("status") == Status.PENDING and one.attempt != job.get("attempt"):
                if one.since <= young_since:
                    del self.reserved[job_id]
                continue
            del self.reserved[job_id]
            created_at = job.get("createdAt")
            if one.attempt == 1 and isinstance(created_at, datetime) and created_at < one.since:
                # The job is older than this reservation, so it ended and was counted before. The tick that made it was
                # killed before it planned the account. So the account was still due, and was chosen again.
                self._give_back(one)
            else:
                self._count(one, job)
        for job_id in missing:
            if self.reserved[job_id].since <= young_since:
                self._give_back(self.reserved.pop(job_id))

    def starts_this_minute(self, now: datetime) -> int:
        """Return how many refreshes were started in this minute."""
        minute = int(now.timestamp()) // 60
        if minute != self.minute:
            self.minute, self._started = minute, 0
        return self._started

    def count_starts(self, number: int) -> None:
        self._started += number

    def _count(self, one: Reservation, job: Mapping[str, Any]) -> None:
        """Count what an attempt spent: all that was reserved, unless the document is known to say everything.

        Of paid runs it does so if the job is completed. Else nobody has read all that they found.
        """
        amounts = spent_in(job)
        is_read = not amounts.get("runs") or job.get("status") == Status.COMPLETED
        is_whole = job.get(SPENT_IS_WHOLE) is True and is_read
        spent = cost_of(one.platform, amounts) - one.counted if is_whole else one.amount
        self.used[one.platform] = round(self.used[one.platform] + max(0.0, spent), 6)

    def _give_back(self, one: Reservation) -> None:
        if _date_of(one.since) == self.day and one.counted == 0:
            self.orgs[one.org_id] = max(0, self.orgs.get(one.org_id, 0) - 1)

    def to_fields(self) -> Fields:
        """Return the document, with the limits, which the command line shows."""
        limits = {name: limit for name, limit in self.limits.platforms.items() if limit < math.inf}
        of_org = {"org": self.limits.org_refreshes} if self.limits.org_refreshes < math.inf else {}
        return {
            "day": self.day.isoformat(),
            "used": {str(name): used for name, used in self.used.items() if used},
            "orgs": {org: number for org, number in self.orgs.items() if number},
            "reserved": [_to_store(one) for one in self.reserved.values()],
            "told": dict(self.told),
            "minute": {"number": self.minute, "started": self._started},
            "limits": {"platforms": {str(name): limit for name, limit in limits.items()}} | of_org,
        }


def allowance(limits: BudgetLimits, platform: PlatformName, posts: int) -> float:
    """Return what a refresh may spend. Never more than the part of the budget that needs no press."""
    return min(cost_of_posts(platform, posts), limits.planned(platform))


def is_too_large(limits: BudgetLimits, platform: PlatformName, posts: int) -> bool:
    """Return whether a full refresh would take too much of a day's budget."""
    return cost_of_posts(platform, posts) > limits.of(platform) * LARGEST_SHARE


def limits_in(fields: Mapping[str, Any] | None) -> BudgetLimits:
    """Read the limits that the tick wrote."""
    stored = _map(fields or {}, "limits")
    found = {name: value for name in PlatformName if (value := _map(stored, "platforms").get(name)) is not None}
    org = stored.get("org")
    return BudgetLimits(
        platforms={name: _number(value) for name, value in found.items()},
        org_refreshes=_number(org) if org is not None else math.inf,
    )


def _is_over(amount: float, limit: float) -> bool:
    return amount > limit + TOLERANCE


def _day(fields: Mapping[str, Any] | None, now: datetime) -> tuple[date, bool]:
    """Return the day that counts, and whether it is a new one. Another function's clock may be ahead at midnight."""
    today = _date_of(now)
    try:
        stored = date.fromisoformat(str((fields or {}).get("day")))
    except ValueError:
        return today, True
    is_ahead = today < stored <= today + ALLOWED_SKEW
    return (stored, False) if is_ahead or stored == today else (today, True)


def _date_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _reservations(fields: Mapping[str, Any] | None) -> list[Reservation]:
    stored = (fields or {}).get("reserved")
    found = []
    for entry in stored if isinstance(stored, list) else []:
        try:
            platform, since = PlatformName(entry["platform"]), entry["since"]
            one = Reservation(
                entry["job"],
                entry["attempt"],
                platform,
                entry["org"],
                _number(entry["amount"]),
                since,
                _number(entry.get("counted")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if all(isinstance(name, str) and is_document_id(name) for name in (one.job_id, one.org_id)) and (
            type(one.attempt) is int and isinstance(since, datetime)
        ):
            found.append(one)
    return found


def _to_store(one: Reservation) -> Fields:
    return {
        "job": one.job_id,
        "attempt": one.attempt,
        "platform": str(one.platform),
        "org": one.org_id,
        "amount": one.amount,
        "since": one.since,
        "counted": one.counted,
    }


def _minute(fields: Mapping[str, Any]) -> tuple[int, int]:
    stored = _map(fields, "minute")
    number, started = stored.get("number"), stored.get("started")
    return (number, started) if type(number) is int and type(started) is int else (0, 0)


def spent_in(job: Mapping[str, Any]) -> dict[str, float]:
    """Return the job's amounts. Whatever is no amount is passed over."""
    return {name: amount for name, value in _map(job, "spent").items() if (amount := _number(value))}


def _map(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and value >= 0 else 0  # type: ignore[operator, return-value]
