"""Apify API v2: runs of the actors, and the runs' datasets.

Error bodies that were not recorded follow https://docs.apify.com/api/v2.
"""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from werkzeug import Response
from werkzeug.exceptions import abort

from local.simulator.actors import ACTORS, Actor, Items
from local.simulator.faults import Fault, Kind
from local.simulator.messages import WRONG_KEY, Calls, Json, Request, Subject, answer, recorded, sample
from tracking.clock import Clock

_LONGEST_WAIT_S = 60
_MOST_ITEMS = 250_000
_TRUE = ("1", "true")
_ALPHABET = string.ascii_letters + string.digits
_READY_SHARE = 0.1  # of the run's time
_ITEM_USD = 0.0015  # the price of an item, for `maxTotalChargeUsd`
_RUN_MEMORY_MB = 1024  # as in the recorded runs
_SHORT_KEYS = (  # the keys of a run in a list of runs
    *("id", "actId", "status", "startedAt", "finishedAt", "buildId", "buildNumber", "meta"),
    *("defaultKeyValueStoreId", "defaultDatasetId", "defaultRequestQueueId"),
)


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(17))


@dataclass(slots=True, eq=False)
class Run:
    """A run of an actor. Its status and its items follow from the clock."""

    actor: Actor
    run_input: Json
    username: str
    mode: Kind | None  # the kind of fault that was in force when the run started
    all_items: Sequence[Json]
    duration_s: float
    started_s: float  # Unix time
    timeout_s: float | None = None
    ready_s: float | None = None  # part of the time, before the first item; None: a share, and items come meanwhile
    aborted_s: float | None = None
    run_id: str = field(default_factory=_new_id)
    store_id: str = field(default_factory=_new_id)
    dataset_id: str = field(default_factory=_new_id)

    @property
    def end_s(self) -> float:
        """The time when the run ends: by itself, by its time-out or by an abort."""
        if self.aborted_s is not None:
            return self.aborted_s
        return self.started_s + min(self.duration_s, self.duration_s if self.timeout_s is None else self.timeout_s)

    @property
    def is_cut(self) -> bool:
        """Return whether the run's own time-out ends it."""
        return self.timeout_s is not None and self.timeout_s < self.duration_s

    def abort(self, now_s: float) -> None:
        """Abort the run. A run that has ended stays as it is."""
        if now_s < self.end_s:
            self.aborted_s = now_s

    def status(self, now_s: float) -> str:
        if now_s < self.end_s:
            ready_s = self.duration_s * _READY_SHARE if self.ready_s is None else self.ready_s
            return "READY" if now_s - self.started_s < ready_s else "RUNNING"
        if self.aborted_s is not None:
            return "ABORTED"
        return "TIMED-OUT" if self.is_cut else "SUCCEEDED"

    def items(self, now_s: float) -> Sequence[Json]:
        """Return the items so far. The dataset fills while the run goes on, and keeps its items after an abort."""
        if self.status(now_s) == "SUCCEEDED":  # checked first, since the division below may give slightly less than 1
            return self.all_items
        begin_s = self.started_s + (self.ready_s or 0)
        share = max(0.0, min(now_s, self.end_s) - begin_s) / max(self.duration_s - (self.ready_s or 0), 0.001)
        return self.all_items[: int(len(self.all_items) * share)]

    def to_json(self, now_s: float) -> Json:
        status, finished = self.status(now_s), now_s >= self.end_s
        if status == "READY":
            base: Json = sample("apify-api/run_ready_201.json")["body"]["data"]
        else:
            base = sample("apify-api/run_succeeded.json" if finished else "apify-api/run_running.json")["data"]
        changes: Json = {
            "id": self.run_id,
            "actId": self.actor.actor_id,
            "status": status,
            "startedAt": _text(self.started_s),
            "defaultKeyValueStoreId": self.store_id,
            "defaultDatasetId": self.dataset_id,
        }
        if finished:
            changes["finishedAt"] = _text(self.end_s)
        if status == "ABORTED":
            changes |= {"statusMessage": "Actor was aborted", "exitCode": None}
        return base | changes


