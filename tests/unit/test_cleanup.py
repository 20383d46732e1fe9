"""Cleanup: jobs that ended long ago are deleted page by page, and all others stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from cleanup.app import CONTROL_DOCUMENT, RESERVE_MS, handler
from tests.doubles import START
from tests.factories import job, job_document, videos
from tests.harness import Harness, spoil
from tracking import jobs
from tracking.adoption import ADOPTED, OWNER
from tracking.jobs import FINISHED, OPEN, Status
from tracking.pauses import CONTROL_DOCUMENT as CONTROL
from tracking.store import DocumentWrite, JobSnapshot
from tracking.store.memory import MemoryStore
from tracking.wiring import CleanupDeps

OLD = START - timedelta(days=7, seconds=1)
FAR = datetime(2200, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def adopted(harness: Harness) -> None:
    """The project is this system's: tests/unit/test_adoption.py has the others."""
    harness.memory.put_document(ADOPTED)


def clean_up(harness: Harness, context: FakeContext | None = None, days: int = 7) -> dict[str, Any]:
    deps = CleanupDeps(harness.store, harness.clock, days, harness.limits)
    return handler({}, context or FakeContext(), deps)  # type: ignore[arg-type]


def test_finished_jobs_go_after_seven_days_and_live_ones_never(harness: Harness) -> None:
    old = {status: harness.add_job(status=status, completedAt=OLD) for status in Status}
    young = {status: harness.add_job(status=status, completedAt=START - timedelta(days=7)) for status in Status}
    assert clean_up(harness) == {"deleted": 3, "isDone": True}
    left = set(harness.store.get_documents("trackingJobs"))
    assert left == {old[Status.PENDING], old[Status.PROCESSING], *young.values()}


@pytest.mark.parametrize(
    ("owner", "deleted"),
    [("arn:ours", 1), ("", 1), (None, 1), ("arn:theirs", 0)],
    ids=["ours", "none", "null", "theirs"],
)
def test_jobs_of_another_stack_stay(harness: Harness, owner: str | None, deleted: int) -> None:
    """Its `KeepFinishedDays` may be longer."""
    harness.memory.put_document(DocumentWrite(CONTROL, {OWNER: owner}))
    old, young = (harness.add_job(status="completed", completedAt=ended) for ended in (OLD, START))
    deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits, machine="arn:ours")
    assert handler({}, FakeContext(), deps)["deleted"] == deleted  # type: ignore[arg-type]
    assert (harness.store.get_job(old) is None) == bool(deleted)
    assert ("expireAt" in harness.document(young)) == bool(deleted)


def test_a_job_that_ended_just_now_stays_however_old_it_is(harness: Harness) -> None:
    ended = harness.add_job(status="completed", createdAt=START - timedelta(days=30), completedAt=START)
    assert clean_up(harness) == {"deleted": 0, "isDone": True}
    harness.clock.advance(timedelta(days=7, seconds=1).total_seconds())
    assert clean_up(harness) == {"deleted": 1, "isDone": True}
    assert harness.store.get_job(ended) is None


@pytest.mark.parametrize("created_at", [None, "2020-01-01", FAR], ids=["missing", "a string", "in 2200"])
def test_a_finished_job_goes_whatever_createdat_says(harness: Harness, created_at: object) -> None:
    harness.add_job(status="cancelled", createdAt=created_at)
    assert clean_up(harness)["deleted"] == 0
    harness.clock.advance(timedelta(days=7, seconds=1).total_seconds())
    assert clean_up(harness)["deleted"] == 1


@pytest.mark.parametrize("completed_at", [None, "2020-01-01", 0, FAR, START + timedelta(seconds=1)])
def test_impossible_completed_at_gives_way_to_the_last_write(completed_at: object) -> None:
    assert jobs.ended_at({"completedAt": completed_at}, START) == START


@pytest.mark.parametrize("completed_at", [START, START - timedelta(seconds=1), OLD])
def test_completed_at_up_to_the_last_write_is_used(completed_at: datetime) -> None:
    assert jobs.ended_at({"completedAt": completed_at}, START) == completed_at


def test_a_job_without_fields_ended_with_its_last_write() -> None:
    assert jobs.ended_at({}, START) == START


def test_accounts_and_videos_stay(harness: Harness) -> None:
    harness.platform.videos = videos(3)
    job = harness.claimed_job()
    harness.run_chain(job)
    harness.clock.advance(timedelta(days=8).total_seconds())
    assert clean_up(harness)["deleted"] == 1
    accounts = "organizations/org1/projects/project1/trackedAccounts"
    assert len(harness.store.get_documents(accounts)) == 1
    assert len(harness.store.get_documents(f"{accounts}/instagram_528817151/videos")) == 3


def test_a_run_twice_deletes_nothing_more(harness: Harness) -> None:
    harness.add_job(status="failed", completedAt=OLD)
    assert clean_up(harness)["deleted"] == 1
    assert clean_up(harness) == {"deleted": 0, "isDone": True}


class RunningOut(FakeContext):
    """A Lambda context in which each page takes a minute."""

    def get_remaining_time_in_millis(self) -> int:
        self._remaining_s -= 60
        return round(self._remaining_s * 1000)


def test_a_run_that_ends_early_says_so_and_the_next_one_goes_on(harness: Harness) -> None:
    for number in range(1_200):
        harness.memory.touch(f"job-{number}", **job_document(status="completed", completedAt=OLD))
    two_pages = RunningOut(60 + RESERVE_MS / 1000)
    assert clean_up(harness, two_pages) == {"deleted": 1_000, "isDone": False}
    assert clean_up(harness) == {"deleted": 200, "isDone": True}


