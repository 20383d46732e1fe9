"""Executions of the state machine: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tracking.jobs import Job, slug
from tracking.outcomes import ExecutionStatus, Outcome

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_MAX_NAME_LENGTH = 80


OUT_OF_TIME = "OutOfTime"  # ours: the tick had no time left to ask


class StartRefusedError(Exception):
    """The execution was certainly not started. `code`: AWS's name for the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def is_temporary(self) -> bool:
        return self.code in {"ThrottlingException", "ExecutionLimitExceeded", "TooManyRequestsException", OUT_OF_TIME}


class StartUnknownError(Exception):
    """It may have been started or not: the reply was lost, or the service failed."""


class ExecutionsUnavailableError(Exception):
    """Step Functions did not say how the execution stands; ask again at the next tick."""


class Executions(Protocol):
    def arn(self, name: str) -> str:
        """The ARN that an execution of this name has, started or not."""
        ...

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        """Start, once: a second start by the same name does nothing. StartRefusedError, StartUnknownError."""
        ...

    def outcome(self, name: str) -> Outcome:
        """How the execution of this name stands. ExecutionsUnavailableError."""
        ...


def execution_name(job: Job, attempt: int) -> str:
    """`{platform}-{username}-{job id}-{attempt}`: readable in the console, unique by job and attempt.

    At most 80 of `0-9A-Za-z-_`; a long username is cut, the id and the attempt never are.
    """
    tail = f"-{slug(job.job_id)}-{attempt}"
    head = f"{job.platform}-{_readable(job.username)}"
    return head[: _MAX_NAME_LENGTH - len(tail)] + tail


def _readable(username: str) -> str:
    name = re.split(r"[?#]", username.strip())[0].rstrip("/").rpartition("/")[2]
    return "".join(c if c.isascii() and (c.isalnum() or c == "_") else "-" for c in name).strip("-")


class StepFunctionsExecutions:
    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def arn(self, name: str) -> str:
        return f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        try:
            self._client.start_execution(
                stateMachineArn=self._state_machine_arn, name=name, input=json.dumps(payload, sort_keys=True)
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
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
            stopped_quietly="failure" in json.loads(found.get("output") or "{}"),
        )


class MemoryExecutions:
    """The in-memory twin: what was started, by name. `refusing` makes the next starts fail with that error."""

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.refusing: dict[str, Exception] = {}
        self.outcomes: dict[str, Outcome] = {}
        self._lock = threading.Lock()

    def arn(self, name: str) -> str:
        return f"arn:aws:states:us-east-1:000000000000:execution:tracking:{name}"

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self._lock:
            if error := self.refusing.get(name):
                raise error
            self.started.setdefault(name, payload)

    def outcome(self, name: str) -> Outcome:
        with self._lock:
            default = ExecutionStatus.RUNNING if name in self.started else ExecutionStatus.NEVER_STARTED
            return self.outcomes.get(name, Outcome(status=default))
