"""State FailJob: write the error to the job. The Fail state after it ends the execution with the same error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools import Logger

from process import account_news, charging, keeping_current, stopping
from process.step import Step
from tracking import fence, jobs, outcomes, refusals
from tracking.errors import AllowanceSpentError, CredentialsError, JobCancelledError, StaleAttemptError
from tracking.jobs import Change, Status
from tracking.store import DocumentMissingError, DocumentWrite
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
    failed = jobs.fail(Status.PROCESSING, deps.clock.now(), sentence, code)
    # A run that was killed, at the latest in its last try, has left no error of ours. What it had spent is lost.
    is_known = code not in {AllowanceSpentError.__name__, outcomes.TIMED_OUT, outcomes.INTERNAL_ERROR}
    change = charging.with_all(step, failed) if is_known else charging.with_carried(step, failed)
    order = step.work.order
    account = keeping_current.after_failure(step, deps, order, code) if order else None
    news = account_news.of_failure(step, deps, order, account) if order and account else []
    try:
        _end(step, deps, change, [account, *news] if account else [])
    except (JobCancelledError, StaleAttemptError) as error:
        logger.info("job left as it is", action="job_left", reason=error.message)
        is_recorded = False
    stopping.stop_lost_runs(step, deps)
    return {"error": code, "cause": sentence.text, "isRecorded": is_recorded}


def _end(step: Step, deps: ProcessDeps, change: Change, accounts: Sequence[DocumentWrite]) -> None:
    """End the job, and say in the account of a refresh what became of it, unless somebody removed the account."""
    job = step.work.to_state()
    try:
        fence.end(deps.store, step.fence, job, change, documents=accounts, news=deps.news)
    except DocumentMissingError:
        fence.end(deps.store, step.fence, job, change, news=deps.news)
