"""Sending webhooks to addresses that strangers choose: never to one inside of our own network.

    https on port 443, to a host name; no IP address in any notation, no name or password
    over IPv4 alone; every address of the name must be public at the moment of the connection
    no redirect is followed; no proxy, no cookies; a connection for each delivery
    CONNECT_S for the connection, CALL_LIMIT_S for all of it
    of the answer at most MAX_HEAD_BYTES and MAX_BODY_BYTES are read, and nothing but its status and two headers is used

A connection is never used again. So no organisation's delivery goes over another's, even if their names share a server.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from tracking.clock import Clock, SystemClock
from tracking.platforms.call_limit import HandshakeError, UnknownHostError, call_limit
from tracking.public_web import PrivateAddressError, all_public, public_client
from tracking.webhooks import MOST_RETRY_AFTER, Answer, Control, SendError
from tracking.webhooks.signing import USER_AGENT

CONNECT_S = 5.0
CALL_LIMIT_S = 15.0
MAX_HEAD_BYTES = 32_768
MAX_BODY_BYTES = 4_096
MAX_URL_LENGTH = 1_000
LEAST_RETRY_AFTER = timedelta(seconds=1)

# A server that has answered may send its text to the end, so that its writing does not fail. More is not waited for.
_BODY_LIMIT_S = 1.0

_PHASES = httpx.Timeout(connect=CONNECT_S, read=CALL_LIMIT_S, write=CALL_LIMIT_S, pool=CALL_LIMIT_S)
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
# No top-level domain begins with a digit, and each notation of an IPv4 address has a last part that does:
# https://url.spec.whatwg.org/#ends-in-a-number-checker. IPv6 addresses have colons. Public names have a dot.
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")

_CONTROLS: tuple[Control, ...] = ("disable", "abort-message")

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs each URL with its query
_logger = logging.getLogger(__name__)


class ForbiddenAddressError(ValueError):
    """The URL is one to which nothing is sent."""


def webhook_client(*, anywhere: bool = False, trust: ssl.SSLContext | bool = True) -> httpx.Client:
    """Return a client for `WebhookWeb`, which any number of threads may share.

    `anywhere`: it also connects to this machine; for the local receiver alone. `trust`: the certificates that count.
    """
    return public_client(
        _HEADERS,
        _PHASES,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        trust=trust,
        family=socket.AF_INET,
        vet=all_public,
        anywhere=anywhere,
    )


class WebhookWeb:
    """The servers of organisations. `receiver`: a base address that answers in place of all of them, or ""."""

    def __init__(self, client: httpx.Client, receiver: str = "", clock: Clock | None = None) -> None:
        self._client = client
        self._receiver = receiver
        self._clock = clock or SystemClock()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request. Never raises: whatever a stranger's server does must not stop the deliveries of others."""
        began_at = time.monotonic()
        answer: Answer | None = None
        try:
            target = self._through_receiver(allowed(url))
            with (
                call_limit(CALL_LIMIT_S, MAX_HEAD_BYTES),
                self._client.stream(
                    "POST", target, headers=dict(headers), content=body, follow_redirects=False
                ) as response,
            ):
                answer = _answer(response, _ms_since(began_at), self._clock.now())
                _read_a_little(response)
        except Exception as error:  # noqa: BLE001 - see the docstring; `_failure` names it
            # A server that has answered may break off: its answer counts.
            return answer or Answer(error=_failure(error), ms=_ms_since(began_at))
        return answer

    def _through_receiver(self, target: httpx.URL) -> httpx.URL:
        return httpx.URL(f"{self._receiver}/webhooks?url={quote(str(target), safe='')}") if self._receiver else target


def allowed(url: str) -> httpx.URL:
    """Return the address as httpx reads it, because httpx also sends the request. Raises ForbiddenAddressError."""
    if len(url) > MAX_URL_LENGTH:
        raise ForbiddenAddressError("it is too long")
    try:
        target = httpx.URL(url)
        host = target.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:  # several kinds, for a host or a path that cannot be encoded
        raise ForbiddenAddressError("it is no address") from error
    if target.scheme != "https" or target.port is not None or target.userinfo:
        raise ForbiddenAddressError("only https on its own port, and no name or password")
    if not _HOST_NAME.fullmatch(host):
        raise ForbiddenAddressError("only a host name")
    return target


def _answer(response: httpx.Response, ms: int, now: datetime) -> Answer:
    control = response.headers.get("webhook-delivery", "").strip().lower()
    return Answer(
        status=response.status_code,
        error=SendError.REDIRECT if 300 <= response.status_code < 400 else None,
        ms=ms,
        retry_after=_retry_after(response.headers.get("retry-after", "").strip(), now),
        control=next((each for each in _CONTROLS if each == control), None),
    )


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Read `Retry-After`: seconds, or the date of HTTP. None if it is neither."""
    if re.fullmatch(r"[0-9]+", text):
        wait = timedelta(seconds=int(text)) if len(text) < 10 else MOST_RETRY_AFTER
    else:
        try:
            moment = parsedate_to_datetime(text)
            wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return None
    return min(max(wait, LEAST_RETRY_AFTER), MOST_RETRY_AFTER)


def _read_a_little(response: httpx.Response) -> None:
    """Read the beginning of the answer's body, as it came through the wire, and forget it."""
    read = 0
    with call_limit(_BODY_LIMIT_S, MAX_BODY_BYTES):
        for part in response.iter_raw():
            read += len(part)
            if read >= MAX_BODY_BYTES:
                return


def _failure(error: Exception) -> SendError:
    for kind, failure in _FAILURES:
        if isinstance(error, kind) or isinstance(error.__cause__, kind):  # httpx's errors come from httpcore's
            return failure
    if not isinstance(error, httpx.HTTPError):
        # Its message could repeat the URL, which may hold a key of the receiver.
        _logger.error("A request failed in a way that nobody foresaw: %s", type(error).__name__)
    return SendError.NETWORK


_FAILURES: tuple[tuple[type[Exception], SendError], ...] = (
    (ForbiddenAddressError, SendError.BLOCKED),
    (PrivateAddressError, SendError.BLOCKED),
    (UnknownHostError, SendError.DNS),
    (HandshakeError, SendError.TLS),
    (httpx.ConnectError, SendError.CONNECT),
    (httpx.TimeoutException, SendError.TIMEOUT),
)
"""The first row that fits counts."""


def _ms_since(began_at: float) -> int:
    return round((time.monotonic() - began_at) * 1_000)
