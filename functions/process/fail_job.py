"""State FailJob: tell the user why the job failed; the Fail state after it makes the execution say the same."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger

from process.step import Step
from tracking import errors, fence, jobs
from tracking.errors import JobCancelledError, StaleAttemptError
from tracking.jobs import Status
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

OUT_OF_TIME = frozenset({"States.Timeout", "Sandbox.Timedout"})
INTERNAL_ERROR = "InternalError"


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """`error` and `cause` for the Fail state; `isRecorded`: False for a job that has ended meanwhile and stays so."""
    code, sentence = explain(step.failure)
    is_recorded = True
    try:
        fields = jobs.fail(Status.PROCESSING, deps.clock.now(), sentence, code)
        fence.commit(deps.store, step.work.fence, fields)
    except (JobCancelledError, StaleAttemptError) as error:
        logger.info("job left as it is", action="job_left", reason=error.message)
        is_recorded = False
    return {"error": code, "cause": sentence, "isRecorded": is_recorded}


def explain(failure: dict[str, str]) -> tuple[str, str]:
    """A stable code and a sentence for a person, from a Catch's `Error` and `Cause`.

    Only the messages of `tracking.errors` are meant for people; of anything else the log holds the details.
    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    name = failure.get("Error", "")
    if name in OUT_OF_TIME:
        return name, "Tracking this account took too long and was stopped."
    if name not in {leaf.__name__ for leaf in errors.leaves()}:
        return INTERNAL_ERROR, "Something went wrong on our side; we have been told."
    return name, _message(failure.get("Cause", "")) or "Tracking this account failed."


def _message(cause: str) -> str:
    try:
        return str(json.loads(cause)["errorMessage"] or "")
    except (ValueError, KeyError, TypeError):
        return ""
