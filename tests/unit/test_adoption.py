"""Adoption: a project's old jobs are neither started, repaired nor deleted until an operator has decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from cleanup.app import handler as cleanup_handler
from tests.doubles import START
from tests.harness import Harness
from tracking import adoption, jobs
from tracking.adoption import ADOPTED, STALE
from tracking.jobs import HELD, PlatformName, Status
from tracking.pauses import CONTROL_DOCUMENT, Pause
from tracking.store import DocumentWrite
from tracking.wiring import CleanupDeps

DAY_S = STALE.total_seconds()


def control(harness: Harness) -> dict[str, Any]:
    return harness.memory.get_document(CONTROL_DOCUMENT) or {}


def clean_up(harness: Harness, days: int = 7) -> int:
    deps = CleanupDeps(harness.store, harness.clock, days, harness.limits)
    return int(cleanup_handler({}, FakeContext(), deps)["deleted"])  # type: ignore[arg-type]


@pytest.fixture
def taken_over(harness: Harness) -> tuple[str, str]:
    """A stale job and a new one, in a project that this system has never seen."""
    stale = harness.add_job()
    harness.clock.advance(DAY_S + 1)
    return stale, harness.add_job()


def test_the_first_tick_starts_nothing_stale(harness: Harness, taken_over: tuple[str, str]) -> None:
    stale, new = taken_over
    counts = harness.tick()
    assert (counts["started"], counts["held"]) == (1, 1)
    document = harness.document(stale)
    assert (document["status"], document["message"]) == ("pending", HELD.text)
    assert harness.document(new)["status"] == "processing"
    assert control(harness)["adoptedFrom"] == START + timedelta(seconds=1)


def test_later_ticks_neither_start_nor_write_it(harness: Harness, taken_over: tuple[str, str]) -> None:
    """Our own message is a write. It does not make the job a new one."""
    stale, _ = taken_over
    harness.tick()
    held = harness.memory.get_job(stale)
    for _ in range(3):
        harness.clock.advance(DAY_S)
        counts = harness.tick()
        assert (counts["started"], counts["held"]) == (0, 0)
    assert harness.memory.get_job(stale) == held
    assert control(harness)["adoptedFrom"] == START + timedelta(seconds=1)


def test_a_project_of_stale_jobs_alone_is_seen_once(harness: Harness) -> None:
    """The time is written, so that it does not move on with each tick."""
    harness.add_job()
    harness.clock.advance(DAY_S + 1)
    harness.tick()
    late = harness.add_job()
    assert control(harness)["adoptedFrom"] == START + timedelta(seconds=1)
    harness.memory.touch("other", n=1)
    assert harness.tick()["started"] == 1
    assert harness.document(late)["status"] == "processing"


@pytest.mark.parametrize("claims", [START - timedelta(days=900), START + timedelta(days=900), "yesterday", None])
def test_what_a_page_says_of_the_time_does_not_count(harness: Harness, claims: object) -> None:
    """`createdAt` may be wrong by any amount, or come late from a page that was offline."""
    harness.clock.advance(DAY_S)
    written_now = harness.add_job(createdAt=claims)
    harness.tick()
    expected = "failed" if isinstance(claims, str) else "processing"  # a malformed job is refused
    assert harness.document(written_now)["status"] == expected


def test_a_stale_malformed_job_is_not_failed(harness: Harness) -> None:
    malformed = harness.add_job(username=7)
    harness.clock.advance(DAY_S + 1)
    harness.tick()
    assert harness.document(malformed)["status"] == "pending"


def test_a_user_starts_a_held_job_by_cancel_and_retry(harness: Harness, taken_over: tuple[str, str]) -> None:
    stale, _ = taken_over
    harness.tick()
    harness.memory.touch(stale, **jobs.cancel(Status.PENDING, harness.clock.now()).fields)
    harness.memory.touch(stale, **jobs.retry(Status.CANCELLED, harness.clock.now()).fields)
    assert harness.tick()["started"] == 1


def test_an_adopted_project_starts_what_was_held(harness: Harness, taken_over: tuple[str, str]) -> None:
    harness.tick()
    harness.memory.put_document(ADOPTED)
    assert harness.tick()["started"] == 1
    assert harness.document(taken_over[0])["status"] == "processing"


def test_a_system_that_is_at_work_is_adopted(harness: Harness) -> None:
    """An earlier version wrote the control document without the field. A long queue goes on after the upgrade."""
    harness.memory.put_document(DocumentWrite(CONTROL_DOCUMENT, {"slots": [], "writtenBy": "a"}))
    waiting = harness.add_job()
    harness.clock.advance(30 * DAY_S)
    assert harness.tick()["started"] == 1
    assert harness.document(waiting)["status"] == "processing"
    assert "adoptedFrom" not in control(harness)


def test_a_pause_written_by_hand_adopts_nothing(harness: Harness) -> None:
    pause = Pause(platform=PlatformName.YOUTUBE, until=START, reason="operator")
    harness.memory.put_document(pause.to_write())
    harness.add_job()
    harness.clock.advance(DAY_S + 1)
    assert harness.tick()["started"] == 0


@pytest.mark.parametrize("value", ["2026", 7, {}, []])
def test_an_unreadable_time_holds_what_is_stale(value: object) -> None:
    assert adoption.adopted_from({"slots": [], "adoptedFrom": value}, START) == START - STALE


def test_a_stale_processing_job_of_another_system_is_left(harness: Harness) -> None:
    """Its lease is over and no execution exists: in a project of ours it would begin again."""
    foreign = harness.add_job(status="processing", leaseUntil=START)
    harness.clock.advance(DAY_S + 1)
    before = harness.memory.get_job(foreign)
    assert harness.tick()["repaired"] == 0
    assert harness.memory.get_job(foreign) == before
    harness.memory.put_document(ADOPTED)
    assert harness.tick()["repaired"] == 1


@pytest.mark.parametrize("stale", [5, 300])
def test_new_jobs_pass_any_number_of_stale_ones(harness: Harness, stale: int) -> None:
    """In a busy system an organisation's oldest jobs are read first, as many as there are slots: all held."""
    harness.limits = replace(harness.limits, running=3)
    for _ in range(stale):
        harness.add_job()
    harness.clock.advance(DAY_S + 1)
    new = [harness.add_job(createdAt=harness.clock.now()) for _ in range(3)]
    for _ in range(2):
        harness.tick()
    assert [harness.document(job_id)["status"] for job_id in new] == ["processing"] * 3
    assert len(harness.executions.started) == 3


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_retried_job_passes_any_number_of_held_ones(harness: Harness, is_paused: bool) -> None:
    """Its `createdAt` is as old as theirs. During a pause of another platform the scan stands still."""
    harness.limits = replace(harness.limits, running=3)
    stale = [harness.add_job(createdAt=START - timedelta(seconds=300 - number)) for number in range(300)]
    harness.clock.advance(DAY_S + 1)
    if is_paused:
        until = harness.clock.now() + timedelta(hours=1)
        harness.memory.put_document(Pause(platform=PlatformName.YOUTUBE, until=until, reason="operator").to_write())
    harness.tick()
    harness.memory.touch(stale[-1], **jobs.cancel(Status.PENDING, harness.clock.now()).fields)
    harness.memory.touch(stale[-1], **jobs.retry(Status.CANCELLED, harness.clock.now()).fields)
    for _ in range(2):
        harness.tick()
    assert harness.document(stale[-1])["status"] == "processing"
    assert len(harness.executions.started) == 1


