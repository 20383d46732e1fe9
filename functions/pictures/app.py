"""Handle one message of the pictures' queue: an execution has succeeded, so its account may have new pictures.

The message holds an event of EventBridge. A job that is not completed has no pictures to copy: an execution also
succeeds when its job was cancelled, paused, or handed over to the next execution.

Safe to run twice. A lost event leaves the account without new copies until its next job.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from pictures.copying import copy_pictures
from tracking import refusals, wiring
from tracking.errors import InvalidJobError
from tracking.metrics import NAMESPACE
from tracking.sentences import say

RESERVE_S = 50.0
"""Seconds kept for the last picture and for writing to Firestore: a call takes 35 s at most."""

logger = Logger(service="pictures")
metrics = Metrics(namespace=NAMESPACE, service="pictures")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("pictures", logger)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.PicturesDeps | None = None) -> dict[str, int]:
    """Copy the pictures of one job's account. Return how many were copied and how many could not be.

    Raises InvalidJobError for an event of another kind. After StoreUnavailableError or CredentialsError the queue
    delivers the message again.
    """
    deps = deps or wiring.pictures()
    job_id = _job_id(event)
    logger.append_keys(job_id=job_id)
    deadline = deps.clock.now() + timedelta(seconds=context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
    done = copy_pictures(job_id, deps, deadline, logger)
    metrics.add_metric("PicturesCopied", MetricUnit.Count, done.copied)
    metrics.add_metric("PicturesLeftOut", MetricUnit.Count, done.left_out)
    metrics.flush_metrics()
    counts = {"copied": done.copied, "leftOut": done.left_out}
    logger.info("pictures done", extra={"action": "pictures_done", **counts})
    return counts


def _job_id(event: dict[str, Any]) -> str:
    try:
        (record,) = event["Records"]
        return str(json.loads(json.loads(record["body"])["detail"]["input"])["jobId"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidJobError(
            say("malformedInput", detail=f"The event is not of one of our executions: {error!r}.")
        ) from error
