"""A Firestore client that counts what it sends, at the gRPC channel: nothing passes it uncounted, retries included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1 import Client


class RpcCounter(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.names: list[str] = []  # of every call so far: `Commit`, `RunQuery`, ...

    def intercept_unary_unary(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        return self._passed_on(continuation, call, request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        return self._passed_on(continuation, call, request)

    def _passed_on(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        self.names.append(call.method.rpartition("/")[2])
        return continuation(call, request)

    def taken(self) -> list[str]:
        """The names since the last time they were taken."""
        names, self.names = self.names, []
        return names


class CountedClient(Client):
    """On the emulator of FIRESTORE_EMULATOR_HOST, in a project of its own: nobody's data is in the way."""

    def __init__(self) -> None:
        super().__init__(project=f"demo-bench-{uuid4().hex[:12]}")
        self.rpcs = RpcCounter()

    def _emulator_channel(self, transport: Any) -> Any:
        return grpc.intercept_channel(super()._emulator_channel(transport), self.rpcs)  # type: ignore[no-untyped-call]
