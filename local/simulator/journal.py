"""What was asked of the simulator, so that a test can say "no run was started twice"."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from local.simulator.messages import Json, Request, Subject

_SECRET_PARAMETERS = ("key", "token")


def masked_query(request: Request) -> dict[str, str]:
    return {name: "***" if name in _SECRET_PARAMETERS else value for name, value in request.query.items()}


class Journal:
    """Requests in the order of their arrival. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Json] = []

    def open(self, request: Request, subject: Subject) -> Json:
        """Note a request as it arrives; `status` stays None until `close`, which a caller that gave up never sees."""
        entry: Json = {
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "method": request.method,
            "path": request.path,
            "query": masked_query(request),
            "body": _parsed(request.body),
            "platform": subject.platform,
            "username": subject.username,
            "faults": [],
            "status": None,
        }
        with self._lock:
            self._entries.append(entry)
        return entry

    def close(self, entry: Json, status: int, faults: Iterable[str]) -> None:
        with self._lock:
            entry.update(status=status, faults=list(faults))

    def entries(self) -> list[Json]:
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
