"""Webhooks of killed runs, and of runs at the same time: each at least once, with one id, and no event lost."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from notify.delivering import LEASE
from tests.doubles import ManualClock
from tests.machine import KilledError
from tests.notifying import FAILED, URL, KillingStore, Notifying, Reply
from tracking.errors import StoreUnavailableError
from tracking.sentences import say
from tracking.store import DocumentWrite

OTHER = "https://other.example.com/b"
GONE = "https://gone.example.com/c"
TRIALS = 200


def scene(store: KillingStore, clock: ManualClock, seed: int) -> Notifying:
    """Two organisations, an endpoint that fails now and then, one that answers 410, a test and a replay."""
    random_ = random.Random(seed)
    notifying = Notifying(store, clock)
    notifying.jitter = random_.uniform
    notifying.add_endpoint("a")
    notifying.add_endpoint("b", url=OTHER)
    notifying.add_endpoint("c", org="org2", url=GONE)
    notifying.receivers.replies[OTHER] = lambda number: FAILED if number % 3 == 1 else Reply()
    notifying.receivers.replies[GONE] = lambda number: Reply(410) if number > 2 else Reply()
    for number in range(6):
        notifying.add_event(event_id=f"event{number}")
        notifying.add_event(org="org2", event_id=f"other{number}")
    notifying.add_delivery(f"organizations/org1/{'webhookEndpoints'}/a", "test1", trigger="test", type="webhook.test")
    clock.advance(1)
    return notifying


def run_to_the_end(notifying: Notifying, store: KillingStore) -> int:
    """Run each minute until nothing is due. The first run may be killed. Return the number of kills."""
    kills = 0
    for _ in range(40):
        store.is_on = kills == 0
        try:
            notifying.run()
        except KilledError:
            kills += 1
        store.is_on = False
        notifying.clock.advance(60)
    return kills


def assert_all_arrived(notifying: Notifying, kills: int) -> None:
    events = {f"event{number}" for number in range(6)}
    for url in (URL, OTHER):
        assert set(notifying.receivers.ids(url)) - {"test1"} == events
    assert notifying.states("organizations/org1/webhookEndpoints/a") == {"delivered": 7}
    assert notifying.states("organizations/org1/webhookEndpoints/b") == {"delivered": 6}
    assert notifying.receivers.ids(URL)["test1"] >= 1
    assert notifying.receivers.ids(URL).total() <= 7 + kills * 10  # only what was under way comes again
    gone = notifying.fields("organizations/org2/webhookEndpoints/c")
    assert (gone["enabled"], gone["health"]["offReason"]) == (False, "gone")
    assert notifying.states("organizations/org2/webhookEndpoints/c")["pending"] == 0
    assert len(notifying.outbox("webhook.disabled")) == 1
    bodies: dict[str, set[bytes]] = {}
    for request in notifying.receivers.requests:
        bodies.setdefault(request.webhook_id, set()).add(request.body)
    assert {len(each) for each in bodies.values()} == {1}
    assert notifying.store.due_events(notifying.clock.now(), 10) == {}


def calls_of_a_run() -> int:
    clock = ManualClock()
    store = KillingStore(clock, 0, is_applied=False)
    notifying = scene(store, clock, 1)
    watch(notifying, store)
    store.is_on = True
    notifying.run()
    return store.calls


def watch(notifying: Notifying, store: KillingStore) -> None:
    """Count each request, too, as a point at which the run may be killed: before it is sent, and after."""
    notifying.receivers.before_post = lambda: store.strike(is_after=False)
    notifying.receivers.after_post = lambda: store.strike(is_after=True)


def test_a_run_killed_anywhere_loses_nothing() -> None:
    """Each point is tried before and after its call, and again with other waits, until there were 200 trials."""
    number_of_calls = calls_of_a_run()
    assert number_of_calls > 20
    points = [(at, is_applied) for at in range(1, number_of_calls + 1) for is_applied in (False, True)]
    killed = Counter[bool]()
    for trial in range(max(TRIALS, len(points))):
        at, is_applied = points[trial % len(points)]
        clock = ManualClock()
        store = KillingStore(clock, at, is_applied=is_applied)
        notifying = scene(store, clock, trial)
        watch(notifying, store)
        kills = run_to_the_end(notifying, store)
        killed[bool(kills)] += 1
        assert_all_arrived(notifying, kills)
    assert killed[True] >= TRIALS * 0.9


def test_without_a_kill_everything_arrives_once() -> None:
    clock = ManualClock()
    store = KillingStore(clock, 0, is_applied=False)
    notifying = scene(store, clock, 1)
    run_to_the_end(notifying, store)
    assert_all_arrived(notifying, 0)
    assert set(notifying.receivers.ids(URL).values()) == {1}


def test_a_killed_attempt_comes_again_after_its_lease() -> None:
    clock = ManualClock()
    store = KillingStore(clock, 0, is_applied=False)
    notifying = Notifying(store, clock)
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    watch(notifying, store)
    store.at, store.is_applied, store.is_on = 5, True, True
    with pytest.raises(KilledError):
        notifying.run()
    assert notifying.receivers.ids(URL) == {event_id: 1}
    clock.advance(LEASE.total_seconds() - 5)
    notifying.run()
    assert notifying.receivers.ids(URL) == {event_id: 1}
    clock.advance(10)
    notifying.run()
    assert notifying.receivers.ids(URL) == {event_id: 2}
    assert notifying.states(endpoint) == {"delivered": 1}


@pytest.mark.parametrize("call", ["due_events", "stored_in", "put_each", "update_each", "get_each", "post"])
def test_two_runs_at_once_send_nothing_twice(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run goes through while the first one is at one of its calls, before it and after it."""
    for is_after in (False, True):
        notifying = Notifying()
        endpoint = notifying.add_endpoint()
        for number in range(30):
            notifying.add_event(event_id=f"event{number:02}")
        for number in range(30, 60):
            notifying.add_event(org="none", event_id=f"event{number:02}")
            notifying.add_delivery(endpoint, f"event{number:02}")
        notifying.clock.advance(1)
        met: Any = notifying.receivers if call == "post" else notifying.store
        real, done = getattr(met, call), list[int]()

        def meeting(*args, real=real, done=done, is_after=is_after, notifying=notifying):  # type: ignore[no-untyped-def]
            first = real(*args) if is_after else None
            done.append(1)
            if len(done) == (15 if call == "post" else 1):  # by then it has claimed deliveries that were due
                notifying.clock.advance(1)
                other = Notifying(notifying.store, notifying.clock)
                other.receivers = notifying.receivers
                other.run()
            return first if is_after else real(*args)

        monkeypatch.setattr(met, call, meeting)
        notifying.run()
        assert done
        for _ in range(5):
            notifying.minute()
        assert notifying.receivers.ids(URL) == {f"event{number:02}": 1 for number in range(60)}
        assert notifying.states(endpoint) == {"delivered": 60}


