"""Faults at a few points of a job's life. `make chaos` tries all points."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos import late, points, trials
from tests.chaos.chaos_harness import ChaosHarness, chaos_harness
from tests.chaos.late import LATE, RETRIED
from tests.chaos.plan import How, When
from tests.chaos.points import Trial
from tests.e2e.running import RunningStack

STATES = {
    ("FetchAccount.put", When.BEFORE, How.KILL),
    ("SaveAccount.advance", When.AFTER, How.ERROR),
    ("SaveVideos.complete", When.AFTER, How.KILL),
    ("FailJob.fail", When.AFTER, How.KILL),
    ("reconcile.fail", When.BEFORE, How.KILL),
}
TICKS = {
    ("tick.claim", When.AFTER, How.KILL),
    ("tick.start", When.AFTER, How.ERROR),
    ("tick.start", When.BEFORE, How.REFUSE),
}


@pytest.fixture(scope="module")
def harness(running: RunningStack) -> Iterator[ChaosHarness]:
    with chaos_harness(
        running, lease_s=4.0, wait_scale=0.1, max_running_jobs=500, max_running_per_credential=500
    ) as chaotic_stage:
        yield chaotic_stage


def chosen(wanted: set[tuple[str, When, How]]) -> list[Trial]:
    every = points.trials([*points.STATES, *points.TICKS])
    found = [trial for trial in every if (trial.fault.point, trial.fault.when, trial.fault.how) in wanted]
    assert {(trial.fault.point, trial.fault.when, trial.fault.how) for trial in found} == wanted
    return found


def test_jobs_with_a_killed_or_cut_off_state_end_right_once(harness: ChaosHarness) -> None:
    assert [result for result in trials.run(harness, chosen(STATES)) if result.wrong] == []


@pytest.mark.parametrize(
    "trial", chosen(TICKS), ids=lambda trial: f"{trial.fault.point} {trial.fault} {sorted(trial.point.event)}"
)
def test_job_with_a_killed_cut_off_or_refused_tick_ends_right(harness: ChaosHarness, trial: Trial) -> None:
    """The job ends exactly once, in the right status."""
    assert [result for result in trials.run(harness, [trial]) if result.wrong] == []


def test_late_process_cannot_write_after_its_job_was_decided(harness: ChaosHarness) -> None:
    last = [one for one in LATE if one.point == "SaveVideos.complete" and one.decision in {"cancelled", RETRIED}]
    assert [result for result in late.run(harness, last) if result.wrong] == []
