"""The budgets' document as a tick of refreshes reads and writes it, and the copy of what it says for pages.

    read with the control document ── settle what ended ── reserve ── write if unchanged ──> then slots, jobs, starts

It is written before the slots and the jobs. A tick that is killed after that leaves reservations of jobs that were not
created: the next tick that chooses the same accounts takes the same ones, and after a minute they are given back.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracking.budgets import BUDGETS_DOCUMENT, ORG, WAITS_DOCUMENT, BudgetLimits, Budgets, Closed, end_of_day
from tracking.errors import StoreUnavailableError
from tracking.jobs import PlatformName, Status
from tracking.platform_contract import PLATFORMS
from tracking.store import (
    DocumentExistsError,
    DocumentWrite,
    JobSnapshot,
    RefreshStore,
    StaleVersionError,
    StoredDocument,
)
from trigger.control import WRITTEN_BY, ControlChangedError


@dataclass(frozen=True, slots=True)
class BudgetNews:
    """A budget of which pages are told something new."""

    platform: PlatformName | None
    org_id: str | None
    closed: Closed | None
    until: datetime


class BudgetBook:
    def __init__(self, stored: StoredDocument | None, limits: BudgetLimits, now: datetime) -> None:
        self.today = Budgets(stored.fields if stored else None, limits, now)
        self._now = now
        self._version = stored.version if stored else None
        self._written = self.today.to_fields()

    @property
    def has_changed(self) -> bool:
        return self.today.to_fields() != self._written

    def closed(self, platform: PlatformName) -> Closed | None:
        """Return how far the platform's budget is spent, with what is reserved."""
        return self.today.closed(platform, PLATFORMS[platform].refresh_posts)

    def settle(self, store: RefreshStore, opened: Sequence[JobSnapshot], young_since: datetime) -> None:
        """Replace the reservations of attempts that have ended by what they spent."""
        reserved = self.today.reserved
        known = {job.job_id: job for job in opened if job.job_id in reserved}
        others = [job_id for job_id in reserved if job_id not in known]
        if others:
            known |= {job.job_id: job for job in store.get_jobs(others)}
        ended = {job_id: job for job_id, job in known.items() if job.data.get("status") != Status.PROCESSING}
        self.today.settle(ended, set(others) - set(known), young_since)

    def tell(self, store: RefreshStore) -> list[BudgetNews]:
        """Write to pages' documents what is newly spent, or free again. Return that.

        It is told before it is noted as told: a tick that is killed between the two is repeated.
        """
        until, news = end_of_day(self._now), []
        for platform in PlatformName:
            closed = self.today.closed(platform, PLATFORMS[platform].refresh_posts, spent_only=True)
            if self._note(platform, closed):
                news.append(BudgetNews(platform, None, closed, until))
                self._write_wait(store, WAITS_DOCUMENT, {str(platform): _wait(closed, until)})
        told = {key.removeprefix(ORG) for key in self.today.told if key.startswith(ORG)}
        for org_id in sorted({*self.today.orgs, *told}):
            closed = self.today.closed_org(org_id)
            if self._note(ORG + org_id, closed):
                news.append(BudgetNews(None, org_id, closed, until))
                wait = _wait(closed, until) or {"until": None, "all": False}
                self._write_wait(store, f"organizations/{org_id}/{WAITS_DOCUMENT}", wait)
        return news

    def save(self, store: RefreshStore) -> None:
        """Write what has changed. Raises ControlChangedError when another tick was first."""
        fields = self.today.to_fields()
        if fields == self._written:
            return
        written_by = secrets.token_hex(8)
        write = DocumentWrite(
            BUDGETS_DOCUMENT,
            fields | {WRITTEN_BY: written_by},
            must_be_new=self._version is None,
            version=self._version,
        )
        try:
            self._version = _put(store, write)
        except (StaleVersionError, DocumentExistsError) as error:
            # Our own write may be the newer version: its reply was lost, and the client sent it again.
            stored = store.get_stored(BUDGETS_DOCUMENT)
            if stored is None or stored.fields.get(WRITTEN_BY) != written_by:
                raise ControlChangedError(BUDGETS_DOCUMENT) from error
            self._version = stored.version
        self._written = fields

    def _note(self, key: str, closed: Closed | None) -> bool:
        if self.today.told.get(key) == closed:
            return False
        if closed is None:
            del self.today.told[key]
        else:
            self.today.told[str(key)] = str(closed)
        return True

    @staticmethod
    def _write_wait(store: RefreshStore, path: str, fields: dict[str, object]) -> None:
        store.put_document(DocumentWrite(path, fields))


def _wait(closed: Closed | None, until: datetime) -> dict[str, object] | None:
    return None if closed is None else {"until": until, "all": closed is Closed.ALL}


def _put(store: RefreshStore, write: DocumentWrite) -> str:
    """Write the document, and once more if there is no answer: it may be written."""
    try:
        return store.put_document(write)
    except StoreUnavailableError:
        return store.put_document(write)
