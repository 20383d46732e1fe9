"""Apify API v2, and the Instagram and TikTok actors, as the simulator serves them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.simulator import running
from local.simulator.messages import sample
from tests.integration.simulator.calls import (
    INSTAGRAM,
    TIKTOK,
    Controlled,
    instagram_input,
    item_pages,
    items,
    run,
    tiktok_input,
)

NASA_POSTS = sample("apify-instagram/nasa/posts.json")


@pytest.fixture
def slow_apify() -> Iterator[httpx.Client]:
    """Yield a client of a simulator whose runs take a second."""
    with running(apify_run_seconds=1.0) as simulator:
        headers = {"Authorization": "Bearer t-1"}
        with httpx.Client(base_url=f"{simulator.url}/apify/v2", headers=headers, timeout=10.0) as client:
            yield client


def test_started_run_has_the_recorded_shape(slow_apify: httpx.Client) -> None:
    answer = slow_apify.post(INSTAGRAM, json=instagram_input("nasa"))

    recording = sample("apify-api/run_ready_201.json")
    assert answer.status_code == recording["status"]
    assert answer.json()["data"].keys() == recording["body"]["data"].keys()
    assert answer.json()["data"]["status"] == "READY"


def test_a_run_is_waited_for_while_it_runs(slow_apify: httpx.Client) -> None:
    started = slow_apify.post(INSTAGRAM, json=instagram_input("nasa"), params={"waitForFinish": "0"}).json()["data"]
    path = f"/actor-runs/{started['id']}"
    time.sleep(0.2)
    running_still = slow_apify.get(path).json()["data"]
    finished = slow_apify.get(path, params={"waitForFinish": "60"}).json()["data"]

    assert running_still["status"] == "RUNNING"
    assert running_still.keys() == sample("apify-api/run_running.json")["data"].keys()
    assert finished["status"] == "SUCCEEDED"
    assert finished.keys() == sample("apify-api/run_succeeded.json")["data"].keys()
    assert finished["startedAt"] < finished["finishedAt"]
    assert {run["defaultDatasetId"] for run in (started, running_still, finished)} == {started["defaultDatasetId"]}


def test_an_aborted_run_says_so(slow_apify: httpx.Client) -> None:
    started = slow_apify.post(INSTAGRAM, json=instagram_input("nasa")).json()["data"]
    aborted = slow_apify.post(f"/actor-runs/{started['id']}/abort")

    assert (aborted.status_code, aborted.json()["data"]["status"]) == (200, "ABORTED")
    assert slow_apify.get(f"/actor-runs/{started['id']}").json()["data"]["status"] == "ABORTED"


def test_runs_are_listed_newest_first_with_their_input(apify: httpx.Client) -> None:
    for name in ("nasa", "humansofny", "avengers"):
        run(apify, INSTAGRAM, instagram_input(name))
    run(apify, TIKTOK, tiktok_input("nba"))
    listed = apify.get(INSTAGRAM, params={"desc": "1", "limit": "2"}).json()["data"]
    inputs = [apify.get(f"/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT") for run in listed["items"]]

    assert (listed["total"], listed["count"], listed["limit"], listed["desc"]) == (3, 2, 2, True)
    assert [answer.json() for answer in inputs] == [instagram_input("avengers"), instagram_input("humansofny")]
    assert "stats" not in listed["items"][0]


def test_actors_name_may_be_quoted(apify: httpx.Client) -> None:
    path = "/acts/apify%7Einstagram-scraper/runs"
    assert run(apify, path, instagram_input("nasa"))["actId"] == "shu8hvrXbJbY3Eb9W"


def test_a_token_in_the_query_is_accepted(apify: httpx.Client) -> None:
    apify.headers.pop("Authorization")

    assert apify.get(INSTAGRAM, params={"token": "t-1"}).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "name"),
    [("", "token_not_provided_401"), ("Bearer wrong-key", "user_or_token_not_found_401")],
)
def test_a_missing_or_wrong_token_is_refused(apify: httpx.Client, authorization: str, name: str) -> None:
    answer = apify.post(INSTAGRAM, json=instagram_input("nasa"), headers={"Authorization": authorization})

    recording = sample(f"apify-api/errors/{name}.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])


@pytest.mark.parametrize(
    ("path", "run_input"),
    [
        (INSTAGRAM, {}),
        (INSTAGRAM, {"directUrls": []}),
        (INSTAGRAM, {"directUrls": "https://www.instagram.com/nasa/"}),
        (INSTAGRAM, {"directUrls": ["https://example.com/nasa/"]}),
        (INSTAGRAM, instagram_input("nasa", kind="everything")),
        (INSTAGRAM, instagram_input("nasa") | {"resultsLimit": 0}),
        (INSTAGRAM, ["nasa"]),
        (TIKTOK, {"profiles": [7]}),
        (TIKTOK, tiktok_input("nba") | {"resultsPerPage": "all"}),
    ],
)
def test_an_input_that_the_actor_does_not_take_starts_nothing(apify: httpx.Client, path: str, run_input: Any) -> None:
    answer = apify.post(path, json=run_input)

    recording = sample("apify-api/errors/invalid_input_400.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])
    assert apify.get(path).json()["data"]["total"] == 0


def test_a_body_that_is_not_json_starts_nothing(apify: httpx.Client) -> None:
    assert apify.post(INSTAGRAM, content=b"{directUrls").status_code == 400


def test_a_parameter_that_is_no_number_starts_nothing(apify: httpx.Client) -> None:
    for name in ("waitForFinish", "timeout", "maxItems", "maxTotalChargeUsd"):
        answer = apify.post(INSTAGRAM, json=instagram_input("nasa"), params={name: "soon"})

        assert (answer.status_code, apify.get(INSTAGRAM).json()["data"]["total"]) == (400, 0), name


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"maxItems": "2"}, 2),
        ({"maxTotalChargeUsd": "0.005"}, 3),
        ({"maxItems": "4", "maxTotalChargeUsd": "1"}, 4),
        ({"timeout": "3600", "maxItems": "5000"}, len(NASA_POSTS)),
    ],
)
def test_limits_of_a_start_bound_its_items(apify: httpx.Client, params: dict[str, str], number: int) -> None:
    started = apify.post(INSTAGRAM, json=instagram_input("nasa"), params=params).json()["data"]

    assert sum(len(page) for page in item_pages(apify, started)) == number


def test_a_run_is_cut_by_its_own_time_out() -> None:
    with running(apify_run_seconds=30) as simulator:
        headers = {"Authorization": "Bearer t-1"}
        with httpx.Client(base_url=f"{simulator.url}/apify/v2", headers=headers, timeout=10.0) as client:
            params = {"timeout": "1", "waitForFinish": "5"}
            cut = client.post(INSTAGRAM, json=instagram_input("nasa"), params=params).json()["data"]

    assert cut["status"] == "TIMED-OUT"


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/acts/someone~other-actor/runs", "actor_not_found_404"),
        ("GET", "/actor-runs/unknown", "record_not_found_404"),
        ("POST", "/actor-runs/unknown/abort", "record_not_found_404"),
        ("GET", "/datasets/unknown/items", "record_not_found_404"),
        ("GET", "/key-value-stores/unknown/records/INPUT", "record_not_found_404"),
    ],
)
def test_unknown_actors_runs_and_datasets_are_not_found(apify: httpx.Client, method: str, path: str, name: str) -> None:
    answer = apify.request(method, path, json={} if method == "POST" else None)

    recording = sample(f"apify-api/errors/{name}.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])


def test_an_unknown_path_says_so(apify: httpx.Client) -> None:
    answer = apify.get("/users/me/usage/monthly")

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "page-not-found")


def test_items_are_a_bare_array_cut_by_offset_and_limit(apify: httpx.Client) -> None:
    dataset = run(apify, INSTAGRAM, instagram_input("nasa"))["defaultDatasetId"]
    answer = apify.get(f"/datasets/{dataset}/items", params={"offset": "30", "limit": "10"})

    assert answer.json() == NASA_POSTS[30:]
    counts = {key: answer.headers[f"X-Apify-Pagination-{key}"] for key in ("Offset", "Limit", "Count", "Total", "Desc")}
    assert counts == {"Offset": "30", "Limit": "10", "Count": "3", "Total": "33", "Desc": "false"}


def test_without_a_limit_every_item_comes(apify: httpx.Client) -> None:
    dataset = run(apify, INSTAGRAM, instagram_input("NASA"))["defaultDatasetId"]
    answer = apify.get(f"/datasets/{dataset}/items")

    assert [item["id"] for item in answer.json()] == [post["id"] for post in NASA_POSTS]
    assert answer.headers["X-Apify-Pagination-Limit"] == "250000"


def test_clean_items_have_no_hidden_fields(apify: httpx.Client) -> None:
    dataset = run(apify, INSTAGRAM, instagram_input("avengers", "details"))["defaultDatasetId"]
    whole = apify.get(f"/datasets/{dataset}/items").json()[0]
    clean = apify.get(f"/datasets/{dataset}/items", params={"clean": "true"}).json()[0]

    assert whole.keys() - clean.keys() == {"#debug"}


def test_results_limit_cuts_what_is_found(apify: httpx.Client) -> None:
    limited = run(apify, INSTAGRAM, instagram_input("nasa") | {"resultsLimit": 7})

    assert len(next(item_pages(apify, limited))) == 7


@pytest.mark.parametrize("name", ["nasa", "humansofny"])
def test_a_recorded_instagram_profile_comes_as_recorded(apify: httpx.Client, name: str) -> None:
    recording = sample(f"apify-instagram/{name}/details.json")

    assert items(apify, INSTAGRAM, instagram_input(name, "details")) == recording


def test_unknown_instagram_account_yields_not_found_and_no_items(apify: httpx.Client) -> None:
    (details,) = items(apify, INSTAGRAM, instagram_input("nobody.here", "details"))
    (posts,) = items(apify, INSTAGRAM, instagram_input("nobody.here"))

    not_found = sample("apify-instagram/errors/profile_not_found.json")[0]
    no_items = sample("apify-instagram/errors/no_items.json")[0]
    url = "https://www.instagram.com/nobody.here"
    assert details == not_found | {"url": url, "username": "nobody.here"}
    assert posts == no_items | {"url": url, "inputUrl": f"{url}/"}


@pytest.mark.parametrize("name", ["fashion", "nba"])
def test_a_recorded_tiktok_account_comes_as_recorded(apify: httpx.Client, name: str) -> None:
    found = items(apify, TIKTOK, tiktok_input(name))

    assert found == [item | {"input": name} for item in sample(f"apify-tiktok/{name}/items.json")]


@pytest.mark.parametrize(("name", "count"), [("shaiie_foeva", 2), ("loveluxury.com", 18)])
def test_a_tiktok_account_of_many_videos_comes_whole(apify: httpx.Client, name: str, count: int) -> None:
    found = items(apify, TIKTOK, tiktok_input(f"https://www.tiktok.com/@{name}"))

    assert len(found) == count
    assert {item["authorMeta"]["name"] for item in found} == {name}
    assert {item["input"] for item in found} == {f"https://www.tiktok.com/@{name}"}


def test_a_tiktok_account_without_videos_is_its_profile_only(apify: httpx.Client) -> None:
    asked = "https://www.tiktok.com/@nasaofficial"

    assert items(apify, TIKTOK, tiktok_input(asked)) == sample("apify-tiktok/nasaofficial/profile_only_item.json")


def test_an_unknown_tiktok_account_is_an_error_item(apify: httpx.Client) -> None:
    (item,) = items(apify, TIKTOK, tiktok_input("@Nobody"))

    recording = sample("apify-tiktok/errors/profile_does_not_exist.json")[0]
    assert item == recording | {"url": "https://www.tiktok.com/@Nobody", "input": "@Nobody"}


@pytest.mark.parametrize("count", [0, 1, 501, 5000])
def test_every_instagram_post_comes_exactly_once(apify: httpx.Client, count: int) -> None:
    name = f"sim_videos_{count}"
    (details,) = items(apify, INSTAGRAM, instagram_input(name, "details"))
    found = items(apify, INSTAGRAM, instagram_input(name))

    ids = [item["id"] for item in found if "error" not in item]
    assert len(ids) == len(set(ids)) == details["postsCount"] == count


@pytest.mark.parametrize("count", [0, 1, 501, 5000])
def test_every_tiktok_video_comes_exactly_once(apify: httpx.Client, count: int) -> None:
    found = items(apify, TIKTOK, tiktok_input(f"sim_videos_{count}"))

    ids = [item["id"] for item in found if "id" in item]
    assert len(ids) == len(set(ids)) == found[0]["authorMeta"]["video"] == count


def test_a_start_without_room_is_refused_as_recorded(simulator: Controlled, apify: httpx.Client) -> None:
    simulator.fault("no-room", platform="instagram", times=1)

    answer = apify.post(INSTAGRAM, json=instagram_input("nasa"))
    recording = sample("apify-api/errors/actor_memory_limit_402.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])
    assert apify.post(INSTAGRAM, json=instagram_input("nasa")).status_code == 201
