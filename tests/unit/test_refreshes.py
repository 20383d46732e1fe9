"""Refreshes: who is due, what a refresh fetches and writes, and what it does when an account is not what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import account, video
from tests.harness import Harness, lambda_cause
from tracking import refreshes
from tracking.accounts import Video
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    IdentityChangedError,
    InvalidJobError,
    JobPausedError,
    PlatformUnavailableError,
    RateLimitedError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.jobs import AccountType, PlatformName
from tracking.naming import execution_name
from tracking.refreshes import Cadence, Mode
from tracking.sentences import Sentence
from tracking.store import REFRESHES, DocumentWrite, JobWrite
from tracking.store.memory import MemoryStore
from trigger.refreshing import run_refreshes

ACCOUNT = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151"
DAY = timedelta(days=1)


@pytest.fixture
def tracked(harness: Harness) -> Harness:
    """A daily account with 60 videos, the newest an hour old and the oldest sixty days, that a job has fetched."""
    harness.platform.videos = aged(60)
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    return harness


def aged(count: int) -> list[Video]:
    return [video(n, published_at=START - timedelta(days=n - 1, hours=1)) for n in range(1, count + 1)]


def document(harness: Harness) -> dict[str, Any]:
    return harness.store.get_document(ACCOUNT) or {}


def go_to_due(harness: Harness) -> datetime:
    """Let time pass until the account is due, and return that moment."""
    due_at: datetime = document(harness)["nextRefreshAt"]
    harness.clock.advance((due_at - harness.clock.now()).total_seconds())
    return due_at


def begin(harness: Harness) -> dict[str, Any]:
    """Go to the account's next time, and return the input of its refresh's execution."""
    go_to_due(harness)
    (job,) = harness.refresh_tick()
    return job


def refresh(harness: Harness) -> dict[str, Any]:
    """Run the account's next refresh, and return the account's document."""
    harness.run_chain(begin(harness))
    return document(harness)


def fail(harness: Harness, error: TrackingError) -> dict[str, Any]:
    """Run a refresh that fails at its first call, and return the account's document."""
    job = begin(harness)
    harness.platform.failures = [error]
    with pytest.raises(type(error)):
        harness.run_state("FetchAccount", job)
    harness.fail_job(job, type(error).__name__, lambda_cause(error))
    return document(harness)


# Who is due


def test_a_job_plans_the_accounts_first_refresh(tracked: Harness) -> None:
    due_at = document(tracked)["nextRefreshAt"]
    assert timedelta(hours=6) < due_at - START <= DAY + timedelta(hours=6)
    assert tracked.refresh_tick() == []


def test_nothing_is_planned_where_refreshes_are_off(harness: Harness) -> None:
    harness.run_chain(harness.claimed_job())
    assert document(harness)["nextRefreshAt"] is None


def test_an_account_that_a_member_asked_for_is_refreshed(tracked: Harness) -> None:
    planned_at = document(tracked)["nextRefreshAt"]
    tracked.clock.advance(3_600)
    pressed_at = tracked.clock.now()
    tracked.store.update_each([DocumentWrite(ACCOUNT, {"nextRefreshAt": pressed_at, "refreshAskedAt": pressed_at})])
    found = refresh(tracked)
    assert (found["lastSyncedAt"], found["refreshAskedAt"]) == (pressed_at, pressed_at)
    assert found["nextRefreshAt"] == planned_at


def test_a_due_account_is_refreshed_once(tracked: Harness) -> None:
    due_at = go_to_due(tracked)
    (job,) = tracked.refresh_tick()
    assert job["refresh"]["accountId"] == "instagram_528817151"
    assert tracked.refresh_tick() == []
    assert document(tracked)["nextRefreshAt"] == due_at + DAY
    (name,) = [name for name in tracked.executions.started if name.startswith("r-")]
    assert name.startswith("r-instagram-nasa-")


def test_a_refresh_is_seen_by_no_page(tracked: Harness) -> None:
    """It is no document of `trackingJobs`, which panels listen to."""
    before = tracked.store.get_documents("trackingJobs")
    refresh(tracked)
    assert tracked.store.get_documents("trackingJobs") == before
    (done,) = tracked.store.get_documents(REFRESHES).values()
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["expireAt"] == done["createdAt"] + 2 * DAY


