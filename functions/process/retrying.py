"""Announce a retry: a state that runs again first reads the job, and writes a message for the user."""

from __future__ import annotations

from dataclasses import replace

from process.step import Step
from tracking import fence, jobs
from tracking.errors import StaleAttemptError
from tracking.jobs import Status
from tracking.wiring import ProcessDeps


def announce(step: Step, deps: ProcessDeps) -> tuple[Step, bool]:
    """Return the step at the job's newest version, and whether the job is completed already.

    The job is completed already if the last run of this state completed it and only the reply was lost.
    A state with no `reaches` makes no announcement; its step is returned unchanged.
    Raises JobCancelledError or StaleAttemptError, so a cancelled job costs no further call to the platform.
    """
    reaches = step.state.reaches
    if reaches is None:
        return step, False
    owned, job = fence.current(deps.store, step.fence)
    if job.status is Status.COMPLETED:
        return replace(step, work=step.work.after(owned)), True
    if job.progress > reaches:  # another run of this state succeeded, and a later state has committed since
        raise StaleAttemptError("The job is past this step.")
    # The message has no "of 3": the count includes retries after Lambda throttling, so it can be higher than 3.
    message = f"That did not work at once; trying again (retry {step.retry_count})."
    owned = fence.commit(deps.store, owned, jobs.announce(deps.clock.now(), message, step.retries_used))
    return replace(step, work=step.work.after(owned)), False
