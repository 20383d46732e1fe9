"""The store on Firestore: https://firebase.google.com/docs/firestore"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from google.api_core import exceptions as google
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.firestore_v1 import Client, CollectionReference, Increment, Query
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.bulk_batch import BulkWriteBatch
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.code_pb2 import Code

from tracking.errors import CredentialsError, StoreUnavailableError, TrackingError
from tracking.google_credentials import REFUSED
from tracking.jobs import FINISHED, OPEN, READ_FIELDS, PlatformName, Status
from tracking.sentences import say
from tracking.store import (
    JOBS,
    MAIL,
    MAX_WRITES_PER_COMMIT,
    OUTBOX,
    DocumentExistsError,
    DocumentMissingError,
    DocumentWrite,
    DueAccount,
    JobFilter,
    JobSnapshot,
    JobWrite,
    StaleVersionError,
    StoredDocument,
    Unwritable,
    WriteRefusedError,
    refuse_completions,
    refuse_unconditional,
)
from tracking.translating import translated

_FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_W = TypeVar("_W")

PARALLEL_COMMITS = 16
"""Threads for writes with companions. Each such write is a separate commit, which is about 20 ms of waiting."""

MAX_HALVINGS = 40
"""The most splits of one request in the search for bad writes: enough to find four, with at most about 80 requests."""

RPC_TIMEOUT_S = 10.0
RETRY_FOR_S = 15.0
"""Seconds for all tries of a call. The client's default for both limits is 60 s, which is more than a tick has.

A call takes at most twice RPC_TIMEOUT_S and RETRY_FOR_S: 35 s.
"""

UNUSABLE = "Our credentials for Firestore cannot be used."
TRANSLATION: tuple[tuple[type[Exception], type[TrackingError], str], ...] = (
    # the first match counts
    (google.Unauthenticated, CredentialsError, "Our credentials for Firestore are not accepted."),
    (google.PermissionDenied, CredentialsError, "Our credentials for Firestore lack a right."),
    (TransportError, StoreUnavailableError, "The service that signs us in to our database did not answer."),
    (GoogleAuthError, CredentialsError, UNUSABLE),
    (google.ServerError, StoreUnavailableError, "Our database did not answer."),
    (google.TooManyRequests, StoreUnavailableError, "Our database is overloaded."),
    (google.Aborted, StoreUnavailableError, "Our database was busy with the same document."),
    (google.Cancelled, StoreUnavailableError, "Our database gave the request up."),
    (google.RetryError, StoreUnavailableError, "Our database did not answer."),
)


def translate(error: Exception) -> Exception:
    """Return our error for one of Google's, or the error itself: then it is a mistake of ours, or a missing index."""
    if _is_refusal_in_disguise(error):
        return CredentialsError(say("databaseRefusesUs", detail=UNUSABLE), credential="google")
    for theirs, ours, sentence in TRANSLATION:
        if isinstance(error, theirs):
            if ours is CredentialsError:
                return CredentialsError(say("databaseRefusesUs", detail=sentence), "google")
            return ours(say("databaseTrouble", detail=sentence))
    return error


def _is_refusal_in_disguise(error: Exception) -> bool:
    """Return whether a call got no token, because Google refuses our key. gRPC reports this as UNAVAILABLE."""
    return isinstance(error, google.ServiceUnavailable) and REFUSED in str(error)


Renew = Callable[[float], None]
"""Called when Firestore refuses our token: the next call then has a newer one. Its argument is the begin of the refused
call, as `time.monotonic` gives it.
"""

_in_our_words = translated((google.GoogleAPIError, GoogleAuthError), translate)