def test_a_refresh_that_goes_on_is_not_begun_again(tracked: Harness) -> None:
    begin(tracked)
    running = go_to_due(tracked)
    assert tracked.refresh_tick() == []
    assert document(tracked)["nextRefreshAt"] == running + DAY


def test_after_an_outage_each_account_is_refreshed_once(tracked: Harness) -> None:
    tracked.clock.advance(3 * 86_400)
    assert len(tracked.refresh_tick()) == 1
    for _ in range(10):
        tracked.clock.advance(60)
        assert tracked.refresh_tick() == []


def test_a_tick_that_dies_before_it_plans_loses_nothing(tracked: Harness) -> None:
    class Dying(MemoryStore):
        def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
            raise KeyboardInterrupt

    go_to_due(tracked)
    dying = Dying(tracked.clock, REFRESHES)
    vars(dying).update({**vars(tracked.memory), "_queue": REFRESHES})
    deps = replace(tracked.refresh_deps, store=dying)
    with pytest.raises(KeyboardInterrupt):
        run_refreshes(deps)
    assert len(tracked.store.get_documents(REFRESHES)) == 1
    assert tracked.refresh_tick() == []  # the claim's lease still holds
    assert document(tracked)["nextRefreshAt"] > tracked.clock.now()
    tracked.clock.advance(400)
    tracked.refresh_tick()  # the sweep finds that nothing was started, and the job waits again
    (job,) = tracked.refresh_tick()
    assert job["attempt"] == 2
    tracked.run_chain(job)
    assert len(tracked.store.get_documents(REFRESHES)) == 1


@pytest.mark.parametrize("cadence", ["off", "nonsense"])
def test_members_choose_the_cadence(tracked: Harness, cadence: str) -> None:
    tracked.store.put_document(DocumentWrite(ACCOUNT, {"refreshCadence": cadence}))
    go_to_due(tracked)
    assert len(tracked.refresh_tick()) == (cadence != "off")
    assert (document(tracked)["nextRefreshAt"] is None) == (cadence == "off")


@pytest.mark.parametrize(
    "odd",
    [
        {"refreshCadence": {"a": 1}},
        {"refreshCadence": ["daily"]},
        {"refreshCadence": "auto", "refreshHours": 2**40},
        {"refreshCadence": "auto", "refreshHours": -1},
        {"username": None},
        {"username": 7},
        {"lastSyncedAt": "yesterday", "fullAt": 7, "confirmAt": "x", "refreshMisses": "many", "refreshProbes": None},
    ],
)
def test_an_oddly_edited_account_stops_no_other(tracked: Harness, odd: dict[str, Any]) -> None:
    other = account(platform_user_id="2").to_document() | {"accountType": "my"}
    due_at = go_to_due(tracked)
    project = ACCOUNT.rpartition("/")[0]
    tracked.store.put_document(DocumentWrite(f"{project}/instagram_2", other | {"nextRefreshAt": due_at}))
    tracked.store.put_document(DocumentWrite(ACCOUNT, odd))
    foreign = DocumentWrite("shops/1/trackedAccounts/x", {"platform": "instagram", "nextRefreshAt": due_at})
    tracked.store.put_document(foreign)
    started = [job["refresh"]["accountId"] for job in tracked.refresh_tick()]
    assert "instagram_2" in started
    assert document(tracked)["nextRefreshAt"] > tracked.clock.now()
    tracked.run_chain(tracked.claimed_job())  # and no job of a user
    assert tracked.store.get_document(foreign.path) == foreign.fields


def test_a_refresh_that_a_job_overtook_writes_nothing(tracked: Harness) -> None:
    """Its counts, and what it thinks of the account, are older than the job's."""
    late = tracked.run_chain(begin(tracked), until="FetchVideos")
    tracked.clock.advance(60)
    tracked.platform.account = account(follower_count=5)
    tracked.run_chain(tracked.claimed_job())
    newer = {path: one.data for path, one in tracked.memory._documents.items() if path.startswith("organizations/")}
    with pytest.raises(InvalidJobError) as error:
        tracked.run_state("SaveVideos", late)
    tracked.fail_job(late, "InvalidJobError", lambda_cause(error.value))
    tracked.fail_job(late, "IdentityChangedError", "{}")
    found = {path: one.data for path, one in tracked.memory._documents.items() if path.startswith("organizations/")}
    assert found == newer


