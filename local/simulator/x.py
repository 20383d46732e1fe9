"""X API v2: `/users/by/username/{name}` and `/users/{id}/tweets`.

Error bodies that were not recorded follow https://docs.x.com/x-api/fundamentals/response-codes-and-errors.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from local.simulator import x_users as users
from local.simulator.faults import Fault, Kind
from local.simulator.messages import WRONG_KEY, Json, Refused, Request, Response, Subject, comma_list
from local.simulator.samples import recorded, sample

_PROBLEMS = "https://api.twitter.com/2/problems"  # the host of the recordings
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
_USER_PATH = re.compile(r"/users/by/username/([^/]+)")
_TWEETS_PATH = re.compile(r"/users/([^/]+)/tweets")
_WINDOW_S = 15 * 60
_LIMITS = {"user": 300, "tweets": 10_000}  # requests a window; counted down, never enforced

_USER_FIELDS = frozenset(
    comma_list(
        "affiliation, connection_status, created_at, description, entities, id, is_identity_verified, location, "
        "most_recent_tweet_id, name, parody, pinned_tweet_id, profile_banner_url, profile_image_url, protected, "
        "public_metrics, receives_your_dm, subscription, subscription_type, url, username, verified, "
        "verified_followers_count, verified_type, withheld"
    )
)
_TWEET_FIELDS = frozenset(
    comma_list(
        "article, attachments, author_id, card_uri, community_id, context_annotations, conversation_id, created_at, "
        "display_text_range, edit_controls, edit_history_tweet_ids, entities, geo, id, in_reply_to_user_id, lang, "
        "media_metadata, note_tweet, possibly_sensitive, public_metrics, referenced_tweets, reply_settings, scopes, "
        "source, text, withheld"
    )
)
_MEDIA_FIELDS = frozenset(
    comma_list(
        "alt_text, duration_ms, height, media_key, preview_image_url, public_metrics, type, url, variants, width"
    )
)
_EXPANSIONS = {  # -> the list of `includes` that it fills
    "author_id": "users",
    "entities.mentions.username": "users",
    "in_reply_to_user_id": "users",
    "referenced_tweets.id.author_id": "users",
    "referenced_tweets.id": "tweets",
    "attachments.media_keys": "media",
    "attachments.poll_ids": "polls",
    "edit_history_tweet_ids": "tweets",
    "geo.place_id": "places",
}
_FIELD_LISTS: Mapping[str, Collection[str]] = {
    "user.fields": _USER_FIELDS,
    "tweet.fields": _TWEET_FIELDS,
    "media.fields": _MEDIA_FIELDS,
    "expansions": _EXPANSIONS.keys(),
    "exclude": ("replies", "retweets"),
}
_USER_PARAMETERS = {"user.fields", "tweet.fields", "expansions"}
_TWEETS_PARAMETERS = {*_FIELD_LISTS, "max_results", "pagination_token", "start_time", "end_time"} | {
    "since_id",
    "until_id",
    "place.fields",
    "poll.fields",
}


class XApi:
    base = "/x/2"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: Counter[tuple[str, int]] = Counter()

    def refusal(self, request: Request) -> Response | None:
        if request.bearer is None or request.bearer == WRONG_KEY:
            return recorded("x/errors/unauthorized_401.json")
        return None

    def subject(self, request: Request) -> Subject:
        if match := _USER_PATH.fullmatch(request.path):
            return Subject("twitter", match[1].lower())
        match = _TWEETS_PATH.fullmatch(request.path)
        user = users.by_id(match[1]) if match else None
        return Subject("twitter", user.username if user else None)

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("x/errors/credits_depleted_402.json")
        if fault.kind is Kind.RATE_LIMITED:
            reset = math.ceil(time.time() + (fault.retry_after_s or 0))
            headers = {"x-rate-limit-limit": "900", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
            return recorded("x/errors/too_many_requests_429.json").with_headers(headers)
        title = "Service Unavailable" if fault.kind is Kind.UNAVAILABLE else "Internal Server Error"
        status = int(fault.kind)
        return Response.of_json({"title": title, "detail": title, "type": "about:blank", "status": status}, status)

    def answer(self, request: Request, mode: Kind | None) -> Response:
        if request.method == "GET" and (match := _USER_PATH.fullmatch(request.path)):
            return self._counted("user", _user(request, match[1], mode))
        if request.method == "GET" and (match := _TWEETS_PATH.fullmatch(request.path)):
            return self._counted("tweets", _tweets(request, match[1], mode))
        return Response.of_text("<!DOCTYPE html><title>X / Page not found</title>", 404, "text/html")

    def _counted(self, call: str, response: Response) -> Response:
        window = int(time.time()) // _WINDOW_S
        with self._lock:
            self._used[call, window] += 1
            remaining = _LIMITS[call] - self._used[call, window]
        return response.with_headers(
            {
                "x-rate-limit-limit": str(_LIMITS[call]),
                "x-rate-limit-remaining": str(max(remaining, 1)),
                "x-rate-limit-reset": str((window + 1) * _WINDOW_S),
            }
        )


def _user(request: Request, name: str, mode: Kind | None) -> Response:
    try:
        _check(request, _USER_PARAMETERS)
        if not _USERNAME.fullmatch(name):
            message = f"The `username` query parameter value [{name}] does not match ^[A-Za-z0-9_]{{1,15}}$"
            raise _invalid({"username": [name]}, message)
    except Refused as refused:
        return refused.response
    user = users.by_username(name)
    if mode is Kind.SUSPENDED:
        return _account_error("x/errors/user_by_username_suspended_200.json", name)
    if user is None or mode is Kind.MISSING:
        return _account_error("x/errors/user_by_username_not_found_200.json", name)
    if mode is Kind.OTHER:
        user = users.by_username("natcomm" if user.username != "natcomm" else "icasecac")
        assert user is not None
    fields = {"id", "name", "username", *comma_list(request.query.get("user.fields", ""))}
    return Response.of_json({"data": _chosen(_seen(user.data, mode), fields)})


def _tweets(request: Request, user_id: str, mode: Kind | None) -> Response:
    try:
        _check(request, _TWEETS_PARAMETERS)
        if not re.fullmatch(r"[0-9]{1,19}", user_id):
            raise _invalid({"id": [user_id]}, f"The `id` query parameter value [{user_id}] is not valid")
        user = users.by_id(user_id)
        if mode is Kind.SUSPENDED:
            return _account_error("x/errors/user_suspended_200.json", user_id)
        if user is None or mode is Kind.MISSING:
            return _account_error("x/errors/user_tweets_user_not_found_200.json", user_id)
        if mode is Kind.PRIVATE:
            return _account_error("x/errors/user_tweets_protected_200.json", user_id)
        if mode is Kind.EMPTY:
            return recorded("x/shapes/empty_page_no_data.json")
        return Response.of_json(_timeline(request, user.pages, mode))
    except Refused as refused:
        return refused.response


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an answer starts: a page, and how many of its posts were answered before."""

    page: int
    offset: int = 0

    def token(self, pages: Sequence[users.Page]) -> str:
        """The recorded token where there is one, else one of ours: `sim{page}x{offset}`."""
        return (self.offset == 0 and pages[self.page].token) or f"sim{self.page}x{self.offset}"

    @classmethod
    def of_token(cls, token: str | None, pages: Sequence[users.Page]) -> _Place:
        if token is None:
            return cls(0)
        for number, page in enumerate(pages):
            if page.token == token:
                return cls(number)
        match = re.fullmatch(r"sim([0-9]+)x([0-9]+)", token)
        if match is None or int(match[1]) >= len(pages):
            message = f"The `pagination_token` query parameter value [{token}] is not valid"
            raise _invalid({"pagination_token": [token]}, message)
        return cls(int(match[1]), int(match[2]))


