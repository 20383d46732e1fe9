"""Pauses on the running stack: a platform that refuses our credential is paused, and its jobs wait."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local.paths import ROOT, VENV
from tests.e2e.running import Document, Project, until
from tracking import pauses
from tracking.jobs import PlatformName


@pytest.fixture
def refused(project: Project) -> Iterator[str]:
    """A job whose platform answers that our quota is used up. The pause is cleared afterwards, for the other tests."""
    job_id = project.add_job("sim_quota", "twitter")
    project.stack.tick()
    yield job_id
    project.stack.client.collection("trackingJobs").document(job_id).update({"status": "cancelled"})
    project.stack.store.put_document(pauses.clearing(PlatformName.TWITTER))


def platforms(project: Project, *arguments: str) -> str:
    environment = os.environ | project.stack.state.environment()
    command = [str(VENV / "bin" / "tracking"), "platforms", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_used_up_quota_pauses_the_platform_not_the_job(project: Project, refused: str) -> None:
    """The job goes back to pending, and the pause does not count against it. Other platforms continue."""
    stack = project.stack

    def paused() -> Document | None:
        document = stack.job(refused)
        return document if document["messageCode"] == "limitUntil" else None

    waiting = until(paused, "the job was not put back")
    assert (waiting["status"], waiting["progress"], waiting["attempt"]) == ("pending", 0, 1)
    assert waiting.get("errorCode") is None
    (name,) = (name for name in stack.execution_names() if refused in name)
    machine = stack.names["StateMachineArn"]
    execution = stack.execution(f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
    assert (execution.status, execution.failures) == ("SUCCEEDED", ["JobPausedError"])

    sibling, other = project.add_job("sim_videos_1", "twitter"), project.add_job("sim_videos_1", "youtube")
    assert project.ended([other])[other]["status"] == "completed"
    assert stack.job(sibling)["status"] == "pending"
    control = pauses.from_document(stack.store.get_document(pauses.CONTROL_DOCUMENT))
    assert control[PlatformName.TWITTER].until > datetime.now(UTC)
    assert "paused" in platforms(project)

    assert "paused" not in platforms(project, "--clear", "twitter")
    # Otherwise this job would pause X again.
    stack.client.collection("trackingJobs").document(refused).update({"status": "cancelled"})
    assert project.ended([sibling])[sibling]["status"] == "completed"
