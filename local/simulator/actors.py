"""The simulated Apify actors: the input that each actor takes, and the dataset items that it returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from local.simulator.faults import Kind, with_counts
from local.simulator.messages import Json, sample
from local.simulator.names import SimName, published_at, published_text
from local.simulator.today import RECORDED, NewPost, Today, grown_counts, grown_followers

Items = Callable[[Kind | None, Today], Sequence[Json]]
"""The items for an account of this kind, on a day. None is an ordinary account."""
_INSTAGRAM_URL = re.compile(r"https?://(?:www\.)?instagram\.com/([A-Za-z0-9._]{1,30})/?(?:\?.*)?", re.ASCII)
_TIKTOK_ACCOUNT = re.compile(r"(?:https?://(?:www\.)?tiktok\.com/)?@?([A-Za-z0-9._]{1,24})/?(?:\?.*)?", re.ASCII)
_PROFILE_COUNTS = ("followersCount", "followsCount", "postsCount")
_VIEW_COUNTS = ("videoViewCount", "videoPlayCount")
_POST_COUNTS = ("likesCount", "commentsCount", *_VIEW_COUNTS)
_AUTHOR_COUNTS = ("fans", "following", "friends", "heart", "video", "digg")
_VIDEO_COUNTS = ("playCount", "diggCount", "shareCount", "commentCount", "collectCount")


@dataclass(frozen=True, slots=True)
class Profile:
    head: Json  # Instagram's details, or TikTok's authorMeta
    posts: Sequence[Json]  # in the order of the recording: pinned ones first


@dataclass(frozen=True, slots=True)
class Actor:
    """An Apify actor. `work` takes a run's input, and returns its username and items. ValueError for a bad input."""

    actor_id: str
    platform: str
    work: Callable[[Json], tuple[str, Items]]


def _account(run_input: Json, key: str, pattern: re.Pattern[str]) -> tuple[str, str]:
    """Return the only entry of a list, and the username in it. Real actors take many entries; our code sends one."""
    match run_input.get(key):
        case [str(entry)] if found := pattern.fullmatch(entry.strip()):
            return entry, found[1]
    raise ValueError(f"Field input.{key} must be a list of one account")


def _limit(run_input: Json, key: str) -> int | None:
    value: Any = run_input.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"Field input.{key} must be a whole number of at least 1")
    return value


def _instagram_scraper(run_input: Json) -> tuple[str, Items]:
    url, name = _account(run_input, "directUrls", _INSTAGRAM_URL)
    kind, limit = run_input.get("resultsType", "posts"), _limit(run_input, "resultsLimit")
    if kind == "details":
        return name, lambda mode, today: _details(name, url, mode, today)
    if kind == "posts":
        return name, lambda mode, today: _posts(name, url, limit, mode, today)
    raise ValueError("Field input.resultsType must be details or posts here")


def _tiktok_scraper(run_input: Json) -> tuple[str, Items]:
    asked, name = _account(run_input, "profiles", _TIKTOK_ACCOUNT)
    limit = _limit(run_input, "resultsPerPage")
    return name, lambda mode, today: _videos(name, asked, limit, mode, today)


ACTORS = {
    "apify~instagram-scraper": Actor("shu8hvrXbJbY3Eb9W", "instagram", _instagram_scraper),
    "clockworks~tiktok-profile-scraper": Actor("0FXVyOXXEmdGcV88a", "tiktok", _tiktok_scraper),
}


def instagram_profile(username: str, today: Today = RECORDED) -> Profile | None:
    sim = SimName.parse(username)
    if sim:
        return _synthetic_instagram(sim)
    found = _recorded_instagram().get(username.lower())
    return found and _instagram_on(f"instagram/{username.lower()}", found, today)


def _instagram_on(name: str, profile: Profile, today: Today) -> Profile:
    """Return a recorded profile as it is on a day."""
    if not today.day:
        return profile
    gone = today.gone(name, {post["id"]: post["timestamp"] for post in profile.posts})
    newest = max(int(post["id"]) for post in profile.posts)
    plain = [post for post in profile.posts if "coauthorProducers" not in post] or profile.posts
    new = [_new_post(post, post.template(plain), newest) for post in today.new_posts(name)]
    posts = [*new, *(_older_post(post, today) for post in profile.posts if post["id"] not in gone)]
    head, level = profile.head, today.level_of_account(name)
    changes = {
        "followersCount": grown_followers(name, head["followersCount"], level),
        "postsCount": head["postsCount"] + len(new) - len(gone),
        "latestPosts": posts[:12],
    }
    return Profile(head | changes, posts)


