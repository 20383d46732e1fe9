"""Changes by users at any moment: they cancel, retry and delete jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.factories import account, videos
from tests.harness import CHAIN, Harness
from tracking import jobs
from tracking.errors import JobCancelledError, StaleAttemptError
from tracking.jobs import Status
from tracking.platforms import Bounds, FetchedAccount, VideoPage
from tracking.store import JobWrite, StaleVersionError

VIDEOS = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151/videos"


def change(harness: Harness, job_id: str, make: jobs.UserChange) -> None:
    """Change a job as the command line does, at the version that it read."""
    snapshot = harness.store.get_job(job_id)
    assert snapshot is not None
    harness.store.commit(JobWrite(job_id, make(snapshot.parse().status, harness.clock.now()), snapshot.version))


def test_a_job_cancelled_while_it_waits_never_starts(harness: Harness) -> None:
    job_id = harness.add_job()
    change(harness, job_id, jobs.cancel)
    for _ in range(3):
        assert harness.tick()["started"] == 0
    assert harness.executions.started == {}
    assert harness.document(job_id)["status"] == "cancelled"


def test_job_cancelled_before_fetch_calls_the_platform_once(harness: Harness) -> None:
    """One call may be made, but its result is not written."""
    job = harness.claimed_job()
    change(harness, job["jobId"], jobs.cancel)
    with pytest.raises(JobCancelledError):
        harness.run_state("FetchAccount", job)
    assert len(harness.platform.calls) == 1
    assert harness.document(job["jobId"])["status"] == "cancelled"


class CancelledAtPage:
    """A platform with endless pages. The user cancels while page `number` is being fetched."""

    def __init__(self, harness: Harness, number: int) -> None:
        self._world = harness
        self._number = number
        self.job_id = ""
        self.pages = 0

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        return FetchedAccount(account=account(), videos_ref="ref")

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage]:
        while True:
            self.pages += 1
            if self.pages == self._number:
                change(self._world, self.job_id, jobs.cancel)
            yield VideoPage(videos=tuple(videos(50)), has_more=True)


@pytest.mark.parametrize("page", [1, 2, 7])
def test_job_cancelled_while_fetching_asks_for_no_more_pages(harness: Harness, page: int) -> None:
    platform = CancelledAtPage(harness, page)
    harness.process_deps = replace(harness.process_deps, platform=lambda name: platform)
    state = harness.run_chain(harness.claimed_job(), until="SaveAccount")
    platform.job_id = state["jobId"]
    with pytest.raises(JobCancelledError):
        harness.run_state("FetchVideos", state)
    assert platform.pages == page
    assert harness.document(state["jobId"])["status"] == "cancelled"
    assert harness.store.get_documents(VIDEOS) == {}


def test_job_cancelled_while_saving_keeps_whole_commits(harness: Harness) -> None:
    """The account gets no `videoCount`, since not all of its videos are saved."""
    harness.platform.videos = videos(1_200)
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    commits = 0
    commit = harness.memory.commit

    def cancelling(job: JobWrite, documents: Any = ()) -> str:
        nonlocal commits
        commits += 1
        if commits == 2:
            cancel = jobs.cancel(Status.PROCESSING, harness.clock.now())
            harness.memory.touch(job.job_id, **cancel.fields)
        return commit(job, documents)

    harness.memory.commit = cancelling  # type: ignore[method-assign]
    with pytest.raises(JobCancelledError):
        harness.run_state("SaveVideos", state)
    document = harness.document(state["jobId"])
    assert (document["status"], document["progress"]) == ("cancelled", 70)
    saved = harness.store.get_documents(VIDEOS)
    assert len(saved) == 497
    assert {video["lastJobId"] for video in saved.values()} == {state["jobId"]}
    account_document = harness.store.get_document(VIDEOS.rpartition("/")[0])
    assert account_document is not None
    assert "videoCount" not in account_document  # no field claims that all videos are saved


def test_nothing_overwrites_cancelled(harness: Harness) -> None:
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    change(harness, state["jobId"], jobs.cancel)
    before = harness.document(state["jobId"])
    for name in CHAIN:
        with pytest.raises(JobCancelledError):
            harness.run_state(name, state)
        with pytest.raises(JobCancelledError):
            harness.run_state(name, state, retry_count=1)
    assert harness.fail_job(state, "ContractError", "{}")["isRecorded"] is False
    harness.clock.advance(10_000)
    harness.tick()
    assert harness.document(state["jobId"]) == before


@pytest.mark.parametrize("ended", [Status.FAILED, Status.CANCELLED])
def test_a_retry_is_a_new_attempt_under_a_new_name(harness: Harness, ended: Status) -> None:
    job = harness.claimed_job()
    if ended is Status.FAILED:
        harness.fail_job(job, "ContractError", "{}")
    else:
        change(harness, job["jobId"], jobs.cancel)
    change(harness, job["jobId"], jobs.retry)
    assert harness.document(job["jobId"])["message"] == "Waiting to start."
    assert harness.tick()["started"] == 1
    started = [name.rpartition("-")[0] for name in harness.executions.started]
    assert started == [f"instagram-NASA-{job['jobId']}-{n}" for n in (1, 2)]


def test_retrying_twice_quickly_starts_one(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.fail_job(job, "ContractError", "{}")
    snapshot = harness.store.get_job(job["jobId"])
    assert snapshot is not None
    again = JobWrite(job["jobId"], jobs.retry(Status.FAILED, harness.clock.now()), snapshot.version)
    harness.store.commit(again)
    with pytest.raises(StaleVersionError):
        harness.store.commit(again)
    harness.memory.touch(job["jobId"], **again.change.fields)  # a second time, without a version, as a browser does
    assert [harness.tick()["started"] for _ in range(3)] == [1, 0, 0]
    assert len(harness.executions.started) == 2


def test_browser_retry_after_start_leaves_one_writer(harness: Harness) -> None:
    """The rules forbid such a retry. If it still happens, the fence stops the older attempt."""
    job = harness.claimed_job()
    harness.fail_job(job, "ContractError", "{}")
    change(harness, job["jobId"], jobs.retry)
    harness.tick()
    harness.memory.touch(job["jobId"], **jobs.retry(Status.FAILED, harness.clock.now()).fields)
    harness.tick()
    second, third = [dict(p) for p in harness.executions.started.values() if p["attempt"] > 1]
    with pytest.raises(StaleAttemptError):
        harness.run_state("FetchAccount", second)
    harness.run_chain(third)
    assert harness.document(job["jobId"])["status"] == "completed"


@pytest.mark.parametrize("state", CHAIN)
def test_a_stale_run_of_before_the_retry_writes_nothing(harness: Harness, state: str) -> None:
    harness.platform.videos = videos(3)
    stale: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        stale = harness.run_state(name, stale)
    change(harness, stale["jobId"], jobs.cancel)
    change(harness, stale["jobId"], jobs.retry)
    harness.tick()
    before = harness.memory._documents.copy()
    for retry_count in (0, 1):
        with pytest.raises(StaleAttemptError):
            harness.run_state(state, stale, retry_count=retry_count)
    assert harness.fail_job(stale, "ContractError", "{}")["isRecorded"] is False
    assert harness.memory._documents == before


def test_a_deleted_job_is_not_brought_back(harness: Harness) -> None:
    state = harness.run_chain(harness.claimed_job(), until="FetchAccount")
    harness.memory.delete_job(state["jobId"])
    with pytest.raises(JobCancelledError):
        harness.run_state("SaveAccount", state)
    assert harness.fail_job(state, "ContractError", "{}")["isRecorded"] is False
    harness.tick()
    assert harness.store.get_job(state["jobId"]) is None
