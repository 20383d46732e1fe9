"""Faults of the mail function: at most one mail, its document says what became of it, and no window waits for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from local import auth
from tests.chaos.chaos_harness import ChaosHarness
from tests.chaos.plan import Fault, How, When
from tests.chaos.points import EVERY
from tests.chaos.trials import Result
from tests.e2e.running import Document
from tracking.events import Event, EventType
from tracking.mail.letters import State
from tracking.mail.windows import window_path
from tracking.store import DocumentWrite

POINTS = ("mail.documents_with", "mail.due_documents", "mail.get_stored_each", "mail.change_together")
OF_SES = tuple((when, how) for how in (How.KILL, How.ERROR) for when in When)
"""SES is called once: botocore sends nothing again."""
MAX_RUNS = 4


def run(harness: ChaosHarness) -> Iterator[Result]:
    for point in (*POINTS, "mail.send", "mail.put_document"):
        for when, how in OF_SES if point == "mail.send" else EVERY:
            yield _mail(harness, Fault(point, when, how))


def _mail(harness: ChaosHarness, fault: Fault) -> Result:
    """Let a window of one event be due, and the fault happen meanwhile."""
    org_id, store, now = f"org-{uuid4().hex[:8]}", harness.running.store, datetime.now(UTC)
    email, user_id = f"{org_id}@demo.test", f"user-{org_id}"
    with httpx.Client(trust_env=False, timeout=60) as http:
        auth.add_account(http, harness.running.state.auth(), user_id, email)
    event = _event(org_id, user_id, now)
    store.put_document(event.to_write())
    store.put_document(DocumentWrite(f"organizations/{org_id}/members/{user_id}", {"role": "member"}))
    window = {"openedAt": now, "dueAt": now - timedelta(minutes=1), "eventIds": [event.event_id]}
    store.put_document(DocumentWrite(window_path(org_id, user_id), window))
    inbox = f"{harness.running.state.news()}/mails"

    def checks() -> dict[str, bool]:
        mails: list[Document] = httpx.get(inbox, trust_env=False).json()["mails"]
        sent = [one for one in mails if email in one["to"]]
        states = [one["delivery"]["state"] for one in store.list_mail(org_id, 9).values()]
        left = store.get_document(window_path(org_id, user_id)) or {}
        return {
            "the window waits": left.get("dueAt") is not None,
            "there are two mails": len(sent) > 1 or len(states) > 1,
            "nobody knows what became of the mail": states not in ([State.SUCCESS], [State.ERROR]),
            "the mail says SUCCESS and was not sent": states == [State.SUCCESS] and not sent,
        }

    name, runs = harness.plan.add(fault), 0
    while any(checks().values()) and runs < MAX_RUNS:
        if runs:
            time.sleep(harness.lease_s)
        harness.invoke("mail", {})
        runs += 1
    wrong = checks() | {"the fault never happened": not harness.plan.has_fired(name)}
    harness.plan.withdraw(name)
    (state, *_) = [one["delivery"]["state"] for one in store.list_mail(org_id, 9).values()] or ["no mail"]
    return Result(fault.point, str(fault), runs, 0, state, 0, [s for s, is_so in wrong.items() if is_so])


def _event(org_id: str, user_id: str, now: datetime) -> Event:
    told = {"jobId": "job", "username": "nasa", "platform": "instagram", "accountId": "instagram_1", "message": "Done."}
    return Event(
        event_id=f"job-1-{org_id}-completed",
        type=EventType.JOB_COMPLETED,
        org_id=org_id,
        project_id="project1",
        user_id=user_id,
        occurred_at=now,
        data=told,
    )
