"""Lambda handler of the mail function. EventBridge runs it once a minute."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from mail.sending import Done, Run
from tracking import news_wiring, refusals
from tracking.metrics import NAMESPACE

RESERVE_MS = 30_000  # one mail: Firebase Auth, SES (10 s each) and some calls of Firestore

logger = Logger(service="mail")
metrics = Metrics(namespace=NAMESPACE, service="mail")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("mail", logger)
def handler(
    event: dict[str, Any],
    context: LambdaContext,
    deps: news_wiring.MailDeps | None = None,
) -> dict[str, int]:
    """Send the mails that are due, and return how many were sent, skipped, put off, and failed.

    Safe to run twice, even at the same time. After an error the next minute finds what was not sent.
    """
    deps = deps or news_wiring.mail()
    run = Run(deps, lambda: context.get_remaining_time_in_millis() > RESERVE_MS, logger)
    try:
        run.send_all()
    finally:
        done = run.done
        _publish(done)
    counts = {"sent": done.sent, "skipped": done.skipped, "putOff": done.put_off, "errors": done.errors}
    logger.info("mail tick done", extra={"action": "mail_tick_done", **counts})
    return counts


def _publish(done: Done) -> None:
    """Publish what was counted. A metric costs while it is published, so an idle minute publishes none."""
    if done.sent:
        metrics.add_metric("MailsSent", MetricUnit.Count, done.sent)
    if done.skipped:
        metrics.add_metric("MailsSkipped", MetricUnit.Count, done.skipped)
    if done.errors:
        metrics.add_metric("MailErrors", MetricUnit.Count, done.errors)
    if metrics.metric_set:
        metrics.flush_metrics()
