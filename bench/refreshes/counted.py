"""One refresh of each mode, counted on Firestore's emulator.

    a user's job ──> a refresh each day, the platform's answers unchanged ──> the last one of each mode counts

For a week each day changes the growth that the documents of videos hold. After that nothing changes any more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bench import BenchError
from bench.bill import QUEUE_REQUESTS, TICK_GB, Bill, FutureClock, invocation, process_deps, quiet, walk
from bench.claims import pending_job
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from tracking.executions import MemoryExecutions
from tracking.jobs import AccountType, PlatformName
from tracking.pauses import CONTROL_DOCUMENT
from tracking.refreshes import Cadence, Mode
from tracking.settings import Limits
from tracking.staging.memory import MemoryObjects
from tracking.store import REFRESHES
from tracking.store.firestore import FirestoreStore
from tracking.wiring import RefreshDeps, TriggerDeps
from trigger.app import handler as trigger_handler
from trigger.refreshing import run_refreshes

DAYS = 15
"""Two full refreshes of a `my` account. The second one is a week after the last change."""
VIDEOS = 500
MOST_WRITES = 6
MANY = 1_000
_CONTROL = CONTROL_DOCUMENT.partition("/")[0]


@dataclass(slots=True)
class Counted:
    """The work for one refresh. The control document's writes are apart: a look writes once for all that it starts."""

    look: Bill = field(default_factory=Bill)  # the look that starts it
    states: Bill = field(default_factory=Bill)
    wake: Bill = field(default_factory=Bill)  # the tick that its end wakes
    idle_look: Bill = field(default_factory=Bill)  # a look that finds nothing
    written: Counter[str] = field(default_factory=Counter)  # documents, by collection
    rpcs: list[str] = field(default_factory=list)  # of look and states
    spent: Mapping[str, float] = field(default_factory=dict)  # at the platform
    waited_s: float = 0  # for the platform, in Wait states

    @property
    def writes(self) -> int:
        return self.written.total() - self.written[_CONTROL]

    @property
    def reads(self) -> int:
        return self.look.used["firestoreRead"] + self.states.used["firestoreRead"]

    def used(self, name: str) -> float:
        """Return an amount of look, states and wake together, by its name in the price table."""
        return sum(bill.used[name] for bill in (self.look, self.states, self.wake))

    def usd_of_database(self) -> float:
        used = {"firestoreRead": self.reads, "firestoreWrite": self.writes}
        return Bill(Counter(used)).usd()


def rows() -> list[Row]:
    found = count(PlatformName.YOUTUBE, VIDEOS)
    return [_row(mode, found[mode]) for mode in Mode]


def _row(mode: Mode, one: Counted) -> Row:
    calls = " ".join(f"{number} {name}" for name, number in Counter(one.rpcs).items())
    return Row(
        f"Firestore writes of a refresh ({mode}) of an unchanged account of {VIDEOS} videos",
        one.writes,
        Target(Relation.AT_MOST, MOST_WRITES, "writes"),
        f"${one.usd_of_database() * MANY:.4f} for {MANY:,}: {one.reads} reads, {len(one.rpcs)} RPCs ({calls}); "
        f"{one.written[_CONTROL]} write of the control document by each look that starts some",
    )


def count(name: PlatformName, posts: int) -> dict[Mode, Counted]:
    """Return the last refresh of each mode of an account with this number of posts, which do not change."""
    world = _World(name, posts)
    world.track()
    return dict(world.refresh() for _ in range(DAYS))  # a later one of a mode replaces the one before


