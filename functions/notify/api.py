"""`POST /webhooks/secret` and `POST /webhooks/wake`: what pages cannot do in Firestore.

    owner or admin ──> secret: may the caller manage the organisation? ──> 200, the endpoint's secret
    signed-in user ──> wake ──> NewsQueue: tests and replays go out within seconds ──> 202

A refusal has a status and no other content: 401, 403, 404; 400 for a body that names no endpoint, 503 if something
cannot be checked. A secret is in the answer alone, never in a log.
"""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from tracking import news_wiring, refusals
from tracking.clock import to_rfc3339
from tracking.document_limits import MAX_ID_LENGTH, is_document_id
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.kick_auth import RefusedError, UnavailableError
from tracking.metrics import count_refused_credentials
from tracking.webhooks import MANAGERS, Endpoint, MalformedEndpointError, endpoints_of
from tracking.webhooks.signing import EndpointSecrets, secrets_of

WAKE = {"wake": True}
"""The body of a message in NewsQueue. A run looks at all that is due, so it need not say more."""
"""The roles that manage an organisation's endpoints, as in firestore.rules."""

_SERVICE = "webhooks-api"
logger = Logger(service=_SERVICE)


class _RefusalError(Exception):
    """The request gets this status. `reason` is a word for the log."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@logger.inject_lambda_context(clear_state=True)
def handler(
    event: dict[str, Any],
    context: LambdaContext,  # noqa: ARG001
    deps: news_wiring.WebhooksApiDeps | None = None,
) -> dict[str, Any]:
    """Answer an HTTP API event, format 2.0. Safe to run twice, even at the same time."""
    try:
        deps = deps or news_wiring.webhooks_api()
        user_id = deps.users.identify(event.get("headers") or {})
        logger.append_keys(user_id=user_id)
        return _act(deps, user_id, event)
    except RefusedError as refused:
        return _refused(HTTPStatus.UNAUTHORIZED, refused.reason)
    except _RefusalError as refused:
        return _refused(refused.status, refused.reason)
    except CredentialsError as error:
        refusals.tell(_SERVICE, logger, error, error.credential or refusals.GOOGLE)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
    except UnavailableError as unavailable:
        if unavailable.refused:
            count_refused_credentials(_SERVICE, unavailable.refused)
        return _failed(unavailable.reason, unavailable)
    except StoreUnavailableError as error:
        return _failed(type(error).__name__, error)


def _act(deps: news_wiring.WebhooksApiDeps, user_id: str, event: dict[str, Any]) -> dict[str, Any]:
    match str(event.get("rawPath")).rpartition("/")[2]:
        case "wake":
            return _wake(deps)
        case "secret":
            return _show_secret(deps, user_id, event)
        case _:
            raise _RefusalError(HTTPStatus.NOT_FOUND, "NoAction")


def _wake(deps: news_wiring.WebhooksApiDeps) -> dict[str, Any]:
    try:
        deps.queues.send_message(QueueUrl=deps.news_queue_url, MessageBody=json.dumps(WAKE))
    except ClientError as error:
        raise UnavailableError(error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise UnavailableError(type(error).__name__) from error
    logger.info("webhooks woken", action="webhooks_woken")
    return _answer(HTTPStatus.ACCEPTED)


def _show_secret(deps: news_wiring.WebhooksApiDeps, user_id: str, event: dict[str, Any]) -> dict[str, Any]:
    org_id, endpoint_id = _asked(event)
    logger.append_keys(org_id=org_id, endpoint_id=endpoint_id)
    if not _is_manager(deps, org_id, user_id):
        raise _RefusalError(HTTPStatus.FORBIDDEN, "NoManager")
    secrets = _secrets(deps, org_id, endpoint_id)
    logger.info("webhook secret shown", action="webhook_secret_shown")
    return _answer(
        HTTPStatus.OK,
        {
            "secret": secrets.current,
            "previousSecret": secrets.previous,
            "previousUntil": to_rfc3339(secrets.previous_until) if secrets.previous_until else None,
        },
    )


def _is_manager(deps: news_wiring.WebhooksApiDeps, org_id: str, user_id: str) -> bool:
    if not is_document_id(user_id):  # a backend may give its users any ids, and this one would name another document
        return False
    member = deps.store.get_document(f"organizations/{org_id}/members/{user_id}")
    return member is not None and member.get("role") in MANAGERS


def _secrets(deps: news_wiring.WebhooksApiDeps, org_id: str, endpoint_id: str) -> EndpointSecrets:
    path = f"{endpoints_of(org_id)}/{endpoint_id}"
    fields = deps.store.get_document(path)
    if fields is None:
        raise _RefusalError(HTTPStatus.NOT_FOUND, "NoEndpoint")
    try:
        endpoint = Endpoint.from_document(path, fields, "")
    except MalformedEndpointError as error:
        raise _RefusalError(HTTPStatus.NOT_FOUND, type(error).__name__) from error
    return secrets_of(
        deps.signing_secret(),
        org_id,
        endpoint_id,
        version=endpoint.secret_version,
        rotated_at=endpoint.secret_rotated_at,
        now=deps.clock.now(),
    )


def _asked(event: dict[str, Any]) -> tuple[str, str]:
    """Return the ids of organisation and endpoint, which can be part of a document's path."""
    try:
        body = event.get("body") or ""
        asked = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        return _id(asked["orgId"]), _id(asked["endpointId"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _RefusalError(HTTPStatus.BAD_REQUEST, "NoIds") from None


def _id(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH or not is_document_id(value):
        raise ValueError
    return value


def _refused(status: HTTPStatus, reason: str) -> dict[str, Any]:
    logger.info("webhooks call refused", action="webhooks_call_refused", status=int(status), reason=reason)
    return _answer(status)


def _failed(reason: str, error: Exception) -> dict[str, Any]:
    logger.error("webhooks call failed", action="webhooks_call_failed", reason=reason, exc_info=error)
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE)


def _answer(status: HTTPStatus, body: dict[str, str | None] | None = None) -> dict[str, Any]:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": int(status), "headers": headers, "body": json.dumps(body or {})}
