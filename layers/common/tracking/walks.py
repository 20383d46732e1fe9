"""Walks: reading more documents than one query returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from tracking.store import CleanupStore, CommandLineStore, JobSnapshot, StoredDocument, TickStore


def finished_jobs(store: CleanupStore, page_size: int, begin: str = "") -> Iterator[list[JobSnapshot]]:
    """Yield each finished job once: from the id `begin` to the last, then from the first to `begin`.

    Yields one page for each query; a page may be empty. `page_size`: at most the number that one `delete_jobs` takes.
    The caller may delete a page's jobs before it asks for the next page.
    """
    yield from _pages(store.finished_jobs, page_size, begin)
    if not begin:
        return
    for page in _pages(store.finished_jobs, page_size, ""):
        left = [job for job in page if job.job_id < begin]
        yield left
        if len(left) < len(page):
            return


def pending_jobs(store: TickStore, page_size: int) -> Iterator[list[JobSnapshot]]:
    """Yield each pending job once, in pages as `finished_jobs` does. The caller may change a page's jobs."""
    return _pages(lambda limit, from_id: store.pending_jobs(limit, from_id=from_id), page_size, "")


def ended_before(
    store: CleanupStore, moment: datetime, page_size: int, begin: str = ""
) -> Iterator[tuple[list[JobSnapshot], list[JobSnapshot]]]:
    """Yield each page of `finished_jobs`, together with the jobs on the page that ended before `moment`."""
    for page in finished_jobs(store, page_size, begin):
        yield page, [job for job in page if job.ended_at() < moment]


def ended_since(store: CommandLineStore, moment: datetime, page_size: int) -> Iterator[JobSnapshot]:
    """Yield the jobs that ended at `moment` or later, by `completedAt`, in the order of their ends.

    `page_size`: jobs that one query reads. Only one page is held at a time.
    """
    last: JobSnapshot | None = None
    while True:
        page = store.jobs_ended_since(moment, page_size, last)
        yield from page
        if len(page) < page_size:
            return
        last = page[-1]


def due_documents(
    store: CleanupStore, group: str, field: str, now: datetime, page_size: int
) -> Iterator[tuple[str, StoredDocument]]:
    """Yield each document with its path that `CleanupStore.due_documents` finds. The caller may change or delete it."""
    last: tuple[datetime, str] | None = None
    while True:
        page = store.due_documents(group, field, now, page_size, last)
        yield from page.items()
        if len(page) < page_size:
            return
        path, document = list(page.items())[-1]
        last = document.fields[field], path


def _pages(read: Callable[[int, str], list[JobSnapshot]], page_size: int, from_id: str) -> Iterator[list[JobSnapshot]]:
    seen: str | None = None
    while True:
        found = read(page_size, from_id)
        yield [job for job in found if job.job_id != seen]
        if len(found) < page_size:
            return
        seen = from_id = found[-1].job_id
