"""Adoption: what a project held before this system came is left alone until an operator decides.

    first tick ──> control document: adoptedFrom = a day ago ──> what was last written before is held:
                                                                 not started, not repaired, not deleted
    `tracking adopt` ──> adoptedFrom = null ──> nothing is held

A new project holds nothing so old, so nobody has to adopt it. A control document of an earlier version has the
trigger's fields and no `adoptedFrom`: that project is at work, and nothing is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tracking.jobs import HELD, PlatformName
from tracking.pauses import CONTROL_DOCUMENT
from tracking.store import DocumentWrite, JobSnapshot

FIELD = "adoptedFrom"
OWNER = "stateMachine"
"""The ARN of the state machine whose stack works on the jobs. Without it, the next tick of any stack writes its own."""
STALE = timedelta(days=1)
"""A job that nobody has written for so long when this system comes belongs to the time before."""

ADOPTED = DocumentWrite(CONTROL_DOCUMENT, {FIELD: None})


def is_decided(control: Mapping[str, Any] | None) -> bool:
    """Return whether the control document says from when on the project is adopted.

    A pause alone, which an operator may write by hand, says nothing about that.
    """
    return bool((control or {}).keys() - set(PlatformName))


def adopted_from(control: Mapping[str, Any] | None, now: datetime) -> datetime | None:
    """Return the time before which the project is not this system's, or None if all of it is.

    A value that cannot be read holds what is older than a day. Holding harms nothing that cannot be mended.
    """
    value = (control or {}).get(FIELD)
    if isinstance(value, datetime):
        return value
    return None if value is None and is_decided(control) else now - STALE


def owner(control: Mapping[str, Any] | None) -> str:
    """Return the state machine of the stack that works on the jobs, or "" if none does yet."""
    value = (control or {}).get(OWNER)
    return value if isinstance(value, str) else ""


def is_held(job: JobSnapshot, since: datetime | None) -> bool:
    """Return whether an open job waits for an operator. `since`: the result of `adopted_from`.

    The time is Firestore's own, so no clock of a page counts. Our own write of the message does not count as a change.
    """
    return since is not None and (job.updated_at < since or job.data.get("message") == HELD.text)
