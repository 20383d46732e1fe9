"""Apify runs: each is a span of time, and its status is read off the clock."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.simulator.actors import Actor, Work
from local.simulator.faults import Kind
from local.simulator.messages import Json
from local.simulator.samples import sample

_ALPHABET = string.ascii_letters + string.digits
_READY_SHARE = 0.1  # of the run's time
_SHORT_KEYS = (  # what a list of runs shows of each
    *("id", "actId", "status", "startedAt", "finishedAt", "buildId", "buildNumber", "meta"),
    *("defaultKeyValueStoreId", "defaultDatasetId", "defaultRequestQueueId"),
)


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(17))


@dataclass(slots=True, kw_only=True)
class Run:
    actor: Actor
    raw_input: bytes
    work: Work
    mode: Kind | None  # how the account was met when the run started
    options: Json
    duration_s: float
    started_s: float  # of the monotonic clock
    started_at: datetime
    aborted_s: float | None = None
    run_id: str = field(default_factory=_new_id)
    store_id: str = field(default_factory=_new_id)
    dataset_id: str = field(default_factory=_new_id)
    all_items: Sequence[Json] = ()

    @property
    def end_s(self) -> float:
        """When it ends, or ended, by itself, by its own timeout or by an abort."""
        ends = [self.duration_s, self.options["timeoutSecs"] or self.duration_s]
        if self.aborted_s is not None:
            ends.append(self.aborted_s - self.started_s)
        return self.started_s + min(ends)

    def status(self, now_s: float) -> str:
        if now_s < self.end_s:
            ready_s = self.duration_s * _READY_SHARE
            return "READY" if now_s - self.started_s < ready_s else "RUNNING"
        if self.aborted_s is not None and self.aborted_s <= self.end_s:
            return "ABORTED"
        return "SUCCEEDED" if self.end_s >= self.started_s + self.duration_s else "TIMED-OUT"

    def items(self, now_s: float) -> Sequence[Json]:
        """What the dataset holds by now: it fills while the run goes on, and stays as the run left it."""
        if self.status(now_s) == "SUCCEEDED":  # asked first: the division below may come out a hair under 1
            return self.all_items
        elapsed_s = min(now_s, self.end_s) - self.started_s
        return self.all_items[: int(len(self.all_items) * elapsed_s / self.duration_s)]

    def to_json(self, now_s: float) -> Json:
        status = self.status(now_s)
        finished = now_s >= self.end_s
        if status == "READY":
            base: Json = sample("apify-api/run_ready_201.json")["body"]["data"]
        else:
            base = sample("apify-api/run_succeeded.json" if finished else "apify-api/run_running.json")["data"]
        changes: Json = {
            "id": self.run_id,
            "actId": self.actor.actor_id,
            "status": status,
            "startedAt": _text(self.started_at),
            "options": base["options"] | self.options,
            "defaultKeyValueStoreId": self.store_id,
            "defaultDatasetId": self.dataset_id,
        }
        if finished:
            changes["finishedAt"] = _text(self.started_at + timedelta(seconds=self.end_s - self.started_s))
        if finished and status != "SUCCEEDED":
            reason = "Actor was aborted" if status == "ABORTED" else "Actor timed out"
            changes |= {"statusMessage": reason, "exitCode": None}
        return base | changes

    def to_short_json(self, now_s: float) -> Json:
        full = self.to_json(now_s)
        return {key: full[key] for key in _SHORT_KEYS if key in full}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Runs:
    """Every run started, oldest first. Safe to share between threads."""

    def __init__(self, run_seconds: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self._run_seconds = run_seconds
        self._lock = threading.Lock()
        self._runs: list[Run] = []

    def start(self, actor: Actor, raw_input: bytes, work: Work, mode: Kind | None, options: Json) -> Run:
        """`options` has `timeoutSecs` (0: none) and perhaps `maxItems`."""
        run = Run(
            actor=actor,
            raw_input=raw_input,
            work=work,
            mode=mode,
            options=options,
            duration_s=self._run_seconds,
            started_s=self.now_s(),
            started_at=datetime.now(UTC),
            all_items=work.items(mode)[: options.get("maxItems")],
        )
        with self._lock:
            self._runs.append(run)
        return run

    def abort(self, run: Run) -> None:
        """A run that has ended stays as it is."""
        with self._lock:
            if self.now_s() < run.end_s:
                run.aborted_s = self.now_s()

    def of_actor(self, actor: Actor) -> list[Run]:
        with self._lock:
            return [run for run in self._runs if run.actor is actor]

    def find(
        self, *, run_id: str | None = None, store_id: str | None = None, dataset_id: str | None = None
    ) -> Run | None:
        """By the one id that is given."""
        with self._lock:
            for run in self._runs:
                if run_id == run.run_id or store_id == run.store_id or dataset_id == run.dataset_id:
                    return run
        return None

    def clear(self) -> None:
        with self._lock:
            self._runs.clear()
