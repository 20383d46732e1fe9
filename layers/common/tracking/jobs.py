"""The tracking job: its record, its statuses, and every change that may be made to it.

    pending ──claim──> processing ──complete──> completed
       │                 │  │  └────fail──────> failed ──────retry──> pending
       │                 │  └───────cancel────> cancelled ───retry──> pending
       │                 └──────────release───> pending
       ├──cancel──> cancelled
       └──fail────> failed                      (malformed)

A `Change` is a value: its kind, the document's fields to write, and what to add to `spent` and `steps`. Only the
functions below make changes. Each checks `TRANSITIONS`, so no writer can make a forbidden change.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tracking.document_limits import (
    MAX_ID_LENGTH,
    MAX_PARAMS_BYTES,
    MAX_SENTENCE_BYTES,
    cut,
    is_document_id,
    stored_bytes,
)
from tracking.errors import InvalidJobError
from tracking.platform_contract import PLATFORMS
from tracking.sentences import Sentence, say
from tracking.spending import Spent


class Status(StrEnum):
    PENDING = "pending"  # written by a front end; waits for a tick
    PROCESSING = "processing"  # claimed; an execution works on it until leaseUntil
    COMPLETED = "completed"  # account and videos are saved
    FAILED = "failed"  # `error` holds the reason, for people
    CANCELLED = "cancelled"  # by its user


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PROCESSING, Status.FAILED, Status.CANCELLED}),
    Status.PROCESSING: frozenset(
        {Status.PROCESSING, Status.PENDING, Status.COMPLETED, Status.FAILED, Status.CANCELLED}
    ),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset({Status.PENDING}),
}


OPEN = frozenset({Status.PENDING, Status.PROCESSING})
FINISHED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class ChangeKind(StrEnum):
    """The purpose of a change. Each kind has a function of the same name below."""

    CLAIM = "claim"  # a tick takes the job to start it
    RELEASE = "release"  # Step Functions, Lambda or Apify had no place for it; it waits again
    EXPIRE = "expire"  # its lease ran out; it waits again
    PAUSE = "pause"  # its platform refuses our requests for now; it waits again
    RENEW = "renew"  # its execution is alive
    ADVANCE = "advance"  # a state of its execution is done
    ANNOUNCE = "announce"  # a state of its execution failed, and will run once more
    NOTE = "note"  # a state reports something before it is done
    RECORD = "record"  # a paid run at its platform is about to begin, or has begun
    HAND_OVER = "hand_over"  # a further execution goes on with the same attempt
    SPEND = "spend"  # a state that failed reports what it spent; the status stays
    HOLD = "hold"  # it was there before this system and does not start by itself; the status stays
    KEEP = "keep"  # the cleanup says until when the finished job stays; so does the status
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"  # by its user
    RETRY = "retry"  # by its user


LEADS_TO: Mapping[ChangeKind, Status] = {
    ChangeKind.CLAIM: Status.PROCESSING,
    ChangeKind.RELEASE: Status.PENDING,
    ChangeKind.EXPIRE: Status.PENDING,
    ChangeKind.PAUSE: Status.PENDING,
    ChangeKind.RENEW: Status.PROCESSING,
    ChangeKind.ADVANCE: Status.PROCESSING,
    ChangeKind.ANNOUNCE: Status.PROCESSING,
    ChangeKind.NOTE: Status.PROCESSING,
    ChangeKind.RECORD: Status.PROCESSING,
    ChangeKind.HAND_OVER: Status.PROCESSING,
    ChangeKind.COMPLETE: Status.COMPLETED,
    ChangeKind.FAIL: Status.FAILED,
    ChangeKind.CANCEL: Status.CANCELLED,
    ChangeKind.RETRY: Status.PENDING,
}
"""The status that each kind writes. SPEND, HOLD and KEEP are missing here, because they write none."""


class PlatformName(StrEnum):
    """A platform of contracts/platforms.json, in the file's order. The entry `threads` is `PlatformName.THREADS`."""

    if TYPE_CHECKING:  # type checkers cannot read the file; list the members that the code names
        INSTAGRAM = "instagram"
        TIKTOK = "tiktok"
        YOUTUBE = "youtube"
        TWITTER = "twitter"
    else:
        locals().update({name.upper(): name for name in PLATFORMS})

    @property
    def label(self) -> str:
        """The platform's name for people."""
        return PLATFORMS[self].label


