"""Staging objects in memory: the twin of `staging.s3`. `tests/contract` compares the two."""

from __future__ import annotations

from collections.abc import Sequence

from tracking.errors import ContractError
from tracking.sentences import say


class MemoryObjects:
    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, key: str, body: bytes) -> bool:
        return self.bodies.setdefault(key, body) is body

    def get(self, key: str) -> bytes:
        try:
            return self.bodies[key]
        except KeyError:
            raise ContractError(say("damagedStep", problem="no longer there")) from None

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.bodies.pop(key, None)
