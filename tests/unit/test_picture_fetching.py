"""Fetching of pictures: no address that a stranger writes leads into our own network, and no answer exhausts us."""

from __future__ import annotations

import itertools
import time

import httpcore
import pytest

from tests.pictures import PUBLIC, Network, connected_web, picture, redirect, response, slowly
from tracking.pictures import PictureRefusedError, web
from tracking.pictures.web import MAX_BYTES, MAX_REDIRECTS, PictureWeb, picture_client
from tracking.public_web import PublicOnly, is_public

HOSTS = ("ytimg.com", "ggpht.com")
URL = "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg"


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def pictures(network: Network, monkeypatch: pytest.MonkeyPatch) -> PictureWeb:
    return connected_web(network, monkeypatch)


def refusal(pictures: PictureWeb, url: str = URL) -> str:
    with pytest.raises(PictureRefusedError) as refused:
        pictures.fetch(url, HOSTS)
    return refused.value.reason


def test_picture_is_fetched_from_the_address_looked_up(network: Network, pictures: PictureWeb) -> None:
    """The certificate is the name's, although the connection goes to an address."""
    network.answers = [response(body := picture())]
    assert pictures.fetch(URL, HOSTS) == body
    assert network.connected == [(PUBLIC, 443)]
    assert network.names == ["i.ytimg.com"]


def test_request_names_neither_us_nor_a_key(network: Network, pictures: PictureWeb) -> None:
    network.answers = [response(b"", Set_Cookie="id=1; Domain=ytimg.com"), response(b"")]
    for path in ("a", "b"):
        pictures.fetch(f"https://i.ytimg.com/{path}", HOSTS)
    sent = network.sent.decode().lower()
    assert sent.count("get /") == 2
    assert "accept-encoding: identity" in sent
    assert not any(name in sent for name in ("cookie", "authorization", "referer"))


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # shared by a provider's customers
        "169.254.169.254",  # the metadata of a virtual machine
        "169.254.170.2",  # of a container
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fd00:ec2::254",  # the metadata, by IPv6
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",  # IPv4 in IPv6
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::1",  # 6to4
        "2001:0:a9fe:a9fe::1",  # Teredo
        "localhost",
        "2130706433",
        "0x7f.1",
        "",
    ],
)
def test_address_of_our_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2a00:1450:4001:82b::2016", "2606:4700::6810:84e5"])
def test_address_that_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:169.254.169.254", "10.0.0.7"])
def test_name_with_a_private_address_is_not_connected(network: Network, pictures: PictureWeb, address: str) -> None:
    network.addresses = {"i.ytimg.com": [address]}
    assert refusal(pictures) == "private"
    assert network.connected == []


def test_private_address_beside_a_public_one_is_passed_over(network: Network, pictures: PictureWeb) -> None:
    network.addresses = {"i.ytimg.com": [f"127.0.0.1 {PUBLIC}"]}
    network.answers = [response(b"x")]
    assert pictures.fetch(URL, HOSTS) == b"x"
    assert network.connected == [(PUBLIC, 443)]


def test_name_is_looked_up_once_for_check_and_connection(network: Network, pictures: PictureWeb) -> None:
    """DNS rebinding: the second answer of the name server is never asked for, so it cannot be a private one."""
    network.addresses = {"i.ytimg.com": [PUBLIC, "169.254.169.254"]}
    network.answers = [response(b"x")]
    pictures.fetch(URL, HOSTS)
    assert network.looked_up == ["i.ytimg.com"]
    assert network.connected == [(PUBLIC, 443)]


def test_name_that_becomes_private_in_a_redirect_is_refused(network: Network, pictures: PictureWeb) -> None:
    network.addresses = {"i.ytimg.com": [PUBLIC], "yt3.ggpht.com": ["169.254.169.254"]}
    network.answers = [redirect("https://yt3.ggpht.com/a")]
    assert refusal(pictures) == "private"
    assert network.connected == [(PUBLIC, 443)]


def test_backend_takes_no_names() -> None:
    """A name would be looked up a second time, below the check."""
    with pytest.raises(httpcore.ConnectError):
        PublicOnly(httpcore.MockBackend([])).connect_tcp("i.ytimg.com", 443)


def test_client_follows_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up itself."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert picture_client()._mounts == {}