def _text(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ApifyApi:
    base = "/apify/v2"

    def __init__(self, run_s: float, stopping: threading.Event, clock: Clock, items_per_s: float | None = None) -> None:
        """Create the API. `stopping` ends every `waitForFinish` early.

        `run_s`: the time that a run takes; with `items_per_s`, its items take their time besides.
        """
        self.runs: list[Run] = []  # oldest first
        self._run_s = run_s
        self._items_per_s = items_per_s
        self._clock = clock
        self._stopping = stopping
        self.calls: Calls = {
            ("POST", "/acts/<actor>/runs"): self._start,
            ("GET", "/acts/<actor>/runs"): self._list,
            ("GET", "/acts/<actor>"): self._actor,
            ("GET", "/users/me"): self._me,
            ("GET", "/users/me/limits"): self._my_limits,
            ("GET", "/actor-runs/<run_id>"): self._run,
            ("POST", "/actor-runs/<run_id>/abort"): self._abort,
            ("GET", "/key-value-stores/<store_id>/records/INPUT"): self._record,
            ("GET", "/datasets/<dataset_id>/items"): self._items,
        }

    def refusal(self, request: Request) -> Response | None:
        token = request.bearer or request.query.get("token")
        if not token:
            return recorded("apify-api/errors/token_not_provided_401.json")
        return recorded("apify-api/errors/user_or_token_not_found_401.json") if token == WRONG_KEY else None

    def subject(self, request: Request, /, **named: str) -> Subject:
        if known := ACTORS.get(named.pop("actor", "")):
            work = _work(known, request) if request.method == "POST" else None
            return Subject(known.platform, work[0].lower() if work else None, meets_account=request.method == "POST")
        for run in self._find(**named):
            return Subject(run.actor.platform, run.username.lower(), meets_account=False)
        return Subject("apify", meets_account=False)

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("apify-api/errors/monthly_usage_hard_limit_403.json")
        if fault.kind is Kind.RATE_LIMITED:
            return recorded("apify-api/errors/rate_limit_exceeded_429.json")
        if fault.kind is Kind.NO_ROOM:
            return recorded("apify-api/errors/actor_memory_limit_402.json")
        kind = "service-unavailable" if fault.kind is Kind.UNAVAILABLE else "internal-server-error"
        return _error(int(fault.kind), kind, "We have bad news: there was an internal server error.")

    def unknown(self) -> Response:
        message = "We have bad news: there is no API endpoint at this URL. Did you specify it correctly?"
        return _error(404, "page-not-found", message)

    def _start(self, request: Request, mode: Kind | None, actor: str) -> Response:
        known, run_input = _actor(actor), request.get_json(force=True, silent=True) or {}
        username, items = _work(known, request) or abort(recorded("apify-api/errors/invalid_input_400.json"))
        _number(request, "waitForFinish", 0)  # refuses a wrong value before a run is started
        timeout_s, most = _number(request, "timeout", 0), _most_items(request)
        found = items(mode, request.today)[:most]
        run = Run(known, run_input, username, mode, found, self._run_s, self._now_s(), timeout_s=timeout_s or None)
        if self._items_per_s:
            run.ready_s, run.duration_s = self._run_s, self._run_s + len(found) / self._items_per_s
        self.runs.append(run)
        return self._when_finished(request, run, 201)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _when_finished(self, request: Request, run: Run, status: int) -> Response:
        wait_s = min(_number(request, "waitForFinish", 0), _LONGEST_WAIT_S, run.end_s - self._now_s())
        if wait_s > 0:
            self._stopping.wait(wait_s)
        return answer({"data": run.to_json(self._now_s())}, status)

    def _list(self, request: Request, _mode: Kind | None, actor: str) -> Response:
        runs, now_s = self._find(actor=_actor(actor)), self._now_s()
        is_descending, limit = request.query.get("desc") in _TRUE, min(_number(request, "limit", 1000), 1000)
        shown = [run.to_json(now_s) for run in (runs[::-1] if is_descending else runs)[:limit]]
        items = [{key: run[key] for key in _SHORT_KEYS if key in run} for run in shown]
        counts = {"total": len(runs), "offset": 0, "limit": limit, "desc": is_descending, "count": len(items)}
        return answer({"data": counts | {"items": items}})

    def _actor(self, _request: Request, _mode: Kind | None, actor: str) -> Response:
        options = {"build": "latest", "timeoutSecs": 0, "memoryMbytes": _RUN_MEMORY_MB}
        return answer({"data": {"id": _actor(actor).actor_id, "defaultRunOptions": options}})

    def _me(self, _request: Request, _mode: Kind | None) -> Response:
        return answer({"data": {"id": "simulated", "username": "simulated", "plan": {"id": "STARTER"}}})

    def _my_limits(self, _request: Request, _mode: Kind | None) -> Response:
        running = sum(run.end_s > self._now_s() for run in self.runs)
        limits = {"maxMonthlyUsageUsd": 29, "maxActorMemoryGbytes": 32, "maxConcurrentActorJobs": 32}
        current = {"monthlyUsageUsd": 1.5, "actorMemoryGbytes": running, "activeActorJobCount": running}
        return answer({"data": {"limits": limits, "current": current}})

    def _run(self, request: Request, _mode: Kind | None, run_id: str) -> Response:
        return self._when_finished(request, self._found(run_id=run_id), 200)

    def _abort(self, _request: Request, _mode: Kind | None, run_id: str) -> Response:
        run = self._found(run_id=run_id)
        run.abort(self._now_s())
        return answer({"data": run.to_json(self._now_s())})

    def _record(self, _request: Request, _mode: Kind | None, store_id: str) -> Response:
        return answer(self._found(store_id=store_id).run_input)

    def _items(self, request: Request, _mode: Kind | None, dataset_id: str) -> Response:
        run = self._found(dataset_id=dataset_id)
        items, is_clean = run.items(self._now_s()), request.query.get("clean") in _TRUE
        offset, limit = _number(request, "offset", 0), min(_number(request, "limit", _MOST_ITEMS), _MOST_ITEMS)
        loops = run.mode is Kind.LOOP and "limit" in request.query
        start = 0 if loops else offset
        shown = items[start : start + limit]
        if is_clean:  # leaves out hidden fields, and items that have no other fields
            shown = [{key: item[key] for key in item if not key.startswith("#")} for item in shown]
            shown = [item for item in shown if item]
        headers = {
            "X-Apify-Pagination-Offset": str(offset),
            "X-Apify-Pagination-Limit": str(limit),
            "X-Apify-Pagination-Count": str(len(shown)),
            "X-Apify-Pagination-Total": str(offset + limit + len(items) if loops else len(items)),
            "X-Apify-Pagination-Desc": "false",
        }
        return answer(shown, headers=headers)

    def _find(self, **wanted: object) -> list[Run]:
        """Return the runs whose field has the wanted value: `_find(run_id="...")`."""
        return [run for run in [*self.runs] if any(getattr(run, name) == wanted[name] for name in wanted)]

    def _found(self, **wanted: str) -> Run:
        found = self._find(**wanted)
        return found[0] if found else abort(recorded("apify-api/errors/record_not_found_404.json"))


def _actor(name: str) -> Actor:
    return ACTORS.get(name) or abort(recorded("apify-api/errors/actor_not_found_404.json"))


def _work(actor: Actor, request: Request) -> tuple[str, Items] | None:
    """Return the username and the items; None for an input that the actor does not take."""
    try:
        run_input = request.get_json(force=True, silent=True)
        return actor.work(run_input) if isinstance(run_input, dict) else None
    except ValueError:
        return None


def _most_items(request: Request) -> int:
    """Return how many items a run may find, by `maxItems` and `maxTotalChargeUsd`."""
    text = request.query.get("maxTotalChargeUsd", "")
    try:
        by_price = int(float(text) / _ITEM_USD) if text else _MOST_ITEMS
    except (ValueError, OverflowError):
        abort(_error(400, "invalid-parameter", 'Query parameter "maxTotalChargeUsd" must be a number'))
    return min(_number(request, "maxItems", 0) or _MOST_ITEMS, by_price)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        message = f'Query parameter "{name}" must be a whole number of at least 0'
        abort(_error(400, "invalid-parameter", message))
    return int(text)


def _error(status: int, kind: str, message: str) -> Response:
    return answer({"error": {"type": kind, "message": message}}, status)
