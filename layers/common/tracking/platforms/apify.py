"""Apify: start an actor, wait for its run, read its results. https://docs.apify.com/api/v2

A run costs money, so the same run is never started twice. A retry, or a start whose answer was lost, first looks for a
run with the same input. See docs/platform-contracts.md, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tracking.errors import (
    ContractError,
    CredentialsError,
    JobCancelledError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    StaleAttemptError,
    TrackingError,
)
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Budget, Setup
from tracking.platforms.fields import count, moment, obj, objects, text
from tracking.platforms.http import Credential, JsonApi
from tracking.platforms.messages import failure

WAIT_FOR_FINISH_S = 10
"""Seconds for which Apify may hold a call open until a run ends. It is below the time-out for reading an answer."""
PAGE_SIZE = 200  # items; a TikTok item can have 70 KB

_POLL_PAUSE_S = 1.0  # for a server that does not hold the call open
_READING_TIME = timedelta(seconds=5)  # part of the budget, kept for reading the dataset
_CLOCK_SKEW = timedelta(seconds=10)
_LISTED_RUNS = 100

TYPES: dict[str, type[TrackingError]] = {
    "not-enough-usage-to-run-paid-actor": QuotaExceededError,
    "platform-feature-disabled": QuotaExceededError,
    "actor-memory-limit-exceeded": RateLimitedError,
    "concurrent-runs-limit-exceeded": RateLimitedError,
    "run-failed": PlatformUnavailableError,
    "run-timeout-exceeded": PlatformUnavailableError,
}
"""Errors by Apify's `error.type`. https://docs.apify.com/api/v2#errors"""

_STATUSES: dict[int, type[TrackingError]] = {
    401: CredentialsError,
    402: QuotaExceededError,
    403: CredentialsError,
    429: RateLimitedError,
}

