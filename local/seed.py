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
from tracking.jobs import AccountType, Fields, Job, Status
from tracking.naming import execution_name
from tracking.store.firestore import JOBS


def seed(client: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    """The event, of the execution that a claimed job of its attempt names; the job is made unless it is there.

    An event that names no job (a tick) stays as it is. `client`: a Firestore client. What is wrong with an event is
    the function's to say.
    """
    try:
        work = Work.from_state(_job_of(event))
        fields = _waiting(work)
    except (InvalidJobError, ValueError, TypeError):
        return dict(event)
    document = client.collection(JOBS).document(work.job_id)
    found = document.get()
    if not _is_claimed(found.to_dict() or {}, work.attempt):
        document.set(fields | {"status": str(Status.CANCELLED)})  # a pending one could be taken by a tick
        attempt = Job.from_document(work.job_id, fields, document.get().create_time).next_attempt()
        claim = jobs.claim(attempt, datetime.now(UTC), _arn(event, execution_name(attempt)))
        document.update(claim.fields)
        found = document.get()
    name = execution_name(Job.from_document(work.job_id, found.to_dict(), found.create_time))
    if "detail" in event:
        return {**event, "detail": {**event["detail"], "executionArn": _arn(event, name), "name": name}}
    return {**event, "execution": _arn(event, name)}


def _waiting(work: Work) -> Fields:
    owner = {"org_id": work.org_id, "project_id": work.project_id, "user_id": work.user_id}
    kind, now = AccountType(work.account_type), datetime.now(UTC)
    fields = jobs.new(username=work.username, platform=work.platform_name, account_type=kind, now=now, **owner)
    return fields | {"attempt": work.attempt - 1}


def _is_claimed(fields: Fields, attempt: int) -> bool:
    return (fields.get("status"), fields.get("attempt")) == (Status.PROCESSING, attempt)


def _arn(event: Mapping[str, Any], name: str) -> str:
    """Of the machine that the event's own execution is of."""
    arn = str(event["detail"]["executionArn"] if "detail" in event else event["execution"])
    return f"{arn.rpartition(':')[0]}:{name}"


def _job_of(event: Mapping[str, Any]) -> Any:
    """A state's event holds the job; a status change holds the execution's input, as JSON."""
    return event.get("job") or json.loads(event.get("detail", {}).get("input") or "{}")
