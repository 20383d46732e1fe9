"""`tracking mail`: the newest mails of an organisation, and mails sent again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.webhooks import Documents, NewsError
from tracking.document_limits import is_document_id
from tracking.mail.letters import KEPT, STATE, UNWANTED, State, is_ours, mail_path
from tracking.store import MAIL, DocumentWrite, StaleVersionError, Store, StoredDocument

MAX_ERRORS = 2_000


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
    path = mail_path(mail_id)
    found = store.get_stored(path) if is_document_id(mail_id) else None
    if found is None or found.fields.get("orgId") != org:
        raise NewsError(f"{org} has no mail {mail_id}: `tracking mail --org {org}` lists them.")
    delivery = _map(found.fields.get("delivery"))
    state = delivery.get("state")
    if state != State.ERROR:
        said = f"is {_line(state)}" if state else "is for another sender"
        raise NewsError(f"The mail {said}; only one that ended as ERROR can be sent again.")
    try:
        store.put_document(_again(path, found))
    except StaleVersionError:
        raise NewsError("The mail changed at the same moment; look at it and try again.") from None


def retry_since(store: Store, org: str | None, since: datetime) -> int:
    """Have all mails sent again that ended as an error since then. Return how many. `org`: None for all.

    Left out are those that were not to be sent: their receivers want no mail, or have no address any more. Of a first
    `MAX_ERRORS` of all mails in error, so another call may find more.
    """
    changed = 0
    for path, found in store.documents_with(MAIL, STATE, [State.ERROR], MAX_ERRORS).items():
        delivery = _map(found.fields.get("delivery"))
        ended_at = delivery.get("endTime")
        is_of_org = is_ours(path, found.fields) and org in (None, found.fields["orgId"])
        is_late = isinstance(ended_at, datetime) and ended_at >= since
        if not is_of_org or not is_late or str(delivery.get("error")).startswith(UNWANTED):
            continue
        with contextlib.suppress(StaleVersionError):
            store.put_document(_again(path, found))
            changed += 1
    return changed


def _again(path: str, found: StoredDocument) -> DocumentWrite:
    """Return the write that has a mail sent again."""
    again = {"state": State.RETRY, "leaseExpireTime": None, "dueAt": None}
    return DocumentWrite(path, {"delivery": {**_map(found.fields.get("delivery")), **again}}, version=found.version)


def _when(fields: Mapping[str, Any], delivery: Mapping[str, Any]) -> str:
    """Return when the mail was last tried, or made: its time to live says that."""
    expires = fields.get("expireAt")
    made = expires - KEPT if isinstance(expires, datetime) else None
    moment = delivery.get("startTime") or made
    return f"{moment.astimezone():%d %b %H:%M:%S}" if isinstance(moment, datetime) else ""


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_line, value))
    return "" if value is None else " ".join(str(value).split())
