"""Budgets of refreshes: what is spent and reserved is never more than the limit, whoever is killed when."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from local.paths import ROOT
from process import charging
from tests.doubles import START
from tests.machine import KilledError
from tests.simulated import RefreshWorld
from tracking import fence
from tracking.budgets import (
    BUDGETS_DOCUMENT,
    WAITS_DOCUMENT,
    BudgetLimits,
    Budgets,
    Reservation,
    cost_of,
    cost_of_posts,
    limits_in,
    posts_of_runs,
)
from tracking.errors import AllowanceSpentError, StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.platform_contract import REFRESH_BUDGETS
from tracking.sentences import Sentence, say
from tracking.settings import RefreshSettings, variables
from tracking.spending import RESOURCES, Meter
from tracking.store import DocumentWrite, RefreshStore
from trigger.budget_book import BudgetBook
from trigger.control import ControlChangedError
from trigger.tick import Tick

YOUTUBE, TWITTER, INSTAGRAM = PlatformName.YOUTUBE, PlatformName.TWITTER, PlatformName.INSTAGRAM
DAY = timedelta(days=1)
HUNDRED = BudgetLimits(platforms={YOUTUBE: 100})
ORG_STATUS = "organizations/org1/trackingStatus/refreshes"


def world_of(budgets: BudgetLimits, accounts: int, platform: PlatformName = YOUTUBE, **fields: Any) -> RefreshWorld:
    """Return a world with accounts that jobs have fetched, all of them due."""
    world = RefreshWorld(budgets, **fields)
    for number in range(accounts):
        world.run(world.add_job(platform, f"sim_videos_{number + 5}"))
    world.requests.clear()
    world.make_due()
    return world


def spent_by_day(world: RefreshWorld) -> Counter[str]:
    """Count the requests from now on by UTC day: each costs a unit, whether it was answered or not."""
    found: Counter[str] = Counter()

    def count(_method: str, path: str) -> None:
        found[world.clock.now().date().isoformat()] += path.startswith("/youtube")

    world.before_call = count
    return found


def ledger(world: RefreshWorld) -> dict[str, Any]:
    return world.memory.get_document(BUDGETS_DOCUMENT) or {}


# Never more than the limit


def test_the_unit_after_the_budgets_last_is_never_spent() -> None:
    world = world_of(HUNDRED, 40)
    units = spent_by_day(world)
    world.minutes(30)
    today = world.clock.now().date().isoformat()
    assert 60 <= units[today] <= 80  # a fifth is for presses
    assert ledger(world)["used"] == {"youtube": units[today]}
    assert ledger(world)["reserved"] == []
    due = [one for one in world.accounts().values() if one["nextRefreshAt"] <= world.clock.now()]
    assert len(due) == 40 - len(world.refreshes())  # they stay due

    world.make_due(asked=True)
    world.minutes(30)
    assert 80 < units[today] <= 100
    assert ledger(world)["used"] == {"youtube": units[today]}


def test_the_next_day_begins_anew_with_the_oldest() -> None:
    world = world_of(HUNDRED, 40)
    units = spent_by_day(world)
    world.minutes(30)
    waiting = {path for path, one in world.accounts().items() if one["nextRefreshAt"] <= world.clock.now()}
    world.clock.advance((START.replace(hour=0) + DAY - world.clock.now()).total_seconds() + 60)
    world.minutes(30)
    midnight = world.clock.now().replace(hour=0, minute=0, second=0)
    assert 60 <= units[midnight.date().isoformat()] <= 80
    refreshed = {path for path, one in world.accounts().items() if one["lastSyncedAt"] > midnight}
    assert refreshed
    assert refreshed <= waiting


def refused_calls(rng: random.Random) -> Callable[[str], httpx.Response | None]:
    return lambda path: httpx.Response(503, text="busy") if rng.random() < 0.3 else None


@pytest.mark.parametrize("seed", range(4))
def test_whoever_is_killed_the_budget_holds(seed: int) -> None:
    """Functions are killed in calls to the platform, ticks at any call of the store; a third of all calls fail."""
    rng = random.Random(seed)
    world = world_of(HUNDRED, 15)
    units: Counter[str] = Counter()

    def call(_method: str, path: str) -> None:
        units[world.clock.now().date().isoformat()] += path.startswith("/youtube")
        if rng.random() < 0.1:
            raise KilledError

    world.before_call, world.instead = call, refused_calls(rng)
    world.refresh_store = Killing(world.refresh_store, rng)
    for day in range(3):
        for _ in range(40):
            try:
                world.minutes(1)
            except KilledError:
                world.clock.advance(60)
            assert units[(today := world.clock.now().date().isoformat())] <= counted(world, today)
        world.make_due(asked=day % 2 == 0)
        world.clock.advance(8 * 3_600)
    assert max(units.values()) <= 100
    assert units.total() > 10
    world.before_call, world.instead = lambda _method, _path: None, lambda _path: None
    world.refresh_store = world.refresh_store._store
    world.clock.advance(3 * 3_600)
    world.minutes(10)
    assert ledger(world)["reserved"] == []  # nothing is held for ever


def counted(world: RefreshWorld, day: str) -> float:
    """Return what the ledger has for a day: spent and reserved. It is written before anything is spent."""
    known = ledger(world)
    used = known.get("used", {}).get("youtube", 0) if known.get("day") == day else 0
    return float(used + sum(one["amount"] for one in known.get("reserved", [])))


class Killing:
    """A store at whose calls the tick is killed now and then, before the call or after it."""

    def __init__(self, store: RefreshStore, rng: random.Random) -> None:
        self._store, self._rng = store, rng

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if self._rng.random() < 0.03:
                raise KilledError
            answer = called(*arguments, **named)
            if self._rng.random() < 0.03:
                raise KilledError
            return answer

        return call


# One request too many


def test_a_meter_refuses_what_could_exceed_its_limit() -> None:
    meter = Meter()
    meter.check({"units": 10**9})  # of a user's job
    meter.limit(lambda amounts: amounts.get("units", 0), 3, Sentence("No more."))
    meter.check({"units": 3})
    meter.add({"units": 2})
    meter.take()  # a commit takes the amounts along, and nothing is forgotten
    meter.check({"units": 1})
    with pytest.raises(AllowanceSpentError):
        meter.check({"units": 2})
    meter.add({"units": 1})
    with pytest.raises(AllowanceSpentError):
        meter.check({"units": 1})


def refresh_with(world: RefreshWorld, allowance: float) -> dict[str, Any]:
    """Run one refresh whose order allows only so much, and return its document."""
    world.budgets = BudgetLimits(platforms=dict.fromkeys(PlatformName, allowance / 0.8))
    world.minutes(2)
    (done,) = world.refreshes()
    assert done["refreshOrder"]["allowance"] == pytest.approx(allowance)
    return done


@pytest.mark.parametrize(("units", "videos"), [(1, 0), (2, 0), (3, 50), (4, 50)])
def test_a_small_allowance_ends_the_videos_early(units: int, videos: int) -> None:
    """A page of 50 takes two units, and the channel one."""
    world = RefreshWorld(BudgetLimits())
    world.run(world.add_job("youtube", "sim_videos_60", accountType="my"))
    world.requests.clear()
    world.make_due()
    done = refresh_with(world, units)
    assert (done["status"], done["spent"]["units"]) == ("completed", min(units, 3))
    assert len(world.requests) == min(units, 3)
    assert f"{videos} " in done["message"]
    (account,) = world.accounts().values()
    assert account["videoCount"] == 60  # what was not fetched is still there
    assert ledger(world)["used"] == {"youtube": min(units, 3)}


def test_a_retry_has_what_the_run_before_left() -> None:
    world = world_of(BudgetLimits(), 1)
    world.fault(kind="503", platform="youtube", path="/videos", times=1)
    done = refresh_with(world, 4)
    assert (done["status"], done["spent"]["units"]) == ("completed", 4)  # with two tries it would be five


def test_a_page_of_posts_is_asked_for_at_its_highest_price() -> None:
    """20 posts with four media each: $0.50, and the user $0.01."""
    world = world_of(BudgetLimits(), 1, TWITTER)
    world.budgets = BudgetLimits(platforms={TWITTER: 0.51 / 0.8})
    world.minutes(2)
    (done,) = world.refreshes()
    assert done["status"] == "completed"
    assert done["spent"]["posts"] == 5
    assert ledger(world)["used"]["twitter"] < 0.51

    less = world_of(BudgetLimits(), 1, TWITTER)
    assert "posts" not in refresh_with(less, 0.50)["spent"]


def test_a_failed_paid_run_is_not_paid_again_in_a_refresh() -> None:
    world = world_of(BudgetLimits(platforms={INSTAGRAM: 5}), 1, INSTAGRAM)
    before = len(world.runs)
    world.refresh_tick()
    world.step()
    started = world.runs[before:]
    assert len(started) == 2
    for run in started:
        run.abort(world.clock.now().timestamp())
    world.minutes(10)
    assert world.runs[before:] == started
    (done,) = world.refreshes()
    assert (done["status"], done["errorCode"]) == ("failed", "AllowanceSpentError")


def test_a_killed_run_ends_its_refresh() -> None:
    """Nobody knows what it spent. So the whole allowance counts."""
    world = world_of(HUNDRED, 1)
    world.before_call = killing_once()
    world.minutes(3)
    (done,) = world.refreshes()
    assert (done["status"], done["errorCode"]) == ("failed", "AllowanceSpentError")
    assert ledger(world)["used"] == {"youtube": 22}


def killing_once() -> Callable[[str, str], None]:
    left = [KilledError]

    def call(_method: str, _path: str) -> None:
        if left:
            raise left.pop()

    return call


@pytest.mark.parametrize(
    ("spent", "usd"),
    [
        ({"results": 100}, 0.27),
        ({"results": 100, "usd": 0.0027}, 0.27),  # said for one of two runs
        ({"results": 100, "usd": 0.5}, 0.5),
        ({"units": 7}, 0),
    ],
)
def test_dollars_are_the_larger_of_said_and_listed(spent: dict[str, float], usd: float) -> None:
    assert cost_of(INSTAGRAM, spent) == pytest.approx(usd)


def test_unread_paid_runs_count_as_all_that_was_reserved() -> None:
    world = world_of(BudgetLimits(platforms={INSTAGRAM: 5}), 1, INSTAGRAM)
    world.minutes(3)
    (done,) = world.refreshes()
    listed = cost_of(INSTAGRAM, done["spent"])
    assert ledger(world)["used"]["instagram"] == pytest.approx(listed)
    assert done["refreshOrder"]["allowance"] > listed

    world.fault(kind="503", platform="instagram", path="/actor-runs/")
    world.make_due()
    world.minutes(10)
    (failed,) = [one for one in world.refreshes() if one["status"] == "failed"]
    assert failed["spent"] == {"runs": 2}
    allowed = failed["refreshOrder"]["allowance"]
    assert ledger(world)["used"]["instagram"] == pytest.approx(listed + allowed)


# What the tick reserves


def test_an_ended_refresh_leaves_what_it_spent() -> None:
    world = world_of(HUNDRED, 1)
    world.refresh_tick()
    (held,) = ledger(world)["reserved"]
    assert (held["platform"], held["org"], held["amount"], held["attempt"]) == ("youtube", "org1", 22, 1)
    assert ledger(world)["orgs"] == {"org1": 1}
    world.minutes(1)
    world.refresh_tick()
    assert (ledger(world)["reserved"], ledger(world)["used"]) == ([], {"youtube": 3})


class Stopping:
    """A store at one of whose calls the tick is killed: before it, or after it."""

    def __init__(self, store: RefreshStore, at: str, *, after: bool) -> None:
        self._store, self._at, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._store, name)
        if name != self._at:
            return called

        def call(*arguments: Any, **named: Any) -> Any:
            if self._after:
                called(*arguments, **named)
            raise KilledError

        return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", ["put_document", "create_jobs", "update_each"])
def test_a_killed_tick_neither_loses_nor_doubles(at: str, after: bool) -> None:
    world = world_of(HUNDRED, 1)
    store = world.refresh_store
    world.refresh_store = Stopping(store, at, after=after)
    with pytest.raises(KilledError):
        world.refresh_tick()
    world.refresh_store = store
    world.minutes(12)  # a job that was created and not started is put back once its lease has run out
    assert ledger(world)["reserved"] == []
    assert ledger(world)["orgs"] == {"org1": 1}
    was_claimed = at == "update_each" or (at == "create_jobs" and after)
    assert ledger(world)["used"] == {
        "youtube": 25 if was_claimed else 3
    }  # all of the first attempt, of which none knows
    assert len(world.refreshes()) == 1


def test_a_refresh_whose_account_was_not_planned_counts_once() -> None:
    """The next tick finds the account due and the refresh made, and ended."""
    world = world_of(HUNDRED, 1)
    store = world.refresh_store

    class Refusing(Killing):
        def __getattr__(self, name: str) -> Any:
            if name == "update_each":
                return lambda writes: [False for _ in writes]
            return getattr(store, name)

    world.refresh_store = Refusing(store, random.Random())
    world.minutes(1)
    world.refresh_store = store
    world.minutes(3)
    assert len(world.refreshes()) == 1
    assert (ledger(world)["reserved"], ledger(world)["used"]) == ([], {"youtube": 3})
    assert ledger(world)["orgs"] == {"org1": 1}


def test_a_reservation_without_a_job_is_given_back() -> None:
    world = world_of(HUNDRED, 1)
    store = world.refresh_store
    world.refresh_store = Stopping(store, "create_jobs", after=False)
    with pytest.raises(KilledError):
        world.refresh_tick()
    world.refresh_store = store
    (path,) = world.accounts()
    world.memory.update_each([DocumentWrite(path, {"nextRefreshAt": None})])
    world.clock.advance(30)
    world.refresh_tick()
    assert len(ledger(world)["reserved"]) == 1  # the tick may go on
    world.clock.advance(60)
    world.refresh_tick()
    assert (ledger(world)["reserved"], ledger(world)["orgs"], ledger(world)["used"]) == ([], {}, {})


def test_ticks_that_meet_reserve_once() -> None:
    world = world_of(HUNDRED, 5)

    class Meeting(Killing):
        def __getattr__(self, name: str) -> Any:
            if name == "put_document" and self._rng.random() < 1:
                self._rng = random.Random()
                world.refresh_store = self._store
                world.refresh_tick()
            return getattr(self._store, name)

    world.refresh_store = Meeting(world.refresh_store, random.Random())
    world.refresh_tick()
    assert len(ledger(world)["reserved"]) == len(world.refreshes())
    assert ledger(world)["orgs"] == {"org1": len(world.refreshes())}


def test_ticks_that_meet_tell_of_a_spent_budget_once() -> None:
    world = world_of(BudgetLimits(org_refreshes=1), 1)
    store = world.refresh_store
    ticks: list[Tick] = []

    class Meeting(Killing):
        def __getattr__(self, name: str) -> Any:
            if name == "put_document" and not ticks:
                world.refresh_store = store
                ticks.append(world.refresh_tick())
            return getattr(store, name)

    world.refresh_store = Meeting(store, random.Random())
    ticks.append(world.refresh_tick())
    assert [one.org_id for tick in ticks for one in tick.told] == ["org1"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_write_of_another_tick_is_never_overwritten(is_first: bool) -> None:
    world = world_of(HUNDRED, 1)
    if not is_first:
        world.minutes(2)
    store, now = world.refresh_store, world.clock.now()
    ours, theirs = (BudgetBook(world.memory.get_stored(BUDGETS_DOCUMENT), HUNDRED, now) for _ in range(2))
    for number, book in enumerate((theirs, ours)):
        book.today.take(Reservation(f"job{number}", 1, YOUTUBE, "org1", 22, now))
    theirs.save(store)
    with pytest.raises(ControlChangedError):
        ours.save(store)
    assert [one["job"] for one in ledger(world)["reserved"]] == ["job0"]


def test_a_write_whose_reply_was_lost_is_our_own() -> None:
    """The client sends it again, and finds a newer version: that of the first time."""
    world = world_of(HUNDRED, 1)
    store, now = world.refresh_store, world.clock.now()

    class Twice(Killing):
        def __getattr__(self, name: str) -> Any:
            called = getattr(store, name)
            return (lambda write: (called(write), called(write))[1]) if name == "put_document" else called

    book = BudgetBook(None, HUNDRED, now)
    book.today.take(Reservation("job1", 1, YOUTUBE, "org1", 22, now))
    book.save(Twice(store, random.Random()))
    book.today.take(Reservation("job2", 1, YOUTUBE, "org1", 22, now))
    book.save(store)
    assert len(ledger(world)["reserved"]) == 2


def test_what_is_reserved_at_midnight_counts_for_the_new_day() -> None:
    world = world_of(HUNDRED, 1)
    world.clock.advance((START.replace(hour=0) + DAY - world.clock.now()).total_seconds() - 1)
    world.refresh_tick()
    world.minutes(2)
    world.refresh_tick()
    assert ledger(world)["day"] == (START + DAY).date().isoformat()
    assert ledger(world)["used"] == {"youtube": 3}


def test_an_idle_look_asks_no_more_than_before() -> None:
    world = world_of(HUNDRED, 1)
    world.minutes(3)
    calls: Counter[str] = Counter()

    class Counting(Killing):
        def __getattr__(self, name: str) -> Any:
            calls[name] += 1
            return getattr(self._store, name)

    world.refresh_store = Counting(world.refresh_store, random.Random())
    world.refresh_tick()
    assert calls == {"get_stored_each": 1, "open_jobs": 1, "due_accounts": 1}


# Full refreshes


def test_a_full_refresh_that_is_too_dear_is_incremental() -> None:
    """60 posts cost 15 units at most: 110 with those that may be new."""
    world = RefreshWorld(BudgetLimits(platforms={YOUTUBE: 28}))
    world.run(world.add_job("youtube", "sim_videos_60", accountType="my"))
    world.clock.advance(30 * 86_400)
    world.make_due()
    world.minutes(2)
    world.budgets = BudgetLimits(platforms={YOUTUBE: 30})
    world.clock.advance(86_400)
    world.make_due()
    world.minutes(2)
    found = sorted(world.refreshes(), key=lambda one: one["createdAt"])
    assert [one["refreshOrder"]["mode"] for one in found] == ["incremental", "full"]
    assert [one["refreshOrder"]["allowance"] for one in found] == [22, 15]


@pytest.mark.parametrize("platform", [INSTAGRAM, PlatformName.TIKTOK, YOUTUBE])
def test_a_full_refresh_asks_for_no_more_than_its_allowance(platform: PlatformName) -> None:
    """Of paid runs all posts are asked for at once."""
    world = RefreshWorld(RefreshSettings(google_cloud_project="p", state_machine_arn="arn").budgets)
    world.run(world.add_job(platform, "sim_videos_40"))
    world.clock.advance(40 * DAY.total_seconds())
    world.make_due()
    world.minutes(5)
    (done,) = world.refreshes()
    assert (done["refreshOrder"]["mode"], done["status"]) == ("full", "completed")
    assert done["message"] == "Done: 40 videos saved."
    assert ledger(world)["used"][platform] <= done["refreshOrder"]["allowance"]


def test_full_refreshes_that_wait_leave_daily_ones_their_part() -> None:
    """Two full ones cost more than the day's planned part. Who has waited for an hour is refreshed all the same."""
    world = RefreshWorld(BudgetLimits(platforms={PlatformName.TIKTOK: 2}))
    for number in range(3):
        world.run(world.add_job("tiktok", f"sim_videos_{300 + number}"))
    world.clock.advance(40 * DAY.total_seconds())
    world.make_due()
    world.minutes(3)
    assert [one["refreshOrder"]["mode"] for one in world.refreshes()] == ["full"]
    world.clock.advance(3_600)
    world.minutes(3)
    assert sorted(one["refreshOrder"]["mode"] for one in world.refreshes()) == ["full", "incremental", "incremental"]