class AccountType(StrEnum):
    MY = "my"
    COMPETITOR = "competitor"


class Progress(IntEnum):
    """The work done for a job, in per cent. It never goes down within an attempt."""

    CREATED = 0
    ACCOUNT_FETCHED = 30
    ACCOUNT_SAVED = 50
    VIDEOS_FETCHED = 70
    VIDEOS_SAVED = 100


STEPS: Mapping[Progress, str] = {
    Progress.ACCOUNT_FETCHED: "accountFetched",
    Progress.ACCOUNT_SAVED: "accountSaved",
    Progress.VIDEOS_FETCHED: "videosFetched",
}
"""The steps of an attempt whose times a job keeps. `startedAt` and `completedAt` are the times of its begin and end."""

EXECUTION_TIMEOUT_S = 300
"""Seconds. The same number as in statemachine/tracking.asl.json; a test compares them."""
LEASE = timedelta(seconds=EXECUTION_TIMEOUT_S + 60)
"""Longer than any execution can last, so a running execution never loses its job."""

REFRESH_KEPT = timedelta(days=2)
"""The time after its last claim at which Firestore's TTL policy may delete a refresh, whatever became of it.

Its account's document says that, and when the next one is due.
"""
MAX_EXPIRIES = 3
"""After this many expired leases the sweep fails the job."""
HELD = say("onHold")
"""The message of a job that is on hold (`tracking.adoption`)."""
WAITING = say("waiting")
"""Front ends write this message and the next one themselves, without a code, as contracts/job.json says."""
CANCELLED = say("cancelled")
NO_PLACE = say("noPlace")
LEASE_EXPIRED = "LeaseExpired"

MAX_USERNAME_LENGTH = 100
LARGEST_ATTEMPT = 1_000_000
"""The largest attempt number accepted from a document.

Firestore cannot store the number after its largest integer. A claim with that number would fail, with its whole batch.
"""
LARGEST_PART = 10_000
"""The largest `part` accepted from a document: far more executions than an attempt can have."""

Fields = dict[str, Any]

