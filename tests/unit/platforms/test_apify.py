"""Apify's runs: each is started only once, awaited, and read to its end, even if the server sends odd responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import NOON, Replay, account_of, answer, run, sample
from tracking.errors import (
    ContractError,
    CredentialsError,
    JobCancelledError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    StaleAttemptError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.platforms import (
    Bounds,
    FetchedAccount,
    FetchedVideos,
    RunBook,
    VideoPage,
    Waiting,
    collect_videos,
)
from tracking.platforms.apify import PAGE_SIZE, Apify
from tracking.platforms.tiktok import TikTok
from tracking.sentences import Sentence, say

DETAILS = sample("apify-instagram/nasa/details.json")
POSTS = sample("apify-instagram/nasa/posts.json")
FASHION = sample("apify-tiktok/fashion/items.json")
INPUT = {
    "profiles": ["fashion"],
    "resultsPerPage": 10_000,
    "profileSorting": "latest",
    "excludePinnedPosts": False,
    "profileScrapeSections": ["videos"],
    "shouldDownloadVideos": False,
    "shouldDownloadCovers": False,
    "shouldDownloadSubtitles": False,
    "shouldDownloadSlideshowImages": False,
    "shouldDownloadAvatars": False,
}
START = "POST /v2/acts/"
RUNS = r"GET /v2/acts/clockworks~tiktok-profile-scraper/runs\?desc=true"
STORE = r"GET /v2/key-value-stores/earlier-store/records/INPUT"
ABORT = "POST /v2/actor-runs/run1/abort"


def listed(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"total": len(runs), "items": list(runs)}}


def begun_earlier(
    status: str = "SUCCEEDED", stored: Any = INPUT, seconds_ago: float = 30, items: Any = FASHION
) -> Replay:
    earlier = run(status, "earlier", NOON - timedelta(seconds=seconds_ago))
    replay = Replay().run_of(FASHION).on(RUNS, listed(earlier)).on(STORE, answer(stored))
    replay.on("GET /v2/actor-runs/earlier", {"data": run("SUCCEEDED", "earlier")})
    return replay.on("GET /v2/datasets/earlier-items/items", answer(items))


def started(replay: Replay, bounds: Bounds | None = None) -> int:
    """Look the account up, twice if its run only begins, and return the number of runs started for it.

    By default this is a retry, and an earlier try was about to begin the run.
    """
    bounds = bounds or replay.retry("videos")
    if isinstance(replay.tiktok().fetch_account("fashion", bounds), Waiting):
        account_of(replay.tiktok(), "fashion", bounds)
    assert all(bounds.runs.ids.values()), "the run's id is known"
    return len(replay.asked(START))


# Started only once


@pytest.mark.parametrize("status", ["READY", "RUNNING", "SUCCEEDED"])
def test_a_retry_takes_up_the_run_that_an_earlier_try_began(status: str) -> None:
    assert started(begun_earlier(status)) == 0


def test_a_first_try_looks_for_nothing() -> None:
    replay = begun_earlier()
    assert started(replay, replay.bounds()) == 1
    assert replay.asked(RUNS) == []


def test_a_run_whose_id_is_known_is_taken_up_without_a_search() -> None:
    replay = begun_earlier()
    bounds = replay.bounds(runs=RunBook({"videos": "earlier"}), runs_since=NOON, is_retry=True)
    assert started(replay, bounds) == 0
    assert replay.asked(RUNS) == []


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED-OUT", "ABORTING", "TIMING-OUT"])
def test_a_run_that_ended_badly_is_not_taken_up(status: str) -> None:
    assert started(begun_earlier(status)) == 1


@pytest.mark.parametrize("stored", [INPUT | {"profiles": ["nba"]}, {}, [], "text", INPUT | {"resultsPerPage": "1"}])
def test_a_run_with_another_input_is_not_taken_up(stored: Any) -> None:
    assert started(begun_earlier(stored=stored)) == 1


def test_run_with_apifys_default_inputs_is_recognised() -> None:
    assert started(begun_earlier(stored=INPUT | {"searchLimit": 1})) == 0


def test_a_run_from_before_the_first_try_is_not_taken_up() -> None:
    assert started(begun_earlier(seconds_ago=600)) == 1


BLOCKED = [{"error": "Blocked by a captcha"}]


def test_a_run_whose_requests_were_blocked_is_not_taken_up_again() -> None:
    assert started(begun_earlier(items=BLOCKED)) == 1


@pytest.mark.parametrize(("status", "items"), [("FAILED", FASHION), ("SUCCEEDED", BLOCKED)])
def test_a_known_run_that_failed_is_replaced_on_a_retry(status: str, items: Any) -> None:
    replay = begun_earlier(items=items).on("GET /v2/actor-runs/earlier", {"data": run(status, "earlier")})
    known = RunBook({"videos": "earlier"})
    with pytest.raises(PlatformUnavailableError):
        replay.tiktok().fetch_account("fashion", replay.bounds(runs=known))
    assert replay.asked(START) == []
    assert started(replay, replay.bounds(runs=known, is_retry=True)) == 1
    assert known.ids == {"videos": "run1"}


def test_missing_list_of_runs_means_no_run() -> None:
    replay = Replay().run_of(FASHION).on(RUNS, answer("<html>", 404))
    assert started(replay) == 1
    replay = begun_earlier().on(STORE, answer(sample("apify-api/errors/record_not_found_404.json")))
    assert started(replay) == 1


def test_retry_without_time_to_look_at_all_runs_starts_none() -> None:
    """One of those that were not looked at may be ours."""
    others = [run("RUNNING", f"other{number}", NOON) for number in range(5)]
    replay = Replay().run_of(FASHION).on(RUNS, listed(*others))

    def slow(_request: httpx.Request) -> httpx.Response:
        replay.clock.sleep(20)
        return answer({})

    replay.on("GET /v2/key-value-stores/", slow)
    with pytest.raises(PlatformUnavailableError):
        started(replay)
    assert replay.asked(START) == []
    assert len(replay.asked("GET /v2/key-value-stores/")) == 3, "60 s are there"


def test_retry_without_the_list_of_runs_starts_no_run() -> None:
    """Without the list of runs nobody knows whether a run exists already, so a new one could be a second paid run."""
    replay = begun_earlier().on(RUNS, answer("<html>", 503))
    with pytest.raises(PlatformUnavailableError):
        started(replay)
    assert replay.asked(START) == []


@pytest.mark.parametrize(
    "lost", [httpx.ReadTimeout("t"), httpx.RemoteProtocolError("closed"), answer("<html>", 502), answer('{"da', 201)]
)
def test_start_with_a_lost_reply_is_looked_up_first(lost: Any) -> None:
    replay = begun_earlier(seconds_ago=0).on(START, lost)
    assert started(replay, replay.bounds()) == 1
    assert len(replay.asked(RUNS)) == 1


@pytest.mark.parametrize("listing", [listed(), answer("<html>", 503), httpx.ConnectError("c")])
def test_start_with_a_lost_reply_and_no_run_keeps_its_error(listing: Any) -> None:
    replay = Replay().on(START, httpx.ReadTimeout("t")).on(RUNS, listing)
    with pytest.raises(PlatformUnavailableError) as failed:
        replay.tiktok().fetch_account("fashion", replay.bounds())
    assert isinstance(failed.value.__cause__, httpx.ReadTimeout)
    assert len(replay.asked(START)) == 1


def test_a_refused_start_is_not_repeated() -> None:
    replay = Replay().on(START, sample("apify-api/errors/rate_limit_exceeded_429.json"))
    with pytest.raises(RateLimitedError):
        replay.tiktok().fetch_account("fashion", replay.bounds())
    assert len(replay.requests) == 1


# Noted before and after


class Kept:
    """The saved states of a `RunBook`, each with the number of runs that had been started by then."""

    def __init__(self, replay: Replay, error: Exception | None = None) -> None:
        self.saved: list[tuple[dict[str, str], int]] = []
        self.book = RunBook({}, self._save)
        self._replay, self._error = replay, error

    def _save(self, ids: Mapping[str, str]) -> Mapping[str, str]:
        self.saved.append((dict(ids), len(self._replay.asked(START))))
        if self._error and any(ids.values()):
            raise self._error
        return ids


def test_intents_are_kept_before_the_starts_and_ids_after() -> None:
    replay = Replay().run_of(DETAILS)
    kept = Kept(replay)
    account_of(replay.instagram(), "nasa", replay.bounds(runs=kept.book))
    assert kept.saved == [({"details": "", "posts": ""}, 0), ({"details": "run1", "posts": "run1"}, 2)]


def test_the_first_id_is_kept_if_the_second_start_fails() -> None:
    replay = Replay().run_of(DETAILS)
    replay.on(START, answer({"data": run("READY")}, 201), answer("no", 500)).on(
        r"GET /v2/acts/apify~instagram-scraper/runs\?desc=true", listed()
    )
    kept = Kept(replay)
    with pytest.raises(PlatformUnavailableError):
        replay.instagram().fetch_account("nasa", replay.bounds(runs=kept.book))
    assert kept.saved[-1] == ({"details": "run1", "posts": ""}, 2)


@pytest.mark.parametrize("status", [401, 402, 429])
def test_refused_starts_leave_no_intent(status: int) -> None:
    """Nothing has begun. Another job's run for the same account would be found for such an intent."""
    replay = Replay().run_of(DETAILS).on(START, answer({"data": run("READY")}, 201), answer({"error": {}}, status))
    kept = Kept(replay)
    with pytest.raises((CredentialsError, QuotaExceededError, RateLimitedError)):
        replay.instagram().fetch_account("nasa", replay.bounds(runs=kept.book))
    assert kept.saved[-1][0] == {"details": "run1"}


