"""What a user may do to a job at any moment: cancel it, try it again, delete it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories import account, videos
from tests.world import CHAIN, World
from tracking import jobs
from tracking.errors import JobCancelledError, StaleAttemptError
from tracking.jobs import Status
from tracking.platforms import Budget, FetchedAccount, VideoPage
from tracking.store import JobWrite, StaleVersionError

VIDEOS = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151/videos"


def change(world: World, job_id: str, make: jobs.UserChange) -> None:
    """As the command line does it: at the version that was read."""
    snapshot = world.store.get_job(job_id)
    assert snapshot is not None
    world.store.commit(JobWrite(job_id, make(snapshot.parse().status, world.clock.now()), snapshot.version))


def test_a_job_cancelled_while_it_waits_never_starts(world: World) -> None:
    job_id = world.add_job()
    change(world, job_id, jobs.cancel)
    for _ in range(3):
        assert world.tick()["started"] == 0
    assert world.executions.started == {}
    assert world.document(job_id)["status"] == "cancelled"


def test_a_job_cancelled_between_claim_and_first_state_asks_no_platform_twice(world: World) -> None:
    job = world.claimed_job()
    change(world, job["jobId"], jobs.cancel)
    with pytest.raises(JobCancelledError):
        world.run_state("FetchAccount", job)
    assert len(world.platform.calls) <= 1
    assert world.document(job["jobId"])["status"] == "cancelled"


class CancelledAtPage:
    """A platform without end; the user cancels while its page `number` is on its way."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._number = number
        self.job_id = ""
        self.pages = 0

    def fetch_account(self, username: str, budget: Budget) -> FetchedAccount:
        return FetchedAccount(account=account(), videos_ref="ref")

    def fetch_videos(self, fetched: FetchedAccount, budget: Budget) -> Iterator[VideoPage]:
        while True:
            self.pages += 1
            if self.pages == self._number:
                change(self._world, self.job_id, jobs.cancel)
            yield VideoPage(videos=tuple(videos(50)), has_more=True)


@pytest.mark.parametrize("page", [1, 2, 7])
def test_a_job_cancelled_while_it_is_fetched_asks_for_no_further_page(world: World, page: int) -> None:
    platform = CancelledAtPage(world, page)
    deps = world.process_deps
    world.process_deps = deps.__class__(deps.store, deps.staging, lambda name: platform, deps.clock, 10_000)
    state = world.run_chain(world.claimed_job(), until="SaveAccount")
    platform.job_id = state["jobId"]
    with pytest.raises(JobCancelledError):
        world.run_state("FetchVideos", state)
    assert platform.pages == page
    assert world.document(state["jobId"])["status"] == "cancelled"
    assert world.store.get_documents(VIDEOS) == {}


def test_a_job_cancelled_in_the_middle_of_saving_keeps_whole_commits_and_no_claim_to_be_done(world: World) -> None:
    world.platform.videos = videos(1_200)
    state = world.run_chain(world.claimed_job(), until="FetchVideos")
    commits = 0
    commit = world.memory.commit

    def cancelling(job: JobWrite, documents: Any = ()) -> str:
        nonlocal commits
        commits += 1
        if commits == 2:
            change_now = jobs.cancel(Status.PROCESSING, world.clock.now())
            world.memory.touch(job.job_id, **change_now)
        return commit(job, documents)

    world.memory.commit = cancelling  # type: ignore[method-assign]
    with pytest.raises(JobCancelledError):
        world.run_state("SaveVideos", state)
    document = world.document(state["jobId"])
    assert (document["status"], document["progress"]) == ("cancelled", 70)
    saved = world.store.get_documents(VIDEOS)
    assert len(saved) == 498
    assert {video["lastJobId"] for video in saved.values()} == {state["jobId"]}
    account_document = world.store.get_document(VIDEOS.rpartition("/")[0])
    assert account_document is not None
    assert "videoCount" not in account_document  # nothing says that they are all there


