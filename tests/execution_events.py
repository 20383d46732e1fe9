"""Status-change events of executions, as recorded in `events/execution-*.json`."""

from __future__ import annotations

import json
from typing import Any

from local.paths import ROOT
from tests.harness import Harness


def recorded(name: str) -> dict[str, Any]:
    """Return the event of `events/execution-<name>.json`."""
    event: dict[str, Any] = json.loads((ROOT / f"events/execution-{name}.json").read_text())
    return event


def event_of(harness: Harness, job: dict[str, Any], name: str = "timed-out") -> dict[str, Any]:
    """Return the recorded event, changed to be about this job's execution."""
    event = recorded(name)
    execution = harness.execution_of(job)
    event["detail"] |= {"input": json.dumps(job), "name": execution, "executionArn": harness.executions.arn(execution)}
    return event
