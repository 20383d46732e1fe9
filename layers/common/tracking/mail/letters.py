"""The document of a mail, `mail/{mailId}`, in the shape of Firebase's own sender.

    new ──> PROCESSING ──sent──> SUCCESS
                ├─ surely not sent: PENDING, until `dueAt` ──> PROCESSING ...
                └─ the lease ran out, or nobody knows: ERROR

A person may set RETRY: then it begins anew. With `MailDelivery=document` a mail has no `delivery`: the customer's
sender makes one.
https://firebase.google.com/docs/extensions/official/firestore-send-email
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.utils import formataddr
from enum import StrEnum
from typing import Any

from tracking.jobs import Fields
from tracking.store import MAIL

KEPT = timedelta(days=30)
LEASE = timedelta(minutes=5)
"""Longer than a run of the function, with its calls' time-outs."""
MAX_ATTEMPTS = 16
MAX_WAIT = timedelta(hours=3)
"""Waits of 1, 2, 4 ... 128 minutes, then of three hours: about a day in all, because SES's quota is one of a day."""
MAY_HAVE_BEEN_SENT = "May have been sent: the function ended before it knew. Set the state to RETRY to send it again."
UNWANTED = "Not sent: "
"""The begin of the error of a mail that was not to be sent: its receiver wants no mail, or has no address."""
STATE = "delivery.state"
DUE = "delivery.dueAt"
"""When the mail is looked at: at the end of the lease, or of the wait. Null once the mail is over."""


class State(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    RETRY = "RETRY"  # set by a person alone
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """From whom the mails are, and what they lead to."""

    address: str
    product: str
    unsubscribe_url: str
    reply_to: str = ""
    app_url: str = ""

    @property
    def mailbox(self) -> str:
        """Return the value of `From`, with the product's name.

        A name that is not ASCII is encoded in words of 75 characters at most (RFC 2047, section 2).
        """
        if self.product.isascii():
            return formataddr((self.product, self.address))
        words = Header(self.product, "utf-8", maxlinelen=75).encode(linesep="")
        return f"{words} <{self.address}>"


def mail_path(mail_id: str) -> str:
    return f"{MAIL}/{mail_id}"


def mail_id_of(org_id: str, user_id: str, event_ids: Collection[str]) -> str:
    """Return the id of the mail about these events: the same one each time it is made."""
    return hashlib.sha256("\n".join([org_id, user_id, *event_ids]).encode()).hexdigest()[:40]


def headers(link: str) -> dict[str, str]:
    """Return a mail's own headers, in the order that Gmail asks for.

    One press unsubscribes (RFC 8058), and programs that answer mail leave it alone (RFC 3834). `Feedback-ID` is SES's.
    """
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }


def processing(attempts: int, claim_id: str, now: datetime) -> Fields:
    """Return a `delivery` that says: somebody is sending the mail.

    `attempts`: with this one. `claim_id`: who it is, a random id.
    """
    return {
        "state": State.PROCESSING,
        "attempts": attempts,
        "claimId": claim_id,
        "startTime": now,
        "endTime": None,
        "leaseExpireTime": now + LEASE,
        "dueAt": now + LEASE,
        "error": None,
        "info": None,
    }


def sent(address: str, message_id: str, now: datetime) -> Fields:
    """Return the changes of a `delivery` whose mail SES has taken."""
    info = {"messageId": message_id, "accepted": [address], "rejected": [], "pending": []}
    return _ended(State.SUCCESS, None, now) | {"info": info}


def failed(reason: str, now: datetime) -> Fields:
    return _ended(State.ERROR, reason, now)


def put_off(reason: str, attempts: int, now: datetime) -> Fields:
    """Return the changes of a `delivery` whose mail was surely not sent. After the last attempt it has failed."""
    if attempts >= MAX_ATTEMPTS:
        return failed(f"Given up after {attempts} attempts. {reason}", now)
    wait = min(timedelta(minutes=2 ** (attempts - 1)), MAX_WAIT)
    return _ended(State.PENDING, reason, now) | {"dueAt": now + wait}


def _ended(state: State, error: str | None, now: datetime) -> Fields:
    """Return the changes of a `delivery` after an attempt."""
    return {"state": state, "endTime": now, "leaseExpireTime": None, "dueAt": None, "error": error}


def letter(
    *, to: str, sender: Sender, link: str, subject: str, text: str, html: str, org_id: str, user_id: str, now: datetime
) -> Fields:
    """Return the document without its `delivery`."""
    return {
        "to": [to],
        "from": sender.mailbox,
        "replyTo": sender.reply_to or None,
        "headers": headers(link),
        "message": {"subject": subject, "text": text, "html": html},
        "orgId": org_id,
        "userId": user_id,
        "expireAt": now + KEPT,
    }


def is_ours(path: str, fields: Fields) -> bool:
    """Return whether a document is one of our mails: senders of others use collections of this name, too."""
    owners = (fields.get("orgId"), fields.get("userId"))
    return path.rpartition("/")[0] == MAIL and all(isinstance(one, str) and one for one in owners)


def attempts_of(fields: Fields) -> int:
    """Return how often the mail was tried. A person may have written the `delivery`."""
    attempts: Any = delivery_of(fields).get("attempts")
    return attempts if type(attempts) is int and attempts > 0 else 0


def delivery_of(fields: Fields) -> Fields:
    delivery = fields.get("delivery")
    return delivery if isinstance(delivery, dict) else {}