def _timeline(request: Request, pages: Sequence[users.Page], mode: Kind | None) -> Json:
    """One page. As in the real API, `max_results` counts posts before `exclude` drops some of them."""
    place = _Place.of_token(request.query.get("pagination_token"), pages)
    size, page = int(request.query.get("max_results", "10")), pages[place.page]
    end = place.offset + size
    posts = [post for post in page.posts[place.offset : end] if _wanted(post, request.query)]
    following = _Place(place.page, end) if end < len(page.posts) else _Place(place.page + 1)
    meta: Json = {"result_count": len(posts)}
    if posts:
        meta |= {"newest_id": posts[0]["id"], "oldest_id": posts[-1]["id"]}
    if following.page < len(pages):
        meta["next_token"] = following.token(pages)
    elif mode is Kind.LOOP:
        meta["next_token"] = _Place(0).token(pages)
    if place != _Place(0):
        before = _Place(place.page, max(place.offset - size, 0)) if place.offset else _Place(place.page - 1)
        meta["previous_token"] = (place.offset == 0 and page.previous_token) or before.token(pages)
    if not posts:
        return {"meta": meta}
    fields = {"id", "text", "edit_history_tweet_ids", *comma_list(request.query.get("tweet.fields", ""))}
    answer: Json = {"data": [_chosen(_seen(post, mode), fields) for post in posts]}
    if includes := _includes(request, page, posts):
        answer["includes"] = includes
    if page.errors:
        answer["errors"] = page.errors
    return answer | {"meta": meta}


