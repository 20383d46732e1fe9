"""One time limit for a whole HTTP call.

httpx limits each read by itself. A server that sends a header every few seconds, or answers of status 103 without end,
would hold a call for ever. So each connect, read and write also looks at the time that is left to its call.
The DNS look-up of a host's name is not limited: Python has no time-out for it.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)  # by time.monotonic()


@contextmanager
def call_limit(seconds: float) -> Iterator[None]:
    """Limit the calls in this block: after `seconds` they raise httpx.TimeoutException. Needs `limited` clients."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def limited(client: httpx.Client) -> httpx.Client:
    """Make the client obey `call_limit`, through proxies too. Return the same client."""
    # httpx has no public way to give its pools another network backend, which httpcore documents:
    # https://www.encode.io/httpcore/network-backends/
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if isinstance(transport, httpx.HTTPTransport):
            pool: Any = transport._pool  # noqa: SLF001
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001
    return client


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise error("the call took too long")
    return min(left, math.inf if timeout is None else timeout) if left < math.inf else timeout


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers. All its addresses share the time of the call."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError(f"no address of {host}")
        for *_, place in found:
            # Given the name, the inner backend would spend the same time-out on each address.
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(self._inner.connect_tcp(str(place[0]), port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)
