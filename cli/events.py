"""`tracking events`: the newest events of an organisation, or of one of its projects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

Events = Mapping[str, Mapping[str, Any]]
"""The documents of the outbox by id, in the order in which they are shown."""


def events_table(events: Events) -> Table:
    """Return a row for each event. `state` says whether it still waits in the outbox for its way out."""
    table = Table(box=None, pad_edge=False)
    for name in ("when", "type", "of", "about", "state", "event"):
        table.add_column(name, no_wrap=True)
    for event_id, document in events.items():
        event = document["event"]
        data = json.loads(event["payload"])["data"]
        table.add_row(
            f"{event['occurredAt'].astimezone():%d %b %H:%M:%S}",
            escape(event["type"].removeprefix("tracking.")),
            escape(event["projectId"] or ""),
            escape(_about(data)),
            "waits" if isinstance(document.get("dueAt"), datetime) else "handed on",
            escape(event_id),
        )
    return table


def payloads(events: Events) -> list[str]:
    """Return each event's payload as it is stored: a line of JSON."""
    return [document["event"]["payload"] for document in events.values()]


def _about(data: Mapping[str, Any]) -> str:
    """Return the account's name and platform, or the endpoint, in one line. A malformed job may lack them."""
    names = [data.get("username"), data.get("platform"), data.get("endpointId")]
    return " ".join(" ".join(name.split()) for name in names if isinstance(name, str))
