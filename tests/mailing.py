"""People, events and a post office for tests of mail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from mail.sending import Done, Run
from notify.windows import WindowFanOut
from tests.doubles import ManualClock
from tracking.events import EventType
from tracking.jobs import Fields
from tracking.mail.letters import Sender
from tracking.mail.recipients import Address
from tracking.mail.windows import window_path
from tracking.news_wiring import MailDeps
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore

KEY = "a-signing-key-of-at-least-32-characters"
SENDER = Sender(
    address="news@acme.test",
    product="Acme Social",
    unsubscribe_url="https://api.acme.test/unsubscribe",
    reply_to="help@acme.test",
    app_url="https://app.acme.test",
)
ADA = Address("ada@example.test")


@dataclass
class Book:
    """Firebase Auth, as far as mail asks it."""

    users: dict[str, Address] = field(default_factory=lambda: {"user1": ADA})
    before: Callable[[], None] = lambda: None

    def of(self, user_id: str) -> Address:
        self.before()
        return self.users.get(user_id, Address("", "no_user"))


@dataclass
class PostOffice:
    """SES, as far as mail asks it. Each call raises the next of `failures`, if any."""

    sent: list[tuple[str, Fields]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def send(self, mail_id: str, mail: Fields) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((mail_id, mail))
        return f"message-{len(self.sent)}"

    @property
    def texts(self) -> list[str]:
        return [mail["message"]["text"] for _, mail in self.sent]

    @property
    def subjects(self) -> list[str]:
        return [mail["message"]["subject"] for _, mail in self.sent]


@dataclass
class Mailing:
    """The fan-out and the mail function on one store, with one member: user1 of org1."""

    clock: ManualClock = field(default_factory=ManualClock)
    store: Any = None  # a memory store, if none is given
    book: Book = field(default_factory=Book)
    post: PostOffice | None = field(default_factory=PostOffice)
    key: str = KEY
    logger: Logger = field(default_factory=lambda: Logger(service="mail"))
    created: int = 0

    def __post_init__(self) -> None:
        self.store = self.store or MemoryStore(self.clock)
        self.put("organizations/org1/members/user1", {"role": "member"})

    @property
    def office(self) -> PostOffice:
        assert self.post is not None
        return self.post

    @property
    def deps(self) -> MailDeps:
        return MailDeps(self.store, self.book, self.clock, SENDER, lambda: self.key, self.post, threads=1)

    def put(self, path: str, fields: Fields) -> None:
        self.store.put_document(DocumentWrite(path, fields))

    def set(self, user_id: str = "user1", **settings: Any) -> None:
        self.put(f"organizations/org1/notificationSettings/{user_id}", settings)

    def happen(self, *happened: Fields) -> dict[str, Fields]:
        """Write events to the outbox and hand them on."""
        events: dict[str, Fields] = {}
        for one in happened:
            self.created += 1
            events[f"event{self.created}"] = one | {"occurredAt": self.clock.now()}
        for event_id, one in events.items():
            self.put(f"outbox/{event_id}", {"event": one, "dueAt": self.clock.now()})
        self.hand_on(events)
        return events

    def hand_on(self, events: Mapping[str, Fields]) -> int:
        """Make events due for people's windows, and add them. Return how many windows have changed."""
        for event_id in events:
            self.put(f"outbox/{event_id}", {"mailDueAt": self.clock.now()})
        return self.add_to_windows()

    def add_to_windows(self) -> int:
        """Add the events that are due to people's windows. Return how many windows have changed."""
        fan_out = WindowFanOut(self.store, self.clock, self.logger)
        while not fan_out.is_done:
            fan_out.next_step()
        return fan_out.changed

    def run(self) -> Done:
        return Run(self.deps, lambda: True, self.logger).send_all()

    def run_until(self, moment: datetime) -> None:
        """Run each minute until then."""
        while self.clock.now() < moment:
            self.clock.advance(60)
            self.run()

    def run_for(self, minutes: int) -> None:
        self.run_until(self.clock.now() + timedelta(minutes=minutes))

    def window(self, user_id: str = "user1") -> Fields | None:
        found: Fields | None = self.store.get_document(window_path("org1", user_id))
        return found

    def mails(self) -> dict[str, Fields]:
        found: dict[str, Fields] = self.store.get_documents("mail")
        return found

    def delivery(self) -> Fields:
        """Return how the only mail stands."""
        (mail,) = self.mails().values()
        delivery: Fields = mail["delivery"]
        return delivery


def event(event_type: str, user_id: str | None = None, project_id: str | None = "project1", **data: Any) -> Fields:
    """Return an outbox document's map `event`, without its time."""
    known = {"orgId": "org1", "projectId": project_id, "platform": "instagram", "username": "nasa"}
    payload = json.dumps({"type": event_type, "timestamp": "2026-03-01T12:00:00Z", "data": known | data})
    return {"orgId": "org1", "projectId": project_id, "userId": user_id, "type": str(event_type), "payload": payload}


def ready(username: str = "@nasa", user_id: str | None = "user1", **data: Any) -> Fields:
    told = {"username": username, "message": "Done: 34 videos saved."} | data
    return event(EventType.JOB_COMPLETED, user_id, **told)


def failed(username: str = "nasaa", user_id: str | None = "user1", **data: Any) -> Fields:
    message = f"Instagram has no account named {username}."
    return event(
        EventType.JOB_FAILED,
        user_id,
        **({"username": username, "message": message, "errorCode": "AccountNotFoundError"} | data),
    )


def milestone(username: str = "nasa", followers: int = 1_000_000) -> Fields:
    return event(EventType.ACCOUNT_MILESTONE, username=username, followers=followers, followerCount=followers)


def webhook_failing(url: str = "https://hooks.example.test/in") -> Fields:
    return event("tracking.webhook.failing", project_id=None, url=url)
