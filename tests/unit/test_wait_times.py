"""The waits of pending jobs, as a tick measures and publishes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from tests.doubles import START
from tests.harness import Harness, spoil
from tests.metrics import printed_metrics
from tracking.clock import Clock
from tracking.errors import StoreUnavailableError
from tracking.executions import StartRefusedError
from tracking.jobs import HELD, PlatformName
from tracking.pauses import Pause
from tracking.sentences import Sentence
from tracking.store import JobSnapshot
from tracking.store.memory import MemoryStore
from trigger.app import handler
from trigger.tick import run_tick
from trigger.wait_times import Waits
from trigger.wake_messages import KICK

HOUR = 3_600


def pause(harness: Harness, platform: PlatformName, hours: float) -> None:
    until = harness.clock.now() + timedelta(hours=hours)
    harness.store.put_document(Pause(platform=platform, until=until, reason="QuotaExceededError").to_write())


def waits(harness: Harness) -> Waits:
    """Run a tick and return its waits. In memory a document is written up to a millisecond late."""
    found = run_tick(harness.trigger_deps).waits
    assert found is not None
    return Waits(round(found.oldest_s, 3), round(found.longest_s, 3))


def test_an_idle_tick_has_no_waits(harness: Harness) -> None:
    assert waits(harness) == Waits(0, 0)


def test_the_oldest_waiting_job_counts_from_its_writing(harness: Harness) -> None:
    for age_s in (420, 60):
        harness.add_job()
        harness.clock.advance(age_s)
    assert waits(harness) == Waits(480, 480)
    assert waits(harness) == Waits(0, 0)


@pytest.mark.parametrize("days", [-20_000, -1, 1, 20_000])
def test_a_pages_clock_changes_no_wait(harness: Harness, days: int) -> None:
    harness.add_job(createdAt=START + timedelta(days=days))
    harness.clock.advance(7)
    tick = run_tick(harness.trigger_deps)
    assert tick.waits == Waits(7, 7)
    assert [start.waited_s for start in tick.started] == [7]


def test_a_retried_job_waits_since_its_retry(harness: Harness) -> None:
    job_id = harness.add_job(status="failed")
    harness.clock.advance(HOUR)
    harness.memory.touch(job_id, status="pending")
    harness.clock.advance(2)
    assert waits(harness) == Waits(2, 2)


@pytest.mark.parametrize("number", [650, 50])
def test_waits_grow_while_all_places_are_taken(number: int) -> None:
    """The audit's case: 650 waiting jobs gave 3600, 0, 0 in three ticks."""
    harness = Harness(running=2, per_credential=2)
    for _ in range(number):
        harness.add_job()
    seen = []
    for _ in range(3):
        harness.clock.advance(HOUR)
        for document in harness.executions.started.values():  # their leases would run out
            harness.memory.touch(document["jobId"], leaseUntil=harness.clock.now() + timedelta(minutes=5))
        seen.append(waits(harness))
    assert seen == [Waits(HOUR, HOUR), Waits(2 * HOUR, 2 * HOUR), Waits(3 * HOUR, 3 * HOUR)]


def test_waits_for_a_paused_platform_are_told_apart(harness: Harness) -> None:
    """The audit's case: a paused platform gave 7200, 0, 0 in three ticks."""
    harness.add_job(platform="youtube")
    pause(harness, PlatformName.YOUTUBE, hours=4)
    seen = []
    for _ in range(3):
        harness.clock.advance(HOUR)
        harness.add_job()  # Instagram is open
        harness.clock.advance(30)
        seen.append(waits(harness))
    # The first tick reads all jobs. The others look at what waits after their starts.
    assert seen == [Waits(3_630, 30), Waits(7_260, 0), Waits(10_890, 0)]


