"""Write to many jobs at once, and find out which writes were made even when a reply is lost.

    our write ──> made, reply lost ──> sent again, by the client or here ──> refused: the job has a newer version
                                                                             └─> read the job: it holds our write

Sending a write again is safe: its precondition allows it only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracking.errors import StoreUnavailableError
from tracking.store import JobSnapshot, JobWrite, TickStore, Unwritable

RESEND_RESERVE_S = 40.0
"""Seconds for one request with all its retries (35 s), and for starting the jobs that it claimed."""


def write_each(
    store: TickStore, writes: Sequence[JobWrite], remaining_s: Callable[[], float]
) -> list[str | Unwritable | None]:
    """Call `Store.write_each`. A write whose reply was lost is reported as made.

    Raises StoreUnavailableError when the database does not answer, even to a second request.
    """
    try:
        answers = store.write_each(writes)
    except StoreUnavailableError:
        if remaining_s() < RESEND_RESERVE_S:
            raise
        answers = store.write_each(writes)
    refused = {write.job_id: number for number, write in enumerate(writes) if _is_unclear(answers[number])}
    for snapshot in _read_again(store, list(refused)):
        number = refused[snapshot.job_id]
        if snapshot.holds(writes[number]):
            answers[number] = snapshot.version
    return answers


def _is_unclear(answer: str | Unwritable | None) -> bool:
    """Return whether the write may have been made after all. Only a lasting refusal is certain."""
    return answer is None or (isinstance(answer, Unwritable) and not answer.is_lasting)


def _read_again(store: TickStore, job_ids: Sequence[str]) -> list[JobSnapshot]:
    """Return the jobs, or none if the database does not answer.

    Without an answer the writes count as refused. Their jobs are not lost: the sweep repairs them after their lease.
    """
    try:
        return store.get_jobs(job_ids) if job_ids else []
    except StoreUnavailableError:
        return []
