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

from urllib.parse import quote

import httpx

from tracking.pictures import PictureRefusedError
from tracking.platforms.call_limit import call_limit
from tracking.public_web import PrivateAddressError, public_client

FETCH_LIMIT_S = 8.0
"""The most seconds for one picture with all its redirects."""
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


def picture_client(*, anywhere: bool = False) -> httpx.Client:
    """Return a client for `PictureWeb`. `anywhere`: it also connects to this machine; for the simulator alone."""
    return public_client(_HEADERS, _PHASES, anywhere=anywhere)


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
