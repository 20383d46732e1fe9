"""Step Functions in memory. A test runs statemachine/tracking.asl.json state by state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from local.paths import ROOT
from tests.doubles import ManualClock
from tests.harness import lambda_cause
from tracking.clock import to_rfc3339
from tracking.errors import TrackingError
from tracking.executions import (
    ALREADY_EXISTS,
    ExecutionsUnavailableError,
    MemoryExecutions,
    StartRefusedError,
    StartUnknownError,
)
from tracking.outcomes import ExecutionStatus, Outcome

DEFINITION: dict[str, Any] = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())

_FORMAT = re.compile(r"States\.Format\('(?P<text>.*)', (?P<path>\$.*)\)")

Invoke = Callable[[dict[str, Any]], dict[str, Any]]
"""The process function, which takes an event and returns the next state's input."""


class KilledError(Exception):
    """The process was killed between two lines. No code of ours catches this."""


class ThrottledError(Exception):
    """Lambda had no place for the function, so none of its code ran."""


class Execution:
    """An execution. `start` begins another one by name and input, as the state GoOn does."""

    def __init__(
        self,
        arn: str,
        job: Mapping[str, Any],
        clock: ManualClock,
        start: Callable[[str, Mapping[str, Any]], None],
        definition: Mapping[str, Any] = DEFINITION,
    ) -> None:
        self.arn = arn
        self.job = dict(job)
        self.started_at = clock.now()
        self.transitions = 2  # the start, and the first state
        self._clock = clock
        self._start = start
        self._waits_until = self.started_at
        self.status = ExecutionStatus.RUNNING
        self.error = self.cause = ""
        self.failed_in = ""  # the state that led to FailJob
        self._states = definition["States"]
        self._state = definition["StartAt"]
        self._data: dict[str, Any] = dict(job)
        self._tries: Counter[int] = Counter()  # retries of this state, by the index in its `Retry`

    @property
    def is_running(self) -> bool:
        return self.status is ExecutionStatus.RUNNING

    @property
    def outcome(self) -> Outcome:
        return Outcome(status=self.status, error=self.error, cause=self.cause)

    def event(self) -> dict[str, Any]:
        """Return the event of the current state's invocation."""
        return {
            "state": self._state,
            "execution": self.arn,
            "executionStartedAt": to_rfc3339(self.started_at),
            "retryCount": self._tries.total(),
            "job": json.loads(json.dumps(self._data)),
        }

    def event_of_end(self) -> dict[str, Any]:
        """Return the status-change event of the ended execution."""
        detail = {
            "executionArn": self.arn,
            "status": str(self.status),
            "input": json.dumps(self.job),
            "error": self.error or None,
            "cause": self.cause or None,
        }
        return {"detail": detail}

    def end(self, status: ExecutionStatus) -> None:
        """End by a time-out or an operator's stop. A running function is not interrupted."""
        self.status = status

    def advance(self, invoke: Invoke) -> None:
        """Do the current state once, and follow Retry, Catch or Next. Errors that are bugs pass through.

        A Wait state ends at once: the clock is set to its end. If the execution goes on while the function runs, this
        was a doubled invocation, and nobody waits for its answer.
        """
        state, entered = self._states[self._state], self.transitions
        if state["Type"] == "Wait":
            self._clock.advance(max(0.0, (self._waits_until - self._clock.now()).total_seconds()))
            self._enter(state["Next"])
            return
        if state["Resource"].endswith(":states:::states:startExecution"):
            self._go_on(state)
            return
        failure: tuple[str, str] | None = None
        try:
            output = invoke(self.event())
        except TrackingError as error:
            failure = type(error).__name__, lambda_cause(error)
        except KilledError:
            failure = "Lambda.Unknown", "The function exited."
        except ThrottledError:
            failure = "Lambda.TooManyRequestsException", "Rate Exceeded."
        if not self.is_running or self.transitions != entered:
            return
        if failure:
            self._failed(state, *failure)
        else:
            self._data = json.loads(json.dumps(output))
            self._enter(state["Next"])

    def _go_on(self, state: Any) -> None:
        following = self._data["next"]
        try:
            self._start(following["name"], following["input"])
        except StartRefusedError as error:
            self._failed(state, f"StepFunctions.{error.code}Exception", "The start was refused.")
        except StartUnknownError:
            self._failed(state, "StepFunctions.SdkClientException", "There was no answer.")
        else:
            self._enter(state["Next"])

    def _failed(self, state: Any, error: str, cause: str) -> None:
        for number, retrier in enumerate(state["Retry"]):
            if {error, "States.TaskFailed"} & set(retrier["ErrorEquals"]):
                if self._tries[number] < retrier["MaxAttempts"]:
                    self._tries[number] += 1
                    return
                break  # the first retrier that lists the error applies
        for catcher in state["Catch"]:
            if {error, "States.ALL"} & set(catcher["ErrorEquals"]):
                self._data[catcher["ResultPath"].removeprefix("$.")] = {"Error": error, "Cause": cause}
                self.failed_in = self._state
                self._enter(catcher["Next"])
                return

    def _enter(self, name: str) -> None:
        """Enter a state. A Choice is passed at once."""
        self._state, self._tries = name, Counter()
        self.transitions += 1
        state = self._states[name]
        if state["Type"] == "Succeed":
            self.status = ExecutionStatus.SUCCEEDED
        elif state["Type"] == "Fail":
            self.status = ExecutionStatus.FAILED
            self.error = state.get("Error") or self._at(state["ErrorPath"])
            self.cause = state.get("Cause") or self._at(state["CausePath"])
        elif state["Type"] == "Wait":
            self._waits_until = self._clock.now() + timedelta(seconds=self._value_at(state["SecondsPath"]))
        elif state["Type"] == "Choice":
            chosen = (c["Next"] for c in state["Choices"] if self._value_at(c["Variable"]) == c["StringEquals"])
            self._enter(next(chosen, state["Default"]))

    def _at(self, path: str) -> str:
        """Return the text at a path, or of `States.Format` with one path: the only intrinsic function that we use."""
        if formatted := _FORMAT.fullmatch(path):
            return formatted["text"].replace("{}", self._at(formatted["path"]))
        return str(self._value_at(path))

    def _value_at(self, path: str) -> Any:
        found: Any = self._data
        for name in path.removeprefix("$.").split("."):
            found = found[name]
        return found


