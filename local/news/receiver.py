"""The receiver of webhooks: what customers' servers would be."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

KEPT = 200
LONGEST_S = 60.0
"""The longest delay of an answer. The sender gives up much earlier."""
_UNKNOWN = "The secret of this address is not known here."


@dataclass(frozen=True, slots=True)
class Answer:
    """How an address answers: after a delay, and `times` times; None is for ever."""

    status: int = 200
    times: int | None = None
    delay_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Any) -> Answer:
        """ValueError, with a sentence, for what is no answer."""
        if not isinstance(content, dict) or content.keys() - {"status", "times", "delayS", "headers"}:
            raise ValueError("An answer has status, times, delayS and headers.")
        status, times = content.get("status", 200), content.get("times")
        delay_s, headers = content.get("delayS", 0.0), content.get("headers", {})
        if not _is_number(status) or not 200 <= status <= 599:
            raise ValueError("A status is a number from 200 to 599.")
        if times is not None and (not _is_number(times) or times < 1):
            raise ValueError("`times` is a number from 1, or null for ever.")
        if not _is_number(delay_s) or not 0 <= delay_s <= LONGEST_S:
            raise ValueError(f"`delayS` is a number of seconds up to {LONGEST_S:.0f}.")
        if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
            raise ValueError("`headers` is a map of texts.")
        return cls(int(status), None if times is None else int(times), float(delay_s), headers)

    def to_json(self) -> dict[str, Any]:
        return {"status": self.status, "times": self.times, "delayS": self.delay_s, "headers": dict(self.headers)}


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `problem`: why it is not verified; None if it is."""

    number: int
    at: datetime
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    attempt: int
    problem: str | None
    answered: int

    @property
    def event_id(self) -> str:
        return self._header("webhook-id")

    def _header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "url": self.url,
            "eventId": self.event_id,
            "headers": [list(pair) for pair in self.headers],
            "body": self.body.decode(errors="replace"),
            "attempt": self.attempt,
            "hasSecret": self.problem != _UNKNOWN,
            "isVerified": self.problem is None,
            "problem": self.problem,
            "answered": self.answered,
        }


class Receiver:
    """All addresses together. Safe to share between threads. `changes` grows with each change of what is kept."""

    def __init__(self) -> None:
        self.changes = 0
        self._lock = threading.Lock()
        self._kept: deque[Received] = deque(maxlen=KEPT)
        self._count = 0
        self._secrets: dict[str, str] = {}
        self._answers: dict[str, list[Answer]] = {}

    def receive(self, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """Keep and verify a request, and return how to answer it. The caller waits out the answer's delay."""
        pairs = tuple(headers)
        with self._lock:
            answer = self._next_answer(url)
            self._count += 1
            received = Received(
                self._count, datetime.now(UTC), url, pairs, body, 0, self._problem(url, pairs, body), answer.status
            )
            before = sum(1 for kept in self._kept if (kept.url, kept.event_id) == (url, received.event_id))
            self._kept.append(replace(received, attempt=before + 1))
            self.changes += 1
        return answer

    def register(self, url: str, secret: str) -> None:
        """Set the secret of an address, and verify what came from it without one. ValueError for a malformed secret.

        An empty secret forgets the one that was known. What came longer than five minutes ago is too old to verify.
        """
        if secret:
            _check(secret)
        with self._lock:
            self._secrets.pop(url, None)
            if secret:
                self._secrets[url] = secret
            kept = [
                replace(one, problem=self._problem(url, one.headers, one.body))
                if one.url == url and one.problem == _UNKNOWN
                else one
                for one in self._kept
            ]
            self._kept = deque(kept, maxlen=KEPT)
            self.changes += 1

    def behave(self, url: str, answers: Iterable[Answer]) -> None:
        """Set the next answers of an address; none: 200 from now on."""
        with self._lock:
            self._answers[url] = [*answers]
            self.changes += 1

    def received(self, url: str | None = None) -> list[Received]:
        """Return what is kept of an address, or of all of them, the newest first."""
        with self._lock:
            return [one for one in reversed(self._kept) if url in {None, one.url}]

    def addresses(self) -> list[dict[str, Any]]:
        """Return each address that is known, by its name: its secret is not shown."""
        with self._lock:
            known = {*self._secrets, *(one.url for one in self._kept), *(u for u, a in self._answers.items() if a)}
            return [
                {
                    "url": url,
                    "hasSecret": url in self._secrets,
                    "answers": [answer.to_json() for answer in self._answers.get(url, [])],
                }
                for url in sorted(known)
            ]

    def forget(self) -> None:
        """Forget the requests. Secrets and answers stay."""
        with self._lock:
            self._kept.clear()
            self.changes += 1

    def _next_answer(self, url: str) -> Answer:
        waiting = self._answers.get(url, [])
        if not waiting:
            return Answer()
        first = waiting[0]
        if first.times is not None:
            waiting[:1] = [replace(first, times=first.times - 1)] if first.times > 1 else []
        return first

    def _problem(self, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> str | None:
        secret = self._secrets.get(url)
        if secret is None:
            return _UNKNOWN
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:  # ValueError: a malformed signature, or no text
            return f"{error}."
        return None


def _check(secret: str) -> None:
    sentence = 'A secret is "whsec_" and then base64.'
    if not secret.startswith("whsec_"):
        raise ValueError(sentence)
    try:
        Webhook(secret)
    except (EmptyWebhookSecretError, ValueError):
        raise ValueError(sentence) from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
