"""State FailJob: write the error to the job. The Fail state after it ends the execution with the same error."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from process import stopping
from process.step import Step
from tracking import fence, jobs, outcomes, refusals
from tracking.errors import CredentialsError, JobCancelledError, StaleAttemptError
from tracking.jobs import Status
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Return `error` and `cause` for the Fail state, and `isRecorded`.

    `isRecorded` is False when the job ended in the meantime; it is then left unchanged.

    Raises CredentialsError, and writes nothing, if Google had refused our key: the sweep lets the job begin again. This
    state may well have access, because another environment keeps another key, or a newer one has come.
    """
    error, cause = step.failure.get("Error", ""), step.failure.get("Cause", "")
    code, sentence = outcomes.explain(error, cause)
    if outcomes.is_lost_access(error, cause):
        raise CredentialsError(sentence, credential=refusals.GOOGLE)
    is_recorded = True
    try:
        change = jobs.fail(Status.PROCESSING, deps.clock.now(), sentence, code)
        fence.end(deps.store, step.fence, step.work.to_state(), change)
    except (JobCancelledError, StaleAttemptError) as error:
        logger.info("job left as it is", action="job_left", reason=error.message)
        is_recorded = False
    stopping.stop_lost_runs(step, deps)
    return {"error": code, "cause": sentence.text, "isRecorded": is_recorded}
