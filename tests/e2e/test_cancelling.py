"""Jobs that their user cancels or deletes: a pending job never starts, and a running one stops and writes no more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.e2e.running import Document, Execution, Project, RunningStack
from tracking.jobs import Change, ChangeKind
from tracking.store import JOBS, JobWrite, StaleVersionError


@dataclass(frozen=True)
class Batch:
    project: Project
    never_started: str
    cancelled: str
    deleted: str
    as_cancelled: Document  # the document after the user's cancellation
    executions: dict[str, Execution]


def cancelled_while_pending(project: Project) -> str:
    """Add a job and cancel it while it is pending. If a scheduled tick claims the job first, try another one."""
    while True:
        job_id = project.add_job("sim_videos_1")
        snapshot = project.stack.store.get_job(job_id)
        assert snapshot is not None
        if snapshot.data["status"] == "pending":
            cancelled = Change(ChangeKind.CANCEL, {"status": "cancelled"})
            with suppress(StaleVersionError):
                project.stack.store.commit(JobWrite(job_id, cancelled, snapshot.version))
                return job_id


@pytest.fixture(scope="module")
def batch(running: RunningStack) -> Batch:
    project = Project(running)
    never_started = cancelled_while_pending(project)
    cancelled, deleted = project.add_job("sim_slow_2"), project.add_job("sim_slow_2", "twitter")
    running.tick()
    # Each job is claimed by now, and its platform answers two seconds late.
    arns = {job_id: running.job(job_id)["executionArn"] for job_id in (cancelled, deleted)}
    jobs = running.client.collection(JOBS)
    jobs.document(cancelled).update({"status": "cancelled", "updatedAt": datetime.now(UTC)})
    jobs.document(deleted).delete()
    as_cancelled = running.job(cancelled)
    executions = {job_id: running.execution(arn) for job_id, arn in arns.items()}
    return Batch(project, never_started, cancelled, deleted, as_cancelled, executions)


def test_a_job_cancelled_while_pending_is_never_started(running: RunningStack, batch: Batch) -> None:
    document = running.job(batch.never_started)
    assert document["status"] == "cancelled"
    assert "attempt" not in document
    assert [name for name in running.execution_names() if batch.never_started in name] == []


def test_job_cancelled_while_processing_stops_unchanged(running: RunningStack, batch: Batch) -> None:
    """The document stays as the user's cancellation wrote it. Only what was spent until then is added."""
    execution = batch.executions[batch.cancelled]
    assert (execution.status, execution.states) == ("SUCCEEDED", ["FetchAccount", "Cancelled"])
    assert execution.failures == ["JobCancelledError"]
    left = running.job(batch.cancelled)
    assert left | {"updatedAt": None} == batch.as_cancelled | {"updatedAt": None, "spent": {"units": 1}}
    assert batch.as_cancelled["status"] == "cancelled"


def test_job_deleted_while_processing_stops_and_stays_deleted(running: RunningStack, batch: Batch) -> None:
    execution = batch.executions[batch.deleted]
    assert (execution.status, execution.states) == ("SUCCEEDED", ["FetchAccount", "Cancelled"])
    assert running.store.get_job(batch.deleted) is None


def test_nothing_is_saved_for_jobs_that_were_given_up(batch: Batch) -> None:
    assert batch.project.accounts() == {}
