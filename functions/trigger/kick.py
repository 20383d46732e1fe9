"""`POST /trigger`: an authorised caller wakes the trigger, so that a new job need not wait for the minute's tick.

    page, or a program ──> KickFunction: is the caller known? ──> WakeQueue ──> 202
                                                             └──> 401, or 503 if that cannot be checked

The trigger takes the wakes from the queue, so many kicks become few ticks.

An answer has a status and no other content. It reveals neither the caller's identity, nor a reason, nor any job.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from tracking import kick_wiring, refusals
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.kick_auth import RefusedError, UnavailableError
from tracking.metrics import count_refused_credentials
from trigger.wake_messages import KICK

logger = Logger(service="kick")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext, deps: kick_wiring.KickDeps | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Answer an HTTP API event, format 2.0. Only its headers are read. Safe to run twice, even at the same time."""
    try:
        deps = deps or _wired()
        caller = deps.callers.identify(event.get("headers") or {})
        _wake_trigger(deps)
    except RefusedError as refused:
        logger.info("kick refused", action="kick_refused", reason=refused.reason)
        return _answer(HTTPStatus.UNAUTHORIZED)
    except UnavailableError as unavailable:
        logger.exception("kick failed", action="kick_failed", reason=unavailable.reason)
        if unavailable.refused:
            count_refused_credentials("kick", unavailable.refused)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
    logger.info("kick accepted", action="kick_accepted", kind=caller)
    return _answer(HTTPStatus.ACCEPTED)


def _wired() -> kick_wiring.KickDeps:
    try:
        return kick_wiring.kick()
    except CredentialsError as error:
        raise UnavailableError(type(error).__name__, refused=error.credential or refusals.GOOGLE) from error
    except StoreUnavailableError as error:
        raise UnavailableError(type(error).__name__) from error


def _wake_trigger(deps: kick_wiring.KickDeps) -> None:
    try:
        deps.queues.send_message(QueueUrl=deps.wake_queue_url, MessageBody=json.dumps(KICK))
    except ClientError as error:
        raise UnavailableError(error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise UnavailableError(type(error).__name__) from error


def _answer(status: HTTPStatus) -> dict[str, Any]:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": int(status), "headers": headers, "body": "{}"}
