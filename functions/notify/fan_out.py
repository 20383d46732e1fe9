"""Hand events on from the outbox: make a delivery for each endpoint that wants the event.

With mail, the write that ends this makes the event due for the windows of those who read of it (`notify.windows`).

A delivery has the event's id and is created, so an event that is handed on twice makes one delivery. `dueAt` becomes
null last: if the function is killed before, the next run does all of it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from notify.endpoints import Endpoints
from notify.lanes import Claimed, Lanes
from tracking.document_limits import is_document_id
from tracking.events import OF_WEBHOOKS
from tracking.jobs import Fields
from tracking.mail.digest import is_told
from tracking.store import (
    MAX_WRITES_PER_COMMIT,
    OUTBOX,
    DocumentWrite,
    NotifyStore,
    StoredDocument,
    Unwritable,
)
from tracking.webhooks import Delivery, Endpoint, State, delivery_path, new_delivery

PAGE = 200
"""Events that are read together. One has up to 20 kB, and the function 512 MB."""
FIRST = 10
FIRST_IF_WELL = 100
"""Deliveries of an endpoint that a run creates as its own, which saves their claim: a write each. The others are
created as due, and claimed when their turn comes.
"""
MAX_TAKEN = 500
"""The most deliveries that a run has in hand with their payloads."""
MAX_HELD = 5_000
"""The most deliveries that a run holds. Others are due, and found by the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEvent:
    """An event of the outbox, checked."""

    path: str
    org_id: str
    project_id: str | None
    user_id: str | None  # whose job it was
    type: str
    occurred_at: datetime
    payload: str

    @classmethod
    def from_document(cls, path: str, fields: Fields) -> OutboxEvent | None:
        """Read the document; None if it is malformed."""
        event = fields.get("event")
        found: Fields = event if isinstance(event, dict) else {}
        org_id, project_id = found.get("orgId"), found.get("projectId")
        user_id = found.get("userId")
        type_, occurred_at, payload = found.get("type"), found.get("occurredAt"), found.get("payload")
        if not isinstance(org_id, str) or not is_document_id(org_id) or not isinstance(project_id, str | None):
            return None
        if not isinstance(type_, str) or not isinstance(occurred_at, datetime) or not isinstance(payload, str):
            return None
        return cls(
            path=path,
            org_id=org_id,
            project_id=project_id,
            user_id=user_id if isinstance(user_id, str) and is_document_id(user_id) else None,
            type=type_,
            occurred_at=occurred_at,
            payload=payload,
        )

    @property
    def event_id(self) -> str:
        return self.path.rpartition("/")[2]

    def is_of(self, endpoint: Endpoint) -> bool:
        """Return whether it tells of this very endpoint, which would be told that it cannot be reached."""
        return self.type.startswith(OF_WEBHOOKS) and _endpoint_in(self.payload) == endpoint.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """A delivery that is to be created."""

    event: OutboxEvent
    endpoint: Endpoint
    is_taken: bool  # created as this run's own
    fields: Fields

    @property
    def write(self) -> DocumentWrite:
        return DocumentWrite(delivery_path(self.endpoint.path, self.event.event_id), self.fields, must_be_new=True)


