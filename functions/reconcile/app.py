"""Handle one status-change event of an execution that FAILED, TIMED_OUT or was ABORTED.

Safe to run twice, and in any order. https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html

AWS does not guarantee to deliver these events. The trigger's sweep finds the jobs whose event is lost.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import fence, jobs, outcomes, paid_runs, refusals, wiring
from tracking.errors import InvalidJobError, JobCancelledError, StaleAttemptError
from tracking.fence import Fence
from tracking.jobs import Status
from tracking.metrics import count_failed
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.paid_runs import Runs
from tracking.sentences import say

logger = Logger(service="reconcile")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("reconcile", logger)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.ReconcileDeps | None = None) -> dict[str, Any]:
    """Fail the job, or give it back, if its execution still owns it. Return whether that happened.

    The job's paid runs are stopped, also when its user cancelled it while the execution waited.

    Raises InvalidJobError for an event of any other kind or execution.
    """
    deps = deps or wiring.reconcile()
    owned, job, outcome = _parse(event)
    if job.get("refresh") and deps.refreshes is not None:
        deps = replace(deps, store=deps.refreshes)
    logger.append_keys(job_id=owned.job_id, attempt=job["attempt"], execution=event["detail"]["executionArn"])
    runs, part = _runs(deps, owned, job), int(job.get("part", 1))
    if outcome.was_throttled:
        runs = paid_runs.with_known(deps.store, deps.platform, runs, execution=owned.execution, part=part)
    is_recorded = _record(deps, owned, job, outcome)
    for run in paid_runs.stop_lost(deps.store, deps.platform, runs, deps.clock, execution=owned.execution, part=part):
        logger.warning("run not stopped", action="run_not_stopped", run=run.run_id, kind=run.kind, reason=run.reason)
    return {"isRecorded": is_recorded}


def _record(deps: wiring.ReconcileDeps, owned: Fence, job: dict[str, Any], outcome: Outcome) -> bool:
    """Write the execution's end to its job. Return False if the execution no longer owns it."""
    if outcome.lost_access:
        logger.info("job left as it is", action="job_left", reason="Our key was refused. The sweep looks at the job.")
        return False
    code, sentence = outcomes.explain_end(outcome)
    now = deps.clock.now()
    try:
        if outcome.was_throttled:
            fence.commit(deps.store, owned, jobs.release(now))
        else:
            fence.end(deps.store, owned, job, jobs.fail(Status.PROCESSING, now, sentence, code), news=deps.news)
    except (JobCancelledError, StaleAttemptError) as error:
        logger.info("job left as it is", action="job_left", reason=error.message)
        return False
    if outcome.was_throttled:
        logger.warning("job given back", action="job_given_back", error_code=outcome.error)
        return True
    count_failed(code)
    logger.warning("job failed", action="job_failed", error_code=code, status=outcome.status)
    return True


def _runs(deps: wiring.ReconcileDeps, owned: Fence, job: dict[str, Any]) -> Runs:
    """Return the paid runs as the event knows them: their ids are in the job's document."""
    return Runs(
        job_id=owned.job_id,
        platform=str(job.get("platform", "")),
        username=str(job.get("username", "")),
        ids={},
        since=deps.clock.now() - jobs.LEASE,
    )


def _parse(event: dict[str, Any]) -> tuple[Fence, dict[str, Any], Outcome]:
    """Return the fence at the claim's version, the execution's input, and how the execution ended.

    The job may have a newer version than the claim's. Then the commit reads the document and tries again.
    """
    try:
        detail = event["detail"]
        job = json.loads(detail["input"])
        job |= {"attempt": int(job["attempt"])}
        owned = Fence(str(job["jobId"]), str(detail["executionArn"]).rpartition(":")[2], str(job.get("version", "")))
        status = ExecutionStatus(detail["status"])
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(f"The event is not of one of our executions: {error!r}.") from error
    if status not in {ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED}:
        raise _malformed(f"The execution has not failed: it is {status}.")
    return owned, job, Outcome(status=status, error=detail.get("error") or "", cause=detail.get("cause") or "")


def _malformed(detail: str) -> InvalidJobError:
    return InvalidJobError(say("malformedInput", detail=detail))
