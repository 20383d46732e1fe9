"""The end of an execution, and the change of its job that follows from it.

The states themselves record their result in the job. This module is for executions that ended without doing so: timed
out, stopped in the console, or never started. The sweep and the reconcile function both use it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracking import errors, jobs
from tracking.jobs import Change, Job, Status
from tracking.sentences import Sentence, from_cause, say

TIMED_OUT = "TimedOut"
"""Our code for each time-out: a Fail state may not report a name of AWS's own, which begins with `States.`.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation
"""
TIME_OUTS = frozenset({"States.Timeout", "Sandbox.Timedout", TIMED_OUT})
INTERNAL_ERROR = "InternalError"
ABORTED = "ExecutionAborted"
THROTTLED = "Throttled"
"""The error of executions that found no place in Lambda for too long. Their jobs wait again, and do not fail."""
UNRECORDED = "Unrecorded."
"""The prefix of a state's error in the state FailUnrecorded, which follows when FailJob could not write the error."""
NOT_OUR_FAULT = frozenset(
    {
        errors.AccountNotFoundError.__name__,
        errors.AccountPrivateError.__name__,
        errors.AccountSuspendedError.__name__,
        errors.IdentityChangedError.__name__,
        errors.InvalidJobError.__name__,
        errors.AllowanceSpentError.__name__,
        ABORTED,
    }
)
"""Codes of failed jobs whose user, or an operator, is the cause. A platform that is down is none: we answer for it."""


class ExecutionStatus(StrEnum):
    """Execution status. https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html"""

    NEVER_STARTED = "NEVER_STARTED"  # ours: no execution has this name
    RUNNING = "RUNNING"
    PENDING_REDRIVE = "PENDING_REDRIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    status: ExecutionStatus
    error: str = ""
    cause: str = ""

    @property
    def was_throttled(self) -> bool:
        return self.status is ExecutionStatus.FAILED and self.error == THROTTLED

    @property
    def lost_access(self) -> bool:
        """Return whether the execution ended because Google refused our key. Its job knows nothing of that end."""
        is_unrecorded = self.status is ExecutionStatus.FAILED and self.error.startswith(UNRECORDED)
        return is_unrecorded and is_lost_access(self.error.removeprefix(UNRECORDED), self.cause)


def settle(job: Job, outcome: Outcome, now: datetime, lease: timedelta = jobs.LEASE) -> Change:
    """Return the change that brings a `processing` job in line with its execution.

    An execution completes its job before it succeeds. So a successful execution whose job is still `processing` did no
    lasting work: it was interrupted, or it stopped quietly. The job then starts again. So does a job that could not be
    written to because Google refused our key. This counts as an expiry: the key of one function may stay wrong.
    """
    if outcome.was_throttled:
        return jobs.release(now)
    if outcome.lost_access:
        return jobs.expire(job, now)
    match outcome.status:
        case ExecutionStatus.RUNNING | ExecutionStatus.PENDING_REDRIVE:
            return jobs.renew(now, lease)
        case ExecutionStatus.SUCCEEDED | ExecutionStatus.NEVER_STARTED:
            return jobs.expire(job, now)
        case ExecutionStatus.FAILED | ExecutionStatus.TIMED_OUT | ExecutionStatus.ABORTED:
            code, sentence = explain_end(outcome)
            return jobs.fail(Status.PROCESSING, now, sentence, code)


def is_lost_access(error: str, cause: str) -> bool:
    """Return whether a state failed because Google refused our key. `error`, `cause`: as for `explain`.

    Nothing is wrong with such a job, and it begins again. S3 and platforms refuse us with the same class.
    """
    return error == errors.CredentialsError.__name__ and from_cause(_message(cause)).code == "databaseRefusesUs"


def explain_end(outcome: Outcome) -> tuple[str, Sentence]:
    """Return code and sentence for an execution that FAILED, TIMED_OUT or was ABORTED."""
    if outcome.status is ExecutionStatus.TIMED_OUT:
        return explain(TIMED_OUT, "")
    if outcome.status is ExecutionStatus.ABORTED:
        return ABORTED, say("stoppedByOperator")
    return explain(outcome.error.removeprefix(UNRECORDED), outcome.cause)


def explain(error: str, cause: str) -> tuple[str, Sentence]:
    """Return a stable code and a sentence for people, from the `Error` and `Cause` of a Catch or of the Fail state.

    Only the messages of `tracking.errors` are meant for people. For other errors the details are in the log.
    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    if error in TIME_OUTS:
        return TIMED_OUT, say("tookTooLong")
    if error not in {leaf.__name__ for leaf in errors.leaves()}:
        return INTERNAL_ERROR, say("internalError")
    message = _message(cause)
    return error, from_cause(message) if message else say("noReason")


def _message(cause: str) -> str:
    """Return the message in `cause`.

    Lambda's cause is JSON, and is cut off if it is long. The cause of the Fail state is the sentence itself.
    """
    try:
        return str(json.loads(cause)["errorMessage"] or "")
    except ValueError:
        return "" if cause.startswith("{") else cause
    except (KeyError, TypeError):
        return ""