def test_intent_that_cannot_be_looked_up_stays() -> None:
    """A run may have begun, so the next try must look for it before it starts one."""
    replay = Replay().on(r"GET /v2/acts/.*/runs\?desc=true", answer({"error": {}}, 429))
    book = RunBook({"videos": ""}, lambda ids: ids)
    with pytest.raises(RateLimitedError):
        replay.tiktok().fetch_account("fashion", replay.bounds(runs=book, runs_since=replay.clock.now()))
    assert book.ids == {"videos": ""}


@pytest.mark.parametrize("error", [JobCancelledError("Cancelled."), StaleAttemptError("Lost.")])
@pytest.mark.parametrize("abort", [answer({"data": run("ABORTING")}), answer("no", 500), httpx.ConnectError("gone")])
def test_a_run_begun_for_a_lost_job_is_stopped_at_once(error: TrackingError, abort: Any) -> None:
    """No document names the run, so nobody else could stop it. An abort that fails changes nothing."""
    replay = Replay().run_of(FASHION, status="READY").on(ABORT, abort)
    with pytest.raises(type(error)):
        replay.tiktok().fetch_account("fashion", replay.bounds(runs=Kept(replay, error).book))
    assert len(replay.asked(ABORT)) == 1


def test_run_goes_on_if_its_id_could_not_be_saved() -> None:
    """The job may still be ours: the retry finds the run by its intent."""
    replay = Replay().run_of(FASHION, status="READY")
    kept = Kept(replay, StoreUnavailableError(Sentence("Our database did not answer.")))
    with pytest.raises(StoreUnavailableError):
        replay.tiktok().fetch_account("fashion", replay.bounds(runs=kept.book))
    assert replay.asked(ABORT) == []


