"""Requests, answers and recorded samples of the simulated APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import werkzeug
from werkzeug import Response

from local.simulator.today import RECORDED

SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "platform-samples"
WRONG_KEY = "wrong-key"  # the one key, bearer or token that every platform refuses
Json = dict[str, Any]
Call = Callable[..., Response]  # takes the request, the kind of fault in force, and the names in the path
Calls = dict[tuple[str, str], Call]  # by method and path


class Request(werkzeug.Request):
    today = RECORDED
    """The day on which the simulator answers."""

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters. The values of a repeated parameter are joined by commas, as in a list."""
        return {name: ",".join(values) for name, values in self.args.lists()}

    def listed(self, name: str) -> list[str]:
        """Return the entries of a parameter that is a list."""
        return [part for part in (piece.strip() for piece in self.query.get(name, "").split(",")) if part]

    @property
    def bearer(self) -> str | None:
        known = self.authorization
        return known.token or None if known and known.type == "bearer" else None


@dataclass(frozen=True, slots=True)
class Subject:
    """The account that a request is about. `username` is in lower case, or None when the request names no account.

    `meets_account` says whether the call reads the account. It is False for calls that only follow up on earlier calls:
    an Apify run reads the account at its start.
    """

    platform: str
    username: str | None = None
    meets_account: bool = True


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as the platforms send it: compact JSON in UTF-8."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(content, status, headers, content_type="application/json; charset=utf-8")


def page(text: str, status: int = 200, kind: str = "text/html") -> Response:
    return Response(text, status, content_type=f"{kind}; charset=utf-8")


@cache
def sample(name: str) -> Any:
    """Return the JSON of a recording, such as `x/NatComm/user_tweets.json`. It is shared: copy it before a change."""
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def recorded(name: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the status and body of a recording as an answer.

    The recording's own headers are left out, because they are out of date; `headers` are sent instead.
    """
    content = sample(name)
    return answer(content["body"], content["status"], headers)
