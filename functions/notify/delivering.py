"""One run: hand events on, then claim, send and write down, until nothing is due or the time is over.

One thread does all of that, and all calls to the store. Only the requests have threads of their own (`in_flight`). With
mail, it adds events to people's windows (`windows`) when it has nothing else to do.

    outbox ── fan_out ──> created as ours ──────────────┐
                     └──> created as due ──┐            v
    due deliveries ── due ─────────────────┴> waiting ── claim ──> claimed ── request ──> answer ── judge ──> result
                                                                      ^                                 │
                                                                      └──────── 5 s, second attempt ────┘

A claim moves `nextAttemptAt` to the end of a lease, if the document still has its version. So each delivery belongs to
one run. If a run is killed, what it had claimed is due again after the lease, with the same id.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from aws_lambda_powertools import Logger

from notify.due import DueDeliveries
from notify.endpoint_health import HealthChange, Outcome, change_of, write_changes
from notify.endpoints import Endpoints
from notify.fan_out import MAX_HELD, FanOut, OutboxEvent, outbox_path
from notify.in_flight import Requests
from notify.lanes import MAX_TIMEOUTS, Claimed, Lane, Lanes
from notify.payloads import test_payload
from notify.results import Results, Settled
from notify.schedule import Verdict, judge, put_off, wait_before_next
from notify.windows import WindowFanOut
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.news_wiring import NotifyDeps
from tracking.store import DocumentWrite, NotifyStore, Unwritable
from tracking.webhooks import Answer, Attempt, Delivery, Endpoint, SendError, State, Trigger
from tracking.webhooks.signing import secrets_of, signed_headers

RESERVE_S = 20.0
"""Seconds at the end of a run in which no request begins: one lasts 15 s, and then results are written."""
TAKE_S = 10.0
"""Seconds before that, in which no new delivery is created as this run's own: it might have to be given back."""
WINDOWS_RESERVE_S = 10.0
"""Seconds at the end of a run in which no windows of mail are written: then results are."""
CREATE_S = 15.0
"""Seconds at the end of a run in which no deliveries are created: events that are left stay due."""
LEASE = timedelta(seconds=90)
"""Longer than any run. It counts from the run's begin."""
AT_ONCE = timedelta(seconds=10)
"""A next attempt within this time is made by the same run."""
NEXT_RUN = timedelta(minutes=1)
BEAT_S = 0.5
"""How long the run waits for an answer before it looks around."""

_USABLE_ID = re.compile(r"[0-9A-Za-z_-]{1,200}")
"""Ids that a header and a signature can hold: without a full stop. Ours are; a page's may be anything."""


@dataclass(slots=True)
class Done:
    """The result of a run, for the metrics."""

    handed_on: int = 0
    delivered: int = 0
    given_up: int = 0  # deliveries that have failed for good
    attempts: int = 0
    put_off: int = 0  # deliveries that were left untried, because their endpoint hangs or has too many
    off: int = 0  # organisations of which an endpoint was switched off
    oldest_s: float = 0.0  # how long the oldest event or delivery had been due when the run began
    delays_s: list[float] = field(default_factory=list)  # from events to their first attempt's success
    mistake: Exception | None = None  # of the windows of mail, which ended their part of the run alone

    def counts(self) -> dict[str, int]:
        names = ("handed_on", "delivered", "given_up", "attempts", "put_off", "off")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class InFlight:
    """A request that is under way."""

    lane: Lane
    claimed: Claimed
    began_at: datetime


def deliver(deps: NotifyDeps, requests: Requests[InFlight], remaining_s: Callable[[], float], logger: Logger) -> Done:
    """Run once. `remaining_s`: seconds until the function's time-out. An error of the store ends the run."""
    return _Run(deps, requests, remaining_s, logger).run()


