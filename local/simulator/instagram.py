"""The items of Apify's Instagram actor: profiles (`details`) and posts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from local.simulator.faults import Kind, with_counts
from local.simulator.messages import Json, sample
from local.simulator.names import SimName, published_text

_URL = re.compile(r"https?://(?:www\.)?instagram\.com/([A-Za-z0-9._]{1,30})/?(?:\?.*)?", re.ASCII)
_COUNTS = ("followersCount", "followsCount", "postsCount")
_VIEW_COUNTS = ("videoViewCount", "videoPlayCount")
_POST_COUNTS = ("likesCount", "commentsCount", *_VIEW_COUNTS)


@dataclass(frozen=True, slots=True)
class Profile:
    details: Json
    posts: Sequence[Json]  # in the order of the recording: pinned ones first


def username_of(url: str) -> str | None:
    """The `nasa` of `https://www.instagram.com/nasa/?hl=en`; None if it is no profile's URL."""
    match = _URL.fullmatch(url)
    return match[1] if match else None


def profile_of(username: str) -> Profile | None:
    if known := _recorded().get(username.lower()):
        return known
    sim = SimName.parse(username)
    return _synthetic(sim) if sim else None


def details_items(username: str, url: str, mode: Kind | None) -> list[Json]:
    profile = profile_of(username)
    if profile is None or mode in (Kind.MISSING, Kind.SUSPENDED):
        error = sample("apify-instagram/errors/profile_not_found.json")[0]
        return [error | {"username": username, "url": url.rstrip("/")}]
    if mode is Kind.OTHER:
        return [_recorded()["nasa" if username.lower() != "nasa" else "humansofny"].details]
    details = profile.details
    if mode is Kind.PRIVATE:
        shape = sample("apify-instagram/shapes/private_profile_details.json")[0]
        identity = {key: details[key] for key in ("id", "username", "fullName")}
        details = shape | identity | {"url": url.rstrip("/")}
    elif mode is Kind.EMPTY:
        details = details | {"postsCount": 0, "latestPosts": []}
    details = with_counts(details, _COUNTS, mode)
    return [details | {"inputUrl": url} if "inputUrl" in details else details]


def post_items(username: str, url: str, limit: int | None, mode: Kind | None) -> list[Json]:
    """Missing, private and empty accounts all yield one `no_items` item, as the real actor does."""
    profile = profile_of(username)
    nothing = mode in (Kind.MISSING, Kind.SUSPENDED, Kind.PRIVATE, Kind.EMPTY)
    if profile is None or nothing or not profile.posts:
        return [sample("apify-instagram/errors/no_items.json")[0] | {"url": url.rstrip("/"), "inputUrl": url}]
    if mode is Kind.HIDDEN:  # likes -1, and no key for views
        posts = [with_counts(post, _VIEW_COUNTS, mode) | {"likesCount": -1} for post in profile.posts]
    else:
        posts = [with_counts(post, _POST_COUNTS, mode) for post in profile.posts]
    return [post | {"inputUrl": url} for post in posts[:limit]]


@cache
def _recorded() -> dict[str, Profile]:
    """humansofny and avengers have no posts of their own: those that their recorded profile shows stand in."""
    files = {"nasa": "details.json", "humansofny": "details.json", "avengers": "details_2019.json"}
    details = {name: sample(f"apify-instagram/{name}/{file}")[0] for name, file in files.items()}
    posts = {"nasa": sample("apify-instagram/nasa/posts.json")}
    return {name: Profile(found, posts.get(name) or found["latestPosts"]) for name, found in details.items()}


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> Profile:
    templates = [post for post in sample("apify-instagram/nasa/posts.json") if "coauthorProducers" not in post]
    posts = [_post(sim, templates[index % len(templates)], index) for index in range(sim.post_count)]
    details = sample("apify-instagram/humansofny/details.json")[0] | {
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
    kept = {key: value for key, value in template.items() if key not in ("isPinned", "inputUrl", "taggedUsers")}
    return kept | {
        "id": f"3{sim.post_digits(index)}",
        "shortCode": short_code,
        "url": f"https://www.instagram.com/p/{short_code}/",
        "timestamp": published_text(index),
        "likesCount": template["likesCount"] + index,
        "ownerUsername": sim.text,
        "ownerId": f"9{sim.account_digits}",
        "ownerFullName": f"Simulated profile {sim.text}",
    }