@pytest.mark.parametrize("hour", range(24))
def test_a_job_at_any_hour_costs_no_days_point(harness: Harness, hour: int) -> None:
    harness.clock.advance(3_600 * hour)
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    for _ in range(3):
        refresh(harness)
    days = [day for month in harness.store.get_documents(f"{ACCOUNT}/accountHistory").values() for day in month["days"]]
    assert [int(later) - int(earlier) for earlier, later in pairwise(days)] == [1] * (len(days) - 1)


def test_no_daily_time_is_near_midnight() -> None:
    for number in range(500):
        for hours in (24, 168):
            due_at = refreshes.next_at(f"{ACCOUNT}{number}", hours, START)
            assert 1 <= due_at.hour < 23


def test_an_odd_account_is_left_alone(tracked: Harness) -> None:
    tracked.store.put_document(DocumentWrite(ACCOUNT, {"accountType": 7}))
    go_to_due(tracked)
    assert tracked.refresh_tick() == []
    assert document(tracked)["nextRefreshAt"] > tracked.clock.now()


@pytest.mark.parametrize(
    ("cadence", "mine", "platform", "posts", "has_new", "hours"),
    [
        ("off", True, "youtube", 9, True, None),
        ("6h", False, "youtube", 0, False, 6),
        ("6h", False, "twitter", 0, False, 24),
        ("daily", False, "instagram", 0, False, 24),
        ("weekly", True, "instagram", 99, True, 168),
        ("auto", False, "youtube", 0, False, 168),
        ("auto", False, "youtube", 1, False, 84),
        ("auto", False, "youtube", 7, False, 12),
        ("auto", False, "youtube", 100, False, 6),
        ("auto", False, "youtube", 0, True, 6),
        ("auto", True, "youtube", 0, False, 24),
        ("auto", False, "twitter", 7, True, 24),
    ],
)
def test_hours_of_a_cadence(
    cadence: str, mine: bool, platform: str, posts: int, has_new: bool, hours: int | None
) -> None:
    kind = AccountType.MY if mine else AccountType.COMPETITOR
    found = refreshes.hours_of(Cadence(cadence), kind, PlatformName(platform), posts_of_week=posts, has_new=has_new)
    assert found == hours


def test_daily_times_never_move(harness: Harness) -> None:
    """So every UTC day has its point, and none has two."""
    for number in range(200):
        path = f"{ACCOUNT}{number}"
        times = [refreshes.next_at(path, 24, START)]
        for _ in range(30):
            times.append(refreshes.next_at(path, 24, times[-1] + timedelta(minutes=number % 60)))
        assert [later - earlier for earlier, later in pairwise(times)] == [DAY] * 30
        assert times[0] > START


