"""The store of jobs, accounts and videos: one protocol for each part that uses the store, and one for everything.

A store handles documents, versions and preconditions. It knows only two rules about jobs: a job is completed together
with its account, and ended together with its ending's riders. All other rules are in other modules (`tracking.jobs`,
`tracking.fence`, `trigger.claim`), so these rules are the same for both stores:

    store.firestore   Firestore, or its emulator
    store.memory      its twin for tests; `tests/contract` compares the two

Every call has a time-out. A call raises StoreUnavailableError when the store does not answer. The caller may try again.
Calls that return many jobs read only DOCUMENT_FIELDS, because a document may hold a megabyte of other fields.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tracking import jobs
from tracking.jobs import ENDINGS, Change, ChangeKind, Fields, Job, PlatformName, Status

JOBS = "trackingJobs"
"""The collection of the jobs that users write."""
REFRESHES = "refreshJobs"
"""The collection of the jobs with which the system keeps accounts current. A store works on one of the two."""
OUTBOX = "outbox"
"""The collection of the events (`tracking.events`). Only the functions and the command line read and write it."""
MAIL = "mail"
"""The collection of the mails (`tracking.mail`). Only the functions, and a sender of the customer's, use it."""
MAIL_WINDOWS = "mailWindows"
"""The collections of what the next mails will say: one in each organisation, with a document for each person."""
MAX_WRITES_PER_COMMIT = 500
MAX_BYTES_PER_COMMIT = 3_500_000
"""Below 4 MiB, where the emulator refuses a message. Firestore itself allows 10 MiB:
https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
"""
MAX_INDEXED_BYTES_PER_COMMIT = 9_000_000
"""Firestore refuses a commit that has more than 10 MiB together with its index entries, as "Transaction too big".

The entries count: https://github.com/firebase/firebase-tools/issues/1036. The rest is a margin, for composite indexes
and for what Google does not say.
"""


class StaleVersionError(Exception):
    """The document has changed since its version was read. Nothing was written."""


class DocumentExistsError(Exception):
    """A document that was to be created exists already. Nothing was written."""


class DocumentMissingError(Exception):
    """A document that must exist does not exist. Nothing was written."""


class WriteRefusedError(Exception):
    """The database refuses the data, because a document or the whole commit is too large, or a value is malformed.

    Nothing was written.
    """


@dataclass(frozen=True, slots=True)
class Unwritable:
    """The answer to a write that the database refused for another reason than the job's version."""

    code: str
    """Google's name of the reason: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto"""

    @property
    def is_lasting(self) -> bool:
        """Return whether the same write to the same document would be refused again."""
        return self.code == "INVALID_ARGUMENT"


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job's document as it was at one moment, unchecked."""

    job_id: str
    data: dict[str, Any]
    version: str
    """Firestore's `update_time` as RFC 3339. Every write that changes something increases it. Only a store reads it."""
    created_at: datetime
    updated_at: datetime
    """Time of the last write that changed something, by any writer: the same moment as `version`."""

    def parse(self) -> Job:
        """Check the document. Raises InvalidJobError when it is malformed."""
        return Job.from_document(self.job_id, self.data, self.created_at)

    def holds(self, write: JobWrite) -> bool:
        """Return whether the job has all fields as the write set them. Their `updatedAt` is practically unique."""
        return all(self.data.get(name) == value for name, value in write.change.fields.items())

    def ended_at(self) -> datetime:
        """Return when a finished job ended. The job may be malformed."""
        return jobs.ended_at(self.data, self.updated_at)


@dataclass(frozen=True, slots=True)
class DocumentWrite:
    """Fields to set in another document. Its other fields stay unchanged.

    Without a precondition, maps are joined: the other entries of a map stay, at any depth. With one, a map replaces the
    map that was there. So does an empty map in any case.
    """

    path: str  # slash-separated, from the root
    fields: Fields
    must_be_new: bool = False
    must_exist: bool = False
    version: str | None = None  # the version that the document must still have; None: any


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document that is no job, as it was at one moment."""

    fields: Fields
    version: str  # as in `JobSnapshot`


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account whose refresh is due."""

    path: str
    fields: Fields

    @property
    def due_at(self) -> datetime:
        moment: datetime = self.fields["nextRefreshAt"]
        return moment

    @property
    def platform(self) -> PlatformName:
        return PlatformName(self.fields["platform"])


@dataclass(frozen=True, slots=True)
class JobWrite:
    """A change to a job that must exist and still be at `version`."""

    job_id: str
    change: Change
    version: str

    def __post_init__(self) -> None:
        if self.change.kind is ChangeKind.COMPLETE:
            raise ValueError("A job is completed together with its account's document alone: by a CompletingWrite.")
        if self.change.kind in ENDINGS:
            raise ValueError("A job is ended together with what rides with its ending: by an EndingWrite.")

    @property
    def companions(self) -> tuple[DocumentWrite, ...]:
        """The documents that must be written together with this write: all of them, or none."""
        return ()