def test_waits_of_a_pause_are_over_when_it_ends() -> None:
    harness = Harness(running=1, per_credential=1)
    harness.add_job(platform="youtube")
    harness.add_job(platform="twitter")
    pause(harness, PlatformName.YOUTUBE, hours=8)
    run_tick(harness.trigger_deps)
    harness.clock.advance(9 * HOUR)
    (running,) = harness.executions.started.values()
    harness.memory.touch(running["jobId"], leaseUntil=harness.clock.now() + timedelta(minutes=5))
    assert waits(harness) == Waits(9 * HOUR, HOUR)


def test_an_unwritable_job_hides_no_other_and_does_not_count(harness: Harness) -> None:
    pause(harness, PlatformName.TIKTOK, hours=9)  # so ticks read the oldest jobs alone
    spoil(harness.memory, harness.add_job())
    run_tick(harness.trigger_deps)
    assert waits(harness) == Waits(0, 0)
    harness.clock.advance(60)
    harness.add_job(createdAt=START + timedelta(minutes=1), platform="tiktok")
    harness.clock.advance(60)
    assert waits(harness) == Waits(60, 0)


@pytest.mark.parametrize("is_busy", [False, True], ids=["all jobs are read", "the oldest job is read"])
def test_a_held_job_hides_no_other_and_does_not_count(is_busy: bool) -> None:
    """The first tick holds the job of two days ago. The other one waits for a place."""
    harness = Harness(running=1, per_credential=1)
    held = harness.add_job()
    harness.clock.advance(2 * 24 * HOUR)
    for _ in range(2):
        harness.add_job(createdAt=harness.clock.now())
    found = []
    for _ in range(2):
        harness.hints.is_busy = is_busy
        harness.clock.advance(60)
        found.append(waits(harness))
    assert found == [Waits(60, 60), Waits(120, 120)]
    assert harness.document(held)["message"] == HELD.text


