"""Charging: what a state spent at the platform is written into its job.

A commit that the state makes anyway takes the amounts along. A state that fails makes no such commit, so the amounts
get one of their own. What a killed state had spent is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from process.step import Step
from tracking import fence, jobs
from tracking.errors import AllowanceSpentError, StoreUnavailableError, TrackingError
from tracking.fence import Fence
from tracking.jobs import Change, Job, Progress
from tracking.metrics import count_spent
from tracking.sentences import say
from tracking.spending import total
from tracking.store import DocumentWrite, WriteRefusedError
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)


def commit(
    step: Step,
    deps: ProcessDeps,
    change: Change,
    documents: Sequence[DocumentWrite] = (),
    reaches: Progress | None = None,
    owned: Fence | None = None,
    check: Callable[[Job], None] = lambda _job: None,
) -> Fence:
    """Commit as `fence.commit` does, together with what the step has spent since its last commit.

    `owned`: the fence, if it is newer than the step's.
    """
    spent = step.meter.take()
    charged = replace(change, spent=total(change.spent, spent))
    try:
        done = fence.commit(deps.store, owned or step.fence, charged, documents, reaches, check=check)
    except Exception:
        step.meter.add(spent)  # nothing was written, as far as we know
        raise
    count_spent(step.work.platform, spent)
    return done


def carry(step: Step, output: dict[str, Any]) -> dict[str, Any]:
    """Return a refresh's output with what the state spent. The commit that ends the execution's work writes it."""
    spent = step.meter.take()
    count_spent(step.work.platform, spent)
    return output | {"spent": total(step.work.spent, spent)}


def with_carried(step: Step, change: Change) -> Change:
    """Return the change with what earlier states of a refresh spent."""
    return replace(change, spent=total(change.spent, step.work.spent))


def with_all(step: Step, change: Change) -> Change:
    """Return the change with what earlier states of a refresh spent, and with the word that this is all.

    For changes after which the execution spends nothing more.
    """
    whole = {jobs.SPENT_IS_WHOLE: True} if step.work.refresh else {}
    charged = with_carried(step, change)
    return replace(charged, fields=charged.fields | whole)


def settle(step: Step, deps: ProcessDeps) -> None:
    """Write what no commit has taken along. A step that spent nothing, or wrote everything, makes no request.

    If the amounts cannot be written, the log holds them: the state's own error, or its success, is what counts. But a
    refresh then fails with an AllowanceSpentError, after which all of its allowance counts.
    """
    spent = step.meter.take()
    if not spent:
        return
    count_spent(step.work.platform, spent)
    try:
        fence.spend(deps.store, step.fence, jobs.spend(deps.clock.now(), spent))
    except (TrackingError, WriteRefusedError) as error:
        logger.warning("spending not recorded", action="spending_lost", spent=spent, reason=str(error))
        if step.work.refresh and isinstance(error, StoreUnavailableError | WriteRefusedError):
            raise AllowanceSpentError(say("allowanceSpent", platform=step.work.platform_name.label)) from error