@dataclass(frozen=True, slots=True)
class EndingWrite(JobWrite):
    """A write that ends a job and also writes the ending's riders. Only `endings.ending` makes one.

    Raises ValueError for a change that does not end a job, and for a rider whose precondition could prevent the ending.
    """

    riders: tuple[DocumentWrite, ...]

    def __post_init__(self) -> None:
        if self.change.kind is ChangeKind.COMPLETE:
            raise ValueError("A job is completed together with its account's document alone: by a CompletingWrite.")
        if self.change.kind not in ENDINGS:
            raise ValueError(f"A change of kind {self.change.kind} ends no job.")
        _refuse_conditions(self.riders)

    @property
    def companions(self) -> tuple[DocumentWrite, ...]:
        return self.riders


@dataclass(frozen=True, slots=True)
class CompletingWrite(EndingWrite):
    """A write that completes a job and also writes the account's document, in the same commit.

    Raises ValueError when the document is not the job's account, or was not written for this job.
    """

    account: DocumentWrite

    def __post_init__(self) -> None:
        if self.change.kind is not ChangeKind.COMPLETE:
            raise ValueError(f"A change of kind {self.change.kind} completes no job.")
        _refuse_conditions(self.riders)
        is_of_job = self.account.fields.get("lastJobId") == self.job_id
        if not is_of_job or self.account.path.rpartition("/")[2] != self.change.fields["accountId"]:
            raise ValueError(f"The document {self.account.path} is not the account that this job saved.")

    @property
    def companions(self) -> tuple[DocumentWrite, ...]:
        return (self.account, *self.riders)


def refuse_unconditional(writes: Sequence[DocumentWrite]) -> None:
    """Raise ValueError for a write without a precondition: made twice, it could undo a later change."""
    if any(not write.must_be_new and write.version is None for write in writes):
        raise ValueError("Each write must be new or name a version.")


def _refuse_conditions(riders: Sequence[DocumentWrite]) -> None:
    if any(rider.must_be_new or rider.must_exist or rider.version for rider in riders):
        raise ValueError("What rides with an ending must not keep the job from ending.")


