"""10,000 events for 100 endpoints, of which 10 are dead and 10 slow. `pytest -m nightly -s` prints the figures.

Time is stepped. Each call to the store takes STORE_MS, as Firestore does, and the run does nothing else meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

import pytest

from tests.doubles import ManualClock
from tests.notifying import CALLS, HANGS, Notifying, Reply
from tracking.store.memory import MemoryStore

EVENTS_EACH = 100
DEAD, SLOW, HEALTHY = range(10), range(10, 20), range(20, 100)
STORE_MS = 60
DEAD_FOR = timedelta(minutes=45)


class SlowStore(MemoryStore):
    """A store whose calls take time. `calls`: by their names; `writes`: documents."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.clock, self.calls, self.writes = clock, 0, 0


def _timed(name: str) -> Any:
    def call(self: SlowStore, *args: Any) -> Any:
        self.clock.advance(STORE_MS / 1_000)
        self.calls += 1
        self.writes += len(args[0]) if name in ("put_each", "update_each") else 0
        return getattr(MemoryStore, name)(self, *args)

    return call


for _name in set(CALLS) - {"stored_in", "get_stored_each"}:  # these are read in parallel, or within others
    setattr(SlowStore, _name, _timed(_name))


def url(number: int) -> str:
    return f"https://hooks{number:02}.example.com/"


@pytest.mark.nightly
def test_ten_thousand_events_reach_a_hundred_endpoints() -> None:
    clock = ManualClock()
    store = SlowStore(clock)
    notifying = Notifying(store, clock)
    dead_until = clock.now() + DEAD_FOR

    def dead(_number: int) -> Reply:
        return HANGS if clock.now() < dead_until else Reply()

    endpoints = [notifying.add_endpoint("ep", org=f"org{number:02}", url=url(number)) for number in range(100)]
    notifying.receivers.replies = {url(number): Reply(ms=150) for number in HEALTHY}
    notifying.receivers.replies |= {url(number): Reply(ms=3_000) for number in SLOW}
    notifying.receivers.replies |= {url(number): dead for number in DEAD}
    sent = [
        notifying.add_event(org=f"org{number:02}", event_id=f"event{each:03}-{number:02}")
        for each in range(EVENTS_EACH)
        for number in range(100)
    ]
    began_at = clock.now()
    healthy_done: datetime | None = None
    runs: list[float] = []
    for _ in range(600):
        run_began = clock.now()
        notifying.run()
        runs.append((clock.now() - run_began).total_seconds())
        if healthy_done is None and all(notifying.states(endpoints[n]) == {"delivered": EVENTS_EACH} for n in HEALTHY):
            healthy_done = clock.now()
            trickled = trickle(notifying)
        if healthy_done and all(set(notifying.states(path)) == {"delivered"} for path in endpoints):
            break
        clock.advance(max(0.0, 60 - runs[-1]))
    assert healthy_done is not None
    arrived = {one.webhook_id for one in notifying.receivers.requests}
    assert set(sent) <= arrived
    assert max(runs) <= 55
    for number in HEALTHY:
        assert set(notifying.receivers.ids(url(number)).values()) == {1}
    assert trickled < 5
    took = healthy_done - began_at
    print(
        f"\n8,000 deliveries to healthy endpoints: {took}; all 10,000: {clock.now() - began_at} "
        f"(10 endpoints dead for {DEAD_FOR}); p95 of new events beside slow and dead ones: {trickled:.2f} s; "
        f"{store.writes} writes, {store.calls} calls, longest run {max(runs):.1f} s"
    )


def trickle(notifying: Notifying) -> float:
    """Add events for healthy endpoints while slow and dead ones still have hundreds due. Return the p95 in seconds."""
    clock = notifying.clock
    delays = []
    for minute in range(5):
        clock.advance(60)
        at = clock.now()
        new = [notifying.add_event(org=f"org{one:02}", event_id=f"new{minute}-{one}") for one in HEALTHY[:20]]
        notifying.run()
        times = {one.webhook_id: one.at for one in notifying.receivers.requests}
        delays += [(times[event_id] - at).total_seconds() + 0.15 for event_id in new]
    return quantiles(delays, n=20)[-1]
