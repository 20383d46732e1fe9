"""Sending of webhooks on a network without sockets: forbidden addresses, odd answers, and what each becomes.

tests/integration/test_webhook_connections.py does it with sockets and TLS.
"""

from __future__ import annotations

import itertools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import pytest

from tests.doubles import ManualClock
from tests.pictures import PUBLIC, Network, response
from tracking.public_web import PublicOnly
from tracking.webhooks import Answer, web
from tracking.webhooks.web import MAX_BODY_BYTES, MAX_HEAD_BYTES, WebhookWeb, webhook_client

URL = "https://hooks.example.com/tracking?key=of-theirs"
HEADERS = {"webhook-id": "job1-1-0a1b-completed", "content-type": "application/json"}
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def answered(status: str = "204 No Content", body: bytes = b"", **headers: str) -> bytes:
    return response(body, status, **({"Content_Type": "text/plain"} | headers))


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def webhooks(network: Network, monkeypatch: pytest.MonkeyPatch) -> WebhookWeb:
    """The real sender with all its checks, on this network."""
    monkeypatch.setattr(socket, "getaddrinfo", network.look_up)
    client: Any = webhook_client()
    public = client._transport._pool._network_backend._inner
    assert isinstance(public, PublicOnly)
    public._inner = network
    return WebhookWeb(client, clock=ManualClock(NOW))


def post(webhooks: WebhookWeb, url: str = URL) -> Answer:
    return webhooks.post(url, HEADERS, b'{"type":"webhook.test"}')


def test_delivery_is_posted_to_the_address_looked_up(network: Network, webhooks: WebhookWeb) -> None:
    """The certificate is the name's, although the connection goes to an address."""
    network.answers = [answered()]
    answer = post(webhooks)
    assert (answer.status, answer.error, answer.retry_after, answer.control) == (204, None, None, None)
    assert network.connected == [(PUBLIC, 443)]
    assert network.names == ["hooks.example.com"]
    head, _, body = network.sent.decode().partition("\r\n\r\n")
    assert head.startswith("POST /tracking?key=of-theirs HTTP/1.1\r\nHost: hooks.example.com\r\n")
    assert body == '{"type":"webhook.test"}'
    sent = head.lower()
    assert "webhook-id: job1-1-0a1b-completed\r\n" in sent
    assert "user-agent: account-tracking-webhooks/1\r\n" in sent
    assert "connection: close\r\n" in sent
    assert sent.count("content-type:") == 1
    assert not any(name in sent for name in ("cookie", "authorization", "referer", "gzip"))


def test_cookie_of_one_answer_is_not_sent_to_the_next(network: Network, webhooks: WebhookWeb) -> None:
    network.answers = [answered(Set_Cookie="id=1; Domain=example.com"), answered()]
    assert [post(webhooks).status for _ in range(2)] == [204, 204]
    assert b"id=1" not in network.sent


def test_each_delivery_has_its_own_connection(network: Network, webhooks: WebhookWeb) -> None:
    network.answers = [answered(Connection="keep-alive") for _ in range(3)]
    assert [post(webhooks).status for _ in range(3)] == [204] * 3
    assert len(network.connected) == 3
    assert webhooks._client._transport._pool.connections == []  # type: ignore[attr-defined]


# Addresses

