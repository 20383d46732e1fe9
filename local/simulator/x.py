"""X API v2: `/users/by/username/{name}` and `/users/{id}/tweets`.

Error bodies that were not recorded follow https://docs.x.com/x-api/fundamentals/response-codes-and-errors.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import NoReturn

from werkzeug import Response
from werkzeug.exceptions import abort

from local.simulator.faults import Fault, Kind, with_counts
from local.simulator.messages import WRONG_KEY, Calls, Json, Request, Subject, answer, page, recorded, sample
from local.simulator.names import SimName, published_text
from local.simulator.today import RECORDED, NewPost, Today, grown_counts, grown_followers

_EXPANSIONS = {  # the lists of `includes`, and the expansions that fill each
    "users": ["author_id", "entities.mentions.username", "in_reply_to_user_id", "referenced_tweets.id.author_id"],
    "tweets": ["referenced_tweets.id", "edit_history_tweet_ids"],
    "media": ["attachments.media_keys"],
    "polls": ["attachments.poll_ids"],
    "places": ["geo.place_id"],
}
_USER_FIELDS = (
    "affiliation connection_status created_at description entities id is_identity_verified location name parody "
    "most_recent_tweet_id pinned_tweet_id profile_banner_url profile_image_url protected public_metrics verified_type "
    "receives_your_dm subscription subscription_type url username verified verified_followers_count withheld"
)
_TWEET_FIELDS = (
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at lang source "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id media_metadata text "
    "note_tweet possibly_sensitive public_metrics referenced_tweets reply_settings scopes withheld"
)
_MEDIA_FIELDS = "alt_text duration_ms height media_key preview_image_url public_metrics type url variants width"
_LISTS: dict[str, Collection[str]] = {
    "user.fields": _USER_FIELDS.split(),
    "tweet.fields": _TWEET_FIELDS.split(),
    "media.fields": _MEDIA_FIELDS.split(),
    "expansions": [name for names in _EXPANSIONS.values() for name in names],
    "exclude": ("replies", "retweets"),
}
_USER_PARAMETERS = {"user.fields", "tweet.fields", "expansions"}
_TWEETS_PARAMETERS = {*_LISTS, "max_results", "pagination_token", "start_time", "end_time", "place.fields"}
_DEFAULT_FIELDS = {
    "users": ("user.fields", {"id", "name", "username"}),
    "tweets": ("tweet.fields", {"id", "text", "edit_history_tweet_ids"}),
    "media": ("media.fields", {"media_key", "type"}),
}
_RECORDED = {  # username in lower case -> folder, timeline files in order
    "wunpini_fm": ("wunpini_fm", "user_tweets_page1.json", "user_tweets_page2.json"),
    "natcomm": ("NatComm", "user_tweets.json"),
    "icasecac": ("ICASECAC", "user_tweets.json"),
    "twitterdev": ("TwitterDev", "user_tweets.json"),
}


@dataclass(frozen=True, slots=True)
class User:
    username: str  # lower case
    data: Json
    pages: Sequence[Json]  # answers with every field, newest posts first


def by_username(username: str, today: Today = RECORDED) -> User | None:
    name = username.lower()
    sim = SimName.parse(name)
    return _synthetic(sim) if sim else _on(recorded_user(name), today) if name in _RECORDED else None


def by_id(user_id: str, today: Today = RECORDED) -> User | None:
    sim = SimName.from_number(int(user_id[1:7])) if re.fullmatch("[0-9]{19}", user_id) else None
    if sim and (user := _synthetic(sim)).data["id"] == user_id:
        return user
    users = map(recorded_user, _RECORDED)
    return next((_on(user, today) for user in users if user.data["id"] == user_id), None)


@cache
def recorded_user(name: str) -> User:
    folder, *files = _RECORDED[name]
    pages = [sample(f"x/{folder}/{file}") for file in files]
    if "next_token" in pages[-1]["meta"]:  # the next page was not recorded; a timeline's last page is empty
        pages.append(sample("x/shapes/last_page_empty.json"))
    return User(name, sample(f"x/{folder}/user_by_username.json")["data"], pages)


def _on(user: User, today: Today) -> User:
    """Return a recorded user as they are on a day. What others posted stays as it was recorded."""
    if not today.day:
        return user
    name = f"twitter/{user.username}"
    own = [post for page in user.pages for post in page.get("data", []) if not _is_repost(post)]
    gone = today.gone(name, {post["id"]: post["created_at"] for post in own})
    newest = max((int(post["id"]) for post in own), default=0)
    alone = [post for post in own if "referenced_tweets" not in post and "attachments" not in post] or own
    new = [_new_post(post, post.template(alone), newest) for post in today.new_posts(name)] if alone else []
    pages = [
        page | {"data": [_older(post, today) for post in page["data"] if post["id"] not in gone]}
        if "data" in page
        else page
        for page in user.pages
    ]
    if new and "data" in pages[0]:
        pages[0] = pages[0] | {"data": [*new, *pages[0]["data"]]}
    metrics, level = user.data["public_metrics"], today.level_of_account(name)
    changed = {
        "followers_count": grown_followers(name, metrics["followers_count"], level),
        "tweet_count": metrics["tweet_count"] + len(new) - len(gone),
    }
    return replace(user, data=user.data | {"public_metrics": metrics | changed}, pages=pages)


def _is_repost(post: Json) -> bool:
    return any(reference["type"] == "retweeted" for reference in post.get("referenced_tweets", ()))


def _older(post: Json, today: Today) -> Json:
    metrics, level = post["public_metrics"], today.level_of_post(post["id"], post["created_at"])
    grown = {} if _is_repost(post) else grown_counts(metrics, [*metrics], level)
    return post | {"created_at": today.older(post["created_at"]), "public_metrics": metrics | grown}


def _new_post(post: NewPost, template: Json, newest_id: int) -> Json:
    post_id, metrics = str(newest_id + post.number * 10**12), template["public_metrics"]
    return template | {
        "id": post_id,
        "text": post.title(template["text"]),
        "created_at": post.published(),
        "conversation_id": post_id,
        "edit_history_tweet_ids": [post_id],
        "public_metrics": metrics | grown_counts(metrics, [*metrics], post.level),
    }


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> User:
    base = recorded_user("natcomm").data
    data = base | {
        "id": f"1{sim.account_digits}",
        "username": sim.text,
        "name": f"Simulated user {sim.text}",
        "verified_type": "none",
        "public_metrics": base["public_metrics"] | {"tweet_count": sim.post_count},
    }
    with_media = sample("x/shapes/tweet_with_video.json")
    sources = (recorded_user("natcomm").pages[0], recorded_user("twitterdev").pages[0], with_media)
    templates = [post for source in sources for post in source["data"]]
    posts = [_post(data["id"], sim, templates[index % len(templates)], index) for index in range(sim.post_count)]
    media = with_media["includes"]["media"][0]
    keys = (key for post in posts for key in post.get("attachments", {}).get("media_keys", ()))
    includes = {"users": [data], "media": [media | {"media_key": key} for key in keys]}
    return User(sim.text, data, [{"data": posts, "includes": includes, "meta": {}}])


def _post(author_id: str, sim: SimName, template: Json, index: int) -> Json:
    post_id, metrics = f"1{sim.post_digits(index)}", template["public_metrics"]
    counts = {"like_count": metrics["like_count"] + index, "bookmark_count": 1, "impression_count": 1000 + index}
    media = {"attachments": {"media_keys": [f"7_{post_id}"]}} if "attachments" in template else {}
    return (
        template
        | media
        | {
            "id": post_id,
            "text": f"{template['text']} ({index + 1})",
            "author_id": author_id,
            "conversation_id": post_id,
            "created_at": published_text(index),
            "edit_history_tweet_ids": [post_id],
            "public_metrics": metrics | counts,
        }
    )


class XApi:
    base = "/x/2"

    def __init__(self) -> None:
        self.calls: Calls = {
            ("GET", "/users/by/username/<name>"): _user,
            ("GET", "/users/<user_id>/tweets"): _tweets,
            ("GET", "/usage/tweets"): _usage,
        }

    def refusal(self, request: Request) -> Response | None:
        is_known = request.bearer not in (None, WRONG_KEY)
        return None if is_known else recorded("x/errors/unauthorized_401.json")

    def subject(self, request: Request, /, **named: str) -> Subject:
        user = by_id(named.get("user_id", ""), request.today)
        return Subject("twitter", user.username if user else named.get("name", "").lower() or None)

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("x/errors/credits_depleted_402.json")
        if fault.kind is Kind.RATE_LIMITED:
            reset = str(math.ceil(time.time() + (fault.retry_after or 0)))
            headers = {"x-rate-limit-limit": "900", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
            return recorded("x/errors/too_many_requests_429.json", headers)
        title = "Service Unavailable" if fault.kind is Kind.UNAVAILABLE else "Internal Server Error"
        body = {"title": title, "detail": title, "type": "about:blank", "status": int(fault.kind)}
        return answer(body, int(fault.kind))

    def unknown(self) -> Response:
        return page("<!DOCTYPE html><title>X / Page not found</title>", 404)


def _user(request: Request, mode: Kind | None, name: str) -> Response:
    _check(request, _USER_PARAMETERS)
    if not re.fullmatch(r"[A-Za-z0-9_]{1,15}", name):
        _refuse("username", name, "does not match ^[A-Za-z0-9_]{1,15}$")
    user = by_username(name, request.today)
    if mode is Kind.SUSPENDED:
        return _account_error("x/errors/user_by_username_suspended_200.json", name)
    if user is None or mode is Kind.MISSING:
        return _account_error("x/errors/user_by_username_not_found_200.json", name)
    if mode is Kind.OTHER:
        user = recorded_user("natcomm" if user.username != "natcomm" else "icasecac")
    return answer({"data": _chosen(request, "users", _seen(user.data, mode))})


def _usage(_request: Request, _mode: Kind | None) -> Response:
    """Answer as in the documentation: https://docs.x.com/x-api/x-api-v2/usage/tweets"""
    usage = {"cap_reset_day": 10, "project_cap": "2000000", "project_id": "1369785403853424", "project_usage": "43435"}
    return answer({"data": usage})


