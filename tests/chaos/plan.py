"""What goes wrong on purpose: at which call, for which job, how, and once.

A plan is a folder that the driver and the functions' processes share:

    faults/{name}      a fault that has not happened; its file holds how it goes wrong
    fired/{name}       moved here before the harm is done: a move happens once, whoever else is at the same call
    released/{name}    made by the driver: a stalled call goes on
    calls.jsonl        every call that was made: its point, its job, how it ended

It runs inside of Lambda, too: nothing but the standard library.
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
    BEFORE = "before"  # the call is never made
    AFTER = "after"  # it was made and did its work: its reply is lost


class How(StrEnum):
    KILL = "killed"  # SIGKILL, by the process itself
    ERROR = "error"  # the adapter says that the service did not answer
    RESEND = "sent again"  # by the client, which had no reply to the first
    REFUSE = "refused"  # StartExecution is throttled
    STALL = "stalled"  # the process stands still until it is released


@dataclass(frozen=True, slots=True)
class Fault:
    point: str  # `FetchAccount.advance`, `tick.claim`
    when: When
    how: How

    def __str__(self) -> str:
        return f"{self.when}, {self.how}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a service, on behalf of one job; ANY_JOB where a call serves all."""

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
        """A fault that never came to pass must not strike a later job."""
        (self._faults / name).unlink(missing_ok=True)
        (self._fired / name).unlink(missing_ok=True)

    def release(self, name: str) -> None:
        (self._released / name).touch()

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._calls.read_text().splitlines()]

    # The functions' side

    def around(self, calls: Sequence[Call], make: Callable[[], _T], error: Callable[[How], Exception]) -> _T:
        """Make a call as planned. `error`: what the adapter raises when the service fails in this way."""
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
        """Whether the client sends the call again."""
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
