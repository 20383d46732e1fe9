"""`tracking webhooks`: an organisation's endpoints and their deliveries, and what operators do to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from rich.markup import escape
from rich.table import Table

from tracking.document_limits import is_document_id
from tracking.store import MAX_WRITES_PER_COMMIT, DocumentWrite, StaleVersionError, Store, StoredDocument
from tracking.webhooks import KEPT, TEST_TYPE, Health, State, Trigger, delivery_path, endpoints_of

Documents = Mapping[str, Mapping[str, Any]]
"""Documents by id, in the order in which they are shown. Pages write them, so any field may be odd."""
OVER = (State.DELIVERED, State.FAILED, State.SKIPPED)
"""The states from which a delivery can be replayed."""
_OF_A_RANGE = (State.FAILED, State.SKIPPED)


class NewsError(Exception):
    """A command about webhooks or mail that cannot be done. The message is a sentence."""


def endpoint_of(store: Store, org: str, endpoint_id: str) -> tuple[str, StoredDocument]:
    """Return the endpoint's path and document. NewsError if there is none."""
    path = f"{endpoints_of(org)}/{endpoint_id}"
    found = store.get_stored(path) if is_document_id(endpoint_id) else None
    if found is None:
        raise NewsError(f"{org} has no endpoint {endpoint_id}: `tracking webhooks --org {org}` lists them.")
    return path, found


def endpoints_table(endpoints: Documents) -> Table:
    table = _table("endpoint", "address", "events", "state", "last attempt")
    for endpoint_id, fields in endpoints.items():
        health = Health.from_field(fields.get("health"))
        last = f"{_when(health.last_attempt_at)} {_answer(health.last_status, health.last_error)}"
        table.add_row(
            escape(endpoint_id),
            escape(_line(fields.get("url"))),
            escape(_events(fields)),
            _state(fields.get("enabled"), health),
            last.strip() or "none yet",
        )
    return table


def deliveries_table(deliveries: Documents) -> Table:
    table = _table("when", "type", "trigger", "state", "attempts", "last", "next attempt", "delivery")
    for delivery_id, fields in deliveries.items():
        log = fields.get("attempts")
        last = log[-1] if isinstance(log, list) and log and isinstance(log[-1], dict) else {}
        table.add_row(
            _when(fields.get("createdAt")),
            escape(_line(fields.get("type")).removeprefix("tracking.")),
            escape(_line(fields.get("trigger"))),
            escape(_line(fields.get("state"))),
            escape(_line(fields.get("attempt"))),
            escape(_answer(last.get("status"), last.get("error"))),
            _when(fields.get("nextAttemptAt")),
            escape(delivery_id),
        )
    return table


def as_json(documents: Documents) -> list[str]:
    """Return a line of JSON for each document, with its id. Times are RFC 3339."""
    return [
        json.dumps({"id": name, **fields}, default=_text_of, ensure_ascii=True) for name, fields in documents.items()
    ]


def send_test(store: Store, endpoint_path: str, now: datetime) -> str:
    """Create a test delivery, as a page does, and return its id. Also an endpoint that is off gets it."""
    delivery_id = uuid4().hex[:20]
    fields: dict[str, Any] = {
        "type": TEST_TYPE,
        "projectId": None,
        "trigger": str(Trigger.TEST),
        "state": str(State.PENDING),
        "createdAt": now,
        "attempt": 0,
        "nextAttemptAt": now,
        "attempts": [],
        "expireAt": now + KEPT,
    }
    store.put_document(DocumentWrite(delivery_path(endpoint_path, delivery_id), fields, must_be_new=True))
    return delivery_id


def replay(store: Store, endpoint_path: str, endpoint: StoredDocument, delivery_id: str, now: datetime) -> None:
    """Make a delivery due again. Raises NewsError for one that is not over, and while the endpoint is off."""
    _refuse_if_off(endpoint)
    path = delivery_path(endpoint_path, delivery_id)
    found = store.get_stored(path) if is_document_id(delivery_id) else None
    if found is None:
        raise NewsError(f"The endpoint has no delivery {delivery_id}.")
    if found.fields.get("type") == TEST_TYPE:
        raise NewsError("A test is not replayed: send a new one with --test.")
    if found.fields.get("state") not in OVER:
        raise NewsError(f"{delivery_id} is {_line(found.fields.get('state'))}; only one that is over can be replayed.")
    try:
        store.put_document(DocumentWrite(path, _replayed(now), version=found.version))
    except StaleVersionError:
        raise NewsError("The delivery changed at the same moment; look at it and try again.") from None


def replay_since(
    store: Store,
    endpoint_path: str,
    endpoint: StoredDocument,
    since: datetime,
    now: datetime,
    page_size: int = MAX_WRITES_PER_COMMIT,
) -> int:
    """Make all deliveries due again that failed or were skipped since then, newest first. Return how many.

    Each is replayed once, also if it fails again meanwhile. Raises NewsError while the endpoint is off.
    """
    _refuse_if_off(endpoint)
    changed, after = 0, None
    while page := store.list_deliveries(endpoint_path, _OF_A_RANGE, since, page_size, after):
        last = [*page][-1]
        after = page[last]["createdAt"], last
        events = [delivery_id for delivery_id, fields in page.items() if fields.get("type") != TEST_TYPE]
        writes = [DocumentWrite(delivery_path(endpoint_path, one), _replayed(now)) for one in events]
        changed += sum(store.update_each(writes)) if writes else 0
    return changed


def switch(store: Store, endpoint_path: str, now: datetime, *, on: bool) -> None:
    """Switch an endpoint on or off, as its owner's page does. Switching on forgets its health."""
    fields = {"enabled": on, "updatedAt": now} | ({"health": None} if on else {})
    if store.update_each([DocumentWrite(endpoint_path, fields)]) != [True]:
        raise NewsError("The endpoint was not changed: it is gone, or Firestore refuses to change it.")


def _replayed(now: datetime) -> dict[str, Any]:
    return {"state": str(State.PENDING), "trigger": str(Trigger.REPLAY), "attempt": 0, "nextAttemptAt": now}


def _refuse_if_off(endpoint: StoredDocument) -> None:
    if endpoint.fields.get("enabled") is not True:
        raise NewsError("The endpoint is off: switch it on with --enable, then replay.")


def _state(enabled: object, health: Health) -> str:
    if enabled is not True:
        since = f" since {_when(health.off_at)}" if health.off_at else ""
        return f"off{since}: {escape(health.off_reason)}" if health.off_reason else "off"
    if health.failing_since is not None:
        times = "once" if health.failures == 1 else f"{health.failures} times"
        return f"failing since {_when(health.failing_since)}, {times}"
    return "delivering" if health.last_delivered_at else "on"


def _events(fields: Mapping[str, Any]) -> str:
    types, projects = fields.get("eventTypes"), fields.get("projectIds")
    named = [_line(one).removeprefix("tracking.") for one in types] if isinstance(types, list) else []
    shown = f"{named[0]} and {len(named) - 1} more" if len(named) > 1 else "".join(named) or "all"
    of = f" of {', '.join(map(_line, projects))}" if isinstance(projects, list) and projects else ""
    return f"{shown}{of}"


def _answer(status: object, error: object) -> str:
    return _line(status if status is not None else error)


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, max_width=60 if name == "address" else None)
    return table


def _when(value: object) -> str:
    return f"{value.astimezone():%d %b %H:%M:%S}" if isinstance(value, datetime) else ""


def _line(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _text_of(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
