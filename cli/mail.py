"""`tracking mail`: the newest mails of an organisation, and a mail sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.webhooks import Documents, NewsError
from tracking.document_limits import is_document_id
from tracking.store import DocumentWrite, StaleVersionError, Store

_KEPT = timedelta(days=30)


def mail_table(mails: Documents) -> Table:
    """Return a row for each mail. One without a `delivery` is for the customer's own sender."""
    table = Table(box=None, pad_edge=False)
    for name in ("when", "to", "subject", "state", "attempts", "error", "mail"):
        table.add_column(name, no_wrap=True, max_width=50 if name in ("subject", "error") else None)
    for mail_id, fields in mails.items():
        delivery, message = _map(fields.get("delivery")), _map(fields.get("message"))
        table.add_row(
            _when(fields, delivery),
            escape(_line(fields.get("to"))),
            escape(_line(message.get("subject"))),
            escape(_line(delivery.get("state")) or "for another sender"),
            escape(_line(delivery.get("attempts"))),
            escape(_line(delivery.get("error"))),
            escape(mail_id),
        )
    return table


def retry(store: Store, org: str, mail_id: str) -> None:
    """Have a mail sent again that ended as an error, with all its attempts. It may arrive twice: nobody knows.

    Raises NewsError for every other mail.
    """
    path = f"mail/{mail_id}"
    found = store.get_stored(path) if is_document_id(mail_id) else None
    if found is None or found.fields.get("orgId") != org:
        raise NewsError(f"{org} has no mail {mail_id}: `tracking mail --org {org}` lists them.")
    delivery = _map(found.fields.get("delivery"))
    state = delivery.get("state")
    if state != "ERROR":
        said = f"is {_line(state)}" if state else "is for another sender"
        raise NewsError(f"The mail {said}; only one that ended as ERROR can be sent again.")
    again = {**delivery, "state": "RETRY", "leaseExpireTime": None, "dueAt": None}
    try:
        store.put_document(DocumentWrite(path, {"delivery": again}, version=found.version))
    except StaleVersionError:
        raise NewsError("The mail changed at the same moment; look at it and try again.") from None


def _when(fields: Mapping[str, Any], delivery: Mapping[str, Any]) -> str:
    """Return when the mail was last tried, or made: its time to live says that."""
    expires = fields.get("expireAt")
    made = expires - _KEPT if isinstance(expires, datetime) else None
    moment = delivery.get("startTime") or made
    return f"{moment.astimezone():%d %b %H:%M:%S}" if isinstance(moment, datetime) else ""


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_line, value))
    return "" if value is None else " ".join(str(value).split())
