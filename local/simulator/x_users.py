"""X users that the simulator knows, and their timelines as pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from local.simulator.messages import Json, sample
from local.simulator.names import SimName, published_text

_RECORDED = {  # username in lower case -> folder, timeline files in order
    "wunpini_fm": ("wunpini_fm", ("user_tweets_page1.json", "user_tweets_page2.json")),
    "natcomm": ("NatComm", ("user_tweets.json",)),
    "icasecac": ("ICASECAC", ("user_tweets.json",)),
    "twitterdev": ("TwitterDev", ("user_tweets.json",)),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Posts that were answered together, newest first. Tokens are None where none was recorded."""

    posts: Sequence[Json]
    includes: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    errors: Sequence[Json] = ()
    token: str | None = None  # the token that led here
    previous_token: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    username: str  # lower case
    data: Json
    pages: Sequence[Page]


def by_username(username: str) -> User | None:
    name = username.lower()
    if name in _RECORDED:
        return recorded_user(name)
    sim = SimName.parse(name)
    return _synthetic(sim) if sim else None


def by_id(user_id: str) -> User | None:
    for name in _RECORDED:
        if recorded_user(name).data["id"] == user_id:
            return recorded_user(name)
    if len(user_id) != 19 or not user_id.isdecimal():
        return None
    sim = SimName.from_number(int(user_id[1:7]))
    return _synthetic(sim) if sim and _user_id(sim) == user_id else None


@cache
def recorded_user(name: str) -> User:
    folder, files = _RECORDED[name]
    pages: list[Page] = []
    token = None
    for file in files:
        body = sample(f"x/{folder}/{file}")
        previous = body["meta"].get("previous_token")
        pages.append(Page(body["data"], body.get("includes", {}), body.get("errors", ()), token, previous))
        token = body["meta"].get("next_token")
    if token:  # the page it leads to was not recorded; timelines end in an empty one
        end = sample("x/shapes/last_page_empty.json")
        pages.append(Page((), token=token, previous_token=end["meta"]["previous_token"]))
    return User(name, sample(f"x/{folder}/user_by_username.json")["data"], pages)


def _user_id(sim: SimName) -> str:
    return f"1{sim.account_digits}"


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> User:
    base = recorded_user("natcomm").data
    data = base | {
        "id": _user_id(sim),
        "username": sim.text,
        "name": f"Simulated user {sim.text}",
        "verified_type": "none",
        "public_metrics": base["public_metrics"] | {"tweet_count": sim.post_count},
    }
    media_post = sample("x/shapes/tweet_with_video.json")
    recordings = [recorded_user(name).pages[0].posts for name in ("natcomm", "twitterdev")]
    templates = [*recordings[0], *recordings[1], media_post["data"][0]]
    posts = [_post(sim, templates[index % len(templates)], index) for index in range(sim.post_count)]
    media = media_post["includes"]["media"][0]
    keys = (key for post in posts for key in post.get("attachments", {}).get("media_keys", ()))
    includes = {"users": [data], "media": [media | {"media_key": key} for key in keys]}
    return User(sim.text, data, [Page(posts, includes)])


def _post(sim: SimName, template: Json, index: int) -> Json:
    post_id = f"1{sim.post_digits(index)}"
    metrics = template["public_metrics"]
    post = template | {
        "id": post_id,
        "text": f"{template['text']} ({index + 1})",
        "author_id": _user_id(sim),
        "conversation_id": post_id,
        "created_at": published_text(index),
        "edit_history_tweet_ids": [post_id],
        "public_metrics": metrics
        | {"like_count": metrics["like_count"] + index, "bookmark_count": 1, "impression_count": 1000 + index},
    }
    if "attachments" in template:
        post["attachments"] = {"media_keys": [f"7_{post_id}"]}
    return post
