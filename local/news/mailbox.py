"""The inbox: each mail that a function sends by Amazon SES (v2), as a person would get it."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEPT = 200
SEND = "/v2/email/outbound-emails"
"""The path of SendEmail: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `refusal`: what SES said instead of taking it; empty if it was sent."""

    number: int
    at: datetime
    sender: str
    to: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]
    configuration_set: str
    message_id: str
    refusal: str

    @property
    def unsubscribe_url(self) -> str | None:
        """Return the link that a mail program posts to (RFC 8058); None if the mail offers none."""
        headers = {name.lower(): value for name, value in self.headers}
        if headers.get("list-unsubscribe-post", "").strip() != "List-Unsubscribe=One-Click":
            return None
        links = re.findall(r"<\s*(https?://[^>\s]+)\s*>", headers.get("list-unsubscribe", ""))
        return links[0] if links else None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "from": self.sender,
            "to": list(self.to),
            "replyTo": list(self.reply_to),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": [list(pair) for pair in self.headers],
            "tags": dict(self.tags),
            "configurationSet": self.configuration_set,
            "messageId": self.message_id,
            "refusal": self.refusal,
            "canUnsubscribe": self.unsubscribe_url is not None,
        }


class Mailbox:
    """The newest mails. Safe to share between threads. `changes` grows with each change of what is kept."""

    def __init__(self) -> None:
        self.changes = 0
        self._lock = threading.Lock()
        self._kept: deque[Mail] = deque(maxlen=KEPT)
        self._count = 0

    def keep(self, request: bytes, status: int, answer: bytes) -> None:
        """Keep the mail of a SendEmail request, with SES's answer. A request that is no JSON is kept as no mail."""
        sent = _parsed(request)
        if not sent:
            return
        answered = _parsed(answer)
        refusal = "" if status == 200 else str(answered.get("message") or f"status {status}")
        parts = _parts(_map(sent.get("Content")))
        with self._lock:
            self._count += 1
            self._kept.append(
                Mail(
                    number=self._count,
                    at=datetime.now(UTC),
                    sender=str(sent.get("FromEmailAddress", "")),
                    to=_texts(_map(sent.get("Destination")).get("ToAddresses")),
                    reply_to=_texts(sent.get("ReplyToAddresses")),
                    tags={str(tag.get("Name")): str(tag.get("Value")) for tag in _maps(sent.get("EmailTags"))},
                    configuration_set=str(sent.get("ConfigurationSetName", "")),
                    message_id=str(answered.get("MessageId", "")),
                    refusal=refusal,
                    **parts,
                )
            )
            self.changes += 1

    def mails(self) -> list[Mail]:
        """Return the kept mails, the newest first."""
        with self._lock:
            return [*reversed(self._kept)]

    def mail(self, number: int) -> Mail | None:
        return next((mail for mail in self.mails() if mail.number == number), None)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self.changes += 1


def _parts(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return subject, text, html and headers of a content: simple, or raw MIME. A template of SES has none of them."""
    raw = _map(content.get("Raw")).get("Data")
    if isinstance(raw, str):
        message = email.message_from_bytes(base64.b64decode(raw), policy=email.policy.default)
        bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
        return {
            "subject": str(message.get("Subject", "")),
            "text": bodies["plain"].get_content() if bodies["plain"] else "",
            "html": bodies["html"].get_content() if bodies["html"] else "",
            "headers": tuple((name, str(value)) for name, value in message.items()),
        }
    simple = _map(content.get("Simple"))
    body = _map(simple.get("Body"))
    return {
        "subject": str(_map(simple.get("Subject")).get("Data", "")),
        "text": str(_map(body.get("Text")).get("Data", "")),
        "html": str(_map(body.get("Html")).get("Data", "")),
        "headers": tuple((str(one.get("Name")), str(one.get("Value"))) for one in _maps(simple.get("Headers"))),
    }


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        return _map(json.loads(content or b"{}"))
    except ValueError:
        return {}


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
