"""A Firestore client that records its calls at the gRPC channel, so that retries are counted too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1 import Client
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, RunQueryResponse


class RpcRecorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Records the calls, and counts reads and writes as Firestore bills them.

    A read for each document, and one for an empty answer or a count of at most 1,000.
    https://firebase.google.com/docs/firestore/pricing
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []  # `Commit`, `RunQuery`, ..., each with its request
        self.reads = self.written = 0

    def intercept_unary_unary(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        self.written += len(getattr(request, "writes", ()))
        return self._passed_on(continuation, call, request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        found = 0
        for answer in self._passed_on(continuation, call, request):
            found += _documents(answer)
            self.reads += _documents(answer)  # at once: who asks for one document reads no further
            yield answer
        self.reads += not found

    def _passed_on(self, continuation: Callable[..., Any], call: Any, request: Any) -> Any:
        self.calls.append((call.method.rpartition("/")[2], request))
        return continuation(call, request)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def taken(self) -> list[str]:
        """Return the names of the calls since `taken` was last called, and begin to count anew."""
        names = self.names
        self.calls.clear()
        self.reads = self.written = 0
        return names

    def writes(self) -> list[tuple[int, int]]:
        """Return the number of writes of each commit, and their size in bytes."""
        return [
            (len(request.writes), sum(type(write).pb(write).ByteSize() for write in request.writes))
            for name, request in self.calls
            if name == "Commit"
        ]


def _documents(answer: Any) -> int:
    """Return the number of documents in a part of an answer. A missing document is a read, too."""
    match answer:
        case RunQueryResponse():
            return bool(answer.document)
        case BatchGetDocumentsResponse():
            return 1
    return 0


class RecordedClient(Client):
    """A client of the emulator at FIRESTORE_EMULATOR_HOST. Without `project` it uses a new project that has no data."""

    def __init__(self, recorder: RpcRecorder, project: str = "") -> None:
        super().__init__(project=project or f"demo-bench-{uuid4().hex[:12]}")
        self.rpcs = recorder

    def _emulator_channel(self, transport: Any) -> Any:
        return grpc.intercept_channel(super()._emulator_channel(transport), self.rpcs)  # type: ignore[no-untyped-call]
