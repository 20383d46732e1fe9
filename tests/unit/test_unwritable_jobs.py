"""Jobs whose document the database lets nobody write: too large, say. They block nobody, and an operator is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.doubles import START
from tests.unit.test_trigger import metrics
from tests.world import World
from tracking import wiring
from tracking.jobs import LEASE
from tracking.limits import MAX_DOCUMENT_BYTES, bytes_of
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.store import JobWrite, Unwritable
from tracking.store.memory import MemoryStore
from tracking.wiring import Limits
from trigger.waiting import PAGE


def spoil(world: World, job_id: str) -> None:
    """Fill the document up, so that it has no room for anything more."""
    room = MAX_DOCUMENT_BYTES - bytes_of(world.document(job_id))
    world.memory.touch(job_id, filler="x" * (room - 10))


def add_unwritable(world: World, number: int = 1, **fields: Any) -> list[str]:
    ids = [world.add_job(**fields) for _ in range(number)]
    for job_id in ids:
        spoil(world, job_id)
    return ids


def test_the_next_job_takes_the_place_in_the_same_tick(world: World) -> None:
    world.limits = Limits(running=10, per_credential=10)
    add_unwritable(world, 12, createdAt=START.replace(year=2020))
    good = world.add_job()
    counts = world.tick()
    assert (counts["started"], counts["unwritable"], counts["lost"]) == (1, 12, 0)
    assert [started["jobId"] for started in world.executions.started.values()] == [good]


def test_all_free_places_are_filled_behind_them(world: World) -> None:
    world.limits = Limits(running=10, per_credential=10)
    add_unwritable(world, 30)
    for _ in range(30):
        world.add_job()
    assert world.tick()["started"] == 10


def test_an_operator_is_told_once_and_the_alarm_goes_on(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (job_id,) = add_unwritable(world)
    for _ in range(3):
        assert world.tick()["unwritable"] == 1
        assert metrics(capsys.readouterr().out)["JobsUnwritable"] == [1]
        told = [vars(record) for record in caplog.records if record.message == "job unwritable"]
        assert [(r["job_id"], r["reason"], r["levelname"]) for r in told] == [(job_id, "INVALID_ARGUMENT", "ERROR")]


def test_a_quiet_tick_says_that_there_is_none(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.add_job()
    assert world.tick()["unwritable"] == 0
    assert metrics(capsys.readouterr().out)["JobsUnwritable"] == [0]


def test_a_document_that_was_mended_starts(world: World) -> None:
    (job_id,) = add_unwritable(world)
    world.tick()
    world.memory.touch(job_id, filler="")
    assert world.tick()["started"] == 1


def test_a_cold_tick_finds_them_again_and_is_not_held_up(world: World) -> None:
    world.limits = Limits(running=1, per_credential=1)
    add_unwritable(world, 3)
    assert world.tick()["unwritable"] == 3
    world.hints.unwritable.clear()
    good = world.add_job()
    counts = world.tick()
    assert (counts["started"], counts["unwritable"]) == (1, 3)
    assert world.document(good)["status"] == "processing"


def test_a_crowd_of_them_in_one_organisation_holds_up_nobody() -> None:
    """More wait than one query sees: the organisations are walked through."""
    world = World(running=10, per_credential=5)
    add_unwritable(world, 12, createdAt=START.replace(year=2020))
    for _ in range(PAGE):
        world.add_job(platform="youtube", orgId="org2")
    good = world.add_job()
    world.hints.is_busy = True
    assert world.tick()["started"] == 6
    assert good in {payload["jobId"] for payload in world.executions.started.values()}


class Busy(MemoryStore):
    """Refuses writes of jobs for a reason that passes."""

    code = ""

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        return [Unwritable(self.code) for _ in writes] if self.code else super().write_each(writes)


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE", "INTERNAL"])
def test_a_refusal_that_passes_is_tried_again_in_the_next_tick(world: World, code: str) -> None:
    store = Busy(world.clock)
    store.code = code
    world.use(store)
    world.add_job()
    counts = world.tick()
    assert (counts["started"], counts["unwritable"]) == (0, 1)
    store.code = ""
    assert world.tick()["started"] == 1


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE", "INTERNAL"])
def test_the_next_job_takes_the_place_of_one_refused_for_now(world: World, code: str) -> None:
    class RefusesOne(MemoryStore):
        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            return [Unwritable(code) if w.job_id == bad else super(RefusesOne, self).write_each([w])[0] for w in writes]

    world.limits = Limits(running=1, per_credential=1)
    world.use(RefusesOne(world.clock))
    bad, good = world.add_job(createdAt=START.replace(year=2020)), world.add_job()
    assert world.tick()["started"] == 1
    assert world.document(good)["status"] == "processing"


def test_a_database_that_refuses_everything_is_left_in_peace(world: World) -> None:
    world.limits = Limits(running=20, per_credential=20)
    store = Busy(world.clock)
    store.code = "RESOURCE_EXHAUSTED"
    world.use(store)
    for _ in range(300):
        world.add_job()
    assert world.tick()["unwritable"] == 60  # the third round reaches MAX_PASSING


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"])
def test_a_claim_made_and_answered_with_an_error_is_ours(world: World, code: str) -> None:
    class Unclear(MemoryStore):
        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            return [Unwritable(code) for _ in super().write_each(writes)]

    world.use(Unclear(world.clock))
    job_id = world.add_job()
    counts = world.tick()
    assert (counts["started"], counts["unwritable"]) == (1, 0)
    assert world.execution_of({"jobId": job_id, "attempt": 1})


def test_a_malformed_job_that_cannot_be_told_is_counted(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    add_unwritable(world, username="")
    good = world.add_job()
    counts = world.tick()
    assert (counts["malformed"], counts["unwritable"], counts["started"]) == (0, 1, 1)
    assert world.document(good)["status"] == "processing"
    assert world.tick()["unwritable"] == 1
    assert metrics(capsys.readouterr().out)["JobsUnwritable"] == [1, 1]
    assert [record.message for record in caplog.records].count("job unwritable") == 1


def test_malformed_unwritable_jobs_do_not_fill_their_organisations_query() -> None:
    world = World(running=5, per_credential=5)
    add_unwritable(world, 12, createdAt=START.replace(year=2020), username="")
    for number in range(PAGE):
        world.add_job(platform="youtube", orgId=f"org{number % 3 + 2}")
    good = world.add_job()
    world.hints.is_busy = True
    world.tick()
    for name in [n for n, payload in world.executions.started.items() if payload["jobId"] != good]:
        world.run_chain(dict(world.executions.started[name]))
    world.tick()
    assert good in {payload["jobId"] for payload in world.executions.started.values()}


def test_the_alarm_goes_on_while_every_place_is_taken(world: World) -> None:
    world.limits = Limits(running=1, per_credential=1)
    add_unwritable(world, 2)
    world.add_job()
    assert world.tick()["unwritable"] == 2
    world.hints.is_busy = True
    assert world.tick()["unwritable"] == 2


def test_a_repair_that_cannot_be_written_is_counted_and_holds_no_place(world: World) -> None:
    world.limits = Limits(running=1, per_credential=1)
    job_id = world.add_job()
    world.executions.outcomes[f"instagram-NASA-{job_id}-1"] = Outcome(status=ExecutionStatus.ABORTED)
    world.tick()
    spoil(world, job_id)
    world.clock.advance(LEASE.total_seconds() + 1)
    world.add_job()
    counts = world.tick()
    assert (counts["repaired"], counts["unwritable"], counts["started"]) == (0, 1, 1)
    asked: list[str] = []
    world.executions.outcome = asked.append  # type: ignore[assignment]
    assert world.tick()["unwritable"] == 1
    assert asked == []  # it is remembered, and nobody is asked about it again


def test_more_than_can_be_remembered_are_not_learned_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "MAX_REMEMBERED", 5)
    add_unwritable(world, 8)
    world.tick()
    remembered = set(world.hints.unwritable)
    assert world.tick()["unwritable"] == 8
    assert (len(remembered), set(world.hints.unwritable)) == (5, remembered)


def test_they_are_tried_again_once_an_hour(world: World) -> None:
    (job_id,) = add_unwritable(world)
    world.tick()
    world.memory.delete_job(job_id)
    world.clock.advance(3_601)
    assert world.tick()["unwritable"] == 0
    assert world.hints.unwritable == {}


def test_a_lease_of_a_century_holds_no_place(world: World) -> None:
    world.limits = Limits(running=1, per_credential=1)
    held = world.add_job(status="processing", attempt=1, leaseUntil=START.replace(year=2126))
    world.add_job()
    counts = world.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)
    assert world.document(held)["status"] in {"pending", "processing"}
