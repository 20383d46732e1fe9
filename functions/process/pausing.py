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
from tracking.jobs import PlatformName
from tracking.pauses import Pause
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Refusal
from tracking.sentences import Sentence, say
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
    message = _sentence(platform, error, until)
    pause = Pause(platform=platform, until=until, reason=type(error).__name__)
    back = charging.with_all(step, jobs.pause(deps.clock.now(), message))
    charging.commit(step, deps, back, pauses.with_copy(pause.to_write()))
    return JobPausedError(message.text)


def _sentence(platform: PlatformName, error: Refusal, until: datetime) -> Sentence:
    match error:
        case RateLimitedError():
            return say("slowedDownUntil", platform=platform.label, until=until)
        case QuotaExceededError() if PLATFORMS[platform].quota_reset_hour_utc is not None:
            return say("dailyLimitUntil", platform=platform.label, until=until)
        case QuotaExceededError():
            return say("limitUntil", platform=platform.label, until=until)
        case CredentialsError():
            return say("noAccessUntil", platform=platform.label, until=until)


def _resumes_at(step: Step, now: datetime, error: Refusal) -> datetime | None:
    if isinstance(error, CredentialsError):
        return now + pauses.CREDENTIALS_PAUSE if error.stops_platform else None
    if isinstance(error, QuotaExceededError):
        return pauses.quota_used_up_until(step.work.platform_name, now)
    waits_too_long = error.retry_at is not None and error.retry_at > step.deadline
    if waits_too_long or step.retries >= MAX_RETRIES:
        return pauses.rate_limited_until(error.retry_at, now)
    return None
