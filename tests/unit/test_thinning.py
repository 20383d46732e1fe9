"""Thinning: the points of old days become weeks and months, and no point is lost, doubled or changed on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from cleanup.app import RESERVE_MS, handler
from tests.doubles import START
from tests.factories import video
from tests.harness import Harness
from tests.past_days import ACCOUNT, days, point, points, put_days, track, video_points
from tracking.adoption import ADOPTED, OWNER
from tracking.errors import StoreUnavailableError
from tracking.history import thinning
from tracking.history.days import month_after
from tracking.jobs import Fields
from tracking.pauses import CONTROL_DOCUMENT as CONTROL
from tracking.sentences import Sentence
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.wiring import CleanupDeps

HISTORY = f"{ACCOUNT}/accountHistory"
VIDEOS = f"{ACCOUNT}/videoHistory"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def adopted(harness: Harness) -> None:
    harness.memory.put_document(ADOPTED)


def clean_up(harness: Harness, remaining_s: float = 300) -> bool:
    """Run the daily cleanup, and return whether it came to its end."""
    deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits)
    return bool(handler({}, FakeContext(remaining_s), deps)["isDone"])  # type: ignore[arg-type]


def at(harness: Harness, moment: datetime) -> None:
    harness.clock.advance((moment - harness.clock.now()).total_seconds())


def weeks(harness: Harness) -> dict[tuple[int, int], dict[str, Any]]:
    return {
        (int(year), int(week)): point
        for year, document in harness.store.get_documents(HISTORY).items()
        for week, point in document.get("weeks", {}).items()
    }


def month_of_points(wanted: Sequence[date]) -> Fields:
    return {"days": {f"{day:%d}": point(day) for day in wanted}}


# The whole life of a history


def expected_days(fetched: Mapping[date, int], now: datetime) -> dict[date, int]:
    """Return the days that stay in documents of months: their month is not yet due."""
    return {
        day: count
        for day, count in fetched.items()
        if now < datetime(day.year + 1 + (day.month + 1) // 12, (day.month + 1) % 12 + 1, 8, tzinfo=UTC)
    }


def expected_weeks(fetched: Mapping[date, int], now: datetime) -> dict[tuple[int, int], int]:
    """Return the last day's count of each week that has a day in a month that is due."""
    gone = fetched.keys() - expected_days(fetched, now).keys()
    due = {day.isocalendar()[:2] for day in gone}
    return {day.isocalendar()[:2]: fetched[day] for day in sorted(fetched) if day.isocalendar()[:2] in due}


def expected_of_video(fetched: Mapping[date, int], now: datetime) -> dict[date, int]:
    """Return the days of a video's points that stay."""
    kept: dict[object, date] = {}
    for day in sorted(fetched):
        end = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
        month = (day.year, day.month)
        if now < end + 90 * DAY:
            kept[day] = day
        elif now < end + 365 * DAY:
            kept[month, day.isocalendar()[:2]] = day
        else:
            kept[month] = day
    return {day: fetched[day] for day in kept.values()}


def check(harness: Harness, fetched: Mapping[date, int]) -> None:
    now = harness.clock.now()
    of_days = {date.fromisoformat(day): point["f"] for day, point in points(harness).items()}
    assert of_days == expected_days(fetched, now)
    assert {week: point["f"] for week, point in weeks(harness).items()} == expected_weeks(fetched, now)
    of_video = {date.fromisoformat(day): counts[0] for day, counts in video_points(harness, "video00001").items()}
    assert of_video == expected_of_video(fetched, now)


def test_400_days_stay_as_days_then_weeks_then_months(harness: Harness) -> None:
    """An account is fetched for 400 days, with a day, a week and a whole month missing; then time goes on."""
    missing = {*range(20, 21), *range(90, 99), *range(214, 246)}
    fetched: dict[date, int] = {}
    for number in range(400):
        if number not in missing:
            track(harness, followers=1_000 + number, served=[video(1, view_count=1_000 + number)])
            fetched[harness.clock.now().date()] = 1_000 + number
        assert clean_up(harness)
        if number % 10 == 0:
            check(harness, fetched)
        harness.clock.advance(86_400)
    for _ in range(500):
        assert clean_up(harness)
        check(harness, fetched)
        harness.clock.advance(86_400)
    assert not points(harness)
    assert len(weeks(harness)) == len({day.isocalendar()[:2] for day in fetched})
    assert len(video_points(harness, "video00001")) == len({(day.year, day.month) for day in fetched})
    assert {document.get("thinAt") for document in harness.store.get_documents(VIDEOS).values()} == {None}
    assert set(harness.store.get_documents(HISTORY)) == {"2026", "2027"}


