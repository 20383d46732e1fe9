"""JSON over HTTP: one call with its limits. Every foreign failure becomes an error of `tracking.errors`.

YouTube's key is a query parameter. So no error contains a URL with its query, and httpx's own log of requests is off.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from tracking.errors import (
    ContractError,
    CredentialsError,
    PlatformUnavailableError,
    RateLimitedError,
    TrackingError,
)
from tracking.platforms.call_limit import call_limit
from tracking.platforms.messages import failure
from tracking.sentences import say
from tracking.spending import Meter, Spent

if TYPE_CHECKING:
    from tracking.platforms import Setup

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs each URL with its query

HTTP_TIMEOUT_S = 30.0
"""The most seconds that one request takes, whatever the server does."""

LONGEST_PAUSE = timedelta(seconds=10)
"""The longest wait between two tries of a call. Our callers wait longer without a function that is billed meanwhile."""

_PHASES = httpx.Timeout(connect=4.0, read=15.0, write=5.0, pool=4.0)
_ENCODINGS = ("", "identity", "gzip", "deflate")  # a read of 64 KB unpacks to 66 MB at most
_MAX_VALUES = 2_000_000  # each begins after one of `,[{` or a colon, and takes up to 250 bytes in memory
_TRIES = 3
_NOTE_LENGTH = 400
_SHORTEST_WAIT = timedelta(seconds=1)  # clocks differ: the server's clock may be behind ours

TRANSPORT_ERRORS: tuple[tuple[type[Exception], type[TrackingError]], ...] = (
    (httpx.UnsupportedProtocol, ContractError),  # the base URL is wrong
    (httpx.InvalidURL, ContractError),
    (httpx.LocalProtocolError, ContractError),  # our request is not HTTP
    (httpx.TooManyRedirects, ContractError),
    (httpx.HTTPError, PlatformUnavailableError),  # time-outs, network, proxies, broken encodings
    (httpx.CookieConflict, ContractError),
    (httpx.StreamError, ContractError),
)
"""httpx's exceptions and ours. The first matching row counts. https://www.python-httpx.org/exceptions/"""

ErrorTable = Callable[[int, Any], type[TrackingError] | None]
"""A function that maps the HTTP status and the decoded body (None if it was not JSON) to the kind of error.

The function returns None for a success, and for an error without a special meaning.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any  # decoded JSON; None if the body was not JSON
    digest: bytes  # of the unpacked body

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The headers and query parameters that carry the key."""

    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


