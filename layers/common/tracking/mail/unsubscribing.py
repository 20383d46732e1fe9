"""The links that switch mail off: a token of organisation and user, signed by the stage's key. It does not expire.

    base64url(["org1","user1"]) . base64url(HMAC-SHA256(key, purpose + first part))

The purpose keeps a signature of another kind, such as a webhook's secret, from being a token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import NamedTuple

PURPOSE = "account-tracking mail unsubscribe v1"
MAX_TOKEN_LENGTH = 900
"""A header of SES has at most 995 characters, and the rest of the address needs some."""


class Subscriber(NamedTuple):
    org_id: str
    user_id: str


def token(key: str, subscriber: Subscriber) -> str:
    """Return the token of a person's link. `key`: the stage's."""
    told = _encoded(json.dumps([*subscriber], separators=(",", ":"), ensure_ascii=False).encode())
    return f"{told}.{_encoded(_signature(key, told))}"


def read(key: str, text: str) -> Subscriber | None:
    """Return whose token it is, or None if our key has not signed it."""
    told, point, signature = text.partition(".")
    if not point or len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    if not hmac.compare_digest(_encoded(_signature(key, told)), signature):
        return None
    return Subscriber(*json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))))


def _signature(key: str, told: str) -> bytes:
    return hmac.new(key.encode(), f"{PURPOSE}\n{told}".encode(), hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