def test_run_that_another_process_began_is_taken() -> None:
    """The same invocation may come twice. The second one finds what the first one noted."""
    replay = begun_earlier(status="SUCCEEDED")
    bounds = replay.bounds(runs=RunBook({}, lambda _ids: {"videos": "earlier"}))
    assert account_of(replay.tiktok(), "fashion", bounds).videos_ref == "earlier"
    assert replay.asked(START) == []


def test_run_that_another_process_will_begin_is_waited_for() -> None:
    replay = begun_earlier()
    kept = iter([{"videos": "", "other": ""}])
    waiting = replay.tiktok().fetch_account("fashion", replay.bounds(runs=RunBook({}, lambda _ids: next(kept))))
    assert isinstance(waiting, Waiting)
    assert replay.asked(START) == []


def test_second_run_of_one_kind_is_stopped_for_the_noted_one() -> None:
    """Two processes began one each, between the same intent and its id. The one that is noted first stays."""
    replay = begun_earlier().run_of(FASHION).on(ABORT, {"data": run("ABORTING")})
    kept = iter([{"videos": ""}, {"videos": "earlier"}])
    bounds = replay.bounds(runs=RunBook({}, lambda _ids: next(kept)))
    assert account_of(replay.tiktok(), "fashion", bounds).videos_ref == "earlier"
    assert len(replay.asked(ABORT)) == 1


