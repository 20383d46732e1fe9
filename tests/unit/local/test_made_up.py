"""The made-up past of the demo: as fetches would have left it, up to what the first real fetch found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from cli.demo import REQUESTS
from local import made_up
from tests.simulated import World
from tracking.history import thinning
from tracking.store import DocumentWrite, account_path

TRACKED = [request for request in REQUESTS if request.error_code is None]


class Tracked:
    """An account of the demo, after its job."""

    def __init__(self, platform: str, username: str) -> None:
        self.world = World(run_s=1)
        self.store = self.world.store
        job = self.world.run(self.world.add_job(platform, username))
        assert job["status"] == "completed"
        self.path = account_path(job["orgId"], job["projectId"], job["accountId"])
        self.before = self.everything()

    @property
    def account(self) -> dict[str, Any]:
        return self.store.get_document(self.path) or {}

    @property
    def today(self) -> date:
        added: datetime = self.account["dateAdded"]
        return added.date()

    def write(self) -> int:
        return made_up.write_past(self.store, self.path, self.world.clock.now())

    def everything(self) -> dict[str, Any]:
        names = ("videos", "accountHistory", "videoHistory", "videoIndex")
        return {name: self.store.get_documents(f"{self.path}/{name}") for name in names} | {"account": self.account}

    def points(self) -> dict[date, dict[str, Any]]:
        """Return the account's points by day, the earliest first."""
        months = self.store.get_documents(f"{self.path}/accountHistory").items()
        found = {date.fromisoformat(f"{m}-{key}"): point for m, one in months for key, point in one["days"].items()}
        return dict(sorted(found.items()))

    def video_points(self) -> Iterator[dict[date, list[int | None]]]:
        """Yield the points of each video by day, the earliest first."""
        months = self.store.get_documents(f"{self.path}/videoHistory").items()
        for video_id in self.store.get_documents(f"{self.path}/videos"):
            found = {
                date.fromisoformat(f"{month[:7]}-{key}"): counts
                for month, one in months
                for key, counts in one["v"].get(video_id, {}).items()
            }
            yield dict(sorted(found.items()))


@pytest.fixture(scope="module", params=TRACKED, ids=[str(request.platform) for request in TRACKED])
def tracked(request: pytest.FixtureRequest) -> Tracked:
    """An account whose past is written. No test leaves it in another state."""
    account = Tracked(str(request.param.platform), request.param.username)
    assert account.write() == made_up.DAYS - made_up.GAP_DAYS
    return account


def test_a_year_of_points_ends_at_the_real_one(tracked: Tracked) -> None:
    (real,) = [point for month in tracked.before["accountHistory"].values() for point in month["days"].values()]
    points = tracked.points()
    assert len(points) == made_up.DAYS - made_up.GAP_DAYS + 1
    assert (min(points), max(points)) == (tracked.today - timedelta(made_up.DAYS), tracked.today)
    assert points.pop(tracked.today) == real
    for day, point in points.items():
        assert point["at"].date() == day
        assert [type(point[name]) for name in "fgpv"] == [type(real[name]) for name in "fgpv"]  # what is hidden was so
        assert all(count is None or count >= 0 for name, count in point.items() if name != "at")
    last = points[tracked.today - timedelta(1)]
    for name in ("f", "v", "tv"):
        assert last[name] is None or 0.97 * real[name] <= last[name] <= 1.01 * real[name]


def test_some_days_of_the_last_months_have_no_point(tracked: Tracked) -> None:
    points = tracked.points()

    missing = [
        tracked.today - timedelta(back) for back in range(made_up.DAYS) if tracked.today - timedelta(back) not in points
    ]
    assert (max(missing) - min(missing)).days == made_up.GAP_DAYS - 1
    assert timedelta(30) < tracked.today - max(missing) < timedelta(130)


def test_new_posts_and_the_number_of_posts_agree(tracked: Tracked) -> None:
    points = [*tracked.points().values()][:-1]

    assert points[0]["n"] is None
    if points[0]["p"] is not None:
        assert [b["n"] for b in points[1:]] == [b["p"] - a["p"] for a, b in pairwise(points)]
        assert sum(point["n"] for point in points[1:]) > 10


def test_points_of_videos_rise_to_the_real_ones(tracked: Tracked) -> None:
    month, key = f"{tracked.today:%Y-%m}", f"{tracked.today:%d}"
    real = tracked.before["videoHistory"][month]["v"]

    for video, found in zip(tracked.everything()["videos"], tracked.video_points(), strict=True):
        expected = real[video][key]
        assert found[tracked.today] == expected
        for kind in range(4):
            counts = [point[kind] for point in found.values()]
            if expected[kind] is None:
                assert set(counts) == {None}
            else:
                assert counts == sorted(counts)  # type: ignore[type-var]
                assert counts[0] is not None
                assert counts[0] >= 0


