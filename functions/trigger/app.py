"""The tick: claims and starts pending jobs, once a minute and at each wake. Ticks may run at the same time."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import refusals, wiring
from tracking.errors import InvalidJobError
from tracking.metrics import NAMESPACE, count_failed, count_paused
from trigger.tick import Tick, run_tick
from trigger.wait_times import Hold
from trigger.wake_messages import read_wake

logger = Logger(service="trigger")
metrics = Metrics(namespace=NAMESPACE, service="trigger")

START_WITHIN_S = 120
"""The service level of all starts. Jobs that wait for a place within the limits, or for a pause, are left out."""
KICKED_START_WITHIN_S = 5
"""The service level of starts in the tick of a kick."""


@logger.inject_lambda_context(clear_state=True)
@refusals.told("trigger", logger)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.TriggerDeps | None = None) -> dict[str, Any]:
    """Run one tick and return its counts.

    An SQS event holds wakes (`trigger.wake_messages`). For any other event, the tick looks at everything.
    Errors are not caught. A tick that cannot read or claim fails visibly, and the next tick finds the same jobs.
    """
    wake = read_wake(event)
    tick = run_tick(deps or wiring.trigger(), lambda: context.get_remaining_time_in_millis() / 1000, wake)
    _publish(tick)
    logger.info("tick done", extra={"action": "tick_done", **tick.counts()})
    tick.raise_for_refusals()
    return tick.counts()


def _publish(tick: Tick) -> None:
    for start in tick.started:  # Powertools prints all metrics once one has 100 values, so add these values first
        metrics.add_metric("TimeToStart", MetricUnit.Seconds, start.waited_s)
    _publish_lateness(tick)
    metrics.add_metric("JobsStarted", MetricUnit.Count, len(tick.started))
    if tick.looks_at_all:
        metrics.add_metric("JobsUnwritable", MetricUnit.Count, tick.counts()["unwritable"])
        metrics.add_metric("LeasesOverdue", MetricUnit.Count, tick.overdue)
        # A place that became free was filled by its wake. Those that this tick finds are few, if wakes arrive.
        without_wake = sum(start.hold is Hold.LIMITS for start in tick.started)
        metrics.add_metric("StartsWithoutWake", MetricUnit.Count, without_wake)
        if tick.waits is not None:
            metrics.add_metric("OldestPendingAge", MetricUnit.Seconds, tick.waits.oldest_s)
            metrics.add_metric("LongestWait", MetricUnit.Seconds, tick.waits.longest_s)
        count_paused(tick.is_paused)
    metrics.flush_metrics()
    _log_jobs(tick)


def _publish_lateness(tick: Tick) -> None:
    """Publish a 1 for each start that was late or refused, and a 0 for each other one: the average is their share."""
    waits_s = [start.waited_s for start in tick.started if start.hold is None] + [math.inf] * len(tick.refused)
    for waited_s in waits_s:
        metrics.add_metric("LateStart", MetricUnit.Count, waited_s > START_WITHIN_S)
    for waited_s in waits_s if tick.is_kicked else ():
        metrics.add_metric("LateKickedStart", MetricUnit.Count, waited_s > KICKED_START_WITHIN_S)


def _log_jobs(tick: Tick) -> None:
    failed = Counter(repair.error_code for repair in tick.repaired if repair.error_code)
    failed[InvalidJobError.__name__] += len(tick.malformed)
    for error_code, number in failed.items():
        if number:
            count_failed(error_code, number)
    for repair in tick.repaired:
        logger.warning("lease expired", action="lease_expired", job_id=repair.job_id, status=repair.status)
    for run in tick.not_stopped:
        extra = {"action": "run_not_stopped", "job_id": run.job_id, "run": run.run_id, "kind": run.kind}
        logger.warning("run not stopped", extra=extra | {"reason": run.reason})
    for malformed in tick.malformed:
        logger.warning("job refused", action="job_refused", job_id=malformed.job_id, reason=malformed.reason)
    for job_id in tick.held:
        logger.warning("job held", action="job_held", job_id=job_id)
    for unwritable in tick.unwritable:  # logged once: a warm trigger remembers them
        logger.error("job unwritable", action="job_unwritable", job_id=unwritable.job_id, reason=unwritable.reason)
    for refused in tick.refused:
        logger.error("start refused", action="start_refused", job_id=refused.job_id, reason=refused.reason)
    for unknown in tick.unknown:
        logger.warning("start unanswered", action="start_unanswered", job_id=unknown.job_id, reason=unknown.reason)
