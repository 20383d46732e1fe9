"""The states of an execution, one by one and in order, run by the function's handler."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from process import app
from process.states import FAIL_JOB, STATES
from tests.doubles import START
from tests.factories import account, video, videos
from tests.harness import CHAIN, Harness, lambda_cause
from tracking.clock import to_rfc3339
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    InvalidJobError,
    JobCancelledError,
    PlatformUnavailableError,
    RateLimitedError,
    StaleAttemptError,
    StoreUnavailableError,
)
from tracking.sentences import Sentence
from tracking.store import DocumentWrite, JobWrite
from tracking.store.memory import MemoryStore

ACCOUNT = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151"
VIDEOS = f"{ACCOUNT}/videos"


def everything(harness: Harness) -> dict[str, Any]:
    """Return all documents by path, without their write times."""
    paths = sorted(harness.memory._documents)
    return {path: harness.store.get_document(path) for path in paths}


def test_fetch_account_finds_and_stages_the_account(harness: Harness) -> None:
    job = harness.claimed_job()
    output = harness.run_state("FetchAccount", job)
    document = harness.document(job["jobId"])
    assert (document["status"], document["progress"], document["message"]) == ("processing", 30, "Found NASA.")
    assert output["accountId"] == "instagram_528817151"
    assert harness.process_deps.staging.get_account(harness.execution_of(job)).account == account()
    assert harness.platform.calls[0][0] == "fetch_account @NASA"
    assert harness.store.get_document(ACCOUNT) is None


def test_save_account_writes_the_account_and_who_added_it(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.run_chain(job, until="SaveAccount")
    assert harness.store.get_document(ACCOUNT) == {
        "platform": "instagram",
        "platformUserId": "528817151",
        "username": "nasa",
        "displayName": "NASA",
        "profileUrl": "https://www.instagram.com/nasa/",
        "avatarUrl": "https://cdn.example/nasa.jpg",
        "bio": "Exploring the universe 🚀",
        "isVerified": True,
        "isPrivate": False,
        "followerCount": 97_000_000,
        "followingCount": 77,
        "postCount": 4_000,
        "totalViews": None,
        "accountType": "competitor",
        "addedBy": "user1",
        "dateAdded": START,
        "lastSyncedAt": START,
        "lastJobId": job["jobId"],
    }
    document = harness.document(job["jobId"])
    assert (document["progress"], document["accountId"]) == (50, "instagram_528817151")


def test_fetch_videos_stages_every_video(harness: Harness) -> None:
    harness.platform.videos = videos(120)
    job = harness.claimed_job()
    harness.run_chain(job, until="FetchVideos")
    assert harness.process_deps.staging.get_videos(harness.execution_of(job), 1).videos == tuple(videos(120))
    document = harness.document(job["jobId"])
    assert (document["progress"], document["message"]) == (70, "Fetched 120 videos.")


def test_save_videos_writes_each_video_and_completes_the_job(harness: Harness) -> None:
    harness.platform.videos = videos(2)
    job = harness.claimed_job()
    harness.clock.advance(90)
    harness.run_chain(job)
    saved = harness.store.get_documents(VIDEOS)
    assert set(saved) == {"video00001", "video00002"}
    assert saved["video00001"] == {
        "videoId": "video00001",
        "url": "https://www.instagram.com/p/video00001/",
        "title": "Video 1",
        "caption": video(1).caption,
        "thumbnailUrl": "https://cdn.example/1.jpg",
        "publishedAt": START - timedelta(hours=1),
        "durationS": 12.5,
        "mediaType": "video",
        "viewCount": 1_001,
        "likeCount": 100,
        "commentCount": 10,
        "shareCount": None,
        "saveCount": None,
        "hashtags": ["space", "nasa"],
        "isPinned": False,
        "d1": 1_001,  # it is an hour old: it gained all its views since yesterday
        "d7": 1_001,
        "multiplier": None,  # there are not five earlier videos
        "lastSyncedAt": START + timedelta(seconds=90),
        "lastJobId": job["jobId"],
    }
    document = harness.document(job["jobId"])
    assert (document["status"], document["progress"]) == ("completed", 100)
    assert document["message"] == "Done: 2 videos saved."
    assert document["completedAt"] == START + timedelta(seconds=90)
    assert (document["leaseUntil"], document["error"], document["errorCode"]) == (None, None, None)
    account_document = harness.store.get_document(ACCOUNT)
    assert account_document is not None
    assert account_document["videoCount"] == 2
    assert harness.staged.bodies == {}


def test_an_account_without_videos_completes(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"] == "Done: 0 videos saved."
    assert harness.store.get_documents(VIDEOS) == {}
    account_document = harness.store.get_document(ACCOUNT)
    assert account_document is not None
    assert account_document["videoCount"] == 0


def test_progress_only_grows_on_the_way(harness: Harness) -> None:
    harness.platform.videos = videos(3)
    job = harness.claimed_job()
    seen = [harness.document(job["jobId"])["progress"]]
    state: Any = job
    for name in CHAIN:
        state = harness.run_state(name, state)
        seen.append(harness.document(job["jobId"])["progress"])
    assert seen == [0, 30, 50, 70, 100]


def test_tracking_an_account_again_updates_its_document(harness: Harness) -> None:
    """The fields `addedBy` and `dateAdded` stay as they were."""
    harness.platform.videos = videos(3)
    harness.run_chain(harness.claimed_job(userId="first"))
    harness.clock.advance(3600)
    harness.platform.account = account(follower_count=98_000_000)
    harness.platform.videos = videos(4, like_count=5)
    second = harness.claimed_job(userId="second", accountType="my")
    harness.run_chain(second)
    accounts = harness.store.get_documents("organizations/org1/projects/project1/trackedAccounts")
    assert list(accounts) == ["instagram_528817151"]
    document = accounts["instagram_528817151"]
    assert (document["addedBy"], document["dateAdded"]) == ("first", START)
    assert (document["followerCount"], document["videoCount"]) == (98_000_000, 4)
    assert (document["lastSyncedAt"], document["lastJobId"]) == (START + timedelta(hours=1), second["jobId"])
    assert document["accountType"] == "my"
    assert {v["likeCount"] for v in harness.store.get_documents(VIDEOS).values()} == {5}


def test_a_private_account_is_saved_and_then_fails_at_its_videos(harness: Harness) -> None:
    harness.platform.account = account(is_private=True)
    job = harness.claimed_job()
    state = harness.run_chain(job, until="SaveAccount")
    with pytest.raises(AccountPrivateError) as refused:
        harness.run_state("FetchVideos", state)
    harness.fail_job(state, "AccountPrivateError", lambda_cause(refused.value))
    saved = harness.store.get_document(ACCOUNT)
    assert saved is not None
    assert saved["isPrivate"] is True
    document = harness.document(job["jobId"])
    assert (document["status"], document["errorCode"]) == ("failed", "AccountPrivateError")
    assert (document["error"], document["progress"]) == ("This account is private.", 50)


# Running twice


@pytest.mark.parametrize("state", CHAIN)
def test_state_retried_after_a_lost_reply_changes_nothing(state: str, harness: Harness) -> None:
    harness.platform.videos = videos(3)
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    first = harness.run_state(state, given)
    before = everything(harness)
    harness.clock.advance(5)
    second = harness.run_state(state, given, retry_count=1)
    changed = (
        "message",
        "messageCode",
        "messageParams",
        "retryCount",
        "updatedAt",
        "steps",
    )  # fields that the retry itself changes
    after = everything(harness)
    job_path = f"trackingJobs/{given['jobId']}"
    assert after.keys() == before.keys()
    for path, document in after.items():
        ignored = changed if path == job_path else ("lastSyncedAt",)
        assert {k: v for k, v in document.items() if k not in ignored} == {
            k: v for k, v in before[path].items() if k not in ignored
        }
    different = {name for name in second if second[name] != first.get(name)}
    assert different <= {"version", "retriesUsed"}
    if state == "SaveVideos":
        assert after == before
    else:
        for name in CHAIN[CHAIN.index(state) + 1 :]:
            second = harness.run_state(name, second)
        assert harness.document(given["jobId"])["status"] == "completed"


@pytest.mark.parametrize("state", CHAIN[:-1])
def test_a_state_that_is_invoked_twice_changes_nothing_more(state: str, harness: Harness) -> None:
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    first = harness.run_state(state, given)
    before = everything(harness)
    harness.clock.advance(5)
    assert harness.run_state(state, given) == first
    after = everything(harness)
    assert after == before


def test_second_save_videos_leaves_the_completed_job_alone(harness: Harness) -> None:
    """This second run has a retry count of 0, so it does not read the job first. It fails: the staged objects are gone.

    A retry by Step Functions has a count of 1, and finds the job completed.
    """
    given = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    harness.run_state("SaveVideos", given)
    before = everything(harness)
    with pytest.raises(ContractError) as error:
        harness.run_state("SaveVideos", given)
    harness.fail_job(given, "ContractError", lambda_cause(error.value))
    assert everything(harness) == before


# Retries


def failing_run(harness: Harness, state: str, job: Any, retry_count: int = 0) -> dict[str, Any]:
    """Run a state whose platform does not answer, and return the job's document afterwards."""
    harness.platform.failures = [PlatformUnavailableError(Sentence("Instagram did not answer."))]
    with pytest.raises(PlatformUnavailableError):
        harness.run_state(state, job, retry_count=retry_count)
    return harness.document(job["jobId"])


