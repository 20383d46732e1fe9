"""Wakes: messages that ask for a tick at once, because a slot has become free or a page has written a job.

    execution ended ── EventBridge rule ──┐
    kick ─────────────────────────────────┴──> WakeQueue ──> the trigger, up to ten messages in one event

A wake that is lost costs at most a minute, because the tick of the next minute looks at everything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KICK = {"kick": True}
"""The body of a kick's message."""
GOES_ON_LATER = "NotStarted"
"""The error of an execution that could not start the further one of its job. The job keeps its slot for the sweep."""


@dataclass(frozen=True, slots=True)
class Wake:
    ended: frozenset[tuple[str, int]] = frozenset()  # ids and attempts of the jobs whose execution has ended
    is_kick: bool = False  # somebody wrote a job

    @property
    def is_empty(self) -> bool:
        return not (self.ended or self.is_kick)


def read_wake(event: Mapping[str, Any]) -> Wake | None:
    """Return the wakes of an SQS event as one, or None for any other event: a tick of the schedule.

    A message that cannot be read counts as a kick. It costs a look and loses nothing.
    """
    records = event.get("Records")
    if not isinstance(records, list):
        return None
    found = [_read(record) for record in records]
    return Wake(frozenset(one for wake in found for one in wake.ended), any(wake.is_kick for wake in found))


def _read(record: Any) -> Wake:
    """Read a message: a kick, or an event of https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
    try:
        detail = json.loads(record["body"])["detail"]
        job = json.loads(detail["input"])
        if goes_on(detail.get("output")) or detail.get("error") == GOES_ON_LATER:
            return Wake()
        return Wake(frozenset({(str(job["jobId"]), int(job["attempt"]))}))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return Wake(is_kick=True)


def goes_on(output: str | None) -> bool:
    """Return whether an execution ended because a further one goes on with its job, which keeps its slot."""
    try:
        return bool(json.loads(output or "{}").get("then") == "goOn")
    except (ValueError, AttributeError):
        return False
