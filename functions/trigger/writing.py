"""Writing to many jobs at once, so that a lost reply costs nothing.

    our write ──> done, reply lost ──> sent again, by the client or here ──> refused: the job is not as it was read
                                                                             └─> read: it is as we wrote it: ours

A write can be sent again without harm, for its precondition lets it be done once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracking.errors import StoreUnavailableError
from tracking.store import JobSnapshot, JobWrite, TickStore, Unwritable

RESEND_RESERVE_S = 30.0
"""A request with all the client's tries (25 s), and some time to start what it claimed."""


def write_each(
    store: TickStore, writes: Sequence[JobWrite], remaining_s: Callable[[], float]
) -> list[str | Unwritable | None]:
    """`Store.write_each`, where a write that was made is never taken for a refused one.

    StoreUnavailableError when the database gave no answer twice.
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
    """A refusal for good is clear; any other may follow a write that was made."""
    return answer is None or (isinstance(answer, Unwritable) and not answer.is_lasting)


def _read_again(store: TickStore, job_ids: Sequence[str]) -> list[JobSnapshot]:
    """Nothing where there is no answer: the other writes count all the same, and these have their leases."""
    try:
        return store.get_jobs(job_ids) if job_ids else []
    except StoreUnavailableError:
        return []
