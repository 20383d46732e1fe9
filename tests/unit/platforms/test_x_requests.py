"""X charges for each resource that it returns. So a request asks for nothing that no field of ours is read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from local.paths import ROOT
from tests.unit.platforms.replay import Replay, account_of, fetch
from tracking.platforms import VideoPage
from tracking.platforms.x_api import MEDIA_FIELDS, POST_FIELDS, USER_FIELDS

USER = "GET /2/users/by/username/"
POSTS = r"GET /2/users/\d+/tweets"
PARAMETERS = {"user.fields": USER_FIELDS, "tweet.fields": POST_FIELDS, "media.fields": MEDIA_FIELDS}
PAGE = (ROOT / "docs" / "platform-contracts.md").read_text(encoding="utf-8")


def user_answer() -> dict[str, Any]:
    """Return a user with every field that we ask for."""
    return {
        "data": {
            "id": "7",
            "name": "NASA",
            "username": "NASA",
            "description": "Space",
            "pinned_tweet_id": "1",
            "profile_image_url": "https://pbs.example/a_normal.png",
            "protected": False,
            "public_metrics": {"followers_count": 3, "following_count": 2, "tweet_count": 4},
            "verified": True,
        }
    }


def page_answer() -> dict[str, Any]:
    """Return a page on which every field that we ask for changes what is read."""
    metrics = {"like_count": 1, "reply_count": 2, "retweet_count": 3, "bookmark_count": 4, "impression_count": 5}
    post = {"created_at": "2026-01-02T03:04:05.000Z", "author_id": "7", "public_metrics": metrics}
    film = {"media_key": "1_1", "type": "video", "duration_ms": 1500, "public_metrics": {"view_count": 9}}
    return {
        "data": [
            post
            | {"id": "1", "text": "a film", "attachments": {"media_keys": ["1_1"]}}
            | {"entities": {"hashtags": [{"tag": "space"}]}},
            post | {"id": "2", "text": "a picture", "attachments": {"media_keys": ["9_2"]}},
            post | {"id": "3", "text": "a repost", "referenced_tweets": [{"type": "retweeted", "id": "9"}]},
            post | {"id": "4", "text": "by another", "author_id": "8"},
        ],
        "includes": {
            "media": [
                film | {"preview_image_url": "https://pbs.example/film.jpg"},
                {"media_key": "9_2", "type": "photo", "url": "https://pbs.example/picture.jpg"},
            ]
        },
        "meta": {"result_count": 4},
    }


def read(user: Any, page: Any) -> tuple[Any, list[Any]]:
    replay = Replay().on(USER, user).on(POSTS, page)
    account, fetched = fetch(replay.twitter(), "NASA", replay)
    return account.to_json(), [video.to_json() for video in fetched.videos]


def without(entries: list[Any], field: str) -> None:
    for entry in entries:
        entry.pop(field, None)


def in_users(field: str) -> tuple[Any, Any]:
    user, page = user_answer(), page_answer()
    without([user["data"]], field)
    return user, page


def in_posts(field: str) -> tuple[Any, Any]:
    user, page = user_answer(), page_answer()
    without(page["data"], field)
    return user, page


def in_media(field: str) -> tuple[Any, Any]:
    user, page = user_answer(), page_answer()
    without(page["includes"]["media"], field)
    return user, page


@pytest.mark.parametrize(
    ("leave_out", "field"),
    [(in_users, field) for field in USER_FIELDS if field != "protected"]
    + [(in_posts, field) for field in POST_FIELDS]
    + [(in_media, field) for field in MEDIA_FIELDS],
)
def test_each_field_asked_for_changes_what_is_read(leave_out: Callable[[str], tuple[Any, Any]], field: str) -> None:
    assert read(*leave_out(field)) != read(user_answer(), page_answer())


def test_the_field_protected_saves_asking_for_posts() -> None:
    user = user_answer()
    user["data"]["protected"] = True
    replay = Replay().on(USER, user).on(POSTS, page_answer())
    assert replay.twitter().fetch_account("NASA", replay.bounds()).account.is_private


def test_requests_ask_for_these_fields_and_one_expansion() -> None:
    replay = Replay().on(USER, user_answer()).on(POSTS, page_answer())
    fetch(replay.twitter(), "NASA", replay, max_videos=50)
    (of_user,), (of_posts,) = replay.asked(USER), replay.asked(POSTS)
    assert dict(of_user.url.params) == {"user.fields": ",".join(USER_FIELDS)}
    assert dict(of_posts.url.params) == {
        "exclude": "retweets",
        "expansions": "attachments.media_keys",
        "max_results": "50",
        "media.fields": ",".join(MEDIA_FIELDS),
        "tweet.fields": ",".join(POST_FIELDS),
    }


def test_the_page_of_contracts_says_what_each_field_is_for() -> None:
    parameter, told = "", []
    for row in re.finditer(r"^\| (?P<parameter>`\S+`)? ?\| `(?P<field>\w+)` \| (?P<use>[^|]+) \|$", PAGE, re.MULTILINE):
        parameter = (row["parameter"] or parameter).strip("`")
        if parameter in PARAMETERS:
            told.append((parameter, row["field"]))
    assert told == [(parameter, field) for parameter, fields in PARAMETERS.items() for field in fields]


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [
        (1, ["5"]),
        (104, ["100", "5"]),
        (200, ["100", "100"]),
        (230, ["100", "100", "30"]),
    ],
)
def test_pages_never_ask_for_more_than_the_limit_leaves(limit: int, sizes: list[str]) -> None:
    """The smallest page has 5 posts. Posts that are left out count, too, because X charges for them."""
    replay = Replay().on(USER, user_answer())
    replay.on(POSTS, *(full_page(number) for number in range(len(sizes) + 1)))
    fetch(replay.twitter(), "NASA", replay, max_videos=limit)
    assert [request.url.params["max_results"] for request in replay.asked(POSTS)] == sizes


@pytest.mark.parametrize(("limit", "sizes"), [(100, ["100"]), (230, ["100", "100", "30"])])
def test_limit_holds_over_chunks(limit: int, sizes: list[str]) -> None:
    """Each page is a chunk of its own, as when X refuses the page that follows. Half of each page is left out."""
    replay = Replay().on(USER, user_answer())
    replay.on(POSTS, *(full_page(number) for number in range(len(sizes) + 1)))
    fetched = account_of(replay.twitter(), "NASA", replay.bounds())
    cursor, saved, has_more = "", 0, True
    for _ in range(len(sizes) + 1):
        bounds = replay.bounds(max_videos=limit, cursor=cursor, saved=saved)
        page = next(iter(replay.twitter().fetch_videos(fetched, bounds)))
        assert isinstance(page, VideoPage)
        cursor, saved, has_more = page.cursor, saved + len(page.videos), page.has_more
    assert [request.url.params["max_results"] for request in replay.asked(POSTS)] == sizes
    assert has_more, "the account has more posts than the limit allows"


def full_page(number: int) -> Callable[[Any], Any]:
    """Answer with as many posts as are asked for; every other one is a repost."""

    def answer(request: Any) -> Any:
        size = int(request.url.params["max_results"])
        reposted = {"referenced_tweets": [{"type": "retweeted", "id": "9"}]}
        posts = [
            {"id": f"{number + 1}{index:03}", "text": "t"} | (reposted if index % 2 else {}) for index in range(size)
        ]
        return {"data": posts, "meta": {"next_token": f"T{number}"}}

    return answer
