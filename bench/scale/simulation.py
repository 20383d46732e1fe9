"""The real scheduler, stepped over many jobs in memory by a clock that is moved by hand.

    add the jobs that arrive ──> end executions ──> ticks that these ends wake ──> the minute's tick ──> move the clock

`run_tick` is the function that Lambda runs. Only what it talks to is replaced: Firestore by `IndexedStore`, Step
Functions by a list of executions and their ends. A job's execution takes from 2 to 50 s.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from bench.scale.fairness import Rounds
from bench.scale.indexed_store import IndexedStore
from tracking.executions import MemoryExecutions
from tracking.jobs import Fields, PlatformName, Status
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.settings import Limits
from tracking.wiring import TriggerDeps
from trigger.tick import Tick, run_tick
from trigger.wake_messages import Wake

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SHORTEST_S, LONGEST_S = 2, 50
MEAN_S = (SHORTEST_S + LONGEST_S) / 2
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The jobs and the limits of one simulation.

    One organisation in a hundred writes half of the jobs. Nine jobs in ten wait at the beginning; the others arrive
    while these are started. Each credential gets an equal share.
    """

    jobs: int
    organisations: int
    slots_per_credential: int
    step_s: int  # so often the queue's messages wake ticks
    wakes_a_tick: int  # ends of executions that one tick takes, at most; 0: all wakes are lost
    seed: int = 1

    @property
    def slots(self) -> int:
        return self.slots_per_credential * len(CREDENTIALS)


@dataclass(slots=True)
class Result:
    """The counts of one simulation."""

    scenario: Scenario
    ticks: int = 0
    started: int = 0
    simulated: timedelta = timedelta(0)
    longest_wait: timedelta = timedelta(0)  # of an organisation for its next start with a credential
    rounds: int = 0  # the most that any organisation waited for its next start
    reads: Counter[str] = field(default_factory=Counter)  # documents billed, by call of the store
    requests: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    took_s: float = 0.0  # of this machine

    @property
    def starts_a_minute(self) -> float:
        return self.started / (self.simulated / timedelta(minutes=1))

    @property
    def reads_a_job(self) -> float:
        return self.reads.total() / self.started


class SteppedClock:
    """A clock that stands still until it sleeps."""

    def __init__(self) -> None:
        self.at = BEGIN

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class SteppedExecutions:
    """Executions that end when the clock has reached their time. How long one takes depends on the job's id alone."""

    machine = MemoryExecutions.machine

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: list[tuple[datetime, str, int]] = []

    def arn(self, name: str) -> str:
        return f"{self.machine}:{name}"

    def start(self, name: str, payload: Mapping[str, Any]) -> None:  # noqa: ARG002  as in the protocol
        job_id = payload["jobId"]
        duration = timedelta(seconds=SHORTEST_S + int(job_id[:4], 16) % (LONGEST_S - SHORTEST_S + 1))
        with self._lock:
            heappush(self._running, (self._clock.now() + duration, job_id, payload["attempt"]))

    def outcome(self, name: str) -> Outcome:  # noqa: ARG002  as in the protocol
        return Outcome(status=ExecutionStatus.RUNNING)

    def ended(self) -> Iterator[tuple[str, int]]:
        """Yield and forget the ids and attempts of the jobs whose executions have ended."""
        while self._running and self._running[0][0] <= self._clock.now():
            yield heappop(self._running)[1:]


class _Waits:
    """Fairness by credential, in rounds and in time."""

    def __init__(self) -> None:
        self.longest = timedelta(0)
        self._rounds = {name: Rounds() for name in CREDENTIALS}
        self._jobs: dict[str, tuple[str, str]] = {}  # credential and organisation of each waiting job
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._since: dict[tuple[str, str], datetime] = {}

    @property
    def rounds(self) -> int:
        return max(one.most for one in self._rounds.values())

    def begin(self, job_id: str, fields: Fields, now: datetime) -> None:
        key = credential, org = PLATFORMS[fields["platform"]].credential, fields["orgId"]
        self._jobs[job_id] = key
        self._waiting[key] += 1
        self._since.setdefault(key, now)
        self._rounds[credential].wait(org)

    def end(self, job_id: str, now: datetime) -> None:
        key = credential, org = self._jobs.pop(job_id)
        self.longest = max(self.longest, now - self._since.pop(key))
        self._waiting[key] -= 1
        if self._waiting[key]:
            self._since[key] = now
        self._rounds[credential].start(org)


