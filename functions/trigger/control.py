"""The control document as a tick uses it: the owner, the pauses, the turns, and the book of the jobs that hold a slot.

The first tick of a project also writes from when on the project is this system's (`tracking.adoption`).

Ticks may meet. A tick writes the slots that it takes, and the turns, before it claims a job. It writes only if nobody
has written the document since the tick read it:

    tick A   read (version 7) ── choose ── write if still 7 ──> 8 ── claim, start
    tick B       read (version 7) ── choose ── write if still 7 ──> refused: read 8, choose again

An ended execution wakes the trigger, and the job leaves the book. If that event is lost, the tick of the next minute
sees that the book does not agree with the jobs (`agree`).

The owner is the stack that works on the database's jobs, named by its state machine. The ticks of another stack would
take its running jobs for lost ones, because their own machine has no execution of them. So they stop.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracking import adoption, pauses
from tracking.document_limits import is_document_id
from tracking.errors import StoreUnavailableError
from tracking.jobs import PlatformName, Status
from tracking.pauses import CONTROL_DOCUMENT
from tracking.store import (
    DocumentExistsError,
    DocumentWrite,
    JobSnapshot,
    StaleVersionError,
    StoredDocument,
    TickStore,
)
from trigger.slots import Pending
from trigger.turns import FIELD as TURNS
from trigger.turns import Turns

SLOTS = "slots"
REFRESH_SLOTS = "refreshSlots"
"""The book of the refreshes. The ticks of users' jobs only strike out what has ended, and count what is left."""
FORGOTTEN_AFTER = timedelta(days=1)
"""A refresh's entry that is older holds no slot: the ticks that keep its book may have been switched off.

`MaxJobMinutes` is less than a day.
"""
WRITTEN_BY = "writtenBy"

MAX_CLOCK_SKEW = timedelta(minutes=1)
"""Between two of our functions. An entry that is later than this would hold its slot for ever."""


class ControlChangedError(Exception):
    """Another writer changed the control document after this tick read it. Nothing was written."""


class OtherStackError(Exception):
    """The jobs of this database are another stack's. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A job that holds a slot: it is claimed, or about to be claimed."""

    job_id: str
    attempt: int
    platform: PlatformName
    since: datetime
    version: str = ""  # of the document, while the job waits for its claim


