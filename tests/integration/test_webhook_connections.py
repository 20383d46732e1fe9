"""Webhooks over real sockets and TLS: servers on this machine stand for the public Internet."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.pictures import PUBLIC
from tracking.public_web import PublicOnly
from tracking.webhooks import Answer, web
from tracking.webhooks.web import WebhookWeb, webhook_client

ONE, OTHER = "one.example.com", "other.example.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Authority:
    """A certificate authority. `folder`: where the certificates are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
        self.certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.certificate.public_bytes(serialization.Encoding.PEM).decode())

    def server(self, name: str, valid_for: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """Return a server's context with a certificate of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._signed(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]), valid_for)
        path = self._folder / f"{name}-{certificate.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        valid_for: timedelta = timedelta(days=1),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + valid_for)
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )


@dataclass
class Server:
    """A TLS server at a free port. `answer` gets each connection, after its handshake and its request."""

    context: ssl.SSLContext | None  # None: it speaks no TLS
    answer: Callable[[socket.socket], None] = lambda connection: connection.sendall(OK)
    handshakes: list[str | None] = field(default_factory=list)  # the name that each asked for
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def names(self, contexts: dict[str, ssl.SSLContext]) -> None:
        """Choose the certificate by the name that a client asks for."""

        def choose(connection: Any, name: str | None, _context: ssl.SSLContext) -> None:
            self.handshakes.append(name)
            if name in contexts:
                connection.context = contexts[name]

        assert self.context
        self.context.sni_callback = choose

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), closing(connection):
            speaking = self.context.wrap_socket(connection, server_side=True) if self.context else connection
            with closing(speaking):
                request = b""
                while self.context and not request.endswith(b"}"):
                    request += speaking.recv(65_536)
                self.requests.append(request)
                self.answer(speaking)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.listening.close()


class Here(httpcore.NetworkBackend):
    """Connects to a server of this machine, whichever address is asked for, and notes the address."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._inner = httpcore.SyncBackend()
        self.asked: list[tuple[str, int]] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any) -> httpcore.NetworkStream:
        self.asked.append((host, port))
        return self._inner.connect_tcp("127.0.0.1", self._server.port, timeout, *args)