def test_ten_thousand_accounts_are_spread_over_the_day() -> None:
    """The busiest minute has at most twice as many as the mean, given the luck of the draw."""
    minutes = Counter(int(refreshes.next_at(f"{ACCOUNT}{n}", 24, START).timestamp()) // 60 for n in range(10_000))
    assert minutes.total() == 10_000
    hours = Counter(minute // 60 for minute in minutes.elements())
    assert max(hours.values()) < 2 * 10_000 / 24
    assert max(minutes.values()) <= 22  # a Poisson distribution with a mean of 6.9


# Users first


def test_refreshes_leave_slots_to_users(harness: Harness) -> None:
    harness.limits = replace(harness.limits, running=10, per_credential=10)
    harness.refresh_by_default(Cadence.DAILY)
    for number in range(1_000):
        path = f"organizations/org1/projects/project1/trackedAccounts/instagram_{number}"
        fields = account(platform_user_id=str(number)).to_document() | {"accountType": "my", "nextRefreshAt": START}
        harness.store.put_document(DocumentWrite(path, fields))
    assert len(harness.refresh_tick()) == 6  # 60 % of the slots
    assert harness.refresh_tick() == []
    jobs_of_users = [harness.add_job() for _ in range(4)]
    harness.tick()
    assert all(harness.document(job_id)["status"] == "processing" for job_id in jobs_of_users)
    assert harness.refresh_tick() == []


@pytest.mark.parametrize(("running", "refreshing"), [(3, 1), (2, 0), (1, 0), (4, 2), (30, 18)])
def test_small_limits_keep_two_slots_for_users(harness: Harness, running: int, refreshing: int) -> None:
    harness.limits = replace(harness.limits, running=running, per_credential=running)
    harness.refresh_by_default(Cadence.DAILY)
    for number in range(40):
        path = f"organizations/org1/projects/project1/trackedAccounts/instagram_{number}"
        fields = account(platform_user_id=str(number)).to_document() | {"accountType": "my", "nextRefreshAt": START}
        fields |= {"refreshAskedAt": START}  # or the minute would hold some back
        harness.store.put_document(DocumentWrite(path, fields))
    assert len(harness.refresh_tick()) == refreshing


def test_a_paused_platforms_accounts_wait_and_stay_due(tracked: Harness) -> None:
    due_at = go_to_due(tracked)
    until = tracked.clock.now() + timedelta(hours=2)
    pause = {"instagram": {"until": until, "reason": "RateLimitedError"}}
    tracked.store.put_document(DocumentWrite("trackingControl/platforms", pause))
    assert tracked.refresh_tick() == []
    assert document(tracked)["nextRefreshAt"] == due_at


def test_a_platform_without_slots_hides_no_other(harness: Harness) -> None:
    """More accounts are due than one query reads, and all of them are of one platform."""
    harness.limits = replace(harness.limits, running=50, per_credential=10)
    harness.refresh_by_default(Cadence.DAILY)
    project = ACCOUNT.rpartition("/")[0]
    for number in range(600):
        name = "youtube" if number == 599 else "instagram"
        fields = account(platform=name, platform_user_id=str(number)).to_document()
        times = {"accountType": "my", "nextRefreshAt": START - timedelta(seconds=600 - number)}
        harness.store.put_document(DocumentWrite(f"{project}/{name}_{number}", fields | times))
    assert Counter(job["platform"] for job in harness.refresh_tick()) == {"instagram": 6, "youtube": 1}


def test_a_refresh_that_was_put_back_waits_for_its_platform(tracked: Harness) -> None:
    job = begin(tracked)
    until = tracked.clock.now() + timedelta(hours=2)
    tracked.platform.failures = [RateLimitedError(Sentence("Slow down."), until)]
    with pytest.raises(JobPausedError):
        tracked.run_state("FetchAccount", job)
    assert tracked.refresh_tick() == []
    tracked.clock.advance(3 * 3_600)
    (again,) = tracked.refresh_tick()
    assert (again["jobId"], again["attempt"]) == (job["jobId"], 2)
    tracked.run_chain(again)
    assert document(tracked)["lastJobId"] == job["jobId"]


# What a refresh fetches and writes


class Counting(MemoryStore):
    """A store that counts the writes of each commit, by collection."""

    written: Counter[str]

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        every = [*job.companions, *documents]
        self.written.update(["job", *(document.path.split("/")[-2] for document in every)])
        return super().commit(job, documents)


@pytest.mark.parametrize("news", [False, True], ids=["without news", "with news"])
def test_an_unchanged_account_of_500_videos_costs_six_writes(harness: Harness, news: bool) -> None:
    """Two more than its end makes: the job is created, and the account gets its next time."""
    harness.process_deps = replace(harness.process_deps, news=news)
    store = Counting(harness.clock)
    store.written = Counter()
    harness.use(store)
    harness.platform.videos = [video(n, published_at=START - timedelta(days=60 + n)) for n in range(500)]
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    for _ in range(8):  # until no growth changes any more
        refresh(harness)
    store.written.clear()
    job = begin(harness)
    assert job["refresh"]["mode"] == Mode.INCREMENTAL
    harness.run_chain(job)
    assert store.written == {"job": 1, "trackedAccounts": 1, "accountHistory": 1, "videoHistory": 1}


def test_a_refresh_writes_the_videos_that_changed(tracked: Harness) -> None:
    for _ in range(8):
        refresh(tracked)
    before = tracked.store.get_documents(f"{ACCOUNT}/videos")
    served = list(tracked.platform.videos)
    served[2] = replace(served[2], view_count=5_000)
    new = video(0, published_at=tracked.clock.now())
    tracked.platform.videos = [new, *served]
    found = refresh(tracked)
    after = tracked.store.get_documents(f"{ACCOUNT}/videos")
    changed = {video_id for video_id in after if after[video_id] != before.get(video_id)}
    assert {new.video_id, served[2].video_id} <= changed
    assert after["video00059"] == before["video00059"]
    assert found["videoCount"] == 61
    assert len(after) == 61


def test_an_incremental_refresh_stops_at_the_recent_videos(tracked: Harness) -> None:
    tracked.platform.page_size = 10
    job = begin(tracked)
    assert job["refresh"]["mode"] == "incremental"
    tracked.run_chain(job)
    _, budget = tracked.platform.calls[-1]
    assert budget.stops_at == tracked.clock.now() - timedelta(days=30)
    assert budget.max_videos == 30
    days = tracked.store.get_documents(f"{ACCOUNT}/videoHistory")
    counted = {v for month in days.values() for v, points in month["v"].items() if len(points) > 1}
    assert len(counted) == 30


def test_all_videos_are_fetched_again_after_some_time(tracked: Harness) -> None:
    modes = []
    for _ in range(32):
        job = begin(tracked)
        modes.append(job["refresh"]["mode"])
        tracked.run_chain(job)
    assert modes == ["incremental"] * 30 + ["full"] + ["incremental"]


def test_what_a_refresh_spends_is_in_its_job(tracked: Harness) -> None:
    tracked.platform.charges = {"units": 2}
    refresh(tracked)
    (done,) = tracked.store.get_documents(REFRESHES).values()
    assert done["spent"] == {"units": 4}


def test_a_failed_refresh_has_spent_too(tracked: Harness) -> None:
    tracked.platform.charges = {"units": 2}
    fail(tracked, PlatformUnavailableError(Sentence("It did not answer.")))
    (done,) = tracked.store.get_documents(REFRESHES).values()
    assert (done["status"], done["spent"]) == ("failed", {"units": 2})


def test_a_removed_account_is_not_made_again(tracked: Harness) -> None:
    job = begin(tracked)
    state = tracked.run_chain(job, until="FetchVideos")
    del tracked.memory._documents[ACCOUNT]
    with pytest.raises(TrackingError) as error:
        tracked.run_state("SaveVideos", state)
    tracked.fail_job(state, type(error.value).__name__, lambda_cause(error.value))
    assert tracked.store.get_document(ACCOUNT) is None
    (ended,) = tracked.store.get_documents(REFRESHES).values()
    assert ended["error"] == "The account is no longer tracked."


# What happens to accounts


def test_an_account_that_is_missed_once_is_not_believed_gone(tracked: Harness) -> None:
    found = fail(tracked, AccountNotFoundError(Sentence("There is none.")))
    assert (found["refreshMisses"], found["unavailable"]) == (1, None)
    assert found["nextRefreshAt"] == tracked.clock.now() + DAY
    assert (refresh(tracked)["refreshMisses"], document(tracked)["unavailable"]) == (0, None)


def test_an_account_that_is_missed_on_three_days_is_unavailable(tracked: Harness) -> None:
    probes = []
    for _ in range(7):
        found = fail(tracked, AccountNotFoundError(Sentence("There is none.")))
        probes.append((found["unavailable"], (found["nextRefreshAt"] - tracked.clock.now()).days))
    assert probes == [(None, 1), (None, 1), *(("not_found", days) for days in (7, 14, 28, 28, 28))]
    since = found["unavailableSince"]
    assert since < tracked.clock.now() - 28 * DAY
    back = refresh(tracked)
    assert (back["unavailable"], back["unavailableSince"], back["refreshMisses"]) == (None, None, 0)
    assert back["nextRefreshAt"] > tracked.clock.now()


@pytest.mark.parametrize(("error", "reason"), [(AccountPrivateError, "private"), (AccountSuspendedError, "suspended")])
def test_a_private_or_suspended_account_is_believed_at_once(
    tracked: Harness, error: type[TrackingError], reason: str
) -> None:
    for days in (7, 14, 28, 28):
        found = fail(tracked, error(Sentence("No.")))
        assert (found["unavailable"], (found["nextRefreshAt"] - tracked.clock.now()).days) == (reason, days)
    assert refresh(tracked)["unavailable"] is None


def test_another_reason_begins_anew(tracked: Harness) -> None:
    """Private answers are no misses, and a single miss after them is not believed."""
    for _ in range(2):
        fail(tracked, AccountPrivateError(Sentence("No.")))
    found = fail(tracked, AccountNotFoundError(Sentence("There is none.")))
    assert (found["refreshMisses"], found["unavailable"]) == (1, "private")
    now = tracked.clock.now()
    found = fail(tracked, AccountSuspendedError(Sentence("No.")))
    assert (found["unavailable"], found["unavailableSince"] > now) == ("suspended", True)
    assert (found["nextRefreshAt"] - tracked.clock.now()).days == 7


def test_an_outage_says_nothing_about_the_account(tracked: Harness) -> None:
    go_to_due(tracked)
    found = fail(tracked, PlatformUnavailableError(Sentence("It did not answer.")))
    assert (found["refreshMisses"], found["unavailable"]) == (0, None)


def test_a_refresh_that_failed_by_our_fault_is_tried_once_more(tracked: Harness) -> None:
    planned_at = document(tracked)["nextRefreshAt"]
    failed = fail(tracked, PlatformUnavailableError(Sentence("YouTube is down.")))
    assert failed["nextRefreshAt"] == failed["refreshAgainAt"] == planned_at + timedelta(hours=1)
    again = fail(tracked, PlatformUnavailableError(Sentence("YouTube is down.")))
    assert again["nextRefreshAt"] == planned_at + DAY  # as planned
    assert again["refreshAgainAt"] == failed["refreshAgainAt"]
    assert fail(tracked, StoreUnavailableError(Sentence("No answer.")))["refreshAgainAt"] > failed["refreshAgainAt"]


@pytest.mark.parametrize("error", [ContractError(Sentence("Odd.")), InvalidJobError(Sentence("Odd."))])
def test_what_would_fail_again_is_not_tried_again(tracked: Harness, error: TrackingError) -> None:
    failed = fail(tracked, error)
    assert "refreshAgainAt" not in failed
    assert failed["nextRefreshAt"] > tracked.clock.now() + timedelta(hours=20)


def test_an_account_that_is_off_by_then_is_not_tried_again(tracked: Harness) -> None:
    job = begin(tracked)
    tracked.store.update_each([DocumentWrite(ACCOUNT, {"refreshCadence": "off", "nextRefreshAt": None})])
    tracked.fail_job(job, "TimedOut", "{}")
    assert document(tracked)["nextRefreshAt"] is None


def test_a_name_that_another_account_took_changes_nothing(tracked: Harness) -> None:
    """Account A hands its name to B: A's documents and history stay byte for byte."""
    job = begin(tracked)
    before = {path: one.data for path, one in tracked.memory._documents.items() if path.startswith("organizations/")}
    tracked.platform.account = account(platform_user_id="666", follower_count=1)
    tracked.platform.videos = [video(1, view_count=1)]
    with pytest.raises(IdentityChangedError) as error:
        tracked.run_state("FetchAccount", job)
    tracked.fail_job(job, "IdentityChangedError", lambda_cause(error.value))
    after = {path: one.data for path, one in tracked.memory._documents.items() if path.startswith("organizations/")}
    told = after.pop(ACCOUNT)
    was = before.pop(ACCOUNT)
    assert after == before
    ours = {"unavailable", "unavailableSince", "refreshProbes", "nextRefreshAt"}
    assert {name: told[name] for name in told if name not in ours} == {n: was[n] for n in was if n not in ours}
    assert (told["unavailable"], told["nextRefreshAt"]) == ("name_taken", None)
    assert tracked.refresh_tick() == []


def test_a_renamed_account_keeps_its_names(tracked: Harness) -> None:
    tracked.platform.account = account(username="nasa.new")
    found = refresh(tracked)
    assert found["username"] == "nasa.new"
    assert found["usernameHistory"] == [{"username": "nasa", "until": tracked.clock.now()}]
    tracked.platform.account = account(username="nasa.newer")
    names = [one["username"] for one in refresh(tracked)["usernameHistory"]]
    assert names == ["nasa", "nasa.new"]


def test_a_refresh_of_a_platform_with_ids_asks_for_the_id(harness: Harness) -> None:
    channel = account(platform="youtube", platform_user_id="UC_x5XG1OV2P6uZZ5FSM9Ttw", username="googledevelopers")
    harness.platform.account = channel
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job(platform="youtube"))
    harness.clock.advance(86_400 * 2)
    (job,) = harness.refresh_tick()
    assert job["username"] == "UC_x5XG1OV2P6uZZ5FSM9Ttw"
    harness.platform.account = replace(channel, username="renamed")
    harness.run_chain(job)
    found = harness.store.get_document(f"{ACCOUNT.rpartition('/')[0]}/{channel.account_id}") or {}
    assert (found["username"], found["usernameHistory"][0]["username"]) == ("renamed", "googledevelopers")


def test_a_refresh_and_a_job_have_names_of_their_own(tracked: Harness) -> None:
    job = begin(tracked)
    (snapshot,) = tracked.memory.of(REFRESHES).open_jobs(10)
    assert execution_name(snapshot.parse()) == tracked.execution_of(job)
    assert snapshot.parse().created_at.tzinfo is UTC


# Videos that vanish


def serve(harness: Harness, served: list[Video]) -> None:
    """Serve these videos, and count them as the platform does."""
    harness.platform.videos = served
    harness.platform.account = account(post_count=len(served))


def fetch_all(harness: Harness, served: list[Video], wanted: str = "full") -> dict[str, dict[str, Any]]:
    """Run the next refresh with these videos, and return the documents of all videos."""
    serve(harness, served)
    job = begin(harness)
    assert job["refresh"]["mode"] == wanted
    harness.run_chain(job)
    return harness.store.get_documents(f"{ACCOUNT}/videos")


@pytest.fixture
def mine(harness: Harness) -> Harness:
    """An account of one's own, whose next refresh is a full one."""
    serve(harness, aged(60))
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job(accountType="my"))
    for _ in range(7):
        refresh(harness)
    return harness