class _Run:
    def __init__(
        self, deps: NotifyDeps, requests: Requests[InFlight], remaining_s: Callable[[], float], logger: Logger
    ) -> None:
        self._deps, self._requests, self._remaining_s, self._logger = deps, requests, remaining_s, logger
        self._store: NotifyStore = deps.store
        self._began_at = deps.clock.now()
        self._lanes = Lanes(self._began_at)
        self._endpoints = Endpoints(deps.store, logger)
        self._fan_out = FanOut(deps.store, self._endpoints, self._lanes, logger, has_mail=deps.mail_store is not None)
        self._windows = WindowFanOut(deps.mail_store, deps.clock, logger) if deps.mail_store else None
        self._results = Results(deps.store, deps.clock, logger)
        self._due = DueDeliveries(
            deps.store, self._endpoints, self._lanes, self._results, deps.jitter, logger, self._began_at
        )
        self._resting: list[tuple[datetime, int, Lane, Claimed]] = []  # a heap
        self._number = itertools.count()
        self._is_turn_of_due = False
        self._events: dict[str, OutboxEvent] = {}
        self._orgs_off: set[str] = set()
        self._done = Done()

    def run(self) -> Done:
        try:
            self._loop()
        except Exception:
            self._keep_results()
            raise
        self._end()
        return self._done

    def _keep_results(self) -> None:
        """Write the results that the run has, although it ends with an error: nothing is to be sent again for it."""
        try:
            self._results.flush()
        except StoreUnavailableError as error:
            self._logger.warning("results not written", action="results_lost", exc_info=error)

    def _loop(self) -> None:
        while True:
            self._read_more()
            self._wake_resting()
            if self._has_time:
                self._claim()
                self._send()
            else:
                self._leave()
            self._add_to_windows()
            if self._is_over():
                break
            for sent, answer in self._requests.wait(self._pause_s()):
                self._land(sent, answer)
            self._results.flush_if_due()

    # What is due

    @property
    def _has_time(self) -> bool:
        return self._remaining_s() > RESERVE_S

    def _has_more_than(self, seconds: float) -> bool:
        return self._remaining_s() > seconds

    @property
    def _can_read(self) -> bool:
        if not self._has_time:
            return False
        return not self._fan_out.is_done or (not self._due.is_done and self._lanes.waiting < MAX_HELD)

    def _read_more(self) -> None:
        """Read one page of the outbox, or one of the deliveries, in turns: many events at once starve no retries."""
        if not self._can_read:
            return
        now = self._deps.clock.now()
        can_read_due = not self._due.is_done and self._lanes.waiting < MAX_HELD
        if not self._fan_out.is_done and not (self._is_turn_of_due and can_read_due):
            can_send = self._remaining_s() > RESERVE_S + TAKE_S
            can_create = partial(self._has_more_than, CREATE_S)
            self._fan_out.next_page(now, self._began_at + LEASE if can_send else None, can_create)
            self._is_turn_of_due = True
        else:
            self._due.next_page(now)
            self._is_turn_of_due = False
        for lane in self._lanes:
            self._shut(lane)

    @property
    def _can_add_to_windows(self) -> bool:
        """Return whether webhooks need the run's thread for nothing else: all is begun, or no request can begin."""
        if self._windows is None or self._windows.is_done or self._remaining_s() <= WINDOWS_RESERVE_S:
            return False
        is_sending = self._can_read or any(lane.claimed or lane.waiting for lane in self._lanes)
        return not (self._has_time and is_sending)

    def _add_to_windows(self) -> None:
        if self._windows and self._can_add_to_windows:
            self._windows.next_step()

    def _is_over(self) -> bool:
        if self._lanes.in_flight or self._can_add_to_windows:
            return False
        if not self._has_time:
            return True
        is_read = self._fan_out.is_done and self._due.is_done
        return is_read and not self._resting and not any(lane.claimed or lane.waiting for lane in self._lanes)

    def _pause_s(self) -> float:
        if self._can_read or self._can_add_to_windows:
            return 0.0
        if self._resting:
            return min(BEAT_S, max(0.0, (self._resting[0][0] - self._deps.clock.now()).total_seconds()))
        return BEAT_S if self._lanes.in_flight else 0.0

    # Claims

    def _claim(self) -> None:
        """Make waiting deliveries ours. One that somebody else has, or that is gone, is dropped."""
        taken = self._lanes.to_claim()
        if not taken:
            return
        self._deps.signing_secret()  # without the key nothing is claimed
        self._read_events([delivery for _, delivery in taken])
        ready = [(lane, found) for lane, delivery in taken if (found := self._with_payload(lane, delivery))]
        lease_until = self._began_at + LEASE
        writes = [
            DocumentWrite(found.delivery.path, {"nextAttemptAt": lease_until}, version=found.delivery.version)
            for _, found in ready
        ]
        for (lane, found), answer in zip(ready, self._store.put_each(writes), strict=True):
            if isinstance(answer, str):
                self._lanes.add_claimed(lane, replace(found, delivery=replace(found.delivery, version=answer)))
            elif isinstance(answer, Unwritable):
                self._log_unwritable(found.delivery, answer.code)

    def _with_payload(self, lane: Lane, delivery: Delivery) -> Claimed | None:
        """Return the delivery with what is to be sent. None if there is nothing: then it has failed."""
        if not _USABLE_ID.fullmatch(delivery.delivery_id):
            event = None
        elif delivery.trigger is Trigger.TEST:
            return Claimed(delivery, test_payload(lane.endpoint, delivery.created_at))
        else:
            event = self._events.get(delivery.delivery_id)
        if event is None:
            noted = delivery.noted(self._deps.clock.now(), SendError.EVENT_GONE)
            self._results.add(Settled(noted, State.FAILED))
            return None
        return Claimed(delivery, event.payload, event.occurred_at)

    def _read_events(self, deliveries: list[Delivery]) -> None:
        """Read the events of these deliveries, and forget all others: so the memory for payloads is bounded."""
        ids = {one.delivery_id for one in deliveries if one.trigger is not Trigger.TEST}
        ids = {one for one in ids if _USABLE_ID.fullmatch(one)}
        self._events = {known: event for known, event in self._events.items() if known in ids}
        new = [outbox_path(one) for one in sorted(ids - self._events.keys())]
        for path, fields in (self._store.get_each(new) if new else {}).items():
            if (event := OutboxEvent.from_document(path, fields)) is not None:
                self._events[event.event_id] = event

    # Requests

    def _send(self) -> None:
        while (lane := self._lanes.next_to_send()) is not None:
            now = self._deps.clock.now()
            try:
                post = self._request(lane.endpoint, lane.claimed[0], now)
            except CredentialsError:
                raise
            except Exception as error:  # noqa: BLE001 - one odd delivery must not stop all others
                self._fail(lane.claimed.popleft().delivery, now, error)
                continue
            self._done.attempts += 1
            self._requests.start(InFlight(lane, self._lanes.begin(lane), now), post)

    def _request(self, endpoint: Endpoint, claimed: Claimed, now: datetime) -> Callable[[], Answer]:
        headers = signed_headers(claimed.payload, claimed.delivery.delivery_id, now, self._secrets(endpoint, now))
        return partial(self._deps.sender.post, endpoint.url, headers, claimed.payload.encode())

    def _fail(self, delivery: Delivery, now: datetime, error: Exception) -> None:
        """Try a delivery later that cannot be made into a request: something in it is odd, or we made a mistake."""
        extra = {"action": "delivery_unsendable", "path": delivery.path}
        self._logger.error("delivery not sent", extra=extra, exc_info=error)
        tried = delivery.tried(Attempt(now, None, SendError.NETWORK, 0))
        wait = None if delivery.trigger.is_single else wait_before_next(tried.attempt, self._deps.jitter)
        if wait is None:
            self._results.add(Settled(tried, State.FAILED))
        else:
            self._results.add(Settled(tried, State.PENDING, now + wait))

    def _secrets(self, endpoint: Endpoint, now: datetime) -> list[str]:
        secrets = secrets_of(
            self._deps.signing_secret(),
            endpoint.org_id,
            endpoint.endpoint_id,
            version=endpoint.secret_version,
            rotated_at=endpoint.secret_rotated_at,
            now=now,
        )
        return list(secrets)

    def _land(self, sent: InFlight, answer: Answer) -> None:
        """Decide what an answer means for its delivery and its lane."""
        lane, now = sent.lane, self._deps.clock.now()
        self._lanes.end(lane, timedelta(milliseconds=answer.ms))
        before = sent.claimed.delivery
        verdict = judge(answer, before.trigger, before.attempt + 1, self._deps.jitter)
        delivery = before.tried(Attempt(sent.began_at, answer.status, verdict.error, answer.ms))
        self._note(lane, delivery, answer, verdict, now)
        if verdict.state is State.PENDING and verdict.wait is not None:
            self._wait(lane, replace(sent.claimed, delivery=delivery), verdict.wait, now)
        else:
            self._results.add(Settled(delivery, verdict.state))
        is_first = delivery.trigger is Trigger.EVENT and delivery.attempt == 1
        if verdict.is_success and sent.claimed.occurred_at and is_first:
            self._done.delays_s.append((now - sent.claimed.occurred_at).total_seconds())
        self._shut(lane)

    def _note(self, lane: Lane, delivery: Delivery, answer: Answer, verdict: Verdict, now: datetime) -> None:
        """Note what an answer says about the endpoint. Of a test or a replay only the success counts for its health."""
        self._count_timeouts(lane, delivery, answer, now)
        if delivery.trigger.is_single and not (verdict.is_success and lane.endpoint.is_enabled):
            return
        lane.has_delivered = lane.has_delivered or bool(verdict.is_success)
        lane.outcomes.append(
            Outcome(
                at=now,
                is_success=verdict.is_success,
                status=answer.status,
                error=verdict.error,
                off=verdict.off,
                is_slow=lane.is_slow,
                not_before=now + verdict.slow_down if verdict.slow_down else None,
            )
        )
        if verdict.off:
            self._switch_off(lane)
            return
        if verdict.slow_down is not None:
            lane.closed_for = max(lane.closed_for or verdict.slow_down, verdict.slow_down)
            self._log_closed(lane)

    def _count_timeouts(self, lane: Lane, delivery: Delivery, answer: Answer, now: datetime) -> None:
        """Close a lane that hangs. One that hangs now and then stays open: otherwise it fell behind for ever."""
        lane.timeouts = lane.timeouts + 1 if answer.error == SendError.TIMEOUT else 0
        if lane.timeouts >= MAX_TIMEOUTS and lane.closed_for is None:
            since = lane.endpoint.health.failing_since or now
            lane.closed_for = put_off(delivery.attempt, now - since, self._deps.jitter)
            self._log_closed(lane)

    def _wait(self, lane: Lane, claimed: Claimed, wait: timedelta, now: datetime) -> None:
        """Keep a delivery for its second attempt, or write down when the next one is due."""
        is_in_time = self._remaining_s() - wait.total_seconds() > RESERVE_S
        if wait <= AT_ONCE and is_in_time and lane.closed_for is None and not lane.is_off:
            lane.resting += 1
            heapq.heappush(self._resting, (now + wait, next(self._number), lane, claimed))
        elif lane.is_off:
            self._results.add(Settled(claimed.delivery, State.SKIPPED))
        else:
            self._results.add(Settled(claimed.delivery, State.PENDING, now + wait))

    def _wake_resting(self) -> None:
        now = self._deps.clock.now()
        while self._resting and self._resting[0][0] <= now:
            _, _, lane, claimed = heapq.heappop(self._resting)
            lane.resting -= 1
            self._lanes.add_claimed(lane, claimed, is_first=True)
            self._shut(lane)

    def _shut(self, lane: Lane) -> None:
        """Let nothing more go to a lane that is off, except tests. To a closed one tests and replays go."""
        now = self._deps.clock.now()
        if lane.is_off:
            for delivery in lane.take_out((Trigger.TEST,)):
                self._results.add(Settled(delivery, State.SKIPPED))
        elif lane.closed_for is not None:
            for delivery in lane.take_out((Trigger.TEST, Trigger.REPLAY)):
                wait = lane.closed_for * self._deps.jitter(1.0, 1.1)
                self._done.put_off += 1
                self._results.add(Settled(delivery, State.PENDING, now + wait))

    # What a run leaves

    def _switch_off(self, lane: Lane) -> None:
        """Switch an endpoint off at once: before the result is written, so that a killed run leaves it pending.

        If a page has changed the endpoint meanwhile, it stays on, and this run sends it nothing more.
        """
        if lane.is_off:
            return
        if self._write_health([lane]):
            lane.is_off = True
        else:
            lane.closed_for = NEXT_RUN

    def _write_health(self, lanes: list[Lane]) -> list[HealthChange]:
        """Write what was learned about these endpoints. Return the changes that switched one off."""
        changes = [change for lane in lanes if (change := change_of(lane.endpoint, lane.outcomes))]
        for lane in lanes:
            lane.outcomes = []
        off = [change for change in write_changes(self._store, changes, self._logger) if change.is_off]
        for change in off:
            extra = {"action": "endpoint_off", "path": change.endpoint.path, "reason": change.health.off_reason}
            self._logger.warning("endpoint off", extra=extra)
        self._orgs_off |= {change.endpoint.org_id for change in off}
        return off

    def _leave(self) -> None:
        """Give back what can no longer be sent. The last requests are under way, so there is time to write it."""
        for _, _, lane, claimed in self._resting:
            lane.resting -= 1
            self._lanes.add_claimed(lane, claimed)
        self._resting = []
        for lane in self._lanes:
            while lane.claimed:
                self._give_back(lane.claimed.popleft().delivery)
        self._due.leave_to_later_minutes(self._deps.clock.now())

    def _end(self) -> None:
        """Give back what was not sent, and write the endpoints' health."""
        self._leave()
        self._results.flush()
        self._write_health([lane for lane in self._lanes if lane.outcomes])
        self._done.delivered = self._results.counted[State.DELIVERED]
        self._done.given_up = self._results.counted[State.FAILED]
        self._done.handed_on = self._fan_out.handed_on
        self._done.off = len(self._orgs_off)
        self._done.put_off += sum(lane.parked for lane in self._lanes)
        self._done.mistake = self._windows.mistake if self._windows else None
        of_mail = self._windows.oldest_due_at if self._windows else None
        oldest = [at for at in (self._fan_out.oldest_due_at, self._due.oldest_due_at, of_mail) if at is not None]
        if oldest:
            self._done.oldest_s = max(0.0, (self._began_at - min(oldest)).total_seconds())

    def _give_back(self, delivery: Delivery) -> None:
        """Make it due since the time at which it was due. One that this run created is due from now on."""
        now = self._deps.clock.now()
        self._results.add(Settled(delivery, State.PENDING, min(now, delivery.due_at or now)))

    # Logs

    def _log_unwritable(self, delivery: Delivery, reason: str) -> None:
        self._logger.error("delivery not written", action="delivery_unwritable", path=delivery.path, reason=reason)

    def _log_closed(self, lane: Lane) -> None:
        seconds = round(lane.closed_for.total_seconds()) if lane.closed_for else 0
        self._logger.info("endpoint put off", action="endpoint_put_off", path=lane.endpoint.path, seconds=seconds)
