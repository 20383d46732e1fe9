"""X API v2 as the simulator serves it."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from local.simulator.messages import sample
from tests.integration.simulator.calls import tweet_pages, user


def test_the_recorded_request_gets_the_recorded_answer(x: httpx.Client) -> None:
    request = sample("x/wunpini_fm/user_tweets_page1_headers.json")["request"]
    first = x.get(f"/users/460255655/tweets?{urlsplit(request['url']).query}")
    token = first.json()["meta"]["next_token"]
    second = x.get(f"/users/460255655/tweets?{urlsplit(request['url']).query}&pagination_token={token}")

    assert first.json() == sample("x/wunpini_fm/user_tweets_page1.json")
    assert second.json() == sample("x/wunpini_fm/user_tweets_page2.json")


def test_unrecorded_page_is_the_recorded_empty_one(x: httpx.Client) -> None:
    pages = list(tweet_pages(x, "wunpini_fm"))

    assert [page["meta"]["result_count"] for page in pages] == [97, 99, 0]
    assert pages[2] == sample("x/shapes/last_page_empty.json")


@pytest.mark.parametrize("size", [5, 30, 50])
def test_smaller_pages_hold_the_same_posts_in_the_same_order(x: httpx.Client, size: int) -> None:
    whole = [post["id"] for page in tweet_pages(x, "wunpini_fm") for post in page.get("data", ())]
    pages = list(tweet_pages(x, "wunpini_fm", max_results=str(size)))

    assert [post["id"] for page in pages for post in page.get("data", ())] == whole
    assert all(page["meta"]["result_count"] <= size for page in pages)


def test_excluded_reposts_leave_shorter_pages_that_go_on(x: httpx.Client) -> None:
    pages = list(tweet_pages(x, "wunpini_fm", exclude="retweets"))

    assert [page["meta"]["result_count"] for page in pages] == [97 - 59, 99 - 84, 0]
    posts = [post for page in pages for post in page.get("data", ())]
    kinds = {reference["type"] for post in posts for reference in post.get("referenced_tweets", ())}
    assert kinds == {"replied_to", "quoted"}


def test_times_bound_the_posts(x: httpx.Client) -> None:
    (page,) = tweet_pages(x, "sim_videos_8")
    ids = [post["id"] for post in page["data"]]
    (by_time,) = tweet_pages(x, "sim_videos_8", start_time=page["data"][4]["created_at"])

    assert [post["id"] for post in by_time["data"]] == ids[:5]


@pytest.mark.parametrize("name", ["wunpini_fm", "NatComm", "ICASECAC", "TwitterDev"])
def test_a_recorded_user_is_found_in_any_case(x: httpx.Client, name: str) -> None:
    recording = sample(f"x/{name}/user_by_username.json")["data"]
    fields = ",".join(recording.keys())
    answer = x.get(f"/users/by/username/{name.upper()}", params={"user.fields": fields})

    assert answer.json() == {"data": recording}


def test_without_fields_only_the_default_ones_come(x: httpx.Client) -> None:
    user_only = x.get("/users/by/username/NatComm").json()["data"]
    posts = x.get(f"/users/{user_only['id']}/tweets").json()

    assert user_only.keys() == {"id", "name", "username"}
    assert posts.keys() == {"data", "meta"}
    assert {key for post in posts["data"] for key in post} == {"id", "text"}


def test_media_come_when_asked_for_and_belong_to_the_page(x: httpx.Client) -> None:
    media = {"expansions": "attachments.media_keys", "media.fields": "type,duration_ms,public_metrics"}
    pages = list(tweet_pages(x, "sim_videos_40", max_results="20", **media))

    for page in pages:
        keys = [key for post in page["data"] for key in post.get("attachments", {}).get("media_keys", ())]
        assert [medium["media_key"] for medium in page["includes"]["media"]] == keys
        assert page["includes"]["media"][0]["public_metrics"]["view_count"] == 19059


def test_an_unknown_name_is_an_error_in_a_200(x: httpx.Client) -> None:
    answer = x.get("/users/by/username/nobody_here")

    error = sample("x/errors/user_by_username_not_found_200.json")["body"]["errors"][0]
    changed = {"value": "nobody_here", "resource_id": "nobody_here"}
    expected = error | changed | {"detail": "Could not find user with username: [nobody_here]."}
    assert (answer.status_code, answer.json()) == (200, {"errors": [expected]})


def test_an_unknown_id_is_an_error_in_a_200(x: httpx.Client) -> None:
    recording = sample("x/errors/user_tweets_user_not_found_200.json")
    answer = x.get("/users/1405327120163872777/tweets")

    assert (answer.status_code, answer.json()) == (200, recording["body"])


@pytest.mark.parametrize("authorization", ["", "Bearer wrong-key", "Basic abc"])
def test_a_missing_or_wrong_bearer_is_refused(x: httpx.Client, authorization: str) -> None:
    answer = x.get("/users/by/username/NatComm", headers={"Authorization": authorization})

    recording = sample("x/errors/unauthorized_401.json")
    assert (answer.status_code, answer.json()) == (401, recording["body"])
    assert "x-rate-limit-limit" not in answer.headers


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("/users/by/username/far_too_long_for_x", {}, "username"),
        ("/users/by/username/NatComm", {"user.fields": "followers"}, "user.fields"),
        ("/users/by/username/NatComm", {"fields": "id"}, "fields"),
        ("/users/17880989/tweets", {"max_results": "4"}, "max_results"),
        ("/users/17880989/tweets", {"max_results": "101"}, "max_results"),
        ("/users/17880989/tweets", {"pagination_token": "x"}, "pagination_token"),
        ("/users/17880989/tweets", {"pagination_token": "sim9x0"}, "pagination_token"),
        ("/users/17880989/tweets", {"exclude": "reposts"}, "exclude"),
        ("/users/NatComm/tweets", {}, "id"),
    ],
)
def test_a_wrong_request_is_refused_and_its_parameter_named(
    x: httpx.Client, path: str, params: dict[str, str], parameter: str
) -> None:
    answer = x.get(path, params=params)

    recording = sample("x/errors/invalid_request_400.json")["body"]
    body = answer.json()
    assert (answer.status_code, body["title"], body["type"]) == (400, recording["title"], recording["type"])
    assert list(body["errors"][0]["parameters"]) == [parameter]


@pytest.mark.parametrize("count", [0, 1, 501, 5000])
def test_every_post_of_an_account_comes_exactly_once(x: httpx.Client, count: int) -> None:
    name = f"sim_videos_{count}"
    ids = [post["id"] for page in tweet_pages(x, name) for post in page.get("data", ())]

    assert len(ids) == len(set(ids)) == count
    assert ids == sorted(ids, reverse=True)
    assert user(x, name)["data"]["public_metrics"]["tweet_count"] == count


def test_an_unknown_path_is_a_page_of_html(x: httpx.Client) -> None:
    answer = x.get("/tweets/1")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