def test_a_busy_system_says_it_in_every_held_job(harness: Harness) -> None:
    stale = [harness.add_job() for _ in range(150)]
    harness.clock.advance(DAY_S + 1)
    for _ in range(20):
        harness.tick()
    assert {harness.document(job_id)["message"] for job_id in stale} == {HELD.text}


def test_cleanup_of_an_unseen_project_deletes_nothing(harness: Harness) -> None:
    old = harness.add_job(status="completed", completedAt=START - timedelta(days=30))
    harness.clock.advance(60 * DAY_S)
    before = harness.memory.get_job(old)
    assert clean_up(harness, days=1) == 0
    assert harness.memory.get_job(old) == before


def test_cleanup_leaves_what_ended_before_this_system(harness: Harness) -> None:
    foreign = harness.add_job(status="completed", completedAt=START)
    harness.clock.advance(3 * DAY_S)
    harness.add_job()
    harness.tick()
    ours = harness.add_job(status="failed", completedAt=harness.clock.now())
    harness.clock.advance(8 * DAY_S)
    assert clean_up(harness) == 1
    assert harness.memory.get_job(ours) is None
    assert harness.memory.get_job(foreign) is not None
    harness.memory.put_document(ADOPTED)
    assert clean_up(harness) == 1
    assert harness.memory.get_job(foreign) is None
