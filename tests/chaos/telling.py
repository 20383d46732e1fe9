"""Faults of the notify function: each event still arrives, always with its one id, and nothing waits for ever.

And an endpoint that is gone is still switched off, and its owners are told once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from local.stack import SIGNING_KEY
from tests.chaos.chaos_harness import ChaosHarness
from tests.chaos.plan import Fault, How, When
from tests.chaos.points import EVERY
from tests.chaos.trials import Result
from tests.e2e.running import Document
from tracking.events import Event, EventType
from tracking.jobs import Fields
from tracking.store import OUTBOX, DocumentWrite
from tracking.webhooks import DELIVERIES, endpoints_of, new_endpoint, signing

POINTS = (
    *("notify.due_events", "notify.due_documents", "notify.stored_in", "notify.get_each"),
    *("notify.put_each", "notify.update_each", "notify.post"),
)
SWITCH_OFF = "notify.change_together"
OF_A_REQUEST = tuple((when, How.KILL) for when in When)
"""A request has no other faults here: the receiver answers what it is told to."""
MAX_RUNS = 4
EVENTS = 2


def run(harness: ChaosHarness) -> Iterator[Result]:
    with httpx.Client(base_url=harness.running.state.news(), trust_env=False) as receiver:
        for point in POINTS:
            for when, how in OF_A_REQUEST if point == "notify.post" else EVERY:
                yield _Trial(harness, receiver, Fault(point, when, how)).deliver()
        for when, how in EVERY:
            yield _Trial(harness, receiver, Fault(SWITCH_OFF, when, how)).switch_off()


class _Trial:
    """An organisation with one endpoint, and events for it."""

    def __init__(self, harness: ChaosHarness, receiver: httpx.Client, fault: Fault) -> None:
        self._harness, self._receiver, self._fault = harness, receiver, fault
        self._store = harness.running.store
        self._org_id = f"org-{uuid4().hex[:8]}"
        self._endpoint = f"{endpoints_of(self._org_id)}/endpoint"
        self._url = f"https://{self._org_id}.example.com/"
        self._ids = [f"job-1-{self._org_id}{number}-completed" for number in range(EVENTS)]
        self._store.put_document(DocumentWrite(self._endpoint, new_endpoint(self._url, "user1", datetime.now(UTC))))
        secret = signing.secret(SIGNING_KEY, self._org_id, "endpoint", 1)
        self._post("/receivers", {"url": self._url, "secret": secret})

    def deliver(self) -> Result:
        for event_id in self._ids:
            self._store.put_document(_event(event_id, self._org_id).to_write())
            if self._fault.point == "notify.get_each":  # an earlier run made the delivery, so this one reads its event
                self._store.put_document(DocumentWrite(f"{self._endpoint}/{DELIVERIES}/{event_id}", _delivery()))
        return self._run_until_right(self._wrong_deliveries, "delivered")

    def switch_off(self) -> Result:
        self._post("/behaviour", {"url": self._url, "answers": [{"status": 410}]})
        self._store.put_document(_event(self._ids[0], self._org_id).to_write())
        return self._run_until_right(self._wrong_end, "off")

    def _run_until_right(self, wrong: Callable[[], dict[str, bool]], status: str) -> Result:
        name, runs = self._harness.plan.add(self._fault), 0
        while any(wrong().values()) and runs < MAX_RUNS:
            if runs:
                time.sleep(self._harness.lease_s)
            self._harness.invoke("notify", {})
            runs += 1
        left = wrong() | {"the fault never happened": not self._harness.plan.has_fired(name)}
        self._harness.plan.withdraw(name)
        sentences = [sentence for sentence, is_so in left.items() if is_so]
        return Result(self._fault.point, str(self._fault), runs, 0, status, 0, sentences)

    def _wrong_deliveries(self) -> dict[str, bool]:
        events = [self._store.get_document(f"{OUTBOX}/{event_id}") or {} for event_id in self._ids]
        received: list[Document] = self._receiver.get("/webhooks", params={"url": self._url}).json()["webhooks"]
        return {
            "an event did not arrive": {one["eventId"] for one in received if one["answered"] == 200} != set(self._ids),
            "something else arrived": not {one["eventId"] for one in received} <= set(self._ids),
            "a webhook is not verified": not all(one["isVerified"] for one in received),
            "a delivery is not over": self._states() != ["delivered"] * EVENTS,
            "an event is still due": any(event.get("dueAt") is not None for event in events),
        }

    def _wrong_end(self) -> dict[str, bool]:
        endpoint = self._store.get_document(self._endpoint) or {}
        told = [one["event"]["type"] for one in self._store.list_events(self._org_id, None, 9).values()]
        return {
            "the endpoint is on": endpoint.get("enabled") is not False,
            "it has no reason": (endpoint.get("health") or {}).get("offReason") != "gone",
            "owners are not told once": told.count(EventType.WEBHOOK_DISABLED) != 1,
            "a delivery waits": "pending" in self._states(),
        }

    def _states(self) -> list[str]:
        return [one["state"] for one in self._store.get_documents(f"{self._endpoint}/{DELIVERIES}").values()]

    def _post(self, path: str, content: Document) -> None:
        self._receiver.post(path, json=content).raise_for_status()


def _delivery() -> Fields:
    now = datetime.now(UTC)
    state = {"trigger": "event", "state": "pending", "attempt": 0, "nextAttemptAt": now, "attempts": []}
    return {"type": "tracking.job.completed", "projectId": "project1", "createdAt": now, "expireAt": now, **state}


def _event(event_id: str, org_id: str) -> Event:
    return Event(
        event_id=event_id,
        type=EventType.JOB_COMPLETED,
        org_id=org_id,
        project_id="project1",
        user_id=None,
        occurred_at=datetime.now(UTC),
        data={"jobId": "job"},
    )
