"""Many jobs at once on the Firestore emulator: the starts, the time and the reads of a tick."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from bench.rpcs import RecordedClient, RpcRecorder
from tests.doubles import START
from tests.factories import job_document
from tracking.clock import SystemClock
from tracking.executions import MemoryExecutions, StartRefusedError
from tracking.hints import Hints
from tracking.jobs import PlatformName
from tracking.settings import Limits
from tracking.store.firestore import FirestoreStore
from tracking.wiring import TriggerDeps
from trigger.tick import START_RESERVE_S, Tick, run_tick

LAMBDA_S = 30


def fill(client: Client, count: int, **overrides: Any) -> None:
    """Add jobs of organisation a, the oldest first."""

    def write(first: int) -> None:
        batch = client.batch()
        for number in range(first, min(first + 500, count)):
            fields = job_document(**{"orgId": "a", "createdAt": START + timedelta(seconds=number)} | overrides)
            batch.create(client.collection("trackingJobs").document(), fields)
        batch.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(0, count, 500)))


def deps(client: Client, executions: MemoryExecutions, running: int = 50, per_credential: int = 10) -> TriggerDeps:
    limits = Limits(running=running, per_credential=per_credential)
    return TriggerDeps(FirestoreStore(client), executions, SystemClock(), limits, Hints())


def statuses(client: Client) -> Counter[str]:
    return Counter(job.get("status") for job in client.collection("trackingJobs").select(["status"]).stream())


def test_a_thousand_jobs_are_claimed_and_started_within_one_tick(firestore_client: Callable[[], Client]) -> None:
    client, executions = firestore_client(), MemoryExecutions()
    fill(client, 1_000)
    ends_at = time.monotonic() + 55
    began = time.monotonic()
    tick = run_tick(deps(client, executions, 1_000, 1_000), lambda: ends_at - time.monotonic())
    took_s = time.monotonic() - began
    assert len(tick.started) == 1_000
    assert took_s < LAMBDA_S
    assert len({payload["jobId"] for payload in executions.started.values()}) == 1_000
    assert statuses(client) == {"processing": 1_000}


class Throttling(MemoryExecutions):
    """Executions that refuse starts above a rate limit (a token bucket), as Step Functions does."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self._bucket = threading.Lock()

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self._bucket:
            self.tokens -= 1
            if self.tokens < 0:
                raise StartRefusedError("ThrottlingException")
        super().start(name, payload)


def test_throttling_slows_a_thousand_starts_down_and_loses_none(firestore_client: Callable[[], Client]) -> None:
    client, executions = firestore_client(), Throttling(0)
    fill(client, 1_000)
    trigger = deps(client, executions, 1_000, 1_000)
    ticks: list[Tick] = []
    while len(executions.started) < 1_000:
        executions.tokens = 300
        ticks.append(run_tick(trigger))
        assert len(ticks) <= 5
    assert [len(tick.started) for tick in ticks] == [300, 300, 300, 100]
    assert [len(tick.refused) for tick in ticks] == [700, 400, 100, 0]
    assert all(tick.needs_attention is None for tick in ticks)
    assert Counter(payload["jobId"] for payload in executions.started.values()).most_common(1)[0][1] == 1
    documents = [job.to_dict() or {} for job in client.collection("trackingJobs").stream()]
    assert {job["status"] for job in documents} == {"processing"}
    assert {job.get("expiries", 0) for job in documents} == {0}  # a refused start does not count as an expiry


def test_jobs_beyond_the_ticks_time_wait_for_the_next_tick(firestore_client: Callable[[], Client]) -> None:
    client, executions = firestore_client(), MemoryExecutions()
    fill(client, 700)
    trigger = deps(client, executions, 700, 700)
    # Time for a wave of 500 claims and 200 of their starts.
    starts = iter([START_RESERVE_S] * 200)
    lock, has_claimed = threading.Lock(), threading.Event()

    def remaining_s() -> float:
        if not has_claimed.is_set() and not trigger.store.processing_jobs(1):
            return 55
        has_claimed.set()
        with lock:
            return next(starts, START_RESERVE_S - 1)

    tick = run_tick(trigger, remaining_s)
    assert (len(tick.started), len(tick.refused)) == (200, 300)
    assert tick.needs_attention is None
    assert statuses(client) == {"processing": 200, "pending": 500}
    assert len(run_tick(trigger).started) == 500
    assert len(executions.started) == 700


# Fairness


def ticks_reads(
    firestore_client: Callable[[], Client], waiting: int, capsys: pytest.CaptureFixture[str]
) -> list[tuple[int, int]]:
    """Return the calls and reads of each of four ticks, while `waiting` jobs of organisation a wait.

    In each tick a new job of organisation b starts at once.
    """
    client, executions = firestore_client(), MemoryExecutions()
    fill(client, waiting)
    sent = RpcRecorder()
    trigger = deps(RecordedClient(sent, client.project), executions, running=40, per_credential=10)
    reads = []
    for number in range(4):
        client.collection("trackingJobs").document().create(
            job_document(orgId="b", username=f"b{number}", platform=list(PlatformName)[number % 4])
        )
        tick = run_tick(trigger)
        read = sent.reads
        reads.append((len(sent.taken()), read))
        assert f"b{number}" in {payload["username"] for payload in executions.started.values()}
        with capsys.disabled():
            calls, documents = reads[-1]
            print(
                f"\n{waiting:6} waiting, tick {number + 1}: {calls} RPCs, {documents} reads, {len(tick.started)} starts"
            )
        for job in client.collection("trackingJobs").where("status", "==", "processing").stream():
            job.reference.update({"status": "completed"})
    return reads


CONTROL_DOCUMENT = 1
"""A tick that finds waiting jobs reads it."""


@pytest.mark.filterwarnings("ignore:Detected filter using positional arguments")
@pytest.mark.parametrize("waiting", [2_000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_a_ticks_cost_does_not_grow_with_the_jobs_that_wait(
    firestore_client: Callable[[], Client], capsys: pytest.CaptureFixture[str], waiting: int
) -> None:
    few, many = (ticks_reads(firestore_client, number, capsys) for number in (1_000, waiting))
    cold, *warm = many
    for (few_calls, few_reads), (many_calls, many_reads) in zip(few[1:], warm, strict=True):
        assert abs(many_calls - few_calls) <= 1
        assert abs(many_reads - few_reads) <= 1
    assert max(reads for _, reads in warm) < Limits().scan_page_size + CONTROL_DOCUMENT + 40
    # The first tick does not know yet that many jobs wait.
    assert cold[1] < Limits().max_open_jobs + Limits().scan_page_size + CONTROL_DOCUMENT + 40
