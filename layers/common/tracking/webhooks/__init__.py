"""Webhooks: an organisation's endpoints, and the deliveries of events to them.

    organizations/{orgId}/webhookEndpoints/{endpointId}                        pages write it; `health` is ours
    organizations/{orgId}/webhookEndpoints/{endpointId}/deliveries/{eventId}   one event for one endpoint

contracts/webhooks.json describes both documents. Pages and people write them, so nothing in them is believed.

webhooks.signing   makes the secrets of endpoints, and signs what is sent
webhooks.web       sends it, to public addresses alone
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from tracking.jobs import Fields

ENDPOINTS = "webhookEndpoints"
MANAGERS = ("owner", "admin")
"""The roles of the members who manage endpoints, and hear of them. firestore.rules has them, too."""
DELIVERIES = "deliveries"
MAX_ENDPOINTS = 20
"""The most endpoints of an organisation that get events: those with the smallest ids."""
MAX_ATTEMPTS_KEPT = 12
"""The most attempts that a delivery's log keeps: the last ones."""
KEPT = timedelta(days=30)
"""The time after which Firestore's TTL policy deletes a delivery."""
SCHEDULE_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before. There are as many attempts as numbers."""
MOST_COUNTED = 1_000_000
"""A count that somebody wrote by hand counts as no more, so it can still be added to."""
MOST_RETRY_AFTER = timedelta(hours=24)
"""The longest time that an endpoint may ask for with `Retry-After`."""
LEAST_SIGNING_KEY = 32
"""The fewest characters of the stage's key, from which endpoints' secrets are made."""
TEST_TYPE = "webhook.test"


class Trigger(StrEnum):
    EVENT = "event"
    TEST = "test"  # a page asked for it
    REPLAY = "replay"  # a page asked for it

    @property
    def is_single(self) -> bool:
        """Return whether there is one attempt, whose failure changes no health."""
        return self is not Trigger.EVENT


class State(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"  # the endpoint was off


class OffReason(StrEnum):
    """The reasons for which we switch an endpoint off."""

    FAILING = "failing"  # no attempt of five days succeeded
    GONE = "gone"  # it answered 410
    RECEIVER = "receiver"  # it answered with the header `webhook-delivery: disable`


Control = Literal["disable", "abort-message"]
"""The wishes that a receiver may add to its status."""


class SendError(StrEnum):
    """The errors of an attempt that got no answer, or whose answer is not all that counts."""

    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    NETWORK = "network"
    REDIRECT = "redirect"
    BLOCKED = "blocked"  # the address is forbidden
    ABORTED = "aborted"  # the receiver wants no further attempt
    EVENT_GONE = "event_gone"  # nothing was sent
    ENDPOINT_GONE = "endpoint_gone"  # nothing was sent


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request.

    `status`: the HTTP status, None if there was no answer. `error`: None if there was an answer that is no redirect.
    `ms`: until the answer's head, or until the failure. `retry_after`: from the answer's header, from 1 s to 24 h.
    `control`: the answer's header `webhook-delivery`.
    """

    status: int | None = None
    error: SendError | None = None
    ms: int = 0
    retry_after: timedelta | None = None
    control: Control | None = None


