"""History: points, growth, and the videos that stand out. The database holds what the platform served, and no more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import account, video, videos
from tests.harness import Harness
from tests.past_days import ACCOUNT, points, track, video_points
from tracking.accounts import MediaType
from tracking.document_limits import MAX_DOCUMENT_BYTES, stored_bytes
from tracking.errors import JobCancelledError
from tracking.history import growth
from tracking.history.days import base, months
from tracking.history.growth import Views
from tracking.history.past import VIDEOS_PER_PART, Past
from tracking.store import DocumentWrite, JobWrite, WriteRefusedError
from tracking.store.memory import MemoryStore

TODAY = START.date()


# Points


def test_a_job_leaves_a_point_of_the_account_and_of_each_video(harness: Harness) -> None:
    track(harness, followers=97, served=[video(1, share_count=7), video(2, view_count=None, like_count=None)])
    assert points(harness) == {
        "2026-03-01": {"at": START, "f": 97, "g": 77, "p": 4_000, "v": None, "n": None, "tv": 1_001}
    }
    assert video_points(harness, "video00001") == {"2026-03-01": [1_001, 100, 10, 7]}
    assert video_points(harness, "video00002") == {"2026-03-01": [None, None, 10, None]}


def test_the_last_fetch_of_a_day_counts(harness: Harness) -> None:
    track(harness, followers=10, served=[video(1, view_count=5)])
    harness.clock.advance(3_600)
    track(harness, followers=None, served=[video(1, view_count=6), video(2)])
    assert {day: (point["f"], point["at"]) for day, point in points(harness).items()} == {
        "2026-03-01": (None, START + timedelta(hours=1))
    }
    assert video_points(harness, "video00001") == {"2026-03-01": [6, 100, 10, None]}


def test_a_state_that_runs_twice_leaves_one_point(harness: Harness) -> None:
    harness.platform.videos = videos(3)
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    harness.run_state("SaveVideos", state)
    before = dict(harness.memory._documents)
    harness.run_state("SaveVideos", state, retry_count=1)
    assert harness.memory._documents == before


def test_a_late_writer_leaves_no_point(harness: Harness) -> None:
    """The user cancelled, and another job fetched newer counts. The first job's state goes on all the same."""
    harness.platform.videos = [video(1, view_count=1)]
    job = harness.claimed_job()
    late = harness.run_chain(job, until="FetchVideos")
    harness.memory.touch(job["jobId"], status="cancelled")
    track(harness, followers=2, served=[video(1, view_count=2)])
    before = dict(harness.memory._documents)
    with pytest.raises(JobCancelledError):
        harness.run_state("SaveVideos", late)
    assert harness.memory._documents == before
    assert video_points(harness, "video00001") == {"2026-03-01": [2, 100, 10, None]}


def test_400_days_have_one_point_each(harness: Harness) -> None:
    """None is missing or doubled at the ends of months, and no document comes near its limit."""
    moved = 0
    for number in range(400):
        moved += number % 3  # some videos move and some do not
        track(harness, followers=1_000 + number, served=[video(1, view_count=moved), video(2)])
        harness.clock.advance(86_400)
    days = [(TODAY + timedelta(number)).isoformat() for number in range(400)]
    assert {day: point["f"] for day, point in points(harness).items()} == dict(
        zip(days, range(1_000, 1_400), strict=True)
    )
    assert list(video_points(harness, "video00002")) == days
    months_of_account = harness.store.get_documents(f"{ACCOUNT}/accountHistory").values()
    assert max(map(stored_bytes, months_of_account)) < 3_000


def test_a_month_of_five_hundred_videos_fits_into_a_document() -> None:
    counts = [2**40] * 4
    month = {"v": {f"{n:019}": {f"{day:02}": counts for day in range(1, 32)} for n in range(VIDEOS_PER_PART)}}
    assert stored_bytes(month) == pytest.approx(553_000, rel=0.05)
    assert stored_bytes(month) < MAX_DOCUMENT_BYTES * 0.6


