"""Walks over more documents than one query gives, in the order of their ids."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from tracking.store import MAX_WRITES_PER_COMMIT, JobSnapshot, Store

FINISHED_PAGE_SIZE = MAX_WRITES_PER_COMMIT
"""As many as one `delete_jobs` takes."""


def anywhere() -> str:
    """A place among Firestore's own ids, for a walk that may be cut short not to begin at the same one each time."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=6))  # noqa: S311 - not for security


def finished_jobs(store: Store, begin: str = "") -> Iterator[list[JobSnapshot]]:
    """Each finished job once: from the id `begin` to the last, then from the first to `begin`.

    One query for each page; a page may be empty. The jobs of a page may be deleted before the next is asked for.
    """
    yield from _pages(store, begin)
    if not begin:
        return
    for page in _pages(store, ""):
        left = [job for job in page if job.job_id < begin]
        yield left
        if len(left) < len(page):
            return


def _pages(store: Store, from_id: str) -> Iterator[list[JobSnapshot]]:
    seen: str | None = None
    while True:
        found = store.finished_jobs(FINISHED_PAGE_SIZE, from_id)
        yield [job for job in found if job.job_id != seen]
        if len(found) < FINISHED_PAGE_SIZE:
            return
        seen = from_id = found[-1].job_id