class _World:
    """A new database, the functions that work on it, and a simulated platform."""

    def __init__(self, name: PlatformName, posts: int) -> None:
        self._name, self._posts = name, posts
        self._client, self._clock = RecordedClient(RpcRecorder()), FutureClock()
        self._objects, self._executions = MemoryObjects(), MemoryExecutions()
        limits = Limits()
        self._users = TriggerDeps(FirestoreStore(self._client), self._executions, self._clock, limits)
        self._store = FirestoreStore(self._client, queue=REFRESHES)
        self._refreshes = RefreshDeps(self._store, self._executions, self._clock, limits, Cadence.DAILY)

    def track(self) -> None:
        """Run a user's job, which writes the account's documents."""
        job = pending_job() | {"platform": str(self._name), "username": f"sim_videos_{self._posts}"}
        job["accountType"] = str(AccountType.MY)
        self._users.store.create_job(job)  # type: ignore[attr-defined]
        with quiet():
            trigger_handler({}, FakeContext(), self._users)  # type: ignore[arg-type]
        self._run(*self._new(set()), Bill())

    def refresh(self) -> tuple[Mode, Counted]:
        """Wait until the account is due, and refresh it."""
        counted, known = Counted(), set(self._executions.started)
        self._clock.sleep((self._due_at() - self._clock.now()).total_seconds() + 1)
        self._client.rpcs.taken()
        with invocation(counted.look, TICK_GB):
            run_refreshes(self._refreshes)
        self._count(counted.look, counted)
        execution, payload = self._new(known)
        began = self._clock.now()
        self._run(execution, payload, counted.states)
        self._count(counted.states, counted)
        counted.waited_s = (self._clock.now() - began).total_seconds()
        counted.spent = self._client.document(f"{REFRESHES}/{payload['jobId']}").get().get("spent")
        self._client.rpcs.taken()
        body = json.dumps({"detail": {"input": json.dumps(payload), "output": "{}"}})
        with invocation(counted.wake, TICK_GB):
            trigger_handler({"Records": [{"body": body}]}, FakeContext(), self._users)  # type: ignore[arg-type]
        counted.wake.used["sqsRequest"] += QUEUE_REQUESTS
        self._count(counted.wake)
        with invocation(counted.idle_look, TICK_GB):
            run_refreshes(self._refreshes)
        self._count(counted.idle_look)
        return Mode(payload["refresh"]["mode"]), counted

    def _run(self, execution: str, payload: dict[str, Any], bill: Bill) -> None:
        states = process_deps(self._client, self._objects, self._clock, self._name, bill)
        states = replace(states, refreshes=self._store, default_cadence=Cadence.DAILY)
        walk(self._executions.arn(execution), payload, states, self._clock, bill)

    def _new(self, known: set[str]) -> tuple[str, dict[str, Any]]:
        new = [(name, dict(payload)) for name, payload in self._executions.started.items() if name not in known]
        if len(new) != 1:
            raise BenchError(f"{len(new)} executions were started in place of one.")
        return new[0]

    def _due_at(self) -> datetime:
        (account,) = self._client.collection_group("trackedAccounts").stream()
        due_at: datetime = account.get("nextRefreshAt")
        return due_at

    def _count(self, bill: Bill, counted: Counted | None = None) -> None:
        """Add what Firestore was asked since the last count: to the bill, and to the refresh if it is a part of it."""
        rpcs = self._client.rpcs
        bill.used["firestoreRead"] += rpcs.reads
        bill.used["firestoreWrite"] += rpcs.written
        bill.used["gbOut"] += sum(_bytes(request) for _, request in rpcs.calls) / 1e9  # type: ignore[assignment]
        if counted is not None:
            counted.rpcs += rpcs.names
            counted.written.update(_collection(write) for _, asked in rpcs.calls for write in _writes(asked))
        rpcs.taken()


def _bytes(request: Any) -> int:
    return int(type(request).pb(request).ByteSize())


def _writes(request: Any) -> list[Any]:
    return list(getattr(request, "writes", ()))


def _collection(write: Any) -> str:
    """Return the name of the collection whose document is written: projects/P/databases/D/documents/.../{this}/{id}."""
    name: str = write.update.name or write.delete or write.transform.document
    return name.split("/")[-2]