def test_a_retry_is_announced_and_counted_over_all_states(harness: Harness) -> None:
    """The run that failed announces the retry, so that its user sees it while the machine waits."""
    harness.platform.videos = videos(1)
    job = harness.claimed_job()
    document = failing_run(harness, "FetchAccount", job)
    assert (document["retryCount"], document["message"]) == (1, "That did not work at once; trying again (retry 1).")
    state = harness.run_state("FetchAccount", job, retry_count=1)
    state = harness.run_state("SaveAccount", state)
    seen = []
    for count in (0, 1):
        document = failing_run(harness, "FetchVideos", state, retry_count=count)
        seen.append((document["retryCount"], document["progress"], document["status"]))
    assert seen == [(2, 50, "processing"), (3, 50, "processing")]
    assert harness.document(job["jobId"])["message"] == "That did not work at once; trying again (retry 3)."
    state = harness.run_state("FetchVideos", state, retry_count=2)
    harness.run_state("SaveVideos", state)
    document = harness.document(job["jobId"])
    assert (document["status"], document["retryCount"]) == ("completed", 3)


def test_runs_for_which_lambda_had_no_place_do_not_count(harness: Harness) -> None:
    """The machine's own count holds them: here six, before the first and the second run."""
    job = harness.claimed_job()
    assert failing_run(harness, "FetchAccount", job, retry_count=4)["retryCount"] == 1
    harness.platform.failures = [RateLimitedError(Sentence("Slow down."))]
    with pytest.raises(RateLimitedError):
        harness.run_state("FetchAccount", job, retry_count=7)
    document = harness.document(job["jobId"])
    assert (document["retryCount"], document["status"]) == (2, "processing")


