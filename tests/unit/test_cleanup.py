"""Old finished jobs go, page by page; everything else stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cleanup.app import RESERVE_MS, handler
from tests.doubles import START, FakeContext
from tests.factories import videos
from tests.world import World
from tracking import jobs
from tracking.jobs import Status
from tracking.store import JobSnapshot
from tracking.store.memory import MemoryStore
from tracking.wiring import CleanupDeps

OLD = START - timedelta(days=7, seconds=1)


def clean_up(world: World, context: FakeContext | None = None) -> dict[str, Any]:
    deps = CleanupDeps(world.store, world.clock, 7)
    return handler({}, context or FakeContext(), deps)  # type: ignore[arg-type]


def test_finished_jobs_go_after_seven_days_and_live_ones_never(world: World) -> None:
    old = {status: world.add_job(status=status, createdAt=OLD) for status in Status}
    young = {status: world.add_job(status=status, createdAt=START - timedelta(days=7)) for status in Status}
    assert clean_up(world) == {"deleted": 3, "isDone": True}
    left = set(world.store.get_documents("trackingJobs"))
    assert left == {old[Status.PENDING], old[Status.PROCESSING], *young.values()}


def test_accounts_and_videos_stay(world: World) -> None:
    world.platform.videos = videos(3)
    job = world.claimed_job()
    world.run_chain(job)
    world.clock.advance(timedelta(days=8).total_seconds())
    assert clean_up(world)["deleted"] == 1
    accounts = "organizations/org1/projects/project1/trackedAccounts"
    assert len(world.store.get_documents(accounts)) == 1
    assert len(world.store.get_documents(f"{accounts}/instagram_528817151/videos")) == 3


def test_a_run_twice_deletes_nothing_more(world: World) -> None:
    world.add_job(status="failed", createdAt=OLD)
    assert clean_up(world)["deleted"] == 1
    assert clean_up(world) == {"deleted": 0, "isDone": True}


class RunningOut(FakeContext):
    """Each page takes a minute of the invocation."""

    def get_remaining_time_in_millis(self) -> int:
        self._remaining_s -= 60
        return round(self._remaining_s * 1000)


def test_a_run_that_ends_early_says_so_and_the_next_one_goes_on(world: World) -> None:
    for number in range(1_200):
        world.add_job(status="completed", createdAt=OLD - timedelta(minutes=number))
    two_pages = RunningOut(3 * 60 + RESERVE_MS / 1000)
    assert clean_up(world, two_pages) == {"deleted": 1_000, "isDone": False}
    left = [job["createdAt"] for job in world.store.get_documents("trackingJobs").values()]
    assert min(left) == OLD - timedelta(minutes=199)  # the oldest went first
    assert clean_up(world) == {"deleted": 200, "isDone": True}


def test_a_job_that_is_retried_between_read_and_delete_stays(world: World) -> None:
    retried, other = (world.add_job(status="failed", createdAt=OLD) for _ in range(2))

    class Meddled(MemoryStore):
        def finished_jobs(self, created_before: datetime, limit: int) -> list[JobSnapshot]:
            page = world.memory.finished_jobs(created_before, limit)
            world.memory.touch(retried, **jobs.retry(Status.FAILED, START))
            return page

        def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
            return world.memory.delete_jobs(jobs)

    world.store = Meddled(world.clock)
    assert clean_up(world)["deleted"] == 1
    assert set(world.memory.get_documents("trackingJobs")) == {retried}
    assert other not in world.memory.get_documents("trackingJobs")


def test_every_end_of_a_job_says_when_it_may_be_deleted_and_every_new_beginning_takes_it_back() -> None:
    ends = [
        jobs.complete(START, "Done.", "tiktok_1").fields,
        jobs.fail(Status.PROCESSING, START, "Why.", "ContractError"),
        jobs.cancel(Status.PENDING, START),
    ]
    assert [fields["expireAt"] for fields in ends] == [START + timedelta(days=7)] * 3
    assert jobs.retry(Status.FAILED, START)["expireAt"] is None
