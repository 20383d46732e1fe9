"""`/unsubscribe?t=...`: the link in each mail. A POST switches mail off; a GET shows a button and changes nothing.

    a mail program's one click (RFC 8058) ──> POST ──> email = off, 200
    a person's browser ──> GET: a page with a button ──> POST

Scanners of mail open every link, so a GET must never unsubscribe. The answer is the same for a token that is not ours:
nobody learns who exists. Neither session nor cookie is needed; the token is the right.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import news_wiring, refusals
from tracking.errors import StoreUnavailableError, TrackingError
from tracking.mail.organisations import organisation_name, organisation_path
from tracking.mail.preferences import switching_off
from tracking.mail.rendering import DARK, FONT, LIGHT
from tracking.mail.unsubscribing import read

logger = Logger(service="unsubscribe")

_AGAIN = "You can switch them on again in the app's settings."
_DONE = (
    "You are unsubscribed",
    f"You will get no more of these mails. {_AGAIN}",
)
_TROUBLE = ("That did not work just now", "Please try again in a minute.")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("unsubscribe", logger)
def handler(
    event: dict[str, Any],
    context: LambdaContext,  # noqa: ARG001
    deps: news_wiring.UnsubscribeDeps | None = None,
) -> dict[str, Any]:
    """Answer an HTTP API event, format 2.0. Safe to run twice.

    A POST answers 200, whatever its token, and 503 if Firestore does not answer: mail programs may try again.
    """
    token = str((event.get("queryStringParameters") or {}).get("t", ""))
    method = event["requestContext"]["http"]["method"]
    if method == "HEAD":
        return _answer(HTTPStatus.OK, "")
    if method not in {"GET", "POST"}:
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, "", {"allow": "GET, HEAD, POST"})
    deps = deps or news_wiring.unsubscribe()
    if method == "GET":
        return _answer(HTTPStatus.OK, _question(token, deps))
    try:
        _switch_off(token, deps)
    except StoreUnavailableError:
        logger.exception("unsubscription failed", extra={"action": "unsubscribe_failed"})
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, _page(*_TROUBLE, token), {"retry-after": "60"})
    return _answer(HTTPStatus.OK, _page(*_DONE))


def _question(token: str, deps: news_wiring.UnsubscribeDeps) -> str:
    """Return the page with the button. Only who has the link of a mail reads which organisation it is about."""
    try:
        subscriber = read(deps.key(), token)
        path = organisation_path(subscriber.org_id) if subscriber else ""
        found = deps.store.get_stored_each([path]).get(path) if path else None
        fields = found.fields if found else None
        about = f" about {organisation_name(subscriber.org_id, fields)}" if subscriber else ""
    except TrackingError:
        about = ""
    title = f"Unsubscribe from {deps.product}"
    return _page(title, f"Press the button to stop these mails{about}. {_AGAIN}", token)


def _switch_off(token: str, deps: news_wiring.UnsubscribeDeps) -> None:
    subscriber = read(deps.key(), token)
    if subscriber is None:
        logger.info("token unknown", extra={"action": "unsubscribe_unknown"})
        return
    deps.store.put_document(switching_off(*subscriber, deps.clock.now()))
    extra = {"org_id": subscriber.org_id, "user_id": subscriber.user_id, "action": "unsubscribed"}
    logger.info("unsubscribed", extra=extra)


def _answer(status: HTTPStatus, body: str, more: dict[str, str] | None = None) -> dict[str, Any]:
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
    return {"statusCode": int(status), "headers": headers | (more or {}), "body": body}


def _page(title: str, sentence: str, token: str | None = None) -> str:
    """Return the page, with a button if there is a token. It has no script."""
    form = (
        f'<form method="post" action="?t={escape(token)}"><button name="List-Unsubscribe" value="One-Click">'
        "Unsubscribe</button></form>"
        if token is not None
        else ""
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{_STYLES}</style>
</head>
<body><main><h1>{escape(title)}</h1><p>{escape(sentence)}</p>{form}</main></body>
</html>
"""


def _colours(palette: dict[str, str]) -> str:
    return "".join(f"--{name.replace('_', '-')}:{value};" for name, value in palette.items())


_STYLES = (
    f":root{{color-scheme:light dark;{_colours(LIGHT)}}}"
    f"@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}"
    f"body{{margin:0;background:var(--page);color:var(--text);font:16px/1.6 {FONT}}}"
    "main{max-width:440px;margin:12vh auto 0;padding:32px;background:var(--card);border:1px solid var(--edge);"
    "border-radius:12px;box-sizing:border-box}"
    "@media (max-width:480px){main{margin:16px;padding:24px}}"
    "h1{font-size:24px;line-height:1.3;margin:0 0 8px}p{margin:0;color:var(--soft)}"
    "button{margin-top:24px;padding:12px 22px;border:0;border-radius:8px;font:inherit;"
    "background:var(--button);color:var(--on-button);font-weight:600;cursor:pointer}"
    "button:focus-visible{outline:3px solid var(--link);outline-offset:2px}"
)
