"""The end of a job: one function builds the write that completes or fails it, for every writer.

    SaveVideos ── completed ──┐
    FailJob, reconcile, sweep ┼─ endings.ending ──> the job and its riders, in one commit
    malformed jobs refused ───┘

A rider is another document that is written in the same commit as the ending. The only one is the ending's event, with
News=on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracking import events
from tracking.jobs import Change
from tracking.store import CompletingWrite, DocumentWrite, EndingWrite


def riders(job_id: str, job: Mapping[str, Any], change: Change, work: str) -> tuple[DocumentWrite, ...]:
    """Return the documents to write together with this ending. `ending` describes the arguments."""
    event = events.of_ending(job_id, job, change, work)
    return (event.to_write(),) if event else ()


def ending(
    job_id: str,
    job: Mapping[str, Any],
    change: Change,
    version: str,
    account: DocumentWrite | None = None,
    *,
    news: bool,
    execution: str = "",
) -> EndingWrite:
    """Build the write that ends a job at `version`.

    `job`: the fields that the writer knows, by their names in the document. The fields are unchecked: a malformed job
    may lack a field, or have a value of another type. `change`: a change whose kind is in `jobs.ENDINGS`. `account`:
    the account's document; only for a completion. `news`: whether the ending's event is written. `execution`: the name
    of the execution that ends with its job; "" if none worked on it, or it is not known.
    """
    riding = riders(job_id, job, change, execution or version) if news else ()
    if account is None:
        return EndingWrite(job_id, change, version, riding)
    return CompletingWrite(job_id, change, version, riding, account)
