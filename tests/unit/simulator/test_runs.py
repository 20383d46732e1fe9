"""The life of a simulated Apify run, on a clock that the test moves. Each run takes 10 seconds and finds 4 items."""

from __future__ import annotations

import pytest

from local.simulator.apify import ACTORS, Run, Runs, Work


class MovableClock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def runs(clock: MovableClock) -> Runs:
    return Runs(10.0, now_s=clock)


def start(runs: Runs) -> Run:
    work = Work(["nasa"], lambda _mode: [{"id": str(index)} for index in range(4)])
    return runs.start(ACTORS["apify~instagram-scraper"], {}, work, None)


@pytest.mark.parametrize(
    ("after_s", "status", "items"),
    [
        (0, "READY", 0),
        (0.9, "READY", 0),
        (1, "RUNNING", 0),
        (5, "RUNNING", 2),
        (9.9, "RUNNING", 3),
        (10, "SUCCEEDED", 4),
    ],
)
def test_a_run_gets_ready_runs_and_succeeds_while_its_dataset_fills(
    runs: Runs, clock: MovableClock, after_s: float, status: str, items: int
) -> None:
    run = start(runs)
    clock.now_s += after_s

    assert run.to_json(clock.now_s)["status"] == status
    assert len(run.items(clock.now_s)) == items


@pytest.mark.parametrize("started_s", [0.1, 0.3, 7.7, 1234.567, 98765.4321])
def test_a_finished_run_holds_every_item_whenever_it_began(started_s: float) -> None:
    clock = MovableClock()
    clock.now_s = started_s
    run = start(Runs(0.2, now_s=clock))
    clock.now_s += 60

    assert len(run.items(clock.now_s)) == 4


def test_an_aborted_run_stays_aborted_and_keeps_what_it_found(runs: Runs, clock: MovableClock) -> None:
    run = start(runs)
    clock.now_s += 7.5
    runs.abort(run)
    clock.now_s += 60

    assert run.to_json(clock.now_s)["status"] == "ABORTED"
    assert len(run.items(clock.now_s)) == 3


def test_aborting_a_finished_run_changes_nothing(runs: Runs, clock: MovableClock) -> None:
    run = start(runs)
    clock.now_s += 11
    runs.abort(run)

    assert run.to_json(clock.now_s)["status"] == "SUCCEEDED"


def test_only_a_finished_run_says_when_it_finished(runs: Runs, clock: MovableClock) -> None:
    run = start(runs)
    ready = run.to_json(clock.now_s)
    clock.now_s += 5
    running = run.to_json(clock.now_s)
    clock.now_s += 5

    assert "finishedAt" not in ready
    assert running["finishedAt"] is None
    assert run.to_json(clock.now_s)["finishedAt"] > ready["startedAt"]
