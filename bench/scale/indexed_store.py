"""A store in memory for a million jobs: as Firestore does, it answers each query of a tick from an index.

    pending ids      a b c d …                        pages of pending jobs
    processing ids   e f …                            the sweep
    organisations    youtube: acme, beta …            which organisation comes next
    leases           (leaseUntil, e) …                expired jobs
    queues           (acme, youtube): oldest first    the jobs of one organisation
    urgent           (acme, youtube): priority first  those of them that have a priority

`tracking.store.memory` looks at every document for each query, which is simple and far too slow here. A test compares
the answers of the two.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge, nsmallest
from itertools import chain, dropwhile, islice, takewhile

from tracking.clock import Clock
from tracking.jobs import Fields, PlatformName, Status
from tracking.store import (
    DocumentExistsError,
    DocumentWrite,
    JobSnapshot,
    JobWrite,
    StaleVersionError,
    StoredDocument,
    Unwritable,
    refuse_completions,
)


class SortedIds:
    """Ids in order, in short lists: one list of a million ids would be copied at each change."""

    def __init__(self, longest: int = 1_000) -> None:
        """`longest`: the most ids of one list."""
        self._longest = longest
        self._buckets: list[list[str]] = [[]]
        self._firsts: list[str] = [""]  # the smallest id that belongs into each bucket

    def add(self, job_id: str) -> None:
        place = bisect_right(self._firsts, job_id) - 1
        bucket = self._buckets[place]
        insort(bucket, job_id)
        if len(bucket) > self._longest:
            half = bucket[self._longest // 2 :]
            del bucket[self._longest // 2 :]
            self._buckets.insert(place + 1, half)
            self._firsts.insert(place + 1, half[0])

    def remove(self, job_id: str) -> None:
        place = bisect_right(self._firsts, job_id) - 1
        bucket = self._buckets[place]
        del bucket[bisect_left(bucket, job_id)]
        if not bucket and place:
            del self._buckets[place], self._firsts[place]

    def from_id(self, job_id: str = "") -> Iterator[str]:
        """Yield the ids from `job_id` on."""
        place = bisect_right(self._firsts, job_id) - 1
        bucket = self._buckets[place]
        yield from bucket[bisect_left(bucket, job_id) :]
        for later in self._buckets[place + 1 :]:
            yield from later


class IndexedStore:
    """A `TickStore` that counts the documents that Firestore would bill.

    A query is billed for each document that it returns, and for one if it returns none:
    https://firebase.google.com/docs/firestore/pricing#minimum-charge
    The snapshots are not copied, so nobody may change them. Jobs must be well-formed.
    """

    def __init__(self, clock: Clock) -> None:
        self.reads: Counter[str] = Counter()  # documents billed, by call
        self.requests: Counter[str] = Counter()
        self.writes = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._version = 0
        self._jobs: dict[str, JobSnapshot] = {}
        self._documents: dict[str, StoredDocument] = {}
        self._leases: list[tuple[datetime, str]] = []
        self._ids = {Status.PENDING: SortedIds(), Status.PROCESSING: SortedIds()}
        self._orgs: dict[str, list[str]] = {platform: [] for platform in PlatformName}
        self._queues: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
        self._urgent: dict[tuple[str, str], list[tuple[int, datetime, str]]] = {}

    def add(self, job_id: str, fields: Fields) -> None:
        """Create a pending job as a front end does. This is not billed."""
        now = self._clock.now()
        self._version += 1
        self._jobs[job_id] = JobSnapshot(job_id, fields, str(self._version), now, now)
        self._put_into_queue(self._jobs[job_id])

    def end(self, job_id: str) -> None:
        """Delete a processing job, as if its execution had completed it. This is not billed."""
        self._take_from_queue(self._jobs.pop(job_id))

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        ids = sorted(chain.from_iterable(islice(ids.from_id(), limit) for ids in self._ids.values()))
        return self._bill("open_jobs", ids[:limit])

    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        pending = self._ids[Status.PENDING].from_id(from_id)
        wanted = (job_id for job_id in pending if self._jobs[job_id].data["platform"] not in without)
        return self._bill("pending_jobs", islice(wanted, limit))

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._bill("processing_jobs", islice(self._ids[Status.PROCESSING].from_id(), limit))

    def count_processing(self) -> int:
        number = sum(1 for _ in self._ids[Status.PROCESSING].from_id())
        self._count("count_processing", max(1, math.ceil(number / 1_000)))
        return number

    def expired_jobs(self, now: datetime, limit: int) -> list[JobSnapshot]:
        expired = takewhile(lambda lease: lease[0] <= now, self._leases)
        return self._bill("expired_jobs", (job_id for _, job_id in islice(expired, limit)))

    def next_waiting_org(self, after: str, platforms: Collection[PlatformName]) -> str | None:
        self._count("next_waiting_org", 1)
        waiting = (self._orgs[platform] for platform in platforms)
        places = ((orgs, bisect_right(orgs, after)) for orgs in waiting)
        return min((orgs[place] for orgs, place in places if place < len(orgs)), default=None)

    def pending_of_org(
        self, org_id: str, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        keys = [(org_id, str(platform)) for platform in platforms]
        urgent = [job_id for *_, job_id in islice(merge(*(self._urgent.get(key, ()) for key in keys)), limit)]
        queued = merge(*(self._queues.get(key, ()) for key in keys))
        young = dropwhile(lambda one: since is not None and one[0] < since, queued)  # its jobs are never written again
        oldest = [job_id for _, job_id in islice(young, limit)]
        found = [*self._bill("pending_of_org", urgent), *self._bill("pending_of_org", oldest)]
        return list({job.job_id: job for job in found}.values())

    def oldest_pending(
        self, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        queues = [queue for (_, name), queue in self._queues.items() if name in platforms]
        firsts = (0 if since is None else bisect_left(queue, (since, "")) for queue in queues)
        young = (queue[first : first + limit] for queue, first in zip(queues, firsts, strict=True))
        return self._bill("oldest_pending", (job_id for _, job_id in nsmallest(limit, chain.from_iterable(young))))

    def get_jobs(self, job_ids: Sequence[str]) -> list[JobSnapshot]:
        self._count("get_jobs", len(job_ids))
        return [self._jobs[job_id] for job_id in job_ids if job_id in self._jobs]

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        refuse_completions(writes)
        self.requests["write_each"] += 1
        return [self._write(write) for write in writes]

    def get_stored(self, path: str) -> StoredDocument | None:
        self._count("get_stored", 1)
        return self._documents.get(path)

    def put_document(self, write: DocumentWrite) -> str:
        self.requests["put_document"] += 1
        before = self._documents.get(write.path)
        if write.must_be_new and before:
            raise DocumentExistsError(write.path)
        if write.version is not None and (before is None or before.version != write.version):
            raise StaleVersionError(write.path)
        self.writes += 1
        self._version += 1
        fields = (before.fields if before else {}) | write.fields
        self._documents[write.path] = StoredDocument(fields, str(self._version))
        return str(self._version)

    def _write(self, write: JobWrite) -> str | None:
        before = self._jobs.get(write.job_id)
        if before is None or before.version != write.version:
            return None
        self.writes += 1
        self._version += 1
        data, version = before.data | write.change.fields, str(self._version)
        after = JobSnapshot(write.job_id, data, version, before.created_at, self._clock.now())
        self._take_from_queue(before)
        self._jobs[write.job_id] = after
        self._put_into_queue(after)
        return version

    def _put_into_queue(self, job: JobSnapshot) -> None:
        status, key = job.data["status"], (job.data["orgId"], job.data["platform"])
        if status in self._ids:
            self._ids[status].add(job.job_id)
        if status == Status.PROCESSING:
            insort(self._leases, _lease(job))
        if status != Status.PENDING:
            return
        queue = self._queues.setdefault(key, [])
        if not queue:
            insort(self._orgs[key[1]], key[0])
        insort(queue, (job.data["createdAt"], job.job_id))
        if priority := _urgency(job):
            insort(self._urgent.setdefault(key, []), (-priority, job.data["createdAt"], job.job_id))

    def _take_from_queue(self, job: JobSnapshot) -> None:
        status, key = job.data["status"], (job.data["orgId"], job.data["platform"])
        if status in self._ids:
            self._ids[status].remove(job.job_id)
        if status == Status.PROCESSING:
            del self._leases[bisect_left(self._leases, _lease(job))]
        if status != Status.PENDING:
            return
        queue = self._queues[key]
        del queue[bisect_left(queue, (job.data["createdAt"], job.job_id))]
        if not queue:
            del self._queues[key]
            orgs = self._orgs[key[1]]
            del orgs[bisect_left(orgs, key[0])]
        if priority := _urgency(job):
            urgent = self._urgent[key]
            del urgent[bisect_left(urgent, (-priority, job.data["createdAt"], job.job_id))]

    def _bill(self, call: str, job_ids: Iterable[str]) -> list[JobSnapshot]:
        found = [self._jobs[job_id] for job_id in job_ids]
        self._count(call, max(1, len(found)))
        return found

    def _count(self, call: str, documents: int) -> None:
        with self._lock:  # a tick queries from several threads
            self.requests[call] += 1
            self.reads[call] += documents


def _lease(job: JobSnapshot) -> tuple[datetime, str]:
    """Return when the lease ends, with the id. A processing job without a lease counts as one that never expires."""
    return job.data.get("leaseUntil") or datetime.max.replace(tzinfo=UTC), job.job_id


def _urgency(job: JobSnapshot) -> int:
    priority: int = job.data.get("priority", 0)
    return max(0, priority)
