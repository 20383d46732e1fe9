"""Thin the history that is due: `tracking.history.thinning` says which points stay.

Each document is changed by one commit, at the version that was read. So a run may stop anywhere or happen twice, and a
document that changed meanwhile has its turn in the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tracking import walks
from tracking.history import thinning
from tracking.history.days import month_after
from tracking.jobs import Fields
from tracking.store import (
    CleanupStore,
    DocumentExistsError,
    DocumentWrite,
    StaleVersionError,
    StoredDocument,
    WriteRefusedError,
)


class NotOursError(Exception):
    """The document is no month of our history."""


@dataclass(slots=True)
class Thinned:
    documents: int = 0
    left: int = 0  # documents that changed meanwhile, that Firestore refused, or that are not ours
    is_done: bool = False


def thin(store: CleanupStore, now: datetime, page_size: int, has_time: Callable[[], bool]) -> Thinned:
    """Thin each document of the history that is due, while there is time for one more."""
    result = Thinned()
    for group, thin_month in (("accountHistory", _thin_account), ("videoHistory", _thin_videos)):
        for path, document in walks.due_documents(store, group, thinning.DUE, now, page_size):
            if not has_time():
                return result
            try:
                thin_month(store, path, document, now)
                result.documents += 1
            except (NotOursError, StaleVersionError, DocumentExistsError, WriteRefusedError):
                result.left += 1
    result.is_done = True
    return result


def _thin_account(store: CleanupStore, path: str, document: StoredDocument, _now: datetime) -> None:
    """Replace the month by its weeks, in the documents of their years."""
    collection, month = path.rpartition("/")[0], _month(path)
    following = store.get_stored(f"{collection}/{month_after(month)}")
    weeks = thinning.weeks(month, document.fields, following.fields if following else {})
    years = [_with_weeks(store, f"{collection}/{year}", found) for year, found in weeks.items()]
    store.change_together(years, {path: document.version})


def _with_weeks(store: CleanupStore, path: str, found: Fields) -> DocumentWrite:
    year = store.get_stored(path)
    if year is None:
        return DocumentWrite(path, {"weeks": found}, must_be_new=True)
    return DocumentWrite(path, {"weeks": thinning.joined(year.fields.get("weeks"), found)}, version=year.version)


def _thin_videos(store: CleanupStore, path: str, document: StoredDocument, now: datetime) -> None:
    fields = thinning.of_videos(_month(path), document.fields, now)
    store.change_together([DocumentWrite(path, fields, version=document.version)], {})


def _month(path: str) -> str:
    month = thinning.month_at(path)
    if month is None:
        raise NotOursError(path)
    return month