def test_many_videos_are_kept_in_parts_which_never_change(harness: Harness) -> None:
    track(harness, served=videos(700))
    harness.clock.advance(86_400)
    track(harness, served=[video(0), *videos(699), video(701)])
    parts = harness.store.get_documents(f"{ACCOUNT}/videoHistory")
    assert {name: len(part["v"]) for name, part in parts.items()} == {"2026-03": 500, "2026-03-2": 202}
    index = harness.store.get_documents(f"{ACCOUNT}/videoIndex")
    assert {name: (part.get("of"), len(part["v"])) for name, part in index.items()} == {
        "1": (2, 500),
        "2": (None, 202),
    }
    for name, part in parts.items():
        assert part["v"].keys() == index[name.removeprefix("2026-03").removeprefix("-") or "1"]["v"].keys()
    assert list(video_points(harness, "video00700")) == ["2026-03-01"]  # a day without a fetch is a gap


def test_points_that_the_database_refuses_cost_no_job(harness: Harness) -> None:
    """For example, because the exemptions of firestore.indexes.json are not deployed."""

    class RefusesPoints(MemoryStore):
        def commit(self, job: JobWrite, documents: Any = ()) -> str:
            if any("/videoHistory/" in document.path for document in documents):
                raise WriteRefusedError("too many index entries")
            return super().commit(job, documents)

    harness.use(RefusesPoints(harness.clock))
    found = track(harness, served=videos(40))
    assert (found["videoCount"], found["growth"]["since"]) == (40, "2026-03-01")
    assert len(harness.store.get_documents(f"{ACCOUNT}/videos")) == 40


def test_an_account_point_that_is_refused_costs_no_job(harness: Harness) -> None:
    class RefusesPoint(MemoryStore):
        def commit(self, job: JobWrite, documents: Any = ()) -> str:
            if any("/accountHistory/" in document.path for document in documents):
                raise WriteRefusedError("refused")
            return super().commit(job, documents)

    harness.use(RefusesPoint(harness.clock))
    assert track(harness, served=videos(3))["videoCount"] == 3


def test_the_sum_of_views_is_a_number_that_can_be_stored(harness: Harness) -> None:
    track(harness, served=videos(2, view_count=2**63 - 1))
    assert points(harness)["2026-03-01"]["tv"] == 2**63 - 1


def test_a_new_part_leaves_the_others_as_they_are(harness: Harness) -> None:
    """The number of parts is in the first one, which may have no other change."""
    old = [video(n, published_at=START - timedelta(days=100 + n)) for n in range(500)]
    track(harness, served=old)
    harness.clock.advance(86_400)
    track(harness, served=old)
    harness.clock.advance(86_400)
    track(harness, served=[video(999, published_at=None), *old])
    index = harness.store.get_documents(f"{ACCOUNT}/videoIndex")
    assert {name: (part.get("of"), len(part["v"])) for name, part in index.items()} == {"1": (2, 500), "2": (None, 1)}


# Growth of accounts


def test_growth_is_over_one_seven_and_thirty_days(harness: Harness) -> None:
    for number in range(31):
        found = track(harness, followers=1_000 + number**2, served=[video(1, view_count=10 * number)])
        harness.clock.advance(86_400)
    assert found["growth"] == {
        "since": "2026-03-01",
        "f1": 900 - 29**2,
        "f7": 900 - 23**2,
        "f30": 900,
        "v1": 10,
        "v7": 70,
        "v30": 300,
    }


def test_the_platforms_total_of_views_comes_before_the_sum(harness: Harness) -> None:
    for total, views in ((1_000, 5), (1_400, 6)):
        harness.platform.account = account(total_views=total)
        harness.platform.videos = [video(1, view_count=views)]
        harness.run_chain(harness.claimed_job())
        harness.clock.advance(86_400)
    found = harness.store.get_document(ACCOUNT) or {}
    assert found["growth"]["v1"] == 400


def test_a_hidden_count_has_no_growth(harness: Harness) -> None:
    for followers in (None, 5, None, 7):
        found = track(harness, followers=followers, served=[])
        assert found["growth"]["f1"] is None
        harness.clock.advance(86_400)
    assert track(harness, followers=9, served=[])["growth"]["f1"] == 2


