"""The deliveries that a run holds, a lane for each endpoint, and the fair choice between lanes.

    waiting     known to be due; anybody may still claim it
    claimed     ours until its lease ends, ready to be sent
    resting     claimed, and waits 5 s for its second attempt
    in flight   being sent

Lanes take turns, so a thousand deliveries of one endpoint delay nobody. A lane that fails, or answers slowly, shares
SLOW_REQUESTS of the requests with all such lanes: the others always find a free one. The lanes of an organisation have
MAX_REQUESTS_PER_ORG together, and its slow ones less, so its others find one, too.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notify.endpoint_health import Outcome
from tracking.webhooks import MOST_RETRY_AFTER, Delivery, Endpoint, Trigger

MAX_REQUESTS = 10
MAX_REQUESTS_PER_ENDPOINT = 2
MAX_REQUESTS_PER_ORG = 4
SLOW_REQUESTS_PER_ORG = 3
SLOW_REQUESTS = 6
SLOW = timedelta(seconds=2)
"""An answer that takes longer makes its endpoint a slow one, until one comes sooner."""
MAX_TIMEOUTS = 2
"""Time-outs of an endpoint in a row, after which its other deliveries wait untried."""
MAX_TESTS = 20
"""The most tests of an endpoint that a run holds. Others wait for later minutes, as many in each."""
MAX_WAITING = 1_000
"""The most deliveries of an endpoint that a run holds: about as many as it can send. Others wait for later minutes."""
AHEAD = 100
SLOW_AHEAD = 2 * SLOW_REQUESTS
"""Deliveries of all lanes, and of the slow ones, that are claimed ahead: what is not sent must be given back, a write
each. The slow ones have a number of their own, so they keep no other from being claimed.
"""
FIRST_CLAIMS = 4
CLAIMS = 20
"""The most of one endpoint: few, because it may hang, and more once one has succeeded."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until its lease ends, with what is to be sent."""

    delivery: Delivery
    payload: str
    occurred_at: datetime | None = None  # of the event; None for a test


@dataclass(slots=True, kw_only=True)
class Lane:
    """The deliveries of one endpoint in this run."""

    endpoint: Endpoint
    waiting: deque[Delivery] = field(default_factory=deque)
    claimed: deque[Claimed] = field(default_factory=deque)
    resting: int = 0
    in_flight: int = 0
    timeouts: int = 0  # in a row, of tests, too
    is_slow: bool = False
    has_delivered: bool = False
    is_off: bool = False
    closed_for: timedelta | None = None  # its events wait untried; None: they are sent
    sent: int = 0
    parked: int = 0  # deliveries that were left to later minutes
    has_turn: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    def to_claim(self, share: int) -> int:
        """Return how many deliveries should be claimed now: none while half of those ahead are left.

        `share`: of all that are claimed ahead, those of one lane.
        """
        most = CLAIMS if self.has_delivered and not self.is_slow else FIRST_CLAIMS
        ahead = max(MAX_REQUESTS_PER_ENDPOINT, min(most, share))
        has_enough = len(self.claimed) > ahead // 2
        return 0 if has_enough else min(len(self.waiting), ahead - len(self.claimed))

    def may_send(self, slow_requests: int) -> bool:
        """Return whether its next delivery may be sent. `slow_requests`: of all slow lanes, under way."""
        if not self.claimed or self.in_flight >= MAX_REQUESTS_PER_ENDPOINT:
            return False
        return not self.is_slow or slow_requests < SLOW_REQUESTS

    def take_out(self, kept: Collection[Trigger]) -> list[Delivery]:
        """Remove all deliveries that are not under way, except those with these triggers."""
        removed = [one for one in self.waiting if one.trigger not in kept]
        removed += [one.delivery for one in self.claimed if one.delivery.trigger not in kept]
        self.waiting = deque(one for one in self.waiting if one.trigger in kept)
        self.claimed = deque(one for one in self.claimed if one.delivery.trigger in kept)
        return removed


