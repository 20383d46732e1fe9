"""One run of one state: what the state machine passes, and how much time there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from process.work import Work
from tracking.errors import InvalidJobError, StaleAttemptError
from tracking.fence import Fence
from tracking.jobs import EXECUTION_TIMEOUT_S, Progress
from tracking.naming import is_execution_name
from tracking.wiring import ProcessDeps

SAVE_RESERVE_S = 30
"""What an execution keeps for saving after fetching: 5,000 videos take 3 to 5 s, and may have to be saved again."""

FUNCTION_RESERVE_S = 65
"""What one invocation keeps after its deadline: a page just begun, of two HTTP calls (30 s each), and staging."""


@dataclass(frozen=True, slots=True)
class State:
    """A row of the table in `process.states`."""

    name: str  # as in the definition
    run: Callable[[Step, ProcessDeps], dict[str, Any]]  # its output is the next state's input
    reaches: Progress | None  # the progress that its last commit brings about; None: it fails the job

    @property
    def completes(self) -> bool:
        return self.reaches is Progress.VIDEOS_SAVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    state: State
    execution: str  # ARN
    execution_started_at: datetime
    retry_count: int  # of this state, so far
    work: Work
    deadline: datetime  # when fetching has to end, so that what was fetched can be saved
    failure: dict[str, str]  # FailJob: `Error` and `Cause` of the state that failed

    @classmethod
    def from_event(
        cls, event: Mapping[str, Any], states: Mapping[str, State], now: datetime, remaining_s: float
    ) -> Self:
        """`states`: the table's rows by name. `remaining_s`: of this invocation.

        InvalidJobError when the event is not what the state machine sends; StaleAttemptError where an earlier version
        began the execution, for what it fetched lies elsewhere.
        """
        try:
            name, execution, retry_count = event["state"], event["execution"], event["retryCount"]
            started_at = datetime.fromisoformat(event["executionStartedAt"])
            work = Work.from_state(event["job"])
            failure = event["job"].get("failure", {})
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidJobError(f"The event is not one of the state machine's: {error!r}.") from error
        if not (isinstance(name, str) and isinstance(execution, str) and isinstance(failure, dict)):
            raise InvalidJobError("The event is not one of the state machine's: a field is of another type.")
        if type(retry_count) is not int or started_at.tzinfo is None:
            raise InvalidJobError("The event is not one of the state machine's: its retry or its start is unclear.")
        if (state := states.get(name)) is None:
            raise InvalidJobError(f"No module does the work of a state {name!r}.")
        if not is_execution_name(execution.rpartition(":")[2]):
            raise StaleAttemptError("This execution was begun by an earlier version; its job is begun again.")
        return cls(
            state=state,
            execution=execution,
            execution_started_at=started_at,
            retry_count=retry_count,
            work=work,
            deadline=min(
                now + timedelta(seconds=remaining_s - FUNCTION_RESERVE_S),
                started_at + timedelta(seconds=EXECUTION_TIMEOUT_S - FUNCTION_RESERVE_S - SAVE_RESERVE_S),
            ),
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
        """By this attempt, this state's included."""
        return self.work.retries_used + self.retry_count
