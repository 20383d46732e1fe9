"""Faults of the cleanup: it still deletes an old finished job, and it never deletes a job that waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.chaos.chaos_harness import ChaosHarness
from tests.chaos.plan import Fault
from tests.chaos.points import EVERY
from tests.chaos.trials import Result
from tests.e2e.running import Project

POINTS = ("cleanup.get_document", "cleanup.finished_jobs", "cleanup.delete_jobs")
MAX_RUNS = 3


def run(harness: ChaosHarness) -> Iterator[Result]:
    for point in POINTS:
        for when, how in EVERY:
            yield _clean(harness, Fault(point, when, how))


def _clean(harness: ChaosHarness, fault: Fault) -> Result:
    project, long_ago = Project(harness.running), datetime.now(UTC) - timedelta(days=30)
    finished = project.add_job("sim_videos_1", status="completed", completedAt=long_ago)
    live = project.add_job("sim_videos_1", createdAt=long_ago, completedAt=long_ago)
    name, runs = harness.plan.add(fault), 0
    while harness.running.store.get_job(finished) and runs < MAX_RUNS:
        harness.invoke("cleanup", {})
        runs += 1
    checks = {
        "the old job is still there": harness.running.store.get_job(finished) is not None,
        "a live job was deleted": harness.running.store.get_job(live) is None,
        "the fault never happened": not harness.plan.has_fired(name),
    }
    harness.plan.withdraw(name)
    harness.running.client.collection("trackingJobs").document(live).delete()
    return Result(fault.point, str(fault), runs, 0, "deleted", 0, [s for s, is_so in checks.items() if is_so])
