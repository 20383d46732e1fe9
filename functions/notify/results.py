"""The results of deliveries, written in batches: soon, because a page shows them, and never one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from tracking.clock import Clock
from tracking.store import MAX_WRITES_PER_COMMIT, DocumentWrite, NotifyStore, Unwritable
from tracking.webhooks import Delivery, State

FLUSH = 50
FLUSH_AFTER = timedelta(seconds=1)
"""The oldest result waits for others no longer than this."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery with which nothing more is done in this run, and what to write. `next_at`: its next attempt."""

    delivery: Delivery
    state: State
    next_at: datetime | None = None

    def write(self) -> DocumentWrite:
        fields = self.delivery.result(self.state, self.next_at)
        return DocumentWrite(self.delivery.path, fields, version=self.delivery.version)


class Results:
    """The results of a run that are not written yet. `counted`: deliveries by the state that was written."""

    def __init__(self, store: NotifyStore, clock: Clock, logger: Logger) -> None:
        self._store, self._clock, self._logger = store, clock, logger
        self._waiting: list[Settled] = []
        self._since = clock.now()
        self.counted: Counter[State] = Counter()

    def add(self, settled: Settled) -> None:
        if not self._waiting:
            self._since = self._clock.now()
        self._waiting.append(settled)

    def flush_if_due(self) -> None:
        """Write the results if there are enough, or if the oldest has waited long enough."""
        if len(self._waiting) >= FLUSH or self._clock.now() - self._since >= FLUSH_AFTER:
            self.flush()

    def flush(self) -> None:
        """Write the results. One whose delivery has changed meanwhile is dropped: somebody else has it now."""
        results, self._waiting = self._waiting, []
        for first in range(0, len(results), MAX_WRITES_PER_COMMIT):
            part = results[first : first + MAX_WRITES_PER_COMMIT]
            refused = self._write(part)
            if refused:  # otherwise the delivery would be sent after each lease, for ever
                self._write([replace(one, delivery=replace(one.delivery, attempts=())) for one in refused])

    def _write(self, results: Sequence[Settled]) -> list[Settled]:
        """Write results. Return those that the database refuses for good."""
        refused = []
        for one, answer in zip(results, self._store.put_each([one.write() for one in results]), strict=True):
            self._note(one, answer)
            if isinstance(answer, Unwritable) and answer.is_lasting:
                refused.append(one)
        return refused

    def _note(self, settled: Settled, answer: str | Unwritable | None) -> None:
        path = settled.delivery.path
        if isinstance(answer, Unwritable):
            extra = {"action": "delivery_unwritable", "path": path, "reason": answer.code}
            self._logger.error("delivery not written", extra=extra)
        elif answer is not None:
            self.counted[settled.state] += 1
            if settled.state is State.FAILED:
                self._logger.info("delivery given up", action="delivery_given_up", path=path)