# Weeks


def sundays(first: date, last: date) -> dict[tuple[int, int], date]:
    return {day.isocalendar()[:2]: day for day in days(first, last) if day.isoweekday() == 7}


@pytest.mark.parametrize("year", [2026, 2027, 2028, 2032])
def test_a_weeks_value_is_its_last_days(year: int) -> None:
    """Month by month, over ISO years with 52 and with 53 weeks: every Sunday's point stays, each in its ISO year."""
    first, last = date(year - 1, 12, 1), date(year + 1, 2, 28)
    by_month: dict[str, list[date]] = {}
    for day in days(first, last):
        by_month.setdefault(f"{day:%Y-%m}", []).append(day)
    kept: dict[str, Fields] = {}
    for month, of_month in by_month.items():
        following = month_of_points(by_month.get(month_after(month), []))
        for iso_year, found in thinning.weeks(month, month_of_points(of_month), following).items():
            kept[iso_year] = thinning.joined(kept.get(iso_year), found)
    found_days = {(int(y), int(w)): one["at"].date() for y, of_year in kept.items() for w, one in of_year.items()}
    ends = sundays(first, last)
    assert {week: day for week, day in found_days.items() if week in ends} == ends
    assert found_days.keys() - ends.keys() == {last.isocalendar()[:2]} - ends.keys()
    assert all(len(week) == 2 for of_year in kept.values() for week in of_year)


@pytest.mark.parametrize(
    ("day", "year", "week"),
    [
        (date(2026, 12, 31), "2026", "53"),
        (date(2027, 1, 3), "2026", "53"),
        (date(2027, 1, 4), "2027", "01"),
        (date(2024, 12, 30), "2025", "01"),
    ],
)
def test_a_week_belongs_to_its_iso_year(day: date, year: str, week: str) -> None:
    assert thinning.weeks(f"{day:%Y-%m}", month_of_points([day]), {}) == {year: {week: point(day)}}


@pytest.mark.parametrize(
    ("of_march", "of_april", "last"),
    [
        ([30, 31], [1, 5, 6], date(2026, 4, 5)),  # Sunday is the 5th
        ([30, 31], [6, 30], date(2026, 3, 31)),
        ([31], [2], date(2026, 4, 2)),
        ([28], [3], date(2026, 4, 3)),
    ],
)
def test_the_next_month_ends_the_last_week(of_march: list[int], of_april: list[int], last: date) -> None:
    march = month_of_points([date(2026, 3, day) for day in of_march])
    april = month_of_points([date(2026, 4, day) for day in of_april])
    found = thinning.weeks("2026-03", march, april)
    assert found["2026"]["14"] == point(last)
    assert "15" not in found["2026"]


def test_points_that_cannot_be_read_are_left_out() -> None:
    readable = point(date(2026, 3, 2))
    document = {"days": {"02": readable, "x": {}, "03": 7, "32": {}, "04": None}}
    assert thinning.weeks("2026-03", document, {"days": "odd"}) == {"2026": {"10": readable}}
    assert thinning.weeks("2026-03", {}, {}) == {}
    assert thinning.joined({"09": 1, "10": "odd"}, {"10": readable}) == {"09": 1, "10": readable}


# The daily run


def history(harness: Harness) -> dict[str, dict[str, Any]]:
    """Return all documents of the history."""
    return {path: harness.store.get_documents(path) for path in (HISTORY, VIDEOS)}


FIRST, LAST = date(2025, 11, 20), date(2026, 2, 10)
ALL_DUE = datetime(2027, 4, 8, tzinfo=UTC)


def thinned(harness: Harness) -> dict[str, dict[str, Any]]:
    """Return the history as an undisturbed run leaves it."""
    put_days(harness.store, FIRST, LAST)
    at(harness, ALL_DUE)
    assert clean_up(harness)
    return history(harness)


def test_thinned_documents_have_weeks_and_months(harness: Harness) -> None:
    found = thinned(harness)
    of_weeks = {week: found["at"].date() for week, found in weeks(harness).items()}
    ends = sundays(FIRST, LAST)
    assert of_weeks == ends | {(2026, 7): LAST}
    assert found[VIDEOS] == {
        f"{last:%Y-%m}": {"v": {"a": {f"{last:%d}": [last.toordinal(), None, 1, 2]}}, "thinAt": None}
        for last in (date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), LAST)
    }