class Control:
    def __init__(self, stored: StoredDocument | None, now: datetime, book: str = SLOTS) -> None:
        """Read the document. Parts that cannot be read count as empty, because people may edit it.

        `book`: SLOTS for the ticks of users' jobs, REFRESH_SLOTS for those of refreshes.
        """
        fields = stored.fields if stored else None
        self.pauses = pauses.active(fields, now)
        self.closed_until: dict[str, datetime] = {
            name: pause.until for name, pause in pauses.from_document(fields).items()
        }
        self.turns = Turns(fields)
        self.adopted_from = adoption.adopted_from(fields, now)
        self._is_first = not adoption.is_decided(fields)
        self._book, self._other_book = book, REFRESH_SLOTS if book == SLOTS else SLOTS
        self.holders = {one.job_id: one for one in _read(fields, book) if one.since <= now + MAX_CLOCK_SKEW}
        self.others = {
            one.job_id: one
            for one in _read(fields, self._other_book)
            if one.since <= now + MAX_CLOCK_SKEW and (book != SLOTS or now - FORGOTTEN_AFTER < one.since)
        }
        self.owner = adoption.owner(fields)
        self._version = stored.version if stored else None
        self._written = self._state()

    def own(self, machine: str) -> None:
        """Make `machine` the owner if there is none. `save` writes that. Raises OtherStackError if there is another."""
        if self.owner not in {"", machine}:
            raise OtherStackError(
                f"The jobs of this database are run by another stack, {self.owner}; this one, {machine}, does nothing."
                " To change that: `tracking owner --take`."
            )
        self.owner = machine

    @property
    def running(self) -> Counter[PlatformName]:
        """The number of jobs that hold a slot, by platform: users' jobs and refreshes."""
        return self.of_book + Counter(holder.platform for holder in self.others.values())

    @property
    def of_book(self) -> Counter[PlatformName]:
        """The same for this book alone."""
        return Counter(holder.platform for holder in self.holders.values())

    def take(self, chosen: Iterable[Pending], now: datetime) -> None:
        for pending in chosen:
            job = pending.job
            self.holders[job.job_id] = Holder(job.job_id, job.attempt + 1, job.platform, now, pending.snapshot.version)

    def take_new(self, platforms: Mapping[str, PlatformName], now: datetime) -> None:
        """Take a slot for jobs that are about to be created, by their ids."""
        self.holders |= {job_id: Holder(job_id, 1, platform, now) for job_id, platform in platforms.items()}

    def is_starting(self, pending: Pending) -> bool:
        """Return whether a tick has taken a slot for the job as it is now."""
        holder = self.holders.get(pending.job.job_id)
        return holder is not None and holder.version == pending.snapshot.version

    def give_back(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            self.holders.pop(job_id, None)

    def end(self, ended: Collection[tuple[str, int]]) -> set[PlatformName]:
        """Strike out the jobs whose execution has ended. Return their platforms. `ended`: job ids with attempts."""
        gone = [
            book.pop(job_id)
            for book in (self.holders, self.others)
            for job_id, attempt in ended
            if job_id in book and book[job_id].attempt == attempt
        ]
        return {holder.platform for holder in gone}

    def agree(self, running: Mapping[str, Holder], store: TickStore, young_since: datetime) -> None:
        """Make the book agree with the jobs that run.

        An entry without a running job stays if another tick is about to claim its job, or has just claimed it. An entry
        that is older than `young_since` was left by a tick that died.
        """
        missing = [job_id for job_id in self.holders if job_id not in running]
        found = {job.job_id: job for job in store.get_jobs(missing)} if missing else {}
        kept = {job_id: self.holders[job_id] for job_id, job in found.items() if self._may_run(job, young_since)}
        self.holders = {**kept, **running}

    def save(self, store: TickStore, *, with_turns: bool = True) -> None:
        """Write what has changed. Raises ControlChangedError when another writer was first."""
        is_unchanged = self._state() == self._written and not (with_turns and self.turns.have_moved)
        if is_unchanged and not self._is_first:
            return
        write = self._to_write(with_turns=with_turns)
        try:
            self._version = _put(store, write)
        except (StaleVersionError, DocumentExistsError) as error:
            # Our own write may be the newer version: its reply was lost, and the client sent it again.
            stored = store.get_stored(CONTROL_DOCUMENT)
            if stored is None or stored.fields.get(WRITTEN_BY) != write.fields[WRITTEN_BY]:
                raise ControlChangedError(CONTROL_DOCUMENT) from error
            self._version = stored.version
        self._written = self._state()
        self._is_first = False
        if with_turns:
            self.turns.are_written()

    def _to_write(self, *, with_turns: bool) -> DocumentWrite:
        fields: dict[str, Any] = {
            adoption.OWNER: self.owner,
            self._book: _to_store(self.holders),
            self._other_book: _to_store(self.others),
            WRITTEN_BY: secrets.token_hex(8),
        }
        if self._is_first:
            fields[adoption.FIELD] = self.adopted_from
        if with_turns:
            fields[TURNS] = self.turns.to_store()
        return DocumentWrite(CONTROL_DOCUMENT, fields, must_be_new=self._version is None, version=self._version)

    def _state(self) -> tuple[str, dict[str, Holder], dict[str, Holder]]:
        return self.owner, dict(self.holders), dict(self.others)

    def _may_run(self, job: JobSnapshot, young_since: datetime) -> bool:
        """Return whether the job, which was not seen running, may run after all."""
        holder = self.holders[job.job_id]
        is_claimed = job.data.get("status") == Status.PROCESSING
        return (is_claimed or job.version == holder.version) and holder.since > young_since


def _put(store: TickStore, write: DocumentWrite) -> str:
    """Write the document, and once more if there is no answer: it may be written, and would hold its slots unused."""
    try:
        return store.put_document(write)
    except StoreUnavailableError:
        return store.put_document(write)


def read_control(store: TickStore, now: datetime, book: str = SLOTS) -> Control:
    return Control(store.get_stored(CONTROL_DOCUMENT), now, book)


def _to_store(holders: Mapping[str, Holder]) -> list[dict[str, Any]]:
    return [
        {"job": h.job_id, "attempt": h.attempt, "platform": str(h.platform), "since": h.since, "version": h.version}
        for h in holders.values()
    ]


def _read(fields: Mapping[str, Any] | None, book: str) -> list[Holder]:
    stored = (fields or {}).get(book)
    holders = []
    for entry in stored if isinstance(stored, list) else []:
        try:
            platform = PlatformName(entry["platform"])
            holder = Holder(entry["job"], entry["attempt"], platform, entry["since"], str(entry["version"]))
        except (KeyError, TypeError, ValueError):
            continue
        is_named = isinstance(holder.job_id, str) and is_document_id(holder.job_id)
        if is_named and type(holder.attempt) is int and isinstance(holder.since, datetime):
            holders.append(holder)
    return holders
