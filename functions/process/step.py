"""One run of one state: the state machine's input and the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from process.work import Work
from tracking.errors import InvalidJobError, StaleAttemptError
from tracking.fence import Fence
from tracking.jobs import EXECUTION_TIMEOUT_S, Progress
from tracking.naming import is_execution_name
from tracking.sentences import say
from tracking.spending import Meter
from tracking.wiring import ProcessDeps

SAVE_RESERVE_S = 60
"""Seconds that an execution keeps for saving: 5,000 videos take 3 to 5 s, and retries may wait and save them again."""

FUNCTION_RESERVE_S = 65
"""Seconds that an invocation keeps after its deadline, for a last page of two HTTP calls (30 s each) and staging."""


class Then(StrEnum):
    """The value of `then` in the output of a state that fetches. A Choice of the definition reads it."""

    SAVE = "save"  # what was fetched, and go on to the next state
    WAIT = "wait"  # for `waitS` seconds, and come again: the platform still works
    SAVE_SOME = "saveSome"  # a chunk of the videos, and come again
    GO_ON = "goOn"  # in a further execution, `next`


@dataclass(frozen=True, slots=True)
class State:
    """A row of the table in `process.states`."""

    name: str  # as in the definition
    run: Callable[[Step, ProcessDeps], dict[str, Any]]  # returns the next state's input
    reaches: Progress | None  # the progress that its last commit writes; None: the state fails the job
    waits: bool = False  # whether a Choice reads `then` in its output
    goes_on: bool = False  # whether it may hand the job over to a further execution

    @property
    def completes(self) -> bool:
        return self.reaches is Progress.VIDEOS_SAVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    state: State
    execution: str  # ARN
    execution_started_at: datetime
    retry_count: int  # runs of this state so far that failed, with those that Lambda did not even begin
    work: Work
    deadline: datetime  # fetching stops here, so that there is time to save the results
    failure: dict[str, str]  # FailJob: `Error` and `Cause` of the state that failed
    retries: int = 0  # announced retries of this state so far
    meter: Meter = field(default_factory=Meter)  # what the step spent, and no commit has taken along yet

    @classmethod
    def from_event(
        cls, event: Mapping[str, Any], states: Mapping[str, State], now: datetime, remaining_s: float
    ) -> Self:
        """Read the state machine's event.

        `states`: the table's rows by name. `remaining_s`: seconds left to this invocation.
        Raises InvalidJobError for a malformed event. Raises StaleAttemptError for an execution that an older version of
        this system started, because its staged data has another place.
        """
        try:
            name, execution, retry_count = event["state"], event["execution"], event["retryCount"]
            started_at = datetime.fromisoformat(event["executionStartedAt"])
            work = Work.from_state(event["job"])
            failure = event["job"].get("failure", {})
        except (KeyError, TypeError, ValueError) as error:
            raise _malformed(f"{error!r}") from error
        if not (isinstance(name, str) and isinstance(execution, str) and isinstance(failure, dict)):
            raise _malformed("a field is of another type")
        if type(retry_count) is not int or started_at.tzinfo is None:
            raise _malformed("its retry or its start is unclear")
        if (state := states.get(name)) is None:
            raise InvalidJobError(say("malformedInput", detail=f"No module does the work of a state {name!r}."))
        if not is_execution_name(execution.rpartition(":")[2]):
            raise StaleAttemptError("This execution was begun by an earlier version; its job is begun again.")
        return cls(
            state=state,
            execution=execution,
            execution_started_at=started_at,
            retry_count=retry_count,
            work=work,
            deadline=min(now + timedelta(seconds=remaining_s - FUNCTION_RESERVE_S), _fetching_ends_at(started_at)),
            failure=failure,
        )

    @property
    def execution_name(self) -> str:
        return self.execution.rpartition(":")[2]

    @property
    def fence(self) -> Fence:
        work = self.work
        return Fence(work.job_id, self.execution_name, work.version, work.progress, work.account_id)

    @property
    def retries_used(self) -> int:
        """Retries of the whole attempt so far, those of this state included."""
        return self.work.retries_used + self.retries

    @property
    def fetching_ends_at(self) -> datetime:
        """The time at which the execution stops fetching and waiting, so that what it has can be saved."""
        return _fetching_ends_at(self.execution_started_at)

    def job_ends_at(self, max_job: timedelta) -> datetime:
        """Return when the attempt must come to an end, in whichever execution."""
        return self.attempt_started_at + max_job

    @property
    def attempt_started_at(self) -> datetime:
        """When the attempt's first execution was claimed or, in that execution, when it started."""
        started_at = self.work.started_at
        return datetime.fromisoformat(started_at) if started_at else self.execution_started_at


def _fetching_ends_at(started_at: datetime) -> datetime:
    return started_at + timedelta(seconds=EXECUTION_TIMEOUT_S - FUNCTION_RESERVE_S - SAVE_RESERVE_S)


def _malformed(reason: str) -> InvalidJobError:
    return InvalidJobError(say("malformedInput", detail=f"The event is not one of the state machine's: {reason}."))
