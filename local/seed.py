"""The job that a state's event names, put into Firestore as the trigger would have left it.

Without it every file of `events/` would stop at the fence: no such job, or one that has ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from process.work import Work
from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.jobs import AccountType, Job, Status
from tracking.store.firestore import JOBS


def seed(client: Any, event: Mapping[str, Any]) -> None:
    """A claimed job at the event's attempt, unless there is one. An event that names no job (a tick) needs none.

    `client`: a Firestore client. What is wrong with an event is the function's to say.
    """
    try:
        work = Work.from_state(_job_of(event))
        platform, account_type = work.platform_name, AccountType(work.account_type)
    except (InvalidJobError, ValueError, TypeError):
        return
    document = client.collection(JOBS).document(work.job_id)
    found = document.get().to_dict() or {}
    if (found.get("status"), found.get("attempt")) == (Status.PROCESSING, work.attempt):
        return
    now = datetime.now(UTC)
    fields = jobs.new(
        org_id=work.org_id,
        project_id=work.project_id,
        user_id=work.user_id,
        username=work.username,
        platform=platform,
        account_type=account_type,
        now=now,
    )
    waiting = Job.from_document(work.job_id, fields | {"attempt": work.attempt - 1}, now)
    document.set(fields | jobs.claim(waiting, now, str(event.get("execution", ""))))


def _job_of(event: Mapping[str, Any]) -> Any:
    """A state's event holds the job; a status change holds the execution's input, as JSON."""
    return event.get("job") or json.loads(event.get("detail", {}).get("input") or "{}")