def _older_post(post: Json, today: Today) -> Json:
    counts = grown_counts(post, _POST_COUNTS, today.level_of_post(post["id"], post["timestamp"]))
    return post | counts | {"timestamp": today.older(post["timestamp"])}


def _new_post(post: NewPost, template: Json, newest_id: int) -> Json:
    short_code = f"D{post.token:010x}"[:11]
    return _without(template, "isPinned") | {
        "id": str(newest_id + post.number * 10**12),
        "shortCode": short_code,
        "url": f"https://www.instagram.com/p/{short_code}/",
        "caption": post.title(template.get("caption") or ""),
        "timestamp": post.published(),
        **grown_counts(template, _POST_COUNTS, post.level),
    }


def _details(username: str, url: str, mode: Kind | None, today: Today) -> list[Json]:
    profile = instagram_profile(username, today)
    if profile is None or mode in (Kind.MISSING, Kind.SUSPENDED):
        error = sample("apify-instagram/errors/profile_not_found.json")[0]
        return [error | {"username": username, "url": url.rstrip("/")}]
    if mode is Kind.OTHER:
        return [_recorded_instagram()["nasa" if username.lower() != "nasa" else "humansofny"].head]
    details = profile.head
    if mode is Kind.PRIVATE:
        shape = sample("apify-instagram/shapes/private_profile_details.json")[0]
        identity = {key: details[key] for key in ("id", "username", "fullName")}
        details = shape | identity | {"url": url.rstrip("/")}
    elif mode is Kind.EMPTY:
        details = details | {"postsCount": 0, "latestPosts": []}
    details = with_counts(details, _PROFILE_COUNTS, mode)
    return [details | {"inputUrl": url} if "inputUrl" in details else details]


def _posts(username: str, url: str, limit: int | None, mode: Kind | None, today: Today) -> list[Json]:
    """Return posts. For a missing, private or empty account, return one `no_items` item, as the real actor does."""
    profile = instagram_profile(username, today)
    nothing = mode in (Kind.MISSING, Kind.SUSPENDED, Kind.PRIVATE, Kind.EMPTY)
    if profile is None or nothing or not profile.posts:
        return [sample("apify-instagram/errors/no_items.json")[0] | {"url": url.rstrip("/"), "inputUrl": url}]
    # Hidden: likes are -1, and there is no key for views.
    counts, hidden = (_VIEW_COUNTS, {"likesCount": -1}) if mode is Kind.HIDDEN else (_POST_COUNTS, {})
    return [with_counts(post, counts, mode) | hidden | {"inputUrl": url} for post in profile.posts[:limit]]


@cache
def _recorded_instagram() -> dict[str, Profile]:
    """Return the recorded profiles. humansofny and avengers have only the posts that their details show."""
    files = {"nasa": "details.json", "humansofny": "details.json", "avengers": "details_2019.json"}
    details = {name: sample(f"apify-instagram/{name}/{file}")[0] for name, file in files.items()}
    posts = {"nasa": sample("apify-instagram/nasa/posts.json")}
    return {name: Profile(found, posts.get(name) or found["latestPosts"]) for name, found in details.items()}


@lru_cache(maxsize=32)
def _synthetic_instagram(sim: SimName) -> Profile:
    templates = [post for post in _recorded_instagram()["nasa"].posts if "coauthorProducers" not in post]
    posts = [_post(sim, templates[index % len(templates)], index) for index in range(sim.post_count)]
    details = _recorded_instagram()["humansofny"].head | {
        "inputUrl": f"https://www.instagram.com/{sim.text}/",
        "id": f"9{sim.account_digits}",
        "username": sim.text,
        "url": f"https://www.instagram.com/{sim.text}",
        "fullName": f"Simulated profile {sim.text}",
        "postsCount": sim.post_count,
        "latestPosts": posts[:12],
    }
    return Profile(details, posts)


def _post(sim: SimName, template: Json, index: int) -> Json:
    short_code = f"SIM{sim.number:06d}{index:05d}"
    return _without(template, "isPinned", "inputUrl", "taggedUsers") | {
        "id": f"3{sim.post_digits(index)}",
        "shortCode": short_code,
        "url": f"https://www.instagram.com/p/{short_code}/",
        "timestamp": published_text(index),
        "likesCount": template["likesCount"] + index,
        "ownerUsername": sim.text,
        "ownerId": f"9{sim.account_digits}",
        "ownerFullName": f"Simulated profile {sim.text}",
    }


def tiktok_profile(username: str, today: Today = RECORDED) -> Profile | None:
    sim = SimName.parse(username)
    if sim:
        return _synthetic_tiktok(sim)
    found = _recorded_tiktok().get(username.lower())
    return found and _tiktok_on(f"tiktok/{username.lower()}", found, today)


