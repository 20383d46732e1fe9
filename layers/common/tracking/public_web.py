"""An HTTP client for addresses that strangers write: it connects to the public Internet alone.

A name is looked up once. The addresses that were found are checked, and the connection goes to one of them: a second
look-up, a moment later, could find another one.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from tracking.platforms.call_limit import limited

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Addresses within it that are not whose they seem to be: 6to4 and Teredo hold an IPv4 address, to which a router may
# forward; the others are for documents. RFC 3056, RFC 4380, RFC 3849, RFC 9637.
_NOT_PUBLIC = (
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("2001::/32"),
    ipaddress.IPv6Network("2001:db8::/32"),
    ipaddress.IPv6Network("3fff::/20"),
)
_6TO4_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526


class PrivateAddressError(httpcore.ConnectError):
    """A server's address is not one of the public Internet."""


def is_public(address: str) -> bool:
    """Return whether the text is an IP address that anybody on the Internet could reach.

    IPv6 addresses that hold an IPv4 address are not: mapped and translated ones (`::ffff:`, `64:ff9b::`) lie outside of
    2000::/3, and tunnels are refused. `ipaddress.is_global` alone is true for several of these, for multicast and for
    the relays of 6to4.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip not in _6TO4_RELAYS
    return ip in _GLOBAL_UNICAST and not any(ip in network for network in _NOT_PUBLIC)


def all_public(addresses: Sequence[str]) -> None:
    """Raise PrivateAddressError if one of a name's addresses is not public: such a name is not an honest one."""
    for address in addresses:
        if not is_public(address):
            raise PrivateAddressError(f"{address} is no public address")


def any_address(_addresses: Sequence[str]) -> None:
    """Let a name pass with whatever addresses it has. Those that are not public are still not connected."""


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
        all_public([host])
        return self._inner.connect_tcp(host, port, timeout, local_address, socket_options)


def public_client(
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    *,
    limits: httpx.Limits = httpx.Limits(),  # noqa: B008 - it does not change
    trust: ssl.SSLContext | bool = True,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    vet: Callable[[Sequence[str]], None] = any_address,
    anywhere: bool = False,
) -> httpx.Client:
    """Return a client without a proxy, cookies or any key of ours, that obeys `call_limit`.

    `family`: of the addresses to look up. `vet`: as in `limited`. `anywhere`: it connects to each address, whatever
    `vet` says; for this machine's own servers alone.
    """
    nothing_kept = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    client = httpx.Client(
        headers=headers, timeout=timeout, limits=limits, verify=trust, trust_env=False, cookies=nothing_kept
    )
    if anywhere:
        return limited(client)
    # As in `limited`: httpx has no public way to give its pools another network backend.
    transport: Any = client._transport  # noqa: SLF001
    transport._pool._network_backend = PublicOnly(transport._pool._network_backend)  # noqa: SLF001
    return limited(client, family=family, vet=vet)  # it looks names up, and passes on addresses
