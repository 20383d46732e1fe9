"""Races of triggers: threads and processes on the Firestore emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.firestore_v1 import Client

from local.paths import ROOT
from tests.races import LIMITS, CountedExecutions, fill
from tracking.clock import SystemClock
from tracking.executions import MemoryExecutions
from tracking.jobs import LEASE
from tracking.store import JobFilter, JobSnapshot
from tracking.store.firestore import FirestoreStore
from tracking.wiring import TriggerDeps
from trigger.tick import Tick, run_tick

JOBS = 200


class SimultaneousStore(FirestoreStore):
    """A store that waits, after its first reading, until every other trigger has read the same jobs."""

    def __init__(self, client: Client, everybody: threading.Barrier) -> None:
        super().__init__(client)
        self._everybody = everybody
        self.readings = 0

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        jobs = super().open_jobs(limit)
        self.readings += 1
        if self.readings == 1:
            self._everybody.wait(timeout=30)
        return jobs


def race(stores: list[FirestoreStore], executions: MemoryExecutions) -> list[Tick]:
    def tick(store: FirestoreStore) -> Tick:
        return run_tick(TriggerDeps(store, executions, SystemClock(), LIMITS))

    with ThreadPoolExecutor(len(stores)) as pool:
        return list(pool.map(tick, stores))


@pytest.mark.parametrize("round_", [0, *(pytest.param(number, marks=pytest.mark.nightly) for number in (1, 2))])
@pytest.mark.parametrize("triggers", [2, 4])
def test_triggers_at_the_same_moment_start_each_job_exactly_once(
    firestore_client: Callable[[], Client], triggers: int, round_: int
) -> None:
    client = firestore_client()
    fill(client, JOBS)
    everybody = threading.Barrier(triggers)
    stores: list[FirestoreStore] = [SimultaneousStore(firestore_client(), everybody) for _ in range(triggers)]
    executions = CountedExecutions()
    ticks = race(stores, executions)
    assert executions.starts == {f"job{number:03}": 1 for number in range(JOBS)}
    assert sum(len(tick.started) for tick in ticks) == JOBS
    # Only one could write the control document. The others began again, and found no job without a slot.
    assert sum(tick.lost for tick in ticks) == 0
    assert sorted(len(tick.started) for tick in ticks) == [0] * (triggers - 1) + [JOBS]
    assert sorted(store.readings for store in stores if isinstance(store, SimultaneousStore))[:2] == [1, 2]
    snapshots = {snapshot.job_id: snapshot for snapshot in stores[0].list_jobs(JobFilter(), JOBS)}
    assert {(s.data["status"], s.data["attempt"]) for s in snapshots.values()} == {("processing", 1)}
    for payload in executions.started.values():
        assert payload["version"] == snapshots[payload["jobId"]].version


def test_a_job_cancelled_while_triggers_race_is_never_started(firestore_client: Callable[[], Client]) -> None:
    client = firestore_client()
    fill(client, 20)
    everybody = threading.Barrier(3)
    stores: list[FirestoreStore] = [SimultaneousStore(firestore_client(), everybody) for _ in range(2)]
    executions = CountedExecutions()

    def cancel() -> None:
        everybody.wait(timeout=30)
        for number in range(10):
            client.collection("trackingJobs").document(f"job{number:03}").update({"status": "cancelled"})

    user = threading.Thread(target=cancel)
    user.start()
    race(stores, executions)
    user.join()
    for number in range(10):
        snapshot = stores[0].get_job(f"job{number:03}")
        assert snapshot is not None
        assert snapshot.data["status"] == "cancelled"
        # Cancelled before its claim, a job never starts. Cancelled after its claim, it starts once, and the fence
        # stops it.
        assert executions.starts[snapshot.job_id] == snapshot.data.get("attempt", 0)
    assert all(executions.starts[f"job{number:03}"] == 1 for number in range(10, 20))


KILLED = """
import os, signal, sys
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import Client
from tracking.clock import SystemClock
from tracking.executions import MemoryExecutions
from tracking.store.firestore import FirestoreStore
from tracking.settings import Limits
from tracking.wiring import TriggerDeps
from trigger.tick import run_tick

class Killed(MemoryExecutions):
    def start(self, name, payload):
        os.kill(os.getpid(), signal.SIGKILL)

client = Client(project=sys.argv[1], credentials=AnonymousCredentials())
run_tick(TriggerDeps(FirestoreStore(client), Killed(), SystemClock(), Limits(running=500, per_credential=500)))
"""


def test_trigger_killed_before_start_leaves_a_valid_claim(
    firestore_client: Callable[[], Client],
) -> None:
    """A later tick finds the attempt, the execution's name and the lease in the claim."""
    client = firestore_client()
    fill(client, 5)
    began = datetime.now(UTC)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, client.project], env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    executions = MemoryExecutions()
    tick = run_tick(TriggerDeps(FirestoreStore(client), executions, SystemClock(), LIMITS))
    assert tick.started == []
    for document in client.collection("trackingJobs").stream():
        left = document.to_dict()
        assert left is not None
        assert (left["status"], left["attempt"], left["progress"]) == ("processing", 1, 0)
        assert left["executionArn"].startswith(executions.arn(f"instagram-NASA-{document.id}-1-"))
        assert began - timedelta(seconds=1) < left["startedAt"] < datetime.now(UTC)
        assert left["leaseUntil"] == left["startedAt"] + LEASE