def test_a_delivery_that_a_page_changes_meanwhile_is_left_alone() -> None:
    """It was deleted between the query and the claim."""
    notifying = Notifying()
    endpoint = notifying.add_endpoint()
    notifying.add_event(org="none", event_id="event1")
    path = notifying.add_delivery(endpoint, "event1")
    notifying.clock.advance(1)
    get_each = notifying.store.get_each

    def deleting(paths):  # type: ignore[no-untyped-def]
        notifying.store.delete_each(notifying.store.documents_in(f"{endpoint}/deliveries", 10))
        return get_each(paths)

    notifying.store.get_each = deleting  # type: ignore[method-assign]
    notifying.run()
    assert notifying.receivers.requests == []
    assert notifying.store.get_document(path) is None


def test_a_refused_creation_leaves_its_event_due() -> None:
    """The database was overloaded: the next run makes the delivery."""
    notifying = Notifying()
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    put_each = notifying.store.put_each

    def refusing(writes):  # type: ignore[no-untyped-def]
        from tracking.store import Unwritable

        return [Unwritable("RESOURCE_EXHAUSTED") for _ in writes]

    notifying.store.put_each = refusing  # type: ignore[method-assign]
    notifying.run()
    assert notifying.fields(f"outbox/{event_id}")["dueAt"] is not None
    notifying.store.put_each = put_each  # type: ignore[method-assign]
    notifying.minute()
    assert notifying.states(endpoint) == {"delivered": 1}


def test_a_store_that_fails_ends_the_run_and_loses_nothing() -> None:
    notifying = Notifying()
    endpoint = notifying.add_endpoint()
    for _ in range(5):
        notifying.add_event()
    put_each, calls = notifying.store.put_each, list[int]()

    def failing(writes):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 2:
            raise StoreUnavailableError(say("databaseTrouble", detail="said"))
        return put_each(writes)

    notifying.store.put_each = failing  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        notifying.run()
    notifying.clock.advance(timedelta(minutes=3).total_seconds())
    notifying.run()
    assert notifying.states(endpoint) == {"delivered": 5}
    assert set(notifying.receivers.ids(URL)) == set(notifying.deliveries(endpoint))


def test_a_missing_key_claims_nothing() -> None:
    """Deliveries that are due stay due. Those of new events wait for their lease."""
    from dataclasses import replace

    from notify.delivering import deliver
    from tracking.errors import CredentialsError

    notifying = Notifying()
    endpoint = notifying.add_endpoint()
    notifying.add_event(org="none", event_id="event1")
    path = notifying.add_delivery(endpoint, "event1")
    notifying.clock.advance(1)
    before = notifying.store.get_stored_each([path])

    def missing() -> str:
        raise CredentialsError(say("accessTrouble", detail="said"), "signing")

    with pytest.raises(CredentialsError):
        deliver(replace(notifying.deps, signing_secret=missing), notifying.requests, lambda: 60, notifying.logger)
    assert notifying.store.get_stored_each([path]) == before
    notifying.store.put_document(DocumentWrite("outbox/x", {"dueAt": None}))
    notifying.minute()
    assert notifying.fields(path)["state"] == "delivered"