@pytest.fixture
def connect(authority: Authority, servers: list[Server], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes a sender, all of whose connections lead to one server."""

    def make(server: Server, **addresses: str) -> WebhookWeb:
        servers.append(server)

        def look_up(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
            found = [host] if host == "127.0.0.1" else addresses.get(host.partition(".")[0], PUBLIC).split()
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        client: Any = webhook_client(trust=authority.trust())
        public = client._transport._pool._network_backend._inner
        assert isinstance(public, PublicOnly)
        public._inner = Here(server)
        return WebhookWeb(client)

    return make


def post(webhooks: WebhookWeb, host: str = ONE, body: bytes = b'{"of":"one"}') -> Answer:
    return webhooks.post(f"https://{host}/hook", {"webhook-id": "1"}, body)


def test_delivery_arrives_over_tls(authority: Authority, connect: Any) -> None:
    server = Server(authority.server(ONE))
    answer = post(connect(server))
    assert (answer.status, answer.error) == (200, None)
    assert server.requests[0].endswith(b'\r\n\r\n{"of":"one"}')


@pytest.mark.parametrize(
    "found",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", f"{PUBLIC} 127.0.0.1"],
)
def test_forbidden_address_reaches_no_listening_socket(authority: Authority, connect: Any, found: str) -> None:
    """The server listens, and would answer; the delivery of `other` shows that it can be reached."""
    server = Server(authority.server(OTHER))
    webhooks = connect(server, one=found)
    assert post(webhooks).error == "blocked"
    assert server.connections == 0
    assert post(webhooks, OTHER).status == 200
    assert server.connections == 1


def test_two_tenants_on_one_address_have_two_handshakes(authority: Authority, connect: Any) -> None:
    """Two names of one server, as at a CDN. No body goes over the other name's connection."""
    contexts = {name: authority.server(name) for name in (ONE, OTHER)}
    server = Server(authority.server("default.example.com"))
    server.names(contexts)
    webhooks = connect(server)
    hosts = [ONE, OTHER] * 5
    bodies = {ONE: b'{"of":"one"}', OTHER: b'{"of":"other"}'}
    answers: list[int | None] = []
    threads = [
        threading.Thread(target=lambda host=host: answers.append(post(webhooks, host, bodies[host]).status))
        for host in hosts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * len(hosts)
    assert sorted(map(str, server.handshakes)) == sorted(hosts)
    for request in server.requests:
        host = ONE if f"Host: {ONE}\r\n".encode() in request else OTHER
        assert request.endswith(b"\r\n\r\n" + bodies[host])
        assert request.count(b"POST ") == 1
    assert server.connections == len(server.requests) == len(hosts)


@pytest.mark.parametrize("fault", ["self-signed", "expired", "wrong name", "no tls", "hangs up", "old tls"])
def test_server_without_a_good_certificate_is_a_tls_error(
    authority: Authority, connect: Any, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "other").mkdir()
    contexts: dict[str, Callable[[], ssl.SSLContext | None]] = {
        "self-signed": lambda: Authority(tmp_path / "other").server(ONE),
        "expired": lambda: authority.server(ONE, timedelta(days=-1)),
        "wrong name": lambda: authority.server(OTHER),
    }
    server = Server(contexts.get(fault, lambda: None)())
    if fault == "hangs up":
        server.answer = lambda _connection: None
    if fault == "old tls":
        protocol_version_alert = b"\x15\x03\x01\x00\x02\x02\x46"
        server.answer = lambda connection: connection.sendall(protocol_version_alert)
    answer = post(connect(server))
    assert (answer.status, answer.error) == (None, "tls")
    assert not any(b"POST" in request for request in server.requests)


def test_refused_connection_is_a_connect_error(authority: Authority, connect: Any) -> None:
    server = Server(authority.server(ONE))
    webhooks = connect(server)
    server.listening.shutdown(socket.SHUT_RDWR)
    server.listening.close()
    assert post(webhooks).error == "connect"


def drop(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closed by a reset
    connection.close()


def test_reset_connection_is_a_network_error(authority: Authority, connect: Any) -> None:
    assert post(connect(Server(authority.server(ONE), drop))).error == "network"


def hang(_connection: socket.socket) -> None:
    time.sleep(5)


def drip(connection: socket.socket) -> None:
    """Send a byte of a head now and then."""
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX-Header: value"):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def early_hints(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("server", [hang, drip, early_hints])
def test_slow_head_is_a_time_out(
    authority: Authority, connect: Any, monkeypatch: pytest.MonkeyPatch, server: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(web, "CALL_LIMIT_S", 0.5)
    answer = post(connect(Server(authority.server(ONE), server)))
    assert (answer.status, answer.error) == (None, "timeout")
    assert 400 <= answer.ms <= 1_500


def test_hanging_handshake_is_a_time_out(authority: Authority, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "CALL_LIMIT_S", 0.5)
    assert post(connect(Server(None, hang))).error == "timeout"


@pytest.mark.parametrize("kind", ["103 without a pause", "large header", "many headers"])
def test_flood_of_a_head_is_left_at_once(authority: Authority, connect: Any, kind: str) -> None:
    """It would otherwise take a processor for as long as the call may last."""

    def flood(connection: socket.socket) -> None:
        if kind == "103 without a pause":
            while True:
                connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 100)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"a" * 10_000 if kind == "large header" else b"X-Header: value\r\n" * 100)

    answer = post(connect(Server(authority.server(ONE), flood)))
    assert (answer.status, answer.error) == (None, "network")
    assert answer.ms < 3_000


@pytest.mark.parametrize("kind", ["hangs", "never ends", "drips"])
def test_slow_body_does_not_hold_the_sender(authority: Authority, connect: Any, kind: str) -> None:
    """The head has said it: the delivery has arrived."""

    def body(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while kind != "hangs":
            connection.sendall(b"1\r\nx\r\n")
            time.sleep(0.05 if kind == "drips" else 0)
        hang(connection)

    began_at = time.monotonic()
    answer = post(connect(Server(authority.server(ONE), body)))
    assert (answer.status, answer.error) == (200, None)
    assert time.monotonic() - began_at < 3


def test_redirect_to_this_machine_reaches_nobody(authority: Authority, connect: Any) -> None:
    target = Server(None)
    location = f"http://127.0.0.1:{target.port}/"

    def redirect(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    with closing(target.listening):
        answer = post(connect(Server(authority.server(ONE), redirect)))
        assert (answer.status, answer.error) == (307, "redirect")
        assert target.connections == 0