FORBIDDEN_URLS = [
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "javascript:alert(1)",
    "//hooks.example.com/",
    "hooks.example.com",
    "",
    "https://",
    "https:///path",
    # An IP address, in each notation that some resolver understands.
    "https://127.0.0.1/",
    "https://127.0.0.1:443/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7F.0.0.1/",
    "https://0177.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://1.2.3.4.5/",
    "https://example.0x7f/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700::6810:84e5]/",
    "https://[::1/",
    "https://\uff11\uff12\uff17.0.0.1/",  # full-width digits
    "https://127\u30020\u30020\u30021/",  # ideographic full stops
    "https://%31%32%37.0.0.1/",
    "https://127%2e0.0.1/",
    # Names that no public server has.
    "https://localhost/",
    "https://localhost./",
    "https://metadata/",
    "https://hooks.example.com./",
    "https://.example.com/",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://hooks.example.c-/",
    "https://exa mple.com/",
    "https://exa\u2100mple.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    # Ports, names and passwords.
    "https://hooks.example.com:8443/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:22:443/",
    "https://user:secret@hooks.example.com/",
    "https://user@hooks.example.com/",
    "https://hooks.example.com@169.254.169.254/",
    "https://hooks.example.com\\@169.254.169.254/",
    "https://169.254.169.254#@hooks.example.com/",
    "https://hooks.example.com/\0",
    "https://hooks.example.com/\r\nX-Header: 1",
    "https://hooks.example.com/\ud800",
    "https://hooks.example.com/" + "a" * 1_000,
]


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_forbidden_url_is_blocked_before_any_look_up(network: Network, webhooks: WebhookWeb, url: str) -> None:
    assert post(webhooks, url).error == "blocked"
    assert network.looked_up == []
    assert network.connected == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://hooks.example.com", "hooks.example.com"),
        ("https://hooks.example.com:443/", "hooks.example.com"),
        ("HTTPS://Hooks.Example.COM/", "hooks.example.com"),
        ("https://my_hook.example.com/", "my_hook.example.com"),
        ("https://1.example.com/", "1.example.com"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("https://ex\u0430mple.com/", "xn--exmple-4nf.com"),  # a Cyrillic letter makes it another name, which counts
        ("https://hooks.example.xn--p1ai/", "hooks.example.xn--p1ai"),
    ],
)
def test_host_name_is_taken(network: Network, webhooks: WebhookWeb, url: str, name: str) -> None:
    network.answers = [answered()]
    assert post(webhooks, url).status == 204
    assert network.looked_up == [name]
    assert network.names == [name]


FORBIDDEN_ADDRESSES = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",  # shared by a provider's customers
    "169.254.169.254",  # the metadata of a virtual machine
    "169.254.170.2",  # of a container
    "169.254.100.5",  # AWS's name server of a function
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",  # relays of 6to4
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",  # NAT64
    "64:ff9b:1::a9fe:a9fe",
    "100::1",
    "2001:0:a9fe:a9fe::1",  # Teredo
    "2002:7f00:1::1",  # 6to4
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",  # the metadata, by IPv6
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_name_with_a_forbidden_address_is_blocked(network: Network, webhooks: WebhookWeb, address: str) -> None:
    network.addresses = {"hooks.example.com": [address]}
    assert post(webhooks).error == "blocked"
    assert network.connected == []


@pytest.mark.parametrize("found", [f"{PUBLIC} 127.0.0.1", f"127.0.0.1 {PUBLIC}", f"{PUBLIC} 8.8.8.8 ::1"])
def test_name_with_a_forbidden_address_among_others(network: Network, webhooks: WebhookWeb, found: str) -> None:
    network.addresses = {"hooks.example.com": [found]}
    assert post(webhooks).error == "blocked"
    assert network.connected == []


def test_name_is_looked_up_once_for_check_and_connection(network: Network, webhooks: WebhookWeb) -> None:
    """DNS rebinding: the second answer of the name server is never asked for, so it cannot be a private one."""
    network.addresses = {"hooks.example.com": [PUBLIC, "169.254.169.254"]}
    network.answers = [answered()]
    assert post(webhooks).status == 204
    assert network.looked_up == ["hooks.example.com"]
    assert network.connected == [(PUBLIC, 443)]


def test_name_that_has_become_private_is_blocked(network: Network, webhooks: WebhookWeb) -> None:
    """The next delivery is checked again."""
    network.addresses = {"hooks.example.com": [PUBLIC, "169.254.169.254"]}
    network.answers = [answered()]
    assert [post(webhooks).error for _ in range(2)] == [None, "blocked"]
    assert network.connected == [(PUBLIC, 443)]


