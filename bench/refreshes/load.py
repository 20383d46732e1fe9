"""Arithmetic of the refreshes of many accounts of one platform: a month's amounts and dollars, and the limits.

    counted refresh x refreshes a month  +  looks of the refresh tick x 43,200 minutes

All amounts of a refresh and of a look are counted (`counted`). The looks follow from the number of refreshes: accounts
are spread over the interval by a digest, so the next start is as far away as chance wants.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import yaml

from bench.bill import TICK_GB, Bill, price
from bench.refreshes.counted import Counted
from bench.scale.load import TABLE
from local.paths import ROOT
from tracking.jobs import AccountType, PlatformName
from tracking.prices import estimated_usd
from tracking.refreshes import FULL_AFTER, Cadence, Mode, hours_of
from tracking.settings import Limits
from trigger.refresh import LOOKS, PAUSE_S
from trigger.slots import Slots

MONTH_DAYS, DAY_MINUTES, DAY_HOURS = 30, 1_440, 24
MINUTE_S = 60
MORE_LIMITS = range(1, 2_000)
"""MaxRunningPerCredential, as it may be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The accounts of one platform, all with the same cadence."""

    platform: PlatformName
    accounts: int
    cadence: Cadence
    account_type: AccountType
    changed: float  # videos of an account whose document a refresh changes
    limits: Limits
    counted: Mapping[Mode, Counted]

    @property
    def hours(self) -> int:
        hours = hours_of(self.cadence, self.account_type, self.platform, posts_of_week=0, has_new=False)
        if hours is None:
            raise ValueError("Accounts that are never refreshed take nothing.")
        return hours

    @property
    def a_day(self) -> float:
        return self.accounts * DAY_HOURS / self.hours

    @property
    def a_minute(self) -> float:
        return self.a_day / DAY_MINUTES

    @property
    def a_month(self) -> float:
        return self.a_day * MONTH_DAYS

    @property
    def share_of_full(self) -> float:
        return min(1, self.hours / (FULL_AFTER[self.account_type].total_seconds() / 3_600))

    def mean(self, amount: Callable[[Counted], float]) -> float:
        """Return the average of an amount over the refreshes of both modes."""
        full, incremental = (amount(self.counted[mode]) for mode in (Mode.FULL, Mode.INCREMENTAL))
        return full * self.share_of_full + incremental * (1 - self.share_of_full)

    @property
    def lasts_s(self) -> float:
        """The time of a refresh: what it waits, and what Lambda bills for its states, of 1 GB each."""
        return self.mean(lambda one: one.waited_s + one.states.used["gbSecond"])

    @property
    def running(self) -> float:
        return self.a_minute / MINUTE_S * self.lasts_s

    @property
    def slots(self) -> int:
        """The refreshes of this platform that may run at the same time while no user's job does."""
        return slots_of(self.platform, self.limits)

    @property
    def starts_a_minute(self) -> float:
        """The most starts: each slot is filled again by the first look after its refresh has ended."""
        looks_between = math.ceil(self.lasts_s / PAUSE_S)
        return self.slots * math.ceil(LOOKS / looks_between)

    @property
    def slot_accounts(self) -> float:
        """The accounts of this cadence that the starts are enough for."""
        return self.starts_a_minute * self.hours * MINUTE_S

    @property
    def limit_needed(self) -> int | None:
        """The smallest MaxRunningPerCredential that allows it, if MaxRunningJobs allows as many."""
        a_slot = self.starts_a_minute / self.slots
        limits = (Limits(running=max(self.limits.running, number), per_credential=number) for number in MORE_LIMITS)
        fitting = (one for one in limits if slots_of(self.platform, one) * a_slot >= self.a_minute)
        return next((one.per_credential for one in fitting), None)

    @property
    def looks_a_minute(self) -> float:
        """The looks of a minute: each after the first one comes only if the one before has found some account."""
        a_second = min(self.a_minute, self.starts_a_minute) / MINUTE_S
        # The first one finds what fell due since the last one of the minute before.
        first = _finds_some(a_second * (MINUTE_S - (LOOKS - 1) * PAUSE_S))
        further = _finds_some(a_second * PAUSE_S)
        return 1 + first * sum(further**number for number in range(LOOKS - 1))

    @property
    def looks_a_month(self) -> float:
        return self.looks_a_minute * DAY_MINUTES * MONTH_DAYS


def slots_of(platform: PlatformName, limits: Limits) -> int:
    """Return how many refreshes of one platform may run at the same time."""
    slots = Slots(limits, Counter(), {}, datetime.now(UTC))
    slots.leave_to_users(limits, Counter())
    return slots.of(platform)