class Lanes:
    """All lanes of a run. Those that have something to send take turns."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._lanes: dict[str, Lane] = {}  # by the endpoint's path
        self._turns: deque[Lane] = deque()
        self.in_flight = 0
        self._in_flight_of = Counter[str]()  # by organisation
        self._slow_in_flight_of = Counter[str]()
        self._slow_in_flight = 0

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def of(self, endpoint: Endpoint) -> Lane:
        """Return the endpoint's lane. One whose last answer was an error, or slow, begins as a slow one."""
        lane = self._lanes.get(endpoint.path)
        if lane is None:
            health = endpoint.health
            lane = Lane(endpoint=endpoint, is_slow=health.is_failing or health.is_slow)
            if health.not_before and health.not_before > self._now:
                lane.closed_for = min(health.not_before - self._now, MOST_RETRY_AFTER)
            self._lanes[endpoint.path] = lane
        return lane

    @property
    def waiting(self) -> int:
        """Return how many deliveries wait that can be sent soon: those of closed lanes keep no others unread."""
        return sum(len(lane.waiting) for lane in self if lane.closed_for is None and not lane.is_off)

    @property
    def claimed(self) -> int:
        return sum(len(lane.claimed) for lane in self)

    def offer(self, lane: Lane, delivery: Delivery) -> bool:
        """Let a delivery wait, a test before all others. Return whether there was room for it."""
        if delivery.trigger is Trigger.TEST:
            if len(lane.waiting) >= MAX_TESTS and lane.waiting[MAX_TESTS - 1].trigger is Trigger.TEST:
                return False
            lane.waiting.appendleft(delivery)
        elif len(lane.waiting) >= MAX_WAITING:
            return False
        else:
            lane.waiting.append(delivery)
        self._give_turn(lane)
        return True

    def add_claimed(self, lane: Lane, claimed: Claimed, *, is_first: bool = False) -> None:
        if is_first:
            lane.claimed.appendleft(claimed)
        else:
            lane.claimed.append(claimed)
        self._give_turn(lane)

    def next_to_send(self) -> Lane | None:
        """Return the lane whose turn it is, or None if no request may begin now."""
        if self.in_flight >= MAX_REQUESTS:
            return None
        return self._next(self._may_send)

    def _may_send(self, lane: Lane) -> bool:
        org_id = lane.endpoint.org_id
        if lane.is_slow and self._slow_in_flight_of[org_id] >= SLOW_REQUESTS_PER_ORG:
            return False
        return lane.may_send(self._slow_in_flight) and self._in_flight_of[org_id] < MAX_REQUESTS_PER_ORG

    def begin(self, lane: Lane) -> Claimed:
        """Take the lane's next delivery to be sent now."""
        lane.sent += 1
        self._count(lane, lane.in_flight + 1, is_slow=lane.is_slow)
        return lane.claimed.popleft()

    def end(self, lane: Lane, took: timedelta) -> None:
        """Count a request of the lane as ended. `took`: its time, which decides whether the lane is a slow one."""
        self._count(lane, lane.in_flight - 1, is_slow=took > SLOW)

    def _count(self, lane: Lane, in_flight: int, *, is_slow: bool) -> None:
        org_id, more = lane.endpoint.org_id, in_flight - lane.in_flight
        slow_more = in_flight * is_slow - lane.in_flight * lane.is_slow
        lane.in_flight, lane.is_slow = in_flight, is_slow
        self.in_flight += more
        self._in_flight_of[org_id] += more
        self._slow_in_flight += slow_more
        self._slow_in_flight_of[org_id] += slow_more

    def to_claim(self) -> list[tuple[Lane, Delivery]]:
        """Take waiting deliveries to be claimed, from each lane its share. Few at a time would cost a request each."""
        slow = sum(len(lane.claimed) for lane in self if lane.is_slow)
        quick = self.claimed - slow
        room = {True: SLOW_AHEAD - slow, False: AHEAD - quick if quick <= AHEAD // 2 else 0}
        share = AHEAD // max(1, len(self._turns))
        taken: list[tuple[Lane, Delivery]] = []
        for _ in range(len(self._turns)):
            lane = self._turns[0]
            self._turns.rotate(-1)
            number = max(0, min(lane.to_claim(share), room[lane.is_slow]))
            room[lane.is_slow] -= number
            taken += [(lane, lane.waiting.popleft()) for _ in range(number)]
        return taken

    def _next(self, is_ready: Callable[[Lane], bool]) -> Lane | None:
        for _ in range(len(self._turns)):
            lane = self._turns.popleft()
            if not lane.claimed and not lane.waiting:
                lane.has_turn = False
                continue
            self._turns.append(lane)
            if is_ready(lane):
                return lane
        return None

    def _give_turn(self, lane: Lane) -> None:
        if not lane.has_turn:
            lane.has_turn = True
            self._turns.append(lane)