def test_only_addresses_of_ipv4_are_looked_up(webhooks: WebhookWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def look_up(*_args: Any, **options: Any) -> list[Any]:
        asked.append(options["family"])
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    post(webhooks)
    assert asked == [socket.AF_INET]


def test_client_follows_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up itself."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert webhook_client()._mounts == {}


@pytest.mark.parametrize(
    "location", ["https://169.254.169.254/", "http://127.0.0.1:9001/", "https://hooks.example.com/other", "/other", ""]
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent", "304 Same"])
def test_redirect_is_not_followed(network: Network, webhooks: WebhookWeb, status: str, location: str) -> None:
    network.answers = [answered(status, Location=location), answered()]
    answer = post(webhooks)
    assert (answer.status, answer.error) == (int(status[:3]), "redirect")
    assert len(network.connected) == 1


def test_receiver_of_this_machine_takes_the_place_of_all(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", network.look_up)
    network.addresses = {"127.0.0.1": ["127.0.0.1"]}
    network.answers = [answered()]
    client: Any = webhook_client(anywhere=True)
    client._transport._pool._network_backend._inner = network
    webhooks = WebhookWeb(client, "http://127.0.0.1:8123")
    assert post(webhooks).status == 204
    assert network.connected == [("127.0.0.1", 8123)]
    assert network.sent.startswith(b"POST /webhooks?url=https%3A%2F%2Fhooks.example.com%2Ftracking%3Fkey%3Dof-theirs ")
    assert post(webhooks, "https://127.0.0.1/").error == "blocked"


# Answers


@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 410, 429, 500, 503, 599])
def test_status_is_told(network: Network, webhooks: WebhookWeb, status: int) -> None:
    network.answers = [answered(f"{status} Words", b"x" * (status != 204))]
    answer = post(webhooks)
    assert (answer.status, answer.error) == (status, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1),
        ("120", 120),
        (" 120 ", 120),
        ("0", 1),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 5_000, 86_400),
        ("Mon, 30 Nov 2026 12:10:00 GMT", 600),
        ("Monday, 30-Nov-26 12:10:00 GMT", 600),
        ("Mon, 30 Nov 2026 11:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Mon, 30 Nov 2026 12:10:00", 600),
        ("-5", None),
        ("1.5", None),
        ("\u0661", None),
        ("soon", None),
        ("Mon, 99 Nov 2026 12:10:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_read(network: Network, webhooks: WebhookWeb, text: str, seconds: int | None) -> None:
    network.answers = [answered("429 Slow", b"x", Retry_After=text)]
    answer = post(webhooks)
    assert answer.status == 429
    assert answer.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("disable", "disable"),
        ("Disable ", "disable"),
        ("abort-message", "abort-message"),
        ("disabled", None),
        ("disable, abort-message", None),
        ("", None),
    ],
)
def test_control_header_is_read(network: Network, webhooks: WebhookWeb, text: str, control: str | None) -> None:
    network.answers = [answered("500 No", b"x", Webhook_Delivery=text)]
    assert post(webhooks).control == control


@pytest.mark.parametrize("end", ["whole", "cut", "chunked", "wrong chunk", "gzip bomb", "no end"])
def test_answer_counts_whatever_follows_its_head(network: Network, webhooks: WebhookWeb, end: str) -> None:
    chunked = answered("200 OK", b"", Content_Length="", Transfer_Encoding="chunked")
    answers = {
        "whole": [answered("200 OK", b"x" * 100)],
        "cut": [answered("200 OK", b"x", Content_Length="5000")],
        "chunked": [chunked + b"1\r\nx\r\n0\r\n\r\n"],
        "wrong chunk": [chunked + b"zz\r\n"],
        "gzip bomb": [answered("200 OK", b"\x1f\x8b" + b"\0" * 9_000, Content_Encoding="gzip")],
        "no end": [answered("200 OK", Content_Length="") + b"x" * 10_000],
    }
    network.answers = [*answers[end]]
    answer = post(webhooks)
    assert (answer.status, answer.error) == (200, None)
    assert webhooks._client._transport._pool.connections == []  # type: ignore[attr-defined]


def counted(head: bytes, part: bytes) -> tuple[Iterator[bytes], Callable[[], int]]:
    """Return an answer without an end, and what tells how many bytes of `part` were read."""
    numbers = itertools.count()
    return itertools.chain([head], (part for _ in numbers)), lambda: next(numbers) * len(part)


