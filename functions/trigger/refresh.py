"""Lambda handler of the refresh tick. EventBridge runs it once a minute."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import refusals, wiring
from tracking.metrics import NAMESPACE
from trigger.refreshing import run_refreshes
from trigger.tick import Tick

LOOKS = 6
"""How often one run looks: ended refreshes free their slots within seconds, and the next minute is far."""
PAUSE_S = 8.0
RESERVE_MS = 20_000  # one look, with the client's retries

logger = Logger(service="refresh")
metrics = Metrics(namespace=NAMESPACE, service="refresh")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("refresh", logger)
def handler(
    event: dict[str, Any],  # noqa: ARG001 - the minute says nothing
    context: LambdaContext,
    deps: wiring.RefreshDeps | None = None,
) -> dict[str, Any]:
    """Start what is due, and return how many refreshes were started and repaired.

    It looks again while it starts something. Errors are not caught: the next minute finds the same accounts.
    """
    deps = deps or wiring.refresh()
    started, repaired, late_s = 0, 0, 0.0
    spent = 0
    for look in range(LOOKS):
        if look:
            deps.clock.sleep(PAUSE_S)
        tick = run_refreshes(deps, lambda: context.get_remaining_time_in_millis() / 1000)
        started, repaired = started + len(tick.started), repaired + len(tick.repaired)
        late_s = max([late_s, *(start.waited_s for start in tick.started)])
        spent += _log_budgets(tick)
        if not tick.started or context.get_remaining_time_in_millis() < RESERVE_MS:
            break
    metrics.add_metric("RefreshesStarted", MetricUnit.Count, started)
    metrics.add_metric("RefreshLateness", MetricUnit.Seconds, late_s)
    metrics.add_metric("RefreshBudgetsSpent", MetricUnit.Count, spent)
    metrics.flush_metrics()
    logger.info("refresh tick done", action="refresh_tick_done", started=started, repaired=repaired)
    tick.raise_for_refusals()
    return {"started": started, "repaired": repaired}


def _log_budgets(tick: Tick) -> int:
    """Log each budget that is newly spent, or free again. Return how many were spent."""
    for told in tick.told:
        extra = {"platform": told.platform, "org_id": told.org_id, "until": told.until.isoformat()}
        if told.closed is None:
            logger.info("budget free again", extra=extra | {"action": "budget_free"})
        else:
            logger.warning("budget spent", extra=extra | {"action": "budget_spent", "closed": str(told.closed)})
    return sum(told.closed is not None for told in tick.told)
