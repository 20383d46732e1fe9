"""Cleanup at its points: an old finished job is deleted in the end, and one that is still waiting never is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.chaos.plan import Fault
from tests.chaos.points import EVERY
from tests.chaos.stage import Stage
from tests.chaos.trials import Result
from tests.e2e.running import Project

POINTS = ("cleanup.get_document", "cleanup.finished_jobs", "cleanup.delete_jobs")
MAX_RUNS = 3


def run(stage: Stage) -> Iterator[Result]:
    for point in POINTS:
        for when, how in EVERY:
            yield _clean(stage, Fault(point, when, how))


def _clean(stage: Stage, fault: Fault) -> Result:
    project, long_ago = Project(stage.running), datetime.now(UTC) - timedelta(days=30)
    finished = project.add_job("sim_videos_1", status="completed", completedAt=long_ago)
    live = project.add_job("sim_videos_1", createdAt=long_ago, completedAt=long_ago)
    name, runs = stage.plan.add(fault), 0
    while stage.running.store.get_job(finished) and runs < MAX_RUNS:
        stage.invoke("cleanup", {})
        runs += 1
    checks = {
        "the old job is still there": stage.running.store.get_job(finished) is not None,
        "a live job was deleted": stage.running.store.get_job(live) is None,
        "the fault never happened": not stage.plan.has_fired(name),
    }
    stage.plan.withdraw(name)
    stage.running.client.collection("trackingJobs").document(live).delete()
    return Result(fault.point, str(fault), runs, 0, "deleted", 0, [s for s, is_so in checks.items() if is_so])
