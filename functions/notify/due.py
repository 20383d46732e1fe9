"""The deliveries that are due, of all organisations: later attempts, tests, replays, and what killed runs left.

They come earliest first, so those of one endpoint may stand before all others. A lane takes up to MAX_WAITING of them.
The rest is left to later minutes, a write each: so no run reads them again before their endpoint can take them, and
they do not stand before those of others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from notify.endpoints import Endpoints, org_of
from notify.lanes import MAX_TESTS, Lane, Lanes
from notify.results import Results, Settled
from notify.schedule import Jitter
from tracking.store import NotifyStore, StoredDocument
from tracking.webhooks import DELIVERIES, Delivery, Endpoint, SendError, State, Trigger, is_delivery_path

DUE = "nextAttemptAt"
PAGE = 200
MAX_READ = 10_000
"""The most deliveries that a run reads."""
PARKED_PER_MINUTE = 500
"""Deliveries of an endpoint that are left to each of the next minutes. A run can send more if the endpoint is quick."""
MAX_OF_ORG = 2_000
"""The most deliveries of an organisation that a run takes, whatever its number of endpoints."""
LEFT = 50
"""Deliveries of an endpoint that may stay due in any case when a run ends."""


class DueDeliveries:
    """Reads the due deliveries page by page, and puts them into lanes. `results` get those that are over."""

    def __init__(
        self,
        store: NotifyStore,
        endpoints: Endpoints,
        lanes: Lanes,
        results: Results,
        jitter: Jitter,
        logger: Logger,
        began_at: datetime,
    ) -> None:
        self._store, self._endpoints, self._lanes = store, endpoints, lanes
        self._results, self._jitter, self._logger = results, jitter, logger
        self._until = began_at - timedelta(microseconds=1)  # so what the run itself creates or puts off is not found
        self._last: tuple[datetime, str] | None = None
        self._read = 0
        self._taken = Counter[str]()  # by organisation
        self.is_done = False
        self.oldest_due_at: datetime | None = None

    def next_page(self, now: datetime) -> None:
        """Read one page."""
        page = self._store.due_documents(DELIVERIES, DUE, self._until, PAGE, self._last)
        self._read += len(page)
        self.is_done = len(page) < PAGE or self._read >= MAX_READ
        if not page:
            return
        path, stored = list(page.items())[-1]
        self._last = stored.fields[DUE], path
        ours = {path: stored for path, stored in page.items() if is_delivery_path(path)}
        if len(ours) < len(page):
            number = len(page) - len(ours)
            self._logger.warning("deliveries of others", action="deliveries_foreign", number=number)
        found = [one for path, stored in ours.items() if (one := self._checked(path, stored, now))]
        if found and self.oldest_due_at is None:
            self.oldest_due_at = found[0].due_at
        # A page may ask for tests and replays of any endpoint. Events go to the first ones alone already.
        self._endpoints.read_orgs({org_of(one.path) for one in found if one.trigger.is_single})
        self._endpoints.read({delivery.endpoint_path for delivery in found})
        for delivery in found:
            self._place(delivery, now)

    def _checked(self, path: str, stored: StoredDocument, now: datetime) -> Delivery | None:
        """Return the delivery, or None for a document that is not a pending delivery of ours."""
        delivery = Delivery.from_document(path, stored.fields, stored.version, now)
        if delivery is None or delivery.state is not State.PENDING:  # somebody wrote that by hand
            self._logger.warning("odd delivery", action="delivery_odd", path=path)
            known = delivery or Delivery(
                path=path,
                version=stored.version,
                type="",
                trigger=Trigger.EVENT,
                state=State.FAILED,
                created_at=now,
            )
            self._results.add(Settled(known, known.state))
            return None
        return delivery

    def _place(self, delivery: Delivery, now: datetime) -> None:
        endpoint = self._endpoints.at(delivery.endpoint_path)
        if endpoint is None:
            self._results.add(Settled(delivery.noted(now, SendError.ENDPOINT_GONE), State.FAILED))
            return
        self._note_untried(endpoint, delivery)
        lane = self._lanes.of(endpoint)
        is_test = delivery.trigger is Trigger.TEST
        if self._endpoints.is_beyond(endpoint) or (not is_test and (lane.is_off or not endpoint.is_enabled)):
            self._results.add(Settled(delivery, State.SKIPPED))
        elif self._taken[endpoint.org_id] >= MAX_OF_ORG or not self._lanes.offer(lane, delivery):
            self._park(lane, [delivery], MAX_TESTS if is_test else PARKED_PER_MINUTE, now)
        else:
            self._taken[endpoint.org_id] += 1

    def _note_untried(self, endpoint: Endpoint, delivery: Delivery) -> None:
        """Count a delivery that nobody has tried from its creation, however often it was left to later minutes.

        That of an endpoint that fails, or is slow, or was so when the delivery was created, is late for its own sake.
        """
        health = endpoint.health
        is_late = delivery.attempt == 0 and delivery.trigger is Trigger.EVENT and endpoint.is_enabled
        if not is_late or health.is_failing or health.is_slow or self.oldest_due_at is None:
            return
        if health.recovered_at is None or delivery.created_at >= health.recovered_at:
            self.oldest_due_at = min(self.oldest_due_at, delivery.created_at)

    def leave_to_later_minutes(self, now: datetime) -> None:
        """Spread what the run could not send, if it is far more than it could."""
        for lane in self._lanes:
            number = max(LEFT, 2 * lane.sent)
            excess = [lane.waiting.pop() for _ in range(len(lane.waiting) - number)]
            self._park(lane, excess[::-1], max(LEFT, lane.sent), now + timedelta(minutes=2))

    def _park(self, lane: Lane, deliveries: Sequence[Delivery], per_minute: int, since: datetime) -> None:
        for delivery in deliveries:
            minutes = 1 + lane.parked // per_minute
            lane.parked += 1
            next_at = since + timedelta(minutes=minutes, seconds=self._jitter(0, 60))
            self._results.add(Settled(delivery, State.PENDING, next_at))