class JsonApi:
    """One provider's API.

    `name`: for messages. `setup.key` is called at each request. `credential`: returns the headers and the query
    parameters for a key. `errors`: maps the provider's own refusals. `is_about_key`: returns whether a 403 with this
    body refuses our key, and not one account. `price`: returns what the provider charges for a request with this
    answer. If there was no answer, the request may still have arrived.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        setup: Setup,
        *,
        credential: Callable[[str], Credential],
        errors: ErrorTable,
        is_about_key: Callable[[Any], bool] = lambda _body: True,
        price: Callable[[Answer | None], Spent] = lambda _: {},
    ) -> None:
        self.name = name
        self._http = setup.http
        self._base_url = base_url.rstrip("/")
        self._key, self._key_after = setup.key, setup.key_after
        self._clock = setup.clock
        self._max_bytes = setup.settings.max_answer_mb * 1_000_000
        self._credential = credential
        self._errors = errors
        self._is_about_key = is_about_key
        self._price = price

    def call(
        self,
        method: str,
        path: str,
        deadline: datetime,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        account: str = "",
        expect: type = dict,
        allow: int | None = None,
        meter: Meter | None = None,
        at_most: Spent | None = None,
    ) -> Answer:
        """Send a request. The answer's body has the type `expect`.

        Wait and try again if the platform names a time for that, within LONGEST_PAUSE and before `deadline`. Also
        repeat a GET whose answer is not JSON (a gateway's page, a cut body). If the key is refused and there is a newer
        one, use it at once. Return an answer of status `allow` without a check.
        `account` is for the error's sentence. `meter` counts the price of each request, also of a refused one.
        `at_most`: the highest price of one request. A refresh whose allowance is less sends none: AllowanceSpentError.
        """
        tries_left, has_newer_key = _TRIES, False
        while True:
            key = self._checked_key()
            answer = None
            if meter is not None:
                meter.check(at_most or {})
            try:
                answer = self._send(self._credential(key), method, path, params, body)
            finally:
                if meter is not None:
                    # The request may have arrived. The budget of refreshes must not be too small for that.
                    is_unclear = answer is None and meter.is_limited
                    meter.add((at_most if is_unclear else None) or self._price(answer))
            error = None if answer.status == allow else self._judge(answer, expect, account)
            if error is None:
                return answer
            if isinstance(error, CredentialsError) and not has_newer_key:
                has_newer_key = self._key_after(key) != key
                if has_newer_key:
                    continue
            tries_left -= 1
            pause = self._pause(error, answer, deadline, is_safe=method == "GET")
            if tries_left == 0 or pause is None:
                error.add_note(_note(method, path, answer, key))
                raise error
            self._clock.sleep(pause.total_seconds())

    def _send(
        self,
        credential: Credential,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> Answer:
        try:
            request = self._http.build_request(
                method,
                self._base_url + path,
                params={**(params or {}), **credential.params} or None,
                json=body,
                headers={"Accept": "application/json", **credential.headers},
                timeout=_PHASES,
            )
            with call_limit(HTTP_TIMEOUT_S):
                response = self._http.send(request, stream=True, follow_redirects=False)
                try:
                    content = self._read(response, f"{method} {path}")
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError) as error:
            raise failure(kind_of(error), self.name, note=f"{method} {path}: {type(error).__name__}") from error
        return Answer(response.status_code, response.headers, _decoded(content), hashlib.sha256(content).digest())

    def _read(self, response: httpx.Response, call: str) -> bytes:
        """Return the unpacked body. ContractError if it is too large, or packed in a way that we did not ask for.

        Such a body of an error is left out: the error's status and headers say what to do. `call`: for the log.
        """
        content = bytearray()
        refusal = self._refusal(response, content)
        if refusal is None:
            return bytes(content)
        if response.is_success:
            raise failure(ContractError, self.name, note=f"{call}: {refusal}")
        return b""

    def _refusal(self, response: httpx.Response, content: bytearray) -> str | None:
        """Read the body into `content`. Return why it cannot be used, or None."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            return f"content-encoding {encoding[:_NOTE_LENGTH]}"
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > self._max_bytes:
                return f"more than {self._max_bytes:,} bytes"
        if sum(map(content.count, (b",", b"[", b"{"))) > _MAX_VALUES:
            return f"more than {_MAX_VALUES:,} commas, lists and objects"
        return None

    def _checked_key(self) -> str:
        """Return the key if a header can hold it. The error of httpx for a malformed key would quote the key."""
        key = self._key().strip()
        if not key:
            raise CredentialsError(say("noKey", service=self.name))
        if not (key.isascii() and key.isprintable()):
            raise CredentialsError(say("malformedKey", service=self.name))
        return key

    def _judge(self, answer: Answer, expect: type, account: str) -> TrackingError | None:
        kind = self._errors(answer.status, answer.body) or _kind_of_status(answer.status)
        if kind is None and not isinstance(answer.body, expect):
            kind = ContractError
        if kind is None:
            return None
        error = failure(kind, self.name, account)
        if isinstance(error, RateLimitedError):
            error.retry_at = retry_moment(answer.headers, self._clock.now())
        if isinstance(error, CredentialsError):
            error.is_for_all = answer.status != 403 or self._is_about_key(answer.body)
        return error

    def _pause(self, error: TrackingError, answer: Answer, deadline: datetime, *, is_safe: bool) -> timedelta | None:
        """Return how long to wait before another try, or None if another try cannot help or may do harm."""
        pause: timedelta | None = None
        if isinstance(error, RateLimitedError) and error.retry_at is not None:
            pause = max(error.retry_at - self._clock.now(), _SHORTEST_WAIT)
        elif is_safe and answer.is_success and answer.body is None:
            pause = _SHORTEST_WAIT
        if pause is None or pause > LONGEST_PAUSE or pause >= deadline - self._clock.now():
            return None
        return pause


def _note(method: str, path: str, answer: Answer, key: str) -> str:
    """Return the platform's answer for the log. If the answer quotes our key, the key is replaced."""
    said = json.dumps(answer.body) if answer.body is not None else "not JSON"
    return f"{method} {path}: HTTP {answer.status}, {said.replace(key, '***')[:_NOTE_LENGTH]}"


def kind_of(error: Exception) -> type[TrackingError]:
    """Return the kind of error for an exception of httpx."""
    return next(ours for theirs, ours in TRANSPORT_ERRORS if isinstance(error, theirs))


def retry_moment(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when to try again: `Retry-After` (seconds or HTTP date), or X's `x-rate-limit-reset` (Unix seconds)."""
    after, reset = headers.get("retry-after", "").strip(), headers.get("x-rate-limit-reset", "").strip()
    try:
        if re.fullmatch(r"[0-9]{1,9}", after):
            return now + timedelta(seconds=int(after))
        if after:
            moment = parsedate_to_datetime(after)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if re.fullmatch(r"[0-9]{1,11}", reset):
            return datetime.fromtimestamp(int(reset), UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _kind_of_status(status: int) -> type[TrackingError] | None:
    if 200 <= status < 300:
        return None
    if status == 429:
        return RateLimitedError
    return PlatformUnavailableError if status >= 500 or status == 408 else ContractError


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
