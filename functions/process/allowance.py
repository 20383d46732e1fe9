"""The allowance of a refresh: its states send no request that could cost more than is left of it.

the order's allowance less what the job and the states before have spent ──> the meter of this run
"""

from __future__ import annotations

import math

from process.step import Step
from tracking import budgets
from tracking.errors import AllowanceSpentError
from tracking.sentences import say
from tracking.spending import total
from tracking.wiring import ProcessDeps


def keep_to(step: Step, deps: ProcessDeps) -> None:
    """Hold this run to the allowance. A user's job has none.

    Raises AllowanceSpentError if an earlier run of this state was killed, or Lambda had no place for it: nobody knows
    what it spent. Nobody waits for a refresh, so that costs an hour at most.
    """
    order = step.work.order
    if order is None or order.allowance is None or not step.state.waits:
        return
    platform = step.work.platform_name
    refusal = say("allowanceSpent", platform=platform.label)
    if step.retry_count > step.retries:
        raise AllowanceSpentError(refusal)
    known = total(_in_document(step, deps), step.work.spent)
    left = order.allowance - budgets.cost_of(platform, known)
    step.meter.limit(lambda amounts: budgets.cost_of(platform, amounts), left if left > 0 else -math.inf, refusal)


def _in_document(step: Step, deps: ProcessDeps) -> dict[str, float]:
    """Return what the job's document says that it spent. While each state runs for the first time, that is nothing."""
    work = step.work
    if work.attempt == work.part == 1 and not step.retry_count and not work.waits:
        return {}
    snapshot = deps.store.get_job(work.job_id)
    return budgets.spent_in(snapshot.data) if snapshot else {}
