"""The notify function on Firestore's emulator: what the store in memory cannot show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from google.cloud.firestore_v1 import Client

from notify.delivering import deliver
from tests.doubles import ManualClock
from tests.notifying import FAILED, URL, Notifying, Reply, SteppedRequests
from tracking.store import DocumentWrite
from tracking.store.firestore import FirestoreStore

OTHER = "https://other.example.com/b"


class OnFirestore(Notifying):
    """Documents lie in the emulator. The clock begins now, because Firestore's own times count for versions."""

    def __init__(self, store: FirestoreStore) -> None:
        super().__init__(store, ManualClock(datetime.now(UTC)))  # type: ignore[arg-type]


def test_events_are_delivered_retried_and_switched_off(firestore_client: Callable[[], Client]) -> None:
    notifying = OnFirestore(FirestoreStore(firestore_client()))
    endpoint = notifying.add_endpoint("a")
    gone = notifying.add_endpoint("b", org="org2", url=OTHER)
    notifying.receivers.replies |= {URL: lambda number: FAILED if number <= 2 else Reply(), OTHER: Reply(410)}
    event_ids = [notifying.add_event() for _ in range(3)]
    notifying.add_event(org="org2")
    notifying.clock.advance(1)
    done = notifying.run()
    assert (done.handed_on, done.off) == (4, 1)
    notifying.clock.advance(400)
    notifying.run()
    assert notifying.states(endpoint) == {"delivered": 3}
    assert set(notifying.receivers.ids(URL)) == set(event_ids)
    stored = notifying.fields(gone)
    assert (stored["enabled"], stored["health"]["offReason"]) == (False, "gone")
    (told,) = notifying.outbox("webhook.disabled")
    assert told["data"]["endpointId"] == "b"
    path = f"{endpoint}/deliveries/{event_ids[0]}"
    replay = {"state": "pending", "trigger": "replay", "attempt": 0, "nextAttemptAt": notifying.clock.now()}
    notifying.store.put_document(DocumentWrite(path, replay))
    notifying.add_delivery(gone, "test1", trigger="test", type="webhook.test")
    notifying.minute()
    assert notifying.receivers.ids(URL)[event_ids[0]] >= 2
    assert notifying.receivers.ids(OTHER)["test1"] == 1
    assert notifying.store.due_events(notifying.clock.now(), 10) == {}
    due = notifying.store.due_documents("deliveries", "nextAttemptAt", notifying.clock.now(), 10)
    assert due == {}


def test_two_runs_on_firestore_send_nothing_twice(firestore_client: Callable[[], Client]) -> None:
    """The second run goes through while the first one sends."""
    notifying = OnFirestore(FirestoreStore(firestore_client()))
    endpoint = notifying.add_endpoint()
    for number in range(20):
        notifying.add_event(org="none", event_id=f"event{number:02}")
        notifying.add_delivery(endpoint, f"event{number:02}")
    notifying.clock.advance(1)
    met = list[int]()

    def meeting() -> None:
        met.append(1)
        if len(met) == 3:
            notifying.clock.advance(1)
            ends_at = notifying.clock.now() + timedelta(seconds=60)
            requests = SteppedRequests(notifying.clock)
            left = lambda: (ends_at - notifying.clock.now()).total_seconds()  # noqa: E731
            deliver(notifying.deps, requests, left, notifying.logger)

    notifying.receivers.before_post = meeting
    notifying.run()
    assert len(met) == 20
    assert set(notifying.receivers.ids(URL).values()) == {1}
    assert notifying.states(endpoint) == {"delivered": 20}