DOCUMENT_FIELDS = (
    # written by front ends
    *("orgId", "projectId", "userId", "username", "platform", "accountType", "status", "progress", "message"),
    *("createdAt", "retryCount"),
    # added by this system
    *("accountId", "error", "errorCode", "startedAt", "completedAt", "attempt", "claimId", "claimProgress"),
    *("leaseUntil", "executionArn", "updatedAt", "priority", "expiries", "expireAt", "runs", "part", "resume"),
    *("spent", "messageCode", "messageParams", "steps"),
)
"""All fields of a job's document that are ours, as in contracts/job.json. Other fields may exist, up to a megabyte."""
SPENT_IS_WHOLE = "spentIsWhole"
READ_FIELDS = (*DOCUMENT_FIELDS, "refreshOrder", SPENT_IS_WHOLE)
"""The fields that a store reads: also those of a refresh, which no job of a user has: its order (`tracking.refreshes`),
and whether `spent` holds all that it spent (`tracking.budgets`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The document `trackingJobs/{job_id}`, checked. Times are aware UTC."""

    job_id: str
    org_id: str
    project_id: str
    user_id: str
    username: str  # as typed; the platform module normalises it
    platform: PlatformName
    account_type: AccountType
    status: Status
    created_at: datetime  # set by the front end; decides which job waited longest
    document_created_at: datetime  # set by Firestore: changes when a job is deleted and created again
    progress: int = 0
    message: str = ""
    retry_count: int = 0  # automatic retries announced so far in this attempt
    attempt: int = 0  # counts claims
    claim_id: str = ""  # random, new with each claim
    claim_progress: int = 0  # the `progress` of our last commit; if `progress` differs, somebody edited the job
    priority: int = 0  # higher goes first within an organisation
    account_id: str | None = None
    error: str | None = None
    error_code: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    lease_until: datetime | None = None
    execution_arn: str | None = None
    expiries: int = 0  # leases that expired since its user last queued the job
    runs: Mapping[str, str] = field(default_factory=dict)  # ids of paid runs, by kind; "": about to begin
    part: int = 1  # which execution of the attempt works on the job
    resume: Mapping[str, Any] = field(default_factory=dict)  # where a further execution goes on: `tracking.parts`
    refresh: Mapping[str, Any] = field(default_factory=dict)  # of a refresh alone: `tracking.refreshes.Order`

    @classmethod
    def from_document(cls, job_id: str, data: Mapping[str, Any], document_created_at: datetime) -> Self:
        """Check a document that anyone may have written. InvalidJobError names the first wrong field."""
        read = _Reader(data)
        return cls(
            job_id=job_id,
            org_id=read.path_id("orgId"),
            project_id=read.path_id("projectId"),
            user_id=read.path_id("userId"),
            username=read.username(),
            platform=read.one_of("platform", PlatformName),
            account_type=read.one_of("accountType", AccountType),
            status=read.one_of("status", Status),
            created_at=read.moment("createdAt") or document_created_at,
            document_created_at=document_created_at,
            progress=read.whole("progress", 0, 100),
            message=read.text("message") or "",
            retry_count=read.whole("retryCount", 0),
            attempt=read.whole("attempt", 0, LARGEST_ATTEMPT),
            claim_id=read.text("claimId") or "",
            claim_progress=read.whole("claimProgress", 0, 100),
            priority=read.whole("priority"),
            account_id=read.text("accountId"),
            error=read.text("error"),
            error_code=read.text("errorCode"),
            started_at=read.moment("startedAt"),
            completed_at=read.moment("completedAt"),
            lease_until=read.moment("leaseUntil"),
            execution_arn=read.text("executionArn"),
            expiries=read.whole("expiries", 0),
            runs=read.texts("runs"),
            part=read.whole("part", 0, LARGEST_PART) or 1,
            resume=read.map("resume"),
            refresh=read.map("refreshOrder"),
        )

    def next_attempt(self) -> Self:
        """Return the job as its next claim makes it: with the next attempt number and a new random claim id."""
        attempt, claim_id = self.attempt + 1, secrets.token_hex(8)
        return replace(self, attempt=attempt, claim_id=claim_id, part=1, runs={}, resume={})