class SimulatedExecutions(MemoryExecutions):
    """Executions in memory. `replies` are the replies to the next starts: a refusal, or an unknown result."""

    def __init__(self, clock: ManualClock, definition: Mapping[str, Any] = DEFINITION) -> None:
        super().__init__()
        self._clock = clock
        self._definition = definition
        self.running: dict[str, Execution] = {}  # all executions by name, ended ones too
        self.replies: list[str] = []
        self.is_silent = False

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self._lock:
            reply = self.replies.pop() if self.replies else "started"
            if reply in {"ThrottlingException", "AccessDeniedException"}:
                raise StartRefusedError(reply)
            if reply != "unknown, not begun":
                self._begin(name, payload)
            if reply.startswith("unknown"):
                raise StartUnknownError(name)

    def _begin(self, name: str, payload: Mapping[str, Any]) -> None:
        """Start an execution as StartExecution does: a repeated start with equal input does nothing."""
        there = self.running.get(name)
        if there is None:
            self.running[name] = Execution(self.arn(name), payload, self._clock, self.start, self._definition)
        elif there.job != payload:
            raise StartRefusedError(ALREADY_EXISTS)

    def execution(self, arn: str) -> Execution:
        return self.running[arn.rpartition(":")[2]]

    def outcome(self, name: str) -> Outcome:
        if self.is_silent:
            raise ExecutionsUnavailableError(name)
        execution = self.running.get(name)
        return execution.outcome if execution else Outcome(status=ExecutionStatus.NEVER_STARTED)

    def time_out(self) -> list[Execution]:
        """Time out the executions that have run too long, and return them."""
        limit = timedelta(seconds=self._definition["TimeoutSeconds"])
        late = [e for e in self.running.values() if e.is_running and self._clock.now() - e.started_at >= limit]
        for execution in late:
            execution.end(ExecutionStatus.TIMED_OUT)
        return late