def _tweets(request: Request, mode: Kind | None, user_id: str) -> Response:
    _check(request, _TWEETS_PARAMETERS)
    if not re.fullmatch(r"[0-9]{1,19}", user_id):
        _refuse("id", user_id, "is not valid")
    user = by_id(user_id, request.today)
    if mode is Kind.SUSPENDED:
        return _account_error("x/errors/user_suspended_200.json", user_id)
    if user is None or mode is Kind.MISSING:
        return _account_error("x/errors/user_tweets_user_not_found_200.json", user_id)
    if mode is Kind.PRIVATE:
        return _account_error("x/errors/user_tweets_protected_200.json", user_id)
    if mode is Kind.EMPTY:
        return recorded("x/shapes/empty_page_no_data.json")
    return answer(_timeline(request, user.pages, mode))


def _place(token: str | None, pages: Sequence[Json]) -> tuple[int, int]:
    """Return the page that a token points to, and the number of posts to skip on that page. Pages count from 0."""
    if token is None:
        return 0, 0
    led_to = {found["meta"].get("next_token"): number for number, found in enumerate(pages, 1)}
    match = re.fullmatch(r"sim([0-9]+)x([0-9]+)", token)
    number, offset = (int(match[1]), int(match[2])) if match else (led_to.get(token, len(pages)), 0)
    return (number, offset) if number < len(pages) else _refuse("pagination_token", token, "is not valid")


