"""The costs of a job on AWS and Firestore: everything billed is counted while one job of each platform runs.

The states run in this process, as the definition leads from one to the next. Firestore is the emulator, S3 is
MiniStack's. The platforms are simulated with a clock of their own, so the Wait states and an Apify run of 30 s take no
time here. The prices are those of `bench/scale/quotas.json`; the platform's own price is apart.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx

from bench import BenchError
from bench.claims import pending_job
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.scale.load import TABLE
from bench.table import Relation, Row, Target
from local import aws, stack
from local.paths import ROOT
from local.simulator import in_process
from local.simulator.server import Simulator
from process import app
from tracking.clock import to_rfc3339
from tracking.executions import MemoryExecutions
from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Platform, Setup
from tracking.settings import Limits
from tracking.staging import Staging
from tracking.staging.s3 import S3Objects
from tracking.store.firestore import FirestoreStore
from tracking.wiring import ProcessDeps, TriggerDeps
from trigger.app import handler as trigger_handler

POSTS = 50
RUN_S = 30
JOBS = 1_000
MOST_USD, MOST_USD_OF_RUNS = 0.35, 0.5  # for platforms that answer at once, and for those that are asked by Apify runs
CALL_S = 0.3  # assumed, of one call to a platform: it is billed, and the simulator answers at once
STATE_GB, TICK_GB = 1.0, 0.5  # MemorySize in template.yaml
LOGS_OF_LAMBDA = 400  # bytes of the lines START, END and REPORT of an invocation
QUEUE_REQUESTS = 3  # of a wake: to send, to receive, to delete

_DEFINITION: dict[str, Any] = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())


class _Clock:
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
        return sum(amount * _price(name) for name, amount in self.used.items())

    def __str__(self) -> str:
        used = self.used
        return (
            f"{used['transition']:.0f} transitions, {used['gbSecond']:.2f} GB-s, {used['invocation']:.0f} invocations, "
            f"{used['firestoreRead']:.0f} reads, {used['firestoreWrite']:.0f} writes, "
            f"S3 {used['s3Put']:.0f} PUT {used['s3Get']:.0f} GET"
        )


def rows(state: stack.State) -> list[Row]:
    return [
        _row(state, name, MOST_USD_OF_RUNS if PLATFORMS[name].credential == "apify" else MOST_USD)
        for name in PlatformName
    ]


def _row(state: stack.State, name: PlatformName, most_usd: float) -> Row:
    _job(state, name)  # warms imports and connections
    bill = _job(state, name)
    return Row(
        f"US dollars for {JOBS:,} jobs of {name.label}, {POSTS} posts, without the platform's own price",
        bill.usd() * JOBS,
        Target(Relation.AT_MOST, most_usd),
        str(bill),
    )


def _price(name: str) -> float:
    usd = TABLE["prices"][name]["usd"]
    return float(usd["regional"] if isinstance(usd, dict) else usd)


def _job(state: stack.State, name: PlatformName) -> Bill:
    """Let one job go through a wake of the trigger and through the state machine. Return what it used."""
    bill, clock, client = Bill(), _Clock(), RecordedClient(RpcRecorder())
    store, executions = FirestoreStore(client), MemoryExecutions()
    trigger = TriggerDeps(store, executions, clock, Limits(running=1, per_credential=1))
    job = pending_job() | {"platform": str(name), "username": f"sim_videos_{POSTS}"}
    before = store.create_job(job)
    with _quiet():
        trigger_handler({}, FakeContext(), trigger)  # type: ignore[arg-type]  # this job holds the only slot
    client.collection("trackingJobs").document(before).update({"status": "cancelled"})
    store.create_job(job)
    client.rpcs.taken()
    (ended,) = executions.started.values()
    body = json.dumps({"detail": {"input": json.dumps(ended), "output": "{}"}})
    with _invocation(bill, TICK_GB):
        trigger_handler({"Records": [{"body": body}]}, FakeContext(), trigger)  # type: ignore[arg-type]
    bill.used["sqsRequest"] += QUEUE_REQUESTS
    (execution, payload) = next((key, job) for key, job in executions.started.items() if job != ended)
    deps = _process(state, client, clock, name, bill)
    _walk(executions.arn(execution), dict(payload), deps, clock, bill)
    bill.used["firestoreRead"] += client.rpcs.reads
    bill.used["firestoreWrite"] += client.rpcs.written
    return bill


def _walk(execution: str, work: dict[str, Any], deps: ProcessDeps, clock: _Clock, bill: Bill) -> None:
    """Go from state to state as the definition says, until one ends the execution."""
    began, name = to_rfc3339(clock.now()), _DEFINITION["StartAt"]
    bill.used["transition"] += 1  # the start
    while True:
        bill.used["transition"] += 1
        state: Mapping[str, Any] = _DEFINITION["States"][name]
        match state["Type"]:
            case "Task":
                event = {
                    "state": name,
                    "execution": execution,
                    "executionStartedAt": began,
                    "retryCount": 0,
                    "job": work,
                }
                with _invocation(bill, STATE_GB):
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


def _process(state: stack.State, client: RecordedClient, clock: _Clock, name: PlatformName, bill: Bill) -> ProcessDeps:
    s3 = aws.client("s3", state.aws())
    counted = _CountedS3(s3, bill)
    simulator = Simulator(RUN_S, "", clock)

    def answer(request: httpx.Request) -> httpx.Response:
        bill.used["gbSecond"] += CALL_S * STATE_GB  # type: ignore[assignment]  # a Counter of fractions
        return in_process.answer(simulator, request)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    setup = Setup(http=http, settings=in_process.SETTINGS, key=lambda: "stand-in", clock=clock)
    platform: Platform = import_module(f"tracking.platforms.{name}").build(setup)
    return ProcessDeps(
        store=FirestoreStore(client),
        staging=Staging(S3Objects(counted, stack.outputs(state)["StagingBucketName"])),  # type: ignore[arg-type]
        platform=lambda _: platform,
        clock=clock,
        max_videos=in_process.SETTINGS.max_videos,
    )


class _CountedS3:
    """S3's client. It counts the calls that are billed; a DELETE is free."""

    def __init__(self, client: Any, bill: Bill) -> None:
        self._client = client
        self._bill = bill

    def put_object(self, **arguments: Any) -> Any:
        self._bill.used["s3Put"] += 1
        return self._client.put_object(**arguments)

    def get_object(self, **arguments: Any) -> Any:
        self._bill.used["s3Get"] += 1
        return self._client.get_object(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@contextlib.contextmanager
def _invocation(bill: Bill, gb: float) -> Iterator[None]:
    """Count an invocation: its request, its time and its log."""
    began = time.perf_counter()
    with _quiet() as log:
        yield
    bill.used["invocation"] += 1
    bill.used["gbSecond"] += (time.perf_counter() - began) * gb  # type: ignore[assignment]
    bill.used["logGb"] += (len(log.getvalue()) + LOGS_OF_LAMBDA) / 1e9  # type: ignore[assignment]


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep what the functions print and log."""
    log = io.StringIO()
    kept = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("process", "trigger")]
    handlers = [logger.handlers for logger in loggers]
    for logger in loggers:
        logger.handlers = [kept]
    try:
        with contextlib.redirect_stdout(log):
            yield log
    finally:
        for logger, before in zip(loggers, handlers, strict=True):
            logger.handlers = before