def test_body_without_end_is_left_after_a_little(network: Network, webhooks: WebhookWeb) -> None:
    parts, read = counted(answered("200 OK", Content_Length=""), b"x" * 512)
    network.answers = [parts]
    assert post(webhooks).status == 200
    assert MAX_BODY_BYTES <= read() <= MAX_BODY_BYTES + 1_024


@pytest.mark.parametrize(
    "part", [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"X-A: b\r\n"]
)
def test_head_without_end_is_left(network: Network, webhooks: WebhookWeb, part: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\n" if part.startswith(b"X") else part
    parts, read = counted(head, part)
    network.answers = [parts]
    answer = post(webhooks)
    assert (answer.status, answer.error) == (None, "network")
    assert read() <= MAX_HEAD_BYTES + 2 * len(part)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello",
        b"\x16\x03\x01",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n",
        b"HTTP/x.1 200 OK\r\n\r\n",
    ],
)
def test_answer_that_is_not_http_is_a_network_error(network: Network, webhooks: WebhookWeb, answer: bytes) -> None:
    network.answers = [answer]
    assert post(webhooks).error == "network"


@pytest.mark.parametrize("headers", [{"webhook-id": "a\r\nHost: b"}, {"webhook-id": "\u20ac"}, {"a b": "c"}])
def test_header_that_cannot_be_sent_is_no_exception(
    network: Network, webhooks: WebhookWeb, headers: dict[str, str]
) -> None:
    """An id that a hand has written fails its own delivery alone."""
    network.answers = [answered()]
    assert webhooks.post(URL, headers, b"{}").error == "network"
    assert b"\r\nHost: b" not in network.sent


# Failures


class Broken(httpcore.NetworkBackend):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def connect_tcp(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        raise self._error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (httpcore.ConnectTimeout("late"), "timeout"),
        (httpcore.ReadTimeout("late"), "timeout"),
        (httpcore.PoolTimeout("late"), "timeout"),
        (httpcore.ConnectError("refused"), "connect"),
        (httpcore.ReadError("reset"), "network"),
        (httpcore.WriteError("reset"), "network"),
        (httpcore.RemoteProtocolError("odd"), "network"),
        (RuntimeError("can't start new thread"), "network"),
        (RecursionError(), "network"),
    ],
)
def test_failure_has_a_name(webhooks: WebhookWeb, error: Exception, failure: str) -> None:
    backend: Any = webhooks._client._transport._pool._network_backend._inner  # type: ignore[attr-defined]
    backend._inner = Broken(error)
    answer = post(webhooks)
    assert (answer.status, answer.error) == (None, failure)


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL])
def test_name_without_an_address_is_a_dns_error(
    webhooks: WebhookWeb, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def unknown(*_args: Any, **_options: Any) -> list[Any]:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert post(webhooks).error == "dns"


def test_failed_handshake_is_a_tls_error(network: Network, webhooks: WebhookWeb) -> None:
    """As httpcore reports it: an error of its own, which comes from ssl's."""

    class Untrusted(httpcore.NetworkStream):
        def start_tls(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
            try:
                raise ssl.SSLCertVerificationError("self-signed certificate")
            except OSError as error:
                raise httpcore.ConnectError(str(error)) from error

        def close(self) -> None:
            pass

    network.connect_tcp = lambda *_args, **_options: Untrusted()  # type: ignore[method-assign]
    assert post(webhooks).error == "tls"


def test_ten_hanging_look_ups_hold_ten_threads_for_a_while(
    webhooks: WebhookWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that never answers: each delivery is over after the time of a connection."""
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: never.wait(30))
    monkeypatch.setattr(web, "CALL_LIMIT_S", 0.2)
    errors: list[str | None] = []
    threads = [threading.Thread(target=lambda: errors.append(post(webhooks).error)) for _ in range(10)]
    began_at = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began_at
    never.set()
    assert errors == ["timeout"] * 10
    assert took_s < 2


def test_nothing_of_an_address_is_logged(
    network: Network, webhooks: WebhookWeb, caplog: pytest.LogCaptureFixture
) -> None:
    """Its query may hold a key of the receiver."""
    network.answers = [answered()]
    with caplog.at_level(logging.INFO):
        post(webhooks)
    assert "of-theirs" not in caplog.text