def test_a_deleted_video_is_marked_by_the_second_full_refresh(mine: Harness) -> None:
    gone = video(45).video_id
    left = [one for one in aged(60) if one.video_id != gone]
    first = fetch_all(mine, left)
    assert first[gone].get("unavailableSince") is None
    missed_at = mine.clock.now()
    second = fetch_all(mine, left)  # the first one was not believed, so this is a full one, too
    assert second[gone]["unavailableSince"] == missed_at
    assert second[gone]["title"] == "Video 45"
    assert document(mine)["videoCount"] == 59
    marked = {video_id for video_id, one in second.items() if one.get("unavailableSince")}
    assert marked == {gone}
    fetch_all(mine, left, wanted="incremental")


def test_a_video_far_back_is_missed_by_full_refreshes_alone(harness: Harness) -> None:
    gone = video(450).video_id
    serve(harness, aged(500))
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job(accountType="my"))
    left = [one for one in aged(500) if one.video_id != gone]
    for mode, expected in [*[("incremental", set())] * 7, ("full", set()), ("full", {gone})]:
        found = fetch_all(harness, left, mode)
        assert {name for name, one in found.items() if one.get("unavailableSince")} == expected


def test_a_video_of_an_account_that_is_fetched_often_is_marked(mine: Harness) -> None:
    """Six hours between two fetches of all videos are too few to believe them, so there are some more."""
    mine.store.put_document(DocumentWrite(ACCOUNT, {"refreshCadence": "6h", "fullAt": None}))
    left = aged(60)[:-1]
    for _ in range(6):
        serve(mine, left)
        refresh(mine)
    found = mine.store.get_documents(f"{ACCOUNT}/videos")
    assert [video_id for video_id, one in found.items() if one.get("unavailableSince")] == ["video00060"]
    fetch_all(mine, left, wanted="incremental")