def test_the_last_failure_announces_no_retry(harness: Harness) -> None:
    job = harness.claimed_job()
    for count in range(4):
        document = failing_run(harness, "FetchAccount", job, retry_count=count)
    assert document["retryCount"] == 3


def test_failure_is_told_even_if_its_retry_cannot_be_announced(harness: Harness) -> None:
    class Down(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

    job = harness.claimed_job()
    harness.process_deps = replace(harness.process_deps, store=Down(harness.clock))
    harness.platform.failures = [PlatformUnavailableError(Sentence("Instagram did not answer."))]
    with pytest.raises(PlatformUnavailableError):
        harness.run_state("FetchAccount", job)


def test_four_failures_of_a_state_are_three_retries(harness: Harness) -> None:
    """The fourth failure fails the job, with the code of its error."""
    job = harness.claimed_job()
    for count in range(4):
        harness.platform.failures = [PlatformUnavailableError(Sentence("Instagram did not answer."))]
        with pytest.raises(PlatformUnavailableError) as error:
            harness.run_state("FetchAccount", job, retry_count=count)
    harness.fail_job(job, "PlatformUnavailableError", lambda_cause(error.value))
    document = harness.document(job["jobId"])
    assert (document["status"], document["retryCount"], document["errorCode"]) == (
        "failed",
        3,
        "PlatformUnavailableError",
    )


def test_only_a_retry_may_replace_a_paid_run(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.run_state("FetchAccount", job)
    harness.run_state("FetchAccount", job, retry_count=1)
    assert [bounds.is_retry for _, bounds in harness.platform.calls] == [False, True]


@pytest.mark.parametrize(("status", "error"), [("cancelled", JobCancelledError), ("failed", StaleAttemptError)])
def test_retry_of_an_ended_job_makes_no_platform_call(harness: Harness, status: str, error: type[Exception]) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], status=status)
    with pytest.raises(error):
        harness.run_state("FetchAccount", job, retry_count=1)
    assert harness.platform.calls == []