def _tiktok_on(name: str, profile: Profile, today: Today) -> Profile:
    """Return a recorded profile as it is on a day."""
    if not today.day:
        return profile
    gone = today.gone(name, {video["webVideoUrl"]: video["createTimeISO"] for video in profile.posts})
    new = [_new_video(post, post.template(profile.posts)) for post in today.new_posts(name)] if profile.posts else []
    kept = [_older_video(video, today) for video in profile.posts if video["webVideoUrl"] not in gone]
    head, level = profile.head, today.level_of_account(name)
    changes = {key: grown_followers(name, head[key], level) for key in ("fans",) if key in head}
    changes |= {key: head[key] + len(new) - len(gone) for key in ("video",) if key in head}
    author = head | changes
    return Profile(author, [video | {"authorMeta": author} for video in [*new, *kept]])


def _older_video(video: Json, today: Today) -> Json:
    published = video["createTimeISO"]
    counts = grown_counts(video, _VIDEO_COUNTS, today.level_of_post(video["webVideoUrl"], published))
    seconds = {"createTime": video["createTime"] - 86_400 * today.day} if "createTime" in video else {}
    return video | counts | seconds | {"createTimeISO": today.older(published)}


def _new_video(post: NewPost, template: Json) -> Json:
    address, _, last_id = template["webVideoUrl"].rpartition("/")
    video_id = str(int(last_id) // 10**18 * 10**18 + 9 * 10**17 + post.token)
    seconds = {"createTime": post.published_s} if "createTime" in template else {}
    own_id = {"id": video_id} if "id" in template else {}
    return _without(template, "isPinned") | {
        **own_id,
        **seconds,
        "text": post.title(template["text"]),
        "createTimeISO": post.published(),
        "webVideoUrl": f"{address}/{video_id}",
        **grown_counts(template, _VIDEO_COUNTS, post.level),
    }


def _videos(username: str, asked: str, limit: int | None, mode: Kind | None, today: Today) -> list[Json]:
    """Return videos, each with its author. `asked`: the account as the run's input names it, put into each `input`."""
    profile = tiktok_profile(username, today)
    if profile is None or mode in (Kind.MISSING, Kind.SUSPENDED):
        error = sample("apify-tiktok/errors/profile_does_not_exist.json")[0]
        return [error | {"url": f"https://www.tiktok.com/@{username}", "input": asked}]
    if mode is Kind.OTHER:
        profile = _recorded_tiktok()["nba" if username.lower() != "nba" else "fashion"]
    if mode is Kind.PRIVATE:
        item: Json = {"authorMeta": profile.head | {"privateAccount": True}, "note": "Profile is private"}
    elif mode is Kind.EMPTY:
        item = {"authorMeta": profile.head | {"video": 0}, "note": "Profile has no videos"}
    elif not profile.posts:
        item = {"authorMeta": with_counts(profile.head, _AUTHOR_COUNTS, mode)}
    else:
        videos = (with_counts(video, _VIDEO_COUNTS, mode) for video in profile.posts[:limit])
        authors = (with_counts(video["authorMeta"], _AUTHOR_COUNTS, mode) for video in profile.posts)
        return [v | {"authorMeta": author, "input": asked} for v, author in zip(videos, authors, strict=False)]
    return [item | {"input": asked}]


@cache
def _recorded_tiktok() -> dict[str, Profile]:
    profiles = {}
    for name in ("fashion", "nba", "shaiie_foeva", "loveluxury.com"):
        file = "items_nested_from_csv.json" if name == "loveluxury.com" else "items.json"
        # One item was recorded in a run on a video's URL, and only such items have this field.
        videos = [_without(video, "submittedVideoUrl") for video in sample(f"apify-tiktok/{name}/{file}")]
        profiles[name] = Profile(videos[0]["authorMeta"], videos)
    without_videos = sample("apify-tiktok/nasaofficial/profile_only_item.json")[0]
    return profiles | {"nasaofficial": Profile(without_videos["authorMeta"], ())}


@lru_cache(maxsize=32)
def _synthetic_tiktok(sim: SimName) -> Profile:
    author = _recorded_tiktok()["fashion"].head | {
        "id": f"7{sim.account_digits}",
        "name": sim.text,
        "nickName": f"Simulated profile {sim.text}",
        "profileUrl": f"https://www.tiktok.com/@{sim.text}",
        "video": sim.post_count,
    }
    templates = [video for name in ("fashion", "nba", "shaiie_foeva") for video in _recorded_tiktok()[name].posts]
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


def _without(entry: Json, *keys: str) -> Json:
    return {name: value for name, value in entry.items() if name not in keys}