# Links


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://i.ytimg.com/a.jpg", "address"),
        ("ftp://i.ytimg.com/a.jpg", "address"),
        ("file:///etc/passwd", "address"),
        ("https://i.ytimg.com:8443/a.jpg", "address"),
        ("https://user:secret@i.ytimg.com/a.jpg", "address"),
        ("https://i.ytimg.com@169.254.169.254/a.jpg", "address"),
        ("//i.ytimg.com/a.jpg", "address"),
        ("https://example.com/a.jpg", "host"),
        ("https://ytimg.com.example.com/a.jpg", "host"),
        ("https://notytimg.com/a.jpg", "host"),
        ("https://i.ytimg.com./a.jpg", "host"),
        ("https://169.254.169.254/latest/meta-data/", "host"),
        ("https://[::1]/a.jpg", "host"),
        ("https://2130706433/a.jpg", "host"),
        ("https://example.com#@i.ytimg.com/", "host"),
        ("https://example.com\\@i.ytimg.com/", "address"),
        ("https://i.ytimg.com/" + "a" * 5_000, "address"),
        ("https://exa mple/", "host"),
        ("https://i.ytimg.com:99999/", "address"),
        ("https://i.ytimg.com/\0", "address"),
        ("https://[::1/", "address"),
        ("https:///a.jpg", "host"),
        ("https://xn--a.ytimg.com/a.jpg", "address"),
        ("https://i.ytimg.com/\ud800", "address"),
    ],
)
def test_link_to_elsewhere_is_not_followed(network: Network, pictures: PictureWeb, url: str, reason: str) -> None:
    assert refusal(pictures, url) == reason
    assert network.looked_up == []


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("https://169.254.169.254/latest/meta-data/", "host"),
        ("http://169.254.169.254/", "address"),
        ("http://i.ytimg.com/b.jpg", "address"),
        ("https://example.com/", "host"),
        ("//localhost/", "host"),
        ("file:///etc/passwd", "address"),
        ("https://exa mple/", "host"),
    ],
)
def test_redirect_is_held_to_the_same_rules(network: Network, pictures: PictureWeb, to: str, reason: str) -> None:
    network.answers = [redirect(to)]
    assert refusal(pictures) == reason
    assert len(network.connected) == 1


def test_redirect_within_the_rules_is_followed(network: Network, pictures: PictureWeb) -> None:
    network.answers = [redirect("/b.jpg"), redirect("https://yt3.ggpht.com/c"), response(b"x")]
    assert pictures.fetch(URL, HOSTS) == b"x"
    assert network.names == ["i.ytimg.com", "i.ytimg.com", "yt3.ggpht.com"]


def test_redirects_without_end_are_left(network: Network, pictures: PictureWeb) -> None:
    network.answers = [redirect(f"/{number}") for number in range(10)]
    assert refusal(pictures) == "redirects"
    assert len(network.connected) == MAX_REDIRECTS + 1


# Answers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(b"", "403 Forbidden"), "status"),
        (response(b"", "500 Oops"), "status"),
        (response(b"", "304 Not Modified"), "status"),
        (response(b"", "302 Found"), "status"),  # without a place
        (response(b"<svg/>", Content_Type="image/svg+xml"), "type"),
        (response(b"{}", Content_Type="application/json"), "type"),
        (response(b"x", Content_Type=""), "type"),
        (response(b"x", Content_Encoding="gzip"), "encoding"),
        (response(b"x", Content_Encoding="br"), "encoding"),
        (response(bytes(MAX_BYTES + 1)), "size"),
        (response(bytes(MAX_BYTES + 1), Content_Length=""), "size"),  # until the connection ends
        (response(b"xx", Content_Length="5"), "network"),  # cut
        (b"hello", "network"),
        (b"", "network"),
    ],
)
def test_answer_that_is_no_picture_is_refused(
    network: Network, pictures: PictureWeb, answer: bytes, reason: str
) -> None:
    network.answers = [answer]
    assert refusal(pictures) == reason


def test_answer_without_end_is_left_in_time(network: Network, pictures: PictureWeb) -> None:
    """The rest is not read: of an endless answer a part more than the limit arrives."""
    read = itertools.count()
    head = response(b"", Content_Length="", Transfer_Encoding="chunked")
    part = b"10000\r\n" + bytes(65_536) + b"\r\n"
    network.answers = [itertools.chain([head], (part for _ in read))]
    assert refusal(pictures) == "size"
    assert next(read) <= MAX_BYTES // 65_536 + 2


def test_largest_answer_is_taken(network: Network, pictures: PictureWeb) -> None:
    network.answers = [response(bytes(MAX_BYTES))]
    assert len(pictures.fetch(URL, HOSTS)) == MAX_BYTES


def test_server_that_sends_a_byte_now_and_then_is_left(
    network: Network, pictures: PictureWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "FETCH_LIMIT_S", 0.1)
    network.answers = [slowly(bytes(1_000), lambda: time.sleep(0.02), 1_000)]
    began_at = time.monotonic()
    assert refusal(pictures) == "slow"
    assert time.monotonic() - began_at < 1
