"""Lambda handler for the states: it runs the module of the state that the event names.

The event, where "executionStartedAt" is RFC 3339:

    {"state": "FetchAccount", "execution": ARN, "executionStartedAt": "...", "retryCount": n, "job": Work}
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from process import allowance, charging, pausing, retrying, stopping, waiting
from process.states import STATES
from process.step import State, Step
from tracking import refusals, wiring
from tracking.errors import (
    CredentialsError,
    JobCancelledError,
    JobPausedError,
    QuotaExceededError,
    StaleAttemptError,
    TrackingError,
    TransientError,
)
from tracking.metrics import NAMESPACE, count_completed, count_failed
from tracking.sentences import say

logger = Logger(service="process")
metrics = Metrics(namespace=NAMESPACE, service="process")


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any],
    context: LambdaContext,
    deps: wiring.ProcessDeps | None = None,
    states: Mapping[str, State] = STATES,
) -> dict[str, Any]:
    """Run one state and return the next state's input. Safe to run twice.

    Raises the errors of `tracking.errors`. Step Functions retries or catches them by class name.
    """
    with refusals.told("process", logger):
        deps = deps or _wired()
    step = Step.from_event(event, states, deps.clock.now(), context.get_remaining_time_in_millis() / 1000)
    logger.append_keys(
        job_id=step.work.job_id,
        attempt=step.work.attempt,
        execution=step.execution,
        state=step.state.name,
        retry_count=step.retry_count,
    )
    if step.work.refresh and deps.refreshes is not None:
        deps = replace(deps, store=deps.refreshes)
    started = time.perf_counter()
    try:
        output = _charged(step, deps)
    except TrackingError as error:
        refused = error if isinstance(error, CredentialsError) else error.__cause__
        if isinstance(refused, CredentialsError):  # also if it has paused the platform
            refusals.tell("process", logger, refused, refused.credential or step.work.credential)
        logger.warning(
            "state failed", action="state_failed", error_code=type(error).__name__, reason=error.message, exc_info=error
        )
        error.name_the_sentence()
        raise
    _publish(step, output, time.perf_counter() - started)
    return output


def _wired() -> wiring.ProcessDeps:
    """Build the dependencies. Raises CredentialsError: what is wrong with our secret is for the log, not for users."""
    try:
        return wiring.process()
    except CredentialsError as error:
        sentence = say("databaseRefusesUs", detail="Our credentials for Firestore cannot be used.")
        refused = CredentialsError(sentence, credential=refusals.GOOGLE)
        refused.name_the_sentence()
        raise refused from error


def _charged(step: Step, deps: wiring.ProcessDeps) -> dict[str, Any]:
    """Run the state. However it ends, what it spent is written into its job."""
    try:
        output = _run(step, deps)
        return charging.carry(step, output) if step.work.refresh and step.state.waits else output
    finally:
        charging.settle(step, deps)


def _run(step: Step, deps: wiring.ProcessDeps) -> dict[str, Any]:
    try:
        if step.retry_count:
            step, output = retrying.catch_up(step, deps)
            if output is not None:
                return output
        allowance.keep_to(step, deps)
        return _run_state(step, deps)
    except (JobCancelledError, StaleAttemptError, JobPausedError):
        stopping.stop_lost_runs(step, deps)
        raise


def _run_state(step: Step, deps: wiring.ProcessDeps) -> dict[str, Any]:
    try:
        return step.state.run(step, deps)
    except (TransientError, QuotaExceededError, CredentialsError) as error:
        held = waiting.hold(step, deps, error)
        if held is not None:
            return held
        paused = pausing.paused(step, deps, error)
        if paused is None:
            if isinstance(error, TransientError):
                retrying.announce(step, deps)
            raise
        metrics.add_metric("JobsPaused", MetricUnit.Count, 1)
        metrics.flush_metrics()
        raise paused from error


def _publish(step: Step, output: dict[str, Any], duration_s: float) -> None:
    metrics.add_dimension("state", step.state.name)
    metrics.add_metric("StageDuration", MetricUnit.Seconds, duration_s)
    metrics.flush_metrics()  # not by Powertools' decorator, which warns when a failed state has no metrics
    logger.info("state done", action="state_done", duration_ms=round(duration_s * 1000))
    if step.state.completes:
        count_completed(step.work.platform)
    if step.state.reaches is None and output["isRecorded"]:
        count_failed(output["error"])