def test_runs_that_are_cut_off_meet_every_job_in_turn(harness: Harness) -> None:
    harness.limits = replace(harness.limits, finished_page_size=2)
    for letter in "0AZaz":
        harness.memory.touch(f"{letter}job", **job_document(status="completed", completedAt=START))
    looked_at: set[str] = set()

    class Watched(MemoryStore):
        get_document, put_document = harness.memory.get_document, harness.memory.put_document
        write_each = harness.memory.write_each

        def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
            page = harness.memory.finished_jobs(limit, from_id)
            looked_at.update(job.job_id for job in page)
            return page

    harness.store = Watched(harness.clock)
    for _ in range(4):  # each run begins with the last job of the run before
        assert clean_up(harness, RunningOut(RESERVE_MS / 1000)) == {"deleted": 0, "isDone": False}
    assert looked_at == {"0job", "Ajob", "Zjob", "ajob", "zjob"}
    assert harness.store.get_document(CONTROL_DOCUMENT) == {"goesOnFrom": "zjob"}
    assert clean_up(harness) == {"deleted": 0, "isDone": True}
    assert harness.store.get_document(CONTROL_DOCUMENT) == {"goesOnFrom": ""}


@pytest.mark.parametrize("place", ["a/b", 7, None, "__x__", "never", ""])
def test_cleanup_continues_from_any_stored_place(harness: Harness, place: object) -> None:
    harness.add_job(status="failed", completedAt=OLD)
    harness.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {"goesOnFrom": place}))
    assert clean_up(harness) == {"deleted": 1, "isDone": True}


def test_a_job_that_is_retried_between_read_and_delete_stays(harness: Harness) -> None:
    retried, other = (harness.add_job(status="failed", completedAt=OLD) for _ in range(2))

    class Meddled(MemoryStore):
        get_document, put_document = harness.memory.get_document, harness.memory.put_document
        write_each = harness.memory.write_each

        def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
            page = harness.memory.finished_jobs(limit, from_id)
            harness.memory.touch(retried, **jobs.retry(Status.FAILED, START).fields)
            return page

        def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
            return harness.memory.delete_jobs(jobs)

    harness.store = Meddled(harness.clock)
    assert clean_up(harness)["deleted"] == 1
    assert set(harness.memory.get_documents("trackingJobs")) == {retried}
    assert other not in harness.memory.get_documents("trackingJobs")


DAY = timedelta(days=1)


def expiry(harness: Harness, job_id: str) -> object:
    return harness.document(job_id).get("expireAt")


@pytest.mark.parametrize("days", [1, 7, 90])
def test_a_kept_job_expires_as_many_days_after_its_end(harness: Harness, days: int) -> None:
    ended = START - timedelta(hours=5)
    kept = [harness.add_job(status=status, completedAt=ended) for status in FINISHED]
    assert clean_up(harness, days=days)["deleted"] == 0
    assert [expiry(harness, job_id) for job_id in kept] == [ended + timedelta(days=days)] * 3


@pytest.mark.parametrize("days", [1, 7, 90])
def test_ttl_and_cleanup_agree_on_the_day(harness: Harness, days: int) -> None:
    """A job is deleted by the cleanup only when its `expireAt` is over, and then at once."""
    job_id = harness.add_job(status="failed", completedAt=START)
    clean_up(harness, days=days)
    expires = harness.document(job_id)["expireAt"]
    harness.clock.advance((expires - START).total_seconds())
    assert clean_up(harness, days=days)["deleted"] == 0
    harness.clock.advance(1)
    assert clean_up(harness, days=days)["deleted"] == 1


def test_another_number_of_days_counts_for_older_jobs_too(harness: Harness) -> None:
    job_id = harness.add_job(status="completed", completedAt=START, expireAt=START + 7 * DAY)
    clean_up(harness, days=90)
    assert expiry(harness, job_id) == START + 90 * DAY
    clean_up(harness, days=1)
    assert expiry(harness, job_id) == START + DAY


def test_a_job_without_an_end_gets_one_that_does_not_move(harness: Harness) -> None:
    """Older pages write only the status. The end is the last write, and ours must not become that."""
    job_id = harness.add_job(status="cancelled")
    (written,) = harness.memory.finished_jobs(1)
    for _ in range(3):
        harness.clock.advance(DAY.total_seconds())
        clean_up(harness)
    document = harness.document(job_id)
    assert (document["completedAt"], document["expireAt"]) == (written.updated_at, written.updated_at + 7 * DAY)


def test_a_right_expiry_is_not_written_again(harness: Harness) -> None:
    job_id = harness.add_job(status="completed", completedAt=START)
    clean_up(harness)
    version = harness.memory.get_job(job_id)
    harness.clock.advance(DAY.total_seconds())
    clean_up(harness)
    assert harness.memory.get_job(job_id) == version


def test_open_jobs_have_no_expiry(harness: Harness) -> None:
    """Endings set none, a retry and a claim clear it: a job that waits or runs is never deleted."""
    still_open = [harness.add_job(status=status) for status in OPEN]
    clean_up(harness)
    assert [expiry(harness, job_id) for job_id in still_open] == [None, None]
    changes = [jobs.retry(Status.FAILED, START), jobs.claim(job().next_attempt(), START, "arn")]
    assert [change.fields["expireAt"] for change in changes] == [None, None]


def test_a_job_that_nobody_can_write_is_deleted_in_time(harness: Harness) -> None:
    """Firestore refuses the write of its `expireAt`, and the others get theirs."""
    full = harness.add_job(status="failed", completedAt=START)
    spoil(harness.memory, full)
    other = harness.add_job(status="failed", completedAt=START)
    clean_up(harness)
    assert (expiry(harness, full), expiry(harness, other)) == (None, START + 7 * DAY)
    harness.clock.advance((7 * DAY).total_seconds() + 1)
    assert clean_up(harness)["deleted"] == 2
