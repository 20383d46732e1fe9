"""Jobs whose lease ran out: what Step Functions says of their execution becomes what their document says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.doubles import START
from tests.world import World
from tracking.executions import ExecutionsUnavailableError, MemoryExecutions, StartUnknownError
from tracking.jobs import KEEP_FINISHED, LEASE, LEASE_EXPIRED
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.store import JobWrite, Unwritable
from tracking.store.memory import MemoryStore
from tracking.wiring import Limits
from trigger.sweep import ASK_RESERVE_S
from trigger.tick import run_tick

EXPIRED_S = LEASE.total_seconds() + 1


def expired_job(world: World, outcome: Outcome | None = None) -> str:
    """Claimed, started, and not heard of since. Without an outcome nothing was started."""
    job_id = world.add_job()
    name = f"instagram-NASA-{job_id}-1"
    if outcome is None:
        world.executions.refusing[name] = StartUnknownError(name)
    else:
        world.executions.outcomes[name] = outcome
    world.tick()
    world.executions.refusing.clear()
    world.clock.advance(EXPIRED_S)
    return job_id


FAILURES = [
    # outcome, the document's errorCode and sentence
    (
        Outcome(status=ExecutionStatus.TIMED_OUT),
        "States.Timeout",
        "Tracking this account took too long and was stopped.",
    ),
    (Outcome(status=ExecutionStatus.ABORTED), "ExecutionAborted", "An operator stopped this job."),
    (
        Outcome(status=ExecutionStatus.ABORTED, error="Ours", cause="Not for users."),
        "ExecutionAborted",
        "An operator stopped this job.",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED, error="AccountNotFoundError", cause="X has no account named nasaa."),
        "AccountNotFoundError",
        "X has no account named nasaa.",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED, error="StoreUnavailableError", cause='{"errorMessage": "No answer."}'),
        "StoreUnavailableError",
        "No answer.",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED, error="States.Runtime", cause="a path could not be applied"),
        "InternalError",
        "Something went wrong on our side; we have been told.",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED),
        "InternalError",
        "Something went wrong on our side; we have been told.",
    ),
]


@pytest.mark.parametrize(("outcome", "code", "sentence"), FAILURES)
def test_an_execution_that_ended_badly_makes_its_job_failed_in_words(
    world: World, outcome: Outcome, code: str, sentence: str
) -> None:
    job_id = expired_job(world, outcome)
    assert world.tick()["repaired"] == 1
    document = world.document(job_id)
    assert (document["status"], document["errorCode"], document["error"]) == ("failed", code, sentence)
    assert document["message"] == sentence
    now = world.clock.now()
    assert (document["completedAt"], document["leaseUntil"]) == (now, None)
    assert document["expireAt"] == now + KEEP_FINISHED
    assert world.tick()["repaired"] == 0


@pytest.mark.parametrize("status", [ExecutionStatus.RUNNING, ExecutionStatus.PENDING_REDRIVE])
def test_an_execution_that_lives_gets_a_new_lease(world: World, status: ExecutionStatus) -> None:
    job_id = expired_job(world, Outcome(status=status))
    before = world.document(job_id)
    world.tick()
    after = world.document(job_id)
    assert {name for name in after if after[name] != before[name]} == {"leaseUntil", "updatedAt"}
    assert after["leaseUntil"] == world.clock.now() + LEASE
    world.run_chain(dict(next(iter(world.executions.started.values()))))  # its fence bears the new lease
    assert world.document(job_id)["status"] == "completed"


@pytest.mark.parametrize("outcome", [None, Outcome(status=ExecutionStatus.SUCCEEDED)])
def test_a_job_that_nothing_works_on_goes_back_and_starts_under_a_new_name(
    world: World, outcome: Outcome | None
) -> None:
    job_id = expired_job(world, outcome)
    assert world.tick()["repaired"] == 1
    waiting = world.document(job_id)
    assert (waiting["status"], waiting["attempt"], waiting["expiries"]) == ("pending", 1, 1)
    assert (waiting["leaseUntil"], waiting["startedAt"], waiting["executionArn"]) == (None, None, None)
    assert world.tick()["started"] == 1
    assert world.started(job_id, attempt=2).startswith(f"instagram-NASA-{job_id}-2-")
    assert world.document(job_id)["attempt"] == 2


def test_the_document_is_right_two_ticks_after_its_lease_at_the_latest(world: World) -> None:
    """One tick right before the lease ends, the next a minute later."""
    job_id = world.add_job()
    world.executions.outcomes[f"instagram-NASA-{job_id}-1"] = Outcome(status=ExecutionStatus.TIMED_OUT)
    world.tick()
    world.clock.advance(LEASE.total_seconds() - 1)
    assert world.tick()["repaired"] == 0
    assert world.document(job_id)["status"] == "processing"
    world.clock.advance(1)  # to the very moment
    assert world.tick()["repaired"] == 1
    assert world.document(job_id)["status"] == "failed"


def test_the_third_lease_that_runs_out_fails_the_job_with_a_sentence(world: World) -> None:
    job_id = world.add_job()
    attempts = []
    for attempt in (1, 2, 3):
        world.executions.refusing = {f"instagram-NASA-{job_id}-{attempt}": StartUnknownError("no reply")}
        world.tick()
        attempts.append(world.document(job_id)["attempt"])
        world.clock.advance(EXPIRED_S)
        world.tick()
    document = world.document(job_id)
    assert attempts == [1, 2, 3]
    assert (document["status"], document["errorCode"]) == ("failed", LEASE_EXPIRED)
    assert document["error"] == "Tracking this account was begun 3 times and never came to an end."
    world.clock.advance(EXPIRED_S)
    assert world.tick()["started"] == 0


def test_a_users_retry_gives_a_job_three_leases_again(world: World) -> None:
    job_id = world.add_job(status="failed", attempt=3, expiries=0)
    world.memory.touch(job_id, status="pending")
    world.executions.refusing = {f"instagram-NASA-{job_id}-4": StartUnknownError("no reply")}
    world.tick()
    world.clock.advance(EXPIRED_S)
    world.tick()
    assert (world.document(job_id)["status"], world.document(job_id)["expiries"]) == ("pending", 1)


class Silent(MemoryExecutions):
    """Step Functions starts and does not tell."""

    asked = 0

    def outcome(self, name: str) -> Outcome:
        self.asked += 1
        raise ExecutionsUnavailableError(name)


def test_while_step_functions_says_nothing_the_job_stays_and_keeps_its_place(world: World) -> None:
    world.executions = Silent()
    world.limits = Limits(running=1, per_credential=1)
    job_id, waiting = expired_job(world, Outcome(status=ExecutionStatus.RUNNING)), world.add_job()
    before = world.document(job_id)
    for _ in range(3):
        assert world.tick()["repaired"] == 0
    assert world.document(job_id) == before
    assert world.document(waiting)["status"] == "pending"  # for the other may well be running
    world.executions = MemoryExecutions()
    counts = world.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)
    assert (world.document(job_id)["status"], world.document(waiting)["status"]) == ("pending", "processing")


def test_when_the_ticks_time_runs_out_nobody_is_asked_any_more(world: World) -> None:
    silent = Silent()
    world.executions = silent
    job_id = expired_job(world, Outcome(status=ExecutionStatus.RUNNING))
    run_tick(world.trigger_deps, lambda: ASK_RESERVE_S - 1)
    assert silent.asked == 0
    assert world.document(job_id)["status"] == "processing"


def test_a_live_lease_is_nobodys_business(world: World) -> None:
    asked: list[str] = []

    class Asked(MemoryExecutions):
        def outcome(self, name: str) -> Outcome:
            asked.append(name)
            return super().outcome(name)

    world.executions = Asked()
    job_id = world.add_job()
    world.tick()
    world.clock.advance(EXPIRED_S - 2)
    before = world.document(job_id)
    world.tick()
    assert world.document(job_id) == before
    assert asked == []


MALFORMED: list[dict[str, Any]] = [
    {"platform": "facebook"},
    {"username": None},
    {"orgId": 7},
    {"attempt": -1},
    {"leaseUntil": "tomorrow"},
    {"expiries": "many"},
]


@pytest.mark.parametrize("fields", MALFORMED)
def test_a_processing_document_that_is_malformed_fails_with_a_sentence(world: World, fields: dict[str, Any]) -> None:
    well = world.add_job(status="processing", attempt=1, leaseUntil=START + LEASE)
    bad = world.add_job(**{"status": "processing", "attempt": 1, "leaseUntil": START + LEASE} | fields)
    assert world.tick()["repaired"] == 1
    document = world.document(bad)
    assert (document["status"], document["errorCode"]) == ("failed", "InvalidJobError")
    assert document["error"].endswith(".")
    assert world.document(well)["status"] == "processing"


@pytest.mark.parametrize("fields", [{}, {"attempt": 1}, {"attempt": 1, "executionArn": "arn"}])
def test_a_processing_job_without_a_lease_is_one_whose_lease_ran_out(world: World, fields: dict[str, Any]) -> None:
    job_id = world.add_job(status="processing", **fields)
    assert world.tick()["repaired"] == 1
    assert world.document(job_id)["status"] == "pending"
    assert world.tick()["started"] == 1


def test_a_job_that_ends_between_the_sweeps_read_and_write_stays_as_it_ended(world: World) -> None:
    class Late(MemoryExecutions):
        """The execution's last commit comes while Step Functions is asked about it."""

        def outcome(self, name: str) -> Outcome:
            world.memory.touch(job_id, status="completed", progress=100)
            return Outcome(status=ExecutionStatus.TIMED_OUT)

    job_id = expired_job(world, Outcome(status=ExecutionStatus.RUNNING))
    world.executions = Late()
    assert world.tick()["repaired"] == 0
    assert world.document(job_id)["status"] == "completed"


def test_two_sweeps_at_once_repair_once(world: World) -> None:
    job_id = expired_job(world, None)

    class Interleaved(MemoryStore):
        """Another tick does all of its work between this one's read and write."""

        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            world.store = world.memory
            world.tick()
            return world.memory.write_each(writes)

        def open_jobs(self, limit: int) -> Any:
            return world.memory.open_jobs(limit)

    world.store = Interleaved(world.clock)
    assert world.tick()["repaired"] == 0
    document = world.document(job_id)
    assert (document["status"], document["expiries"]) == ("pending", 1)


def test_many_leases_are_repaired_in_one_tick() -> None:
    world = World()
    ids = [
        world.add_job(status="processing", attempt=1, username=f"a{n}", leaseUntil=START - timedelta(seconds=1))
        for n in range(1_100)
    ]
    assert world.tick()["repaired"] == 1_100  # more than one write_each may hold
    assert {world.document(job_id)["expiries"] for job_id in ids} == {1}