def _translated(call: Callable[Concatenate[FirestoreStore, _P], _R]) -> Callable[Concatenate[FirestoreStore, _P], _R]:
    """Decorate a call of the store: errors become ours, and a call without an answer is made again by a new connection.

    A sandbox that was frozen may have a connection that the other side has forgotten, and gRPC would go on using it. A
    write that was made although its reply was lost is refused when it comes again, by its precondition. Each caller of
    a write handles that, because the client, too, tries again. So reads and writes are made again alike.
    """

    @_in_our_words
    @functools.wraps(call)
    def wrapper(store: FirestoreStore, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        used = store.client
        try:
            return call(store, *args, **kwargs)
        except google.DeadlineExceeded:
            store.reconnect(used)
            return call(store, *args, **kwargs)

    return wrapper


class Access(Protocol):
    """The way to Firestore, as `tracking.firestore_access` knows it."""

    def connect(self) -> Client:
        """Return a client with a connection of its own."""
        ...

    def renew(self, since: float) -> None:
        """Get newer credentials: Firestore refused those of a call that began at `since`, by `time.monotonic`."""
        ...


class _Patience:
    """Decides for one request whether the client sends it again."""

    def __init__(self, access: Access | None) -> None:
        self._access = access
        self._began_at = time.monotonic()

    def __call__(self, error: Exception) -> bool:
        if isinstance(error, google.ServiceUnavailable):
            return not _is_refusal_in_disguise(error)
        if isinstance(error, google.Unauthenticated | google.PermissionDenied) and self._access is not None:
            self._access.renew(self._began_at)
            self._access = None
            return True
        return False


class FirestoreStore:
    def __init__(self, client: Client, access: Access | None = None, queue: str = JOBS) -> None:
        """`access`: None for a client without credentials. `queue`: the collection of the jobs."""
        self.client = client
        self._access = access
        self._queue = queue

    def reconnect(self, used: Client) -> None:
        """Use a new connection in place of that of `used`, unless another thread has done so."""
        if self._access is not None and self.client is used:
            self.client = self._access.connect()

    @property
    def _jobs(self) -> CollectionReference:
        return self.client.collection(self._queue)

    @property
    def _call(self) -> dict[str, Any]:
        """The time-out and the retry of one call."""
        return {
            "timeout": RPC_TIMEOUT_S,
            "retry": Retry(predicate=_Patience(self._access), initial=0.1, maximum=2.0, timeout=RETRY_FOR_S),
        }

    @_translated
    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        query = self._jobs.where(filter=FieldFilter("status", "in", sorted(OPEN))).limit(limit)
        return [_snapshot(document) for document in _only_our_fields(query).stream(**self._call)]

    @_translated
    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        # Order by id: ordering by a field skips documents without it, and malformed jobs often lack fields.
        query: Any = self._jobs.where(filter=FieldFilter("status", "==", Status.PENDING))
        if without:
            query = query.where(filter=FieldFilter("platform", "not-in", sorted(without)))
        if from_id:
            query = query.order_by("__name__").start_at({"__name__": self._jobs.document(from_id)})
        return [_snapshot(document) for document in _only_our_fields(query.limit(limit)).stream(**self._call)]

    @_translated
    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        query = self._jobs.where(filter=FieldFilter("status", "==", Status.PROCESSING)).limit(limit)
        return [_snapshot(document) for document in _only_our_fields(query).stream(**self._call)]

    @_translated
    def count_processing(self) -> int:
        query: Any = self._jobs.where(filter=FieldFilter("status", "==", Status.PROCESSING))
        return sum(int(counted.value) for row in query.count().get(**self._call) for counted in row)

    @_translated
    def expired_jobs(self, now: datetime, limit: int) -> list[JobSnapshot]:
        query = (
            self._jobs.where(filter=FieldFilter("status", "==", Status.PROCESSING))
            .where(filter=FieldFilter("leaseUntil", "<=", now))
            .order_by("leaseUntil")
        )
        return [_snapshot(document) for document in _only_our_fields(query).limit(limit).stream(**self._call)]

    @_translated
    def next_waiting_org(self, after: str, platforms: Collection[PlatformName]) -> str | None:
        query = (
            self._jobs.where(filter=FieldFilter("status", "==", Status.PENDING))
            .where(filter=FieldFilter("platform", "in", sorted(platforms)))
            .where(filter=FieldFilter("orgId", ">", after))  # matches only texts; a cursor would match other types, too
            .order_by("orgId")
            .select(["orgId"])
            .limit(1)
        )
        return next((str(document.get("orgId")) for document in query.stream(**self._call)), None)

    @_translated
    def pending_of_org(
        self, org_id: str, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        of_org = (
            self._jobs.where(filter=FieldFilter("orgId", "==", org_id))
            .where(filter=FieldFilter("status", "==", Status.PENDING))
            .where(filter=FieldFilter("platform", "in", sorted(platforms)))
        )
        # Queries of their own, because ordering by a field skips documents without it.
        urgent = of_org.where(filter=FieldFilter("priority", ">", 0)).order_by("priority", Query.DESCENDING)
        if since is None:
            oldest = [of_org.order_by("createdAt")]
        else:
            dates = ("createdAt", "updatedAt")
            oldest = [of_org.where(filter=FieldFilter(date, ">=", since)).order_by(date) for date in dates]
        found = {
            document.id: _snapshot(document)
            for query in (urgent.order_by("createdAt"), *oldest)
            for document in _only_our_fields(query.limit(limit)).stream(**self._call)
        }
        return list(found.values())

    @_translated
    def oldest_pending(
        self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        query = (
            self._jobs.where(filter=FieldFilter("status", "==", Status.PENDING))
            .where(filter=FieldFilter("platform", "in", sorted(platforms)))
            .where(filter=FieldFilter("createdAt", ">=", since or _FIRST_MOMENT))  # matches only timestamps
            .order_by("createdAt")
        )
        return [_snapshot(document) for document in _only_our_fields(query).limit(limit).stream(**self._call)]

    @_translated
    def get_job(self, job_id: str) -> JobSnapshot | None:
        document = self._jobs.document(job_id).get(**self._call)
        return _snapshot(document) if document.exists else None

    @_translated
    def get_jobs(self, job_ids: Sequence[str]) -> list[JobSnapshot]:
        references = [self._jobs.document(job_id) for job_id in job_ids]
        found = self.client.get_all(references, field_paths=READ_FIELDS, **self._call)
        return [_snapshot(document) for document in found if document.exists]

    @_translated
    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        refuse_completions(writes)
        alone = [write for write in writes if not write.companions]
        answers: list[str | Unwritable | None] = []
        for first in range(0, len(alone), MAX_WRITES_PER_COMMIT):
            answers += self._write_batch(alone[first : first + MAX_WRITES_PER_COMMIT], iter(range(MAX_HALVINGS)))
        # A batch may make some of its writes and refuse others. Companions need a commit, which makes all or none.
        with ThreadPoolExecutor(PARALLEL_COMMITS) as pool:  # an error cancels the commits that have not begun
            together = list(pool.map(self._write_together, [write for write in writes if write.companions]))
        of_alone, of_together = iter(answers), iter(together)
        return [next(of_together if write.companions else of_alone) for write in writes]

    def _write_together(self, write: JobWrite) -> str | Unwritable | None:
        try:
            return self.commit(write)
        except StaleVersionError:
            return None
        except WriteRefusedError:
            return Unwritable(Code.Name(Code.INVALID_ARGUMENT))
        except StoreUnavailableError as error:
            if isinstance(error.__cause__, google.Aborted):  # as in a batch, contention stops only this write
                return Unwritable(Code.Name(Code.ABORTED))
            raise

    def _write_batch(self, writes: Sequence[JobWrite], halvings: Iterator[int]) -> list[str | Unwritable | None]:
        batch = BulkWriteBatch(self.client)
        for write in writes:
            self._add_job(batch, write)
        return self._answers(batch, writes, halvings, self._write_batch)

    @_translated
    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        batch = self.client.batch()
        self._add_job(batch, job)
        every = [*job.companions, *documents]
        for document in every:
            self._add_document(batch, document)
        try:
            results = batch.commit(**self._call)
        # Map these errors only in `commit`: in a query, FailedPrecondition means a missing index.
        except google.AlreadyExists as error:
            raise DocumentExistsError(str(error)) from error
        except google.NotFound as error:
            is_unclear = any(document.must_exist for document in every)
            raise (DocumentMissingError if is_unclear else StaleVersionError)(str(error)) from error
        except google.FailedPrecondition as error:
            raise StaleVersionError(str(error)) from error
        except google.InvalidArgument as error:
            raise WriteRefusedError(str(error)) from error
        return _version(results[0].update_time)

    def create_job(self, fields: dict[str, Any]) -> str:
        job_id = str(self._jobs.document().id)
        self._create_job(job_id, fields)
        return job_id

    @_translated
    def _create_job(self, job_id: str, fields: dict[str, Any]) -> None:
        with suppress(google.AlreadyExists):  # the id is random, so the first try made the job, and its reply was lost
            self._jobs.document(job_id).create(fields, **self._call)

    @_translated
    def list_jobs(self, where: JobFilter, limit: int) -> list[JobSnapshot]:
        query: Any = self._jobs
        for name, value in (("orgId", where.org_id), ("projectId", where.project_id), ("status", where.status)):
            if value is not None:
                query = query.where(filter=FieldFilter(name, "==", str(value)))
        query = query.order_by("createdAt", direction=Query.DESCENDING).limit(limit)
        return [_snapshot(document) for document in _only_our_fields(query).stream(**self._call)]

    @_translated
    def jobs_ended_since(self, moment: datetime, limit: int, after: JobSnapshot | None = None) -> list[JobSnapshot]:
        query: Any = self._jobs.where(filter=FieldFilter("completedAt", ">=", moment))
        query = query.order_by("completedAt").order_by("__name__")
        if after is not None:
            place = {"completedAt": after.data["completedAt"], "__name__": self._jobs.document(after.job_id)}
            query = query.start_after(place)
        return [_snapshot(document) for document in _only_our_fields(query.limit(limit)).stream(**self._call)]

    @_translated
    def due_accounts(
        self, now: datetime, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[DueAccount]:
        if not platforms:
            return []
        query = self._accounts_due(now, platforms).order_by("nextRefreshAt")
        if since is not None:
            query = query.where(filter=FieldFilter("nextRefreshAt", ">=", since))
        found = query.limit(limit).stream(**self._call)
        return [DueAccount(document.reference.path, document.to_dict() or {}) for document in found]

    @_translated
    def count_due(self, until: datetime, platforms: Collection[PlatformName]) -> int:
        if not platforms:
            return 0
        counted = self._accounts_due(until, platforms).count().get(**self._call)
        return sum(int(one.value) for row in counted for one in row)

    def _accounts_due(self, until: datetime, platforms: Collection[PlatformName]) -> Any:
        return (
            self.client.collection_group("trackedAccounts")
            .where(filter=FieldFilter("platform", "in", sorted(platforms)))
            .where(filter=FieldFilter("nextRefreshAt", "<=", until))
        )

    @_translated
    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        found = self.client.get_all([self.client.document(path) for path in paths], **self._call) if paths else ()
        return {document.reference.path: _stored(document) for document in found if document.exists}

    @_translated
    def create_jobs(self, jobs: Mapping[str, dict[str, Any]]) -> dict[str, JobSnapshot | None]:
        if not jobs:
            return {}
        batch = BulkWriteBatch(self.client)
        for job_id, fields in jobs.items():
            batch.create(self._jobs.document(job_id), fields)
        response = batch.commit(**self._call)
        created: dict[str, JobSnapshot | None] = {}
        answers = zip(jobs.items(), response.write_results, response.status, strict=True)
        for (job_id, fields), result, status in answers:
            if status.code == Code.OK:
                at = result.update_time
                created[job_id] = JobSnapshot(job_id, fields, _version(at), at, at)
            elif status.code == Code.ALREADY_EXISTS:
                created[job_id] = None
        return created

    @_translated
    def list_events(self, org_id: str, project_id: str | None, limit: int) -> dict[str, dict[str, Any]]:
        query: Any = self.client.collection(OUTBOX).where(filter=FieldFilter("event.orgId", "==", org_id))
        if project_id is not None:
            query = query.where(filter=FieldFilter("event.projectId", "==", project_id))
        query = query.order_by("event.occurredAt", direction=Query.DESCENDING).limit(limit)
        return {document.id: document.to_dict() or {} for document in query.stream(**self._call)}

    @_translated
    def list_deliveries(
        self,
        endpoint_path: str,
        states: Collection[str],
        since: datetime,
        limit: int,
        after: tuple[datetime, str] | None = None,
    ) -> dict[str, dict[str, Any]]:
        deliveries: Any = self.client.collection(f"{endpoint_path}/deliveries")
        query = deliveries.where(filter=FieldFilter("state", "in", sorted(states)))
        query = query.where(filter=FieldFilter("createdAt", ">=", since))
        query = query.order_by("createdAt", direction=Query.DESCENDING)
        query = query.order_by("__name__", direction=Query.DESCENDING)
        if after:
            query = query.start_after({"createdAt": after[0], "__name__": deliveries.document(after[1])})
        return {document.id: document.to_dict() or {} for document in query.limit(limit).stream(**self._call)}

    @_translated
    def list_mail(self, org_id: str, limit: int) -> dict[str, dict[str, Any]]:
        query: Any = self.client.collection(MAIL).where(filter=FieldFilter("orgId", "==", org_id))
        query = query.order_by("expireAt", direction=Query.DESCENDING).limit(limit)
        return {document.id: document.to_dict() or {} for document in query.stream(**self._call)}

    @_translated
    def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
        # Order by id, as in `pending_jobs`.
        query = self._jobs.where(filter=FieldFilter("status", "in", sorted(FINISHED))).order_by("__name__")
        if from_id:
            query = query.start_at({"__name__": self._jobs.document(from_id)})
        return [_snapshot(document) for document in _only_our_fields(query.limit(limit)).stream(**self._call)]

    @_translated
    def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
        return self._delete({self._jobs.document(job.job_id): job.version for job in jobs})

    @_translated
    def documents_in(self, collection: str, limit: int) -> dict[str, str]:
        query = self.client.collection(collection).select(["__name__"]).limit(limit)
        return {document.reference.path: _stored(document).version for document in query.stream(**self._call)}

    @_translated
    def delete_each(self, documents: Mapping[str, str]) -> int:
        return self._delete({self.client.document(path): version for path, version in documents.items()})

    def _delete(self, versions: Mapping[Any, str]) -> int:
        if not versions:
            return 0
        batch = BulkWriteBatch(self.client)
        for document, version in versions.items():
            batch.delete(document, option=self._unchanged_since(version))
        return sum(status.code == 0 for status in batch.commit(**self._call).status)

    @_translated
    def get_documents(self, collection: str) -> dict[str, dict[str, Any]]:
        return {
            document.id: document.to_dict() or {}
            for document in self.client.collection(collection).stream(**self._call)
        }

    @_translated
    def get_document(self, path: str) -> dict[str, Any] | None:
        stored = self.get_stored(path)
        return stored.fields if stored else None

    @_translated
    def get_stored(self, path: str) -> StoredDocument | None:
        document = self.client.document(path).get(**self._call)
        return _stored(document) if document.exists else None

    @_translated
    def get_each(self, paths: Collection[str]) -> dict[str, dict[str, Any]]:
        found = self.client.get_all([self.client.document(path) for path in paths], **self._call) if paths else ()
        return {document.reference.path: document.to_dict() or {} for document in found if document.exists}

    @_translated
    def put_document(self, write: DocumentWrite) -> str:
        batch = self.client.batch()
        self._add_document(batch, write)
        try:
            results = batch.commit(**self._call)
        except google.AlreadyExists as error:
            raise DocumentExistsError(str(error)) from error
        except (google.FailedPrecondition, google.NotFound, google.Aborted) as error:
            if write.version is None:
                raise
            raise StaleVersionError(str(error)) from error
        return _version(results[0].update_time)

    @_translated
    def due_documents(
        self, group: str, field: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> dict[str, StoredDocument]:
        query: Any = self.client.collection_group(group).where(filter=FieldFilter(field, "<=", now))
        query = query.order_by(field).order_by("__name__")
        if after is not None:
            moment, path = after
            query = query.start_after({field: moment, "__name__": self.client.document(path)})
        found = query.limit(limit).stream(**self._call)
        return {document.reference.path: _stored(document) for document in found}

    @_translated
    def documents_with(
        self, collection: str, field: str, values: Collection[str | bool], limit: int, after: str | None = None
    ) -> dict[str, StoredDocument]:
        query: Any = self.client.collection(collection).where(filter=FieldFilter(field, "in", sorted(values)))
        query = query.order_by("__name__")
        if after is not None:
            query = query.start_after({"__name__": self.client.document(after)})
        found = query.limit(limit).stream(**self._call)
        return {document.reference.path: _stored(document) for document in found}

    @_translated
    def has_open_job(self, org_id: str, user_id: str) -> bool:
        query: Any = self._jobs.where(filter=FieldFilter("orgId", "==", org_id))
        query = query.where(filter=FieldFilter("userId", "==", user_id))
        query = query.where(filter=FieldFilter("status", "in", sorted(OPEN)))
        return any(True for _ in query.select(["status"]).limit(1).stream(**self._call))

    @_translated
    def due_events(self, now: datetime, limit: int) -> dict[str, StoredDocument]:
        query = self.client.collection(OUTBOX).where(filter=FieldFilter("dueAt", "<=", now)).order_by("dueAt")
        found = query.limit(limit).stream(**self._call)
        return {document.reference.path: _stored(document) for document in found}

    @_translated
    def stored_in(self, collection: str, limit: int) -> dict[str, StoredDocument]:
        found = self.client.collection(collection).limit(limit).stream(**self._call)
        return {document.reference.path: _stored(document) for document in found}

    @_translated
    def put_each(self, writes: Sequence[DocumentWrite]) -> list[str | Unwritable | None]:
        refuse_unconditional(writes)
        return self._put_batch(writes, iter(range(MAX_HALVINGS))) if writes else []

    def _put_batch(self, writes: Sequence[DocumentWrite], halvings: Iterator[int]) -> list[str | Unwritable | None]:
        batch = BulkWriteBatch(self.client)
        for write in writes:
            self._add_document(batch, write)
        return self._answers(batch, writes, halvings, self._put_batch)

    def _answers(
        self,
        batch: BulkWriteBatch,
        writes: Sequence[_W],
        halvings: Iterator[int],
        again: Callable[[Sequence[_W], Iterator[int]], list[str | Unwritable | None]],
    ) -> list[str | Unwritable | None]:
        """Send the batch of these writes, and return an answer for each. `again` sends a part of them."""
        try:
            response = batch.commit(**self._call)
        except google.InvalidArgument:
            # One bad write makes Firestore refuse the whole request. Split the request to find the bad write and make
            # the others.
            if len(writes) == 1:
                return [Unwritable(Code.Name(Code.INVALID_ARGUMENT))]
            if next(halvings, None) is None:  # these writes wait for the next tick
                return [Unwritable(Code.Name(Code.ABORTED))] * len(writes)
            middle = len(writes) // 2
            return again(writes[:middle], halvings) + again(writes[middle:], halvings)
        return [
            _answer(result, status.code) for result, status in zip(response.write_results, response.status, strict=True)
        ]

    @_translated
    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        batch = self.client.batch()
        for write in writes:
            self._add_document(batch, write)
        for path, version in deleted.items():
            batch.delete(self.client.document(path), option=self._unchanged_since(version))
        try:
            batch.commit(**self._call)
        except google.AlreadyExists as error:
            raise DocumentExistsError(str(error)) from error
        except (google.FailedPrecondition, google.NotFound) as error:
            raise StaleVersionError(str(error)) from error
        except google.InvalidArgument as error:
            raise WriteRefusedError(str(error)) from error

    @_translated
    def get_newest(self, collection: str, field: str, limit: int) -> dict[str, dict[str, Any]]:
        query = self.client.collection(collection).order_by(field, direction=Query.DESCENDING).limit(limit)
        return {document.id: document.to_dict() or {} for document in query.stream(**self._call)}

    @_translated
    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        return self._update_batch(writes) if writes else []

    def _update_batch(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        batch = BulkWriteBatch(self.client)
        for write in writes:
            batch.update(self.client.document(write.path), write.fields)
        try:
            return [status.code == Code.OK for status in batch.commit(**self._call).status]
        except google.InvalidArgument:  # as in `_write_batch`: one bad write makes Firestore refuse all of them
            if len(writes) == 1:
                return [False]
            middle = len(writes) // 2
            return self._update_batch(writes[:middle]) + self._update_batch(writes[middle:])

    def _add_document(self, batch: Any, write: DocumentWrite) -> None:
        reference = self.client.document(write.path)
        if write.must_be_new:
            batch.create(reference, write.fields)
        elif write.version is not None:
            batch.update(reference, write.fields, option=self._unchanged_since(write.version))
        elif write.must_exist:
            batch.update(reference, write.fields)
        else:
            batch.set(reference, write.fields, merge=True)

    def _add_job(self, batch: Any, write: JobWrite) -> None:
        reference = self._jobs.document(write.job_id)
        spent = {f"spent.{name}": Increment(amount) for name, amount in write.change.spent.items()}
        steps = {f"steps.{name}": moment for name, moment in write.change.steps.items()}
        batch.update(reference, write.change.fields | spent | steps, option=self._unchanged_since(write.version))

    def _unchanged_since(self, version: str) -> Any:
        moment = DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-untyped-call]
        return self.client.write_option(last_update_time=moment)


def _only_our_fields(query: Any) -> Any:
    return query.select(READ_FIELDS)


def _snapshot(document: Any) -> JobSnapshot:
    written = document.update_time
    return JobSnapshot(document.id, document.to_dict(), _version(written), document.create_time, written)


def _stored(document: Any) -> StoredDocument:
    return StoredDocument(document.to_dict() or {}, _version(document.update_time))


def _answer(result: Any, code: int) -> str | Unwritable | None:
    if code == Code.OK:
        return _version(result.update_time)
    is_precondition = code in {Code.FAILED_PRECONDITION, Code.NOT_FOUND, Code.ALREADY_EXISTS}
    return None if is_precondition else Unwritable(Code.Name(code))


def _version(update_time: Any) -> str:
    if isinstance(update_time, Timestamp):  # the client leaves the times of a collection group as they were sent
        update_time = DatetimeWithNanoseconds.from_timestamp_pb(update_time)  # type: ignore[no-untyped-call]
    return str(update_time.rfc3339())