ItemsTest = Callable[[list[dict[str, Any]]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    run_id: str
    status: str
    dataset_id: str
    store_id: str  # key-value store with the run's INPUT
    started_at: datetime | None

    @property
    def is_finished(self) -> bool:
        return self.status in ("SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED")

    @property
    def is_usable(self) -> bool:
        """Return whether the run's dataset has, or will have, all requested items."""
        return self.status in ("READY", "RUNNING", "SUCCEEDED")

    @property
    def has_failed(self) -> bool:
        """Return whether the run failed. A run that its own time-out cut off has not failed: its items can be used."""
        return self.status in ("FAILED", "ABORTED")


class Apify:
    def __init__(self, setup: Setup, base_url: str) -> None:
        self._clock = setup.clock
        self._api = JsonApi(
            f"Apify ({_users()})",
            base_url,
            setup,
            credential=lambda key: Credential(headers={"Authorization": f"Bearer {key}"}),
            errors=kind_of_refusal,
        )

    def begin(self, actor: str, actor_input: Mapping[str, Any], budget: Budget, is_useless: ItemsTest) -> Run:
        """Return a run with this input: an earlier one if `budget.resume_since` allows it, otherwise a new one.

        A finished earlier run is not used again if `is_useless` is true for its items (the actor was blocked).
        """
        if budget.resume_since is not None:
            for earlier in self._runs_since(budget.resume_since, actor, actor_input, budget):
                if not (earlier.is_finished and is_useless(self.first_items(earlier, budget))):
                    return earlier
        asked_at = self._clock.now()
        try:
            return self._start(actor, actor_input, budget)
        except (PlatformUnavailableError, ContractError):  # the run may have started all the same
            with suppress(TrackingError):
                begun = next(self._runs_since(asked_at, actor, actor_input, budget), None)
                if begun is not None:
                    return begun
            raise

    def get(self, run_id: str, budget: Budget) -> Run:
        """Return the run after waiting a little for its end."""
        path = f"/actor-runs/{quote(run_id, safe='')}"
        return self._run(self._api.call("GET", path, budget.deadline, params=self._wait_params(budget)).body)

    def poll(self, run: Run, budget: Budget) -> Run:
        """Wait a little for the run's end, and return the run as it is then. Call it only while `has_time` is true.

        If the job was cancelled, or this execution lost it, the run is stopped, because it costs money. Raises
        JobCancelledError or StaleAttemptError then.
        """
        try:
            budget.checkpoint()
        except (JobCancelledError, StaleAttemptError):
            self.abort(run, budget)
            raise
        later = self.get(run.run_id, budget)
        if not later.is_finished:
            self._clock.sleep(_POLL_PAUSE_S)
        return later

    def wait(self, run: Run, budget: Budget) -> Run:
        """Return the run when it has finished, or when the budget allows no more waiting."""
        while not run.is_finished and self.has_time(budget):
            run = self.poll(run, budget)
        return run

    def has_time(self, budget: Budget) -> bool:
        return self._clock.now() + _READING_TIME < budget.deadline

    def abort(self, run: Run, budget: Budget) -> None:
        """Stop a run that is no longer needed, because it costs money. Errors are ignored."""
        with suppress(TrackingError):
            self._api.call("POST", f"/actor-runs/{quote(run.run_id, safe='')}/abort", budget.deadline)

    def first_items(self, run: Run, budget: Budget, limit: int = 10) -> list[dict[str, Any]]:
        return objects(self._items(run, 0, limit, budget)[0])

    def item_pages(self, run: Run, budget: Budget) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Yield pages of the run's dataset, and whether another page follows.

        A short page may not be the last one, because `clean` removes empty items. So the end follows from the total in
        a header. Without a total, a short page is the last one. A server that ignores the offset repeats a page; the
        repeated page is then the end.
        """
        offset, previous, has_more = 0, None, True
        while has_more:
            items, total, digest = self._items(run, offset, PAGE_SIZE, budget)
            if digest == previous:
                items, total = [], None
            offset += PAGE_SIZE
            has_more = len(items) >= PAGE_SIZE if total is None else offset < total
            yield objects(items), has_more
            del items  # a page may take half of the memory, so it goes before the next one comes
            previous = digest

    def _start(self, actor: str, actor_input: Mapping[str, Any], budget: Budget) -> Run:
        params = self._wait_params(budget)
        path = f"/acts/{quote(actor, safe='~')}/runs"
        return self._run(self._api.call("POST", path, budget.deadline, params=params, body=actor_input).body)

    def _runs_since(self, since: datetime, actor: str, actor_input: Mapping[str, Any], budget: Budget) -> Iterator[Run]:
        """Yield the actor's usable runs with this input that started at or after `since`, newest first."""
        path = f"/acts/{quote(actor, safe='~')}/runs"
        params: dict[str, str | int] = {"desc": "true", "limit": _LISTED_RUNS}
        answer = self._api.call("GET", path, budget.deadline, params=params, allow=404)
        for entry in objects(obj(obj(answer.body).get("data")).get("items")):
            run = _run_from(entry)
            if run is None or run.started_at is None or run.started_at < since - _CLOCK_SKEW:
                continue
            if run.is_usable and self._has_input(run, actor_input, budget):
                yield run

    def _has_input(self, run: Run, actor_input: Mapping[str, Any], budget: Budget) -> bool:
        """Return whether the run has our input. Apify adds default values, so only our own values are compared."""
        path = f"/key-value-stores/{quote(run.store_id, safe='')}/records/INPUT"
        stored = obj(self._api.call("GET", path, budget.deadline, expect=object, allow=404).body)
        return all(key in stored and stored[key] == value for key, value in actor_input.items())

    def _items(self, run: Run, offset: int, limit: int, budget: Budget) -> tuple[list[Any], int | None, bytes]:
        """Return a page's items, the number of all items if a header names it, and the digest of the page."""
        params: dict[str, str | int] = {"format": "json", "clean": "true", "offset": offset, "limit": limit}
        path = f"/datasets/{quote(run.dataset_id, safe='')}/items"
        answer = self._api.call("GET", path, budget.deadline, params=params, expect=list)
        return answer.body, count(answer.headers.get("x-apify-pagination-total")), answer.digest

    def _run(self, body: dict[str, Any]) -> Run:
        run = _run_from(obj(body.get("data")))
        if run is None:
            raise failure(ContractError, self._api.name, note="no run in the answer")
        return run

    def _wait_params(self, budget: Budget) -> dict[str, str | int]:
        left_s = int((budget.deadline - _READING_TIME - self._clock.now()).total_seconds())
        return {"waitForFinish": max(0, min(WAIT_FOR_FINISH_S, left_s))}


def _users() -> str:
    """Return the labels of the platforms that use Apify."""
    labels = [platform.label for platform in PLATFORMS.values() if platform.credential == "apify"]
    return " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))


def kind_of_refusal(status: int, body: Any) -> type[TrackingError] | None:
    if status < 400 or status >= 500:
        return None
    return TYPES.get(text(obj(obj(body).get("error")).get("type"))) or _STATUSES.get(status)


def _run_from(data: dict[str, Any]) -> Run | None:
    run = Run(
        run_id=text(data.get("id")),
        status=text(data.get("status")),
        dataset_id=text(data.get("defaultDatasetId")),
        store_id=text(data.get("defaultKeyValueStoreId")),
        started_at=moment(data.get("startedAt")),
    )
    return run if run.run_id and run.status and run.dataset_id else None
