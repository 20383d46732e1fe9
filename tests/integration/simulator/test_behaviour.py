"""The effect of synthetic names, and of faults added by a control call, on each platform."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Mapping

import httpx
import pytest

from local.simulator.messages import sample
from tests.integration.simulator.calls import (
    ALL_PARTS,
    INSTAGRAM,
    TIKTOK,
    Controlled,
    channel,
    instagram_input,
    item_pages,
    items,
    run,
    tiktok_input,
    tweet_pages,
    upload_pages,
    user,
)

Ask = Callable[[str], httpx.Response]  # the first call that reads an account


@pytest.fixture
def ask(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> Mapping[str, Ask]:
    return {
        "youtube": lambda name: youtube.get("/channels", params={"part": ALL_PARTS, "forHandle": name}),
        "twitter": lambda name: x.get(f"/users/by/username/{name}", params={"user.fields": "public_metrics"}),
        "instagram": lambda name: apify.post(INSTAGRAM, json=instagram_input(name)),
        "tiktok": lambda name: apify.post(TIKTOK, json=tiktok_input(name)),
    }


PLATFORMS = ("youtube", "twitter", "instagram", "tiktok")
every_platform = pytest.mark.parametrize("platform", PLATFORMS)


@every_platform
@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("sim_503x2", [503, 503]),
        ("sim_503x4", [503] * 4),
        ("sim_500x1", [500]),
        ("sim_429x1", [429]),
        ("sim_htmlx1", [502]),
    ],
)
def test_failing_account_fails_as_often_as_it_says(
    ask: Mapping[str, Ask], platform: str, name: str, statuses: list[int]
) -> None:
    answers = [ask[platform](name) for _ in range(len(statuses) + 2)]

    found = 201 if platform in ("instagram", "tiktok") else 200
    assert [answer.status_code for answer in answers] == [*statuses, found, found]


@every_platform
def test_an_error_of_the_platform_is_json_in_its_own_form(ask: Mapping[str, Ask], platform: str) -> None:
    body = ask[platform]("sim_503x1").json()

    error = body["error"] if platform != "twitter" else body
    marks = {"youtube": ("status", "UNAVAILABLE"), "twitter": ("status", 503)}
    key, value = marks.get(platform, ("type", "service-unavailable"))
    assert error[key] == value


@every_platform
def test_a_rate_limit_says_when_to_come_back(ask: Mapping[str, Ask], platform: str) -> None:
    asked_at = time.time()
    answer = ask[platform]("sim_429x1")

    if platform == "twitter":
        assert "Retry-After" not in answer.headers
        assert math.ceil(asked_at + 1) <= int(answer.headers["x-rate-limit-reset"]) <= math.ceil(time.time() + 1)
        assert answer.headers["x-rate-limit-remaining"] == "0"
    else:
        assert answer.headers["Retry-After"] == "1"


@every_platform
def test_a_gateways_page_is_html(ask: Mapping[str, Ask], platform: str) -> None:
    answer = ask[platform]("sim_htmlx1")

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")


@every_platform
def test_truncated_json_comes_with_a_good_status_and_no_end(ask: Mapping[str, Ask], platform: str) -> None:
    cut, whole = ask[platform]("sim_truncatedx1"), ask[platform]("sim_truncatedx1")

    assert cut.is_success
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    assert whole.json()


@every_platform
def test_a_slow_account_answers_late_each_time(ask: Mapping[str, Ask], platform: str, simulator: Controlled) -> None:
    simulator.fault("slow", platform=platform, username="sim_videos_2", seconds=0.2)
    started_s = time.monotonic()
    for _ in range(2):
        assert ask[platform]("sim_videos_2").is_success

    assert time.monotonic() - started_s >= 0.4


def test_the_name_of_a_slow_account_says_how_late_it_is(x: httpx.Client) -> None:
    started_s = time.monotonic()
    x.get("/users/by/username/sim_slow_1")

    assert time.monotonic() - started_s >= 1


@pytest.mark.parametrize(
    ("platform", "file"),
    [
        ("youtube", "youtube/errors/quota_exceeded_403.json"),
        ("twitter", "x/errors/credits_depleted_402.json"),
        ("instagram", "apify-api/errors/monthly_usage_hard_limit_403.json"),
        ("tiktok", "apify-api/errors/monthly_usage_hard_limit_403.json"),
    ],
)
def test_a_used_up_quota_is_said_as_recorded(ask: Mapping[str, Ask], platform: str, file: str) -> None:
    answer = ask[platform]("sim_quota")

    assert (answer.status_code, answer.json()) == (sample(file)["status"], sample(file)["body"])


def test_private_accounts(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    uploads = channel(youtube, "sim_private")["contentDetails"]["relatedPlaylists"]["uploads"]
    items_of_channel = youtube.get("/playlistItems", params={"part": "snippet", "playlistId": uploads})
    protected = user(x, "sim_private")["data"]
    (page,) = tweet_pages(x, "sim_private")
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_private", "details"))
    (posts,) = items(apify, INSTAGRAM, instagram_input("sim_private"))
    (video,) = items(apify, TIKTOK, tiktok_input("sim_private"))

    assert items_of_channel.status_code == 403
    assert items_of_channel.json()["error"]["errors"][0]["reason"] == "playlistItemsNotAccessible"
    assert protected["protected"] is True
    assert page["errors"][0]["title"] == "Authorization Error"
    assert (details["private"], details["username"], details["latestPosts"]) == (True, "sim_private", [])
    assert posts["error"] == "no_items"
    assert (video["note"], video["authorMeta"]["privateAccount"]) == ("Profile is private", True)
    assert "id" not in video


def test_suspended_accounts(ask: Mapping[str, Ask], apify: httpx.Client) -> None:
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_suspended", "details"))
    (video,) = items(apify, TIKTOK, tiktok_input("sim_suspended"))
    error = ask["twitter"]("sim_suspended").json()["errors"][0]

    assert ask["youtube"]("sim_suspended").json()["items"] == []
    assert (error["title"], error["detail"]) == ("Forbidden", "User has been suspended: [sim_suspended].")
    assert details["error"] == "not_found"
    assert video["error"] == "This profile/hashtag does not exist."


@pytest.mark.parametrize("name", ["sim_missing", "any_other_name"])
def test_missing_accounts(ask: Mapping[str, Ask], apify: httpx.Client, name: str) -> None:
    (details,) = items(apify, INSTAGRAM, instagram_input(name, "details"))
    (video,) = items(apify, TIKTOK, tiktok_input(name))

    assert "items" not in ask["youtube"](name).json()
    assert ask["twitter"](name).json()["errors"][0]["title"] == "Not Found Error"
    assert details["error"] == "not_found"
    assert video["error"] == "This profile/hashtag does not exist."


def test_empty_accounts(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    empty = channel(youtube, "sim_empty")
    playlist = empty["contentDetails"]["relatedPlaylists"]["uploads"]
    uploads = youtube.get("/playlistItems", params={"part": "snippet", "playlistId": playlist})
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_empty", "details"))
    (posts,) = items(apify, INSTAGRAM, instagram_input("sim_empty"))
    (video,) = items(apify, TIKTOK, tiktok_input("sim_empty"))

    assert empty["statistics"]["videoCount"] == "0"
    assert uploads.json() == sample("youtube/errors/playlist_not_found_404.json")["body"]
    assert list(tweet_pages(x, "sim_empty")) == [{"meta": {"result_count": 0}}]
    assert user(x, "sim_empty")["data"]["public_metrics"]["tweet_count"] == 0
    assert (details["postsCount"], details["private"], posts["error"]) == (0, False, "no_items")
    assert video["note"] == "Profile has no videos"


def _video(youtube: httpx.Client, name: str) -> dict[str, object]:
    (page,) = upload_pages(youtube, name)
    params = {"part": "statistics", "id": page["items"][0]["contentDetails"]["videoId"]}
    statistics: dict[str, object] = youtube.get("/videos", params=params).json()["items"][0]["statistics"]
    return statistics


def test_hidden_counts(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    statistics = channel(youtube, "sim_hidden")["statistics"]
    (page,) = tweet_pages(x, "sim_hidden")
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_hidden", "details"))
    posts = items(apify, INSTAGRAM, instagram_input("sim_hidden"))
    videos = items(apify, TIKTOK, tiktok_input("sim_hidden"))

    assert (statistics["hiddenSubscriberCount"], "subscriberCount" in statistics) == (True, False)
    assert _video(youtube, "sim_hidden").keys() == {"viewCount", "favoriteCount"}
    assert "public_metrics" not in user(x, "sim_hidden")["data"]
    assert all("public_metrics" not in post for post in page["data"])
    assert "followersCount" not in details
    assert {post["likesCount"] for post in posts} == {-1}
    assert all("playCount" not in video and "fans" not in video["authorMeta"] for video in videos)


def test_nulls_in_place_of_counts(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    (page,) = tweet_pages(x, "sim_nulls")
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_nulls", "details"))
    posts = items(apify, INSTAGRAM, instagram_input("sim_nulls"))
    videos = items(apify, TIKTOK, tiktok_input("sim_nulls"))

    assert channel(youtube, "sim_nulls")["statistics"]["subscriberCount"] is None
    assert set(_video(youtube, "sim_nulls").values()) == {None}
    assert set(user(x, "sim_nulls")["data"]["public_metrics"].values()) == {None}
    assert {count for post in page["data"] for count in post["public_metrics"].values()} == {None}
    assert (details["followersCount"], details["postsCount"]) == (None, None)
    assert {post["likesCount"] for post in posts} == {None}
    assert {video["playCount"] for video in videos} == {video["authorMeta"]["fans"] for video in videos} == {None}


def test_another_account_than_asked(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    (details,) = items(apify, INSTAGRAM, instagram_input("sim_other", "details"))
    videos = items(apify, TIKTOK, tiktok_input("sim_other"))

    assert channel(youtube, "sim_other")["snippet"]["customUrl"] == "@googledevelopers"
    assert user(x, "sim_other")["data"]["username"] == "NatComm"
    assert details["username"] == "nasa"
    assert (videos[0]["authorMeta"]["name"], videos[0]["input"]) == ("nba", "sim_other")


def test_pages_that_loop(youtube: httpx.Client, x: httpx.Client, apify: httpx.Client) -> None:
    uploads = [page["items"] for page in itertools.islice(upload_pages(youtube, "sim_loop"), 3)]
    tweets = [page["data"] for page in itertools.islice(tweet_pages(x, "sim_loop"), 3)]
    for path, run_input in ((INSTAGRAM, instagram_input("sim_loop")), (TIKTOK, tiktok_input("sim_loop"))):
        pages = list(itertools.islice(item_pages(apify, run(apify, path, run_input)), 3))
        assert pages[0] == pages[1] == pages[2] != []

    assert uploads[0] == uploads[1] == uploads[2]
    assert tweets[0] == tweets[1] == tweets[2]


@pytest.mark.parametrize(
    ("kind", "status"), [("503", 503), ("500", 500), ("429", 429), ("html", 502), ("quota", 403), ("truncated", 200)]
)
def test_a_recorded_account_can_be_told_to_fail(
    ask: Mapping[str, Ask], simulator: Controlled, kind: str, status: int
) -> None:
    simulator.fault(kind, platform="youtube", username="GoogleDevelopers", times=1)
    others = ask["youtube"]("CSPAN").status_code
    answers = [ask["youtube"]("@GoogleDevelopers") for _ in range(2)]

    assert others == 200
    assert [answer.status_code for answer in answers] == [status, 200]


def test_fault_without_a_name_reaches_every_account(ask: Mapping[str, Ask], simulator: Controlled) -> None:
    simulator.fault("429", platform="twitter", retry_after=30)
    answer = ask["twitter"]("NatComm")

    assert ask["youtube"]("CSPAN").status_code == 200
    assert answer.status_code == 429
    assert int(answer.headers["x-rate-limit-reset"]) - time.time() > 28


def test_an_account_can_be_told_to_be_private_for_one_run(apify: httpx.Client, simulator: Controlled) -> None:
    simulator.fault("private", platform="tiktok", username="nba", times=1)
    first, second = (items(apify, TIKTOK, tiktok_input("nba"))[0] for _ in range(2))

    assert (first.get("note"), second.get("note")) == ("Profile is private", None)


def test_a_path_lets_a_fault_reach_a_follow_up_call(apify: httpx.Client, simulator: Controlled) -> None:
    simulator.fault("html", platform="instagram", path="/datasets/", times=1, status=200)
    finished = run(apify, INSTAGRAM, instagram_input("nasa"))
    path = f"/datasets/{finished['defaultDatasetId']}/items"
    first, second = apify.get(path), apify.get(path)

    assert (first.status_code, first.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(second.json()) == 33


@every_platform
def test_a_wrong_key_uses_up_no_fault(simulator: Controlled, ask: Mapping[str, Ask], platform: str) -> None:
    calls = {
        "youtube": ("GET", f"{simulator.url}/youtube/v3/channels?part=snippet&forHandle=sim_503x1&key=wrong-key"),
        "twitter": ("GET", f"{simulator.url}/x/2/users/by/username/sim_503x1"),
        "instagram": ("POST", f"{simulator.url}/apify/v2{INSTAGRAM}?token=wrong-key"),
        "tiktok": ("POST", f"{simulator.url}/apify/v2{TIKTOK}?token=wrong-key"),
    }
    bodies = {"instagram": instagram_input("sim_503x1"), "tiktok": tiktok_input("sim_503x1")}
    method, url = calls[platform]
    refused = httpx.request(method, url, json=bodies.get(platform))

    assert refused.status_code in (400, 401)
    assert ask[platform]("sim_503x1").status_code == 503
