"""Firestore reads of the scheduler while 10,000 jobs of 500 organisations wait, counted in bench.scale's simulation.

The number of wakes must not matter, so it is counted with a wake for each end of an execution, and with none at all.
"""

from __future__ import annotations

from bench.scale.simulation import Result, Scenario, simulate
from bench.table import Relation, Row, Target

JOBS, ORGANISATIONS, SLOTS = 10_000, 500, 10


def rows() -> list[Row]:
    each, none = _simulated(wakes_a_tick=1), _simulated(wakes_a_tick=0)
    return [
        Row(
            f"Firestore reads for a started job, {JOBS:,} jobs of {ORGANISATIONS} organisations waiting",
            max(each.reads_a_job, none.reads_a_job),
            Target(Relation.AT_MOST, 5.0),
            f"{each.reads_a_job:.2f} with a wake for each end, {none.reads_a_job:.2f} without wakes",
        ),
        Row(
            "rounds that an organisation waited for its next start",
            max(each.rounds, none.rounds),
            Target(Relation.AT_MOST, 1, "rounds"),
            f"in {each.started + none.started:,} starts",
        ),
    ]


def _simulated(wakes_a_tick: int) -> Result:
    return simulate(
        Scenario(
            jobs=JOBS, organisations=ORGANISATIONS, slots_per_credential=SLOTS, step_s=1, wakes_a_tick=wakes_a_tick
        )
    )
