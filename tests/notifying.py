"""The notify function in a test: its runs, the receivers of webhooks, and requests that take no real time."""

from __future__ import annotations

import heapq
import itertools
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from notify.delivering import Done, InFlight, deliver
from tests.doubles import START, ManualClock
from tests.machine import KilledError
from tracking.events import Event, EventType
from tracking.news_wiring import NotifyDeps
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.webhooks import DELIVERIES, Answer, SendError, endpoints_of, new_endpoint

MASTER = "a key of more than thirty-two characters"
RUN_S = 60.0
URL = "https://hooks.example.com/a"


@dataclass(frozen=True, slots=True)
class Reply(Answer):
    """A receiver's answer, which comes after `ms`: by default soon, and well."""

    status: int | None = 200
    ms: int = 50


FAILED = Reply(500)
HANGS = Reply(None, SendError.TIMEOUT, 15_000)


@dataclass(frozen=True, slots=True)
class Request:
    at: datetime
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receivers:
    """Implements `WebhookSender`. `replies`: by address; a function gets the number of the request, from 1."""

    clock: ManualClock
    replies: dict[str, Callable[[int], Answer] | Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    before_post: Callable[[], None] = lambda: None
    after_post: Callable[[], None] = lambda: None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.before_post()
        self.requests.append(Request(self.clock.now(), url, dict(headers), body))
        reply = self.replies.get(url, Reply())
        self.after_post()
        return reply(len(self.of(url))) if callable(reply) else reply

    def of(self, url: str) -> list[Request]:
        return [one for one in self.requests if one.url == url]

    def ids(self, url: str) -> Counter[str]:
        return Counter(one.webhook_id for one in self.of(url))


class SteppedRequests:
    """Implements `Requests`: an answer comes when the clock has moved by its time. Waiting moves the clock."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._under_way: list[tuple[datetime, int, InFlight, Answer]] = []
        self._number = itertools.count()
        self.most = 0
        self.most_of: Counter[str] = Counter()

    def start(self, sent: InFlight, post: Callable[[], Answer]) -> None:
        answer = post()
        ends_at = self._clock.now() + timedelta(milliseconds=answer.ms)
        heapq.heappush(self._under_way, (ends_at, next(self._number), sent, answer))
        self.most = max(self.most, len(self._under_way))
        of_each = Counter(one.lane.endpoint.url for _, _, one, _ in self._under_way)
        self.most_of = self.most_of | of_each

    def wait(self, seconds: float) -> list[tuple[InFlight, Answer]]:
        until = self._clock.now() + timedelta(seconds=seconds)
        if self._under_way:
            until = min(until, self._under_way[0][0])
        self._clock.advance(max(0.0, (until - self._clock.now()).total_seconds()))
        ended = []
        while self._under_way and self._under_way[0][0] <= self._clock.now():
            _, _, sent, answer = heapq.heappop(self._under_way)
            ended.append((sent, answer))
        return ended


class Notifying:
    """An outbox, endpoints and their receivers. `run` is one run of the function."""

    def __init__(self, store: MemoryStore | None = None, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.store = store or MemoryStore(self.clock)
        self.receivers = Receivers(self.clock)
        self.jitter: Callable[[float, float], float] = lambda low, high: (low + high) / 2
        self.requests = SteppedRequests(self.clock)
        self.logger = Logger(service="notify-test", level=logging.CRITICAL)
        self._events = itertools.count(1)

    @property
    def deps(self) -> NotifyDeps:
        return NotifyDeps(self.store, self.receivers, lambda: MASTER, self.clock, self.jitter)

    def add_endpoint(self, name: str = "ep1", org: str = "org1", url: str = URL, **fields: Any) -> str:
        """Write an endpoint as a page does, and return its path."""
        path = f"{endpoints_of(org)}/{name}"
        self.store.put_document(DocumentWrite(path, endpoint_document(url=url) | fields))
        return path

    def add_event(
        self,
        org: str = "org1",
        project: str | None = "project1",
        kind: EventType = EventType.JOB_COMPLETED,
        event_id: str | None = None,
        **data: Any,
    ) -> str:
        """Write an event into the outbox, due now, and return its id."""
        event_id = event_id or f"job-1-{next(self._events):05d}-{kind.last_word}"
        told = {"orgId": org, "projectId": project} | data
        event = Event(
            event_id=event_id,
            type=kind,
            org_id=org,
            project_id=project,
            user_id=None,
            occurred_at=self.clock.now(),
            data=told,
        )
        self.store.put_document(event.to_write())
        return event_id

    def add_delivery(self, endpoint: str, delivery_id: str, **fields: Any) -> str:
        """Write a pending delivery that is due now, and return its path. Its event is not written."""
        path = f"{endpoint}/{DELIVERIES}/{delivery_id}"
        self.store.put_document(DocumentWrite(path, delivery_document(self.clock.now()) | fields))
        return path

    def run(self, *, seconds: float = RUN_S) -> Done:
        """Run the function once. Without work it takes no time."""
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        self.requests = SteppedRequests(self.clock)
        return deliver(self.deps, self.requests, lambda: (ends_at - self.clock.now()).total_seconds(), self.logger)

    def minute(self) -> Done:
        """Go to the next minute, and run."""
        began_at = self.clock.now()
        self.clock.advance(60 - began_at.second - began_at.microsecond / 1e6)
        return self.run()

    def fields(self, path: str) -> dict[str, Any]:
        found = self.store.get_document(path)
        assert found is not None, path
        return found

    def health(self, endpoint: str) -> dict[str, Any]:
        health = self.fields(endpoint)["health"]
        assert isinstance(health, dict)
        return health

    def deliveries(self, endpoint: str) -> dict[str, dict[str, Any]]:
        return self.store.get_documents(f"{endpoint}/{DELIVERIES}")

    def states(self, endpoint: str) -> Counter[str]:
        return Counter(one["state"] for one in self.deliveries(endpoint).values())

    def outbox(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the payloads of the events of a type, oldest first."""
        events = [one["event"] for one in self.store.get_documents("outbox").values() if kind in one["event"]["type"]]
        return [json.loads(one["payload"]) for one in sorted(events, key=lambda one: one["occurredAt"])]


def endpoint_document(**fields: Any) -> dict[str, Any]:
    return new_endpoint(URL, "user1", START) | fields


def delivery_document(now: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "type": "tracking.job.completed",
        "projectId": "project1",
        "trigger": "event",
        "state": "pending",
        "createdAt": now,
        "attempt": 0,
        "nextAttemptAt": now,
        "attempts": [],
        "expireAt": now + timedelta(days=30),
    } | fields


class KillingStore(MemoryStore):
    """Counts its calls while `is_on`, and kills the run at one of them, before or after the call is made."""

    def __init__(self, clock: ManualClock, at: int, *, is_applied: bool) -> None:
        super().__init__(clock)
        self.at, self.is_applied, self.is_on, self.calls = at, is_applied, False, 0

    def strike(self, *, is_after: bool) -> None:
        """Kill at the chosen call. A store call has two such points, and a request, too."""
        if not self.is_on:
            return
        self.calls += not is_after
        if self.calls == self.at and is_after is self.is_applied:
            self.is_on = False
            raise KilledError


def _watched(name: str) -> Any:
    def call(self: KillingStore, *args: Any, **kwargs: Any) -> Any:
        was_on = self.is_on
        self.strike(is_after=False)
        self.is_on = False  # a call within a call is no point of its own
        result = getattr(MemoryStore, name)(self, *args, **kwargs)
        self.is_on = was_on
        self.strike(is_after=True)
        return result

    return call


CALLS = (
    "due_events",
    "due_documents",
    "stored_in",
    "get_each",
    "get_stored_each",
    "put_each",
    "update_each",
    "change_together",
)
for _name in CALLS:
    setattr(KillingStore, _name, _watched(_name))