def test_a_small_budget_asks_paid_runs_for_fewer_posts() -> None:
    world = world_of(BudgetLimits(platforms={INSTAGRAM: 0.02}), 1, INSTAGRAM)  # a fifth is for presses
    world.minutes(3)
    (done,) = world.refreshes()
    assert (done["status"], done["spent"]["results"]) == ("completed", 5)


@pytest.mark.parametrize("platform", PlatformName)
def test_the_posts_of_an_allowance_cost_no_more(platform: PlatformName) -> None:
    for posts in range(1, 5_001):
        allowed = posts_of_runs(platform, cost_of_posts(platform, posts), 5_000)
        assert posts <= allowed
        assert allowed == 5_000 or cost_of_posts(platform, allowed) <= cost_of_posts(platform, posts)


def test_what_a_killed_last_try_spent_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of a killed function runs, so that nothing settles what it spent."""
    settle = charging.settle

    def settle_unless_killed(*run: Any) -> None:
        if not isinstance(sys.exception(), KilledError):
            settle(*run)

    monkeypatch.setattr(charging, "settle", settle_unless_killed)
    world = world_of(HUNDRED, 1)
    units = spent_by_day(world)
    count = world.before_call

    def call(method: str, path: str) -> None:
        count(method, path)
        if is_last() and path.endswith("/videos"):
            raise KilledError

    def is_last() -> bool:
        return bool(world.refreshes()[0]["retryCount"] == 3)

    busy = httpx.Response(503, text="busy")
    world.before_call = call
    world.instead = lambda path: busy if path.endswith("/playlistItems") and not is_last() else None
    world.minutes(8)
    (done,) = world.refreshes()
    assert (done["status"], done["errorCode"]) == ("failed", "InternalError")
    assert units.total() <= ledger(world)["used"]["youtube"] == done["refreshOrder"]["allowance"]


def test_what_could_not_be_written_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: Any) -> None:
        raise StoreUnavailableError(say("databaseTrouble", detail="no answer"))

    monkeypatch.setattr(fence, "spend", unavailable)
    world = world_of(HUNDRED, 1)
    units = spent_by_day(world)
    odd = httpx.Response(400, json={"error": {"errors": [{"reason": "odd"}]}})
    world.instead = lambda path: odd if path.endswith("/playlistItems") else None
    world.minutes(3)
    (done,) = world.refreshes()
    assert (done["status"], done["errorCode"]) == ("failed", "AllowanceSpentError")
    assert units.total() <= ledger(world)["used"]["youtube"] == done["refreshOrder"]["allowance"]


def test_a_start_that_was_surely_refused_spends_nothing() -> None:
    world = world_of(HUNDRED, 1)
    world.executions.replies = ["AccessDeniedException"] * 3
    world.minutes(3)
    assert (ledger(world)["used"], world.requests) == ({}, [])
    world.minutes(2)
    assert ledger(world)["used"]["youtube"] == len(world.requests) > 0


# Organisations, and what pages are told


def test_an_organisations_budget_moves_its_accounts_to_tomorrow() -> None:
    world = world_of(BudgetLimits(org_refreshes=5), 6)
    world.minutes(3)
    assert len(world.refreshes()) == 4  # a fifth is for presses
    midnight = START.replace(hour=0) + DAY
    later = midnight + timedelta(hours=1)
    assert sum(midnight <= one["nextRefreshAt"] < later for one in world.accounts().values()) == 2
    assert world.memory.get_document(ORG_STATUS) == {"until": midnight, "all": False}

    world.make_due(asked=True)
    world.minutes(3)
    assert len(world.refreshes()) == 5
    assert world.memory.get_document(ORG_STATUS) == {"until": midnight, "all": True}

    world.clock.advance((midnight - world.clock.now()).total_seconds() + 3_600)
    world.minutes(3)
    assert len(world.refreshes()) == 9


def test_no_account_of_a_spent_organisation_waits_for_ever() -> None:
    """With 12 daily accounts and 8 refreshes a day, each account has its turn within four days."""
    world = world_of(BudgetLimits(org_refreshes=10), 12)
    for _ in range(10 * 24 * 2):
        world.minutes(1)
        world.clock.advance(29 * 60)
    oldest = min(one["lastSyncedAt"] for one in world.accounts().values())
    assert world.clock.now() - oldest < 4 * DAY


def test_pages_are_told_when_a_platforms_budget_is_spent() -> None:
    world = world_of(HUNDRED, 40)
    midnight = START.replace(hour=0) + DAY
    world.minutes(30)
    assert world.memory.get_document("trackingStatus/refreshes") == {"youtube": {"until": midnight, "all": False}}
    world.make_due(asked=True)
    world.minutes(30)
    assert world.memory.get_document("trackingStatus/refreshes") == {"youtube": {"until": midnight, "all": True}}

    world.budgets = BudgetLimits(platforms={YOUTUBE: 1_000})
    world.minutes(2)
    assert world.memory.get_document("trackingStatus/refreshes") == {"youtube": None}


def test_a_spent_platform_is_not_queried() -> None:
    world = world_of(BudgetLimits(platforms={YOUTUBE: 0, TWITTER: 5}), 3)
    asked: list[list[str]] = []

    class Asking(Killing):
        def __getattr__(self, name: str) -> Any:
            if name != "due_accounts":
                return getattr(self._store, name)

            def due_accounts(now: datetime, platforms: list[str], *rest: Any, **named: Any) -> Any:
                asked.append(platforms)
                return self._store.due_accounts(now, platforms, *rest, **named)  # type: ignore[arg-type]

            return due_accounts

    world.refresh_store = Asking(world.refresh_store, random.Random())
    world.refresh_tick()
    assert asked == [[name for name in PlatformName if name is not YOUTUBE]]
    assert world.refreshes() == []


# The settings


def test_each_platform_has_a_budget_and_how_it_counts() -> None:
    named = {name for name in variables(RefreshSettings) if name.startswith("REFRESH_BUDGET_")}
    assert named == {f"REFRESH_BUDGET_{name.upper()}" for name in PlatformName}
    for name in PlatformName:
        budget = REFRESH_BUDGETS[name]
        assert budget.unit in {"units", "usd"}
        assert {*budget.account, *budget.post} <= set(RESOURCES)
        assert cost_of_posts(name, 20) > 0


def test_zero_is_no_refresh_and_no_limit_of_organisations() -> None:
    settings = RefreshSettings(
        google_cloud_project="p", state_machine_arn="arn", refresh_budget_youtube=0.0, refreshes_per_org=0.0
    )
    budgets = settings.budgets
    assert budgets.of(YOUTUBE) == 0
    assert Budgets({}, budgets, START).closed(YOUTUBE, 200) == "all"
    assert Budgets({"orgs": {"org1": 10**9}}, budgets, START).closed_org("org1") is None


@pytest.mark.parametrize(
    "odd",
    [
        {"day": 7, "used": [], "orgs": "x", "reserved": {}, "told": 1, "minute": None},
        {"day": "2026-03-01", "orgs": {"a/b": 1, "": 1}, "told": {"org:": "all", "org:a/b": "all"}},
        {"day": "2026-03-01", "used": {"youtube": -5}, "orgs": {"a": "b"}, "reserved": [1, {"job": "x"}, {"job": 1}]},
        {"day": "9999-12-31", "used": {"youtube": 100}},
    ],
)
def test_an_oddly_edited_document_counts_as_nothing(odd: dict[str, Any]) -> None:
    found = Budgets(odd, HUNDRED, START)
    assert (found.day, found.used[YOUTUBE], found.orgs, found.told, found.reserved) == (START.date(), 0, {}, {}, {})
    assert limits_in(odd).platforms == {}
    assert limits_in(found.to_fields()).platforms == {YOUTUBE: 100}


def test_a_clock_that_is_behind_opens_no_day_twice() -> None:
    fields = {"day": "2026-03-02", "used": {"youtube": 90}}
    midnight = START.replace(hour=0) + DAY
    assert Budgets(fields, HUNDRED, midnight - timedelta(seconds=5)).used[YOUTUBE] == 90
    assert Budgets(fields, HUNDRED, midnight + DAY).used[YOUTUBE] == 0


# The contract with pages


def test_pages_documents_are_as_the_contract_has_them() -> None:
    contract = json.loads((ROOT / "contracts" / "refreshWaits.json").read_text(encoding="utf-8"))
    assert contract["platforms"]["document"] == WAITS_DOCUMENT
    world = world_of(BudgetLimits(platforms={YOUTUBE: 0}, org_refreshes=0), 1)
    world.run(world.add_job("twitter", "sim_videos_3"))
    world.make_due()
    world.minutes(1)
    until = START.replace(hour=0) + DAY
    assert world.memory.get_document(WAITS_DOCUMENT) == {"youtube": {"until": until, "all": True}}
    assert set(contract["fields"]) == {"until", "all"}
    assert contract["organization"]["document"].replace("{orgId}", "org1") == ORG_STATUS


def test_a_refresh_dearer_than_a_lowered_budget_fails() -> None:
    """It was put back, and can never fit again. Its account goes on with refreshes that fit."""
    world = world_of(BudgetLimits(platforms={YOUTUBE: 100}), 1)
    world.executions.replies = ["ThrottlingException"]
    world.refresh_tick()
    world.budgets = BudgetLimits(platforms={YOUTUBE: 25})
    for _ in range(4):
        world.minutes(12)
        world.clock.advance(86_400 - 720)
        world.make_due()
    first, *others = sorted(world.refreshes(), key=lambda job: job["createdAt"])
    assert (first["status"], first["errorCode"]) == ("failed", "AllowanceSpentError")
    assert "completed" in {job["status"] for job in others}


def test_an_incremental_refresh_of_a_large_channel_costs_six() -> None:
    """5,000 videos, of which those of the last 30 days are counted again."""
    world = RefreshWorld(BudgetLimits())
    world.run(world.add_job(YOUTUBE, "sim_videos_5000"))
    world.clock.advance(DAY.total_seconds())
    world.requests.clear()
    world.make_due()
    world.minutes(2)
    (refresh,) = world.refreshes()
    assert (refresh["status"], refresh["refreshOrder"]["mode"]) == ("completed", "incremental")
    units = len([path for _, path in world.requests if path.startswith("/youtube")])
    assert refresh["spent"] == {"units": units}
    assert 0 < units <= 6
