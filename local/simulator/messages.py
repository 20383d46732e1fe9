"""One request and one answer, apart from how they travel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]

JSON_TYPE = "application/json; charset=utf-8"
WRONG_KEY = "wrong-key"  # the one key, bearer or token that every platform refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str  # without the platform's base: "/channels"
    query: Mapping[str, str]  # a parameter given twice is joined by a comma, as lists are written
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""

    @classmethod
    def from_target(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Self:
        """`target` is the request line's path and query."""
        url = urlsplit(target)
        query = {name: ",".join(values) for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        return cls(
            method=method,
            path=unquote(url.path),
            query=query,
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
        )

    def below(self, base: str) -> Self:
        """The same request as the API mounted at `base` sees it."""
        return replace(self, path=self.path.removeprefix(base))

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Self:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, content, {"Content-Type": JSON_TYPE, **(headers or {})})

    @classmethod
    def of_text(cls, text: str, status: int = HTTPStatus.OK, kind: str = "text/plain") -> Self:
        return cls(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8"})

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        return replace(self, headers={**self.headers, **headers})

    def truncated(self) -> Self:
        """Half of the body, as if the sender had ended early and not noticed: the length is that of the half."""
        return replace(self, body=self.body[: len(self.body) // 2])


class Refused(Exception):  # noqa: N818  # an answer that cuts the work short, not a failure of ours
    """The request cannot be served; `response` says so in the platform's own words."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a request is about: `username` in lower case, None where it names nobody.

    `meets_account` is False for calls that only follow up on earlier ones (an Apify run is met when it is started).
    """

    platform: str
    username: str | None = None
    meets_account: bool = True


def comma_list(text: str) -> Sequence[str]:
    return [part for part in (piece.strip() for piece in text.split(",")) if part]
