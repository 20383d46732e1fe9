"""Events: what happened to a job, an account or its videos, for others to hear of. The outbox keeps them.

    the commit that ends a job ────────────┐
    the commit that saves an account ──────┼── in the same commit ──> outbox/{eventId} ── 30 days ──> deleted
    the commit that saves a video's index ─┤
    the commit of an endpoint's health ────┘

So there is an event exactly if the change was made. A commit that was refused leaves none, and none is lost.
contracts/events.json describes the documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tracking.clock import to_rfc3339
from tracking.document_limits import MAX_ID_LENGTH, cut, is_document_id
from tracking.jobs import MAX_USERNAME_LENGTH, AccountType, Change, ChangeKind, Fields, PlatformName
from tracking.naming import digest_in, readable
from tracking.store import OUTBOX, DocumentWrite

KEPT = timedelta(days=30)
"""The time after which Firestore's TTL policy deletes an event."""
MAX_PAYLOAD_BYTES = 20_000
"""The most bytes of a payload: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
MAX_TEXT_BYTES = 400
"""The most bytes of a text that people wrote. 100 characters have no more."""
MAX_READABLE = 60
"""The most characters of a job's id within an event's."""


OF_JOBS = "tracking.job."
OF_WEBHOOKS = "tracking.webhook."
"""How the types of jobs and of endpoints begin."""


class EventType(StrEnum):
    """The types of events. The last word is a part of the event's id."""

    JOB_COMPLETED = "tracking.job.completed"
    JOB_FAILED = "tracking.job.failed"
    ACCOUNT_REFRESHED = "tracking.account.refreshed"  # only a refresh that a member asked for
    ACCOUNT_RENAMED = "tracking.account.renamed"
    ACCOUNT_UNAVAILABLE = "tracking.account.unavailable"
    ACCOUNT_RECOVERED = "tracking.account.recovered"  # it was unavailable
    ACCOUNT_SPIKE = "tracking.account.spike"
    ACCOUNT_MILESTONE = "tracking.account.milestone"
    VIDEO_PUBLISHED = "tracking.video.published"
    VIDEO_OUTLIER = "tracking.video.outlier"
    VIDEO_VANISHED = "tracking.video.vanished"
    WEBHOOK_FAILING = "tracking.webhook.failing"  # owners and admins are told
    WEBHOOK_DISABLED = "tracking.webhook.disabled"

    @property
    def last_word(self) -> str:
        return self.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event. Its id is the same each time the same work is done, so it cannot be in the outbox twice.

    `data`: JSON values. A list `videos` in it is cut until the payload fits.
    """

    event_id: str
    type: EventType
    org_id: str
    project_id: str | None  # None: it is the organisation's, of an endpoint
    user_id: str | None  # whose job it was; None: an account is its project's, an endpoint the organisation's
    occurred_at: datetime
    data: Mapping[str, Any]

    def to_write(self) -> DocumentWrite:
        """Return the write of the event's document. It has no precondition, so it never keeps a job from ending."""
        fields: Fields = {
            "event": {
                "orgId": self.org_id,
                "projectId": self.project_id,
                "userId": self.user_id,
                "type": str(self.type),
                "occurredAt": self.occurred_at,
                "payload": self.payload(),
            },
            "dueAt": self.occurred_at,
            "expireAt": self.occurred_at + KEPT,
        }
        return DocumentWrite(f"{OUTBOX}/{self.event_id}", fields)

    def payload(self) -> str:
        """Return the bytes to sign and to send, as ASCII: `{"type":...,"timestamp":...,"data":...}`."""
        data = dict(self.data)
        while True:
            told = {"type": str(self.type), "timestamp": to_rfc3339(self.occurred_at), "data": data}
            text = json.dumps(told, separators=(",", ":"))
            if len(text) <= MAX_PAYLOAD_BYTES or not data.get("videos"):
                return text
            data["videos"] = data["videos"][:-1]


def event_id(job_id: str, attempt: int, work: str, type: EventType, chunk: int = 1) -> str:  # noqa: A002 - the field's name
    """Return `{job id}-{attempt}-{digest}-{last word}`, of `0-9A-Za-z-_`. From the second chunk on, its number follows.

    `work`: the name of the execution that wrote the event; or any text, for a writer without an execution. Its digest
    makes the id unique: a job that was deleted and created again with its old id has other events. The readable parts
    are for people.
    """
    digest = digest_in(work) or hashlib.sha256(f"{job_id} {work}".encode()).hexdigest()[:20]
    number = f"-{chunk}" if chunk > 1 else ""
    return f"{readable(job_id)[:MAX_READABLE]}-{attempt}-{digest}-{type.last_word}{number}"


def of_ending(job_id: str, job: Mapping[str, Any], change: Change, work: str) -> Event | None:
    """Return the event of a job's ending.

    None for a refresh, which no user waits for, and for a malformed job without an organisation and a project: nobody
    could be told. `job`: as in `endings.ending`. `work`: as in `event_id`.
    """
    org_id, project_id = _id(job.get("orgId")), _id(job.get("projectId"))
    if job.get("refresh") or job.get("refreshOrder") or org_id is None or project_id is None:
        return None
    is_completed = change.kind is ChangeKind.COMPLETE
    event_type = EventType.JOB_COMPLETED if is_completed else EventType.JOB_FAILED
    attempt = job.get("attempt")
    number = attempt if type(attempt) is int else 0
    user_id, username = _id(job.get("userId")), job.get("username")
    told = {"accountId": change.fields["accountId"]} if is_completed else {"errorCode": change.fields["errorCode"]}
    return Event(
        event_id=event_id(job_id, number, work, event_type),
        type=event_type,
        org_id=org_id,
        project_id=project_id,
        user_id=user_id,
        occurred_at=change.fields["completedAt"],
        data={
            "jobId": job_id,
            "attempt": number,
            "orgId": org_id,
            "projectId": project_id,
            "userId": user_id,
            "username": short(username[:MAX_USERNAME_LENGTH]) if isinstance(username, str) else None,
            "platform": _one_of(PlatformName, job.get("platform")),
            "accountType": _one_of(AccountType, job.get("accountType")),
            "message": short(change.fields["message"]),
            **told,
        },
    )


def short(text: str) -> str:
    """Return a text that people wrote, cut to MAX_TEXT_BYTES."""
    return cut(text, MAX_TEXT_BYTES)


def _id(value: object) -> str | None:
    """Return an id of a job's document, or None if it cannot be one. The job may be malformed."""
    is_usable = isinstance(value, str) and len(value) <= MAX_ID_LENGTH and is_document_id(value)
    return value if is_usable and isinstance(value, str) else None


def _one_of(choices: type[StrEnum], value: object) -> str | None:
    return value if isinstance(value, str) and value in set(choices) else None
