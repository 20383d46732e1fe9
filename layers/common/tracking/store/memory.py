"""The in-memory twin of `store.firestore`. `tests/contract` compares the two."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Self

from tracking.clock import Clock, to_rfc3339
from tracking.document_limits import MAX_DOCUMENT_BYTES, is_document_id, stored_bytes
from tracking.jobs import FINISHED, OPEN, READ_FIELDS, PlatformName, Status
from tracking.spending import Spent, total
from tracking.store import (
    JOBS,
    MAIL,
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

ACCOUNTS = "trackedAccounts"


@dataclass(slots=True)
class _Writes:
    last: datetime  # the time of the last write
    created: int = 0  # jobs


class MemoryStore:
    def __init__(self, clock: Clock, queue: str = JOBS) -> None:
        self._clock = clock
        self._queue = queue
        self._lock = threading.RLock()
        self._documents: dict[str, JobSnapshot] = {}  # by path
        self._writes = _Writes(datetime.min.replace(tzinfo=UTC))

    def of(self, queue: str) -> Self:
        """Return a store of the same documents that works on another collection of jobs."""
        other = copy(self)
        vars(other)["_queue"] = queue
        return other

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        return _copies((job for job in self._jobs() if job.data.get("status") in OPEN), limit)

    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        waiting = (
            job
            for job in self._with_status(Status.PENDING)
            if job.job_id >= from_id and not (without and job.data.get("platform") in {None, *without})
        )
        return _copies(waiting, limit)

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        return _copies(self._with_status(Status.PROCESSING), limit)

    def count_processing(self) -> int:
        return len(self._with_status(Status.PROCESSING))

    def expired_jobs(self, now: datetime, limit: int) -> list[JobSnapshot]:
        leased = [
            job for job in self._with_status(Status.PROCESSING) if isinstance(job.data.get("leaseUntil"), datetime)
        ]
        expired = [job for job in leased if job.data["leaseUntil"] <= now]
        return _copies(sorted(expired, key=lambda job: job.data["leaseUntil"]), limit)

    def next_waiting_org(self, after: str, platforms: Collection[PlatformName]) -> str | None:
        waiting = [job for job in self._with_status(Status.PENDING) if job.data.get("platform") in platforms]
        orgs = [job.data.get("orgId") for job in waiting]
        return min((org for org in orgs if isinstance(org, str) and org > after), default=None)

    def pending_of_org(
        self, org_id: str, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        waiting = [
            job
            for job in self._with_status(Status.PENDING)
            if job.data.get("orgId") == org_id and job.data.get("platform") in platforms and "createdAt" in job.data
        ]
        waiting.sort(key=lambda job: job.data["createdAt"])
        urgent = [job for job in waiting if _priority(job) > 0]
        urgent.sort(key=_priority, reverse=True)
        if since is None:
            return _copies({job.job_id: job for job in urgent[:limit] + waiting[:limit]}.values())
        created = [job for job in waiting if _is_since(job.data["createdAt"], since)]
        changed = [job for job in waiting if _is_since(job.data.get("updatedAt"), since)]
        changed.sort(key=lambda job: job.data["updatedAt"])
        found = urgent[:limit] + created[:limit] + changed[:limit]
        return _copies({job.job_id: job for job in found}.values())

    def oldest_pending(
        self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        waiting = [
            job
            for job in self._with_status(Status.PENDING)
            if job.data.get("platform") in platforms and isinstance(job.data.get("createdAt"), datetime)
        ]
        young = [job for job in waiting if since is None or _is_since(job.data["createdAt"], since)]
        return _copies(sorted(young, key=lambda job: job.data["createdAt"]), limit)

    def get_job(self, job_id: str) -> JobSnapshot | None:
        with self._lock:
            job = self._documents.get(f"{self._queue}/{job_id}")
            return replace(job, data=_copied(job.data)) if job else None

    def get_jobs(self, job_ids: Sequence[str]) -> list[JobSnapshot]:
        with self._lock:
            return _copies(
                job for job_id in job_ids if (job := self._documents.get(f"{self._queue}/{job_id}")) is not None
            )

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        refuse_completions(writes)
        answers: list[str | Unwritable | None] = []
        for write in writes:
            try:
                answers.append(self.commit(write))
            except StaleVersionError:
                answers.append(None)
            except WriteRefusedError:
                answers.append(Unwritable("INVALID_ARGUMENT"))
        return answers

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        with self._lock:
            current = self._documents.get(f"{self._queue}/{job.job_id}")
            if current is None or current.version != job.version:
                raise StaleVersionError(job.job_id)
            every = [*job.companions, *documents]
            for document in every:
                if document.must_be_new and document.path in self._documents:
                    raise DocumentExistsError(document.path)
                if document.must_exist and document.path not in self._documents:
                    raise DocumentMissingError(document.path)
            fields = job.change.fields
            if job.change.spent:
                fields = fields | {"spent": _added(current.data.get("spent"), job.change.spent)}
            if job.change.steps:
                before = current.data.get("steps")
                fields = fields | {"steps": {**(before if isinstance(before, dict) else {}), **job.change.steps}}
            self._refuse_what_firestore_refuses([DocumentWrite(f"{self._queue}/{job.job_id}", fields), *every])
            version = self._new_version()
            for document in every:
                self._write(document, version)
            return self._merge(f"{self._queue}/{job.job_id}", fields, version)

    def create_job(self, fields: dict[str, Any]) -> str:
        with self._lock:
            self._writes.created += 1
            job_id = f"job{self._writes.created:06d}"
            self._merge(f"{self._queue}/{job_id}", fields, self._new_version())
            return job_id

    def due_accounts(
        self, now: datetime, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[DueAccount]:
        with self._lock:
            accounts = {path: one.data for path, one in self._documents.items() if path.split("/")[-2] == ACCOUNTS}
            due = [
                DueAccount(path, _copied(data))
                for path, data in sorted(accounts.items())
                if data.get("platform") in platforms
                and _is_up_to(data.get("nextRefreshAt"), now)
                and (since is None or _is_since(data["nextRefreshAt"], since))
            ]
        return sorted(due, key=lambda one: one.fields["nextRefreshAt"])[:limit]

    def count_due(self, until: datetime, platforms: Collection[PlatformName]) -> int:
        with self._lock:
            return len(self.due_accounts(until, platforms, len(self._documents)))

    def get_stored_each(self, paths: Collection[str]) -> dict[str, StoredDocument]:
        with self._lock:
            found = {path: self.get_stored(path) for path in paths}
        return {path: stored for path, stored in found.items() if stored}

    def create_jobs(self, jobs: Mapping[str, dict[str, Any]]) -> dict[str, JobSnapshot | None]:
        created: dict[str, JobSnapshot | None] = {}
        with self._lock:
            for job_id, fields in jobs.items():
                path = f"{self._queue}/{job_id}"
                is_new = path not in self._documents
                if is_new:
                    self._merge(path, fields, self._new_version())
                created[job_id] = self.get_job(job_id) if is_new else None
        return created

    def list_jobs(self, where: JobFilter, limit: int) -> list[JobSnapshot]:
        wanted = {"orgId": where.org_id, "projectId": where.project_id, "status": where.status}
        with self._lock:
            jobs = [
                job
                for job in self._jobs()
                if "createdAt" in job.data
                and all(value is None or job.data.get(name) == value for name, value in wanted.items())
            ]
        return _copies(sorted(jobs, key=lambda job: job.data["createdAt"], reverse=True), limit)

    def jobs_ended_since(self, moment: datetime, limit: int, after: JobSnapshot | None = None) -> list[JobSnapshot]:
        with self._lock:
            jobs = [job for job in self._jobs() if isinstance(job.data.get("completedAt"), datetime)]
        ended = sorted((job.data["completedAt"], job.job_id, job) for job in jobs)
        begin = (moment, "") if after is None else (after.data["completedAt"], after.job_id)
        return _copies((job for at, job_id, job in ended if (at, job_id) > begin), limit)

    def list_events(self, org_id: str, project_id: str | None, limit: int) -> dict[str, dict[str, Any]]:
        found = [
            (event_id, document)
            for event_id, document in self.get_documents(OUTBOX).items()
            if document["event"]["orgId"] == org_id and project_id in {None, document["event"]["projectId"]}
        ]
        found.sort(key=lambda one: (one[1]["event"]["occurredAt"], one[0]), reverse=True)
        return dict(found[:limit])

    def list_deliveries(
        self,
        endpoint_path: str,
        states: Collection[str],
        since: datetime,
        limit: int,
        after: tuple[datetime, str] | None = None,
    ) -> dict[str, dict[str, Any]]:
        found = [
            (created_at, delivery_id, document)
            for delivery_id, document in self.get_documents(f"{endpoint_path}/deliveries").items()
            if isinstance(created_at := document.get("createdAt"), datetime)
            and created_at >= since
            and document.get("state") in states
            and (after is None or (created_at, delivery_id) < after)
        ]
        found.sort(key=lambda one: one[:2], reverse=True)
        return {delivery_id: document for _, delivery_id, document in found[:limit]}

    def list_mail(self, org_id: str, limit: int) -> dict[str, dict[str, Any]]:
        found = [
            (mail_id, document)
            for mail_id, document in self.get_documents(MAIL).items()
            if document.get("orgId") == org_id and isinstance(document.get("expireAt"), datetime)
        ]
        found.sort(key=lambda one: (one[1]["expireAt"], one[0]), reverse=True)
        return dict(found[:limit])

    def finished_jobs(self, limit: int, from_id: str = "") -> list[JobSnapshot]:
        with self._lock:
            jobs = [job for job in self._jobs() if job.data.get("status") in FINISHED and job.job_id >= from_id]
        return _copies(jobs, limit)

    def delete_jobs(self, jobs: Sequence[JobSnapshot]) -> int:
        return self.delete_each({f"{self._queue}/{job.job_id}": job.version for job in jobs})

    def documents_in(self, collection: str, limit: int) -> dict[str, str]:
        with self._lock:
            paths = sorted(path for path in self._documents if path.rpartition("/")[0] == collection)
            return {path: self._documents[path].version for path in paths[:limit]}

    def delete_each(self, documents: Mapping[str, str]) -> int:
        with self._lock:
            found = {path: self._documents[path].version for path in documents if path in self._documents}
            unchanged = [path for path, version in found.items() if version == documents[path]]
            for path in unchanged:
                del self._documents[path]
            return len(unchanged)

    def get_documents(self, collection: str) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {
                path.rpartition("/")[2]: _copied(self._documents[path].data)
                for path in sorted(path for path in self._documents if path.rpartition("/")[0] == collection)
            }

    def get_document(self, path: str) -> dict[str, Any] | None:
        stored = self.get_stored(path)
        return stored.fields if stored else None

    def get_stored(self, path: str) -> StoredDocument | None:
        with self._lock:
            document = self._documents.get(path)
            return StoredDocument(_copied(document.data), document.version) if document else None

    def get_each(self, paths: Collection[str]) -> dict[str, dict[str, Any]]:
        with self._lock:
            found = {path: self._documents.get(path) for path in paths}
            return {path: _copied(document.data) for path, document in found.items() if document}

    def put_document(self, write: DocumentWrite) -> str:
        with self._lock:
            current = self._documents.get(write.path)
            if write.must_be_new and current:
                raise DocumentExistsError(write.path)
            if write.version is not None and (current is None or current.version != write.version):
                raise StaleVersionError(write.path)
            return self._write(write, self._new_version())

    def due_documents(
        self, group: str, field: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> dict[str, StoredDocument]:
        with self._lock:
            due = sorted(
                (_entry(document.data, field), path.split("/"))
                for path, document in self._documents.items()
                if path.split("/")[-2] == group and _is_up_to(_entry(document.data, field), now)
            )
            begin = (after[0], after[1].split("/")) if after else None
            found = ["/".join(parts) for moment, parts in due if begin is None or (moment, parts) > begin]
            return {path: stored for path in found[:limit] if (stored := self.get_stored(path))}

    def documents_with(
        self, collection: str, field: str, values: Collection[str | bool], limit: int, after: str | None = None
    ) -> dict[str, StoredDocument]:
        with self._lock:
            paths = sorted(path for path in self._documents if path.rpartition("/")[0] == collection)
            paths = [path for path in paths if path > (after or "")]
            found = [path for path in paths if _entry(self._documents[path].data, field) in values]
            return {path: stored for path in found[:limit] if (stored := self.get_stored(path))}

    def has_open_job(self, org_id: str, user_id: str) -> bool:
        with self._lock:
            return any(
                job.data.get("orgId") == org_id and job.data.get("userId") == user_id and job.data.get("status") in OPEN
                for job in self._jobs()
            )

    def due_events(self, now: datetime, limit: int) -> dict[str, StoredDocument]:
        with self._lock:
            due = sorted(
                (document.data["dueAt"], path)
                for path, document in self._documents.items()
                if path.rpartition("/")[0] == OUTBOX and _is_up_to(document.data.get("dueAt"), now)
            )
            return {path: stored for _, path in due[:limit] if (stored := self.get_stored(path))}

    def stored_in(self, collection: str, limit: int) -> dict[str, StoredDocument]:
        return self.get_stored_each(self.documents_in(collection, limit))

    def put_each(self, writes: Sequence[DocumentWrite]) -> list[str | Unwritable | None]:
        refuse_unconditional(writes)
        with self._lock:
            return [self._put(write) for write in writes]

    def _put(self, write: DocumentWrite) -> str | Unwritable | None:
        try:
            self._refuse_what_firestore_refuses([write])
            return self.put_document(write)
        except (DocumentExistsError, StaleVersionError):
            return None
        except WriteRefusedError:
            return Unwritable("INVALID_ARGUMENT")

    def change_together(self, writes: Sequence[DocumentWrite], deleted: Mapping[str, str]) -> None:
        with self._lock:
            read = {write.path: write.version for write in writes if write.version is not None}
            for path, version in {**deleted, **read}.items():
                current = self._documents.get(path)
                if current is None or current.version != version:
                    raise StaleVersionError(path)
            for write in writes:
                if write.must_be_new and write.path in self._documents:
                    raise DocumentExistsError(write.path)
            self._refuse_what_firestore_refuses(writes)
            version = self._new_version()
            for write in writes:
                self._write(write, version)
            for path in deleted:
                del self._documents[path]

    def get_newest(self, collection: str, field: str, limit: int) -> dict[str, dict[str, Any]]:
        found = [(key, data) for key, data in self.get_documents(collection).items() if field in data]
        # As in Firestore, null is the smallest of all values, and ids decide between equal ones.
        found.sort(key=lambda one: (one[1][field] is not None, one[1][field], one[0]), reverse=True)
        return dict(found[:limit])

    def update_each(self, writes: Sequence[DocumentWrite]) -> list[bool]:
        with self._lock:
            return [self._update(write) for write in writes]

    def _update(self, write: DocumentWrite) -> bool:
        if write.path not in self._documents:
            return False
        try:
            self._refuse_what_firestore_refuses([write])
        except WriteRefusedError:
            return False
        self._merge(write.path, write.fields, self._new_version())
        return True

    def touch(self, job_id: str, **fields: Any) -> None:
        """Write as a front end does, without a precondition."""
        with self._lock:
            self._merge(f"{self._queue}/{job_id}", fields, self._new_version())

    def delete_job(self, job_id: str) -> None:
        with self._lock:
            del self._documents[f"{self._queue}/{job_id}"]

    def _with_status(self, status: Status) -> list[JobSnapshot]:
        with self._lock:
            return [job for job in self._jobs() if job.data.get("status") == status]

    def _jobs(self) -> list[JobSnapshot]:
        """Return all jobs as they are stored, by id. A caller gets copies; a write replaces a document whole."""
        return [self._documents[path] for path in sorted(self._documents) if path.startswith(f"{self._queue}/")]

    def _refuse_what_firestore_refuses(self, writes: Sequence[DocumentWrite]) -> None:
        for write in writes:
            if stored_bytes(self._written(write)) > MAX_DOCUMENT_BYTES:
                raise WriteRefusedError(f"{write.path} is too large")
            if len(write.path.split("/")) % 2 or not all(map(is_document_id, write.path.split("/"))):
                raise WriteRefusedError(f"{write.path} is no document's path")

    def _write(self, write: DocumentWrite, version: str) -> str:
        return self._merge(write.path, self._written(write), version)

    def _written(self, write: DocumentWrite) -> dict[str, Any]:
        """Return the document as the write leaves it."""
        before = self._documents.get(write.path)
        data = before.data if before else {}
        has_precondition = write.must_be_new or write.must_exist or write.version is not None
        return data | write.fields if has_precondition else _joined(data, write.fields)

    def _merge(self, path: str, fields: dict[str, Any], version: str) -> str:
        """Write the fields and return the document's version. As in Firestore, the version stays if nothing changes."""
        before = self._documents.get(path)
        data = (before.data if before else {}) | _copied(fields)
        if before is None or data != before.data:
            created_at = before.created_at if before else self._writes.last
            job_id, updated_at = path.rpartition("/")[2], datetime.fromisoformat(version)
            self._documents[path] = JobSnapshot(job_id, data, version, created_at, updated_at)
        return self._documents[path].version

    def _new_version(self) -> str:
        # Firestore's update times grow even when the clock stands still.
        self._writes.last = max(self._clock.now(), self._writes.last + timedelta(microseconds=1))
        return to_rfc3339(self._writes.last)