@pytest.mark.parametrize("state", CHAIN)
def test_cancelled_job_stops_at_its_next_state_unchanged(harness: Harness, state: str) -> None:
    harness.platform.videos = videos(2)
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    harness.memory.touch(given["jobId"], status="cancelled")
    before = everything(harness)
    with pytest.raises(JobCancelledError):
        harness.run_state(state, given)
    assert everything(harness) == before


@pytest.mark.parametrize("state", CHAIN[:-1])
def test_late_retry_of_a_passed_state_changes_nothing(harness: Harness, state: str) -> None:
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    after = CHAIN[CHAIN.index(state) + 1]
    if after == "SaveVideos":  # SaveVideos completes the job, so stop right before that
        harness.run_state(state, given)
        harness.memory.touch(given["jobId"], progress=99, claimProgress=99)
    else:
        harness.run_state(after, harness.run_state(state, given))
    before = everything(harness)
    harness.platform.calls.clear()
    with pytest.raises(StaleAttemptError):
        harness.run_state(state, given, retry_count=1)
    assert everything(harness) == before
    assert harness.platform.calls == []


# Budgets


def test_fetch_deadline_leaves_time_to_save(harness: Harness) -> None:
    """Two limits bound the deadline: the time of the function and the time of the execution."""
    job = harness.claimed_job()
    harness.run_state("FetchAccount", job, remaining_s=150)
    harness.run_state("FetchAccount", job, remaining_s=10_000)
    deadlines = [bounds.deadline - harness.clock.now() for _, bounds in harness.platform.calls]
    assert deadlines == [timedelta(seconds=150 - 65), timedelta(seconds=300 - 65 - 60)]


def test_max_videos_reached_saves_the_newest_and_says_so() -> None:
    harness = Harness(videos=videos(500), max_videos=120, tracked=account(post_count=10_000))
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"] == "Done: 120 newest of 10,000 videos saved."
    assert sorted(harness.store.get_documents(VIDEOS)) == [v.video_id for v in videos(120)]


def test_the_limit_of_posts_is_that_of_the_jobs_platform() -> None:
    harness = Harness(videos=videos(5))
    limits = {"youtube": 3, "twitter": 2}
    harness.process_deps = replace(harness.process_deps, max_videos=lambda name: limits[name])
    for platform in limits:
        harness.run_chain(harness.claimed_job(platform=platform))
    asked = [bounds.max_videos for call, bounds in harness.platform.calls if call.startswith("fetch_videos")]
    assert asked == [3, 2]


def test_a_total_that_is_less_than_what_was_fetched_is_not_told() -> None:
    harness = Harness(videos=videos(500), max_videos=120, tracked=account(post_count=100))
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"].startswith("Done: 120 newest videos ")