class Counting(MemoryStore):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked: list[tuple[set[PlatformName], int]] = []

    def oldest_pending(
        self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        self.asked.append((set(platforms), limit))
        return super().oldest_pending(platforms, limit, since)


def test_the_oldest_job_is_read_only_when_not_all_were(harness: Harness) -> None:
    harness.use(store := Counting(harness.clock))
    run_tick(harness.trigger_deps)
    harness.add_job()
    run_tick(harness.trigger_deps)
    assert store.asked == []
    harness.hints.is_busy = True
    run_tick(harness.trigger_deps)
    assert store.asked == [(set(PlatformName), 1)]


@pytest.mark.parametrize(("hours_ago", "groups"), [(23, 2), (25, 1)])
def test_a_platform_paused_within_a_day_is_read_by_itself(harness: Harness, hours_ago: int, groups: int) -> None:
    """Jobs that waited for its pause would otherwise hide jobs of other platforms that waited for a place."""
    harness.use(store := Counting(harness.clock))
    pause(harness, PlatformName.YOUTUBE, hours=-hours_ago)
    harness.hints.is_busy = True
    run_tick(harness.trigger_deps)
    assert len(store.asked) == groups
    assert set().union(*(platforms for platforms, _ in store.asked)) == set(PlatformName)
    assert ({PlatformName.YOUTUBE}, 1) in store.asked or groups == 1


def test_a_tick_that_cannot_measure_waits_does_its_work(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    class Silent(MemoryStore):
        def oldest_pending(
            self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
        ) -> list[JobSnapshot]:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

    harness.use(Silent(harness.clock))
    harness.hints.is_busy = True
    harness.add_job()
    assert harness.tick()["started"] == 1
    assert "LongestWait" not in printed_metrics(capsys.readouterr().out)
    harness.use(MemoryStore(harness.clock))
    harness.hints.is_busy = True
    harness.add_job()
    assert run_tick(harness.trigger_deps, lambda: 21.9).waits is None  # no time for a query


def test_a_tick_publishes_which_platforms_are_paused(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    harness.tick()
    assert "PlatformPaused" not in printed_metrics(capsys.readouterr().out)  # nobody waits, so nobody looked
    pause(harness, PlatformName.YOUTUBE, hours=1)
    harness.add_job()
    harness.tick()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {line["platform"]: line["PlatformPaused"] for line in lines if "PlatformPaused" in line}
    assert told == {name: [float(name is PlatformName.YOUTUBE)] for name in PlatformName}


# Late starts


def late(capsys: pytest.CaptureFixture[str], name: str = "LateStart") -> Sequence[float]:
    return printed_metrics(capsys.readouterr().out).get(name, [])


@pytest.mark.parametrize(("waited", "values"), [(120, [0]), (121, [1])])
def test_a_start_is_late_after_two_minutes(
    harness: Harness, capsys: pytest.CaptureFixture[str], waited: float, values: list[float]
) -> None:
    harness.add_job()
    harness.clock.advance(waited)
    harness.tick()
    assert late(capsys) == values


def wake(harness: Harness, *bodies: dict[str, Any]) -> None:
    event = {"Records": [{"body": json.dumps(body)} for body in bodies]}
    handler(event, FakeContext(), harness.trigger_deps)  # type: ignore[arg-type]


def ended(harness: Harness) -> list[dict[str, Any]]:
    """Return the events of all executions' ends."""
    return [{"detail": {"input": json.dumps(dict(job))}} for job in harness.executions.started.values()]


@pytest.mark.parametrize(("waited", "value"), [(5, 0), (5.1, 1)])
def test_a_kicked_start_is_late_after_five_seconds(
    harness: Harness, capsys: pytest.CaptureFixture[str], waited: float, value: float
) -> None:
    harness.add_job()
    harness.clock.advance(waited)
    wake(harness, KICK)
    assert late(capsys, "LateKickedStart") == [value]


def test_a_start_without_a_kick_is_no_kicked_start(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    harness.add_job()
    harness.clock.advance(30)
    harness.tick()
    assert late(capsys, "LateKickedStart") == []


@pytest.mark.parametrize("is_kicked", [False, True])
def test_starts_that_waited_for_a_place_do_not_count(capsys: pytest.CaptureFixture[str], is_kicked: bool) -> None:
    harness = Harness(running=1, per_credential=1)
    harness.add_job()
    harness.tick()
    harness.add_job()
    harness.clock.advance(300)
    capsys.readouterr()
    wake(harness, *ended(harness), *([KICK] * is_kicked))
    published = printed_metrics(capsys.readouterr().out)
    assert published["TimeToStart"] == [pytest.approx(300)]
    assert "LateStart" not in published
    assert "LateKickedStart" not in published


def test_starts_after_a_pause_do_not_count_while_few_may(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    harness.add_job(platform="youtube")
    pause(harness, PlatformName.YOUTUBE, hours=1)
    harness.clock.advance(HOUR + 150)
    harness.tick()
    published = printed_metrics(capsys.readouterr().out)
    assert published["TimeToStart"] == [150]
    assert "LateStart" not in published


def test_a_tick_counts_places_that_no_wake_filled(capsys: pytest.CaptureFixture[str]) -> None:
    harness = Harness(running=1, per_credential=1)
    harness.add_job()
    harness.tick()
    harness.add_job()
    (running,) = harness.executions.started.values()
    harness.memory.touch(running["jobId"], status="completed")  # its end wakes nobody
    harness.tick()
    assert late(capsys, "StartsWithoutWake") == [0, 1]
    harness.memory.touch(next(reversed(harness.executions.started.values()))["jobId"], status="completed")
    harness.add_job()
    wake(harness, *ended(harness))
    assert late(capsys, "StartsWithoutWake") == []


def test_a_refused_start_counts_as_late(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise nobody would tell: a job that is given back each minute never waits for long."""

    def refuse(name: str, payload: Any) -> None:
        raise StartRefusedError("ThrottlingException")

    harness.executions.start = refuse  # type: ignore[method-assign]
    harness.add_job()
    harness.tick()
    assert late(capsys) == [1]
