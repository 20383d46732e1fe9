"""Lambda handler that hands events on and sends webhooks: each minute, after each execution, and when a page asks.

What wakes it says nothing that it needs: each run looks at all that is due. Runs may meet, because each delivery is
claimed by one of them.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from notify.delivering import Done, InFlight, deliver
from notify.in_flight import ThreadRequests
from tracking import news_wiring, refusals
from tracking.metrics import NAMESPACE

logger = Logger(service="notify")
metrics = Metrics(namespace=NAMESPACE, service="notify")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("notify", logger)
def handler(
    event: dict[str, Any], context: LambdaContext, deps: news_wiring.NotifyDeps | None = None
) -> dict[str, int]:
    """Run once, and return what was done. Errors are not caught: the next run finds what is due."""
    deps = deps or news_wiring.notify()
    with ThreadRequests[InFlight]() as requests:
        done = deliver(deps, requests, lambda: context.get_remaining_time_in_millis() / 1000, logger)
    _publish(done)
    logger.info("notify done", extra={"action": "notify_done", **done.counts()})
    if done.mistake:
        raise done.mistake
    return done.counts()


def _publish(done: Done) -> None:
    """Publish what is not 0. CloudWatch charges for each metric and hour with data, and most minutes are idle."""
    for seconds in done.delays_s:  # Powertools prints all metrics once one has 100 values, so add these first
        metrics.add_metric("WebhookDelay", MetricUnit.Seconds, seconds)
    if done.handed_on:
        metrics.add_metric("EventsHandedOn", MetricUnit.Count, done.handed_on)
    if done.attempts:
        metrics.add_metric("WebhookAttempts", MetricUnit.Count, done.attempts)
        metrics.add_metric("WebhooksDelivered", MetricUnit.Count, done.delivered)
    if done.given_up:
        metrics.add_metric("WebhooksGivenUp", MetricUnit.Count, done.given_up)
    if done.put_off:
        metrics.add_metric("WebhooksPutOff", MetricUnit.Count, done.put_off)
    if done.off:
        metrics.add_metric("EndpointsOff", MetricUnit.Count, done.off)
    if done.oldest_s:
        metrics.add_metric("OldestNews", MetricUnit.Seconds, done.oldest_s)
    if metrics.metric_set:
        metrics.flush_metrics()
