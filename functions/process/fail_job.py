"""State FailJob: write the error to the job. The Fail state after it ends the execution with the same error."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from process import stopping
from process.step import Step
from tracking import fence, jobs, outcomes
from tracking.errors import JobCancelledError, StaleAttemptError
from tracking.jobs import Status
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Return `error` and `cause` for the Fail state, and `isRecorded`.

    `isRecorded` is False when the job ended in the meantime; it is then left unchanged.
    """
    code, sentence = outcomes.explain(step.failure.get("Error", ""), step.failure.get("Cause", ""))
    is_recorded = True
    try:
        change = jobs.fail(Status.PROCESSING, deps.clock.now(), sentence, code)
        fence.end(deps.store, step.fence, step.work.to_state(), change)
    except (JobCancelledError, StaleAttemptError) as error:
        logger.info("job left as it is", action="job_left", reason=error.message)
        is_recorded = False
    stopping.stop_lost_runs(step, deps)
    return {"error": code, "cause": sentence, "isRecorded": is_recorded}
