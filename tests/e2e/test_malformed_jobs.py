"""Malformed jobs: each fails with a sentence for its user, and delays no other job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.running import Document, Project, RunningStack

MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown platform": ({"platform": "myspace"}, "platform must be one of: instagram, tiktok, youtube, twitter."),
    "no platform": ({"platform": None}, "platform must be one of: instagram, tiktok, youtube, twitter."),
    "platform of another type": ({"platform": ["youtube"]}, "platform must be text."),
    "empty username": ({"username": ""}, "has no username."),
    "blank username": ({"username": "   "}, "has no username."),
    "username of 10,000 characters": ({"username": "x" * 10_000}, "longer than 100 characters."),
    "username of another type": ({"username": 42}, "username must be text."),
    "unknown account type": ({"accountType": "enemy"}, "accountType must be one of: my, competitor."),
    "no organisation": ({"orgId": None}, "has no orgId."),
    "organisation of another type": ({"orgId": {"id": "org"}}, "orgId must be text."),
    "organisation that is a path": ({"orgId": "org/projects"}, "orgId is not a valid id."),
    "no project": ({"projectId": None}, "has no projectId."),
    "no user": ({"userId": None}, "has no userId."),
    "creation time of another type": ({"createdAt": "yesterday"}, "createdAt must be a timestamp."),
    "retry count of another type": ({"retryCount": "none"}, "retryCount must be a whole number."),
    "progress out of range": ({"progress": 101}, "progress must be from 0 to 100."),
}
GOOD: dict[str, dict[str, Any]] = {"ordinary": {}, "no creation time": {"createdAt": None}}


@pytest.fixture(scope="module")
def ended(running: RunningStack) -> dict[str, Document]:
    """Run all jobs in one tick, the malformed ones first, and return their documents by kind."""
    project = Project(running)
    ids = {name: project.add_job(**({"username": "sim_videos_1"} | fields)) for name, (fields, _) in MALFORMED.items()}
    ids |= {name: project.add_job("sim_videos_1", **fields) for name, fields in GOOD.items()}
    running.tick()
    documents = project.ended(list(ids.values()))
    return {name: documents[job_id] for name, job_id in ids.items()}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_job_fails_with_a_sentence_naming_the_fault(ended: dict[str, Document], kind: str) -> None:
    document, (_, sentence) = ended[kind], MALFORMED[kind]
    assert (document["status"], document["errorCode"]) == ("failed", "InvalidJobError")
    assert document["error"].endswith(sentence)
    assert document["message"] == document["error"]
    assert "attempt" not in document  # never claimed
    assert "executionArn" not in document


@pytest.mark.parametrize("kind", GOOD)
def test_jobs_beside_malformed_ones_are_completed(ended: dict[str, Document], kind: str) -> None:
    assert (ended[kind]["status"], ended[kind]["progress"]) == ("completed", 100)
