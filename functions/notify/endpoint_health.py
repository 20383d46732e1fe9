"""The health of endpoints: what their answers say, who is told, and when an endpoint is switched off.

    fails for    1 day     3 days    5 days, and 10 attempts
    event        failing   failing   disabled, in the same commit as `enabled: false`

Any success ends an outage, that of a test or a replay, too. A failure after QUIET without an attempt begins a new one:
nobody knows how the endpoint was meanwhile.

A run writes an endpoint's health once, and only if it changed. The document's version is the precondition: if a page
changed the endpoint meanwhile, its document is read again. What was learned about another address is forgotten then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger

from tracking.clock import to_rfc3339
from tracking.events import Event, EventType, event_id, short
from tracking.store import (
    MAX_WRITES_PER_COMMIT,
    DocumentWrite,
    NotifyStore,
    StaleVersionError,
    Unwritable,
    WriteRefusedError,
)
from tracking.webhooks import Endpoint, Health, MalformedEndpointError, OffReason

DAY = timedelta(days=1)
TELLING_DAYS = (1, 3, 5)
"""The days of an outage on which owners and admins are told."""
OFF_AFTER = timedelta(days=5)
OFF_AFTER_FAILURES = 10
FRESH = timedelta(minutes=15)
"""How old `lastDeliveredAt` may get while deliveries succeed: so not each of them costs a write."""
QUIET = timedelta(hours=48)
"""Longer than any wait of a delivery between two attempts."""
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The word of an attempt about its endpoint. `is_success` None: nothing but that it answered."""

    at: datetime  # when it ended
    is_success: bool | None
    status: int | None
    error: str | None
    off: OffReason | None = None
    is_slow: bool = False
    not_before: datetime | None = None  # it wants no request before


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    """A change of an endpoint that is to be written."""

    endpoint: Endpoint
    outcomes: Sequence[Outcome]
    health: Health
    event: Event | None = None

    @property
    def is_off(self) -> bool:
        return self.health.off_reason is not None

    def write(self) -> DocumentWrite:
        switch = {"enabled": False} if self.is_off else {}
        fields = {"health": self.health.to_field(), **switch}
        return DocumentWrite(self.endpoint.path, fields, version=self.endpoint.version)


def after(health: Health, outcomes: Iterable[Outcome]) -> Health:
    """Return the health after these outcomes, in their order."""
    for one in outcomes:
        before = health
        health = replace(
            health, last_attempt_at=one.at, last_status=one.status, last_error=one.error, is_slow=one.is_slow
        )
        if one.is_success:
            if before.failing_since and one.at - before.failing_since >= FRESH:
                health = replace(health, recovered_at=one.at)
            health = replace(health.begun_anew(), last_delivered_at=one.at)
        elif one.is_success is False:
            if before.last_attempt_at and one.at - before.last_attempt_at > QUIET:
                health = health.begun_anew()
            health = replace(
                health,
                failing_since=health.failing_since or one.at,
                failures=health.failures + 1,
                not_before=one.not_before or health.not_before,
            )
        if one.off:
            health = replace(health, off_reason=str(one.off), off_at=one.at)
    return health


def change_of(endpoint: Endpoint, outcomes: Sequence[Outcome]) -> HealthChange | None:
    """Return what is to be written about an endpoint; None if nothing changed that is worth a write."""
    if not outcomes:
        return None
    before, now = endpoint.health, outcomes[-1].at
    health = replace(after(before, outcomes), url=endpoint.url)
    outage = now - health.failing_since if health.failing_since else timedelta(0)
    if health.off_reason is None and outage >= OFF_AFTER and health.failures >= OFF_AFTER_FAILURES:
        health = replace(health, off_reason=str(OffReason.FAILING), off_at=now)
    days = [day for day in TELLING_DAYS if outage >= day * DAY and day not in health.told]
    health = replace(health, told=(*health.told, *days))
    event = None
    if health.off_reason is not None:
        event = _event(EventType.WEBHOOK_DISABLED, endpoint, health, outage, now)
    elif days:
        event = _event(EventType.WEBHOOK_FAILING, endpoint, health, outage, now)
    if event is None and not _is_worth_a_write(before, health):
        return None
    return HealthChange(endpoint=endpoint, outcomes=outcomes, health=health, event=event)