class WebhookSender(Protocol):
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request and wait for its answer, within seconds. It raises nothing."""
        ...


class MalformedEndpointError(Exception):
    """An endpoint's document is not what contracts/webhooks.json says. The message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How an endpoint's deliveries fare. `failures`: failed attempts in a row."""

    failing_since: datetime | None = None
    failures: int = 0
    last_status: int | None = None
    last_error: str | None = None
    last_attempt_at: datetime | None = None
    last_delivered_at: datetime | None = None
    told: tuple[int, ...] = ()  # days of the outage on which owners were told
    off_reason: str | None = None
    off_at: datetime | None = None
    url: str | None = None  # the address at which all of this was learned
    is_slow: bool = False  # its last answer took long
    not_before: datetime | None = None  # it wants no request before
    recovered_at: datetime | None = None  # the end of its last outage that was no moment's

    @classmethod
    def from_field(cls, value: object) -> Health:
        """Read the field. What is malformed in it counts as unknown: nobody is kept from a delivery by it."""
        found = value if isinstance(value, dict) else {}
        told = found.get("told")
        return cls(
            failing_since=_moment(found.get("failingSince")),
            failures=_count(found.get("failures")),
            last_status=_count(found.get("lastStatus")) or None,
            last_error=_text(found.get("lastError")),
            last_attempt_at=_moment(found.get("lastAttemptAt")),
            last_delivered_at=_moment(found.get("lastDeliveredAt")),
            told=tuple(day for day in told if type(day) is int) if isinstance(told, list) else (),
            off_reason=_text(found.get("offReason")),
            off_at=_moment(found.get("offAt")),
            url=_text(found.get("url")),
            is_slow=found.get("slow") is True,
            not_before=_moment(found.get("notBefore")),
            recovered_at=_moment(found.get("recoveredAt")),
        )

    def to_field(self) -> Fields:
        return {
            "failingSince": self.failing_since,
            "failures": self.failures,
            "lastStatus": self.last_status,
            "lastError": _word(self.last_error),
            "lastAttemptAt": self.last_attempt_at,
            "lastDeliveredAt": self.last_delivered_at,
            "told": list(self.told),
            "offReason": self.off_reason,
            "offAt": self.off_at,
            "url": self.url,
            "slow": self.is_slow,
            "notBefore": self.not_before,
            "recoveredAt": self.recovered_at,
        }

    @property
    def is_failing(self) -> bool:
        return self.failing_since is not None

    def begun_anew(self) -> Health:
        """Return the health of an endpoint that somebody has switched on again."""
        return replace(self, failing_since=None, failures=0, told=(), off_reason=None, off_at=None, not_before=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint's document as it was read, checked."""

    path: str
    version: str
    url: str
    event_types: frozenset[str]  # empty: all
    project_ids: frozenset[str]  # empty: all
    is_enabled: bool
    secret_version: int
    secret_rotated_at: datetime | None
    created_at: datetime | None
    health: Health
    fields: Fields  # all of the document

    @classmethod
    def from_document(cls, path: str, fields: Fields, version: str) -> Endpoint:
        """Check the document. Raises MalformedEndpointError.

        The address is only looked at here: `tracking.webhooks.web` judges it at each request.
        """
        url, is_enabled = fields.get("url"), fields.get("enabled")
        if not isinstance(url, str) or not url:
            raise MalformedEndpointError("url is no text")
        if not isinstance(is_enabled, bool):
            raise MalformedEndpointError("enabled is neither true nor false")
        secret_version = fields.get("secretVersion")
        if isinstance(secret_version, float) and secret_version.is_integer():  # to Firestore's rules 1.0 is 1
            secret_version = int(secret_version)
        if type(secret_version) is not int or secret_version < 1:
            raise MalformedEndpointError("secretVersion is no whole number from 1 on")
        health = Health.from_field(fields.get("health"))
        if health.url not in (None, url):
            health = Health()
        if is_enabled and health.off_reason:  # we write both in one commit, so somebody has switched it on since
            health = health.begun_anew()
        return cls(
            path=path,
            version=version,
            url=url,
            event_types=_texts(fields, "eventTypes"),
            project_ids=_texts(fields, "projectIds"),
            is_enabled=is_enabled,
            secret_version=secret_version,
            secret_rotated_at=_moment(fields.get("secretRotatedAt")),
            created_at=_moment(fields.get("createdAt")),
            health=health,
            fields=fields,
        )

    @property
    def org_id(self) -> str:
        return self.path.split("/")[1]

    @property
    def endpoint_id(self) -> str:
        return self.path.rpartition("/")[2]

    def wants(self, event_type: str, project_id: str | None, occurred_at: datetime) -> bool:
        """Return whether the endpoint is to get such an event.

        One without a project is for endpoints of all. One that happened before the endpoint was there is for others.
        """
        if self.created_at and occurred_at < self.created_at:
            return False
        is_type = not self.event_types or event_type in self.event_types
        return is_type and (not self.project_ids or project_id in self.project_ids)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a delivery. `status` or `error` is None. `ms`: how long it took."""

    at: datetime
    status: int | None
    error: str | None
    ms: int

    def to_field(self) -> Fields:
        return {"at": self.at, "status": self.status, "error": _word(self.error), "ms": self.ms}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery's document. `attempts`: the log, as it is stored."""

    path: str
    version: str
    type: str
    trigger: Trigger
    state: State
    created_at: datetime
    attempt: int = 0  # attempts so far, since the trigger
    due_at: datetime | None = None
    attempts: tuple[Fields, ...] = ()

    @classmethod
    def from_document(cls, path: str, fields: Fields, version: str, now: datetime) -> Delivery | None:
        """Read the document; None if it is not a delivery. An odd log is begun anew, and an odd count at 0."""
        try:
            trigger, state = Trigger(fields.get("trigger", "")), State(fields.get("state", ""))
        except ValueError:
            return None
        log, attempt = fields.get("attempts"), fields.get("attempt")
        return cls(
            path=path,
            version=version,
            type=_text(fields.get("type")) or "",
            trigger=trigger,
            state=state,
            created_at=_moment(fields.get("createdAt")) or now,
            attempt=_count(attempt),
            due_at=_moment(fields.get("nextAttemptAt")),
            attempts=tuple(one for one in log if isinstance(one, dict)) if isinstance(log, list) else (),
        )

    @property
    def delivery_id(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def endpoint_path(self) -> str:
        return "/".join(self.path.split("/")[:4])

    def tried(self, attempt: Attempt) -> Delivery:
        """Return the delivery after an attempt. What becomes of it is not decided here."""
        log = (*self.attempts, attempt.to_field())[-MAX_ATTEMPTS_KEPT:]
        return replace(self, attempt=self.attempt + 1, attempts=log)

    def noted(self, at: datetime, error: SendError) -> Delivery:
        """Return the delivery with a line in its log that says why nothing was sent."""
        log = (*self.attempts, Attempt(at, None, str(error), 0).to_field())[-MAX_ATTEMPTS_KEPT:]
        return replace(self, attempts=log)

    def result(self, state: State, next_at: datetime | None) -> Fields:
        """Return the fields to write after an attempt. `next_at`: None once it is over."""
        attempts = list(self.attempts)
        return {"state": str(state), "attempt": self.attempt, "nextAttemptAt": next_at, "attempts": attempts}


def new_endpoint(url: str, user_id: str, now: datetime, description: str = "") -> Fields:
    """Return the document of an endpoint that gets all events, as a page of this user writes it."""
    return {
        "url": url,
        "description": description,
        "eventTypes": [],
        "projectIds": [],
        "enabled": True,
        "secretVersion": 1,
        "secretRotatedAt": None,
        "createdBy": user_id,
        "createdAt": now,
        "updatedAt": now,
        "health": None,
    }


def new_delivery(
    event_type: str, project_id: str | None, state: State, now: datetime, next_at: datetime | None
) -> Fields:
    """Return the document of an event's delivery that nobody has tried."""
    return {
        "type": event_type,
        "projectId": project_id,
        "trigger": str(Trigger.EVENT),
        "state": str(state),
        "createdAt": now,
        "attempt": 0,
        "nextAttemptAt": next_at,
        "attempts": [],
        "expireAt": now + KEPT,
    }


def endpoints_of(org_id: str) -> str:
    """Return the collection of an organisation's endpoints."""
    return f"organizations/{org_id}/{ENDPOINTS}"


def delivery_path(endpoint_path: str, delivery_id: str) -> str:
    return f"{endpoint_path}/{DELIVERIES}/{delivery_id}"


def is_delivery_path(path: str) -> bool:
    """Return whether it is a place of ours. A query of all collections `deliveries` also finds those of others."""
    parts = path.split("/")
    return len(parts) == 6 and (parts[0], parts[2], parts[4]) == ("organizations", ENDPOINTS, DELIVERIES)


def _texts(fields: Fields, name: str) -> frozenset[str]:
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise MalformedEndpointError(f"{name} is no list of texts")
    return frozenset(value)


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _count(value: object) -> int:
    return min(value, MOST_COUNTED) if type(value) is int and value >= 0 else 0


def _word(error: str | None) -> str | None:
    """Return an error as Firestore keeps it: a plain text, not a member of an enumeration."""
    return None if error is None else str(error)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
