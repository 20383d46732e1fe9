"""The limits of what a state may fetch from a platform: its time, its number of videos."""

from __future__ import annotations

from process.step import Step
from tracking import fence
from tracking.platforms import Budget
from tracking.wiring import ProcessDeps


def budget_of(step: Step, deps: ProcessDeps) -> Budget:
    """A state that runs again may have begun a paid run at the platform, not before its execution started.

    The checkpoint stops a job that was cancelled, or lost, before its next call to the platform.
    """
    return Budget(
        deadline=step.deadline,
        max_videos=deps.max_videos_per_job,
        checkpoint=lambda: _check(step, deps),
        resume_since=step.execution_started_at if step.retry_count else None,
    )


def _check(step: Step, deps: ProcessDeps) -> None:
    fence.current(deps.store, step.fence)
