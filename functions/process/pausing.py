"""Pausing: the platform refuses our credential for longer than this execution can wait.

One commit puts the job back into the queue and pauses the platform, so neither happens without the other.
"""

from __future__ import annotations

from datetime import datetime

from process import charging
from process.retrying import MAX_RETRIES
from process.step import Step
from tracking import jobs, pauses
from tracking.errors import CredentialsError, JobPausedError, QuotaExceededError, RateLimitedError, TrackingError
from tracking.pauses import Pause
from tracking.platforms import Refusal
from tracking.wiring import ProcessDeps


def paused(step: Step, deps: ProcessDeps, error: TrackingError) -> JobPausedError | None:
    """Pause the job and its platform; return the error that ends the execution.

    Return None, and write nothing, when a retry may still help, and for every error that is not a refusal. A key of
    ours that is not the platform's, or that cannot read one account, pauses nothing.
    """
    if not isinstance(error, Refusal):
        return None
    until = _resumes_at(step, deps.clock.now(), error)
    if until is None:
        return None
    platform = step.work.platform_name
    message = f"{_sentence(platform.label, error)}; resumes about {until:%H:%M} UTC."
    pause = Pause(platform=platform, until=until, reason=type(error).__name__)
    charging.commit(step, deps, jobs.pause(deps.clock.now(), message), pauses.with_copy(pause.to_write()))
    return JobPausedError(message)


def _sentence(label: str, error: Refusal) -> str:
    match error:
        case RateLimitedError():
            return f"{label} is rate limiting us"
        case QuotaExceededError():
            return f"{label} gives us no more for now"
        case CredentialsError():
            return f"Our access to {label} does not work right now"


def _resumes_at(step: Step, now: datetime, error: Refusal) -> datetime | None:
    if isinstance(error, CredentialsError):
        return now + pauses.CREDENTIALS_PAUSE if error.stops_platform else None
    if isinstance(error, QuotaExceededError):
        return pauses.quota_used_up_until(step.work.platform_name, now)
    waits_too_long = error.retry_at is not None and error.retry_at > step.deadline
    if waits_too_long or step.retries >= MAX_RETRIES:
        return pauses.rate_limited_until(error.retry_at, now)
    return None
