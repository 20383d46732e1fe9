"""State FetchAccount: ask the platform who the account is, and stage the answer. 0 -> 30."""

from __future__ import annotations

from typing import Any

from process.step import Step
from tracking import fence, jobs
from tracking.jobs import Progress
from tracking.platforms import Budget
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    work = step.work
    fetched = deps.platform(work.platform_name).fetch_account(work.username, budget(step, deps))
    fetched = deps.staging.put_account(step.execution_name, fetched)
    message = f"Found {fetched.account.display_name or fetched.account.username}."
    owned = fence.commit(
        deps.store,
        step.fence,
        jobs.advance(deps.clock.now(), Progress.ACCOUNT_FETCHED, message),
        reaches=Progress.ACCOUNT_FETCHED,
    )
    return work.after(owned, retries_used=step.retries_used, account_id=fetched.account.account_id).to_state()


def budget(step: Step, deps: ProcessDeps) -> Budget:
    """A state that runs again may have begun a paid run at the platform, not before its execution started."""
    return Budget(
        deadline=step.deadline,
        max_videos=deps.max_videos_per_job,
        checkpoint=lambda: _check(step, deps),
        resume_since=step.execution_started_at if step.retry_count else None,
    )


def _check(step: Step, deps: ProcessDeps) -> None:
    """Stops a job that was cancelled, or lost, before its next call to the platform."""
    fence.current(deps.store, step.fence)
