"""A plan of faults: each happens once, at one call, for one job.

A plan is a folder that the driver and the functions' processes share:

    faults/{name}      a fault that has not happened yet; the file holds its kind
    fired/{name}       the same file, moved here right before the fault; only one process can move it
    released/{name}    a file made by the driver, which lets a stalled call continue
    calls.jsonl        every call that was made: its point, its job and its result

This module runs inside Lambda, so it imports only the standard library.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")
ANY_JOB = "any"
STALL_LIMIT_S = 60.0


class When(StrEnum):
    BEFORE = "before"  # the call is not made
    AFTER = "after"  # the call is made and takes effect, but its reply is lost


class How(StrEnum):
    KILL = "killed"  # the process sends itself SIGKILL
    ERROR = "error"  # the adapter raises its error for "no answer"
    RESEND = "sent again"  # the client makes the call twice, since the first reply was lost
    REFUSE = "refused"  # StartExecution is throttled
    STALL = "stalled"  # the process waits until the driver releases it


@dataclass(frozen=True, slots=True)
class Fault:
    point: str  # such as `FetchAccount.advance` or `tick.claim`
    when: When
    how: How

    def __str__(self) -> str:
        return f"{self.when}, {self.how}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a service for one job, or for ANY_JOB if it serves all jobs."""

    point: str
    job_id: str = ANY_JOB


class Plan:
    def __init__(self, folder: Path) -> None:
        self._faults, self._fired, self._released = (folder / name for name in ("faults", "fired", "released"))
        self._calls = folder / "calls.jsonl"

    def create(self) -> None:
        for folder in (self._faults, self._fired, self._released):
            folder.mkdir(parents=True)
        self._calls.touch()

    # The driver's side

    def add(self, fault: Fault, job_id: str = ANY_JOB) -> str:
        name = _name(fault.point, fault.when, job_id)
        (self._faults / name).write_text(fault.how)
        return name

    def has_fired(self, name: str) -> bool:
        return (self._fired / name).exists()

    def withdraw(self, name: str) -> None:
        """Remove a fault, so that it cannot happen to a later job."""
        (self._faults / name).unlink(missing_ok=True)
        (self._fired / name).unlink(missing_ok=True)

    def release(self, name: str) -> None:
        (self._released / name).touch()

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._calls.read_text().splitlines()]

    # The functions' side

    def around(self, calls: Sequence[Call], make: Callable[[], _T], error: Callable[[How], Exception]) -> _T:
        """Make a call with its planned fault, if any. `error` returns the adapter's exception for a kind of fault."""
        self._strike(calls, When.BEFORE, error)
        try:
            result = make()
        except Exception as problem:
            self._note(calls, type(problem).__name__)
            raise
        self._note(calls, "done")
        is_resent = self._strike(calls, When.AFTER, error)
        return make() if is_resent else result

    def _strike(self, calls: Sequence[Call], when: When, error: Callable[[How], Exception]) -> bool:
        """Carry out the planned faults of these calls. Return whether the client sends the call again."""
        is_resent = False
        for call in calls:
            how = self._take(_name(call.point, when, call.job_id))
            if how is How.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            elif how is How.RESEND:
                is_resent = True
            elif how is How.STALL:
                self._stand_still(_name(call.point, when, call.job_id))
            elif how is not None:
                raise error(how)
        return is_resent

    def _take(self, name: str) -> How | None:
        try:
            (self._faults / name).rename(self._fired / name)
        except FileNotFoundError:
            return None
        return How((self._fired / name).read_text())

    def _stand_still(self, name: str) -> None:
        deadline = time.monotonic() + STALL_LIMIT_S
        while not (self._released / name).exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _note(self, calls: Sequence[Call], ended: str) -> None:
        lines = [json.dumps({"point": call.point, "job": call.job_id, "ended": ended}) + "\n" for call in calls]
        with self._calls.open("a") as file:
            file.writelines(lines)


def _name(point: str, when: When, job_id: str) -> str:
    return f"{point}.{when}.{job_id}"
