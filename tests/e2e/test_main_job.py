"""The main job: a front end's document becomes an account and its videos, started only by the scheduled tick."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.running import Document, Execution, Project, RunningStack, until
from tests.harness import CHAIN

TYPED = {  # as people type them
    "youtube": "https://www.youtube.com/@GoogleDevelopers",
    "twitter": "@wunpini_fm",
    "instagram": " NASA ",
    "tiktok": "loveluxury.com",
}
MISSING = "nobody_has_this_name"

# Taken by hand from tests/platform-samples: the profile's numbers, and the number of recorded posts.
FOUND = {
    "youtube": ("youtube_UC_x5XG1OV2P6uZZ5FSM9Ttw", 5),  # uploads_page1.json
    "twitter": ("twitter_460255655", 53),  # 196 posts on two pages, of which 143 are reposts of others
    "instagram": ("instagram_528817151", 33),  # posts.json
    "tiktok": ("tiktok_loveluxury.com", 17),  # 18 rows, one of them twice; no row has a numeric author id
}
NUMBERS = {  # followers, following, posts, views; None if the platform does not give the number
    "youtube": (2_300_000, None, 5_783, 234_084_903),
    "twitter": (13_496, 861, 190_034, None),
    "instagram": (104_423_132, 92, 4_888, None),
    "tiktok": (None, None, None, None),
}
SPENT = {
    "youtube": {"units": 3},  # the channel, its playlist, its videos
    "twitter": {"users": 1, "posts": 53},  # X does not return the reposts; no recorded post has media
    "instagram": {"runs": 2, "results": 1 + 33},
    "tiktok": {"runs": 1, "results": 18},
    MISSING: {"runs": 2, "results": 1},  # the item that says that there is no such account
}

OptionalInt = int | None
VIDEO_TYPES: Mapping[str, Any] = {
    "videoId": str,
    "url": str,
    "title": str,
    "caption": str,
    "thumbnailUrl": str | None,
    "publishedAt": datetime,
    "durationS": int | float | None,
    "mediaType": str,
    "viewCount": OptionalInt,
    "likeCount": OptionalInt,
    "commentCount": OptionalInt,
    "shareCount": OptionalInt,
    "saveCount": OptionalInt,
    "hashtags": list,
    "isPinned": bool,
    "d1": OptionalInt,
    "d7": OptionalInt,
    "multiplier": float | None,
    "lastSyncedAt": datetime,
    "lastJobId": str,
}
AT_AGES = {"viewsAt24h", "viewsAt7d"}
"""Fields of videos that are fetched at about these ages, as some of the simulator's may be."""


@dataclass(frozen=True)
class Ended:
    job_id: str
    document: Document
    progress: list[int]
    execution: Execution


@dataclass(frozen=True)
class Batch:
    """Jobs by platform. The job of the missing account is under that account's name."""

    project: Project
    jobs: Mapping[str, Ended]


@pytest.fixture(scope="module")
def batch(running: RunningStack) -> Batch:
    """Add the jobs and wait for their ends. The test never calls the trigger."""
    project = Project(running)
    with project.listening() as seen:
        ids = {platform: project.add_job(username, platform) for platform, username in TYPED.items()}
        ids[MISSING] = project.add_job(MISSING, "instagram")
        documents = project.ended(list(ids.values()), limit_s=180)

        def heard_to_the_end() -> bool | None:
            return all(seen[job_id][-1:] == [document["progress"]] for job_id, document in documents.items()) or None

        until(heard_to_the_end, "the listener lags behind", limit_s=10)
    jobs = {
        name: Ended(job_id, documents[job_id], seen[job_id], running.execution(documents[job_id]["executionArn"]))
        for name, job_id in ids.items()
    }
    return Batch(project, jobs)


@pytest.mark.parametrize("platform", TYPED)
def test_front_end_job_is_completed_by_the_scheduled_tick(batch: Batch, platform: str) -> None:
    document = batch.jobs[platform].document
    account_id, count = FOUND[platform]
    assert (document["status"], document["progress"], document["accountId"]) == ("completed", 100, account_id)
    assert (document["attempt"], document["retryCount"]) == (1, 0)
    assert (document["error"], document["errorCode"], document["leaseUntil"]) == (None, None, None)
    assert f"{count} " in document["message"]
    assert document["createdAt"] < document["startedAt"] < document["completedAt"]


@pytest.mark.parametrize("name", SPENT)
def test_a_job_tells_what_it_spent_at_its_platform(batch: Batch, name: str) -> None:
    assert batch.jobs[name].document["spent"] == SPENT[name]


@pytest.mark.parametrize("platform", TYPED)
def test_what_the_front_end_wrote_stays_as_it_was_typed(batch: Batch, platform: str) -> None:
    document = batch.jobs[platform].document
    assert document["username"] == TYPED[platform]
    assert (document["orgId"], document["projectId"]) == (batch.project.org_id, batch.project.project_id)
    assert (document["userId"], document["platform"], document["accountType"]) == ("user-1", platform, "competitor")


@pytest.mark.parametrize("platform", TYPED)
def test_a_listener_never_sees_progress_go_down(batch: Batch, platform: str) -> None:
    progress = batch.jobs[platform].progress
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert set(progress) <= {0, 30, 50, 70, 100}


