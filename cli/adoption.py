"""Find the stale jobs of a project, and cancel them, for `tracking adopt`: see `tracking.adoption`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rich.table import Table

from tracking import adoption, jobs, pauses, walks
from tracking.errors import InvalidJobError
from tracking.jobs import HELD, Status
from tracking.settings import Limits
from tracking.store import JobSnapshot, JobWrite, Store

PAGE_SIZE = Limits().finished_page_size
MAX_PROCESSING_JOBS = 2_000  # as many as a tick reads


class Stale(StrEnum):
    """The fate of stale jobs."""

    CANCEL = "cancel"
    START = "start"


def is_adopted(store: Store, now: datetime) -> bool:
    return adoption.adopted_from(store.get_document(pauses.CONTROL_DOCUMENT), now) is None


@dataclass(slots=True)
class Survey:
    """The number of jobs of each kind."""

    stale: int = 0
    processing: int = 0  # stale, too
    young: int = 0
    malformed: int = 0  # some of the pending ones
    finished: int = 0

    def table(self, stale: Stale) -> Table:
        fate = "will be cancelled" if stale is Stale.CANCEL else "will start"
        table = Table("jobs", "", "then", box=None, pad_edge=False)
        table.add_row(f"{self.stale:,}", "pending and stale", fate)
        table.add_row(f"{self.processing:,}", "processing and stale", fate)
        table.add_row(f"{self.young:,}", "pending and younger", "start as always")
        table.add_row(f"{self.malformed:,}", "of the pending ones malformed", "fail when it is their turn")
        table.add_row(f"{self.finished:,}", "finished long ago", "the next cleanup deletes them")
        return table


def survey(store: Store, now: datetime, stale_for: timedelta, kept_for: timedelta) -> Survey:
    """Count. `stale_for`: a job is stale if nobody has written it for so long. `kept_for`: as KeepFinishedDays."""
    found = Survey(processing=len(_stale_processing(store, now - stale_for)))
    for page in walks.pending_jobs(store, PAGE_SIZE):
        stale = sum(_is_stale(job, now - stale_for) for job in page)
        found.stale += stale
        found.young += len(page) - stale
        found.malformed += sum(map(_is_malformed, page))
    found.finished = sum(len(old) for _, old in walks.ended_before(store, now - kept_for, PAGE_SIZE))
    return found


def cancel_stale(store: Store, now: datetime, stale_for: timedelta) -> tuple[int, int]:
    """Cancel the stale jobs. Return how many were cancelled, and how many had changed or could not be written."""
    tried = cancelled = 0
    for page in _stale_pages(store, now - stale_for):
        writes = [JobWrite(job.job_id, jobs.cancel(Status(job.data["status"]), now), job.version) for job in page]
        answers = store.write_each(writes)
        tried += len(answers)
        cancelled += sum(isinstance(answer, str) for answer in answers)
    return cancelled, tried - cancelled


def _stale_pages(store: Store, before: datetime) -> Iterator[list[JobSnapshot]]:
    for page in walks.pending_jobs(store, PAGE_SIZE):
        yield [job for job in page if _is_stale(job, before)]
    yield _stale_processing(store, before)


def _stale_processing(store: Store, before: datetime) -> list[JobSnapshot]:
    return [job for job in store.processing_jobs(MAX_PROCESSING_JOBS) if _is_stale(job, before)]


def _is_stale(job: JobSnapshot, before: datetime) -> bool:
    """A held job's last write is our own, so its creation counts."""
    return (job.created_at if job.data.get("message") == HELD.text else job.updated_at) < before


def _is_malformed(job: JobSnapshot) -> bool:
    try:
        job.parse()
    except InvalidJobError:
        return True
    return False
