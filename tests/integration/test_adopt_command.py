"""Taking over a project, on the Firestore emulator: the first tick, the first cleanup, and `tracking adopt`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client
from typer.testing import CliRunner

import cli
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from cleanup.app import handler
from tests.factories import job_document
from tests.harness import Harness
from tracking.adoption import ADOPTED
from tracking.jobs import HELD
from tracking.store.firestore import FirestoreStore
from tracking.wiring import CleanupDeps


@pytest.fixture
def taken_over(firestore_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch) -> Harness:
    """The functions in a project that holds jobs already. Their clock is two days ahead of the documents."""
    harness = Harness(store=FirestoreStore(firestore_client()))
    harness.clock.advance((datetime.now(UTC) - harness.clock.now() + timedelta(days=2)).total_seconds())
    monkeypatch.setattr(cli, "_store", lambda: harness.store)
    return harness


def adopt(*arguments: str) -> str:
    done = CliRunner().invoke(cli.app, ["adopt", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def clean_up(harness: Harness, days: int) -> int:
    deps = CleanupDeps(harness.store, harness.clock, days, harness.limits)
    return int(handler({}, FakeContext(), deps)["deleted"])  # type: ignore[arg-type]


def job(harness: Harness, job_id: str) -> dict[str, Any]:
    snapshot = harness.store.get_job(job_id)
    assert snapshot is not None
    return snapshot.data


def test_a_taken_over_project_is_left_alone_until_it_is_adopted(taken_over: Harness) -> None:
    waiting = taken_over.store.create_job(job_document())
    done = taken_over.store.create_job(job_document(status="completed"))
    assert clean_up(taken_over, days=1) == 0
    tick = taken_over.tick()
    assert (tick["started"], tick["held"]) == (0, 1)
    assert job(taken_over, waiting)["message"] == HELD.text
    assert clean_up(taken_over, days=1) == 0
    assert "expireAt" not in job(taken_over, done)

    shown = adopt("--older-than", "0h", "--keep-finished", "0d")
    assert [line.split()[0] for line in shown.splitlines()[1:6]] == ["1", "0", "0", "0", "1"]
    assert job(taken_over, waiting)["status"] == "pending"

    assert adopt("--older-than", "0h", "--yes").endswith("1 job cancelled. The project is adopted.\n")
    assert job(taken_over, waiting)["status"] == "cancelled"
    assert taken_over.tick()["started"] == 0
    assert clean_up(taken_over, days=30) == 0
    expires = job(taken_over, done)["expireAt"]
    assert expires == job(taken_over, done)["completedAt"] + timedelta(days=30)
    assert clean_up(taken_over, days=1) == 2


def test_stale_jobs_may_be_started_instead(taken_over: Harness) -> None:
    taken_over.store.create_job(job_document())
    taken_over.tick()
    assert adopt("--stale", "start", "--yes").endswith("0 jobs cancelled. The project is adopted.\n")
    assert taken_over.tick()["started"] == 1


@pytest.mark.parametrize("is_adopted", [False, True])
def test_adoption_costs_a_tick_no_request(firestore_client: Callable[[], Client], is_adopted: bool) -> None:
    """An idle tick makes one request, and one that starts jobs four. The first of a project writes one field more."""
    client, sent = firestore_client(), RpcRecorder()
    harness = Harness(store=FirestoreStore(RecordedClient(sent, client.project)))
    if is_adopted:
        harness.store.put_document(ADOPTED)
    harness.clock.advance((datetime.now(UTC) - harness.clock.now()).total_seconds())
    sent.taken()
    harness.tick()
    assert sent.taken() == ["RunQuery"]
    for _ in range(2):
        harness.add_job(username=f"name{harness.clock.now().timestamp()}")
        sent.taken()
        assert harness.tick()["started"] == 1
        assert sent.taken() == ["RunQuery", "BatchGetDocuments", "Commit", "BatchWrite"]
