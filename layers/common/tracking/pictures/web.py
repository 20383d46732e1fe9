"""Fetching pictures whose addresses strangers choose: never from an address inside of our own network.

An address comes from a platform's answer, which repeats what users of the platform wrote. So each request, also one
that follows a redirect, is held to these rules:

    https, on its port, without a name or password, to a server of the platform's pictures
    to an address that is public, at the moment of the connection: a name may have another address a second later
    without a proxy, cookies or a key of ours
    at most MAX_BYTES within FETCH_LIMIT_S, not packed, of a type that `pictures.small` reads

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpcore
import httpx

from tracking.pictures import PictureRefusedError
from tracking.platforms.call_limit import call_limit, limited

FETCH_LIMIT_S = 8.0
"""The most seconds for one picture with all its redirects. The DNS look-up is not limited."""
MAX_BYTES = 5_000_000
MAX_REDIRECTS = 3
MAX_URL_LENGTH = 4_096

_PHASES = httpx.Timeout(connect=3.0, read=5.0, write=3.0, pool=3.0)
_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_HEADERS = {
    "User-Agent": "account-tracking",
    "Accept": "image/webp,image/jpeg,image/png;q=0.9,image/gif;q=0.8",
    "Accept-Encoding": "identity",
}
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Addresses that hold an IPv4 address, to which a router may forward: 6to4 and Teredo. RFC 3056, RFC 4380.
_TUNNELS = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))


class PrivateAddressError(httpcore.ConnectError):
    """A server's address is not one of the public Internet."""


def is_public(address: str) -> bool:
    """Return whether the text is an IP address that anybody on the Internet could reach.

    IPv6 addresses that hold an IPv4 address are not: mapped and translated ones (`::ffff:`, `64:ff9b::`) lie outside of
    2000::/3, and tunnels are refused.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return ip.version == 4 or (ip in _GLOBAL_UNICAST and not any(ip in tunnel for tunnel in _TUNNELS))


class PublicOnly(httpcore.NetworkBackend):
    """Connects to public addresses alone. It takes no names: who looks a name up passes on the address it found."""

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
        if not is_public(host):
            raise PrivateAddressError(f"{host} is no public address")
        return self._inner.connect_tcp(host, port, timeout, local_address, socket_options)


def picture_client(*, anywhere: bool = False) -> httpx.Client:
    """Return a client for `PictureWeb`. `anywhere`: it also connects to this machine; for the simulator alone."""
    nothing_kept = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    client = httpx.Client(headers=_HEADERS, timeout=_PHASES, trust_env=False, cookies=nothing_kept)
    if not anywhere:
        # As in `call_limit`: httpx has no public way to give its pools another network backend.
        transport: Any = client._transport  # noqa: SLF001
        transport._pool._network_backend = PublicOnly(transport._pool._network_backend)  # noqa: SLF001
    return limited(client)  # it looks names up, and passes on addresses


class PictureWeb:
    """The platforms' servers of pictures. `simulator`: a base address that answers in place of all of them, or ""."""

    def __init__(self, client: httpx.Client, simulator: str = "") -> None:
        self._client = client
        self._simulator = simulator

    def fetch(self, url: str, hosts: tuple[str, ...]) -> bytes:
        try:
            with call_limit(FETCH_LIMIT_S):
                return self._follow(url, hosts)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise PictureRefusedError(_reason(error), str(error)) from error
        except ValueError as error:  # several kinds, for a host or a path that cannot be encoded
            raise PictureRefusedError("address", str(error)) from error

    def _follow(self, url: str, hosts: tuple[str, ...]) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            target = _allowed(url, hosts)
            with self._client.stream("GET", self._through_simulator(target), follow_redirects=False) as response:
                if not response.has_redirect_location:
                    return _body(response)
                url = str(target.join(response.headers["Location"]))
        raise PictureRefusedError("redirects")

    def _through_simulator(self, target: httpx.URL) -> httpx.URL:
        return httpx.URL(f"{self._simulator}/pictures?url={quote(str(target), safe='')}") if self._simulator else target


def _allowed(url: str, hosts: tuple[str, ...]) -> httpx.URL:
    """Return the address as httpx reads it, because httpx also sends the request."""
    if len(url) > MAX_URL_LENGTH:
        raise PictureRefusedError("address", "it is too long")
    target = httpx.URL(url)
    host = target.raw_host.decode("ascii")
    if target.scheme != "https" or target.port is not None or target.userinfo:
        raise PictureRefusedError("address", "only https on its own port, and no name or password")
    if not any(host == site or host.endswith(f".{site}") for site in hosts):
        raise PictureRefusedError("host", host)
    return target


def _body(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise PictureRefusedError("status", str(response.status_code))
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise PictureRefusedError("encoding")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in _TYPES:
        raise PictureRefusedError("type", media_type[:40])
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > MAX_BYTES:
            raise PictureRefusedError("size")
    return bytes(body)


def _reason(error: Exception) -> str:
    if isinstance(error.__cause__, PrivateAddressError):
        return "private"
    if isinstance(error, httpx.InvalidURL):
        return "address"
    return "slow" if isinstance(error, httpx.TimeoutException) else "network"
