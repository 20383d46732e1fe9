"""News: each job of the deployed stack that ends has exactly one event, whoever ended it."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.running import Project, RunningStack


def test_each_job_that_ends_has_one_event(running: RunningStack, project: Project) -> None:
    """A state completes the first job, FailJob fails the second one, and the tick refuses the third and the fourth."""
    jobs = {
        project.add_job("sim_videos_1"): ("tracking.job.completed", None),
        project.add_job("nobody_has_this_name"): ("tracking.job.failed", "AccountNotFoundError"),
        project.add_job("sim_videos_1", accountType="enemy"): ("tracking.job.failed", "InvalidJobError"),
    }
    of_nobody = project.add_job("sim_videos_1", projectId=None)
    running.tick()
    project.ended([*jobs, of_nobody])
    payloads: list[dict[str, Any]] = [
        json.loads(document["event"]["payload"])
        for document in running.store.list_events(project.org_id, None, 10).values()
    ]
    told = {one["data"]["jobId"]: (one["type"], one["data"].get("errorCode")) for one in payloads}
    assert told == jobs
    assert len(payloads) == len(jobs)
