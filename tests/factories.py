"""Records with all defaults filled in, so that a test states only the fields that matter to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.doubles import START
from tracking.accounts import Account, MediaType, Video
from tracking.jobs import Change, ChangeKind, Job


def job_document(**overrides: Any) -> dict[str, Any]:
    """Return exactly the fields that front ends write. An override of None removes its field."""
    fields = {
        "orgId": "org1",
        "projectId": "project1",
        "userId": "user1",
        "username": "@NASA",
        "platform": "instagram",
        "accountType": "competitor",
        "status": "pending",
        "progress": 0,
        "message": "Waiting to start.",
        "createdAt": START,
        "retryCount": 0,
    } | overrides
    return {name: value for name, value in fields.items() if value is not None}


def job(job_id: str = "job1", **overrides: Any) -> Job:
    return Job.from_document(job_id, job_document(**overrides), START)


def bare_change(**fields: Any) -> Change:
    """Return a change of only these fields, for tests of stores, which do not know the rules of jobs."""
    return Change(ChangeKind.NOTE, fields)


def account(**overrides: Any) -> Account:
    fields: dict[str, Any] = {
        "platform": "instagram",
        "platform_user_id": "528817151",
        "username": "nasa",
        "display_name": "NASA",
        "profile_url": "https://www.instagram.com/nasa/",
        "avatar_url": "https://cdn.example/nasa.jpg",
        "bio": "Exploring the universe 🚀",
        "is_verified": True,
        "follower_count": 97_000_000,
        "following_count": 77,
        "post_count": 4_000,
    }
    return Account(**fields | overrides)


def video(number: int = 1, **overrides: Any) -> Video:
    """Return a video. Number 1 is the newest."""
    fields: dict[str, Any] = {
        "video_id": f"video{number:05d}",
        "url": f"https://www.instagram.com/p/video{number:05d}/",
        "title": f"Video {number}",
        "caption": f"Video {number} of many, with a caption of ordinary length and an emoji 🌍. #space #nasa",
        "thumbnail_url": f"https://cdn.example/{number}.jpg",
        "published_at": START - timedelta(hours=number),
        "duration_s": 12.5,
        "media_type": MediaType.VIDEO,
        "view_count": 1_000 + number,
        "like_count": 100,
        "comment_count": 10,
        "hashtags": ("space", "nasa"),
    }
    return Video(**fields | overrides)


def videos(count: int, **overrides: Any) -> list[Video]:
    return [video(number, **overrides) for number in range(1, count + 1)]
