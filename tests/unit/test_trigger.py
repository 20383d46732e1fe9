"""A single tick: the jobs that it claims and starts, and the documents that it leaves after a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.doubles import START, ManualClock
from tests.factories import job_document
from tests.harness import Harness
from tests.metrics import printed_metrics
from tracking.errors import StoreUnavailableError
from tracking.executions import StartRefusedError, StartUnknownError
from tracking.jobs import LEASE
from tracking.sentences import Sentence
from tracking.settings import Limits
from tracking.store import JobSnapshot, JobWrite, Unwritable
from tracking.store.memory import MemoryStore
from trigger.tick import StartsRefusedError

NONE = dict.fromkeys(("started", "repaired", "malformed", "held", "lost", "unwritable", "refused", "unknown"), 0)


def test_an_idle_tick_reads_and_does_nothing_else(harness: Harness) -> None:
    assert harness.tick() == NONE
    assert harness.executions.started == {}


def test_a_pending_job_is_claimed_and_started(harness: Harness) -> None:
    job_id = harness.add_job()
    assert harness.tick() == NONE | {"started": 1}
    name = harness.started(job_id)
    assert name.startswith(f"instagram-NASA-{job_id}-1-")
    snapshot = harness.store.get_job(job_id)
    assert snapshot is not None
    assert harness.executions.started == {
        name: {
            "jobId": job_id,
            "attempt": 1,
            "version": snapshot.version,
            "orgId": "org1",
            "projectId": "project1",
            "userId": "user1",
            "username": "@NASA",
            "platform": "instagram",
            "accountType": "competitor",
        }
    }
    assert snapshot.data == job_document() | {
        "status": "processing",
        "attempt": 1,
        "claimId": snapshot.data["claimId"],
        "claimProgress": 0,
        "progress": 0,
        "message": "Looking up the Instagram account.",
        "messageCode": "lookingUp",
        "messageParams": {"platform": "Instagram"},
        "retryCount": 0,
        "startedAt": START,
        "leaseUntil": START + LEASE,
        "executionArn": harness.executions.arn(name),
        "updatedAt": START,
        "part": 1,
        "runs": None,
        "resume": None,
        "error": None,
        "errorCode": None,
        "completedAt": None,
        "expireAt": None,
        "steps": None,
    }


def test_a_second_tick_leaves_a_claimed_job_alone(harness: Harness) -> None:
    job_id = harness.add_job()
    harness.tick()
    before = harness.document(job_id)
    assert harness.tick() == NONE
    assert harness.document(job_id) == before


def test_only_pending_jobs_are_started(harness: Harness) -> None:
    for status in ("processing", "completed", "failed", "cancelled", "queued"):
        harness.add_job(status=status, leaseUntil=START + LEASE)
    assert harness.tick() == NONE


def test_higher_priority_goes_first_and_then_the_older(harness: Harness) -> None:
    harness.limits = Limits(running=4, per_credential=4)
    for username, priority, minutes in (("late", 0, 3), ("early", 0, 1), ("low", -1, 0), ("high", 5, 9)):
        harness.add_job(username=username, priority=priority, createdAt=START - timedelta(minutes=10 - minutes))
    claimed: list[str] = []

    class Recorder(MemoryStore):
        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            claimed.extend(harness.memory.get_documents("trackingJobs")[w.job_id]["username"] for w in writes)
            return harness.memory.write_each(writes)

        def open_jobs(self, limit: int) -> list[JobSnapshot]:
            return harness.memory.open_jobs(limit)

    harness.store = Recorder(harness.clock)
    harness.tick()
    assert claimed == ["high", "early", "late", "low"]


def test_a_tick_starts_no_more_than_it_may(harness: Harness) -> None:
    harness.limits = Limits(running=3, per_credential=3)
    for _ in range(5):
        harness.add_job()
    assert harness.tick()["started"] == 3
    assert harness.tick()["started"] == 0
    for name in harness.executions.started:
        harness.run_chain(dict(harness.executions.started[name]))
    assert harness.tick()["started"] == 2


def test_more_than_one_commit_of_claims_goes_in_waves() -> None:
    harness = Harness()
    for _ in range(1100):
        harness.add_job()
    assert harness.tick() == NONE | {"started": 1100}
    assert len(harness.executions.started) == 1100


MALFORMED: list[dict[str, Any]] = [
    {"platform": "facebook"},
    {"username": " "},
    {"username": "x" * 10_000},
    {"orgId": None},
    {"orgId": 7},
    {"createdAt": "yesterday"},
    {"attempt": 2**63 - 1},
]


def test_malformed_jobs_fail_with_a_sentence_and_block_nobody(harness: Harness) -> None:
    bad = [harness.add_job(**fields) for fields in MALFORMED]
    good = [harness.add_job() for _ in range(3)]
    before = [harness.document(job_id) for job_id in bad]
    assert harness.tick() == NONE | {"started": 3, "malformed": len(MALFORMED)}
    assert {job["jobId"] for job in harness.executions.started.values()} == set(good)
    for job_id, was in zip(bad, before, strict=True):
        now = harness.document(job_id)
        assert now["status"] == "failed"
        assert now["errorCode"] == "InvalidJobError"
        assert now["error"] == now["message"]
        assert now["error"].endswith(".")
        changed = {name for name in now if now[name] != was.get(name)}
        assert changed <= {
            "status",
            "error",
            "errorCode",
            "message",
            "messageCode",
            "messageParams",
            "completedAt",
            "updatedAt",
            "expireAt",
            "expiries",
        }
    assert harness.tick() == NONE


class Meddled(MemoryStore):
    """A store in which a user cancels a job between the tick's read and its write."""

    cancels: str

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        found = super().open_jobs(limit)
        self.touch(self.cancels, status="cancelled")
        return found


