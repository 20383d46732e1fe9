"""Pictures for tests, and a network without sockets that serves them."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import pytest
from PIL import Image

from tracking.pictures.web import PictureWeb, picture_client
from tracking.public_web import PublicOnly

PUBLIC = "142.250.74.246"


def picture(size: tuple[int, int] = (640, 360), mode: str = "RGB", form: str = "JPEG", **options: Any) -> bytes:
    """Return a file with a red left half and a blue right half."""
    drawn = Image.new("RGB", size, "red")
    drawn.paste("blue", (size[0] // 2, 0, *size))
    out = io.BytesIO()
    drawn.convert(mode).save(out, form, **options)
    return out.getvalue()


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP response, a JPEG by its header. `Content_Type="image/png"` replaces a header, "" omits it."""
    fields = {"Content_Type": "image/jpeg", "Content_Length": str(len(body)), "Connection": "close"} | headers
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(to: str) -> bytes:
    return response(status="302 Found", Location=to)


class Network(httpcore.NetworkBackend):
    """Name servers and servers. Each connection gets the next answer: bytes, or parts that are read one by one."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}  # by name; each look-up takes the first, and the last one stays
        self.answers: list[bytes | Iterable[bytes]] = []
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.names: list[str | None] = []  # for which a certificate was asked
        self.sent = b""

    def look_up(self, host: str, port: int, **_options: Any) -> list[Any]:
        self.looked_up.append(host)
        found = self.addresses.get(host, [PUBLIC])
        place = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in place.split()]

    def connect_tcp(self, host: str, port: int, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        given = self.answers.pop(0)
        return _Stream(self, iter([given] if isinstance(given, bytes) else given))


class _Stream(httpcore.NetworkStream):
    def __init__(self, network: Network, parts: Iterator[bytes]) -> None:
        self._network = network
        self._parts = parts

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return next(self._parts, b"")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._network.sent += buffer

    def close(self) -> None:
        pass

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        assert ssl_context.check_hostname
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        self._network.names.append(server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


def connected_web(network: Network, monkeypatch: pytest.MonkeyPatch) -> PictureWeb:
    """Return the real `PictureWeb`, with all its checks, on this network."""
    monkeypatch.setattr(socket, "getaddrinfo", network.look_up)
    client: Any = picture_client()
    public = client._transport._pool._network_backend._inner
    assert isinstance(public, PublicOnly)
    public._inner = network
    return PictureWeb(client)


def slowly(body: bytes, sleep: Callable[[], None], parts: int) -> Iterator[bytes]:
    """Yield the head of a response at once, then a byte at a time."""
    yield response(body)[: -len(body)]
    for byte in body[:parts]:
        sleep()
        yield bytes([byte])