def test_a_second_run_changes_nothing(harness: Harness) -> None:
    thinned(harness)
    before = dict(harness.memory._documents)
    assert clean_up(harness)
    assert harness.memory._documents == before


class Failing(MemoryStore):
    """Fails at one change of the history, before it or after it was made."""

    failing_at, is_made = 0, False

    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        self.failing_at -= 1
        if self.failing_at == 0 and not self.is_made:
            raise StoreUnavailableError(Sentence("said"))
        super().change_together(writes, deleted)
        if self.failing_at == 0:
            raise StoreUnavailableError(Sentence("said"))


@pytest.mark.parametrize("is_made", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_run_that_dies_anywhere_loses_and_doubles_nothing(harness: Harness, number: int, is_made: bool) -> None:
    expected = thinned(harness)
    store = Failing(harness.clock)
    harness.use(store)
    store.put_document(ADOPTED)
    put_days(harness.store, FIRST, LAST)
    store.failing_at, store.is_made = number, is_made
    with pytest.raises(StoreUnavailableError):
        clean_up(harness)
    assert history(harness) != expected or number == 8
    assert clean_up(harness)
    assert history(harness) == expected


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]])
def test_months_may_be_thinned_in_any_order(harness: Harness, order: list[int]) -> None:
    """A month that changed while it was read has its turn later, when the next one may be gone."""
    expected = thinned(harness)[HISTORY]
    for year in expected:
        harness.memory.change_together([], {f"{HISTORY}/{year}": version(harness, f"{HISTORY}/{year}")})
    put_days(harness.store, FIRST, LAST)
    months = ["2025-11", "2025-12", "2026-01", "2026-02"]
    for month in months:
        harness.store.put_document(DocumentWrite(f"{HISTORY}/{month}", {thinning.DUE: None}))
    for number in order:
        harness.store.put_document(DocumentWrite(f"{HISTORY}/{months[number]}", {thinning.DUE: START}))
        assert clean_up(harness)
    assert harness.store.get_documents(HISTORY) == expected


def version(harness: Harness, path: str) -> str:
    stored = harness.store.get_stored(path)
    assert stored is not None
    return stored.version


def test_a_month_that_was_fetched_late_is_thinned_like_others(harness: Harness) -> None:
    """Its only fetch came on its last day. The week has its point, and the next month has none of that week."""
    put_days(harness.store, date(2026, 3, 31), date(2026, 3, 31))
    put_days(harness.store, date(2026, 4, 30), date(2026, 4, 30))
    at(harness, thinning.account_due("2026-03"))
    assert clean_up(harness)
    assert {week: found["at"].date() for week, found in weeks(harness).items()} == {(2026, 14): date(2026, 3, 31)}
    assert list(points(harness)) == ["2026-04-30"]


def test_a_point_that_comes_after_the_thinning_is_thinned_too(harness: Harness) -> None:
    """No fetch takes so long; all the same, the documents end as they would have."""
    expected = thinned(harness)
    late = LAST + DAY
    put_days(harness.store, late, late)
    assert clean_up(harness)
    found = history(harness)
    assert found[HISTORY]["2026"]["weeks"]["07"] == point(late)
    assert list(found[VIDEOS]["2026-02"]["v"]["a"]) == [f"{late:%d}"]
    assert set(found[HISTORY]) == set(expected[HISTORY])


def test_a_month_that_changes_meanwhile_has_its_turn_tomorrow(harness: Harness) -> None:
    put_days(harness.store, date(2026, 3, 1), date(2026, 3, 31))
    at(harness, thinning.account_due("2026-03"))
    memory = harness.memory

    class Meddled(MemoryStore):
        def __getattribute__(self, name: str) -> Any:
            return getattr(memory, name) if name != "change_together" else super().__getattribute__(name)

        def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
            for path in [*deleted, *(write.path for write in writes if write.version)]:
                memory.put_document(DocumentWrite(path, {"changedAt": harness.clock.now()}))
            memory.change_together(writes, deleted)

    before = points(harness)
    harness.store = Meddled(harness.clock)
    assert clean_up(harness)
    assert points(harness) == before
    assert not weeks(harness)
    harness.store = memory
    assert clean_up(harness)
    assert (points(harness), len(weeks(harness))) == ({}, 6)


