"""The demo with jobs that do not end: the demo says why, and does not wait for ever."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from rich.console import Console

from cli import demo
from cli.demo import REQUESTS, StuckError, seed, track
from local import LocalError
from tests.doubles import START, ManualClock
from tests.simulated import World
from tracking import jobs
from tracking.jobs import PlatformName, Status
from tracking.pauses import Pause
from tracking.sentences import Sentence
from tracking.store import JobFilter, JobWrite
from tracking.store.memory import MemoryStore


class Waiting(ManualClock):
    """A clock that calls `meanwhile` at each wait. It fails when the demo has waited for an hour."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.meanwhile()
        assert self.now() < START + timedelta(hours=1), "the demo waits for ever"


def paused(store: MemoryStore, platform: PlatformName, hours: int) -> None:
    until = START + timedelta(hours=hours)
    store.put_document(Pause(platform=platform, until=until, reason="QuotaExceededError").to_write())


def tick(store: MemoryStore, resting: PlatformName | None) -> None:
    """Complete every pending job, except the jobs of the platform `resting`."""
    for snapshot in store.pending_jobs(100, without=[resting] if resting else []):
        claim = jobs.claim(snapshot.parse().next_attempt(), START, "arn")
        store.commit(JobWrite(snapshot.job_id, claim, snapshot.version))
        store.touch(snapshot.job_id, **jobs.complete(START, Sentence("Done."), "account").fields)


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def statuses(store: MemoryStore) -> list[str]:
    return sorted(snapshot.data["status"] for snapshot in store.list_jobs(JobFilter(), 100))


def test_a_paused_platform_is_named_before_any_job_is_written() -> None:
    clock = Waiting()
    store = MemoryStore(clock)
    paused(store, PlatformName.TWITTER, hours=2)
    with pytest.raises(StuckError) as told:
        track(store, quiet(), clock)
    until = (START + timedelta(hours=2)).astimezone()
    assert f"X is paused until {until:%d %b %H:%M:%S} (QuotaExceededError)" in str(told.value)
    assert "`.venv/bin/tracking platforms --clear twitter`" in str(told.value)
    assert statuses(store) == []


def test_a_pause_that_comes_later_is_told_once_others_ended() -> None:
    clock = Waiting()
    store = MemoryStore(clock)

    def meanwhile() -> None:
        if clock.now() > START + timedelta(minutes=1):
            tick(store, resting=PlatformName.YOUTUBE)
        paused(store, PlatformName.YOUTUBE, hours=24)

    clock.meanwhile = meanwhile
    with pytest.raises(StuckError, match=r"YouTube is paused until .* --clear youtube`\. Then run the demo again\."):
        track(store, quiet(), clock)
    assert statuses(store) == ["completed"] * (len(REQUESTS) - 1) + ["pending"]


def test_a_pause_that_is_over_holds_nothing_up() -> None:
    clock = Waiting()
    store = MemoryStore(clock)
    paused(store, PlatformName.TWITTER, hours=-1)
    clock.meanwhile = lambda: tick(store, resting=None)
    assert [job.status for job in track(store, quiet(), clock)] == [Status.COMPLETED] * len(REQUESTS)


def test_jobs_that_no_tick_starts_are_given_up_in_a_sentence() -> None:
    clock = Waiting()
    with pytest.raises(StuckError, match=r"After 5 minutes 5 of 5 jobs have not ended\. .*local status`.*local logs`"):
        track(MemoryStore(clock), quiet(), clock)
    assert clock.now() - START < demo.LIMIT + timedelta(seconds=1)


def test_the_past_of_accounts_that_were_found_is_made_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-tracking")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    world = World(run_s=1)
    job_ids = [world.add_job("youtube", name) for name in ("GoogleDevelopers", "nobody_has_this_name")]
    for job_id in job_ids:
        world.run(job_id)
    ended = [snapshot.parse() for job_id in job_ids if (snapshot := world.store.get_job(job_id))]

    said = [seed(world.store, ended, world.clock) for _ in range(2)]

    assert said == [
        "1 of the accounts got a made-up history of 360 days before their first fetch.",
        "The accounts have their history already.",
    ]


@pytest.mark.parametrize("project", ["my-company", "demo-tracking"])
def test_nothing_is_made_up_outside_the_emulator(monkeypatch: pytest.MonkeyPatch, project: str) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with pytest.raises(LocalError, match="for the emulator alone"):
        seed(MemoryStore(Waiting()), [], Waiting())