def test_videos_that_take_long_are_saved_in_chunks(harness: Harness) -> None:
    """A function fetches for 85 s. What it has then is saved, and it goes on at the next page."""
    harness.platform.videos, harness.platform.clock, harness.platform.page_s = videos(200), harness.clock, 40
    job = harness.claimed_job()
    state = harness.run_chain(job, until="SaveAccount")
    first = harness.run_state("FetchVideos", state)
    assert (first["then"], first["cursor"], first["videosFetched"]) == ("saveSome", "150", 150)  # at 40, 80 and 120 s
    second = harness.run_state("SaveSomeVideos", first)
    document = harness.document(job["jobId"])
    assert (document["message"], document["progress"]) == ("150 of about 4,000 posts saved; going on.", 50)
    assert len(harness.store.get_documents(VIDEOS)) == 150
    last = harness.run_state("FetchVideos", second)
    assert (last["then"], last["videosFetched"]) == ("save", 50)
    harness.run_state("SaveVideos", last)
    document = harness.document(job["jobId"])
    assert (document["status"], document["message"]) == ("completed", "Done: 200 videos saved.")
    assert len(harness.store.get_documents(VIDEOS)) == 200
    assert harness.staged.bodies == {}


# FailJob


@pytest.mark.parametrize(
    ("error", "cause", "code", "sentence"),
    [
        (
            "AccountNotFoundError",
            lambda_cause(AccountNotFoundError(Sentence("Instagram has no account named nasaa."))),
            "AccountNotFoundError",
            "Instagram has no account named nasaa.",
        ),
        (
            "StoreUnavailableError",
            "Our database did not answer.",
            "StoreUnavailableError",
            "Our database did not answer.",
        ),
        (
            "ContractError",
            '{"errorMessage": "An answer", "stackTrace": ["/var',
            "ContractError",
            "Tracking this account failed.",
        ),
        ("ContractError", '{"errorType": "ContractError"}', "ContractError", "Tracking this account failed."),
        ("ContractError", '{"errorMessage": null}', "ContractError", "Tracking this account failed."),
        ("ContractError", "[1, 2]", "ContractError", "Tracking this account failed."),
        ("ContractError", "", "ContractError", "Tracking this account failed."),
        ("States.Timeout", "", "TimedOut", "Tracking this account took too long and was stopped."),
        (
            "Sandbox.Timedout",
            '{"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1 Error: Task timed out after 150 s"}',
            "TimedOut",
            "Tracking this account took too long and was stopped.",
        ),
        (
            "KeyError",
            '{"errorMessage": "\'secret-internal\'", "errorType": "KeyError", "stackTrace": ["/var/task/x.py"]}',
            "InternalError",
            "Something went wrong on our side; we have been told.",
        ),
        ("TransientError", "{}", "InternalError", "Something went wrong on our side; we have been told."),
        ("Lambda.Unknown", "out of memory", "InternalError", "Something went wrong on our side; we have been told."),
    ],
)
def test_fail_job_tells_the_user_a_sentence_and_a_stable_code(
    harness: Harness, error: str, cause: str, code: str, sentence: str
) -> None:
    job = harness.claimed_job()
    assert harness.fail_job(job, error, cause) == {"error": code, "cause": sentence, "isRecorded": True}
    document = harness.document(job["jobId"])
    assert document["status"] == "failed"
    assert (document["errorCode"], document["error"], document["message"]) == (code, sentence, sentence)
    assert (document["completedAt"], document["leaseUntil"]) == (START, None)


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed", "pending"])
def test_fail_job_leaves_a_job_that_ended_otherwise_as_it_is(
    harness: Harness, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], status=status)
    before = everything(harness)
    assert harness.fail_job(job, "ContractError", "{}")["error"] == "ContractError"
    assert everything(harness) == before
    assert "JobsFailed" not in capsys.readouterr().out


