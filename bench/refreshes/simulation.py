"""The refresh tick itself, stepped over days in memory, with every look doubled.

    minute ──> look ──> the doubled tick's look ──> 8 s later, if something was started ──> look ... ──> next minute

`run_refreshes` is what Lambda runs. Only what it talks to is replaced: Firestore by an indexed store, Step Functions by
a list of executions and their ends. An execution takes from 2 to 50 s. The second look of a pair sees what the first
one wrote.
"""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice, takewhile
from typing import Any

from bench.scale.indexed_store import IndexedStore
from bench.scale.simulation import BEGIN, MINUTE, SteppedClock, SteppedExecutions
from tracking.clock import Clock
from tracking.jobs import Fields, PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import Cadence, job_id, next_at, planned_hours
from tracking.settings import Limits
from tracking.store import DocumentWrite, DueAccount, JobSnapshot, StoredDocument
from tracking.wiring import RefreshDeps
from trigger.refresh import LOOKS, PAUSE_S
from trigger.refreshing import run_refreshes

HOUR = timedelta(hours=1)
LATEST = timedelta(minutes=10)
"""An account that falls due so shortly before the end may still wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The accounts, the limits, and the days that are simulated. All platforms have the same number of accounts."""

    accounts: int
    limits: Limits
    days: int = 7
    cadence: Cadence = Cadence.DAILY
    off: timedelta = timedelta(0)  # after half of the days nothing runs for so long
    crowd: int = 0  # accounts that are first due in the same minute


@dataclass(slots=True)
class Found:
    """The starts, by the ids of the refreshes: the account's digest and the minute in which it was due."""

    starts: Counter[str] = field(default_factory=Counter)
    planned: dict[str, datetime] = field(default_factory=dict)
    started_at: dict[str, datetime] = field(default_factory=dict)
    a_minute: Counter[datetime] = field(default_factory=Counter)
    most_running: Counter[str] = field(default_factory=Counter)  # at the same time, by credential
    off_from: datetime = BEGIN
    off_until: datetime = BEGIN
    ended_at: datetime = BEGIN
    looks: int = 0
    took_s: float = 0.0  # of this machine

    @property
    def twice(self) -> list[str]:
        return [refresh for refresh, number in self.starts.items() if number > 1]

    @property
    def missed(self) -> list[str]:
        """Due moments that no refresh was started for."""
        return [
            one for one, due_at in self.planned.items() if due_at < self.ended_at - LATEST and one not in self.starts
        ]

    @property
    def unplanned(self) -> list[str]:
        return [one for one in self.starts if one not in self.planned]

    @property
    def overdue(self) -> dict[str, datetime]:
        """The starts of what was due when the outage ended."""
        return {one: at for one, at in self.started_at.items() if self.planned[one] < self.off_until <= at}

    @property
    def overdue_by_account(self) -> Counter[str]:
        return Counter(one.partition("-")[0] for one in self.overdue)

    @property
    def made_up_in(self) -> timedelta:
        """The time from the end of the outage until nothing was overdue any more."""
        return max(self.overdue.values(), default=self.off_until) - self.off_until

    @property
    def busiest(self) -> float:
        """The most starts of a minute, divided by the mean of its hour.

        Hours with less than a start a minute are left out, and so are the first and the last one.
        """
        hours: Counter[datetime] = Counter()
        for minute, number in self.a_minute.items():
            hours[minute.replace(minute=0)] += number
        whole = {hour for hour, number in hours.items() if number >= 60 and BEGIN + HOUR <= hour < self.ended_at - HOUR}
        return max(
            number / (hours[hour] / 60)
            for minute, number in self.a_minute.items()
            if (hour := minute.replace(minute=0)) in whole
        )


