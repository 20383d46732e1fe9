"""A store and a staging storage in memory. They check each write, and fail when a test plans a fault."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import currently_in_test_context, event

from tests.doubles import ManualClock
from tests.truth import CONTENT_FIELDS, HISTORY, Truth, Writer
from tracking.jobs import ENDINGS, FINISHED, TRANSITIONS, ChangeKind, Fields, Status
from tracking.staging.memory import MemoryObjects
from tracking.store import JOBS, OUTBOX, DocumentWrite, JobSnapshot, JobWrite
from tracking.store.memory import MemoryStore

R = TypeVar("R")

SOMEBODY = Writer("somebody")


@dataclass(frozen=True)
class Fault:
    after_calls: int
    is_applied: bool  # the call takes effect, and its reply is lost
    error: Callable[[], Exception]


class Faults:
    """The fault of one of the next calls to the store or the staging storage."""

    def __init__(self) -> None:
        self.next: Fault | None = None
        self._calls = 0

    def plan(self, fault: Fault) -> None:
        self.next, self._calls = fault, 0

    def around(self, call: Callable[[], R]) -> R:
        self._calls += 1
        if self.next is None or self._calls <= self.next.after_calls:
            return call()
        fault, self.next = self.next, None
        if fault.is_applied:
            call()
        raise fault.error()


class ObservedStore(MemoryStore):
    """A store that checks each write, may fail, and may run an action between a read and its write."""

    def __init__(self, clock: ManualClock, faults: Faults, truth: Truth) -> None:
        super().__init__(clock)
        self._faults = faults
        self._truth = truth
        self._committing: JobWrite | None = None  # None while somebody else writes, as a front end does
        self._events: list[DocumentWrite] = []  # of jobs, in the commit that is being made
        self._told: dict[str, tuple[str, str]] = {}  # type and job of each event of a job, by its path
        self.writer = Writer("nobody")
        self.meanwhile: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def written_by(self, writer: Writer) -> Iterator[None]:
        before, self.writer = self.writer, writer
        try:
            yield
        finally:
            self.writer = before

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._faults.around(lambda: super(ObservedStore, self).open_jobs(limit))

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._faults.around(lambda: super(ObservedStore, self).processing_jobs(limit))

    def get_document(self, path: str) -> dict[str, Any] | None:
        return self._faults.around(lambda: super(ObservedStore, self).get_document(path))

    def get_job(self, job_id: str) -> JobSnapshot | None:
        return self._faults.around(lambda: super(ObservedStore, self).get_job(job_id))

    def get_each(self, paths: Collection[str]) -> dict[str, dict[str, Any]]:
        return self._faults.around(lambda: super(ObservedStore, self).get_each(paths))

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        if self.meanwhile:
            self.meanwhile.pop()()
        return self._faults.around(lambda: self._commit(job, documents))

    def _commit(self, job: JobWrite, documents: Sequence[DocumentWrite]) -> str:
        self._committing, self._events = job, []
        try:
            version = super().commit(job, documents)
        except Exception:
            assert not self._events, f"a refused commit left an event: {job}"
            raise
        finally:
            self._committing = None
        self._check_events(job)
        return version

    def _check_events(self, job: JobWrite) -> None:
        """Check that a commit which ends its job wrote exactly one event of it, and any other commit none."""
        if job.change.kind not in ENDINGS:
            assert not self._events, f"an event without an ending: {job}"
            return
        (event,) = self._events
        assert event.fields["event"]["type"] == f"tracking.job.{job.change.fields['status']}"
        assert json.loads(event.fields["event"]["payload"])["data"]["jobId"] == job.job_id
        if job.job_id not in self._truth.edited:  # a claim that is put back from a backup can end twice
            assert event.path not in self._told, f"two endings have one event: {event.path}"
        self._told[event.path] = (event.fields["event"]["type"], job.job_id)

    def delete_job(self, job_id: str) -> None:
        super().delete_job(job_id)
        self._truth.abandoned.add(job_id)
        self._truth.claims[job_id] = None

    def restore(self, backup: JobSnapshot) -> None:
        """Write a backup over the document, or create the document again if it is gone.

        The claim of the backup is valid again, since nothing in the document contradicts it.
        """
        job_id = backup.job_id
        path, claim = f"{JOBS}/{job_id}", self._truth.claim_at(job_id, backup.version)
        with self.written_by(SOMEBODY):
            if (current := self._documents.get(path)) is None:
                self.touch(job_id, **backup.data)
            elif current.data != backup.data:
                version = self._new_version()
                self._documents[path] = JobSnapshot(job_id, backup.data, version, current.created_at, self._writes.last)
        self._truth.claims[job_id] = claim
        self._truth.written(job_id, self._documents[path].version)
        self._truth.edited.add(job_id)

    def snapshots(self) -> list[JobSnapshot]:
        """Return all jobs, without checks and faults."""
        return self._jobs()

    def check_all(self) -> None:
        """Check at the end that each completed job has its data, and that each document has its rightful content."""
        found = self._saved()
        for path, fields in found.items():
            if not _is_history(path):
                self._truth.check_saved(path, fields)
        self._truth.check_kept_points(found)
        self._check_outbox()
        for job in self.snapshots():
            if job.data["status"] == Status.COMPLETED:
                claim, completed = self._truth.completions.get(job.job_id, (None, {}))
                if claim is None or has_changed(completed, job.data):
                    assert job.job_id in self._truth.edited, f"completed by nobody: {job}"
                else:
                    self._truth.check_completed(claim, job.data, found)

    def _check_outbox(self) -> None:
        """Check that the outbox has the event of each ending, and no other of a job."""
        kept = {
            path: (document.data["event"]["type"], json.loads(document.data["event"]["payload"])["data"]["jobId"])
            for path, document in self._documents.items()
            if path.startswith(f"{OUTBOX}/") and is_of_job(document.data)
        }
        assert kept == self._told

    def _saved(self) -> dict[str, Fields]:
        return {path: d.data for path, d in self._documents.items() if path.startswith("organizations/")}

    def _write(self, write: DocumentWrite, version: str) -> str:
        if write.path.startswith(f"{OUTBOX}/") and is_of_job(write.fields):
            self._events.append(write)
        if _is_history(write.path):
            self._truth.check_points(self.writer, write.path, write.fields)
        return super()._write(write, version)

    def _merge(self, path: str, fields: dict[str, Any], version: str) -> str:
        before = self._documents.get(path)
        if path.startswith("organizations/"):
            assert self._committing is not None, f"written without its job: {path}"
            job = self._documents[f"{JOBS}/{self._committing.job_id}"]
            self._truth.check_document(self.writer, job.job_id, job.data, path, fields)
        result = super()._merge(path, fields, version)
        if path.startswith(f"{JOBS}/"):
            job_id, after = path.removeprefix(f"{JOBS}/"), self._documents[path].data
            if before and before is not self._documents[path]:
                if self._makes(ChangeKind.SPEND):
                    self._truth.check_spending(self.writer, job_id, before.data, after)
                else:
                    self._observe(job_id, before.data, after)
            self._truth.written(job_id, result)
        return result

    def _makes(self, kind: ChangeKind) -> bool:
        return self._committing is not None and self._committing.change.kind is kind

    def _observe(self, job_id: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        was, now = Status(before["status"]), Status(after["status"])
        writer, attempts = self.writer, (before.get("attempt", 0), after.get("attempt", 0))
        change = f"{writer.name}: {was} -> {now}, attempt {attempts[0]} -> {attempts[1]}"
        if writer == SOMEBODY:
            if has_changed(before, after):
                self._truth.edited.add(job_id)
            return
        if currently_in_test_context():  # false if a failing example runs as a separate program
            event(f"{was} -> {now} by {writer.name}")
        assert now in TRANSITIONS[was], change
        if was in FINISHED:
            assert writer.name == "retry", f"a terminal status was overwritten: {change}"
        if writer.claim is not None:
            assert was is Status.PROCESSING, f"written without owning it: {change}"
            if writer.is_attempt:
                assert attempts[0] == writer.claim.attempt, f"written by an attempt that lost the job: {change}"
            self._truth.check_change(writer, job_id, before, after)
        is_claim = self._makes(ChangeKind.CLAIM)
        assert is_claim == (now is Status.PROCESSING and was is Status.PENDING), change
        assert attempts[1] == attempts[0] + is_claim, change
        if is_claim:
            self._truth.claimed(job_id, after)
        self._observe_part(writer, before, after)
        if was is Status.PROCESSING and now is not Status.PENDING:
            assert after["progress"] >= before["progress"], f"progress went down: {change}"
        # A processing job without a lease was edited by hand. It stays so until the sweep finds it.
        is_by_hand = was is now is Status.PROCESSING and before.get("leaseUntil") is None
        has_lease = after.get("leaseUntil") is not None
        assert is_by_hand or has_lease == (now is Status.PROCESSING), f"a lease is left: {change}"
        if now is Status.COMPLETED:
            self._check_completed(job_id, after)

    def _observe_part(self, writer: Writer, before: dict[str, Any], after: dict[str, Any]) -> None:
        parts = before.get("part", 1), after.get("part", 1)
        if writer.claim is not None and parts[0] != parts[1]:
            assert parts[1] == parts[0] + 1, f"handed over by {writer.name}: part {parts[0]} -> {parts[1]}"
            self._truth.handed_over(writer.claim, after["executionArn"])

    def _check_completed(self, job_id: str, job: dict[str, Any]) -> None:
        claim = self._truth.claims.get(job_id)
        saved = self._truth.check_completed(claim, job, self._saved())
        assert self.writer.is_attempt, f"completed by {self.writer.name}, who saved nothing"
        assert job["message"].startswith(f"Done: {saved['videoCount']} ")
        assert saved["lastJobId"] == job_id
        assert claim is not None
        self._truth.completions[job_id] = claim, job


def is_of_job(event: Fields) -> bool:
    return bool(event["event"]["type"].startswith("tracking.job."))


def has_changed(before: Fields, after: Fields) -> bool:
    return any(before.get(name) != after.get(name) for name in CONTENT_FIELDS)


class ObservedObjects(MemoryObjects):
    """Staging objects in memory. Only the claim that put an object may use it."""

    def __init__(self, faults: Faults, store: ObservedStore, truth: Truth) -> None:
        super().__init__()
        self._faults = faults
        self._store = store
        self._truth = truth

    def put(self, key: str, body: bytes) -> bool:
        self._truth.check_staged(self._store.writer, key)
        return self._faults.around(lambda: super(ObservedObjects, self).put(key, body))

    def get(self, key: str) -> bytes:
        self._truth.check_staged(self._store.writer, key)
        return self._faults.around(lambda: super(ObservedObjects, self).get(key))

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._truth.check_staged(self._store.writer, key)
        self._faults.around(lambda: super(ObservedObjects, self).delete(keys))


def _is_history(path: str) -> bool:
    return path.split("/")[-2] in HISTORY