@pytest.mark.parametrize("platform", TYPED)
def test_the_execution_succeeded_and_its_name_can_be_read(batch: Batch, platform: str) -> None:
    ended = batch.jobs[platform]
    username = TYPED[platform].strip().rpartition("@")[2].replace(".", "-")
    assert re.fullmatch(f"{platform}-{username}-{ended.job_id}-1-[0-9a-f]{{20}}", ended.execution.name)
    assert ended.execution.status == "SUCCEEDED"
    assert [name for name in ended.execution.work if name in {*CHAIN, "Done"}] == [*CHAIN, "Done"]
    assert ended.execution.failures == []


@pytest.mark.parametrize("platform", TYPED)
def test_the_account_is_saved_with_the_platforms_own_numbers(batch: Batch, platform: str) -> None:
    account_id, count = FOUND[platform]
    account = batch.project.account(account_id)
    numbers = ("followerCount", "followingCount", "postCount", "totalViews")
    assert tuple(account[name] for name in numbers) == NUMBERS[platform]
    assert account["videoCount"] == count
    assert (account["platform"], f"{platform}_{account['platformUserId']}") == (platform, account_id)
    assert (account["addedBy"], account["accountType"]) == ("user-1", "competitor")
    assert account["lastJobId"] == batch.jobs[platform].job_id
    assert account["dateAdded"] <= account["lastSyncedAt"] <= datetime.now(UTC)


def test_account_has_exactly_the_fields_front_ends_read(batch: Batch) -> None:
    account = batch.project.account(FOUND["instagram"][0])
    own = {"platform", "platformUserId", "username", "displayName", "profileUrl", "avatarUrl", "bio", "isVerified"}
    counts = {"isPrivate", "followerCount", "followingCount", "postCount", "totalViews", "videoCount"}
    of_jobs = {"accountType", "addedBy", "dateAdded", "lastSyncedAt", "lastJobId"}
    of_days = {"growth", "recentFollowers", "spikes"}
    kept_current = {"nextRefreshAt", "refreshHours", "refreshMisses", "refreshProbes", "fullAt", "confirmAt"}
    assert account.keys() == own | counts | of_jobs | of_days | kept_current | {"unavailable", "unavailableSince"}
    assert (account["username"], account["displayName"]) == ("nasa", "NASA")
    assert (account["isVerified"], account["isPrivate"]) == (True, False)


@pytest.mark.parametrize("platform", TYPED)
def test_recorded_videos_are_saved_with_the_right_field_types(batch: Batch, platform: str) -> None:
    account_id, count = FOUND[platform]
    videos = batch.project.videos(account_id)
    assert len(videos) == count
    for video_id, video in videos.items():
        assert video["videoId"] == video_id
        assert video.keys() - AT_AGES == VIDEO_TYPES.keys()
        assert all(isinstance(video[name], kind) for name, kind in VIDEO_TYPES.items()), video
        assert video["mediaType"] in {"video", "image", "carousel", "text"}


def test_a_videos_numbers_are_those_that_were_recorded(batch: Batch) -> None:
    video = batch.project.videos(FOUND["youtube"][0])["UZ4n1n13crI"]  # videos_assembled.json
    assert (video["viewCount"], video["likeCount"], video["commentCount"]) == (880_045, 61_890, 11_590)
    assert (video["shareCount"], video["saveCount"]) == (None, None)  # YouTube does not give them
    assert video["durationS"] == 21 * 60 + 50  # PT21M50S
    assert video["publishedAt"] == datetime(2023, 7, 21, 19, 0, 27, tzinfo=UTC)
    assert video["hashtags"] == ["MyDomain"]


def test_a_missing_account_is_told_in_a_sentence_after_no_retry(batch: Batch) -> None:
    document = batch.jobs[MISSING].document
    sentence = f"Instagram has no account named {MISSING}."
    assert (document["status"], document["errorCode"]) == ("failed", "AccountNotFoundError")
    assert (document["error"], document["message"]) == (sentence, sentence)
    assert (document["retryCount"], document["progress"]) == (0, 0)
    assert document["completedAt"] > document["startedAt"]


def test_a_failed_job_is_a_failed_execution_with_the_same_words(batch: Batch) -> None:
    ended = batch.jobs[MISSING]
    assert ended.execution.status == "FAILED"
    assert ended.execution.states[-3:] == ["FetchAccount", "FailJob", "Fail"]
    assert ended.execution.failures == ["AccountNotFoundError"]
    assert ended.execution.failure == ("AccountNotFoundError", ended.document["error"])


def test_tracking_accounts_again_updates_the_same_documents(batch: Batch) -> None:
    project, before = batch.project, batch.project.accounts()
    videos_before = project.videos(FOUND["youtube"][0])
    again = {p: project.add_job(TYPED[p].strip().lower(), p, userId="user-2", accountType="my") for p in TYPED}
    project.stack.tick()
    documents = project.ended(list(again.values()))
    assert {document["status"] for document in documents.values()} == {"completed"}
    accounts = project.accounts()
    assert accounts.keys() == before.keys() == {account_id for account_id, _ in FOUND.values()}
    for platform, (account_id, count) in FOUND.items():
        account = accounts[account_id]
        assert (account["dateAdded"], account["addedBy"]) == (before[account_id]["dateAdded"], "user-1")
        assert (account["lastJobId"], account["accountType"]) == (again[platform], "my")
        assert account["lastSyncedAt"] > before[account_id]["lastSyncedAt"]
        assert account["videoCount"] == count
    videos = project.videos(FOUND["youtube"][0])
    assert videos.keys() == videos_before.keys()
    assert {video["lastJobId"] for video in videos.values()} == {again["youtube"]}