def test_nothing_overwrites_cancelled(world: World) -> None:
    state = world.run_chain(world.claimed_job(), until="FetchVideos")
    change(world, state["jobId"], jobs.cancel)
    before = world.document(state["jobId"])
    for name in CHAIN:
        with pytest.raises(JobCancelledError):
            world.run_state(name, state)
        with pytest.raises(JobCancelledError):
            world.run_state(name, state, retry_count=1)
    assert world.fail_job(state, "ContractError", "{}")["isRecorded"] is False
    world.clock.advance(10_000)
    world.tick()
    assert world.document(state["jobId"]) == before


@pytest.mark.parametrize("ended", [Status.FAILED, Status.CANCELLED])
def test_a_retry_is_a_new_attempt_under_a_new_name(world: World, ended: Status) -> None:
    job = world.claimed_job()
    if ended is Status.FAILED:
        world.fail_job(job, "ContractError", "{}")
    else:
        change(world, job["jobId"], jobs.cancel)
    change(world, job["jobId"], jobs.retry)
    assert world.document(job["jobId"])["message"] == "Waiting to start."
    assert world.tick()["started"] == 1
    started = [name.rpartition("-")[0] for name in world.executions.started]
    assert started == [f"instagram-NASA-{job['jobId']}-{n}" for n in (1, 2)]


def test_retrying_twice_quickly_starts_one(world: World) -> None:
    job = world.claimed_job()
    world.fail_job(job, "ContractError", "{}")
    snapshot = world.store.get_job(job["jobId"])
    assert snapshot is not None
    again = JobWrite(job["jobId"], jobs.retry(Status.FAILED, world.clock.now()), snapshot.version)
    world.store.commit(again)
    with pytest.raises(StaleVersionError):
        world.store.commit(again)
    world.memory.touch(job["jobId"], **again.fields)  # and once more from a browser, which knows no version
    assert [world.tick()["started"] for _ in range(3)] == [1, 0, 0]
    assert len(world.executions.started) == 2


def test_a_retry_from_a_browser_after_the_start_leaves_one_execution_that_may_write(world: World) -> None:
    """The rules forbid it; should it happen all the same, the older attempt is fenced out."""
    job = world.claimed_job()
    world.fail_job(job, "ContractError", "{}")
    change(world, job["jobId"], jobs.retry)
    world.tick()
    world.memory.touch(job["jobId"], **jobs.retry(Status.FAILED, world.clock.now()))
    world.tick()
    second, third = [dict(p) for p in world.executions.started.values() if p["attempt"] > 1]
    with pytest.raises(StaleAttemptError):
        world.run_state("FetchAccount", second)
    world.run_chain(third)
    assert world.document(job["jobId"])["status"] == "completed"


@pytest.mark.parametrize("state", CHAIN)
def test_a_stale_run_of_before_the_retry_writes_nothing(world: World, state: str) -> None:
    world.platform.videos = videos(3)
    stale: Any = world.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        stale = world.run_state(name, stale)
    change(world, stale["jobId"], jobs.cancel)
    change(world, stale["jobId"], jobs.retry)
    world.tick()
    before = world.memory._documents.copy()
    for retry_count in (0, 1):
        with pytest.raises(StaleAttemptError):
            world.run_state(state, stale, retry_count=retry_count)
    assert world.fail_job(stale, "ContractError", "{}")["isRecorded"] is False
    assert world.memory._documents == before


def test_a_deleted_job_is_not_brought_back(world: World) -> None:
    state = world.run_chain(world.claimed_job(), until="FetchAccount")
    world.memory.delete_job(state["jobId"])
    with pytest.raises(JobCancelledError):
        world.run_state("SaveAccount", state)
    assert world.fail_job(state, "ContractError", "{}")["isRecorded"] is False
    world.tick()
    assert world.store.get_job(state["jobId"]) is None
