"""Secrets and signatures of webhooks, as Standard Webhooks 1.0.0 describes them.

No secret is stored: it is computed from the stage's key, the endpoint and the secret's version. A receiver verifies a
signature with any library of the standard. The tests do so with those of PyPI and npm.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(hours=24)
"""How long the secret before the current one signs, too. contracts/webhooks.json has it as `secretOverlapH`."""
USER_AGENT = "account-tracking-webhooks/1"

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class EndpointSecrets:
    """The secrets with which an endpoint's deliveries are signed now. `previous_until`: as long as `previous` signs."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    def __iter__(self) -> Iterator[str]:
        yield self.current
        if self.previous is not None:
            yield self.previous

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


def secret(master: str, org_id: str, endpoint_id: str, version: int) -> str:
    """Return `whsec_` and 32 bytes in base64. `master`: the stage's key, of at least 32 characters."""
    # As JSON: between plain texts an id with the separator in it could give two endpoints one secret.
    name = json.dumps(["webhook", org_id, endpoint_id, version], separators=(",", ":"))
    key = hmac.digest(master.encode(), name.encode(), hashlib.sha256)
    return _PREFIX + base64.b64encode(key).decode()


def secrets_of(
    master: str, org_id: str, endpoint_id: str, *, version: int, rotated_at: datetime | None, now: datetime
) -> EndpointSecrets:
    """Return an endpoint's current secret, and the one before for OVERLAP after it was replaced.

    `version`, `rotated_at`: the endpoint's `secretVersion` and `secretRotatedAt`.
    """
    current = secret(master, org_id, endpoint_id, version)
    if rotated_at is None or version < 2 or now - rotated_at >= OVERLAP:
        return EndpointSecrets(current)
    until = min(rotated_at, now) + OVERLAP  # the time may be written by hand, and lie at the end of all times
    return EndpointSecrets(current, secret(master, org_id, endpoint_id, version - 1), until)


def signed_headers(payload: str, webhook_id: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers of one attempt, with a signature for each secret.

    `payload`: the text whose UTF-8 is the body. `webhook_id`: the event's id, the same at every attempt. `at`: the time
    of this attempt; receivers refuse one that is more than five minutes away from theirs.
    """
    timestamp = str(int(at.timestamp()))
    signed = f"{webhook_id}.{timestamp}.{payload}".encode()
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(signed, each)}" for each in secrets),
    }


def _signature(signed: bytes, endpoint_secret: str) -> str:
    key = base64.b64decode(endpoint_secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