def amounts(load: Load) -> dict[str, float]:
    """Return what a month takes."""
    refreshes, looks = load.a_month, load.looks_a_month
    all_of = _used(load)
    return {
        "refreshes": refreshes,
        "due queries": looks,
        "documents read": all_of["firestoreRead"],
        "documents written": all_of["firestoreWrite"],
        "executions": refreshes,
        "transitions": all_of["transition"],
        "Lambda GB-s": all_of["gbSecond"],
    }


def dollars(load: Load) -> dict[str, float]:
    """Return the dollars of a month by part, by list prices and without free amounts."""
    used, refreshes = _used(load), load.a_month
    changed = refreshes * load.changed
    states = refreshes * load.mean(lambda one: _usd_of_lambda(one.states))

    def usd(*names: str) -> float:
        return sum(used[name] * price(name) for name in names)

    return {
        "Firestore, changed videos": changed * price("firestoreWrite"),
        "Firestore, all other writes": usd("firestoreWrite") - changed * price("firestoreWrite"),
        "Firestore, reads and deletes": usd("firestoreRead", "firestoreDelete"),
        "Step Functions": usd("transition"),
        "Lambda, states": states,
        "Lambda, ticks": usd("gbSecond", "invocation") - states,
        "S3, SQS, logs, data out": usd("s3Put", "s3Get", "sqsRequest", "logGb", "gbOut"),
        "the platform": refreshes * load.mean(lambda one: estimated_usd(load.platform, one.spent)),
    }


def quota_accounts(load: Load) -> float:
    """Return the accounts that the platform's quota allows with one key; infinity if none is known."""
    limit = {name: entry["limit"] for name, entry in TABLE["platforms"].items()}

    def spent(name: str) -> float:
        return load.mean(partial(_spent, name)) * DAY_HOURS / load.hours  # by an account a day

    match load.platform:
        case PlatformName.YOUTUBE:
            return float(limit["youtubeUnits"] / spent("units"))
        case PlatformName.TWITTER:
            return float(limit["xPosts"] / MONTH_DAYS / spent("posts"))
    return math.inf


def spent_a_day(load: Load) -> dict[str, float]:
    """Return what a day spends at the platform, by resource."""
    names = {name for one in load.counted.values() for name in one.spent}
    return {name: load.a_day * load.mean(partial(_spent, name)) for name in sorted(names)}


def running_jobs(places: int) -> int:
    """Return MaxRunningJobs as the template derives it from LambdaPlaces."""
    return int(_template()["Mappings"]["Places"][str(places)]["RunningJobs"])


def _spent(name: str, one: Counted) -> float:
    return one.spent.get(name, 0)


@cache
def _template() -> dict[str, Any]:
    """Return template.yaml. What its short forms such as `!Ref` stand for is left out."""
    parsed: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a safe loader
    return parsed


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_multi_constructor("!", lambda *_: None)


def _used(load: Load) -> dict[str, float]:
    """Return the amounts of a month by the names of the price table."""
    refreshes, looks = load.a_month, load.looks_a_month
    bills = [bill for one in load.counted.values() for bill in (one.look, one.states, one.wake)]
    names = {*TABLE["prices"], *(name for bill in bills for name in bill.used)}

    def used_by(name: str) -> float:
        a_refresh = load.mean(lambda one: one.used(name) - one.idle_look.used[name])
        return refreshes * a_refresh + looks * load.mean(lambda one: one.idle_look.used[name])

    used = {name: used_by(name) for name in names}
    minutes = MONTH_DAYS * DAY_MINUTES
    used["invocation"] -= looks - minutes  # all looks of a minute are one invocation,
    used["gbSecond"] += (looks - minutes) * PAUSE_S * TICK_GB  # which sleeps between them
    used["firestoreRead"] += refreshes + looks * load.running  # a look reads what is due, and what runs
    used["firestoreWrite"] -= max(0, refreshes - looks)  # it writes the control document once for all its starts
    used["firestoreWrite"] += refreshes * load.changed
    used["firestoreDelete"] += refreshes  # by the TTL policy
    return used


def _usd_of_lambda(bill: Bill) -> float:
    return bill.used["gbSecond"] * price("gbSecond") + bill.used["invocation"] * price("invocation")


def _finds_some(expected: float) -> float:
    """Return the probability that at least one account falls due where so many are expected."""
    return 1 - math.exp(-expected)
