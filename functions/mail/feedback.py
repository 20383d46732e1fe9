"""Handle what SES reports by SNS: bounces and complaints.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html

    a permanent bounce ──> the address is suppressed
    a complaint        ──> the address is suppressed, and the person's mail is off

Everything else says nothing about the future. Safe to run twice.
"""

from __future__ import annotations

import json
from email.utils import parseaddr
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import news_wiring, refusals
from tracking.mail.letters import is_ours, mail_path
from tracking.mail.preferences import switching_off
from tracking.mail.suppressions import BOUNCE, COMPLAINT, suppression
from tracking.metrics import NAMESPACE

NOT_SPAM = "not-spam"
"""The reader says that an earlier complaint was none: https://www.iana.org/assignments/marf-parameters"""

logger = Logger(service="feedback")
metrics = Metrics(namespace=NAMESPACE, service="feedback")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("feedback", logger)
def handler(
    event: dict[str, Any],
    context: LambdaContext,  # noqa: ARG001
    deps: news_wiring.FeedbackDeps | None = None,
) -> dict[str, int]:
    """Handle an event of SNS. Return how many addresses were suppressed for bounces and complaints.

    After StoreUnavailableError, Lambda runs it again.
    """
    deps = deps or news_wiring.feedback()
    counts = {BOUNCE: 0, COMPLAINT: 0}
    for record in event.get("Records", []):
        try:
            report = dict(json.loads(record["Sns"]["Message"]))
            reason, addresses = _suppressed(report)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            # Another try would not mend it. Or it is SNS's own note, after a subscription:
            # "Successfully validated SNS topic for Amazon SES event publishing."
            logger.warning("report malformed", extra={"action": "mail_feedback_malformed"})
            continue
        if not reason:
            continue
        for address in addresses:
            deps.store.put_document(suppression(address, reason, deps.clock.now()))
            counts[reason] += 1
        mail_id = _mail_id(report)
        if reason == COMPLAINT and mail_id:
            _switch_off(mail_id, deps)
        extra = {"reason": reason, "mail_id": mail_id, "addresses": len(addresses), "action": "mail_suppressed"}
        logger.warning("address suppressed", extra=extra)
    metrics.add_metric("MailBounces", MetricUnit.Count, counts[BOUNCE])
    metrics.add_metric("MailComplaints", MetricUnit.Count, counts[COMPLAINT])
    metrics.flush_metrics()
    return counts


def _suppressed(report: dict[str, Any]) -> tuple[str, list[str]]:
    """Return why addresses are suppressed, and which; "" for a report of another kind.

    `eventType` has a report of a configuration set, `notificationType` one of an identity.
    """
    kind = report.get("eventType") or report.get("notificationType")
    bounce, complaint = report.get("bounce") or {}, report.get("complaint") or {}
    if kind == "Bounce" and bounce.get("bounceType") == "Permanent":
        return BOUNCE, _addresses(bounce.get("bouncedRecipients"))
    if kind == "Complaint" and complaint.get("complaintFeedbackType") != NOT_SPAM:
        return COMPLAINT, _addresses(complaint.get("complainedRecipients"))
    return "", []


def _addresses(recipients: Any) -> list[str]:
    """Return the addresses, without names: SES reports them as the receiver's server does."""
    found = [parseaddr(str(one.get("emailAddress", "")))[1] for one in recipients or [] if isinstance(one, dict)]
    return [address for address in found if "@" in address]


def _mail_id(report: dict[str, Any]) -> str:
    """Return the mail's id by its tags; "" if they have none, or are odd."""
    try:
        (found,) = report["mail"]["tags"]["mailId"]
    except (KeyError, TypeError, ValueError):
        return ""
    return found if isinstance(found, str) and found.isalnum() else ""


def _switch_off(mail_id: str, deps: news_wiring.FeedbackDeps) -> None:
    """Switch off the mail of the person to whom the mail went, in its organisation.

    The mail's document is gone after 30 days. Then the address is suppressed all the same.
    """
    stored = deps.store.get_stored_each([mail_path(mail_id)]).get(mail_path(mail_id))
    if stored is None or not is_ours(mail_path(mail_id), stored.fields):
        return
    deps.store.put_document(switching_off(stored.fields["orgId"], stored.fields["userId"], deps.clock.now()))
