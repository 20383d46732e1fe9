"""A job that runs through both functions, with Firestore's emulator and S3 (moto), and a count of Firestore's calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from bench.rpcs import RecordedClient, RpcRecorder
from tests.factories import account, video, videos
from tests.harness import CHAIN, Harness, lambda_cause
from tracking.errors import AccountPrivateError, JobCancelledError
from tracking.staging.s3 import S3Objects
from tracking.store import MAX_BYTES_PER_COMMIT, MAX_WRITES_PER_COMMIT
from tracking.store.firestore import FirestoreStore

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"


@pytest.fixture
def client(firestore_client: Callable[[], Client]) -> Client:
    return firestore_client()


@pytest.fixture
def sent() -> RpcRecorder:
    return RpcRecorder()


@pytest.fixture
def real(client: Client, sent: RpcRecorder, s3: Any) -> Harness:
    return Harness(store=FirestoreStore(RecordedClient(sent, client.project)), objects=S3Objects(s3, "staging"))


@pytest.mark.parametrize(
    ("count", "commits"),
    # A commit for each of three states, then one for each 495 to 497 videos.
    [(0, 4), (1, 4), (495, 4), (501, 5), (5_000, 14)],
)
def test_job_of_a_new_account_costs_one_commit_per_state(
    real: Harness, client: Client, sent: RpcRecorder, s3: Any, count: int, commits: int
) -> None:
    """This holds while all videos fit into one commit; more videos cost more commits."""
    real.platform.videos = videos(count)
    job_id = real.add_job()
    sent.calls.clear()
    real.tick()
    assert sent.names == ["RunQuery", "BatchGetDocuments", "Commit", "BatchWrite"]  # jobs, control, slots, claims
    (job,) = real.executions.started.values()
    sent.calls.clear()
    real.run_chain(dict(job))
    between_pages = max(0, (count - 1) // real.platform.page_size)  # one read after each page: was the job cancelled?
    what_is_known = 1
    assert sorted(sent.names) == ["BatchGetDocuments"] * (between_pages + what_is_known) + ["Commit"] * commits
    assert max(writes for writes, _ in sent.writes()) <= MAX_WRITES_PER_COMMIT
    assert max(size for _, size in sent.writes()) <= MAX_BYTES_PER_COMMIT
    document = real.document(job_id)
    assert (document["status"], document["progress"], document["accountId"]) == (
        "completed",
        100,
        "instagram_528817151",
    )
    (saved,) = real.store.get_documents(ACCOUNTS).values()
    assert saved["videoCount"] == count
    videos_saved = client.collection(f"{ACCOUNTS}/instagram_528817151/videos").count().get()[0][0].value  # type: ignore[no-untyped-call]
    assert videos_saved == count
    assert "Contents" not in s3.list_objects_v2(Bucket="staging")


def test_a_known_account_costs_one_more_and_keeps_who_added_it(real: Harness, sent: RpcRecorder) -> None:
    real.run_chain(real.claimed_job(userId="first"))
    real.clock.advance(60)
    job = real.claimed_job(userId="second")
    sent.calls.clear()
    real.run_chain(job)
    assert sorted(sent.names) == ["BatchGetDocuments"] + ["Commit"] * 5  # with the past of an account without videos
    (saved,) = real.store.get_documents(ACCOUNTS).values()
    assert (saved["addedBy"], saved["lastJobId"]) == ("first", job["jobId"])
    assert saved["dateAdded"] < saved["lastSyncedAt"]


def test_news_costs_no_request(real: Harness, sent: RpcRecorder) -> None:
    """Events are in commits that are made anyway. The second job finds a new video, and passes a milestone."""
    real.process_deps = replace(real.process_deps, news=True)
    real.platform.videos = videos(10)
    real.run_chain(real.claimed_job())
    real.clock.advance(86_400)
    real.platform.account = account(follower_count=100_000_000)
    real.platform.videos = [video(50, published_at=real.clock.now()), *videos(10)]
    job = real.claimed_job()
    sent.calls.clear()
    real.run_chain(job)
    assert sorted(sent.names) == ["BatchGetDocuments"] * 2 + ["Commit"] * 5
    listed = real.store.list_events("org1", "project1", 9)
    assert [name.rpartition("-")[2] for name in listed][3:] == ["completed"]  # of the first job
    assert {name.rpartition("-")[2] for name in listed} == {"completed", "published", "milestone"}
    assert all(document["dueAt"] == document["event"]["occurredAt"] for document in listed.values())


def test_a_state_whose_reply_was_lost_is_applied_once(real: Harness) -> None:
    real.platform.videos = videos(3)
    state: Any = real.claimed_job()
    for name in CHAIN:
        real.run_state(name, state)
        state = real.run_state(name, state, retry_count=1)
    document = real.document(state["jobId"])
    # No run failed, so none announced a retry.
    assert (document["status"], document["progress"], document["retryCount"]) == ("completed", 100, 0)
    assert len(real.store.get_documents(f"{ACCOUNTS}/instagram_528817151/videos")) == 3


def test_a_job_cancelled_on_the_way_stops_and_leaves_no_videos(real: Harness, client: Client) -> None:
    real.platform.videos = videos(3)
    state = real.run_chain(real.claimed_job(), until="FetchVideos")
    client.collection("trackingJobs").document(state["jobId"]).update({"status": "cancelled"})
    with pytest.raises(JobCancelledError):
        real.run_state("SaveVideos", state)
    document = real.document(state["jobId"])
    assert (document["status"], document["progress"]) == ("cancelled", 70)
    assert real.store.get_documents(f"{ACCOUNTS}/instagram_528817151/videos") == {}


def test_somebody_elses_field_does_not_stop_the_job(real: Harness, client: Client) -> None:
    state: Any = real.claimed_job()
    for name in CHAIN:
        client.collection("trackingJobs").document(state["jobId"]).update({"seenBy": name})
        state = real.run_state(name, state)
    document = real.document(state["jobId"])
    assert (document["status"], document["seenBy"]) == ("completed", "SaveVideos")


def test_private_account_is_saved_and_its_job_fails(real: Harness) -> None:
    real.platform.account = account(is_private=True)
    state = real.run_chain(real.claimed_job(), until="SaveAccount")
    with pytest.raises(AccountPrivateError) as error:
        real.run_state("FetchVideos", state)
    real.fail_job(state, "AccountPrivateError", lambda_cause(error.value))
    document = real.document(state["jobId"])
    assert (document["status"], document["error"]) == ("failed", "This account is private.")
    assert [saved["isPrivate"] for saved in real.store.get_documents(ACCOUNTS).values()] == [True]


def test_a_deleted_job_stays_deleted(real: Harness, client: Client) -> None:
    job = real.claimed_job()
    client.collection("trackingJobs").document(job["jobId"]).delete()
    with pytest.raises(JobCancelledError):
        real.run_state("FetchAccount", job)
    assert real.store.get_job(job["jobId"]) is None
