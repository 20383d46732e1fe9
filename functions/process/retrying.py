"""The first act of a state that runs again: look at the job, and tell its user."""

from __future__ import annotations

from dataclasses import replace

from process.step import Step
from tracking import fence, jobs
from tracking.errors import StaleAttemptError
from tracking.jobs import Status
from tracking.wiring import ProcessDeps


def announce(step: Step, deps: ProcessDeps) -> tuple[Step, bool]:
    """The step at the job's newest version, and whether the job is done already (the last reply was lost).

    Stops a cancelled job before it costs another call to the platform: JobCancelledError, StaleAttemptError.
    A state that leads to no progress has no more to tell than its own commit says: its step comes back as it is.
    """
    reaches = step.state.reaches
    if reaches is None:
        return step, False
    owned, job = fence.current(deps.store, step.fence)
    if job.status is Status.COMPLETED:
        return replace(step, work=step.work.after(owned)), True
    if job.progress > reaches:  # this run comes late: another try of the state was the one that counted
        raise StaleAttemptError("The job is past this step.")
    # No "of 3": the machine's count holds the waits for a throttled function, too, and those may be more.
    message = f"That did not work at once; trying again (retry {step.retry_count})."
    owned = fence.commit(deps.store, owned, jobs.announce(deps.clock.now(), message, step.retries_used))
    return replace(step, work=step.work.after(owned)), False