@pytest.mark.parametrize(
    ("ago", "days", "found"),
    [
        *((1, 1, True), (2, 1, False)),
        *((6, 7, False), (7, 7, True), (8, 7, True), (9, 7, False)),
        *((29, 30, False), (30, 30, True), (35, 30, True), (36, 30, False)),
    ],
)
def test_growth_begins_at_a_real_point(ago: int, days: int, found: bool) -> None:
    """A point that is too young, or much older, is none: nothing is interpolated."""
    assert base({TODAY - timedelta(ago): "point"}, TODAY, days) == ("point" if found else None)


def test_the_nearest_point_is_the_begin() -> None:
    weekly = {TODAY - timedelta(days): days for days in (7, 14, 21, 28, 35)}
    assert (base(weekly, TODAY, 7), base(weekly, TODAY, 30)) == (7, 35)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2026, 3, 31), date(2026, 3, 31), ["2026-03"]),
        (date(2026, 1, 25), date(2026, 3, 1), ["2026-01", "2026-02", "2026-03"]),
        (date(2025, 12, 31), date(2026, 1, 1), ["2025-12", "2026-01"]),
        (date(2028, 2, 29), date(2028, 3, 1), ["2028-02", "2028-03"]),
    ],
)
def test_months_of_a_range(first: date, last: date, found: list[str]) -> None:
    assert months(first, last) == found


def test_new_videos_are_those_that_came_since_the_point_before(harness: Harness) -> None:
    older = video(9, published_at=START - timedelta(days=40))
    track(harness, served=videos(2))
    harness.clock.advance(86_400)
    new = [video(0, published_at=START + timedelta(hours=3)), video(8, published_at=None)]
    track(harness, served=[*new, *videos(2), older])  # the older one was beyond the limit of posts before
    harness.clock.advance(3_600)
    track(harness, served=[*new, *videos(2), older])
    assert [point["n"] for point in points(harness).values()] == [None, 2]


# Growth of videos


def of_videos(harness: Harness) -> dict[str, dict[str, Any]]:
    return harness.store.get_documents(f"{ACCOUNT}/videos")


def test_growth_of_a_video(harness: Harness) -> None:
    old = START - timedelta(days=90)
    for number in range(9):
        track(harness, served=[video(1, published_at=old, view_count=100 + number**2)])
        harness.clock.advance(86_400)
    found = of_videos(harness)["video00001"]
    assert (found["d1"], found["d7"]) == (64 - 49, 64 - 1)


@pytest.mark.parametrize(
    ("age", "d1", "d7"),
    [
        (timedelta(hours=23), 1_001, 1_001),
        (timedelta(hours=25), None, 1_001),
        (timedelta(days=6), None, 1_001),
        (timedelta(days=8), None, None),
        (-timedelta(hours=1), None, None),  # the platform's clock, or a planned video
    ],
)
def test_a_young_videos_views_are_all_growth(harness: Harness, age: timedelta, d1: int | None, d7: int | None) -> None:
    track(harness, served=[video(1, published_at=START - age)])
    found = of_videos(harness)["video00001"]
    assert (found["d1"], found["d7"]) == (d1, d7)


@pytest.mark.parametrize(
    ("hours", "name"),
    [(17, None), (18, "viewsAt24h"), (30, "viewsAt24h"), (31, None), (143, None), (144, "viewsAt7d"), (193, None)],
)
def test_views_at_an_age_are_kept(harness: Harness, hours: int, name: str | None) -> None:
    track(harness, served=[video(1, published_at=START - timedelta(hours=hours), view_count=5)])
    found = of_videos(harness)["video00001"]
    assert {key: found[key] for key in found if key.startswith("viewsAt")} == ({name: 5} if name else {})
    harness.clock.advance(30 * 86_400)
    track(harness, served=[video(1, published_at=START - timedelta(hours=hours), view_count=9)])
    found = of_videos(harness)["video00001"]
    assert {key: found[key] for key in found if key.startswith("viewsAt")} == ({name: 5} if name else {})