class AccountStore(IndexedStore):
    """A `RefreshStore`: the jobs of IndexedStore, and accounts by the time at which they are due."""

    def __init__(self, clock: Clock, found: Found) -> None:
        super().__init__(clock)
        self._found = found
        self._accounts: dict[str, Fields] = {}
        self._due: list[tuple[datetime, str]] = []
        self._known: set[str] = set()  # ids of all jobs: a job that has ended stays for a day

    def add_account(self, path: str, fields: Fields) -> None:
        self._accounts[path] = fields
        self._put(path)

    def due_accounts(
        self, now: datetime, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[DueAccount]:
        due = takewhile(lambda one: one[0] <= now, self._due)
        wanted = (
            path for at, path in due if self._accounts[path]["platform"] in platforms and (since is None or since <= at)
        )
        return [DueAccount(path, self._accounts[path]) for path in islice(wanted, limit)]

    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        found = {path: self.get_stored(path) for path in paths}
        return {path: stored for path, stored in found.items() if stored}

    def count_due(self, until: datetime, platforms: Collection[PlatformName]) -> int:
        due = takewhile(lambda one: one[0] <= until, self._due)
        return sum(self._accounts[path]["platform"] in platforms for _, path in due)

    def create_jobs(self, jobs: Mapping[str, Fields]) -> dict[str, JobSnapshot | None]:
        return {one: self._create(one, fields) for one, fields in jobs.items()}

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        for write in writes:
            account = self._accounts[write.path]
            del self._due[bisect_left(self._due, (account["nextRefreshAt"], write.path))]
            self._accounts[write.path] = account | write.fields
            self._put(write.path)
        return [True] * len(writes)

    def _put(self, path: str) -> None:
        due_at = self._accounts[path]["nextRefreshAt"]
        insort(self._due, (due_at, path))
        self._found.planned[job_id(path, due_at)] = due_at

    def _create(self, new_id: str, fields: Fields) -> JobSnapshot | None:
        if new_id in self._known:
            return None
        self._known.add(new_id)
        self.add(new_id, fields)
        return self.get_jobs([new_id])[0]


class CountedExecutions(SteppedExecutions):
    """Counts starts, and what runs at the same time."""

    def __init__(self, clock: SteppedClock, found: Found) -> None:
        super().__init__(clock)
        self._found = found
        self._credentials: dict[str, str] = {}  # of what runs

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        super().start(name, payload)
        with self._lock:
            self._found.starts[payload["jobId"]] += 1
            self._found.started_at.setdefault(payload["jobId"], self._clock.now())
            self._credentials[payload["jobId"]] = PLATFORMS[payload["platform"]].credential
            running = Counter(self._credentials.values())
            self._found.most_running |= running

    def ended(self) -> Iterator[tuple[str, int]]:
        for ended_id, attempt in super().ended():
            del self._credentials[ended_id]
            yield ended_id, attempt


def simulate(days: Days) -> Found:
    """Run the ticks of all minutes."""
    began, clock, found = time.perf_counter(), SteppedClock(), Found()
    store = AccountStore(clock, found)
    executions = CountedExecutions(clock, found)
    deps = RefreshDeps(store, executions, clock, days.limits, days.cadence)
    for path, fields in _accounts(days):
        store.add_account(path, fields)
    found.off_from = BEGIN + timedelta(days=days.days) / 2
    found.ended_at = BEGIN + timedelta(days=days.days) + days.off
    found.off_until = found.off_from + days.off
    while clock.now() < found.ended_at:
        minute = clock.now()
        if found.off_from <= minute < found.off_until:
            clock.at = minute = found.off_until
        for _ in range(LOOKS):
            for ended_id, _attempt in executions.ended():
                store.end(ended_id)
            started = _doubled_look(deps)
            found.looks += 2
            found.a_minute[minute] += started
            if not started:
                break
            clock.sleep(PAUSE_S)
        clock.at = minute + MINUTE
    found.took_s = time.perf_counter() - began
    return found


def _doubled_look(deps: RefreshDeps) -> int:
    """Return how many refreshes the two looks started."""
    return sum(len(run_refreshes(deps).started) for _ in range(2))


def _accounts(days: Days) -> Iterator[tuple[str, Fields]]:
    for number, platform in zip(range(days.accounts), cycle(PlatformName), strict=False):
        account_id = f"{platform}_{number}"
        path = f"organizations/org{number % 100}/projects/project1/trackedAccounts/{account_id}"
        fields = {"platform": str(platform), "username": f"name{number}", "accountType": "competitor", "fullAt": BEGIN}
        hours = planned_hours(fields, days.cadence)
        if hours:
            first = BEGIN + 2 * HOUR if number < days.crowd else next_at(path, hours, BEGIN)
            yield path, fields | {"nextRefreshAt": first}