def test_a_further_execution_fetches_the_account_no_more(tracked: Harness) -> None:
    tracked.process_deps = replace(tracked.process_deps, limits=replace(tracked.limits, videos_per_chunk=50))
    tracked.store.put_document(DocumentWrite(ACCOUNT, {"fullAt": None}))
    job = begin(tracked)
    tracked.platform.calls.clear()
    chunk = tracked.run_state("FetchVideos", tracked.run_chain(job, until="SaveAccount"))
    assert chunk["then"] == "saveSome"
    handed_over = tracked.run_state("FetchVideos", tracked.run_state("SaveSomeVideos", chunk), began_s_ago=174)
    assert handed_over["then"] == "goOn"
    following = handed_over["next"]
    state = tracked.run_state("FetchAccount", following["input"], execution=following["name"])
    assert [call for call, _ in tracked.platform.calls if call.startswith("fetch_account")] == ["fetch_account nasa"]
    assert (state["accountId"], state["videosSaved"]) == ("instagram_528817151", 50)
    for name in ("SaveAccount", "FetchVideos", "SaveVideos"):
        state = tracked.run_state(name, state, execution=following["name"])
    found = document(tracked)
    assert (found["videoCount"], found["lastJobId"]) == (60, job["jobId"])


def test_an_incremental_refresh_marks_no_video(tracked: Harness) -> None:
    tracked.platform.videos = aged(60)[:-5]
    for _ in range(3):
        refresh(tracked)
    found = tracked.store.get_documents(f"{ACCOUNT}/videos").values()
    assert not [one for one in found if one.get("unavailableSince")]