def write_changes(store: NotifyStore, changes: Sequence[HealthChange], logger: Logger) -> list[HealthChange]:
    """Write the changes, and return those that were written: they may differ, if a document changed meanwhile.

    An endpoint that is deleted, or that a page has given another address or switched, keeps what the page wrote.
    """
    written, left = list[HealthChange](), list(changes)
    for _ in range(TRIES):
        answers = [*_written_alone(store, left), *_written_with_events(store, left)]
        for change, answer in answers:
            if isinstance(answer, Unwritable):
                extra = {"action": "health_unwritable", "path": change.endpoint.path, "reason": answer.code}
                logger.error("health not written", extra=extra)
        written += [change for change, answer in answers if isinstance(answer, str)]
        left = _again(store, [change for change, answer in answers if answer is None])
        if not left:
            break
    return written


_Answered = Iterator[tuple[HealthChange, str | Unwritable | None]]
"""Changes with their answers, as `NotifyStore.put_each` gives them."""


def _written_alone(store: NotifyStore, changes: Sequence[HealthChange]) -> _Answered:
    alone = [change for change in changes if change.event is None]
    for first in range(0, len(alone), MAX_WRITES_PER_COMMIT):
        part = alone[first : first + MAX_WRITES_PER_COMMIT]
        yield from zip(part, store.put_each([change.write() for change in part]), strict=True)


def _written_with_events(store: NotifyStore, changes: Sequence[HealthChange]) -> _Answered:
    """Write what is told together with the note that it was told: both, or none."""
    for change in changes:
        if change.event is None:
            continue
        try:
            store.change_together([change.write(), change.event.to_write()], {})
            yield change, change.endpoint.version
        except StaleVersionError:
            yield change, None
        except WriteRefusedError:
            yield change, Unwritable("INVALID_ARGUMENT")


def _again(store: NotifyStore, stale: Sequence[HealthChange]) -> list[HealthChange]:
    """Return the changes as they are now, for the documents as they are now."""
    if not stale:
        return []
    found = store.get_stored_each([change.endpoint.path for change in stale])
    changes = list[HealthChange]()
    for change in stale:
        before, stored = change.endpoint, found.get(change.endpoint.path)
        if stored is None:
            continue
        try:
            now = Endpoint.from_document(before.path, stored.fields, stored.version)
        except MalformedEndpointError:
            continue
        if now.url != before.url or not now.is_enabled or _was_reset(before, now):
            continue
        if (again := change_of(now, change.outcomes)) is not None:
            changes.append(again)
    return changes


def _was_reset(before: Endpoint, now: Endpoint) -> bool:
    """Return whether a page has switched the endpoint off and on meanwhile: then its health begins anew."""
    return before.fields.get("health") is not None and now.fields.get("health") is None


def _is_worth_a_write(before: Health, now: Health) -> bool:
    delivered_at = now.last_delivered_at
    if _without_usual(before) != _without_usual(now):
        return True
    if delivered_at is None:  # such as aborted messages of an endpoint that never took one
        return before.last_attempt_at is None
    return before.last_delivered_at is None or delivered_at - before.last_delivered_at >= FRESH


def _without_usual(health: Health) -> Health:
    return replace(health, last_attempt_at=None, last_delivered_at=None, last_status=None, url=None)


def _event(kind: EventType, endpoint: Endpoint, health: Health, outage: timedelta, now: datetime) -> Event:
    began_at = health.failing_since or now
    return Event(
        event_id=event_id(endpoint.endpoint_id, outage.days, f"{endpoint.path} {to_rfc3339(began_at)}", kind),
        type=kind,
        org_id=endpoint.org_id,
        project_id=None,
        user_id=None,
        occurred_at=now,
        data={
            "orgId": endpoint.org_id,
            "projectId": None,
            "endpointId": endpoint.endpoint_id,
            "url": host_of(endpoint.url),
            "since": to_rfc3339(health.failing_since) if health.failing_since else None,
            "failures": health.failures,
            "lastStatus": health.last_status,
            "lastError": health.last_error,
            "reason": health.off_reason,
        },
    )


def host_of(url: str) -> str:
    """Return scheme and host of an address: all else of it may hold secrets, the path, too."""
    try:
        parts = urlsplit(url)
        return short(f"{parts.scheme}://{parts.hostname or ''}")
    except ValueError:
        return ""