def simulate(scenario: Scenario) -> Result:
    """Run ticks until every job has been started."""
    began = time.perf_counter()
    clock = SteppedClock()
    store, executions, waits = IndexedStore(clock), SteppedExecutions(clock), _Waits()
    limits = Limits(running=scenario.slots, per_credential=scenario.slots_per_credential)
    deps = TriggerDeps(store, executions, clock, limits)
    result = Result(scenario)
    arrivals = iter(_arrivals(scenario))
    following = next(arrivals, None)
    next_minute = BEGIN
    while result.started < scenario.jobs:
        while following is not None and following[0] <= clock.now():
            _, job_id, fields = following
            store.add(job_id, fields)
            waits.begin(job_id, fields, clock.now())
            following = next(arrivals, None)
        is_minute = clock.now() >= next_minute
        ended = [*executions.ended()]
        for job_id, _ in ended:
            store.end(job_id)
        for tick in _ticks(deps, ended, scenario.wakes_a_tick, is_minute=is_minute):
            for one in tick.started:
                waits.end(one.job_id, clock.now())
            result.ticks += 1
            result.started += len(tick.started)
        if is_minute:
            next_minute += MINUTE
        clock.sleep(scenario.step_s)
    result.simulated = clock.now() - BEGIN
    result.rounds, result.longest_wait = waits.rounds, waits.longest
    result.reads, result.requests, result.writes = store.reads, store.requests, store.writes
    result.took_s = time.perf_counter() - began
    return result


def _ticks(
    deps: TriggerDeps, ended: Sequence[tuple[str, int]], wakes_a_tick: int, *, is_minute: bool
) -> Iterator[Tick]:
    """Run the ticks of one moment. `ended`: ids and attempts of the jobs whose executions have just ended."""
    for first in range(0, len(ended) if wakes_a_tick else 0, wakes_a_tick or 1):
        yield run_tick(deps, wake=Wake(frozenset(ended[first : first + wakes_a_tick])))
    if is_minute:
        yield run_tick(deps)


def _arrivals(scenario: Scenario) -> Iterator[tuple[datetime, str, Fields]]:
    """Yield the time at which each job is written, its id and its fields, in the order of the times."""
    rng = random.Random(scenario.seed)  # noqa: S311  no secret: each run must be the same
    orgs = [f"org{number:06d}" for number in range(scenario.organisations)]
    rng.shuffle(orgs)
    large = orgs[: max(1, len(orgs) // 100)]
    at_first = scenario.jobs * 9 // 10
    a_slot_s = MEAN_S + scenario.step_s / 2
    last_s = scenario.jobs / scenario.slots * a_slot_s
    of_credential = {
        name: [platform for platform in PlatformName if PLATFORMS[platform].credential == name] for name in CREDENTIALS
    }
    for number in range(scenario.jobs):
        late_s = 0.0 if number < at_first else (number - at_first) / (scenario.jobs - at_first) * last_s
        at = BEGIN + timedelta(seconds=late_s)
        platform = rng.choice(of_credential[rng.choice([*of_credential])])
        org = rng.choice(large if rng.random() < 0.5 else orgs)
        age_s = rng.random() * 3_600 if number < at_first else 0.0
        priority = 1 if rng.random() < 0.01 else 0
        yield at, f"{rng.getrandbits(80):020x}", _fields(org, platform, at - timedelta(seconds=age_s), priority)


def _fields(org: str, platform: PlatformName, created_at: datetime, priority: int) -> Fields:
    return {
        "orgId": org,
        "projectId": "project1",
        "userId": "user1",
        "username": "nasa",
        "platform": str(platform),
        "accountType": "competitor",
        "status": str(Status.PENDING),
        "progress": 0,
        "message": "Waiting to start.",
        "createdAt": created_at,
        "retryCount": 0,
        "priority": priority,
    }
