"""`POST /trigger`: whoever may ask has a tick run at once, the same one that comes every minute.

    page, or a program ──> KickFunction: who is it? ──> TriggerFunction, asynchronously ──> 202
                                                   └──> 401, or 503 where nobody could say

Lambda queues the event, so ticks still run one at a time, and one that finds a tick at work waits for it:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

No answer says anything but its status: not who was recognised, nor why not, nor whether a job waits.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from tracking import wiring
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.kick_auth import RefusedError, UnavailableError

logger = Logger(service="kick")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.KickDeps | None = None) -> dict[str, Any]:  # noqa: ARG001
    """An HTTP API's event, format 2.0; its headers alone matter. Safe to run twice, and at the same time."""
    try:
        deps = deps or _wired()
        caller = deps.callers.identify(event.get("headers") or {})
        _start_tick(deps)
    except RefusedError as refused:
        logger.info("kick refused", action="kick_refused", reason=refused.reason)
        return _answer(HTTPStatus.UNAUTHORIZED)
    except UnavailableError as unavailable:
        logger.exception("kick failed", action="kick_failed", reason=unavailable.reason)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
    logger.info("kick accepted", action="kick_accepted", kind=caller)
    return _answer(HTTPStatus.ACCEPTED)


def _wired() -> wiring.KickDeps:
    try:
        return wiring.kick()
    except (CredentialsError, StoreUnavailableError) as error:
        raise UnavailableError(type(error).__name__) from error


def _start_tick(deps: wiring.KickDeps) -> None:
    try:
        deps.functions.invoke(FunctionName=deps.trigger_function, InvocationType="Event", Payload=b"{}")
    except ClientError as error:
        raise UnavailableError(error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise UnavailableError(type(error).__name__) from error


def _answer(status: HTTPStatus) -> dict[str, Any]:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": int(status), "headers": headers, "body": "{}"}