# Limits of a run


def test_every_start_has_a_time_out_and_an_item_limit() -> None:
    replay = Replay().run_of(DETAILS)
    bounds = replay.bounds(max_videos=500, ends_at=NOON + timedelta(minutes=50))
    account_of(replay.instagram(), "nasa", bounds)
    sent = [dict(request.url.params) for request in replay.asked(START)]
    assert sent == [{"timeout": "3060", "maxItems": "1"}, {"timeout": "3060", "maxItems": "500"}]


@pytest.mark.parametrize(("usd", "sent"), [(0.0, None), (2.5, "2.5"), (3.0, "3")])
def test_a_setting_limits_the_price_of_a_run(usd: float, sent: str | None) -> None:
    replay = Replay().run_of(FASHION)
    apify = Apify(replay.setup(apify_max_charge_usd=usd), "https://apify.test/v2")
    account_of(TikTok(apify), "fashion", replay.bounds())
    assert replay.asked(START)[0].url.params.get("maxTotalChargeUsd") == sent


# No room


@pytest.mark.parametrize("kind", ["actor-memory-limit-exceeded", "concurrent-runs-limit-exceeded"])
def test_a_start_without_room_waits_a_minute_and_is_sent_again(kind: str) -> None:
    refused = answer({"error": {"type": kind, "message": "Too much at once."}}, 402)
    replay = Replay().run_of(FASHION).on(RUNS, listed())
    replay.on(START, refused, answer({"data": run("SUCCEEDED")}, 201))
    book = RunBook()
    bounds = replay.bounds(runs=book, runs_since=NOON)
    waiting = replay.tiktok().fetch_account("fashion", bounds)
    assert isinstance(waiting, Waiting)
    assert (waiting.wait_s, waiting.is_refused) == (60, True)
    assert waiting.message.text == "Apify has no room for another run right now; trying again in a minute."
    account_of(replay.tiktok(), "fashion", bounds)
    assert len(replay.asked(START)) == 2


def test_instagram_goes_on_with_the_one_run_that_found_room() -> None:
    refused = answer({"error": {"type": "actor-memory-limit-exceeded", "message": "Too much at once."}}, 402)
    replay = Replay().run_of(DETAILS).on(r"GET /v2/acts/apify~instagram-scraper/runs\?desc=true", listed())
    replay.on(START, answer({"data": run("SUCCEEDED")}, 201), refused)
    bounds = replay.bounds(runs_since=NOON)
    fetched = account_of(replay.instagram(), "nasa", bounds)
    (waiting,) = replay.instagram().fetch_videos(fetched, bounds)
    assert isinstance(waiting, Waiting)
    assert waiting.is_refused


