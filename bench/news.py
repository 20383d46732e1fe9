"""The costs of webhooks: everything billed is counted while events of the outbox are delivered.

    one at a time    the end of each execution wakes a run of its own
    in crowds        a run finds many events

Firestore is the emulator. A receiver answers at once, and CALL_S of the function's time are added for each request.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime

from bench import BenchError
from bench.bill import CALL_S, QUEUE_REQUESTS, Bill, invocation
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from notify import app
from notify.in_flight import THREADS
from tracking.clock import SystemClock
from tracking.events import Event, EventType
from tracking.jobs import Fields
from tracking.store import DocumentWrite
from tracking.store.firestore import FirestoreStore
from tracking.webhooks import endpoints_of
from tracking.webhooks.web import Answer
from tracking.wiring import NotifyDeps

NOTIFY_GB = 0.25  # MemorySize in template.yaml
MANY = 1_000
MOST_CENTS, MOST_CENTS_IDLE = 1.0, 20.0
MINUTES = 60 * 24 * 30
CROWD, ENDPOINTS = 500, 20
DELETED = 2  # an event and its delivery, by Firestore's TTL policies
_KEY = "stand-in for the stage's signing key"


class _Receivers:
    """Implements `WebhookSender`: each request is a success."""

    def __init__(self) -> None:
        self.requests = 0

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ARG002
        self.requests += 1
        return Answer(status=200, error=None, ms=1, retry_after=None, control=None)


class _Sending:
    """A project with endpoints, and the function that sends to them."""

    def __init__(self) -> None:
        self.client = RecordedClient(RpcRecorder())
        self.receivers = _Receivers()
        self._store = FirestoreStore(self.client)
        self._deps = NotifyDeps(self._store, self.receivers, lambda: _KEY, SystemClock())
        self._numbers = itertools.count(1)
        for number in range(ENDPOINTS):
            path = f"{endpoints_of(f'org{number}')}/endpoint"
            self._store.put_document(DocumentWrite(path, _endpoint()))

    def add_events(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            self._store.put_document(_event(number).to_write())

    def run(self, bill: Bill) -> None:
        self.client.rpcs.taken()
        with invocation(bill, NOTIFY_GB):
            app.handler({}, FakeContext(), self._deps)  # type: ignore[arg-type]
        bill.used["firestoreRead"] += self.client.rpcs.reads
        bill.used["firestoreWrite"] += self.client.rpcs.written


def rows() -> list[Row]:
    sending = _Sending()
    _delivered(sending, 1)  # warms imports and connections, and makes the endpoints' health known
    return [
        _row("one at a time, each in a run of its own", _delivered(sending, 1)),
        _row(f"{CROWD} in one run", _delivered(sending, CROWD), CROWD),
        _idle_row(sending),
    ]


def _row(how: str, bill: Bill, count: int = 1) -> Row:
    used = bill.used
    detail = (
        f"each: {used['firestoreWrite'] / count:.2f} writes, {used['firestoreRead'] / count:.2f} reads, "
        f"{DELETED} deletions, {used['gbSecond'] / count:.3f} GB-s"
    )
    label = f"US cents for {MANY:,} webhooks, {how}"
    return Row(label, bill.usd() * 100 / count * MANY, Target(Relation.AT_MOST, MOST_CENTS), detail)


def _delivered(sending: _Sending, count: int) -> Bill:
    """Return the bill of this many events that are delivered in one run."""
    bill, before = Bill(), sending.receivers.requests
    sending.add_events(count)
    sending.run(bill)
    if sending.receivers.requests - before != count:
        raise BenchError(f"{sending.receivers.requests - before} of {count} webhooks were sent.")
    bill.used["firestoreWrite"] += count  # of the event, in the commit that ends its job
    bill.used["firestoreDelete"] += count * DELETED
    bill.used["gbSecond"] += CALL_S * NOTIFY_GB * count / min(count, THREADS)  # type: ignore[assignment]
    bill.used["sqsRequest"] += QUEUE_REQUESTS
    return bill


def _idle_row(sending: _Sending) -> Row:
    bill = Bill()
    sending.run(bill)
    detail = f"each minute: {bill.used['firestoreRead']:.0f} reads, {bill.used['firestoreWrite']:.0f} writes"
    label = "US cents a month for looking each minute whether a webhook is due"
    return Row(label, bill.usd() * 100 * MINUTES, Target(Relation.AT_MOST, MOST_CENTS_IDLE), detail)


def _endpoint() -> Fields:
    now = datetime.now(UTC)
    switches = {"enabled": True, "eventTypes": [], "projectIds": [], "secretVersion": 1, "secretRotatedAt": None}
    written = {"createdBy": "user1", "createdAt": now, "updatedAt": now, "health": None}
    return {"url": "https://hooks.example.com/", "description": "", **switches, **written}


def _event(number: int) -> Event:
    org_id = f"org{number % ENDPOINTS}"
    data: Fields = {"jobId": f"job{number}", "orgId": org_id, "username": "nasa", "accountId": "youtube_1"}
    return Event(
        event_id=f"job{number}-1-0123456789abcdef0123-completed",
        type=EventType.JOB_COMPLETED,
        org_id=org_id,
        project_id="project1",
        user_id="user1",
        occurred_at=datetime.now(UTC),
        data=data,
    )