def refuse_completions(writes: Sequence[JobWrite]) -> None:
    """Raise ValueError for a completion: `write_each` has no answer for a failed precondition of the account."""
    if any(isinstance(write, CompletingWrite) for write in writes):
        raise ValueError("A job is completed by a commit of its own.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    org_id: str | None = None
    project_id: str | None = None
    status: Status | None = None


class JobsWriter(Protocol):
    """Writes to many jobs at once."""

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        """Make any number of writes. Each is independent of the others, and is made together with its companions.

        Return an answer for each write: the job's new version; None if the job was deleted or has another version;
        Unwritable if the write itself was refused.
        Sends one request for each MAX_WRITES_PER_COMMIT writes without companions, and one for each write with
        companions. After an error, the writes of other requests may have been made.
        """
        ...


class TickStore(JobsWriter, Protocol):
    """The jobs as a tick uses them: many at once, with an independent write for each."""

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        """Return pending and processing jobs together, in the order of their ids."""
        ...

    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        """Return pending jobs, malformed ones too, from `from_id` on in the order of their ids.

        `without`: platforms to leave out. If there are any, documents without a platform are left out, too.
        """
        ...

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        """Return up to `limit` `processing` jobs, in the order of their ids."""
        ...

    def count_processing(self) -> int:
        """Return the number of `processing` jobs. Costs one read for each 1,000 of them."""
        ...

    def expired_jobs(self, now: datetime, limit: int) -> list[JobSnapshot]:
        """Return up to `limit` `processing` jobs whose `leaseUntil` is a time up to `now`, the oldest lease first."""
        ...

    def next_waiting_org(self, after: str, platforms: Collection[PlatformName]) -> str | None:
        """Return the first organisation after this id that has a pending job of one of the platforms."""
        ...

    def pending_of_org(
        self, org_id: str, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        """Return the jobs of these platforms to start first: up to `limit` with a priority over 0, then the oldest.

        `since`: of the jobs without a priority, the oldest and the longest unchanged ones (`updatedAt`) since then, up
        to `limit` of each.
        """
        ...

    def oldest_pending(
        self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        """Return the pending jobs with the smallest `createdAt`. Jobs without this timestamp are left out.

        `since`: leave out jobs that were created earlier.
        """
        ...

    def get_jobs(self, job_ids: Sequence[str]) -> list[JobSnapshot]:
        """Return those jobs that exist, in any order. One request."""
        ...

    def get_stored(self, path: str) -> StoredDocument | None:
        """Return a document with its version, or None if there is none."""
        ...

    def put_document(self, write: DocumentWrite) -> str:
        """Write a document outside of any job, and return its new version.

        Raises StaleVersionError if it has another version than `write.version` or is gone. Raises DocumentExistsError
        if it must be new and is not. `must_exist` is not possible here.
        """
        ...


class RefreshStore(TickStore, Protocol):
    """The refreshes as their tick uses them, and the accounts that are due."""

    def due_accounts(
        self, now: datetime, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[DueAccount]:
        """Return accounts of these platforms whose `nextRefreshAt` is a time up to `now`, of any project.

        The earliest come first. `since`: leave out those that were due before.
        """
        ...

    def count_due(self, until: datetime, platforms: Collection[PlatformName]) -> int:
        """Return the number of accounts of these platforms whose `nextRefreshAt` is a time up to `until`.

        Costs one read for each 1,000 of them.
        """
        ...

    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        """Return the documents that exist with their versions, by path. One request."""
        ...

    def create_jobs(self, jobs: Mapping[str, Fields]) -> dict[str, JobSnapshot | None]:
        """Create at most MAX_WRITES_PER_COMMIT jobs by their ids, each independently. One request.

        Return the new jobs, and None for those that exist already. What the database refused is missing.
        """
        ...

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        """Change documents that must exist, as in `DocumentStore`."""
        ...


class StateStore(Protocol):
    """One job and the documents saved with it: enough for the states of an execution and for the reconcile function."""

    def get_job(self, job_id: str) -> JobSnapshot | None: ...

    def get_each(self, paths: Collection[str]) -> dict[str, Fields]:
        """Return the documents that exist, by path. One request."""
        ...

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        """Write the job, its companions and the documents: all or nothing. Return the job's new version.

        Raises StaleVersionError, DocumentExistsError, DocumentMissingError (the missing document may be the job itself)
        and WriteRefusedError, also for a commit that is too large. At most MAX_WRITES_PER_COMMIT writes,
        MAX_BYTES_PER_COMMIT bytes, and MAX_INDEXED_BYTES_PER_COMMIT bytes with index entries.
        """
        ...

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        """Change documents that must exist, as in `DocumentStore`."""
        ...


class CleanupStore(JobsWriter, Protocol):
    """Finished jobs, the place where the last walk through them stopped, and documents that are due for a change."""

    def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
        """Return completed, failed and cancelled jobs, malformed ones too, from `from_id` on in id order."""
        ...

    def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
        """Delete at most 500 jobs, each only if it is unchanged since it was read. Return how many were deleted."""
        ...

    def get_document(self, path: str) -> dict[str, Any] | None: ...

    def get_stored(self, path: str) -> StoredDocument | None:
        """Return a document with its version, or None if there is none."""
        ...

    def put_document(self, write: DocumentWrite) -> str:
        """Write a document, as in `TickStore`."""
        ...

    def due_documents(
        self, group: str, field: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> dict[str, StoredDocument]:
        """Return documents of all collections of this name whose `field` is a time up to `now`, the earliest first.

        The keys are their paths. `after`: the time and the path of the last document of the page before.
        """
        ...

    def documents_in(self, collection: str, limit: int) -> dict[str, str]:
        """Return the paths of up to `limit` documents of a collection, with their versions. Costs a read for each."""
        ...

    def delete_each(self, documents: Mapping[str, str]) -> int:
        """Delete at most MAX_WRITES_PER_COMMIT documents, each only if it still has its version; return how many."""
        ...

    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        """Write documents and delete others: all or nothing. `deleted`: paths, with the versions they must still have.

        Raises StaleVersionError if a document has another version or is gone, DocumentExistsError if one must be new
        and is not, and WriteRefusedError. `must_exist` is not possible here.
        """
        ...


class MailStore(Protocol):
    """Windows and mails, and what says to whom they go."""

    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        """Return the documents that exist with their versions, by path. One request."""
        ...

    def put_document(self, write: DocumentWrite) -> str:
        """Write a document, as in `TickStore`."""
        ...

    def put_each(self, writes: Sequence[DocumentWrite]) -> list[str | Unwritable | None]:
        """Create or change documents, each independently, as in `NotifyStore`."""
        ...

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        """Change documents that must exist, as in `DocumentStore`."""
        ...

    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        """Write documents: all or nothing, as in `CleanupStore`."""
        ...

    def due_documents(
        self, group: str, field: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> dict[str, StoredDocument]:
        """Return documents whose `field` is a time up to `now`, as in `CleanupStore`."""
        ...

    def documents_with(
        self, collection: str, field: str, values: Collection[str | bool], limit: int, after: str | None = None
    ) -> dict[str, StoredDocument]:
        """Return up to `limit` documents of a collection whose `field` has one of the values, by path, in id order.

        `field` may name an entry of a map: `delivery.state`. At most 30 values. `after`: the path of the last document
        of the page before.
        """
        ...

    def has_open_job(self, org_id: str, user_id: str) -> bool:
        """Return whether the user has a pending or processing job in the organisation."""
        ...


class DocumentStore(Protocol):
    """A finished job's account and videos, and what is written beside their fields."""

    def get_job(self, job_id: str) -> JobSnapshot | None: ...

    def get_document(self, path: str) -> dict[str, Any] | None: ...

    def get_newest(self, collection: str, field: str, limit: int) -> dict[str, dict[str, Any]]:
        """Return the documents with the largest values of `field`, the largest first, by id.

        Documents without the field are left out.
        """
        ...

    def put_document(self, write: DocumentWrite) -> str:
        """Write a document, as in `TickStore`."""
        ...

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        """Change documents that must exist, each independently: at most MAX_WRITES_PER_COMMIT, without preconditions.

        Return for each whether it was changed: False if the document is gone, or the database refused the change.
        """
        ...


class NotifyStore(Protocol):
    """The outbox, the endpoints of webhooks, and their deliveries."""

    def due_events(self, now: datetime, limit: int) -> dict[str, StoredDocument]:
        """Return events of the outbox whose `dueAt` is a time up to `now`, the earliest first, by path."""
        ...

    def due_documents(
        self, group: str, field: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> dict[str, StoredDocument]:
        """Return due documents of all collections of a name, as in `CleanupStore`."""
        ...

    def stored_in(self, collection: str, limit: int) -> dict[str, StoredDocument]:
        """Return up to `limit` documents of a collection with their versions, by path, in the order of their ids."""
        ...

    def get_each(self, paths: Collection[str]) -> dict[str, Fields]:
        """Return the documents that exist, by path. One request."""
        ...

    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        """Return the documents that exist with their versions, by path. One request."""
        ...

    def put_each(self, writes: Sequence[DocumentWrite]) -> list[str | Unwritable | None]:
        """Create or change documents, each independently: at most MAX_WRITES_PER_COMMIT. One request.

        Each write must be new or name a version. Return for each the document's new version; None if its precondition
        does not hold; Unwritable if the write itself was refused.
        """
        ...

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        """Change documents that must exist, as in `DocumentStore`."""
        ...

    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        """Write documents and delete others, as in `CleanupStore`."""
        ...


class CommandLineStore(StateStore, CleanupStore, Protocol):
    """The operators' work: to add, list, change and delete jobs, and to end pauses."""

    def create_job(self, fields: dict[str, Any]) -> str:
        """Create a job and return its id."""
        ...

    def list_jobs(self, where: JobFilter, limit: int) -> list[JobSnapshot]:
        """Return the newest jobs first, by `createdAt`."""
        ...

    def jobs_ended_since(self, moment: datetime, limit: int, after: JobSnapshot | None = None) -> list[JobSnapshot]:
        """Return jobs, malformed ones too, whose `completedAt` is `moment` or later: the earliest end first.

        `after`: the last job of the page before. A job without this timestamp is left out.
        """
        ...

    def list_events(self, org_id: str, project_id: str | None, limit: int) -> dict[str, Fields]:
        """Return an organisation's newest events by id, the newest first. `project_id`: only those of this project."""
        ...

    def list_deliveries(
        self,
        endpoint_path: str,
        states: Collection[str],
        since: datetime,
        limit: int,
        after: tuple[datetime, str] | None = None,
    ) -> dict[str, Fields]:
        """Return an endpoint's deliveries by id: those of these states that were created since then, newest first.

        `after`: the `createdAt` and the id of the last one of the page before.
        """
        ...

    def list_mail(self, org_id: str, limit: int) -> dict[str, Fields]:
        """Return an organisation's newest mails by id, the newest first: those that are kept longest."""
        ...


class Store(RefreshStore, CommandLineStore, DocumentStore, NotifyStore, MailStore, Protocol):
    """All calls, as both adapters implement them."""

    def get_documents(self, collection: str) -> dict[str, dict[str, Any]]:
        """Return all documents of a collection, by id. Each costs one read, so only people and tests use this call."""
        ...


def account_path(org_id: str, project_id: str, account_id: str) -> str:
    return f"organizations/{org_id}/projects/{project_id}/trackedAccounts/{account_id}"