def _timeline(request: Request, pages: Sequence[Json], mode: Kind | None) -> Json:
    """Return one page. As in the real API, `max_results` counts posts before `exclude` drops some of them."""
    number, offset = _place(request.query.get("pagination_token"), pages)
    current, end = pages[number], offset + int(request.query.get("max_results", "10"))
    all_posts = current.get("data", [])
    posts = [post for post in all_posts[offset:end] if _is_wanted(post, request)]
    meta: Json = {"result_count": len(posts)}
    if posts:
        meta |= {"newest_id": posts[0]["id"], "oldest_id": posts[-1]["id"]}
    if end < len(all_posts):
        meta["next_token"] = f"sim{number}x{end}"
    elif number + 1 < len(pages):
        meta["next_token"] = current["meta"]["next_token"]
    elif mode is Kind.LOOP:
        meta |= {"next_token": "sim0x0"}
    if "previous_token" in current["meta"] and not offset:
        meta["previous_token"] = current["meta"]["previous_token"]
    if not posts:
        return {"meta": meta}
    body: Json = {"data": [_chosen(request, "tweets", _seen(post, mode)) for post in posts]}
    if includes := _includes(request, current.get("includes", {}), posts):
        body["includes"] = includes
    return body | {key: current[key] for key in ("errors",) if key in current} | {"meta": meta}


