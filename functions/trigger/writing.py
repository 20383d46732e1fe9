"""Writing to many jobs at once, so that a lost reply costs nothing.

    our write ──> done, reply lost ──> sent again, by the client or here ──> refused: the job is not as it was read
                                                                             └─> read: it is as we wrote it: ours

A write can be sent again without harm, for its precondition lets it be done once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracking.errors import StoreUnavailableError
from tracking.fence import holds
from tracking.store import JobSnapshot, JobWrite, Store, Unwritable

RESEND_RESERVE_S = 30.0
"""A request with all the client's tries (25 s), and some time to start what it claimed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    job_id: str
    reason: str


def write_each(
    store: Store, writes: Sequence[JobWrite], remaining_s: Callable[[], float]
) -> list[str | Unwritable | None]:
    """`Store.write_each`, where None means that somebody else changed the job.

    StoreUnavailableError when the database gave no answer twice.
    """
    try:
        answers = store.write_each(writes)
    except StoreUnavailableError:
        if remaining_s() < RESEND_RESERVE_S:
            raise
        answers = store.write_each(writes)
    refused = {write.job_id: number for number, write in enumerate(writes) if answers[number] is None}
    for snapshot in _read_again(store, list(refused)):
        number = refused[snapshot.job_id]
        if holds(snapshot, writes[number]):
            answers[number] = snapshot.version
    return answers


def unwritable(writes: Sequence[JobWrite], answers: Sequence[str | Unwritable | None]) -> list[Refusal]:
    """The jobs whose document the database lets nobody write as we must."""
    return [
        Refusal(write.job_id, answer.code)
        for write, answer in zip(writes, answers, strict=True)
        if isinstance(answer, Unwritable)
    ]


def _read_again(store: Store, job_ids: Sequence[str]) -> list[JobSnapshot]:
    """Nothing where there is no answer: the other writes count all the same, and these have their leases."""
    try:
        return store.get_jobs(job_ids) if job_ids else []
    except StoreUnavailableError:
        return []
