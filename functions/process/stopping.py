"""Stop the paid runs of a job that this execution ends or has lost."""

from __future__ import annotations

from collections.abc import Sequence

from aws_lambda_powertools import Logger

from process.step import Step
from tracking import paid_runs
from tracking.paid_runs import NotStopped, Runs
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)


def stop_runs(step: Step, deps: ProcessDeps) -> None:
    """Stop the runs that the step knows. A run that cannot be stopped is logged."""
    _log(paid_runs.stop(deps.platform, _runs(step), deps.clock))


def stop_lost_runs(step: Step, deps: ProcessDeps) -> None:
    """Stop the runs of an execution that stops: those that it knows, and those in the job's document."""
    name, part = step.execution_name, step.work.part
    _log(paid_runs.stop_lost(deps.store, deps.platform, _runs(step), deps.clock, execution=name, part=part))


def _runs(step: Step) -> Runs:
    work = step.work
    return Runs(
        job_id=work.job_id,
        platform=work.platform,
        username=work.username,
        ids=work.runs,
        since=step.execution_started_at,
    )


def _log(failed: Sequence[NotStopped]) -> None:
    for run in failed:
        logger.warning("run not stopped", action="run_not_stopped", run=run.run_id, kind=run.kind, reason=run.reason)
