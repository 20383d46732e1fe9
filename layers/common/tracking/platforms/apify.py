"""Apify: start an actor, look at its run, read its results. https://docs.apify.com/api/v2

A run costs money, so the same run is never started twice, and each start has limits. The id of a run is noted as soon
as it is known. Before a start, the intent is noted. Whoever finds an intent without an id, and a start whose answer was
lost, first looks for a run with the same input. See docs/platform-contracts.md, section 3.

No call waits for a run: our caller waits between two looks, where waiting costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tracking.errors import (
    ContractError,
    CredentialsError,
    JobCancelledError,
    OvertakenError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    StaleAttemptError,
    TrackingError,
)
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Bounds, Setup, Waiting
from tracking.platforms.fields import amount, count, moment, obj, objects, text
from tracking.platforms.http import Credential, JsonApi
from tracking.platforms.messages import failure
from tracking.sentences import say

PAGE_SIZE = 200  # items; a TikTok item can have 70 KB

NO_ROOM_WAIT_S = 60
_SPARE_TIME = timedelta(minutes=1)  # a run's own time-out comes a little after the job's end
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

_NO_ROOM = frozenset({"actor-memory-limit-exceeded", "concurrent-runs-limit-exceeded"})
"""Refusals of a start that concern neither the platform nor our key: other runs use up what our plan allows."""

ItemsTest = Callable[[list[dict[str, Any]]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A run to start."""

    kind: str  # its name in `Bounds.runs`
    actor: str
    actor_input: Mapping[str, Any]
    max_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    run_id: str
    status: str
    dataset_id: str
    store_id: str  # key-value store with the run's INPUT
    started_at: datetime | None
    usd: float | None = None  # what it cost so far; None if Apify does not say it

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
        self._max_charge_usd = setup.settings.apify_max_charge_usd
        self._api = JsonApi(
            f"Apify ({_users()})",
            base_url,
            setup,
            credential=lambda key: Credential(headers={"Authorization": f"Bearer {key}"}),
            errors=kind_of_refusal,
        )

    def begin(self, starts: Sequence[Start], bounds: Bounds, is_useless: ItemsTest) -> Run | None:
        """Begin the runs that have not begun yet. Return the first one as it is now; None if Apify has no room for it.

        A retry begins a run anew if the known one failed, or if `is_useless` is true for its items (the actor was
        blocked), unless some of its videos were fetched already.
        """
        found: dict[str, Run] = {}
        needed = []
        for start in starts:
            known = bounds.runs.ids.get(start.kind)
            if known and bounds.is_retry and not bounds.cursor:
                run = self.get(known, bounds)
                if run.has_failed or self._is_useless(run, bounds, is_useless):
                    bounds.meter.check_once()
                    needed.append(start)
                else:
                    found[start.kind] = run
            elif not known:
                needed.append(start)
        if needed:
            bounds.meter.check({"results": sum(start.max_items for start in needed)})
            found |= self._begin_all(needed, bounds, is_useless)
        wanted = starts[0].kind
        known = bounds.runs.ids.get(wanted)
        return found.get(wanted) or (self.get(known, bounds) if known else None)

    def _begin_all(self, starts: Sequence[Start], bounds: Bounds, is_useless: ItemsTest) -> dict[str, Run]:
        intended = {kind for kind, run_id in bounds.runs.ids.items() if not run_id}
        if not bounds.runs.intend(*(start.kind for start in starts)):
            return {}  # another process begins them, or has done so
        begun: dict[str, Run] = {}
        unclear = set(intended)  # kinds of which a run may have begun
        try:
            for start in starts:
                run = self._earlier(start, bounds, is_useless) if start.kind in intended else None
                unclear.add(start.kind)
                try:
                    run = run or self._start(start, bounds)
                except (RateLimitedError, QuotaExceededError, CredentialsError):
                    unclear.remove(start.kind)
                    raise
                unclear.remove(start.kind)
                if run is not None:
                    begun[start.kind] = run
        finally:
            bounds.meter.add({"runs": len(begun)})
            begun = self._noted(begun, {start.kind for start in starts} - unclear, bounds)
        return begun

    def _noted(self, begun: dict[str, Run], refused: Collection[str], bounds: Bounds) -> dict[str, Run]:
        """Note the ids, and return the runs. Runs that no document names are stopped: nobody else could do it.

        An intent that stayed would be looked up later, and another job's run for the same account would be found.
        """
        ids = {kind: run.run_id for kind, run in begun.items()}
        try:
            bounds.runs.settle(ids, refused)
        except (JobCancelledError, StaleAttemptError, OvertakenError):
            self._abort_all(ids.values(), bounds)
            raise
        theirs = {kind for kind, run_id in ids.items() if bounds.runs.ids.get(kind) != run_id}
        self._abort_all([ids[kind] for kind in theirs], bounds)
        return {kind: run for kind, run in begun.items() if kind not in theirs}

    def _abort_all(self, run_ids: Iterable[str], bounds: Bounds) -> None:
        for run_id in run_ids:
            with suppress(TrackingError):
                self.abort(run_id, bounds.deadline)

    def _earlier(self, start: Start, bounds: Bounds, is_useless: ItemsTest) -> Run | None:
        """Return the run that an earlier try began, if there is one."""
        since = bounds.runs_since
        if since is None:
            return None
        runs = self._runs_since(since, start.actor, start.actor_input, bounds.deadline)
        return next((run for run in runs if not self._is_useless(run, bounds, is_useless)), None)

    def _is_useless(self, run: Run, bounds: Bounds, is_useless: ItemsTest) -> bool:
        return run.is_finished and is_useless(self.first_items(run, bounds))

    def get(self, run_id: str, bounds: Bounds) -> Run:
        path = f"/actor-runs/{quote(run_id, safe='')}"
        return self._run(self._api.call("GET", path, bounds.deadline).body)

    def abort(self, run_id: str, deadline: datetime) -> None:
        """Stop a run that is no longer needed, because it costs money. Raises an error of `tracking.errors`."""
        self._api.call("POST", f"/actor-runs/{quote(run_id, safe='')}/abort", deadline)

    def abort_since(self, since: datetime, actor: str, actor_input: Mapping[str, Any], deadline: datetime) -> None:
        """Stop the unfinished runs with this input that began at or after `since`. Only our own values are compared."""
        for run in self._runs_since(since, actor, actor_input, deadline):
            if not run.is_finished:
                self.abort(run.run_id, deadline)

    def number_of_items(self, run: Run, bounds: Bounds) -> int:
        """Return how many items the run has found so far."""
        items, total, _ = self._items(run, 0, 1, bounds)
        return len(items) if total is None else total

    def first_items(self, run: Run, bounds: Bounds, limit: int = 10) -> list[dict[str, Any]]:
        return objects(self._items(run, 0, limit, bounds)[0])

    def item_pages(self, run: Run, bounds: Bounds, offset: int = 0) -> Iterator[tuple[list[dict[str, Any]], int, bool]]:
        """Yield pages of the run's dataset, the offset that follows each, and whether another page is there.

        A short page may not be the last one, because `clean` removes empty items. So the end follows from the total in
        a header. Without a total, a short page is the last one. A server that ignores the offset repeats a page; the
        repeated page is then the end.

        The meter counts the results as they are read, and what Apify says that the run has cost.
        """
        previous, has_more = None, True
        while has_more:
            items, total, digest = self._items(run, offset, PAGE_SIZE, bounds)
            if digest == previous:
                items, total = [], None
            if total is not None and total < offset + len(items):
                total = None  # it lags behind the items, or is not of this dataset
            has_more = len(items) >= PAGE_SIZE if total is None else offset + PAGE_SIZE < total
            bounds.meter.add({"results": len(items)})
            if run.is_finished and not has_more:
                bounds.meter.add({"usd": run.usd or 0})
            # The dataset of a run that goes on will grow, so a short page is not passed as a whole.
            offset = offset + PAGE_SIZE if has_more else max(offset, total or offset + len(items))
            yield objects(items), offset, has_more
            del items  # a page may take half of the memory, so it goes before the next one comes
            previous = digest

    def _start(self, start: Start, bounds: Bounds) -> Run | None:
        """Start a run and return it; None if Apify has no room for it now. A lost answer is looked up."""
        asked_at = self._clock.now()
        path = f"/acts/{quote(start.actor, safe='~')}/runs"
        params = self._limits(start, bounds)
        try:
            answer = self._api.call("POST", path, bounds.deadline, params=params, body=start.actor_input, allow=402)
            if answer.status == 402:
                self._check_room(answer.body)
                return None
            return self._run(answer.body)
        except (PlatformUnavailableError, ContractError):  # the run may have started all the same
            with suppress(TrackingError):
                runs = self._runs_since(asked_at, start.actor, start.actor_input, bounds.deadline)
                if (begun := next(runs, None)) is not None:
                    return begun
            raise

    def _check_room(self, body: Any) -> None:
        """Raise the error of a refusal, unless it is for lack of room."""
        kind_of_error = text(obj(obj(body).get("error")).get("type"))
        if kind_of_error not in _NO_ROOM:
            raise failure(kind_of_refusal(402, body) or QuotaExceededError, self._api.name, note=f"402 {kind_of_error}")

    def _limits(self, start: Start, bounds: Bounds) -> dict[str, str | int]:
        """Return the limits of a run: seconds, paid items, and US dollars if a setting says so.

        Apify applies `maxItems` to actors that are paid by result, and `maxTotalChargeUsd` to those paid by event.
        https://docs.apify.com/api/v2/act-runs-post
        """
        ends_at = bounds.ends_at or bounds.deadline
        left_s = (ends_at + _SPARE_TIME - self._clock.now()).total_seconds()
        limits: dict[str, str | int] = {"timeout": max(int(left_s), 1), "maxItems": start.max_items}
        return limits | ({"maxTotalChargeUsd": f"{self._max_charge_usd:g}"} if self._max_charge_usd else {})

    def _runs_since(
        self, since: datetime, actor: str, actor_input: Mapping[str, Any], deadline: datetime
    ) -> Iterator[Run]:
        """Yield the actor's usable runs with this input that started at or after `since`, newest first.

        Each input is a call. Raises PlatformUnavailableError if they cannot all be looked at before the deadline.
        """
        path = f"/acts/{quote(actor, safe='~')}/runs"
        params: dict[str, str | int] = {"desc": "true", "limit": _LISTED_RUNS}
        answer = self._api.call("GET", path, deadline, params=params, allow=404)
        for entry in objects(obj(obj(answer.body).get("data")).get("items")):
            run = _run_from(entry)
            if run is None or run.started_at is None or run.started_at < since - _CLOCK_SKEW:
                continue
            if self._clock.now() >= deadline:
                raise failure(PlatformUnavailableError, self._api.name, note="no time to look at all runs")
            if run.is_usable and self._has_input(run, actor_input, deadline):
                yield run

    def _has_input(self, run: Run, actor_input: Mapping[str, Any], deadline: datetime) -> bool:
        """Return whether the run has our input. Apify adds default values, so only our own values are compared."""
        path = f"/key-value-stores/{quote(run.store_id, safe='')}/records/INPUT"
        stored = obj(self._api.call("GET", path, deadline, expect=object, allow=404).body)
        return all(key in stored and stored[key] == value for key, value in actor_input.items())

    def _items(self, run: Run, offset: int, limit: int, bounds: Bounds) -> tuple[list[Any], int | None, bytes]:
        """Return a page's items, the number of all items if a header names it, and the digest of the page."""
        params: dict[str, str | int] = {"format": "json", "clean": "true", "offset": offset, "limit": limit}
        path = f"/datasets/{quote(run.dataset_id, safe='')}/items"
        answer = self._api.call("GET", path, bounds.deadline, params=params, expect=list)
        return answer.body, count(answer.headers.get("x-apify-pagination-total")), answer.digest

    def _run(self, body: dict[str, Any]) -> Run:
        run = _run_from(obj(body.get("data")))
        if run is None:
            raise failure(ContractError, self._api.name, note="no run in the answer")
        return run


def no_room() -> Waiting:
    return Waiting(message=say("noRoom"), wait_s=NO_ROOM_WAIT_S, is_refused=True)


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
        usd=amount(data.get("usageTotalUsd")),
    )
    return run if run.run_id and run.status and run.dataset_id else None
