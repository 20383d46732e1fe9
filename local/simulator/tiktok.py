"""The items of Apify's TikTok actor: videos, each carrying its author's profile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from local.simulator.faults import Kind, with_counts
from local.simulator.messages import Json, sample
from local.simulator.names import SimName, published_at, published_text

_INPUT = re.compile(r"(?:https?://(?:www\.)?tiktok\.com/)?@?([A-Za-z0-9._]{1,24})/?(?:\?.*)?", re.ASCII)
_AUTHOR_COUNTS = ("fans", "following", "friends", "heart", "video", "digg")
_VIDEO_COUNTS = ("playCount", "diggCount", "shareCount", "commentCount", "collectCount")


@dataclass(frozen=True, slots=True)
class Profile:
    author: Json  # authorMeta
    videos: Sequence[Json]  # in the order of the recording: pinned ones first


def username_of(asked: str) -> str | None:
    """`nasa`, `@nasa` or `https://www.tiktok.com/@nasa` -> `nasa`; None if it is none of these."""
    match = _INPUT.fullmatch(asked.strip())
    return match[1] if match else None


def profile_of(username: str) -> Profile | None:
    if known := _recorded().get(username.lower()):
        return known
    sim = SimName.parse(username)
    return _synthetic(sim) if sim else None


def items(username: str, asked: str, limit: int | None, mode: Kind | None) -> list[Json]:
    """`asked` is repeated in each item as `input`, as it was given."""
    profile = profile_of(username)
    if profile is None or mode in (Kind.MISSING, Kind.SUSPENDED):
        error = sample("apify-tiktok/errors/profile_does_not_exist.json")[0]
        return [error | {"url": f"https://www.tiktok.com/@{username}", "input": asked}]
    if mode is Kind.OTHER:
        profile = _recorded()["nba" if username.lower() != "nba" else "fashion"]
    elif mode is Kind.PRIVATE:
        author = profile.author | {"privateAccount": True}
        return [{"authorMeta": author, "input": asked, "note": "Profile is private"}]
    elif mode is Kind.EMPTY:
        return [{"authorMeta": profile.author | {"video": 0}, "input": asked, "note": "Profile has no videos"}]
    if not profile.videos:
        return [{"authorMeta": with_counts(profile.author, _AUTHOR_COUNTS, mode), "input": asked}]
    return [
        with_counts(video, _VIDEO_COUNTS, mode)
        | {"authorMeta": with_counts(video["authorMeta"], _AUTHOR_COUNTS, mode), "input": asked}
        for video in profile.videos[:limit]
    ]


@cache
def _recorded() -> dict[str, Profile]:
    profiles = {}
    for name in ("fashion", "nba", "shaiie_foeva", "loveluxury.com"):
        file = "items_nested_from_csv.json" if name == "loveluxury.com" else "items.json"
        # One item was recorded for a video's URL; in answer to a profile it would not carry that URL.
        videos = [_without(video, "submittedVideoUrl") for video in sample(f"apify-tiktok/{name}/{file}")]
        profiles[name] = Profile(videos[0]["authorMeta"], videos)
    without_videos = sample("apify-tiktok/nasaofficial/profile_only_item.json")[0]
    profiles["nasaofficial"] = Profile(without_videos["authorMeta"], ())
    return profiles


def _without(entry: Json, key: str) -> Json:
    return {name: value for name, value in entry.items() if name != key}


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> Profile:
    author = sample("apify-tiktok/fashion/items.json")[0]["authorMeta"] | {
        "id": f"7{sim.account_digits}",
        "name": sim.text,
        "nickName": f"Simulated profile {sim.text}",
        "profileUrl": f"https://www.tiktok.com/@{sim.text}",
        "video": sim.post_count,
    }
    templates = [video for name in ("fashion", "nba", "shaiie_foeva") for video in _recorded()[name].videos]
    videos = [_video(sim, templates[index % len(templates)], author, index) for index in range(sim.post_count)]
    return Profile(author, videos)


def _video(sim: SimName, template: Json, author: Json, index: int) -> Json:
    video_id = f"7{sim.post_digits(index)}"
    return _without(template, "isPinned") | {
        "id": video_id,
        "createTime": int(published_at(index).timestamp()),
        "createTimeISO": published_text(index),
        "webVideoUrl": f"https://www.tiktok.com/@{sim.text}/video/{video_id}",
        "playCount": template["playCount"] + index,
        "authorMeta": author,
        "videoMeta": _without(template["videoMeta"], "subtitleLinks"),  # 70 KB in one of the recordings
    }
