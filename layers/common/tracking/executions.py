"""Executions of the state machine: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tracking.outcomes import ExecutionStatus, Outcome

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ALREADY_EXISTS = "ExecutionAlreadyExists"
NO_TIME_LEFT = "OutOfTime"  # our own code, not one of AWS: the tick had no time left for the call


class StartRefusedError(Exception):
    """The execution was certainly not started. `code`: AWS's name of the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def is_temporary(self) -> bool:
        return self.code in {"ThrottlingException", "ExecutionLimitExceeded", "TooManyRequestsException", NO_TIME_LEFT}


class StartUnknownError(Exception):
    """The execution may have started: the reply was lost, or the service failed."""


class ExecutionsUnavailableError(Exception):
    """Step Functions gave no answer about an execution. Ask again at the next tick."""


class Executions(Protocol):
    @property
    def machine(self) -> str:
        """The ARN of the state machine."""
        ...

    def arn(self, name: str) -> str:
        """Return the ARN of the execution with this name. The execution need not have started."""
        ...

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Start an execution. A second start with the same name and payload does nothing.

        Raises StartRefusedError, also when an execution with this name has another payload. Raises StartUnknownError
        when the execution may have started.
        """
        ...

    def outcome(self, name: str) -> Outcome:
        """Return the status, error and cause of the execution with this name. Raises ExecutionsUnavailableError."""
        ...


class StepFunctionsExecutions:
    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self.machine = state_machine_arn

    def arn(self, name: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        try:
            self._client.start_execution(
                stateMachineArn=self.machine, name=name, input=json.dumps(payload, sort_keys=True)
            )
        except self._client.exceptions.ExecutionAlreadyExists as error:
            # AWS accepts an identical second start only while the first execution runs. Compare the inputs, because
            # the first execution may have ended.
            if not self._has_input(name, payload):
                raise StartRefusedError(ALREADY_EXISTS) from error
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
                raise StartRefusedError(error.response["Error"]["Code"]) from error
            raise StartUnknownError(name) from error
        except BotoCoreError as error:
            raise StartUnknownError(name) from error

    def outcome(self, name: str) -> Outcome:
        try:
            found = self._client.describe_execution(executionArn=self.arn(name))
        except self._client.exceptions.ExecutionDoesNotExist:
            return Outcome(status=ExecutionStatus.NEVER_STARTED)
        except (BotoCoreError, ClientError) as error:
            raise ExecutionsUnavailableError(name) from error
        return Outcome(
            status=ExecutionStatus(found["status"]),
            error=found.get("error", ""),
            cause=found.get("cause", ""),
        )

    def _has_input(self, name: str, payload: Mapping[str, Any]) -> bool:
        try:
            found = self._client.describe_execution(executionArn=self.arn(name))
        except (BotoCoreError, ClientError) as error:
            raise StartUnknownError(name) from error
        return bool(json.loads(found.get("input") or "null") == payload)


class MemoryExecutions:
    """The in-memory twin of `StepFunctionsExecutions`. `started` holds the payloads by name.

    `refusing` makes a start fail with the given error. `outcomes` sets how executions ended. Both use the name without
    its digest, because a test cannot know the digest; `outcomes` also accepts the full name.
    """

    machine = "arn:memory:states:here:000000000000:stateMachine:tracking"

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.refusing: dict[str, Exception] = {}
        self.outcomes: dict[str, Outcome] = {}
        self._lock = threading.Lock()

    def arn(self, name: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self._lock:
            if error := self.refusing.get(_without_digest(name)):
                raise error
            if self.started.setdefault(name, payload) != payload:
                raise StartRefusedError(ALREADY_EXISTS)

    def outcome(self, name: str) -> Outcome:
        with self._lock:
            default = ExecutionStatus.RUNNING if name in self.started else ExecutionStatus.NEVER_STARTED
            known = self.outcomes.get(name) or self.outcomes.get(_without_digest(name))
            return known or Outcome(status=default)


def _without_digest(name: str) -> str:
    return name.rpartition("-")[0]
