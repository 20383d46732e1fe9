"""The limit of a whole call, on a fake network and a fake clock."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx
import pytest

from tracking.clients import http_client
from tracking.platforms import call_limit

SILENT = [f"203.0.113.{number}" for number in range(1, 21)]
ANSWERING = "203.0.113.99"


class FakeNetwork(httpcore.NetworkBackend):
    """A network in which only one address answers. A try at another address takes its whole time-out."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.tries: list[tuple[str, float | None]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.tries.append((host, timeout))
        if host == ANSWERING:
            return httpcore.NetworkStream()
        self.now += timeout or 0
        raise httpcore.ConnectTimeout("silent")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    network = FakeNetwork()
    monkeypatch.setattr(time, "monotonic", lambda: network.now)
    return network


def addresses(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """Let each name have these addresses."""
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: places)


def connect(network: FakeNetwork, timeout: float | None = 4.0) -> httpcore.NetworkStream:
    return call_limit._Backend(network).connect_tcp("many.test", 443, timeout)


def test_host_with_silent_addresses_takes_the_limit_once(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses(monkeypatch, *SILENT)
    with call_limit.call_limit(10), pytest.raises(httpcore.ConnectTimeout, match="took too long"):
        connect(network)
    assert network.tries == [(SILENT[0], 4.0), (SILENT[1], 4.0), (SILENT[2], 2.0)]
    assert network.now == 1_010


def test_host_with_a_silent_first_address_is_reached(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses(monkeypatch, SILENT[0], ANSWERING, SILENT[1])
    with call_limit.call_limit(10):
        assert connect(network)
    assert network.tries == [(SILENT[0], 4.0), (ANSWERING, 4.0)]


def test_host_without_a_limit_keeps_each_phase(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses(monkeypatch, *SILENT)
    with pytest.raises(httpcore.ConnectTimeout, match="silent"):
        connect(network)
    assert network.tries == [(address, 4.0) for address in SILENT]


def test_slow_look_up_leaves_less_for_the_connect(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_args: object, **_options: object) -> list[Any]:
        network.now += 9
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ANSWERING, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with call_limit.call_limit(10):
        connect(network)
    assert network.tries == [(ANSWERING, 1.0)]


def test_unknown_host_is_a_connect_error(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_options: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(httpcore.ConnectError, match="not known"):
        connect(network)


def test_client_behind_a_proxy_is_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    with http_client.__wrapped__() as client:
        pools = [t._pool for t in (client._transport, *client._mounts.values()) if isinstance(t, httpx.HTTPTransport)]
        assert {type(pool) for pool in pools} == {httpcore.ConnectionPool, httpcore.HTTPProxy}
        assert {type(pool._network_backend) for pool in pools} == {call_limit._Backend}


def test_hanging_look_up_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has no time-out for it. The thread that asks stays behind."""
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: never.wait(30))
    began_at = time.monotonic()
    with call_limit.call_limit(0.1), pytest.raises(httpcore.ConnectTimeout, match="look-up"):
        call_limit._Backend(httpcore.MockBackend([])).connect_tcp("silent.test", 443, 4.0)
    assert time.monotonic() - began_at < 2
    never.set()


def test_error_of_a_look_up_arrives_as_it_is(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_args: object, **_options: object) -> list[Any]:
        raise UnicodeError("label too long")

    monkeypatch.setattr(socket, "getaddrinfo", odd)
    with pytest.raises(UnicodeError, match="label"):
        connect(network)


def test_inner_limit_is_not_wider_than_the_outer(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses(monkeypatch, ANSWERING)
    with call_limit.call_limit(1):
        with call_limit.call_limit(0.5):
            connect(network)
        with call_limit.call_limit(10):
            connect(network)
        connect(network)
    connect(network)
    assert [timeout for _, timeout in network.tries] == [0.5, 1.0, 1.0, 4.0]


def test_call_reads_no_more_bytes_than_its_limit(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses(monkeypatch, ANSWERING)
    monkeypatch.setattr(network, "connect_tcp", lambda *_args: httpcore.MockStream([b"abc", b"def", b"ghi"]))
    stream = connect(network)
    with call_limit.call_limit(10, max_bytes=5):
        assert [stream.read(100), stream.read(100)] == [b"abc", b"def"]  # the mock gives more than it is asked for
        with pytest.raises(httpcore.ReadError, match="too long"):
            stream.read(100)
    assert stream.read(100) == b"ghi"
