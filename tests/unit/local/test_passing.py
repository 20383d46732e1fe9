"""A day passes: the project becomes a day older, and its accounts are fetched again by the product's refreshes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local import LocalError
from local.passing import FETCHED_WITHIN, Days, Passed, Project
from local.simulator.today import RECORDED, Today
from tests.factories import account, job_document, video
from tests.harness import Harness
from tests.past_days import ACCOUNT, points, track, video_points
from tracking.jobs import Status
from tracking.refreshes import Cadence
from tracking.store import REFRESHES, DocumentWrite

PROJECT = Project("org1", "project1")
DAY = timedelta(days=1)


class Counter:
    """The day counter without Firestore. `platform`: called with each new day."""

    def __init__(self, platform: Callable[[int], None]) -> None:
        self.set_to: list[Today] = []
        self._platform = platform

    def today(self) -> Today:
        return self.set_to[-1] if self.set_to else RECORDED

    def set(self, today: Today) -> None:
        self.set_to.append(today)
        self._platform(today.day)


class Local:
    """A project with one tracked account, whose platform goes on when a day passes."""

    def __init__(self) -> None:
        self.harness = Harness()
        self.harness.refresh_by_default(Cadence.DAILY)
        self.harness.clock.advance(3_600)
        self.published = self.harness.clock.now() - 3 * DAY
        self.served(0)
        track(self.harness, followers=1_000, served=self.harness.platform.videos)  # type: ignore[arg-type]
        self.store = self.harness.memory
        self.counter = Counter(self.served)
        self.ticks = 0
        self.works = True

    def served(self, day: int) -> None:
        platform = self.harness.platform
        platform.account = account(follower_count=1_000 + 10 * day)
        one = video(video_id="v1", view_count=500 + 7 * day, published_at=self.published - day * DAY)
        new = [
            replace(one, video_id=f"new{n}", published_at=self.published + (3 + n - day) * DAY)
            for n in range(1, day + 1)
        ]
        platform.videos = [one, *new]

    def tick(self) -> None:
        self.ticks += 1
        for job in self.harness.refresh_tick():
            if self.works:
                self.harness.run_chain(job)

    def pass_one(self, project: Project = PROJECT) -> Passed:
        self.harness.clock.advance(5)
        clock = self.harness.clock
        return Days(self.store, self.store.of(REFRESHES), self.counter, self.tick, clock).pass_one([project])

    @property
    def account(self) -> dict[str, Any]:
        return self.store.get_document(ACCOUNT) or {}

    @property
    def today(self) -> datetime:
        return self.harness.clock.now()

    def put(self, **fields: Any) -> None:
        self.store.put_document(DocumentWrite(ACCOUNT, fields))


def test_a_day_brings_a_point_and_its_growth() -> None:
    local = Local()
    before = local.account

    assert local.pass_one() == Passed(day=1, fetched=1, waiting=0)

    found = points(local.harness)
    yesterday, today = f"{local.today - DAY:%Y-%m-%d}", f"{local.today:%Y-%m-%d}"
    assert {day: point["f"] for day, point in found.items()} == {yesterday: 1_000, today: 1_010}
    assert found[today]["n"] == 1
    after = local.account
    assert after["growth"]["f1"] == 10
    assert after["growth"]["since"] == yesterday
    assert after["dateAdded"] == before["dateAdded"] - DAY
    assert after["lastSyncedAt"] > before["lastSyncedAt"]
    assert after["nextRefreshAt"] > local.today
    assert video_points(local.harness, "v1") == {yesterday: [500, 100, 10, None], today: [507, 100, 10, None]}
    document = local.store.get_document(f"{ACCOUNT}/videos/v1") or {}
    assert (document["d1"], document["publishedAt"]) == (7, local.published - DAY)


def test_days_pass_one_after_the_other_within_a_minute() -> None:
    local = Local()

    assert [local.pass_one() for _ in range(5)] == [Passed(day, 1, 0) for day in range(1, 6)]

    followers = [point["f"] for _, point in sorted(points(local.harness).items())]
    assert followers == [1_000, 1_010, 1_020, 1_030, 1_040, 1_050]
    assert local.account["growth"]["f1"] == 10
    since = {today.since for today in local.counter.set_to}
    assert len(since) == 1  # posts keep the hour at which they were published
    assert local.store.of(REFRESHES).get_job(local.account["lastJobId"]) is not None


def test_the_platform_goes_on_before_the_account_is_due() -> None:
    local = Local()
    seen: list[datetime] = []
    local.counter = Counter(lambda _day: seen.append(local.account["nextRefreshAt"]))

    local.pass_one()

    assert seen[0] > local.today


def test_a_job_that_runs_is_waited_for_and_then_named() -> None:
    local = Local()
    job = local.harness.claimed_job()
    before = local.account

    with pytest.raises(LocalError, match=r"One job is still running: let the day pass when they have ended\."):
        local.pass_one()

    assert local.account == before
    assert local.counter.set_to == []
    local.harness.run_chain(job)
    assert local.pass_one().day == 1


def test_a_refresh_that_runs_is_waited_for() -> None:
    local = Local()
    local.works = False
    local.put(nextRefreshAt=local.today)
    local.tick()

    with pytest.raises(LocalError, match="still running"):
        local.pass_one()


def test_jobs_of_other_projects_are_nobodys_business() -> None:
    local = Local()
    local.store.create_job(job_document(orgId="org2", status=str(Status.PROCESSING)))
    before = local.account

    assert local.pass_one().fetched == 1
    assert local.account["dateAdded"] == before["dateAdded"] - DAY


def test_an_account_that_nobody_refreshes_only_ages() -> None:
    local = Local()
    local.put(refreshCadence="off", nextRefreshAt=None)
    before = local.account

    assert local.pass_one() == Passed(1, 0, 0)

    assert local.ticks == 0
    assert local.account["lastSyncedAt"] == before["lastSyncedAt"] - DAY
    assert local.account["nextRefreshAt"] is None


def test_a_weekly_account_is_fetched_when_its_week_is_over() -> None:
    local = Local()
    local.put(refreshCadence="weekly", nextRefreshAt=local.today + timedelta(days=2, hours=12))

    assert [local.pass_one().fetched for _ in range(3)] == [0, 0, 1]


def test_an_unavailable_account_is_looked_for_when_it_is_due() -> None:
    local = Local()
    local.put(unavailable="not_found", nextRefreshAt=local.today + timedelta(days=7))

    assert local.pass_one() == Passed(1, 0, 0)


def test_a_refresh_that_does_not_end_is_not_waited_for_for_ever() -> None:
    local = Local()
    local.works = False
    begun = local.today

    assert local.pass_one() == Passed(day=1, fetched=0, waiting=1)
    assert FETCHED_WITHIN <= local.today - begun < 2 * FETCHED_WITHIN
