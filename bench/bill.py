"""The bill of work that runs in this process: everything that AWS and Google charge for is counted.

The states run as the definition leads from one to the next. Firestore is the emulator. The platforms are simulated with
a clock of their own, so the Wait states and an Apify run of 30 s take no time here. The prices are those of
`bench/scale/quotas.json`; the platform's own price is apart.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx

from bench import BenchError
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient
from bench.scale.load import TABLE
from local.paths import ROOT
from local.simulator import in_process
from local.simulator.server import Simulator
from process import app
from tracking.clock import to_rfc3339
from tracking.jobs import PlatformName
from tracking.platforms import Platform, Setup
from tracking.staging import ObjectStore, Staging
from tracking.store.firestore import FirestoreStore
from tracking.wiring import ProcessDeps

RUN_S = 30
CALL_S = 0.3  # assumed, of one call to a platform: it is billed, and the simulator answers at once
STATE_GB, TICK_GB = 1.0, 0.5  # MemorySize in template.yaml
LOGS_OF_LAMBDA = 400  # bytes of the lines START, END and REPORT of an invocation
QUEUE_REQUESTS = 3  # of a wake: to send, to receive, to delete

DEFINITION: dict[str, Any] = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())


class FutureClock:
    """The time of this machine, and ahead of it what was slept."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass(slots=True)
class Bill:
    """The amounts that one job used, by the names of the price table."""

    used: Counter[str] = field(default_factory=Counter)

    def usd(self) -> float:
        return sum(amount * price(name) for name, amount in self.used.items())

    def __str__(self) -> str:
        used = self.used
        return (
            f"{used['transition']:.0f} transitions, {used['gbSecond']:.2f} GB-s, {used['invocation']:.0f} invocations, "
            f"{used['firestoreRead']:.0f} reads, {used['firestoreWrite']:.0f} writes, "
            f"S3 {used['s3Put']:.0f} PUT {used['s3Get']:.0f} GET"
        )


def price(name: str) -> float:
    """Return a list price of `bench/scale/quotas.json`, of the regional database."""
    usd = TABLE["prices"][name]["usd"]
    return float(usd["regional"] if isinstance(usd, dict) else usd)


def walk(execution: str, work: dict[str, Any], deps: ProcessDeps, clock: FutureClock, bill: Bill) -> None:
    """Go from state to state as the definition says, until one ends the execution."""
    began, name = to_rfc3339(clock.now()), DEFINITION["StartAt"]
    bill.used["transition"] += 1  # the start
    while True:
        bill.used["transition"] += 1
        state: Mapping[str, Any] = DEFINITION["States"][name]
        match state["Type"]:
            case "Task":
                event = {
                    "state": name,
                    "execution": execution,
                    "executionStartedAt": began,
                    "retryCount": 0,
                    "job": work,
                }
                with invocation(bill, STATE_GB):
                    work = app.handler(event, FakeContext(), deps)  # type: ignore[arg-type]
                name = state["Next"]
            case "Wait":
                clock.sleep(work["waitS"])
                name = state["Next"]
            case "Choice":
                chosen = (one["Next"] for one in state["Choices"] if work.get("then") == one["StringEquals"])
                name = next(chosen, state["Default"])
            case "Succeed" if name == "Done":
                return
            case other:
                raise BenchError(f"The job ended in {name} ({other}).")


def process_deps(
    client: RecordedClient, objects: ObjectStore, clock: FutureClock, name: PlatformName, bill: Bill
) -> ProcessDeps:
    """Return the collaborators of the states: the simulated platform, and a count of what is billed."""
    simulator = Simulator(RUN_S, "", clock)

    def answer(request: httpx.Request) -> httpx.Response:
        bill.used["gbSecond"] += CALL_S * STATE_GB  # type: ignore[assignment]  # a Counter of fractions
        return in_process.answer(simulator, request)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    setup = Setup(http=http, settings=in_process.SETTINGS, key=lambda: "stand-in", clock=clock)
    platform: Platform = import_module(f"tracking.platforms.{name}").build(setup)
    return ProcessDeps(
        store=FirestoreStore(client),
        staging=Staging(_CountedObjects(objects, bill)),
        platform=lambda _: platform,
        clock=clock,
        max_videos=in_process.SETTINGS.max_videos,
    )


class _CountedObjects:
    """Counts the calls of S3 that are billed; a DELETE is free."""

    def __init__(self, objects: ObjectStore, bill: Bill) -> None:
        self._objects = objects
        self._bill = bill

    def put(self, key: str, body: bytes) -> bool:
        self._bill.used["s3Put"] += 1
        return self._objects.put(key, body)

    def get(self, key: str) -> bytes:
        self._bill.used["s3Get"] += 1
        return self._objects.get(key)

    def delete(self, keys: Sequence[str]) -> None:
        self._objects.delete(keys)


@contextlib.contextmanager
def invocation(bill: Bill, gb: float) -> Iterator[None]:
    """Count an invocation: its request, its time and its log."""
    began = time.perf_counter()
    with quiet() as log:
        yield
    bill.used["invocation"] += 1
    bill.used["gbSecond"] += (time.perf_counter() - began) * gb  # type: ignore[assignment]
    bill.used["logGb"] += (len(log.getvalue()) + LOGS_OF_LAMBDA) / 1e9  # type: ignore[assignment]


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Keep what the functions print and log."""
    log = io.StringIO()
    kept = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("process", "trigger", "notify", "mail")]
    handlers = [logger.handlers for logger in loggers]
    for logger in loggers:
        logger.handlers = [kept]
    try:
        with contextlib.redirect_stdout(log):
            yield log
    finally:
        for logger, before in zip(loggers, handlers, strict=True):
            logger.handlers = before
