"""The life of a simulated Apify run. Each takes 10 seconds and finds 4 items."""

from __future__ import annotations

import pytest

from local.simulator.actors import ACTORS
from local.simulator.apify import Run


@pytest.fixture
def run() -> Run:
    return a_run(1000.0)


def a_run(started_s: float, run_s: float = 10.0) -> Run:
    items = [{"id": str(index)} for index in range(4)]
    return Run(ACTORS["apify~instagram-scraper"], {}, "nasa", None, items, run_s, started_s)


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
def test_run_gets_ready_runs_and_succeeds_as_its_dataset_fills(
    run: Run, after_s: float, status: str, items: int
) -> None:
    assert run.to_json(1000 + after_s)["status"] == status
    assert len(run.items(1000 + after_s)) == items


@pytest.mark.parametrize("started_s", [0.1, 0.3, 7.7, 1234.567, 98765.4321])
def test_finished_run_holds_every_item_whenever_it_began(started_s: float) -> None:
    assert len(a_run(started_s, 0.2).items(started_s + 60)) == 4


def test_aborted_run_stays_aborted_and_keeps_what_it_found(run: Run) -> None:
    run.abort(1007.5)

    assert run.to_json(1067.5)["status"] == "ABORTED"
    assert len(run.items(1067.5)) == 3


def test_aborting_a_finished_run_changes_nothing(run: Run) -> None:
    run.abort(1011)

    assert run.to_json(1011)["status"] == "SUCCEEDED"


def test_only_a_finished_run_says_when_it_finished(run: Run) -> None:
    ready, running, finished = (run.to_json(1000 + after_s) for after_s in (0, 5, 10))

    assert "finishedAt" not in ready
    assert running["finishedAt"] is None
    assert finished["finishedAt"] > ready["startedAt"]


def test_run_is_cut_by_its_time_out_and_keeps_what_it_found(run: Run) -> None:
    run.timeout_s = 5
    assert run.to_json(1004)["status"] == "RUNNING"
    assert run.to_json(1005)["status"] == "TIMED-OUT"
    assert len(run.items(1060)) == 2


def test_a_time_out_after_the_end_cuts_nothing(run: Run) -> None:
    run.timeout_s = 20
    assert (run.to_json(1010)["status"], len(run.items(1010))) == ("SUCCEEDED", 4)


def test_run_of_a_set_speed_is_ready_and_then_finds_items(run: Run) -> None:
    run.ready_s, run.duration_s = 10, 14  # one a second
    found = [(run.to_json(1000 + after_s)["status"], len(run.items(1000 + after_s))) for after_s in (9, 11, 13, 14)]
    assert found == [("READY", 0), ("RUNNING", 1), ("RUNNING", 3), ("SUCCEEDED", 4)]
