"""Arithmetic of the bench: medians, sizes and verdicts."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bench import BenchError
from bench.__main__ import Measure, measure
from bench.executions import largest_state_bytes
from bench.table import Relation, Row, Target, table
from bench.timing import medians
from local import LocalError


@pytest.mark.parametrize(
    ("relation", "below", "at", "above"),
    [
        (Relation.AT_MOST, True, True, False),
        (Relation.AT_LEAST, False, True, True),
        (Relation.EXACTLY, False, True, False),
    ],
)
def test_a_target_is_met_on_its_own_side_of_the_limit(relation: Relation, below: bool, at: bool, above: bool) -> None:
    target = Target(relation, 3)

    assert [target.is_met(2), target.is_met(3), target.is_met(4)] == [below, at, above]


def test_a_ratio_that_only_rounds_to_its_limit_is_missed() -> None:
    assert not Row("claim / query", 3.001, Target(Relation.AT_MOST, 3.0), "").is_met


def test_table_row_shows_value_target_and_verdict() -> None:
    rows = [
        Row("claim / query", 3.456, Target(Relation.AT_MOST, 3.0), "35 ms / 10 ms"),
        Row("largest state", 12_345, Target(Relation.AT_MOST, 16_384, "bytes"), "history"),
    ]
    page = io.StringIO()

    Console(file=page, width=120).print(table(rows))

    _, missed, met = page.getvalue().splitlines()
    assert " ".join(missed.split()) == "claim / query 3.46 at most 3.00 missed 35 ms / 10 ms"
    assert " ".join(met.split()) == "largest state 12,345 bytes at most 16,384 bytes met history"


def test_medians_alternate_measures_and_skip_the_cold_round() -> None:
    order: list[str] = []
    times = {"a": iter([99.0, 1.0, 5.0, 2.0]), "b": iter([99.0, 10.0, 30.0, 20.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(times[name])

    result = medians((lambda: measure("a"), lambda: measure("b")), rounds=3)

    assert result == [2.0, 20.0]
    assert order == ["b", "a", "a", "b", "b", "a", "a", "b"]


def test_largest_state_counts_bytes_of_inputs_and_outputs() -> None:
    history = [
        {"type": "ExecutionStarted", "executionStartedEventDetails": {"input": "{}", "roleArn": "a much longer text"}},
        {"type": "TaskStateExited", "stateExitedEventDetails": {"name": "FetchAccount", "output": '"äöü"'}},
        {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "SaveAccount", "input": '"aou"'}},
    ]

    assert largest_state_bytes(history) == 8


@pytest.mark.parametrize("error", [BenchError("0 of 20 jobs had ended."), LocalError("There is no Chromium.")])
def test_failing_measure_leaves_the_other_rows(error: Exception) -> None:
    """Two minutes of measurements are still shown if the browser for the last rows is missing."""
    first, last = (Row(what, 1, Target(Relation.AT_MOST, 3), "") for what in ("claims", "size"))

    def fail() -> list[Row]:
        raise error

    said: list[str] = []
    rows: list[Row] = []
    measures = [Measure("claims", lambda: [first]), Measure("the page", fail), Measure("size", lambda: [last])]

    failures = measure(measures, rows, said.append)

    assert rows == [first, last]
    assert failures == [f"the page could not be measured: {error}"]
    assert said == ["Measuring claims ...", "Measuring the page ...", "Measuring size ..."]


def test_unexpected_error_leaves_what_was_measured_before() -> None:
    first = Row("claims", 1, Target(Relation.AT_MOST, 3), "")
    rows: list[Row] = []

    def fail() -> list[Row]:
        raise KeyError("claim")

    with pytest.raises(KeyError):
        measure([Measure("claims", lambda: [first]), Measure("the page", fail)], rows, lambda _: None)

    assert rows == [first]
