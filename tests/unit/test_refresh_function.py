"""The refresh function: how often one run looks, and what it tells."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from tests.doubles import START
from tests.factories import account
from tests.harness import Harness
from tracking.budgets import BudgetLimits
from tracking.jobs import PlatformName
from tracking.refreshes import Cadence
from tracking.store import DocumentWrite
from trigger.refresh import LOOKS, PAUSE_S, handler

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"


@pytest.fixture
def due(harness: Harness) -> Harness:
    """Three accounts that have been due for a minute, and slots for one refresh."""
    harness.refresh_by_default(Cadence.DAILY)
    harness.limits = replace(harness.limits, running=3, per_credential=3)
    for number in range(3):
        fields = account(platform_user_id=str(number)).to_document() | {"accountType": "my", "postCount": 9}
        at = START - timedelta(minutes=1)
        harness.store.put_document(DocumentWrite(f"{ACCOUNTS}/instagram_{number}", fields | {"nextRefreshAt": at}))
    return harness


def run(harness: Harness, remaining_s: float = 55) -> dict[str, Any]:
    return handler({}, FakeContext(remaining_s), harness.refresh_deps)  # type: ignore[arg-type]


def told(output: str) -> list[dict[str, Any]]:
    """Return the lines of the log, and those of metrics."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_it_looks_again_while_it_starts_some(due: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(due) == {"started": 1, "repaired": 0}
    assert due.clock.slept_s == [PAUSE_S]  # the second look finds no free slot
    metrics = {name: value for line in told(capsys.readouterr().out) for name, value in line.items()}
    assert (metrics["RefreshesStarted"], metrics["RefreshBudgetsSpent"]) == ([1], [0])
    assert metrics["RefreshLateness"] == [60]
    assert PAUSE_S * (LOOKS - 1) < 50  # of a minute


def test_it_looks_once_if_time_is_short(due: Harness) -> None:
    assert run(due, remaining_s=15)["started"] == 1
    assert due.clock.slept_s == []


def test_a_spent_budget_is_told_once(
    due: Harness, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    due.budgets = BudgetLimits(platforms={PlatformName.INSTAGRAM: 0.5}, org_refreshes=1)
    for _ in range(2):
        run(due)
    (line,) = [vars(record) for record in caplog.records if vars(record).get("action") == "budget_spent"]
    assert (line["org_id"], line["platform"], line["closed"]) == ("org1", None, "all")
    assert line["until"] == (START.replace(hour=0) + timedelta(days=1)).isoformat()
    found = [one["RefreshBudgetsSpent"] for one in told(capsys.readouterr().out)]
    assert found == [[1], [0]]

    due.budgets = BudgetLimits(org_refreshes=9)
    run(due)
    (line,) = [vars(record) for record in caplog.records if vars(record).get("action") == "budget_free"]
    assert line["org_id"] == "org1"
