"""The sweep of jobs whose lease ran out: it writes the outcome that Step Functions reports into their documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.doubles import START
from tests.harness import Harness
from tests.metrics import printed_metrics
from tracking.executions import ExecutionsUnavailableError, MemoryExecutions, StartUnknownError
from tracking.jobs import LEASE, LEASE_EXPIRED
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.sentences import say
from tracking.settings import Limits
from tracking.store import JobWrite, Unwritable
from tracking.store.memory import MemoryStore
from trigger.sweep import ASK_RESERVE_S
from trigger.tick import run_tick

EXPIRED_S = LEASE.total_seconds() + 1


def expired_job(harness: Harness, outcome: Outcome | None = None) -> str:
    """Add a job whose lease has run out, with this outcome of its execution. None: the execution never started."""
    job_id = harness.add_job()
    name = f"instagram-NASA-{job_id}-1"
    if outcome is None:
        harness.executions.refusing[name] = StartUnknownError(name)
    else:
        harness.executions.outcomes[name] = outcome
    harness.tick()
    harness.executions.refusing.clear()
    harness.clock.advance(EXPIRED_S)
    return job_id


FAILURES = [
    # outcome, the document's errorCode and sentence
    (
        Outcome(status=ExecutionStatus.TIMED_OUT),
        "TimedOut",
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
        Outcome(status=ExecutionStatus.FAILED, error="Unrecorded.ContractError", cause='{"errorMessage": "Odd."}'),
        "ContractError",
        "Odd.",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED, error="Unrecorded.CredentialsError", cause="Our staging storage ..."),
        "CredentialsError",
        "Our staging storage ...",
    ),
    (
        Outcome(status=ExecutionStatus.FAILED, error="Unrecorded.States.Timeout"),
        "TimedOut",
        "Tracking this account took too long and was stopped.",
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
def test_sweep_fails_the_job_of_a_failed_execution(
    harness: Harness, outcome: Outcome, code: str, sentence: str
) -> None:
    job_id = expired_job(harness, outcome)
    assert harness.tick()["repaired"] == 1
    document = harness.document(job_id)
    assert (document["status"], document["errorCode"], document["error"]) == ("failed", code, sentence)
    assert document["message"] == sentence
    now = harness.clock.now()
    assert (document["completedAt"], document["leaseUntil"]) == (now, None)
    assert harness.tick()["repaired"] == 0


@pytest.mark.parametrize("status", [ExecutionStatus.RUNNING, ExecutionStatus.PENDING_REDRIVE])
def test_an_execution_that_lives_gets_a_new_lease(harness: Harness, status: ExecutionStatus) -> None:
    job_id = expired_job(harness, Outcome(status=status))
    before = harness.document(job_id)
    harness.tick()
    after = harness.document(job_id)
    assert {name for name in after if after[name] != before[name]} == {"leaseUntil", "updatedAt"}
    assert after["leaseUntil"] == harness.clock.now() + LEASE
    harness.run_chain(dict(next(iter(harness.executions.started.values()))))  # its fence accepts the renewed lease
    assert harness.document(job_id)["status"] == "completed"


WITHOUT_RESULT = [
    None,
    Outcome(status=ExecutionStatus.SUCCEEDED),
    Outcome(
        status=ExecutionStatus.FAILED,
        error="Unrecorded.CredentialsError",
        cause=say("databaseRefusesUs", detail="It is no longer ours.").to_cause(),
    ),
]


@pytest.mark.parametrize("outcome", WITHOUT_RESULT, ids=["never started", "succeeded", "google refused us"])
def test_abandoned_job_goes_back_and_starts_a_new_attempt(harness: Harness, outcome: Outcome | None) -> None:
    job_id = expired_job(harness, outcome)
    assert harness.tick()["repaired"] == 1
    waiting = harness.document(job_id)
    assert (waiting["status"], waiting["attempt"], waiting["expiries"]) == ("pending", 1, 1)
    assert (waiting["leaseUntil"], waiting["startedAt"], waiting["executionArn"]) == (None, None, None)
    assert harness.tick()["started"] == 1
    assert harness.started(job_id, attempt=2).startswith(f"instagram-NASA-{job_id}-2-")
    assert harness.document(job_id)["attempt"] == 2


def test_expired_job_is_repaired_at_most_two_ticks_later(harness: Harness) -> None:
    """The worst case: one tick comes right before the lease ends, and only the next one can repair the job."""
    job_id = harness.add_job()
    harness.executions.outcomes[f"instagram-NASA-{job_id}-1"] = Outcome(status=ExecutionStatus.TIMED_OUT)
    harness.tick()
    harness.clock.advance(LEASE.total_seconds() - 1)
    assert harness.tick()["repaired"] == 0
    assert harness.document(job_id)["status"] == "processing"
    harness.clock.advance(1)  # exactly the end of the lease
    assert harness.tick()["repaired"] == 1
    assert harness.document(job_id)["status"] == "failed"


def test_third_expired_lease_fails_the_job(harness: Harness) -> None:
    job_id = harness.add_job()
    attempts = []
    for attempt in (1, 2, 3):
        harness.executions.refusing = {f"instagram-NASA-{job_id}-{attempt}": StartUnknownError("no reply")}
        harness.tick()
        attempts.append(harness.document(job_id)["attempt"])
        harness.clock.advance(EXPIRED_S)
        harness.tick()
    document = harness.document(job_id)
    assert attempts == [1, 2, 3]
    assert (document["status"], document["errorCode"]) == ("failed", LEASE_EXPIRED)
    assert document["error"] == "Tracking this account was begun 3 times and never came to an end."
    harness.clock.advance(EXPIRED_S)
    assert harness.tick()["started"] == 0


def test_a_users_retry_gives_a_job_three_leases_again(harness: Harness) -> None:
    job_id = harness.add_job(status="failed", attempt=3, expiries=0)
    harness.memory.touch(job_id, status="pending")
    harness.executions.refusing = {f"instagram-NASA-{job_id}-4": StartUnknownError("no reply")}
    harness.tick()
    harness.clock.advance(EXPIRED_S)
    harness.tick()
    assert (harness.document(job_id)["status"], harness.document(job_id)["expiries"]) == ("pending", 1)


class Silent(MemoryExecutions):
    """Executions that start, but Step Functions does not report their outcome."""

    asked = 0

    def outcome(self, name: str) -> Outcome:
        self.asked += 1
        raise ExecutionsUnavailableError(name)


@pytest.mark.parametrize(("further_s", "overdue"), [(118, 0), (120, 1)])
def test_a_lease_is_overdue_after_two_ticks_without_repair(
    harness: Harness, further_s: float, overdue: int, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.executions = Silent()
    expired_job(harness)
    harness.clock.advance(further_s)
    capsys.readouterr()
    harness.tick()
    assert printed_metrics(capsys.readouterr().out)["LeasesOverdue"] == [overdue]
    harness.executions = MemoryExecutions()
    harness.tick()
    assert printed_metrics(capsys.readouterr().out)["LeasesOverdue"] == [0]


def test_job_of_an_unknown_execution_state_keeps_its_place(harness: Harness) -> None:
    """Step Functions does not answer, so the execution may still be running."""
    harness.executions = Silent()
    harness.limits = Limits(running=1, per_credential=1)
    job_id, waiting = expired_job(harness, Outcome(status=ExecutionStatus.RUNNING)), harness.add_job()
    before = harness.document(job_id)
    for _ in range(3):
        assert harness.tick()["repaired"] == 0
    assert harness.document(job_id) == before
    assert harness.document(waiting)["status"] == "pending"  # because the first job may still be running
    harness.executions = MemoryExecutions()
    counts = harness.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)
    assert (harness.document(job_id)["status"], harness.document(waiting)["status"]) == ("pending", "processing")


def test_sweep_without_time_asks_no_further_executions(harness: Harness) -> None:
    silent = Silent()
    harness.executions = silent
    job_id = expired_job(harness, Outcome(status=ExecutionStatus.RUNNING))
    run_tick(harness.trigger_deps, lambda: ASK_RESERVE_S - 1)
    assert silent.asked == 0
    assert harness.document(job_id)["status"] == "processing"


def test_job_with_a_live_lease_is_left_alone(harness: Harness) -> None:
    asked: list[str] = []

    class Asked(MemoryExecutions):
        def outcome(self, name: str) -> Outcome:
            asked.append(name)
            return super().outcome(name)

    harness.executions = Asked()
    job_id = harness.add_job()
    harness.tick()
    harness.clock.advance(EXPIRED_S - 2)
    before = harness.document(job_id)
    harness.tick()
    assert harness.document(job_id) == before
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
def test_malformed_processing_job_fails_with_a_sentence(harness: Harness, fields: dict[str, Any]) -> None:
    well = harness.add_job(status="processing", attempt=1, leaseUntil=START + LEASE)
    bad = harness.add_job(**{"status": "processing", "attempt": 1, "leaseUntil": START + LEASE} | fields)
    assert harness.tick()["repaired"] == 1
    document = harness.document(bad)
    assert (document["status"], document["errorCode"]) == ("failed", "InvalidJobError")
    assert document["error"].endswith(".")
    assert harness.document(well)["status"] == "processing"


@pytest.mark.parametrize("fields", [{}, {"attempt": 1}, {"attempt": 1, "executionArn": "arn"}])
def test_processing_job_without_a_lease_counts_as_expired(harness: Harness, fields: dict[str, Any]) -> None:
    job_id = harness.add_job(status="processing", **fields)
    assert harness.tick()["repaired"] == 1
    assert harness.document(job_id)["status"] == "pending"
    assert harness.tick()["started"] == 1


def test_job_that_ends_during_the_sweep_stays_as_it_ended(harness: Harness) -> None:
    """The job's last commit comes between the sweep's read and its write."""

    class Late(MemoryExecutions):
        """Executions whose job completes while Step Functions is asked for the outcome."""

        def outcome(self, name: str) -> Outcome:
            harness.memory.touch(job_id, status="completed", progress=100)
            return Outcome(status=ExecutionStatus.TIMED_OUT)

    job_id = expired_job(harness, Outcome(status=ExecutionStatus.RUNNING))
    harness.executions = Late()
    assert harness.tick()["repaired"] == 0
    assert harness.document(job_id)["status"] == "completed"


def test_two_sweeps_at_once_repair_once(harness: Harness) -> None:
    job_id = expired_job(harness, None)

    class Interleaved(MemoryStore):
        """A store in which a whole other tick runs between this tick's read and its write."""

        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            harness.store = harness.memory
            harness.tick()
            return harness.memory.write_each(writes)

        def open_jobs(self, limit: int) -> Any:
            return harness.memory.open_jobs(limit)

    harness.store = Interleaved(harness.clock)
    assert harness.tick()["repaired"] == 0
    document = harness.document(job_id)
    assert (document["status"], document["expiries"]) == ("pending", 1)