def _includes(request: Request, known: Mapping[str, Sequence[Json]], posts: Sequence[Json]) -> Json:
    """Return the wanted expansions: people and posts of the whole recorded page, but only the media of `posts`."""
    asked = set(request.listed("expansions"))
    keys = {key for post in posts for key in post.get("attachments", {}).get("media_keys", ())}
    found = {
        kind: [_chosen(request, kind, entry) for entry in entries if kind != "media" or entry["media_key"] in keys]
        for kind, entries in known.items()
        if asked & {*_EXPANSIONS[kind]}
    }
    return {kind: entries for kind, entries in found.items() if entries}


def _is_wanted(post: Json, request: Request) -> bool:
    excluded, created_at = request.listed("exclude"), post["created_at"][:19]
    kinds = {reference["type"] for reference in post.get("referenced_tweets", ())}
    return not (
        ("retweets" in excluded and "retweeted" in kinds)
        or ("replies" in excluded and "replied_to" in kinds)
        or created_at < request.query.get("start_time", "")[:19]
        or created_at >= request.query.get("end_time", "9999")[:19]
    )


def _chosen(request: Request, kind: str, entry: Json) -> Json:
    """Return the wanted fields of a user, post or medium, and the fields that X always sends."""
    parameter, always = _DEFAULT_FIELDS[kind]
    fields = {*always, *request.listed(parameter)}
    return {name: value for name, value in entry.items() if name in fields}


def _seen(entry: Json, mode: Kind | None) -> Json:
    """Return a user or post as an account of this kind shows it."""
    if mode is Kind.HIDDEN:
        return with_counts(entry, ("public_metrics",), mode)
    metrics: Json = entry.get("public_metrics", {})
    if mode is Kind.NULLS:
        return entry | {"public_metrics": dict.fromkeys(metrics)}
    if mode is Kind.EMPTY and "tweet_count" in metrics:
        return entry | {"public_metrics": metrics | {"tweet_count": 0}}
    return entry | {"protected": True} if mode is Kind.PRIVATE and "username" in entry else entry


def _check(request: Request, parameters: Collection[str]) -> None:
    for name, text in request.query.items():
        if name not in parameters:
            _refuse(name, text, f"is of a parameter that is not one of [{','.join(sorted(parameters))}]")
        if unknown := set(request.listed(name)) - set(_LISTS.get(name, request.listed(name))):
            _refuse(name, min(unknown), f"is not one of [{','.join(sorted(_LISTS[name]))}]")
    size = request.query.get("max_results", "10")
    if not size.isdecimal() or not 5 <= int(size) <= 100:
        _refuse("max_results", size, "is not between 5 and 100")


def _refuse(parameter: str, value: str, why: str) -> NoReturn:
    body = sample("x/errors/invalid_request_400.json")["body"]
    message = f"The `{parameter}` query parameter value [{value}] {why}"
    abort(answer(body | {"errors": [{"parameters": {parameter: [value]}, "message": message}]}, 400))


def _account_error(name: str, value: str) -> Response:
    """Return a recorded error about a user, with the requested name or id in place of the recorded one."""
    error = sample(name)["body"]["errors"][0]
    text = error["detail"].replace(f"[{error['value']}]", f"[{value}]")
    return answer({"errors": [error | {"value": value, "resource_id": value, "detail": text}]})
