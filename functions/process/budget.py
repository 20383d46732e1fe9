"""The limits of one fetch from a platform: its deadline and its number of videos."""

from __future__ import annotations

from process.step import Step
from tracking import fence
from tracking.platforms import Budget
from tracking.wiring import ProcessDeps


def budget_of(step: Step, deps: ProcessDeps) -> Budget:
    """Return the step's budget.

    The checkpoint raises if the job was cancelled or lost, so no further call is made for it. On a retry, an earlier
    try may have started a paid run after `execution_started_at`; the platform looks for it.
    """
    return Budget(
        deadline=step.deadline,
        max_videos=deps.max_videos_per_job,
        checkpoint=lambda: _check(step, deps),
        resume_since=step.execution_started_at if step.retry_count else None,
    )


def _check(step: Step, deps: ProcessDeps) -> None:
    fence.current(deps.store, step.fence)