@pytest.mark.parametrize("fields", [{}, {"username": ""}])
def test_job_cancelled_during_the_tick_is_skipped_alone(fields: dict[str, Any]) -> None:
    """The cancellation comes between the tick's read and its claim."""
    store = Meddled(ManualClock())
    harness = Harness(store=store)
    store.cancels = harness.add_job(**fields)
    other = harness.add_job()
    harness.tick()
    assert harness.document(store.cancels)["status"] == "cancelled"
    assert [job["jobId"] for job in harness.executions.started.values()] == [other]


def name_of(job_id: str, attempt: int = 1) -> str:
    return f"instagram-NASA-{job_id}-{attempt}"


def test_throttled_start_gives_the_claim_back(harness: Harness) -> None:
    """The next tick starts the job as a new attempt."""
    job_id, other = harness.add_job(attempt=4), harness.add_job()
    harness.executions.refusing = {name_of(job_id, 5): StartRefusedError("ThrottlingException")}
    assert harness.tick() == NONE | {"started": 1, "refused": 1}
    given_back = harness.document(job_id)
    assert (given_back["status"], given_back["attempt"]) == ("pending", 5)
    assert (given_back["leaseUntil"], given_back["startedAt"], given_back["executionArn"]) == (None, None, None)
    assert harness.document(other)["status"] == "processing"
    harness.executions.refusing = {}
    assert harness.tick() == NONE | {"started": 1}
    assert harness.document(job_id)["attempt"] == 6


def test_permanently_refused_starts_fail_the_tick(harness: Harness) -> None:
    """The claims are given back before the tick fails."""
    ids = [harness.add_job() for _ in range(3)]
    harness.executions.refusing = {name_of(job_id): StartRefusedError("AccessDeniedException") for job_id in ids[:2]}
    with pytest.raises(StartsRefusedError, match="AccessDeniedException: 2 jobs"):
        harness.tick()
    assert [harness.document(job_id)["status"] for job_id in ids] == ["pending", "pending", "processing"]
    assert [harness.document(job_id)["attempt"] for job_id in ids[:2]] == [1, 1]


def test_a_job_cancelled_after_its_claim_is_not_given_back(harness: Harness) -> None:
    job_id = harness.add_job()

    class CancellingRefusalError(StartRefusedError):
        """A refused start during which the user cancels the job."""

        @property
        def is_temporary(self) -> bool:
            harness.memory.touch(job_id, status="cancelled")
            return True

    harness.executions.refusing = {name_of(job_id): CancellingRefusalError("ThrottlingException")}
    harness.tick()
    assert harness.document(job_id)["status"] == "cancelled"


def test_a_start_without_an_answer_is_left_to_its_lease(harness: Harness) -> None:
    job_id = harness.add_job()
    harness.executions.refusing = {name_of(job_id): StartUnknownError("no reply")}
    assert harness.tick() == NONE | {"unknown": 1}
    left = harness.document(job_id)
    assert (left["status"], left["attempt"]) == ("processing", 1)
    assert left["leaseUntil"] == START + LEASE
    assert left["executionArn"].startswith(harness.executions.arn(name_of(job_id)))


def test_tick_without_a_store_fails_and_the_next_succeeds(harness: Harness) -> None:
    class Down(MemoryStore):
        def open_jobs(self, limit: int) -> list[JobSnapshot]:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

    job_id = harness.add_job()
    harness.store = Down(harness.clock)
    with pytest.raises(StoreUnavailableError):
        harness.tick()
    harness.store = harness.memory
    assert harness.tick() == NONE | {"started": 1}
    assert harness.document(job_id)["status"] == "processing"


def test_a_tick_publishes_every_start_and_the_oldest_age(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(250):  # more values than one metrics blob can hold
        harness.add_job()
        harness.clock.advance(1)
    harness.clock.advance(-1)
    harness.tick()
    published = printed_metrics(capsys.readouterr().out)
    assert published["OldestPendingAge"] == [0]  # nobody waits any longer
    assert published["JobsStarted"] == [250]
    assert sorted(published["TimeToStart"]) == list(range(250))
    assert Counter(published["LateStart"]) == {0: 121, 1: 129}