def _copied(value: Any) -> Any:
    """Return a copy of a document or of a field. Only maps and arrays can be changed."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _copies(jobs: Iterable[JobSnapshot], limit: int | None = None) -> list[JobSnapshot]:
    """Return copies of the first jobs, with only our fields."""
    return [
        replace(job, data=_copied({name: value for name, value in job.data.items() if name in READ_FIELDS}))
        for job in islice(jobs, limit)
    ]


def _added(before: object, spent: Spent) -> dict[str, Any]:
    """Add the amounts. As in Firestore, they replace whatever is no number, or no map."""
    amounts = before if isinstance(before, dict) else {}
    numbers = {name: amount for name, amount in amounts.items() if isinstance(amount, int | float)}
    return amounts | total({name: numbers[name] for name in spent if name in numbers}, spent)


def _joined(before: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Set the fields. A map is joined with the map that was there; an empty one takes its place, as in Firestore."""
    maps = {
        name
        for name, value in fields.items()
        if value and isinstance(value, dict) and isinstance(before.get(name), dict)
    }
    return before | {name: _joined(before[name], value) if name in maps else value for name, value in fields.items()}


def _entry(data: dict[str, Any], field: str) -> Any:
    """Return a field, or the entry of a map that `a.b` names; None if there is none."""
    value: Any = data
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_up_to(value: object, now: datetime) -> bool:
    return isinstance(value, datetime) and value <= now


def _is_since(value: object, since: datetime) -> bool:
    return isinstance(value, datetime) and value >= since


def _priority(job: JobSnapshot) -> float:
    """Return the priority, or 0 for a value that is not a number: an index does not count this value as over 0."""
    priority = job.data.get("priority")
    return priority if isinstance(priority, int | float) else 0