_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class _Reader:
    """Reads one document's fields. Each method returns a checked value or raises InvalidJobError."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def _value(self, name: str, kind: type[_T]) -> _T | None:
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or isinstance(value, bool):
            expected = {str: "text", int: "a whole number", datetime: "a timestamp", dict: "a map"}[kind]
            raise InvalidJobError(say("invalidField", field=name, expected=expected))
        return value

    def text(self, name: str) -> str | None:
        value = self._value(name, str)
        try:
            (value or "").encode()
        except UnicodeEncodeError:  # half a surrogate pair: a command line can pass it, no database can store it
            raise InvalidJobError(say("invalidField", field=name, expected="text")) from None
        return value

    def moment(self, name: str) -> datetime | None:
        return self._value(name, datetime)

    def whole(self, name: str, minimum: int | None = None, maximum: int | None = None) -> int:
        value = self._value(name, int) or 0
        if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            limit = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise InvalidJobError(say("invalidField", field=name, expected=limit))
        return value

    def map(self, name: str) -> dict[str, Any]:
        return self._value(name, dict) or {}

    def texts(self, name: str) -> dict[str, str]:
        """Return a map whose values are texts."""
        found = self.map(name)
        if not all(isinstance(value, str) for value in found.values()):
            raise InvalidJobError(say("invalidField", field=name, expected="a map of texts"))
        return found

    def path_id(self, name: str) -> str:
        """Return an id that becomes part of a document's path."""
        value = self.text(name)
        if not value:
            raise InvalidJobError(say("missingField", field=name))
        if len(value) > MAX_ID_LENGTH or not is_document_id(value):
            raise InvalidJobError(say("invalidId", field=name))
        return value

    def username(self) -> str:
        """Return the username. It must hold a visible character, not only spaces, control and format characters.

        firestore.rules checks the same for front ends. The categories:
        https://www.unicode.org/reports/tr44/#General_Category_Values
        """
        value = self.text("username") or ""
        if all(unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf") for char in value):
            raise InvalidJobError(say("missingField", field="username"))
        if len(value) > MAX_USERNAME_LENGTH:
            raise InvalidJobError(say("usernameTooLong", limit=MAX_USERNAME_LENGTH))
        return value

    def one_of(self, name: str, choices: type[_E]) -> _E:
        value = self.text(name)
        try:
            return choices(value or "")
        except ValueError:
            expected = f"one of: {', '.join(choices)}"
            raise InvalidJobError(say("invalidField", field=name, expected=expected)) from None


def ended_at(data: Mapping[str, Any], updated_at: datetime) -> datetime:
    """Return when a finished job ended.

    The result is `completedAt` if this is a timestamp and not later than the last write. Otherwise it is the time of
    the last write. `data` may be malformed, because malformed jobs must be deleted in time, too.
    """
    completed_at = data.get("completedAt")
    return completed_at if isinstance(completed_at, datetime) and completed_at <= updated_at else updated_at


ENDINGS = frozenset({ChangeKind.COMPLETE, ChangeKind.FAIL})
"""The kinds of change with which this system ends a job. A cancellation is missing here, because the user makes it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a job: its purpose, and the document's fields to set. Other fields stay unchanged.

    Raises ValueError if the fields set another status than `LEADS_TO` has for the kind.
    """

    kind: ChangeKind
    fields: Fields
    spent: Spent = field(default_factory=dict)
    """Amounts that the write adds to those of the document's field `spent`."""
    steps: Mapping[str, datetime] = field(default_factory=dict)
    """Times, by names of STEPS, that the write adds to those of the document's field `steps`."""

    def __post_init__(self) -> None:
        if self.fields.get("status", LEADS_TO.get(self.kind)) != LEADS_TO.get(self.kind):
            raise ValueError(f"a change of kind {self.kind} may not make a job {self.fields['status']}")


def _change(kind: ChangeKind, from_: Status, now: datetime, **fields: Any) -> Change:
    to = LEADS_TO[kind]
    if to not in TRANSITIONS[from_]:
        raise ValueError(f"a {from_} job may not become {to}")
    return Change(kind, {"status": str(to), "updatedAt": now} | fields)


def _saying(sentence: Sentence) -> Fields:
    """Return the fields of a job's message. With very long parameters it has no code, and stays English."""
    has_code = sentence.code != "" and stored_bytes(dict(sentence.params)) <= MAX_PARAMS_BYTES
    return {
        "message": cut(sentence.text, MAX_SENTENCE_BYTES),
        "messageCode": sentence.code if has_code else None,
        "messageParams": dict(sentence.params) if has_code and sentence.params else None,
    }


def claim(job: Job, now: datetime, execution_arn: str, lease: timedelta = LEASE) -> Change:
    """Take the job until the lease ends, and clear the fields of earlier attempts.

    `job`: the waiting job after `next_attempt`. Raises ValueError if it is not pending.
    """
    if job.status is not Status.PENDING:
        raise ValueError(f"a {job.status} job may not be claimed")
    return _change(
        ChangeKind.CLAIM,
        job.status,
        now,
        attempt=job.attempt,
        claimId=job.claim_id,
        claimProgress=int(Progress.CREATED),
        leaseUntil=now + lease,
        startedAt=now,
        executionArn=execution_arn,
        progress=int(Progress.CREATED),
        retryCount=0,
        **_saying(say("lookingUp", platform=job.platform.label)),
        error=None,
        errorCode=None,
        completedAt=None,
        expireAt=now + REFRESH_KEPT if job.refresh else None,
        runs=None,
        part=1,
        resume=None,
        steps=None,
        **({SPENT_IS_WHOLE: None} if job.refresh else {}),
    )


def release(now: datetime, message: Sentence = NO_PLACE) -> Change:
    """Return a job to the queue after its execution, or something that it needs, found no place.

    It counts neither as a retry nor as an expiry. The job's attempt number is used up, because an execution with this
    attempt's name may run after all: a first request started it, the reply was lost, and the repeated request was
    refused. That execution is a stale attempt, so it cannot write.
    """
    return _back_to_queue(ChangeKind.RELEASE, now, message)


def expire(job: Job, now: datetime) -> Change:
    """Return a job to the queue when its lease expired and nothing runs; `fail` it after the last allowed expiry."""
    expiries = job.expiries + 1
    if expiries >= MAX_EXPIRIES:
        return fail(Status.PROCESSING, now, say("neverEnded", times=expiries), LEASE_EXPIRED)
    return _back_to_queue(ChangeKind.EXPIRE, now, say("interrupted"), expiries=expiries)


def pause(now: datetime, message: Sentence) -> Change:
    """Return a job to the queue because its platform refuses our requests for now.

    A pause counts neither as a retry nor as an expiry. It only uses up the attempt number.
    """
    return _back_to_queue(ChangeKind.PAUSE, now, message)


def _back_to_queue(kind: ChangeKind, now: datetime, message: Sentence, **fields: Any) -> Change:
    """Make a job pending again. Its attempt number stays, and the next claim counts on from it."""
    return _change(
        kind,
        Status.PROCESSING,
        now,
        **_saying(message),
        progress=int(Progress.CREATED),
        retryCount=0,
        leaseUntil=None,
        startedAt=None,
        executionArn=None,
        **fields,
    )


def renew(now: datetime, lease: timedelta = LEASE) -> Change:
    """Give a running execution a new lease. The execution's time-out limits how often this happens."""
    return _change(ChangeKind.RENEW, Status.PROCESSING, now, leaseUntil=now + lease)


def advance(now: datetime, progress: Progress, message: Sentence, **fields: Any) -> Change:
    """Record that one state of the attempt is done, and when."""
    reached = {"progress": int(progress), "claimProgress": int(progress)}
    change = _change(ChangeKind.ADVANCE, Status.PROCESSING, now, **_saying(message), **reached, **fields)
    return replace(change, steps={STEPS[progress]: now} if progress in STEPS else {})


def announce(now: datetime, message: Sentence, retry_count: int) -> Change:
    """Announce that a state will run again. Progress stays. `retry_count`: retries of the whole attempt."""
    return _change(ChangeKind.ANNOUNCE, Status.PROCESSING, now, **_saying(message), retryCount=retry_count)


def note(now: datetime, message: Sentence) -> Change:
    """Report something before the state is done. Progress stays."""
    return _change(ChangeKind.NOTE, Status.PROCESSING, now, **_saying(message))


def record(now: datetime, runs: Mapping[str, str]) -> Change:
    """Record the attempt's paid runs: ids by kind. The id "" says that a run is about to begin. Progress stays."""
    return _change(ChangeKind.RECORD, Status.PROCESSING, now, runs=dict(runs))


def hand_over(
    now: datetime,
    part: int,
    execution_arn: str,
    resume: Fields,
    message: Sentence,
    lease: timedelta = LEASE,
    **fields: Any,
) -> Change:
    """Give the job to a further execution of the same attempt. Progress stays, and the lease begins anew.

    `part`: the number of that execution. `resume`: what it needs to go on, as `tracking.parts` defines it.
    """
    return _change(
        ChangeKind.HAND_OVER,
        Status.PROCESSING,
        now,
        part=part,
        executionArn=execution_arn,
        leaseUntil=now + lease,
        resume=resume,
        **_saying(message),
        **fields,
    )


def spend(now: datetime, spent: Spent) -> Change:
    """Record what was spent. The status stays, so this change may be made to a job of any status."""
    return Change(ChangeKind.SPEND, {"updatedAt": now}, spent)


def hold() -> Change:
    """Say that a pending job waits for an operator. The status stays.

    `updatedAt` stays, too: by it a query finds the jobs that their users retry, and passes over the held ones.
    """
    return Change(ChangeKind.HOLD, _saying(HELD))


def keep(now: datetime, ended: datetime, until: datetime) -> Change:
    """Say when a finished job ended, and when Firestore's TTL policy may delete it. The status stays."""
    return Change(ChangeKind.KEEP, {"updatedAt": now, "completedAt": ended, "expireAt": until})


def complete(now: datetime, message: Sentence, account_id: str) -> Change:
    """Complete a job whose account and videos are saved.

    Only `store.CompletingWrite` takes this change; it also writes the account's document.
    """
    return _change(
        ChangeKind.COMPLETE,
        Status.PROCESSING,
        now,
        progress=int(Progress.VIDEOS_SAVED),
        claimProgress=int(Progress.VIDEOS_SAVED),
        **_saying(message),
        accountId=account_id,
        completedAt=now,
        leaseUntil=None,
    )


def fail(from_: Status, now: datetime, error: Sentence, error_code: str) -> Change:
    """Fail a job. Its message is the error's sentence, so the message's code is the error's, too.

    `error_code`: a class name of `tracking.errors`, or a code of `tracking.outcomes`.
    """
    saying = _saying(error)
    return _change(
        ChangeKind.FAIL,
        from_,
        now,
        **saying,
        error=saying["message"],
        errorCode=error_code,
        completedAt=now,
        leaseUntil=None,
        expiries=0,
    )


UserChange = Callable[[Status, datetime], Change]
"""A function that builds a user's change from the job's status and the time."""


def cancel(from_: Status, now: datetime) -> Change:
    return _change(
        ChangeKind.CANCEL,
        from_,
        now,
        message=CANCELLED.text,
        completedAt=now,
        leaseUntil=None,
        expiries=0,
    )


def retry(from_: Status, now: datetime) -> Change:
    """Put a finished job back into the queue for its user. The next claim starts a new attempt."""
    if from_ is Status.PROCESSING:
        raise ValueError(f"a {from_} job may not be retried")
    return _change(
        ChangeKind.RETRY,
        from_,
        now,
        progress=int(Progress.CREATED),
        message=WAITING.text,
        retryCount=0,
        error=None,
        errorCode=None,
        startedAt=None,
        completedAt=None,
        leaseUntil=None,
        executionArn=None,
        expireAt=None,
    )


def new(
    *,
    org_id: str,
    project_id: str,
    user_id: str,
    username: str,
    platform: PlatformName,
    account_type: AccountType,
    now: datetime,
) -> Fields:
    """Return a new job's document, as front ends write it."""
    return {
        "orgId": org_id,
        "projectId": project_id,
        "userId": user_id,
        "username": username,
        "platform": str(platform),
        "accountType": str(account_type),
        "status": str(Status.PENDING),
        "progress": int(Progress.CREATED),
        "message": WAITING.text,
        "createdAt": now,
        "retryCount": 0,
    }
