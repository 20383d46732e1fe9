"""Removed accounts: delete what lies below an account that people no longer track.

    page      deletes the account's document, and writes .../removedAccounts/{accountId} in the same commit
    cleanup   deletes its videos and its history, a page at a time, and then that document

An account that was tracked again meanwhile keeps everything. A page of documents is read first, and then the account: a
job writes the account before its videos, so none of the documents on the page can be of a new tracking if there is no
account. Each is deleted only as it was read.

A job or refresh that ran when the account was removed may go on to write below it, without an account. So the cleanup
waits until it has ended: else the one would lose videos that it saved, and the other would leave some for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking import walks
from tracking.store import CleanupStore, StaleVersionError, StoredDocument

COLLECTION = "removedAccounts"
REMOVED_AT = "removedAt"
OURS = re.compile(f"(organizations/[^/]+/projects/[^/]+)/{COLLECTION}/([^/]+)")
BELOW = ("videos", "accountHistory", "videoHistory", "videoIndex")
"""The collections below an account."""
QUIET_AFTER = timedelta(days=1)
"""After this time nothing that ran at the removal runs any more: `MaxJobMinutes` is less than a day."""
PAGE = 400
"""Documents that one request deletes. They are read without their fields."""


@dataclass(slots=True)
class Removed:
    accounts: int = 0
    documents: int = 0
    kept: int = 0  # accounts that are tracked again
    left: int = 0  # accounts that somebody removed once more meanwhile, or that are not ours
    is_done: bool = False


def remove(store: CleanupStore, now: datetime, page_size: int, has_time: Callable[[], bool]) -> Removed:
    """Delete what lies below each removed account, while there is time for one more page."""
    result = Removed()
    for path, marker in walks.due_documents(store, COLLECTION, REMOVED_AT, now - QUIET_AFTER, page_size):
        ours = OURS.fullmatch(path)
        if ours is None:
            result.left += 1
        elif not _remove(store, path, marker, f"{ours[1]}/trackedAccounts/{ours[2]}", has_time, result):
            return result
    result.is_done = True
    return result


def _remove(
    store: CleanupStore,
    path: str,
    marker: StoredDocument,
    account: str,
    has_time: Callable[[], bool],
    result: Removed,
) -> bool:
    """Delete one account's documents. Return False when the time was up before its end."""
    for name in BELOW:
        while True:
            if not has_time():
                return False
            page = store.documents_in(f"{account}/{name}", PAGE)
            if store.get_stored(account) is not None:
                result.kept += _delete_marker(store, path, marker, result)
                return True
            if not page:
                break
            result.documents += store.delete_each(page)
    result.accounts += _delete_marker(store, path, marker, result)
    return True


def _delete_marker(store: CleanupStore, path: str, marker: StoredDocument, result: Removed) -> int:
    try:
        store.change_together([], {path: marker.version})
    except StaleVersionError:
        result.left += 1
        return 0
    return 1