class FanOut:
    """Reads the outbox page by page. `lanes` get what was created."""

    def __init__(
        self,
        store: NotifyStore,
        endpoints: Endpoints,
        lanes: Lanes,
        logger: Logger,
        *,
        has_mail: bool = False,
    ) -> None:
        self._store, self._endpoints, self._lanes, self._logger = store, endpoints, lanes, logger
        self._has_mail = has_mail
        self._taken: dict[str, int] = {}  # by endpoint
        self._room = 0  # for deliveries to take
        self.is_done = False
        self.handed_on = 0
        self.oldest_due_at: datetime | None = None

    def next_page(
        self, now: datetime, lease_until: datetime | None, can_create: Callable[[], bool] = lambda: True
    ) -> None:
        """Hand on the events of one page.

        `lease_until`: of deliveries to send in this run; None: it has no time. `can_create`: is asked before each batch
        of deliveries. Events that are left stay due.
        """
        page = self._store.due_events(now, PAGE)
        self.is_done = len(page) < PAGE
        if not page:
            return
        if self.oldest_due_at is None:
            self.oldest_due_at = min(stored.fields["dueAt"] for stored in page.values())
        events = [event for path, stored in page.items() if (event := self._read(path, stored))]
        self._endpoints.read_orgs({event.org_id for event in events})
        self._room = MAX_TAKEN - self._lanes.claimed
        created = [new for event in events for new in self._deliveries(event, now, lease_until)]
        kept = self._create(created, now, can_create)
        told = {event.path for event in events if self._has_mail and is_told(event.type)}
        handed_on = [
            DocumentWrite(path, {"dueAt": None} | ({"mailDueAt": stored.fields["dueAt"]} if path in told else {}))
            for path, stored in page.items()
            if path not in kept
        ]
        self.handed_on += sum(self._store.update_each(handed_on))
        # A page that nothing could be done about would be read for ever.
        self.is_done = self.is_done or not handed_on

    def _read(self, path: str, stored: StoredDocument) -> OutboxEvent | None:
        event = OutboxEvent.from_document(path, stored.fields)
        if event is None:
            self._logger.warning("odd event", action="event_odd", path=path)
        return event

    def _deliveries(self, event: OutboxEvent, now: datetime, lease_until: datetime | None) -> list[_New]:
        wanted = [
            endpoint
            for endpoint in self._endpoints.of_org(event.org_id)
            if endpoint.wants(event.type, event.project_id, event.occurred_at) and not event.is_of(endpoint)
        ]
        return [self._new(event, endpoint, now, lease_until) for endpoint in wanted]

    def _new(self, event: OutboxEvent, endpoint: Endpoint, now: datetime, lease_until: datetime | None) -> _New:
        lane = self._lanes.of(endpoint)
        is_on = endpoint.is_enabled and not lane.is_off
        most = FIRST if endpoint.health.is_failing or endpoint.health.last_delivered_at is None else FIRST_IF_WELL
        taken = self._taken.get(endpoint.path, 0)
        is_taken = is_on and lease_until is not None and lane.closed_for is None and taken < most and self._room > 0
        if is_taken:
            self._taken[endpoint.path] = taken + 1
            self._room -= 1
        later = now + lane.closed_for if lane.closed_for else now
        state, next_at = State.PENDING, lease_until if is_taken else later
        if not is_on:
            state, next_at = State.SKIPPED, None
        fields = new_delivery(event.type, event.project_id, state, now, next_at)
        return _New(event=event, endpoint=endpoint, is_taken=is_taken, fields=fields)

    def _create(self, created: Sequence[_New], now: datetime, can_create: Callable[[], bool]) -> set[str]:
        """Create the deliveries. Return the events that stay due: for want of time, or refused for now."""
        kept, room = set[str](), MAX_HELD - self._lanes.waiting
        for first in range(0, len(created), MAX_WRITES_PER_COMMIT):
            if not can_create():
                self.is_done = True
                return kept | {new.event.path for new in created[first:]}
            part = created[first : first + MAX_WRITES_PER_COMMIT]
            answers = self._store.put_each([new.write for new in part])
            for new, answer in zip(part, answers, strict=True):
                if isinstance(answer, Unwritable):
                    extra = {"action": "delivery_unwritable", "path": new.write.path, "reason": answer.code}
                    self._logger.error("delivery not written", extra=extra)
                    if not answer.is_lasting:
                        kept.add(new.event.path)
                elif answer is not None and new.fields["state"] == State.PENDING:
                    if new.fields["nextAttemptAt"] == now:
                        room -= 1
                    elif not new.is_taken:
                        continue  # its endpoint wants nothing now
                    if new.is_taken or room >= 0:
                        self._hold(new, answer, now)
        return kept

    def _hold(self, new: _New, version: str, now: datetime) -> None:
        delivery = Delivery.from_document(new.write.path, new.fields, version, now)
        assert delivery is not None
        lane = self._lanes.of(new.endpoint)
        if new.is_taken:
            self._lanes.add_claimed(lane, Claimed(delivery, new.event.payload, new.event.occurred_at))
        else:
            self._lanes.offer(lane, delivery)  # without room it stays due


def outbox_path(delivery_id: str) -> str:
    return f"{OUTBOX}/{delivery_id}"


def _endpoint_in(payload: str) -> Any:
    try:
        return json.loads(payload)["data"]["endpointId"]
    except (ValueError, KeyError, TypeError):
        return None
