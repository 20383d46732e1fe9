"""Unwritable jobs, for example with a document that is too large. They delay no other job, and operators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles import START
from tests.harness import Harness, spoil
from tests.metrics import printed_metrics
from tracking.jobs import LEASE
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.settings import Limits
from tracking.store import JobWrite, Unwritable
from tracking.store.memory import MemoryStore


def add_unwritable(harness: Harness, number: int = 1, **fields: Any) -> list[str]:
    ids = [harness.add_job(**fields) for _ in range(number)]
    for job_id in ids:
        spoil(harness.memory, job_id)
    return ids


def test_unwritable_job_gives_its_place_to_the_next_job(harness: Harness) -> None:
    harness.limits = Limits(running=10, per_credential=10)
    add_unwritable(harness, 12, createdAt=START.replace(year=2020))
    good = harness.add_job()
    counts = harness.tick()
    assert (counts["started"], counts["unwritable"], counts["lost"]) == (1, 12, 0)
    assert [started["jobId"] for started in harness.executions.started.values()] == [good]


def test_free_places_are_filled_behind_unwritable_jobs(harness: Harness) -> None:
    harness.limits = Limits(running=10, per_credential=10)
    add_unwritable(harness, 30)
    for _ in range(30):
        harness.add_job()
    assert harness.tick()["started"] == 10


def test_unwritable_job_is_logged_once_and_counted_each_tick(
    harness: Harness, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (job_id,) = add_unwritable(harness)
    for _ in range(3):
        assert harness.tick()["unwritable"] == 1
        assert printed_metrics(capsys.readouterr().out)["JobsUnwritable"] == [1]
        told = [vars(record) for record in caplog.records if record.message == "job unwritable"]
        assert [(r["job_id"], r["reason"], r["levelname"]) for r in told] == [(job_id, "INVALID_ARGUMENT", "ERROR")]


def test_tick_without_unwritable_jobs_publishes_zero(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    harness.add_job()
    assert harness.tick()["unwritable"] == 0
    assert printed_metrics(capsys.readouterr().out)["JobsUnwritable"] == [0]


def test_repaired_unwritable_job_starts(harness: Harness) -> None:
    (job_id,) = add_unwritable(harness)
    harness.tick()
    harness.memory.touch(job_id, filler="")
    assert harness.tick()["started"] == 1


def test_cold_tick_finds_unwritable_jobs_and_starts_others(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    add_unwritable(harness, 3)
    assert harness.tick()["unwritable"] == 3
    harness.hints.unwritable.clear()
    good = harness.add_job()
    counts = harness.tick()
    assert (counts["started"], counts["unwritable"]) == (1, 3)
    assert harness.document(good)["status"] == "processing"


def test_many_unwritable_jobs_of_one_org_hold_up_no_other() -> None:
    """More jobs wait than one query returns, so the tick walks through the organisations."""
    harness = Harness(running=10, per_credential=5)
    add_unwritable(harness, 12, createdAt=START.replace(year=2020))
    for _ in range(Limits().scan_page_size):
        harness.add_job(platform="youtube", orgId="org2")
    good = harness.add_job()
    harness.hints.is_busy = True
    assert harness.tick()["started"] == 6
    assert good in {payload["jobId"] for payload in harness.executions.started.values()}


class Busy(MemoryStore):
    """A store that refuses writes of jobs for a temporary reason."""

    code = ""

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        return [Unwritable(self.code) for _ in writes] if self.code else super().write_each(writes)


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE", "INTERNAL"])
def test_temporarily_refused_job_starts_in_the_next_tick(harness: Harness, code: str) -> None:
    store = Busy(harness.clock)
    store.code = code
    harness.use(store)
    harness.add_job()
    counts = harness.tick()
    assert (counts["started"], counts["unwritable"]) == (0, 1)
    store.code = ""
    assert harness.tick()["started"] == 1


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE", "INTERNAL"])
def test_temporarily_refused_job_gives_its_place_away(harness: Harness, code: str) -> None:
    class RefusesOne(MemoryStore):
        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            return [Unwritable(code) if w.job_id == bad else super(RefusesOne, self).write_each([w])[0] for w in writes]

    harness.limits = Limits(running=1, per_credential=1)
    harness.use(RefusesOne(harness.clock))
    bad, good = harness.add_job(createdAt=START.replace(year=2020)), harness.add_job()
    assert harness.tick()["started"] == 1
    assert harness.document(good)["status"] == "processing"


def test_tick_gives_up_when_the_store_refuses_everything(harness: Harness) -> None:
    harness.limits = Limits(running=20, per_credential=20)
    store = Busy(harness.clock)
    store.code = "RESOURCE_EXHAUSTED"
    harness.use(store)
    for _ in range(300):
        harness.add_job()
    assert harness.tick()["unwritable"] == 60  # the third round reaches MAX_TEMPORARY_REFUSALS


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"])
def test_claim_written_despite_an_error_is_started(harness: Harness, code: str) -> None:
    class Unclear(MemoryStore):
        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            return [Unwritable(code) for _ in super().write_each(writes)]

    harness.use(Unclear(harness.clock))
    job_id = harness.add_job()
    counts = harness.tick()
    assert (counts["started"], counts["unwritable"]) == (1, 0)
    assert harness.execution_of({"jobId": job_id, "attempt": 1})


def test_malformed_unwritable_job_is_counted(
    harness: Harness, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    add_unwritable(harness, username="")
    good = harness.add_job()
    counts = harness.tick()
    assert (counts["malformed"], counts["unwritable"], counts["started"]) == (0, 1, 1)
    assert harness.document(good)["status"] == "processing"
    assert harness.tick()["unwritable"] == 1
    assert printed_metrics(capsys.readouterr().out)["JobsUnwritable"] == [1, 1]
    assert [record.message for record in caplog.records].count("job unwritable") == 1


def test_malformed_unwritable_jobs_do_not_block_their_org() -> None:
    """These jobs are the oldest of their organisation. They would fill its query if the tick did not leave them out."""
    harness = Harness(running=5, per_credential=5)
    add_unwritable(harness, 12, createdAt=START.replace(year=2020), username="")
    for number in range(Limits().scan_page_size):
        harness.add_job(platform="youtube", orgId=f"org{number % 3 + 2}")
    good = harness.add_job()
    harness.hints.is_busy = True
    harness.tick()
    for name in [n for n, payload in harness.executions.started.items() if payload["jobId"] != good]:
        harness.run_chain(dict(harness.executions.started[name]))
    harness.tick()
    assert good in {payload["jobId"] for payload in harness.executions.started.values()}


def test_unwritable_jobs_are_counted_with_every_place_taken(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    add_unwritable(harness, 2)
    harness.add_job()
    assert harness.tick()["unwritable"] == 2
    harness.hints.is_busy = True
    assert harness.tick()["unwritable"] == 2


def test_unwritable_repair_is_counted_and_frees_its_place(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    job_id = harness.add_job()
    harness.executions.outcomes[f"instagram-NASA-{job_id}-1"] = Outcome(status=ExecutionStatus.ABORTED)
    harness.tick()
    spoil(harness.memory, job_id)
    harness.clock.advance(LEASE.total_seconds() + 1)
    harness.add_job()
    counts = harness.tick()
    assert (counts["repaired"], counts["unwritable"], counts["started"]) == (0, 1, 1)
    asked: list[str] = []
    harness.executions.outcome = asked.append  # type: ignore[assignment]
    assert harness.tick()["unwritable"] == 1
    assert asked == []  # the job is remembered, so Step Functions is not asked again


def test_unwritable_jobs_beyond_the_memory_are_not_kept(harness: Harness) -> None:
    harness.limits = replace(harness.limits, max_remembered=5)
    add_unwritable(harness, 8)
    harness.tick()
    remembered = set(harness.hints.unwritable)
    assert harness.tick()["unwritable"] == 8
    assert (len(remembered), set(harness.hints.unwritable)) == (5, remembered)


def test_unwritable_jobs_are_tried_again_each_hour(harness: Harness) -> None:
    (job_id,) = add_unwritable(harness)
    harness.tick()
    harness.memory.delete_job(job_id)
    harness.clock.advance(3_601)
    assert harness.tick()["unwritable"] == 0
    assert harness.hints.unwritable == {}


def test_job_with_an_impossible_lease_holds_no_place(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    held = harness.add_job(status="processing", attempt=1, leaseUntil=START.replace(year=2126))
    harness.add_job()
    counts = harness.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)
    assert harness.document(held)["status"] in {"pending", "processing"}