def test_a_year_that_another_run_made_meanwhile_is_kept(harness: Harness) -> None:
    """The cleanup was invoked twice."""
    put_days(harness.store, date(2026, 3, 2), date(2026, 3, 2))
    at(harness, thinning.account_due("2026-03"))
    others = {"weeks": {"09": point(date(2026, 2, 28))}}

    class Raced(MemoryStore):
        def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
            if any(write.must_be_new for write in writes):
                self.put_document(DocumentWrite(f"{HISTORY}/2026", others))
            super().change_together(writes, deleted)

    raced = Raced(harness.clock)
    raced._documents = harness.memory._documents
    harness.store = raced
    assert clean_up(harness)
    assert harness.store.get_document(f"{HISTORY}/2026") == others
    assert clean_up(harness)
    assert set(weeks(harness)) == {(2026, 9), (2026, 10)}


def test_documents_of_others_are_left_and_stop_nothing(harness: Harness) -> None:
    foreign = [
        "others/o/accountHistory/2026-03",
        f"{HISTORY}/2026-3",
        f"{HISTORY}/2026-13",
        f"{VIDEOS}/2026-03-x",
        f"{HISTORY}/2026",
    ]
    for path in foreign:
        harness.store.put_document(DocumentWrite(path, {"days": {"01": 1}, "v": 7, thinning.DUE: START}))
    before = {path: harness.store.get_document(path) for path in foreign}
    put_days(harness.store, date(2026, 4, 1), date(2026, 4, 2))
    at(harness, thinning.account_due("2026-04"))
    harness.limits = replace(harness.limits, due_page_size=1)
    assert clean_up(harness)
    assert {path: harness.store.get_document(path) for path in foreign if path != f"{HISTORY}/2026"} == {
        path: document for path, document in before.items() if path != f"{HISTORY}/2026"
    }
    assert not points(harness).keys() & {"2026-04-01", "2026-04-02"}


class RunningOut(FakeContext):
    """A Lambda context with time for so many documents, and the jobs."""

    def __init__(self, documents: int) -> None:
        super().__init__(RESERVE_MS / 1000 + documents + 1)

    def get_remaining_time_in_millis(self) -> int:
        self._remaining_s -= 1
        return round(self._remaining_s * 1000)


def test_a_run_without_time_goes_on_the_next_day(harness: Harness) -> None:
    put_days(harness.store, FIRST, LAST)
    at(harness, ALL_DUE)
    deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits)
    left = []
    for _ in range(3):
        result = handler({}, RunningOut(3), deps)  # type: ignore[arg-type]
        left.append((result["isDone"], len(harness.memory.due_documents("accountHistory", "thinAt", ALL_DUE, 9))))
    assert left == [(False, 1), (False, 0), (True, 0)]


def test_the_history_of_another_stacks_project_stays(harness: Harness) -> None:
    put_days(harness.store, FIRST, LAST)
    at(harness, ALL_DUE)
    before = history(harness)
    harness.memory.put_document(DocumentWrite(CONTROL, {OWNER: "arn:theirs"}))
    deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits, machine="arn:ours")
    assert not handler({}, FakeContext(), deps)["isDone"]  # type: ignore[arg-type]
    assert history(harness) == before


# The times


@pytest.mark.parametrize(
    ("month", "account", "videos"),
    [
        ("2026-03", datetime(2027, 5, 8, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)),
        ("2026-11", datetime(2028, 1, 8, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)),
        ("2026-12", datetime(2028, 2, 8, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)),
    ],
)
def test_a_months_time_follows_from_its_name(month: str, account: datetime, videos: datetime) -> None:
    assert (thinning.account_due(month), thinning.videos_due(month)) == (account, videos)


def test_a_fetch_writes_when_its_month_is_due(harness: Harness) -> None:
    for _ in range(3):
        track(harness, served=[video(1)])
        harness.clock.advance(86_400)
    assert [document["thinAt"] for document in harness.store.get_documents(HISTORY).values()] == [
        datetime(2027, 5, 8, tzinfo=UTC)
    ]
    assert [document["thinAt"] for document in harness.store.get_documents(VIDEOS).values()] == [
        datetime(2026, 6, 30, tzinfo=UTC)
    ]


def test_a_part_of_a_months_videos_is_thinned_like_the_first() -> None:
    assert thinning.month_at(f"{VIDEOS}/2026-03-12") == "2026-03"


def test_videos_not_thinned_for_a_year_go_to_months_at_once() -> None:
    document = {"v": {"a": {"02": [1], "31": [2], "x": [3]}, "b": {"07": [4]}, "c": 5}}
    assert thinning.of_videos("2026-03", document, datetime(2028, 1, 1, tzinfo=UTC)) == {
        "v": {"a": {"31": [2]}, "b": {"07": [4]}, "c": {}},
        "thinAt": None,
    }
