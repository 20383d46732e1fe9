"""Races of kicks and ticks: threads on the Firestore emulator, with more ticks at a time than the queue allows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from bench.lambda_context import FakeContext
from tests.races import LIMITS, CountedExecutions, fill
from tracking.clock import SystemClock
from tracking.kick_auth import Callers
from tracking.kick_wiring import KickDeps
from tracking.store.firestore import FirestoreStore
from tracking.wiring import TriggerDeps
from trigger import app, kick

JOBS = 100


class Queue:
    """The queue of wakes. Each message starts a tick at once, in a thread."""

    def __init__(self, tick: Callable[[dict[str, Any]], Any]) -> None:
        self._tick = tick
        self._threads = ThreadPoolExecutor(8)
        self._running: list[Future[Any]] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "https://wakes"
        self._running.append(self._threads.submit(self._tick, {"Records": [{"body": MessageBody}]}))

    def results(self) -> list[Any]:
        self._threads.shutdown()
        return [running.result() for running in self._running]


# The threads share one set of metrics, so one may publish another's. A Lambda environment runs one event at a time.
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_simultaneous_kicks_and_ticks_start_each_job_once(
    firestore_client: Callable[[], Client],
) -> None:
    fill(firestore_client(), JOBS)
    executions = CountedExecutions()
    stores = [FirestoreStore(firestore_client()) for _ in range(4)]

    def tick(event: dict[str, Any], number: int = 0) -> Any:
        deps = TriggerDeps(stores[number], executions, SystemClock(), LIMITS)
        return app.handler(event, FakeContext(55), deps)  # type: ignore[arg-type]

    queue = Queue(tick)
    deps = KickDeps(Callers(None, lambda _refused: "the-secret"), queue, "https://wakes")

    def press(_number: int) -> int:
        event = {"headers": {"x-trigger-secret": "the-secret"}}
        return int(kick.handler(event, FakeContext(), deps)["statusCode"])  # type: ignore[arg-type]

    with ThreadPoolExecutor(6) as pool:
        ticks = [pool.submit(tick, {}, number) for number in (1, 2, 3)]
        assert list(pool.map(press, range(3))) == [202] * 3
    started = [done["started"] for done in (*queue.results(), *(tick.result() for tick in ticks))]
    assert len(started) == 6
    assert sum(started) == JOBS
    assert executions.starts == {f"job{number:03}": 1 for number in range(JOBS)}