@pytest.mark.parametrize("kind", ["not-enough-usage-to-run-paid-actor", "something-new"])
def test_any_other_402_is_the_end_of_our_budget(kind: str) -> None:
    replay = Replay().on(START, answer({"error": {"type": kind, "message": "Pay."}}, 402))
    with pytest.raises(QuotaExceededError):
        replay.tiktok().fetch_account("fashion", replay.bounds())


# A run that goes on


def going_on(found: int, status: str = "RUNNING") -> tuple[Replay, FetchedAccount]:
    """Return a run with this number of posts so far, and its account, which has 4,888 posts."""
    replay = Replay().run_of(DETAILS)
    fetched = account_of(replay.instagram(), "nasa", replay.bounds())
    replay.run_of([], status=status).on("GET /v2/datasets/run1-items/items", dataset(posts(found), found))
    return replay, fetched


def chunk(replay: Replay, fetched: FetchedAccount, **fields: Any) -> FetchedVideos:
    bounds = replay.bounds(runs=RunBook({"posts": "run1"}), **fields)
    return collect_videos(replay.instagram().fetch_videos(fetched, bounds), bounds, replay.clock)


def test_no_call_waits_for_a_run() -> None:
    replay, fetched = going_on(350)
    before = replay.clock.now()
    chunk(replay, fetched)
    assert replay.clock.now() == before
    assert all("waitForFinish" not in request.url.params for request in replay.requests)


def test_run_with_few_new_items_is_left_alone() -> None:
    replay, fetched = going_on(350)
    found = chunk(replay, fetched)
    assert (found.videos, found.is_last, found.cursor) == ((), False, "")
    assert found.waiting == Waiting(message=say("collectingOf", platform="Instagram", posts=350, total=4888))


def test_a_thousand_new_items_are_read_while_the_run_goes_on() -> None:
    replay, fetched = going_on(1_234)
    found = chunk(replay, fetched)
    assert (len(found.videos), found.is_last, found.is_complete, found.cursor) == (1_234, False, False, "1234")
    replay.on("GET /v2/datasets/run1-items/items", dataset(posts(1_300), 1_300))
    replay.on("GET /v2/actor-runs/run1", {"data": run("SUCCEEDED")})
    rest = chunk(replay, fetched, cursor="1234", saved=1_234)
    assert ([one.video_id for one in rest.videos][:2], len(rest.videos)) == (["1234", "1235"], 66)
    assert (rest.is_last, rest.is_complete) == (True, True)


def test_whoever_cannot_wait_takes_the_items_so_far() -> None:
    replay, fetched = going_on(350)
    found = chunk(replay, fetched, may_wait=False)
    assert (len(found.videos), found.is_last, found.cursor) == (350, False, "350")
    again = chunk(replay, fetched, may_wait=False, cursor="350", saved=350)
    assert (again.videos, again.is_last, again.cursor) == ((), False, "350")


def test_a_run_that_fails_in_the_middle_gives_the_rest() -> None:
    replay, fetched = going_on(1_300, "FAILED")
    with pytest.raises(PlatformUnavailableError):
        chunk(replay, fetched)
    rest = chunk(replay, fetched, cursor="1234", saved=1_234)
    assert (len(rest.videos), rest.is_last, rest.is_complete) == (66, True, False)


def test_a_run_cut_by_its_own_time_out_gives_what_it_has() -> None:
    replay, fetched = going_on(33, "TIMED-OUT")
    collected = chunk(replay, fetched)
    assert (len(collected.videos), collected.is_last, collected.is_complete) == (33, True, False)
    replay.run_of([], status="TIMED-OUT")
    with pytest.raises(PlatformUnavailableError):
        chunk(replay, fetched)


