"""What a Firestore client really sends: every call to its API, with its request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.cloud.firestore_v1 import Client


class RecordedCalls:
    """Stands before the API of one client. Without a `real` one every call is answered by nothing."""

    def __init__(self, real: Any = None) -> None:
        self._real = real
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(request: dict[str, Any], **options: Any) -> Any:
            self.calls.append((name, request))
            return getattr(self._real, name)(request=request, **options) if self._real else iter(())

        return call

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def writes(self) -> list[tuple[int, int]]:
        """Of each commit: how many writes, and their size in bytes."""
        return [
            (len(request["writes"]), sum(write._pb.ByteSize() for write in request["writes"]))
            for name, request in self.calls
            if name == "commit"
        ]


def record(client: Client, *, answer: bool = True) -> RecordedCalls:
    recorded = RecordedCalls(client._firestore_api if answer else None)
    client._firestore_api_internal = recorded
    return recorded
