"""The store of jobs, accounts and videos: a protocol for each of its users, and one of all, which both adapters meet.

A store knows documents, versions and preconditions. Of a job's rules it knows two: a job is completed together with
its account, and ended together with what rides with its ending. The others stand above it (`tracking.jobs`,
`tracking.fence`, `trigger.claim`), once for both stores:

    store.firestore   Firestore, or its emulator
    store.memory      its twin for tests; `tests/contract` holds the two together

Every call has a time-out. StoreUnavailableError when the store does not answer; it may be retried. Calls that return
many jobs read their DOCUMENT_FIELDS alone: a document may hold a megabyte of somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tracking import jobs
from tracking.jobs import ENDINGS, Change, ChangeKind, Fields, Job, PlatformName, Status

MAX_WRITES_PER_COMMIT = 500
MAX_BYTES_PER_COMMIT = 3_500_000
"""Below the 4 MiB at which the emulator refuses a message; Firestore itself allows 10 MiB:
https://firebase.google.com/docs/firestore/quotas#writes_and_transactions"""


class StaleVersionError(Exception):
    """The document is not as it was when its version was read. Nothing was written."""


class DocumentExistsError(Exception):
    """A document that was to be created is there already. Nothing was written."""


class DocumentMissingError(Exception):
    """A document that was to be there already is not. Nothing was written."""


class WriteRefusedError(Exception):
    """The database does not take what was to be written: it is too large, or malformed. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Unwritable:
    """The answer to one of many writes that the database refused for itself, not for its version."""

    code: str
    """Google's name of the reason: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto"""

    @property
    def is_lasting(self) -> bool:
        """Whether the same write to the same document is refused next time, too."""
        return self.code == "INVALID_ARGUMENT"


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job's document as it was at one moment, unchecked."""

    job_id: str
    data: dict[str, Any]
    version: str
    """Firestore's `update_time`, RFC 3339: grows with every write that changes anything; opaque to all but a store."""
    created_at: datetime
    updated_at: datetime
    """The moment of `version`: of the last write that changed anything, whoever made it."""

    def parse(self) -> Job:
        """InvalidJobError when the document is malformed."""
        return Job.from_document(self.job_id, self.data, self.created_at)

    def holds(self, write: JobWrite) -> bool:
        """Whether the job is as the write left it. Its moment, `updatedAt`, is as good as unique."""
        return all(self.data.get(name) == value for name, value in write.change.fields.items())

    def ended_at(self) -> datetime:
        """Of a finished job, malformed or not."""
        return jobs.ended_at(self.data, self.updated_at)


@dataclass(frozen=True, slots=True)
class DocumentWrite:
    """Fields to set in another document; its other fields stay."""

    path: str  # slash-separated, from the root
    fields: Fields
    must_be_new: bool = False
    must_exist: bool = False


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
        """The documents that this write never goes without: all are written, or none."""
        return ()


@dataclass(frozen=True, slots=True)
class EndingWrite(JobWrite):
    """Ends a job, and writes the documents that ride with its ending. `endings.ending` alone makes one.

    ValueError for a change that ends no job, and for a rider that could keep it from ending.
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
    """Completes a job, and writes its account's document in the same commit.

    ValueError when the account is another than the job's, or is not written on behalf of this job.
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


def _refuse_conditions(riders: Sequence[DocumentWrite]) -> None:
    if any(rider.must_be_new or rider.must_exist for rider in riders):
        raise ValueError("What rides with an ending must not keep the job from ending.")


def refuse_completions(writes: Sequence[JobWrite]) -> None:
    """Raise ValueError for a completion: its account's preconditions have no answer among those of many writes."""
    if any(isinstance(write, CompletingWrite) for write in writes):
        raise ValueError("A job is completed by a commit of its own.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    org_id: str | None = None
    project_id: str | None = None
    status: Status | None = None


class TickStore(Protocol):
    """The jobs as a tick sees them: many at once, each of their writes on its own."""

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        """Pending and processing jobs together, in the order of their ids."""
        ...

    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        """Pending jobs, malformed ones too; from `from_id` on in the order of their ids.

        `without`: platforms that are left out; then so is a document that names no platform at all.
        """
        ...

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        """All that are being worked on, or ought to be, in the order of their ids."""
        ...

    def next_waiting_org(self, after: str, platforms: Collection[PlatformName]) -> str | None:
        """The first organisation after this id that has a pending job of one of the platforms."""
        ...

    def pending_of_org(self, org_id: str, platform: PlatformName, limit: int) -> list[JobSnapshot]:
        """The jobs to start first: at most `limit` with a priority over 0, and the oldest `limit` of all."""
        ...

    def get_jobs(self, job_ids: Sequence[str]) -> list[JobSnapshot]:
        """Those that are there, in any order; one request."""
        ...

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        """Any number of writes, each on its own with its companions: its job's new version; None where the job is gone
        or is not at the write's version any more; Unwritable where the write itself was refused.

        One request for each MAX_WRITES_PER_COMMIT, and one for each write with companions; after an error those of
        other requests may be written.
        """
        ...

    def get_document(self, path: str) -> dict[str, Any] | None: ...


class StateStore(Protocol):
    """One job, and what is saved with it: all that the states of an execution, and the news of its end, need."""

    def get_job(self, job_id: str) -> JobSnapshot | None: ...

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        """All or nothing, with the job's companions; the job's new version.

        StaleVersionError, DocumentExistsError, DocumentMissingError (the job may be missing, too), WriteRefusedError.
        At most MAX_WRITES_PER_COMMIT writes, MAX_BYTES_PER_COMMIT bytes.
        """
        ...


class CleanupStore(Protocol):
    """Jobs that have ended, and the place where the last walk through them stopped."""

    def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
        """Completed, failed and cancelled jobs, malformed ones too; from `from_id` on in the order of their ids."""
        ...

    def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
        """Delete at most 500 jobs, each only if it is still as it was read; how many were."""
        ...

    def get_document(self, path: str) -> dict[str, Any] | None: ...

    def put_document(self, write: DocumentWrite) -> None:
        """Outside of any job, with no precondition but `must_be_new`."""
        ...


class CommandLineStore(StateStore, CleanupStore, Protocol):
    """The work of people: they add, list, change and delete jobs, and end pauses."""

    def create_job(self, fields: dict[str, Any]) -> str:
        """A new job's id."""
        ...

    def list_jobs(self, where: JobFilter, limit: int) -> list[JobSnapshot]:
        """Newest first, by `createdAt`."""
        ...


class Store(TickStore, CommandLineStore, Protocol):
    """All of it, as both adapters do it."""

    def get_documents(self, collection: str) -> dict[str, dict[str, Any]]:
        """All documents of a collection, by id. For people and tests: one read each."""
        ...


def account_path(org_id: str, project_id: str, account_id: str) -> str:
    return f"organizations/{org_id}/projects/{project_id}/trackedAccounts/{account_id}"