def _includes(request: Request, page: users.Page, posts: Sequence[Json]) -> Json:
    """What `expansions` asked for. People and posts come as the whole recorded page had them, media by their keys."""
    wanted = {_EXPANSIONS[name] for name in comma_list(request.query.get("expansions", ""))}
    keys = {key for post in posts for key in post.get("attachments", {}).get("media_keys", ())}
    lists = {
        kind: [entry for entry in entries if kind != "media" or entry["media_key"] in keys]
        for kind, entries in page.includes.items()
        if kind in wanted
    }
    media = {"media_key", "type", *comma_list(request.query.get("media.fields", ""))}
    people = {"id", "name", "username", *comma_list(request.query.get("user.fields", ""))}
    posted = {"id", "text", "edit_history_tweet_ids", *comma_list(request.query.get("tweet.fields", ""))}
    fields = {"media": media, "users": people, "tweets": posted}
    return {kind: [_chosen(entry, fields[kind]) for entry in entries] for kind, entries in lists.items() if entries}


def _wanted(post: Json, query: Mapping[str, str]) -> bool:
    excluded = comma_list(query.get("exclude", ""))
    kinds = {reference["type"] for reference in post.get("referenced_tweets", ())}
    created_at, number = post["created_at"], int(post["id"])
    return not (
        ("retweets" in excluded and "retweeted" in kinds)
        or ("replies" in excluded and "replied_to" in kinds)
        or created_at[:19] < query.get("start_time", "")[:19]
        or ("end_time" in query and created_at[:19] >= query["end_time"][:19])
        or number <= int(query.get("since_id", -1))
        or ("until_id" in query and number >= int(query["until_id"]))
    )


def _chosen(entry: Json, fields: Collection[str]) -> Json:
    return {name: value for name, value in entry.items() if name in fields}


def _seen(entry: Json, mode: Kind | None) -> Json:
    """A user or post as the mode shows it."""
    if mode is Kind.HIDDEN:
        return {name: value for name, value in entry.items() if name != "public_metrics"}
    metrics: Json = entry.get("public_metrics", {})
    if mode is Kind.NULLS:
        return entry | {"public_metrics": dict.fromkeys(metrics)}
    if mode is Kind.EMPTY and "tweet_count" in metrics:
        return entry | {"public_metrics": metrics | {"tweet_count": 0}}
    return entry | {"protected": True} if mode is Kind.PRIVATE and "username" in entry else entry


def _check(request: Request, parameters: Collection[str]) -> None:
    for name, text in request.query.items():
        if name not in parameters:
            allowed = ",".join(sorted(parameters))
            raise _invalid({name: [text]}, f"The query parameter [{name}] is not one of [{allowed}]")
        allowed_values = _FIELD_LISTS.get(name)
        for value in comma_list(text) if allowed_values is not None else ():
            if allowed_values is not None and value not in allowed_values:
                allowed = ",".join(sorted(allowed_values))
                message = f"The `{name}` query parameter value [{value}] is not one of [{allowed}]"
                raise _invalid({name: [text]}, message)
    for name in ("since_id", "until_id"):
        if not request.query.get(name, "0").isdecimal():
            raise _invalid({name: [request.query[name]]}, f"The `{name}` query parameter value is not a post id")
    size = request.query.get("max_results", "10")
    if not size.isdecimal() or not 5 <= int(size) <= 100:
        message = f"The `max_results` query parameter value [{size}] is not between 5 and 100"
        raise _invalid({"max_results": [size]}, message)


def _invalid(parameters: Json, message: str) -> Refused:
    body = sample("x/errors/invalid_request_400.json")["body"]
    return Refused(Response.of_json(body | {"errors": [{"parameters": parameters, "message": message}]}, 400))


def _account_error(name: str, value: str) -> Response:
    """A recorded error about a user, with the asked name or id in place of the recorded one."""
    error = sample(name)["body"]["errors"][0]
    text = error["detail"].replace(f"[{error['value']}]", f"[{value}]")
    return Response.of_json({"errors": [error | {"value": value, "resource_id": value, "detail": text}]})
