"""Damaged samples: one value at a time is replaced or removed. The result is a record or an error of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from itertools import islice, product
from typing import Any

import pytest

from tests.unit.platforms.replay import Replay, answer, fetch, leaves_of, run, sample
from tracking.accounts import Account, Video
from tracking.errors import TrackingError

GONE = object()
REPLACEMENTS = [None, "garbage", [1, None, "x", [], {}], {"a": 1}, -1, 1.5, True, GONE]
# All variants take ten seconds. Every fifth variant is enough: each value is replaced, and each replacement is used.
some_and_all = pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.nightly)])


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    result = copy.deepcopy(document)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return result


def check(read: Callable[[Any], tuple[Account, Any]], document: Any, every: int) -> tuple[int, int]:
    """Read every `every`-th variant of a document. Return how many were read and how many were refused."""
    was_read, was_refused = 0, 0
    for path, value in islice(product(leaves_of(document), REPLACEMENTS), 0, None, every):
        try:
            account, fetched = read(changed(document, path, value))
        except TrackingError:
            was_refused += 1
        else:
            was_read += 1
            _check_records(account, fetched.videos)
    return was_read, was_refused


def _check_records(account: Account, videos: tuple[Video, ...]) -> None:
    assert json.dumps(account.to_json()).encode()
    assert account.platform_user_id
    for video in videos:
        assert video.video_id
        assert Video.from_json(json.loads(json.dumps(video.to_json()))) == video
        counts = (video.view_count, video.like_count, video.comment_count, video.share_count, video.save_count)
        assert all(number is None or (type(number) is int and number >= 0) for number in counts)


def _few(document: Any, number: int = 2) -> Any:
    return document[:number]


@some_and_all
@pytest.mark.parametrize("which", ["channels", "playlistItems", "videos"])
def test_youtube_answers_with_a_value_spoiled(which: str, every: int) -> None:
    answers = {
        "channels": sample("youtube/GoogleDevelopers/channel.json"),
        "playlistItems": sample("youtube/GoogleDevelopers/uploads_page1.json"),
        "videos": sample("youtube/GoogleDevelopers/videos_assembled.json"),
    }
    for name in ("playlistItems", "videos"):
        answers[name]["items"] = _few(answers[name]["items"])

    def read(document: Any) -> tuple[Account, Any]:
        replay = Replay()
        for name, body in (answers | {which: document}).items():
            replay.on(f"GET /youtube/v3/{name}", answer(body))
        return fetch(replay.youtube(), "@googledevelopers", replay)

    was_read, was_refused = check(read, answers[which], every)
    assert was_read > was_refused


@some_and_all
@pytest.mark.parametrize("which", ["user", "posts"])
def test_x_answers_with_a_value_spoiled(which: str, every: int) -> None:
    recorded = sample("x/shapes/tweet_with_video.json")
    recorded["meta"] = {"result_count": 1, "next_token": None}
    del recorded["includes"]["tweets"]
    answers = {"user": {"data": recorded["includes"]["users"][0]}, "posts": recorded}

    def read(document: Any) -> tuple[Account, Any]:
        bodies = answers | {which: document}
        replay = Replay().on("GET /2/users/by/username/", answer(bodies["user"]))
        replay.on(r"GET /2/users/\d+/tweets", answer(bodies["posts"]), answer({"meta": {"result_count": 0}}))
        return fetch(replay.twitter(), "IgorBrigadir", replay)

    was_read, was_refused = check(read, answers[which], every)
    assert was_read > was_refused


@some_and_all
@pytest.mark.parametrize("which", ["details", "posts", "run"])
def test_instagram_answers_with_a_value_spoiled(which: str, every: int) -> None:
    answers: dict[str, Any] = {
        "details": sample("apify-instagram/humansofny/details.json"),
        "posts": _few(sample("apify-instagram/nasa/posts.json"))[1:],
        "run": {"data": {key: run("SUCCEEDED")[key] for key in ("id", "status", "defaultDatasetId", "startedAt")}},
    }
    answers["posts"][0]["inputUrl"] = "https://www.instagram.com/humansofny/"
    answers["posts"][0]["childPosts"] = _few(answers["posts"][0]["childPosts"], 1)

    def read(document: Any) -> tuple[Account, Any]:
        bodies = answers | {which: document}
        replay = Replay().on("GET /v2/datasets/", answer(bodies["details"]), answer(bodies["posts"]))
        replay.on("POST /v2/acts/", answer(bodies["run"], 201))
        replay.on("GET /v2/actor-runs/", answer(bodies["run"]))
        return fetch(replay.instagram(), "humansofny", replay)

    was_read, was_refused = check(read, answers[which], every)
    assert was_read + was_refused > 20 // every


@some_and_all
@pytest.mark.parametrize(
    ("path", "username"),
    [
        ("fashion/items", "fashion"),
        ("lcsign_lightbox/items_flattened", "lcsign_lightbox"),
        ("loveluxury.com/items_nested_from_csv", "loveluxury.com"),
        ("errors/profile_does_not_exist", "howtogpt.co"),
        ("errors/note_profile_private", "private_example"),
    ],
)
def test_tiktok_answers_with_a_value_spoiled(path: str, username: str, every: int) -> None:
    def read(document: Any) -> tuple[Account, Any]:
        replay = Replay().on("GET /v2/datasets/", answer(document))
        replay.on("POST", answer({"data": run("SUCCEEDED")}, 201)).on("GET /v2/actor-runs/", {"data": run("SUCCEEDED")})
        return fetch(replay.tiktok(), username, replay)

    was_read, was_refused = check(read, _few(sample(f"apify-tiktok/{path}.json"), 1), every)
    assert was_read + was_refused > 20 // every
