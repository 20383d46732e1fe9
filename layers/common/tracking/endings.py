"""The end of a job: one function builds the write that completes or fails it, for every writer.

    SaveVideos ── completed ──┐
    FailJob, reconcile, sweep ┼─ endings.ending ──> the job and its riders, in one commit
    malformed jobs refused ───┘

A rider is another document that is written in the same commit as the ending. There are no riders yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracking.jobs import Change
from tracking.store import CompletingWrite, DocumentWrite, EndingWrite


def riders(job_id: str, job: Mapping[str, Any], change: Change) -> tuple[DocumentWrite, ...]:  # noqa: ARG001 - none yet
    """Return the documents to write together with this ending. `ending` describes the arguments."""
    return ()


def ending(
    job_id: str, job: Mapping[str, Any], change: Change, version: str, account: DocumentWrite | None = None
) -> EndingWrite:
    """Build the write that ends a job at `version`.

    `job`: the fields that the writer knows, by their names in the document. The fields are unchecked: a malformed job
    may lack a field, or have a value of another type. `change`: a change whose kind is in `jobs.ENDINGS`. `account`:
    the account's document; only for a completion.
    """
    riding = riders(job_id, job, change)
    if account is None:
        return EndingWrite(job_id, change, version, riding)
    return CompletingWrite(job_id, change, version, riding, account)