# The dataset


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
    fetched = account_of(replay.instagram(), "nasa", replay.bounds())
    replay.on("GET /v2/datasets/run1-items/items", give)
    pages = replay.instagram().fetch_videos(fetched, replay.bounds())
    return [(len(page.videos), page.has_more) for page in pages if isinstance(page, VideoPage)]


def test_a_dataset_is_read_to_its_total() -> None:
    assert pages_of(dataset(posts(450), 450)) == [(200, True), (200, True), (50, False)]
    assert pages_of(dataset(posts(400), 400)) == [(200, True), (200, False)]


def test_trap_a_short_page_is_not_the_last_where_a_total_is_told() -> None:
    def give(request: httpx.Request) -> httpx.Response:
        rest = posts(450)[int(request.url.params["offset"]) :][:PAGE_SIZE]
        return answer(rest[::2], headers={"X-Apify-Pagination-Total": "450"})

    assert pages_of(give) == [(100, True), (100, True), (25, False)]


@pytest.mark.parametrize("total", [0, 100, 399])
def test_a_total_that_is_behind_the_items_counts_as_none(total: int) -> None:
    assert pages_of(dataset(posts(400), total)) == [(200, True), (200, True), (0, False)]


def test_no_item_of_a_growing_dataset_is_read_twice() -> None:
    """The total in the header is behind the items, so the next chunk must not begin at it."""
    replay = Replay().run_of(DETAILS)
    fetched = account_of(replay.instagram(), "nasa", replay.bounds())
    replay.on("GET /v2/datasets/run1-items/items", dataset(posts(150), 140))
    (page,) = replay.instagram().fetch_videos(fetched, replay.bounds())
    assert isinstance(page, VideoPage)
    assert (len(page.videos), page.cursor) == (150, "150")


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
    fetched = account_of(replay.instagram(), "nasa", replay.bounds())
    replay.on("GET /v2/datasets/run1-items/items", dataset(posts(450), 450))
    before = len(replay.requests)
    pages: Iterator[Any] = replay.instagram().fetch_videos(fetched, replay.bounds())
    assert len(replay.requests) == before
    next(pages)
    assert len(replay.asked("GET /v2/datasets")) == 2, "one for the account, one for the first page"


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"id": "a"}}, {"data": {"id": 5, "status": []}}, []])
def test_response_without_a_run_is_a_contract_error(body: Any) -> None:
    replay = Replay().on("POST", answer(body, 201))
    with pytest.raises(ContractError):
        account_of(replay.instagram(), "nasa", replay.bounds())


def test_recorded_runs_are_followed_from_ready_to_succeeded() -> None:
    replay = Replay().on("POST", sample("apify-api/run_ready_201.json"))
    states = [sample(f"apify-api/run_{state}.json") for state in ("running", "succeeded")]
    replay.on("GET /v2/actor-runs/fAdZLegCIneY2hYW2", *states)
    replay.on("GET /v2/datasets/EGAUSYDoPLm9yoOtq/items", answer(DETAILS))
    bounds = replay.bounds()
    for _ in range(2):
        assert isinstance(replay.instagram().fetch_account("nasa", bounds), Waiting)
    assert account_of(replay.instagram(), "nasa", bounds).account.platform_user_id == "528817151"
    details, wanted = json.loads(replay.requests[0].content), json.loads(replay.requests[1].content)
    assert (details["resultsType"], wanted["resultsType"]) == ("details", "posts")
    assert details["directUrls"] == wanted["directUrls"] == ["https://www.instagram.com/nasa/"]


def test_missing_run_raises_an_error_of_ours() -> None:
    replay = Replay().run_of(sample("apify-tiktok/fashion/items.json"))
    fetched = account_of(replay.tiktok(), "fashion", replay.bounds())
    replay.on("GET /v2/actor-runs/", sample("apify-api/errors/record_not_found_404.json"))
    with pytest.raises(TrackingError):
        list(replay.tiktok().fetch_videos(fetched, replay.bounds()))
