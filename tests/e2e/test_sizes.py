"""Accounts with no video and with thousands: all videos are saved, while the states' payloads stay small."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.e2e.running import Document, Project, RunningStack

MAX_STATE_BYTES = 16 * 1024
# Number of videos of an account, and its platform.
ACCOUNTS = {0: "youtube", 1: "twitter", 501: "youtube", 5000: "instagram"}


@dataclass(frozen=True)
class Batch:
    project: Project
    ids: dict[int, str]
    documents: dict[str, Document]


@pytest.fixture(scope="module")
def batch(running: RunningStack) -> Batch:
    project = Project(running)
    ids = {count: project.add_job(f"sim_videos_{count}", platform) for count, platform in ACCOUNTS.items()}
    running.tick()
    return Batch(project, ids, project.ended(list(ids.values())))


@pytest.mark.parametrize("count", ACCOUNTS)
def test_every_video_is_saved(batch: Batch, count: int) -> None:
    document = batch.documents[batch.ids[count]]
    assert (document["status"], document["progress"]) == ("completed", 100)
    assert batch.project.count_videos(document["accountId"]) == count
    assert batch.project.account(document["accountId"])["videoCount"] == count


@pytest.mark.parametrize("count", ACCOUNTS)
def test_states_pass_ids_and_counters_only(batch: Batch, count: int) -> None:
    execution = batch.project.stack.execution(batch.documents[batch.ids[count]]["executionArn"])
    assert 0 < execution.largest_payload_bytes < MAX_STATE_BYTES


@pytest.mark.parametrize("count", ACCOUNTS)
def test_nothing_stays_in_the_staging_bucket(batch: Batch, count: int) -> None:
    # Staging is deleted after the job completed, so wait for the end of the execution.
    batch.project.stack.execution(batch.documents[batch.ids[count]]["executionArn"])
    assert batch.project.stack.staged(batch.ids[count]) == []
