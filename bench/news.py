"""The costs of webhooks and mail: everything billed is counted while events of the outbox are told.

    webhooks, one at a time    the end of each execution wakes a run of its own
    webhooks, in crowds        a run finds many events
    mail                       the jobs of a person end one by one, then the window is due

Firestore is the emulator. Receivers, SES and Firebase Auth answer at once, and CALL_S of the function's time are added
for each request.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bench import BenchError
from bench.bill import CALL_S, QUEUE_REQUESTS, Bill, FutureClock, invocation
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from mail import app as mail
from notify import app as notify
from notify.in_flight import THREADS
from tracking.events import Event, EventType
from tracking.jobs import Fields
from tracking.mail.letters import Sender
from tracking.mail.recipients import Address
from tracking.news_wiring import MailDeps, NotifyDeps
from tracking.store import DocumentWrite
from tracking.store.firestore import FirestoreStore
from tracking.webhooks import Answer, endpoints_of, new_endpoint

GB = 0.5  # MemorySize of both functions in template.yaml
MANY = 1_000
MOST_CENTS, MOST_CENTS_MAIL, MOST_CENTS_IDLE = 1.0, 2.0, 25.0
MINUTES = 60 * 24 * 30
CROWD, ENDPOINTS = 500, 20
DIGESTS = (5, 7, 10)  # jobs told by one mail; for five of them SES alone takes two cents
DELETED = 2  # an event and its delivery, by Firestore's TTL policies
WINDOW = timedelta(minutes=11)  # after which a window of `soon` is due
_KEY = "stand-in for the stage's signing key"
_SENDER = Sender(address="news@example.com", product="Example", unsubscribe_url="https://api.example.com/unsubscribe")


class _Outside:
    """Receivers of webhooks, SES and Firebase Auth: each call is a success."""

    def __init__(self) -> None:
        self.requests = 0
        self.mails = 0

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ARG002
        self.requests += 1
        return Answer(status=200, ms=1)

    def send(self, mail_id: str, mail: Fields) -> str:  # noqa: ARG002
        self.mails += 1
        return f"message-{self.mails}"

    def of(self, user_id: str) -> Address:
        return Address(f"{user_id}@example.com")


class _Telling:
    """A project, and the functions that tell its events."""

    def __init__(self, *, has_mail: bool = False) -> None:
        self.client = RecordedClient(RpcRecorder())
        self.outside, self.clock = _Outside(), FutureClock()
        self.store = FirestoreStore(self.client)
        mail_store = self.store if has_mail else None
        self._notify = NotifyDeps(self.store, self.outside, lambda: _KEY, self.clock, mail_store=mail_store)
        self._mail = MailDeps(self.store, self.outside, self.clock, _SENDER, lambda: _KEY, self.outside)
        self._numbers = itertools.count(1)

    def add_endpoints(self) -> None:
        for number in range(ENDPOINTS):
            path = f"{endpoints_of(f'org{number}')}/endpoint"
            self.store.put_document(
                DocumentWrite(path, new_endpoint("https://hooks.example.com/", "user1", datetime.now(UTC)))
            )

    def add_events(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            self.store.put_document(_event(number, self.clock.now()).to_write())

    def notify(self, bill: Bill) -> None:
        self.client.rpcs.taken()
        with invocation(bill, GB):
            notify.handler({}, FakeContext(), self._notify)  # type: ignore[arg-type]
        self._count(bill)

    def mail(self, bill: Bill) -> None:
        self.client.rpcs.taken()
        with invocation(bill, GB):
            mail.handler({}, FakeContext(), self._mail)  # type: ignore[arg-type]
        self._count(bill)

    def _count(self, bill: Bill) -> None:
        bill.used["firestoreRead"] += self.client.rpcs.reads
        bill.used["firestoreWrite"] += self.client.rpcs.written


def rows() -> list[Row]:
    telling = _Telling()
    telling.add_endpoints()
    _delivered(telling, 1)  # warms imports and connections, and makes the endpoints' health known
    _mail_cents(DIGESTS[0])
    mails = {size: _mail_cents(size) for size in DIGESTS}
    return [
        _webhook_row("one at a time, each in a run of its own", _delivered(telling, 1)),
        _webhook_row(f"{CROWD} in one run", _delivered(telling, CROWD), CROWD),
        _mail_row(mails),
        _idle_row(_Telling(has_mail=True)),
    ]


def _webhook_row(how: str, bill: Bill, count: int = 1) -> Row:
    used = bill.used
    detail = (
        f"each: {used['firestoreWrite'] / count:.2f} writes, {used['firestoreRead'] / count:.2f} reads, "
        f"{DELETED} deletions, {used['gbSecond'] / count:.3f} GB-s"
    )
    label = f"US cents for {MANY:,} webhooks, {how}"
    return Row(label, bill.usd() * 100 / count * MANY, Target(Relation.AT_MOST, MOST_CENTS), detail)


def _delivered(telling: _Telling, count: int) -> Bill:
    """Return the bill of this many events that are delivered in one run."""
    bill, before = Bill(), telling.outside.requests
    telling.add_events(count)
    telling.notify(bill)
    if telling.outside.requests - before != count:
        raise BenchError(f"{telling.outside.requests - before} of {count} webhooks were sent.")
    bill.used["firestoreWrite"] += count  # of the event, in the commit that ends its job
    bill.used["firestoreDelete"] += count * DELETED
    bill.used["gbSecond"] += CALL_S * GB * count / min(count, THREADS)  # type: ignore[assignment]
    bill.used["sqsRequest"] += QUEUE_REQUESTS
    return bill


def _mail_cents(size: int) -> tuple[float, str]:
    """Return what mail costs for MANY jobs of which one mail tells `size`, and what was counted.

    Without the event and its hand-over, which are there with webhooks alone, too.
    """
    bills = {has_mail: _fan_out(_Telling(has_mail=has_mail), size) for has_mail in (False, True)}
    (_, without), (telling, windows) = bills[False], bills[True]
    telling.clock.sleep(WINDOW.total_seconds())
    sending = Bill()
    telling.mail(sending)
    if telling.outside.mails != 1:
        raise BenchError(f"{telling.outside.mails} mails were sent for {size} jobs.")
    sending.used["gbSecond"] += CALL_S * GB  # type: ignore[assignment]
    sending.used["firestoreDelete"] += 1
    sending.used["sesMail"] += 1
    usd = windows.usd() - without.usd() + sending.usd()
    reads = windows.used["firestoreRead"] - without.used["firestoreRead"] + sending.used["firestoreRead"]
    writes = windows.used["firestoreWrite"] - without.used["firestoreWrite"] + sending.used["firestoreWrite"]
    return usd * 100 * MANY / size, f"each mail: {reads:.0f} reads, {writes:.0f} writes; SES alone {10 / size:.2f}"


def _fan_out(telling: _Telling, size: int) -> tuple[_Telling, Bill]:
    """Let the jobs of one member end, each in a run of its own."""
    bill = Bill()
    telling.store.put_document(DocumentWrite("organizations/org1/members/user1", {"role": "member"}))
    for _ in range(size):
        number = next(telling._numbers) * ENDPOINTS + 1  # noqa: SLF001 - all of one organisation
        telling.store.put_document(_event(number, telling.clock.now()).to_write())
        telling.notify(bill)
    bill.used["gbSecond"] = 0  # the difference of two runs is within their noise
    return telling, bill


def _mail_row(mails: Mapping[int, tuple[float, str]]) -> Row:
    few, usual, many = DIGESTS
    cents, detail = mails[usual]
    others = "; ".join(f"{size} in each: {mails[size][0]:.2f}" for size in (few, many))
    label = f"US cents for the mail of {MANY:,} jobs, {usual} in each"
    return Row(label, cents, Target(Relation.AT_MOST, MOST_CENTS_MAIL), f"{detail}; {others}")


def _idle_row(telling: _Telling) -> Row:
    bill = Bill()
    telling.notify(Bill())
    telling.mail(Bill())
    telling.notify(bill)
    telling.mail(bill)
    detail = f"each minute: {bill.used['firestoreRead']:.0f} reads, {bill.used['firestoreWrite']:.0f} writes"
    label = "US cents a month for looking each minute whether a webhook or a mail is due"
    return Row(label, bill.usd() * 100 * MINUTES, Target(Relation.AT_MOST, MOST_CENTS_IDLE), detail)


def _event(number: int, now: datetime) -> Event:
    org_id = f"org{number % ENDPOINTS}"
    told = {"jobId": f"job{number}", "orgId": org_id, "username": "nasa", "accountId": "youtube_1"}
    return Event(
        event_id=f"job{number}-1-0123456789abcdef0123-completed",
        type=EventType.JOB_COMPLETED,
        org_id=org_id,
        project_id="project1",
        user_id="user1",
        occurred_at=now,
        data=told,
    )
