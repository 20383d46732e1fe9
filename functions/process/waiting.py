"""Waiting for a platform: a Wait state of the machine waits, so no function is billed meanwhile.

A state that finds the platform still at work ends at once. Its output says "wait" and the seconds, and the machine
comes back to it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from process import charging
from process.advancing import not_past
from process.step import Step, Then
from tracking import fence, jobs
from tracking.errors import JobPausedError, PlatformUnavailableError, RateLimitedError, TrackingError
from tracking.platforms import Waiting
from tracking.sentences import Sentence, say
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps

WAITS_S = (10, 20, 30, 60)
"""Seconds of an execution's waits, one after another. The last one repeats. Each look costs three transitions."""
SHORTEST_WAIT_S = 5  # of an execution or a job that has less time left, the time is over


def job_is_over(step: Step, deps: ProcessDeps) -> bool:
    """Return whether the attempt has lasted as long as it may."""
    return step.job_ends_at(deps.max_job) - deps.clock.now() < timedelta(seconds=SHORTEST_WAIT_S)


def room_s(step: Step, deps: ProcessDeps) -> int:
    """Return for how many seconds the execution can still wait. 0: it cannot."""
    ends_at = min(step.fetching_ends_at, step.job_ends_at(deps.max_job))
    seconds = int((ends_at - deps.clock.now()).total_seconds())
    return seconds if seconds >= SHORTEST_WAIT_S else 0


def wait_s(step: Step, waiting: Waiting) -> int:
    return waiting.wait_s or WAITS_S[min(step.work.waits, len(WAITS_S) - 1)]


def wait(
    step: Step, deps: ProcessDeps, message: Sentence, seconds: int, documents: Sequence[DocumentWrite] = ()
) -> dict[str, Any]:
    """Tell the user why, and return the output with which the machine waits.

    The commit also finds out whether the job was cancelled: then it raises, as `fence.commit` does.
    """
    note = jobs.note(deps.clock.now(), message)
    owned = charging.commit(step, deps, note, documents, check=not_past(step))
    return _output(step, owned, seconds)


def quietly(step: Step, seconds: int) -> dict[str, Any]:
    """Return the output with which the machine waits, when this run has written to the job already."""
    return _output(step, step.fence, seconds)


def _output(step: Step, owned: fence.Fence, seconds: int) -> dict[str, Any]:
    work = step.work.after(owned, retries_used=step.retries_used, waits=step.work.waits + 1)
    return work.to_state() | {"then": str(Then.WAIT), "waitS": seconds}


def seconds_until(deps: ProcessDeps, moment: datetime) -> int:
    """Return the seconds from now to a moment: at least SHORTEST_WAIT_S."""
    return max(SHORTEST_WAIT_S, -int((deps.clock.now() - moment) // timedelta(seconds=1)))


def hold(step: Step, deps: ProcessDeps, error: TrackingError) -> dict[str, Any] | None:
    """Wait until the time that a refusal names, if the execution lasts that long. Return None for any other error."""
    if not (step.state.waits and isinstance(error, RateLimitedError) and error.retry_at is not None):
        return None
    seconds = seconds_until(deps, error.retry_at)
    if error.retry_at <= deps.clock.now() or seconds > room_s(step, deps):
        return None
    message = say("askedToWait", platform=step.work.platform_name.label, until=error.retry_at)
    return wait(step, deps, message, seconds)


def give_up(step: Step, deps: ProcessDeps, waiting: Waiting) -> JobPausedError | PlatformUnavailableError:
    """Return the error for a platform that did not begin within the execution's time.

    If it had no room for a run, the job goes back to the queue, and the error ends the execution quietly.
    """
    if not waiting.is_refused:
        return PlatformUnavailableError(say("unavailable", service=step.work.platform_name.label))
    message = say("noRoomInTime")
    charging.commit(step, deps, charging.with_all(step, jobs.release(deps.clock.now(), message)))
    return JobPausedError(message.text)