def test_a_video_that_is_missed_once_is_not_marked(mine: Harness) -> None:
    fetch_all(mine, aged(60)[:-1])
    found = fetch_all(mine, aged(60))
    assert not [one for one in found.values() if one.get("unavailableSince")]
    fetch_all(mine, aged(60), wanted="incremental")


def test_a_video_that_comes_back_is_as_before(mine: Harness) -> None:
    for _ in range(2):
        fetch_all(mine, aged(60)[:-1])
    for _ in range(6):
        refresh(mine)
    found = fetch_all(mine, aged(60))
    assert found["video00060"]["unavailableSince"] is None
    assert document(mine)["videoCount"] == 60


def test_a_list_shorter_than_the_platforms_count_says_nothing(mine: Harness) -> None:
    """A paid run may end early and call itself complete."""
    before = document(mine)
    for _ in range(3):
        mine.platform.videos = aged(12)
        mine.platform.account = account(post_count=60)
        refresh(mine)
    found = mine.store.get_documents(f"{ACCOUNT}/videos").values()
    assert not [one for one in found if one.get("unavailableSince")]
    assert document(mine)["videoCount"] == before["videoCount"] == 60


def test_videos_that_vanish_daily_cost_two_full_refreshes(mine: Harness) -> None:
    modes = []
    for number in range(14):
        serve(mine, aged(59 - number))
        job = begin(mine)
        modes.append(job["refresh"]["mode"])
        mine.run_chain(job)
    assert modes.count("full") == 4  # in two weeks: one a week, and one that confirms it


def test_a_gone_video_is_marked_once(mine: Harness) -> None:
    marked: list[int] = []
    update_each = mine.memory.update_each

    def counted(writes: Sequence[DocumentWrite]) -> list[bool]:
        marked.append(len(writes))
        return update_each(writes)

    mine.memory.update_each = counted  # type: ignore[method-assign]
    mine.refresh_by_default(Cadence.DAILY)
    for _ in range(17):
        serve(mine, aged(50))
        refresh(mine)
    assert sum(marked) - 17 == 10  # each refresh also plans the next one


def test_a_list_that_was_cut_short_says_nothing(harness: Harness) -> None:
    """The platform has more videos than a job fetches."""
    harness.platform.videos = aged(10)
    harness.run_chain(harness.claimed_job())
    harness.process_deps = replace(harness.process_deps, max_videos=lambda name: 5)
    for _ in range(3):
        harness.clock.advance(86_400)
        harness.run_chain(harness.claimed_job())
    found = harness.store.get_documents(f"{ACCOUNT}/videos").values()
    assert not [one for one in found if one.get("unavailableSince")]
