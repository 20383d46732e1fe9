"""An account becomes a day older: its times, its points over the ends of months and years, and its index."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local import moving_back
from tests.doubles import ManualClock
from tests.past_days import ACCOUNT, days, put_days
from tracking.history import thinning
from tracking.jobs import Fields
from tracking.store import DocumentWrite, StaleVersionError
from tracking.store.memory import MemoryStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, LAST = date(2025, 11, 28), date(2026, 3, 2)
MOMENTS = (
    *("dateAdded", "lastSyncedAt", "nextRefreshAt", "fullAt", "confirmAt", "refreshAskedAt", "unavailableSince"),
    *("publishedAt",),
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(ManualClock())


def put(store: MemoryStore, path: str, **fields: Any) -> Fields:
    store.put_document(DocumentWrite(path, fields))
    return fields


def move(store: MemoryStore, **fields: Any) -> None:
    moving_back.move_back(store, ACCOUNT, store.get_document(ACCOUNT) or {}, fields)


def account_days(store: MemoryStore) -> dict[date, Any]:
    months = store.get_documents(f"{ACCOUNT}/accountHistory").items()
    return {date.fromisoformat(f"{m}-{key}"): point for m, one in months for key, point in one.get("days", {}).items()}


def video_days(store: MemoryStore, video_id: str = "a") -> dict[date, Any]:
    return {
        date.fromisoformat(f"{month[:7]}-{key}"): counts
        for month, one in store.get_documents(f"{ACCOUNT}/videoHistory").items()
        for key, counts in one["v"].get(video_id, {}).items()
    }


@pytest.mark.parametrize("name", MOMENTS)
def test_each_time_of_account_and_videos_moves(store: MemoryStore, name: str) -> None:
    put(store, ACCOUNT, **{name: NOON, "followerCount": 7})
    put(store, f"{ACCOUNT}/videos/a", **{name: NOON, "thumbnail": {"url": "u", "expiresAt": NOON}, "viewCount": None})

    move(store)

    assert store.get_document(ACCOUNT) == {name: NOON - DAY, "followerCount": 7}
    moved = {name: NOON - DAY, "thumbnail": {"url": "u", "expiresAt": NOON - DAY}, "viewCount": None}
    assert store.get_document(f"{ACCOUNT}/videos/a") == moved


def test_times_in_lists_and_the_first_day_of_growth_move(store: MemoryStore) -> None:
    names = [{"username": "before", "until": NOON}, {"username": "later", "until": NOON + DAY}]
    put(store, ACCOUNT, usernameHistory=names, growth={"since": "2026-01-01", "f1": 5}, nextRefreshAt=None)

    move(store)

    moved = store.get_document(ACCOUNT) or {}
    assert [name["until"] for name in moved["usernameHistory"]] == [NOON - DAY, NOON]
    assert moved["growth"] == {"since": "2025-12-31", "f1": 5}
    assert moved["nextRefreshAt"] is None


def test_further_fields_are_set_in_the_same_commit(store: MemoryStore) -> None:
    put(store, ACCOUNT, nextRefreshAt=NOON, lastSyncedAt=NOON)

    move(store, nextRefreshAt=NOON + DAY)

    assert store.get_document(ACCOUNT) == {"nextRefreshAt": NOON + DAY, "lastSyncedAt": NOON - DAY}


@pytest.mark.parametrize("times", [1, 2, 40])
def test_points_move_over_the_ends_of_months_and_years(store: MemoryStore, times: int) -> None:
    put(store, ACCOUNT, username="nasa")
    put_days(store, FIRST, LAST)

    for _ in range(times):
        move(store)

    back = timedelta(days=times)
    expected = {day - back: day.toordinal() for day in days(FIRST, LAST)}
    assert {day: point["f"] for day, point in account_days(store).items()} == expected
    assert all(point["at"].date() == day for day, point in account_days(store).items())
    assert video_days(store) == {day: [number, None, 1, 2] for day, number in expected.items()}
    months = store.get_documents(f"{ACCOUNT}/accountHistory")
    assert min(months) == f"{FIRST - back:%Y-%m}"
    assert max(months) == f"{LAST - back:%Y-%m}"  # a month without a day left is gone
    for month, document in months.items():
        assert document[thinning.DUE] == thinning.account_due(month)


def test_videos_of_each_part_stay_in_it(store: MemoryStore) -> None:
    put(store, ACCOUNT, username="nasa")
    put(store, f"{ACCOUNT}/videoHistory/2026-03", v={"a": {"01": [1, 2, 3, 4], "02": [5, 6, 7, 8]}})
    put(store, f"{ACCOUNT}/videoHistory/2026-03-2", v={"b": {"01": [9, 9, 9, 9]}})

    move(store)

    found = store.get_documents(f"{ACCOUNT}/videoHistory")
    assert {name: document["v"] for name, document in found.items()} == {
        "2026-02": {"a": {"28": [1, 2, 3, 4]}},
        "2026-03": {"a": {"01": [5, 6, 7, 8]}},
        "2026-02-2": {"b": {"28": [9, 9, 9, 9]}},
    }
    assert found["2026-02"][thinning.DUE] == thinning.videos_due("2026-02")


def test_a_month_of_videos_that_was_thinned_keeps_its_state(store: MemoryStore) -> None:
    put(store, ACCOUNT, username="nasa")
    put(store, f"{ACCOUNT}/videoHistory/2025-03", v={"a": {"31": [1, 2, 3, 4]}}, thinAt=None)

    move(store)

    kept = {"v": {"a": {"30": [1, 2, 3, 4]}}, "thinAt": None}
    assert store.get_documents(f"{ACCOUNT}/videoHistory") == {"2025-03": kept}


def test_weeks_move_with_their_points(store: MemoryStore) -> None:
    put(store, ACCOUNT, username="nasa")
    sunday, monday = datetime(2024, 12, 29, 9, tzinfo=UTC), datetime(2024, 12, 30, 9, tzinfo=UTC)
    put(store, f"{ACCOUNT}/accountHistory/2024", weeks={"52": {"at": sunday, "f": 1}})
    put(
        store,
        f"{ACCOUNT}/accountHistory/2025",
        weeks={"01": {"at": monday, "f": 2}, "02": {"at": monday + 7 * DAY, "f": 3}},
    )

    move(store)

    found = store.get_documents(f"{ACCOUNT}/accountHistory")
    assert found == {
        "2024": {"weeks": {"52": {"at": monday - DAY, "f": 2}}},  # the later one of two that come into one week
        "2025": {"weeks": {"01": {"at": monday + 6 * DAY, "f": 3}}},
    }


def test_the_index_moves_its_times_and_days_alone(store: MemoryStore) -> None:
    put(store, ACCOUNT, username="nasa")
    entry = {"h": "digest", "t": NOON, "m": "video", "w": 5, "s": "2026-03-01", "x": NOON, "u": False}
    put(store, f"{ACCOUNT}/videoIndex/1", v={"a": entry, "b": {"h": "digest", "t": None, "s": None}}, of=1)

    move(store)

    later = {**entry, "t": NOON - DAY, "x": NOON - DAY, "s": "2026-02-28"}
    assert store.get_document(f"{ACCOUNT}/videoIndex/1") == {
        "v": {"a": later, "b": {"h": "digest", "t": None, "s": None}},
        "of": 1,
    }


def test_a_large_account_moves_as_a_whole(store: MemoryStore) -> None:
    put(store, ACCOUNT, lastSyncedAt=NOON)
    for number in range(1_000):
        put(store, f"{ACCOUNT}/videos/v{number}", publishedAt=NOON)
    put_days(store, FIRST, LAST)

    move(store)

    assert {video["publishedAt"] for video in store.get_documents(f"{ACCOUNT}/videos").values()} == {NOON - DAY}
    assert min(account_days(store)) == FIRST - DAY
    assert store.get_document(ACCOUNT) == {"lastSyncedAt": NOON - DAY}


def test_a_point_that_comes_meanwhile_is_not_lost(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, ACCOUNT, lastSyncedAt=NOON)
    put_days(store, FIRST, LAST)
    before = account_days(store)
    read = store.get_stored

    def read_and_interfere(path: str) -> Any:
        stored = read(path)
        if path.endswith("accountHistory/2026-03"):
            put_days(store, LAST + DAY, LAST + DAY)
        return stored

    monkeypatch.setattr(store, "get_stored", read_and_interfere)
    with pytest.raises(StaleVersionError):
        move(store)

    assert store.get_document(ACCOUNT) == {"lastSyncedAt": NOON}
    assert account_days(store).keys() == {*before, LAST + DAY}
