"""Accounts and videos as Firestore fields and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.doubles import START
from tests.factories import account, video
from tracking.accounts import Account, MediaType, Video
from tracking.clock import to_rfc3339


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 31, 12, 0, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 120_000, tzinfo=UTC), "2026-01-31T12:00:00.120000Z"),
        (datetime(2026, 1, 31, 12, 0, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00Z"),
    ],
)
def test_times_are_written_in_utc(moment: datetime, text: str) -> None:
    assert to_rfc3339(moment) == text
    assert datetime.fromisoformat(text) == moment


def test_an_accounts_id_is_its_platforms_name_and_id() -> None:
    assert account(platform="tiktok", platform_user_id="6812").account_id == "tiktok_6812"


def test_field_names_of_an_account_are_the_documented_ones() -> None:
    assert set(account().to_json()) == {
        "platform",
        "platformUserId",
        "username",
        "displayName",
        "profileUrl",
        "avatarUrl",
        "bio",
        "isVerified",
        "isPrivate",
        "followerCount",
        "followingCount",
        "postCount",
        "totalViews",
    }


def test_field_names_of_a_video_are_the_documented_ones() -> None:
    assert set(video().to_json()) == {
        "videoId",
        "url",
        "title",
        "caption",
        "thumbnailUrl",
        "publishedAt",
        "durationS",
        "mediaType",
        "viewCount",
        "likeCount",
        "commentCount",
        "shareCount",
        "saveCount",
        "hashtags",
        "isPinned",
    }


@pytest.mark.parametrize("record", [account(), account(follower_count=None, avatar_url=None, is_verified=None)])
def test_an_account_comes_back_from_json(record: Account) -> None:
    assert Account.from_json(json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize("media", MediaType)
@pytest.mark.parametrize("published", [None, START, START.replace(microsecond=1)])
def test_a_video_comes_back_from_json(media: MediaType, published: datetime | None) -> None:
    record = video(media_type=media, published_at=published, hashtags=(), view_count=None)
    assert Video.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_unknown_counts_are_null_and_never_zero() -> None:
    record = video(view_count=None, like_count=0).to_json()
    assert (record["viewCount"], record["likeCount"], record["shareCount"]) == (None, 0, None)


def test_a_document_holds_times_and_plain_values() -> None:
    document = video().to_document()
    assert document["publishedAt"] == START - timedelta(hours=1)
    assert type(document["mediaType"]) is str
    assert type(document["hashtags"]) is list
