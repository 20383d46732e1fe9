"""One time limit for a whole HTTP call, and one for what it reads.

httpx limits each read by itself. A server that sends a header every few seconds, or answers of status 103 without end,
would hold a call for ever. So each look-up, connect, read and write also looks at the time that is left to its call.

Python has no time-out for the look-up of a name. So it runs in a thread of its own, and is left behind when the time is
over. It holds nothing but that thread, and ends by itself: the system's resolver gives up after half a minute or so.
https://man7.org/linux/man-pages/man5/resolv.conf.5.html (`timeout`, `attempts`)
"""

from __future__ import annotations

import math
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx


class UnknownHostError(httpcore.ConnectError):
    """The name of a host has no address, or the name servers do not say."""


class HandshakeError(httpcore.ConnectError):
    """The connection is there, but no TLS: a certificate that is not trusted, or a server that hangs up."""


@dataclass(slots=True)
class _Left:
    ends_at: float = math.inf  # by time.monotonic()
    bytes: float = math.inf  # that may still be read, unpacked neither from TLS nor from an encoding


_left: ContextVar[_Left] = ContextVar("left", default=_Left())  # noqa: B039 - without a limit it never changes


@contextmanager
def call_limit(seconds: float, max_bytes: float = math.inf) -> Iterator[None]:
    """Limit the calls in this block. Needs `limited` clients.

    After `seconds` they raise httpx.TimeoutException. After `max_bytes` of heads and bodies, as they come through the
    wire, httpx.ReadError. A limit within another one is not wider than that.
    """
    outer = _left.get()
    inner = _Left(min(outer.ends_at, time.monotonic() + seconds), min(outer.bytes, max_bytes))
    token = _left.set(inner)
    try:
        yield
    finally:
        _left.reset(token)


def _any(_addresses: Sequence[str]) -> None:
    """Let all addresses pass."""


def limited(
    client: httpx.Client,
    *,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    vet: Callable[[Sequence[str]], None] = _any,
) -> httpx.Client:
    """Make the client obey `call_limit`, through proxies too. Return the same client.

    `family`: of the addresses to look up. `vet`: gets all addresses of a name before any is connected, and may raise an
    error of httpcore.
    """
    # httpx has no public way to give its pools another network backend, which httpcore documents:
    # https://www.encode.io/httpcore/network-backends/
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if isinstance(transport, httpx.HTTPTransport):
            pool: Any = transport._pool  # noqa: SLF001
            pool._network_backend = _Backend(pool._network_backend, family, vet)  # noqa: SLF001
    return client


def _time_left(timeout: float | None, error: type[Exception]) -> float | None:
    left = _left.get().ends_at - time.monotonic()
    if left <= 0:
        raise error("the call took too long")
    return min(left, math.inf if timeout is None else timeout) if left < math.inf else timeout


def _look_up(host: str, port: int, family: socket.AddressFamily, timeout: float | None) -> list[str]:
    """Return the addresses of a name, in the resolver's order."""
    answer: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised below, by the thread that waits
            answer.put(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        found = answer.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout("the look-up of the name took too long") from None
    if isinstance(found, OSError):
        raise UnknownHostError(str(found)) from found
    if isinstance(found, Exception):
        raise found
    return [str(place[0]) for *_, place in found]


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left.get()
        if left.bytes <= 0:
            raise httpcore.ReadError("the answer is too long")
        data = self._inner.read(int(min(max_bytes, left.bytes)), _time_left(timeout, httpcore.ReadTimeout))
        left.bytes -= len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _time_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = _time_left(timeout, httpcore.ConnectTimeout)
        try:
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))
        except httpcore.ConnectError as error:
            raise HandshakeError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(
        self,
        inner: httpcore.NetworkBackend,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        vet: Callable[[Sequence[str]], None] = _any,
    ) -> None:
        self._inner = inner
        self._family = family
        self._vet = vet

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers. All its addresses share the time of the call."""
        found = _look_up(host, port, self._family, _time_left(timeout, httpcore.ConnectTimeout))
        self._vet(found)
        failed: Exception = httpcore.ConnectError(f"no address of {host}")
        for address in found:
            # Given the name, the inner backend would spend the same time-out on each address.
            left = _time_left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(self._inner.connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)