def test_old_points_of_videos_are_thinned_as_by_the_cleanup(tracked: Tracked) -> None:
    now = tracked.world.clock.now()

    for name in ("accountHistory", "videoHistory"):
        for month, document in tracked.store.get_documents(f"{tracked.path}/{name}").items():
            due = document[thinning.DUE]
            assert due is None or due > now, (name, month)
    for points in tracked.video_points():
        early = [day for day in points if day < tracked.today - timedelta(125)]
        late = [day for day in points if day >= tracked.today - timedelta(85)]
        assert all(
            after.isocalendar()[:2] != day.isocalendar()[:2] or day.month != after.month
            for day, after in pairwise(early)
        )
        assert all((after - day).days in (1, 1 + made_up.GAP_DAYS) for day, after in pairwise(late))


def test_growth_is_compared_with_the_made_up_points(tracked: Tracked) -> None:
    points, growth = tracked.points(), tracked.account["growth"]
    real = points[tracked.today]

    assert growth["since"] == min(points).isoformat()
    for days in (1, 7, 30):
        then = points[tracked.today - timedelta(days)]
        assert growth[f"f{days}"] == (None if real["f"] is None else real["f"] - then["f"])
    for video_id, video in tracked.store.get_documents(f"{tracked.path}/videos").items():
        assert (video["d7"] is None) == (video["viewCount"] is None), video_id


def test_only_points_and_figures_are_written(tracked: Tracked) -> None:
    before, after = tracked.before, tracked.everything()

    of_lists = dict.fromkeys(("growth", "recentFollowers", "spikes"))
    assert after["account"] | of_lists == before["account"] | of_lists
    figures = dict.fromkeys(("d1", "d7", "multiplier", "viewsAt24h", "viewsAt7d"))
    for video_id, video in before["videos"].items():
        assert after["videos"][video_id] | figures == video | figures
    seen = {key: one["s"] for key, one in after["videoIndex"]["1"]["v"].items()}
    assert set(seen.values()) == {tracked.today.isoformat()}


def test_a_second_run_changes_nothing(tracked: Tracked) -> None:
    after = tracked.everything()

    assert tracked.write() == 0
    assert tracked.everything() == after


def test_a_run_after_one_that_was_killed_writes_the_same(tracked: Tracked) -> None:
    after = tracked.everything()
    growth = after["account"]["growth"] | {"since": tracked.today.isoformat()}
    tracked.store.put_document(DocumentWrite(tracked.path, {"growth": growth}))  # it was to be written last

    assert tracked.write() == made_up.DAYS - made_up.GAP_DAYS
    assert tracked.everything() == after


def test_two_demos_make_up_the_same() -> None:
    one, two = Tracked("youtube", "GoogleDevelopers"), Tracked("youtube", "GoogleDevelopers")
    one.write()
    two.write()

    assert one.everything() == two.everything()


def test_rounded_followers_were_rounded_before() -> None:
    channel = Tracked("youtube", "GoogleDevelopers")
    channel.write()

    followers = {point["f"] for point in channel.points().values()}
    assert all(count % 10_000 == 0 for count in followers)
    assert len(followers) > 10


def test_a_video_has_no_point_before_it_was_published() -> None:
    account = Tracked("tiktok", "loveluxury.com")
    account.write()
    videos = account.store.get_documents(f"{account.path}/videos").values()

    for video, points in zip(videos, account.video_points(), strict=True):
        assert min(points) >= video["publishedAt"].date()
    young = [video for video in videos if video["publishedAt"].date() > account.today - timedelta(made_up.DAYS)]
    assert len(young) >= 3


def test_no_point_is_made_up_for_the_day_of_the_addition() -> None:
    """A job that ran over midnight has its first point on the day after."""
    account = Tracked("youtube", "GoogleDevelopers")
    real, added = account.today, account.account["dateAdded"] - timedelta(days=1)
    account.store.put_document(DocumentWrite(account.path, {"dateAdded": added}))
    account.write()

    assert max(day for day in account.points() if day != real) == real - timedelta(days=2)


def test_an_account_without_a_real_point_gets_none() -> None:
    account = Tracked("youtube", "GoogleDevelopers")
    empty = "organizations/o/projects/p/trackedAccounts/a"
    account.store.put_document(DocumentWrite(empty, {**account.account, "username": "a"}))

    assert made_up.write_past(account.store, empty, account.world.clock.now()) == 0
    assert account.store.get_documents(f"{empty}/accountHistory") == {}