def series(*views: int | None, media_type: str = "video") -> dict[str, Views]:
    """Return videos, the oldest first, each a day younger; the youngest is 30 days old."""
    number = len(views)
    return {f"v{n}": Views(START - timedelta(days=30 + number - n), media_type, count) for n, count in enumerate(views)}


def multiplier(of: dict[str, Views], video_id: str) -> float | None:
    return growth.multipliers(of, [video_id], START)[video_id]


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ((100, 100, 100, 100, 100, 100), 1.0),  # steady
        ((100, 110, 90, 105, 95, 240), 2.4),  # takes off
        ((10, 10, 10, 10, 1_000_000, 100), 10.0),  # a median is not skewed by one large video
        ((100, 100, 100, 100, 240), None),  # four earlier ones are too few
        ((100, None, 100, 100, None, 100, 240), None),  # hidden counts are no measure
        ((0, 0, 0, 0, 0, 240), None),
        ((100, 100, 100, 100, 100, None), None),
        ((300, 300, 300, 300, 300, 1), 0.0033),
    ],
)
def test_a_video_is_compared_with_the_earlier_ones(views: tuple[int | None, ...], expected: float | None) -> None:
    assert multiplier(series(*views), f"v{len(views) - 1}") == expected


def test_only_earlier_videos_of_the_same_type_are_a_measure() -> None:
    found = series(*[100] * 6) | {f"text{n}": Views(START - timedelta(days=40 + n), "text", 7) for n in range(9)}
    assert multiplier(found, "v5") == 1.0
    assert multiplier(found, "v4") is None  # four earlier ones, and one later


def test_a_young_video_is_compared_and_is_no_measure() -> None:
    old = series(*[100] * 5)
    young = {f"y{n}": Views(START - timedelta(days=6 - n), "video", 1) for n in range(3)}
    assert multiplier(old | young, "y2") == 0.01


def test_fifty_earlier_videos_count_at_most() -> None:
    views = [*[1] * 60, *[100] * 50, 100]
    assert multiplier(series(*views), "v110") == 1.0
    assert multiplier(series(*views), "v85") == round(100 / median([1] * 25 + [100] * 25), 0) == 2.0


def test_an_index_that_cannot_be_read_counts_as_empty(harness: Harness) -> None:
    track(harness, served=videos(2))
    for path, odd in (
        (f"{ACCOUNT}/videoIndex/1", {"of": "two", "v": {"video00001": 7, "video00002": {"h": 1}}}),
        (f"{ACCOUNT}/accountHistory/2026-02", {"days": {"31": {"f": 1}, "x": {}, "28": 7}}),
        (f"{ACCOUNT}/videoHistory/2026-02", {"v": {"video00001": {"28": []}, "video00002": 3}}),
    ):
        harness.store.put_document(DocumentWrite(path, odd))
    past = Past.read(harness.store, ACCOUNT, ["video00001"], TODAY)
    assert not past.videos
    assert list(past.account) == [TODAY]
    assert track(harness, served=videos(2))["videoCount"] == 2


def test_a_fetch_reads_two_requests_or_three(harness: Harness) -> None:
    asked: list[int] = []
    get_each = harness.memory.get_each

    def counted(paths: Any) -> dict[str, dict[str, Any]]:
        asked.append(len(paths))
        return get_each(paths)

    harness.memory.get_each = counted  # type: ignore[method-assign]
    track(harness, served=videos(10))  # the account, two or three months of it, and the first part of the index
    first, asked[:] = list(asked), []
    harness.clock.advance(20 * 86_400)
    track(harness, served=videos(10))
    assert (first, asked) == ([5], [4, 1])


def test_media_types_are_remembered_by_their_names(harness: Harness) -> None:
    track(harness, served=[video(1, media_type=MediaType.CAROUSEL)])
    past = Past.read(harness.store, ACCOUNT, [], TODAY)
    known = past.videos["video00001"]
    assert (known.media_type, known.published_at, known.views, known.first_seen) == (
        "carousel",
        START - timedelta(hours=1),
        1_001,
        TODAY,
    )
    assert isinstance(known.published_at, datetime)
