"""Retries: a state that failed says so in the job, and a state that runs again first reads the job.

The job's `retryCount` counts announced retries. So it does not count runs that Lambda had no place for, nor a run that
was killed before it could announce anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from process import charging, going_on
from process.advancing import is_past
from process.step import Step
from tracking import fence, jobs
from tracking.errors import StaleAttemptError, StoreUnavailableError
from tracking.jobs import Job, Progress, Status
from tracking.sentences import say
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

MAX_RETRIES = 3
"""The same number as in statemachine/tracking.asl.json; a test compares them."""


class _IsDoneError(Exception):
    """The job is past this state."""


def catch_up(step: Step, deps: ProcessDeps) -> tuple[Step, dict[str, Any] | None]:
    """Return the step as the job is now, and the state's output if an earlier run did all its work.

    An earlier run did so if it completed the job or handed it over, and only the reply was lost. A state with no
    `reaches` reads nothing; its step is returned unchanged. Raises JobCancelledError or StaleAttemptError, so a
    cancelled job costs no further call to the platform.
    """
    reaches = step.state.reaches
    if reaches is None:
        return step, None
    try:
        owned, job = fence.current(deps.store, step.fence)
    except StaleAttemptError:
        if (output := going_on.handed_over(step, deps)) is None:
            raise
        return step, output
    work = step.work.after(owned)
    if job.status is Status.COMPLETED and step.state.completes:
        return replace(step, work=work), work.to_state()
    begun_at = Progress.ACCOUNT_SAVED if work.part > 1 else Progress.CREATED
    if job.progress > max(reaches, begun_at):  # another run of this state succeeded, and a later state has committed
        raise StaleAttemptError("The job is past this step.")
    work = replace(work, runs={**work.runs, **job.runs})
    return replace(step, work=work, retries=max(0, job.retry_count - step.work.retries_used)), None


def announce(step: Step, deps: ProcessDeps) -> None:
    """Announce and count the retry that follows on this run's failure, if the machine has a retry left.

    If runs were killed before, the machine may have fewer retries left than the count says. Then the announcement is
    wrong, and the job fails at once. Nothing is announced if the state's work is done after all: its commit or its
    hand-over was made and the reply lost, or another run did it. Raises JobCancelledError or StaleAttemptError; an
    error of the store is logged.
    """
    if step.state.reaches is None or step.retries >= MAX_RETRIES:
        return
    number = step.retries_used + 1
    message = say("retrying", number=number)

    def check(job: Job) -> None:
        if is_past(step, job):
            raise _IsDoneError

    try:
        charging.commit(step, deps, jobs.announce(deps.clock.now(), message, number), check=check)
    except _IsDoneError:
        return
    except StaleAttemptError:
        if going_on.handed_over(step, deps) is None:
            raise
    except StoreUnavailableError as error:
        logger.info("retry not announced", action="retry_not_announced", reason=error.message)