def test_fail_job_may_run_twice(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.fail_job(job, "ContractError", "{}")
    before = everything(harness)
    harness.run_state("FailJob", job | {"failure": {"Error": "ContractError", "Cause": "{}"}}, retry_count=1)
    assert everything(harness) == before


# Events


def event(**overrides: Any) -> dict[str, Any]:
    fields = {
        "state": "FetchAccount",
        "execution": "arn:aws:states:us-east-1:0:execution:tracking:instagram-n-job1-1-0123456789abcdef0123",
        "executionStartedAt": to_rfc3339(START),
        "retryCount": 0,
        "job": {
            "jobId": "job1",
            "attempt": 1,
            "version": "v",
            "orgId": "o",
            "projectId": "p",
            "userId": "u",
            "username": "n",
            "platform": "instagram",
            "accountType": "my",
        },
    } | overrides
    return {name: value for name, value in fields.items() if value is not None}


NO_JOBS: tuple[Any, ...] = ("text", [1], 7, {})


def job_input(**overrides: Any) -> dict[str, Any]:
    fields = event()["job"] | overrides
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        *[event(**{name: None}) for name in ("state", "execution", "executionStartedAt", "retryCount", "job")],
        event(executionStartedAt="yesterday"),
        event(executionStartedAt="2026-03-01T12:00:00"),  # no time zone
        event(executionStartedAt=1772366400),
        event(retryCount="1"),
        event(retryCount=True),
        event(state=7),
        event(state="FetchEverything"),
        *[event(job=job) for job in NO_JOBS],
        *[event(job=job_input(**{name: None})) for name in job_input()],
        event(job=job_input(attempt="1")),
        event(job=job_input(username=7)),
        event(job=job_input(orgId="")),
        event(job=job_input(accountType=7)),
        event(job=job_input(platform="facebook")),
        event(job=job_input(failure="text")),
        event(state="SaveAccount"),
        event(state="FetchVideos"),
        event(state="SaveVideos"),
    ],
)
def test_malformed_event_is_refused_as_invalid(harness: Harness, malformed: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError):
        app.handler(malformed, FakeContext(), harness.process_deps)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [*CHAIN, FAIL_JOB.name])
def test_an_execution_of_an_earlier_version_stops_quietly(harness: Harness, state: str) -> None:
    """In that version, names of executions had no digest, and staged data had other keys."""
    old = event(state=state, execution="arn:aws:states:us-east-1:0:execution:tracking:instagram-n-job1-1")
    old["job"] |= {"accountKey": "job1/1/account.json", "accountId": "instagram_1"}
    with pytest.raises(StaleAttemptError):
        app.handler(old, FakeContext(), harness.process_deps)  # type: ignore[arg-type]


def test_unknown_field_in_the_state_is_ignored(harness: Harness) -> None:
    """A later version of the machine may send more fields."""
    job = harness.claimed_job()
    assert harness.run_state("FetchAccount", job | {"colour": "blue"})["jobId"] == job["jobId"]


# Logs and metrics


def test_failing_state_logs_one_line_with_the_jobs_keys(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    job = harness.claimed_job()
    log = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", log)
    harness.platform.failures = [AccountNotFoundError(Sentence("Instagram has no account named nasaa."))]
    with pytest.raises(AccountNotFoundError):
        harness.run_state("FetchAccount", job)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len(lines) == 1
    assert {"job_id": job["jobId"], "attempt": 1, "state": "FetchAccount", "retry_count": 0}.items() <= lines[0].items()
    assert lines[0]["execution"].endswith(f":{harness.started(job['jobId'])}")
    assert (lines[0]["error_code"], lines[0]["level"]) == ("AccountNotFoundError", "WARNING")


def test_states_and_outcomes_are_measured(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    harness.run_chain(harness.claimed_job())
    failed = harness.claimed_job(username="other")
    harness.fail_job(failed, "ContractError", "{}")
    blobs = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [b["state"] for b in blobs if "StageDuration" in b] == [*CHAIN, FAIL_JOB.name]
    assert [(b["platform"], b["JobsCompleted"]) for b in blobs if "JobsCompleted" in b] == [("instagram", [1.0])]
    assert [(b["errorCode"], b["JobsFailed"]) for b in blobs if "JobsFailed" in b] == [("ContractError", [1.0])]


def test_every_state_has_its_module() -> None:
    named = {name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_") for name in STATES}
    assert {n: s.run.__module__ for n, s in STATES.items()} == {n: f"process.{m}" for n, m in named.items()}


def test_failure_to_clear_staging_leaves_the_job_completed(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(keys: object) -> None:
        raise StoreUnavailableError(Sentence("Our staging storage did not answer."))

    monkeypatch.setattr(harness.staged, "delete", fail)
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["status"] == "completed"