def test_many_leases_are_repaired_in_one_tick() -> None:
    harness = Harness()
    ids = [
        harness.add_job(status="processing", attempt=1, username=f"a{n}", leaseUntil=START - timedelta(seconds=1))
        for n in range(1_100)
    ]
    assert harness.tick()["repaired"] == 1_100  # more than fits into one call of write_each
    assert {harness.document(job_id)["expiries"] for job_id in ids} == {1}


def test_a_lease_lasts_as_long_as_the_limits_say(harness: Harness) -> None:
    """The lease begins at the claim, and again at the sweep that finds the execution running."""
    lease = timedelta(seconds=4)
    harness.limits = Limits(lease=lease)
    job_id = harness.add_job()
    for _ in range(2):
        harness.tick()
        assert harness.document(job_id)["leaseUntil"] == harness.clock.now() + lease
        harness.clock.advance(5)


def test_a_lease_beyond_the_limits_holds_no_place(harness: Harness) -> None:
    """No claim lasts longer than the limit, so somebody wrote this lease by hand."""
    harness.limits = Limits(running=1, lease=timedelta(seconds=4))
    held = harness.add_job(status="processing", attempt=1, leaseUntil=harness.clock.now() + LEASE)
    harness.add_job()
    assert (harness.tick()["started"], harness.document(held)["leaseUntil"]) == (1, None)
