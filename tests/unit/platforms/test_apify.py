"""Apify's runs: each is started only once, awaited, and read to its end, even if the server sends odd responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import NOON, Replay, answer, fetch, run, sample
from tracking.errors import (
    ContractError,
    PlatformUnavailableError,
    RateLimitedError,
    TrackingError,
)
from tracking.platforms import collect_videos
from tracking.platforms.apify import PAGE_SIZE

DETAILS = sample("apify-instagram/nasa/details.json")
POSTS = sample("apify-instagram/nasa/posts.json")
INPUT = {
    "directUrls": ["https://www.instagram.com/nasa/"],
    "resultsType": "details",
    "resultsLimit": 1,
    "addParentData": False,
}
RUNS = r"GET /v2/acts/apify~instagram-scraper/runs\?desc=true"
STORE = r"GET /v2/key-value-stores/earlier-store/records/INPUT"


def listed(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"total": len(runs), "items": list(runs)}}


def begun_earlier(
    status: str = "SUCCEEDED", stored: Any = INPUT, seconds_ago: float = 30, items: Any = DETAILS
) -> Replay:
    earlier = run(status, "earlier", NOON - timedelta(seconds=seconds_ago))
    replay = Replay().run_of(DETAILS).on(RUNS, listed(earlier)).on(STORE, answer(stored))
    replay.on("GET /v2/actor-runs/earlier", {"data": run("SUCCEEDED", "earlier")})
    return replay.on("GET /v2/datasets/earlier-items/items", answer(items))


def started(replay: Replay, resume: bool = True) -> int:
    """Look the account up, and return the number of runs started for it."""
    since = NOON - timedelta(seconds=60) if resume else None
    assert replay.instagram().fetch_account("nasa", replay.budget(resume_since=since)).account.username == "nasa"
    return len(replay.asked("POST"))


@pytest.mark.parametrize("status", ["READY", "RUNNING", "SUCCEEDED"])
def test_a_retry_takes_up_the_run_that_an_earlier_try_began(status: str) -> None:
    assert started(begun_earlier(status)) == 0


def test_a_first_try_looks_for_nothing() -> None:
    replay = begun_earlier()
    assert started(replay, resume=False) == 1
    assert replay.asked(RUNS) == []


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED-OUT", "ABORTING", "TIMING-OUT"])
def test_a_run_that_ended_badly_is_not_taken_up(status: str) -> None:
    assert started(begun_earlier(status)) == 1


@pytest.mark.parametrize("stored", [INPUT | {"resultsType": "posts"}, {}, [], "text", INPUT | {"resultsLimit": "1"}])
def test_a_run_with_another_input_is_not_taken_up(stored: Any) -> None:
    assert started(begun_earlier(stored=stored)) == 1


def test_run_with_apifys_default_inputs_is_recognised() -> None:
    assert started(begun_earlier(stored=INPUT | {"searchLimit": 1})) == 0


def test_a_run_from_before_the_first_try_is_not_taken_up() -> None:
    assert started(begun_earlier(seconds_ago=600)) == 1


def test_a_run_whose_requests_were_blocked_is_not_taken_up_again() -> None:
    blocked = [{"error": "no_items", "requestErrorMessages": ["Error: Request blocked"]}]
    assert started(begun_earlier(items=blocked)) == 1


def test_missing_list_of_runs_means_no_run() -> None:
    replay = Replay().run_of(DETAILS).on(RUNS, answer("<html>", 404))
    assert started(replay) == 1
    replay = begun_earlier().on(STORE, answer(sample("apify-api/errors/record_not_found_404.json")))
    assert started(replay) == 1


def test_retry_without_the_list_of_runs_starts_no_run() -> None:
    """Without the list of runs nobody knows whether a run exists already, so a new one could be a second paid run."""
    replay = begun_earlier().on(RUNS, answer("<html>", 503))
    with pytest.raises(PlatformUnavailableError):
        started(replay)
    assert replay.asked("POST") == []


@pytest.mark.parametrize(
    "lost", [httpx.ReadTimeout("t"), httpx.RemoteProtocolError("closed"), answer("<html>", 502), answer('{"da', 201)]
)
def test_start_with_a_lost_reply_is_looked_up_first(lost: Any) -> None:
    replay = begun_earlier(seconds_ago=0).on("POST", lost)
    assert started(replay, resume=False) == 1
    assert len(replay.asked(RUNS)) == 1


@pytest.mark.parametrize("listing", [listed(), answer("<html>", 503), httpx.ConnectError("c")])
def test_start_with_a_lost_reply_and_no_run_keeps_its_error(listing: Any) -> None:
    replay = Replay().on("POST", httpx.ReadTimeout("t")).on(RUNS, listing)
    with pytest.raises(PlatformUnavailableError) as failed:
        replay.instagram().fetch_account("nasa", replay.budget())
    assert isinstance(failed.value.__cause__, httpx.ReadTimeout)
    assert len(replay.asked("POST")) == 1


def test_a_refused_start_is_not_repeated() -> None:
    replay = Replay().on("POST", sample("apify-api/errors/rate_limit_exceeded_429.json"))
    with pytest.raises(RateLimitedError):
        replay.instagram().fetch_account("nasa", replay.budget())
    assert len(replay.requests) == 1


def test_run_wait_pauses_if_the_server_answers_at_once() -> None:
    """The server should hold the call open for `waitForFinish` seconds, but it may answer at once."""
    replay = Replay().run_of(DETAILS, status="READY")
    running = {"data": run("RUNNING")}
    replay.on("GET /v2/actor-runs/run1", running, running, {"data": run("SUCCEEDED")})
    assert started(replay, resume=False) == 1
    assert replay.clock.sleeps == [1, 1]
    assert replay.asked("GET /v2/actor-runs")[0].url.params["waitForFinish"] == "10"


def test_run_wait_stays_in_budget_and_leaves_the_run() -> None:
    """The run is not aborted, so that a retry finds it."""
    replay = Replay().run_of([], status="RUNNING")
    with pytest.raises(PlatformUnavailableError, match="Instagram is not available"):
        replay.instagram().fetch_account("nasa", replay.budget(seconds=12))
    assert replay.clock.now() < NOON + timedelta(seconds=12)
    waits = [int(request.url.params["waitForFinish"]) for request in replay.asked("GET /v2/actor-runs")]
    assert waits == sorted(waits, reverse=True)
    assert replay.asked("POST /v2/actor-runs/run1/abort") == []


def test_unfinished_run_gives_its_items_and_is_aborted() -> None:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.run_of(POSTS, status="RUNNING").on("POST /v2/actor-runs/run1/abort", {"data": run("ABORTING")})
    budget = replay.budget(seconds=8)
    collected = collect_videos(replay.instagram().fetch_videos(fetched, budget), budget, replay.clock)
    assert len(collected.videos) == 33
    assert not collected.is_complete
    assert len(replay.asked("POST /v2/actor-runs/run1/abort")) == 1


def test_failed_abort_of_a_run_keeps_its_items() -> None:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.run_of(POSTS, status="RUNNING").on("POST /v2/actor-runs/run1/abort", httpx.ConnectError("c"))
    budget = replay.budget(seconds=8)
    assert len(collect_videos(replay.instagram().fetch_videos(fetched, budget), budget, replay.clock).videos) == 33


def test_a_run_cut_by_its_own_time_out_gives_what_it_has() -> None:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.run_of(POSTS, status="TIMED-OUT")
    budget = replay.budget()
    collected = collect_videos(replay.instagram().fetch_videos(fetched, budget), budget, replay.clock)
    assert (len(collected.videos), collected.is_complete) == (33, False)
    replay.run_of([], status="TIMED-OUT")
    with pytest.raises(PlatformUnavailableError):
        list(replay.instagram().fetch_videos(fetched, budget))


def posts(number: int) -> list[dict[str, Any]]:
    return [{"id": str(n), "shortCode": f"c{n}", "ownerUsername": "nasa"} for n in range(number)]


def dataset(items: list[dict[str, Any]], total: int | None, *, honours: bool = True) -> Any:
    def give(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        headers = {} if total is None else {"X-Apify-Pagination-Total": str(total)}
        return answer(items[offset : offset + limit] if honours else items, headers=headers)

    return give


def pages_of(give: Any) -> list[tuple[int, bool]]:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.on("GET /v2/datasets/run1-items/items", give)
    pages = replay.instagram().fetch_videos(fetched, replay.budget())
    return [(len(page.videos), page.has_more) for page in pages]


def test_a_dataset_is_read_to_its_total() -> None:
    assert pages_of(dataset(posts(450), 450)) == [(200, True), (200, True), (50, False)]
    assert pages_of(dataset(posts(400), 400)) == [(200, True), (200, False)]


def test_trap_a_short_page_is_not_the_last_where_a_total_is_told() -> None:
    def give(request: httpx.Request) -> httpx.Response:
        rest = posts(450)[int(request.url.params["offset"]) :][:PAGE_SIZE]
        return answer(rest[::2], headers={"X-Apify-Pagination-Total": "450"})

    assert pages_of(give) == [(100, True), (100, True), (25, False)]


def test_without_a_total_a_short_or_empty_page_is_the_last() -> None:
    assert pages_of(dataset(posts(250), None)) == [(200, True), (50, False)]
    assert pages_of(dataset(posts(400), None)) == [(200, True), (200, True), (0, False)]
    assert pages_of(dataset(posts(3), None)) == [(3, False)]
    assert pages_of(dataset([], None)) == [(0, False)]


@pytest.mark.parametrize("total", [None, 10_000, 0])
def test_a_server_that_ignores_the_offset_makes_no_endless_loop(total: int | None) -> None:
    pages = pages_of(dataset(posts(300), total, honours=False))
    assert pages in ([(300, True), (0, False)], [(300, False)])


def test_trap_items_are_a_bare_array() -> None:
    with pytest.raises(ContractError):
        pages_of(answer({"data": {"items": posts(3)}}))


def test_pages_are_read_one_at_a_time() -> None:
    replay = Replay().run_of(DETAILS)
    fetched = replay.instagram().fetch_account("nasa", replay.budget())
    replay.on("GET /v2/datasets/run1-items/items", dataset(posts(450), 450))
    before = len(replay.requests)
    pages: Iterator[Any] = replay.instagram().fetch_videos(fetched, replay.budget())
    assert len(replay.requests) == before
    next(pages)
    assert len(replay.asked("GET /v2/datasets")) == 2, "one for the account, one for the first page"


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"id": "a"}}, {"data": {"id": 5, "status": []}}, []])
def test_response_without_a_run_is_a_contract_error(body: Any) -> None:
    replay = Replay().on("POST", answer(body, 201))
    with pytest.raises(ContractError):
        replay.instagram().fetch_account("nasa", replay.budget())


def test_recorded_runs_are_followed_from_ready_to_succeeded() -> None:
    replay = Replay().on("POST", sample("apify-api/run_ready_201.json"))
    states = [sample(f"apify-api/run_{state}.json") for state in ("running", "succeeded")]
    replay.on("GET /v2/actor-runs/fAdZLegCIneY2hYW2", *states)
    replay.on("GET /v2/datasets/EGAUSYDoPLm9yoOtq/items", answer(DETAILS))
    account, _ = fetch(replay.instagram(), "nasa", replay)
    assert account.platform_user_id == "528817151"
    assert json.loads(replay.requests[0].content) == INPUT


def test_missing_run_raises_an_error_of_ours() -> None:
    replay = Replay().run_of(sample("apify-tiktok/fashion/items.json"))
    fetched = replay.tiktok().fetch_account("fashion", replay.budget())
    replay.on("GET /v2/actor-runs/", sample("apify-api/errors/record_not_found_404.json"))
    with pytest.raises(TrackingError):
        list(replay.tiktok().fetch_videos(fetched, replay.budget()))
