"""The whole pipeline in one process: memory store and staging, the simulated platforms, and a clock moved by hand.

The platforms' own modules run, with their HTTP calls answered by the simulator without a socket. Each call takes
CALL_S. The state machine's waits take no time: the clock jumps to their end.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import httpx
from werkzeug.test import EnvironBuilder

from bench.lambda_context import FakeContext
from local.simulator import in_process
from local.simulator.apify import Run
from local.simulator.messages import Request
from local.simulator.server import Simulator
from process import app
from reconcile.app import handler as reconcile_handler
from tests.doubles import ManualClock
from tests.factories import job_document
from tests.machine import DEFINITION, Execution, SimulatedExecutions
from tracking.budgets import BudgetLimits
from tracking.hints import Hints
from tracking.jobs import FINISHED, PlatformName
from tracking.outcomes import ExecutionStatus
from tracking.platforms import Platform, Setup
from tracking.refreshes import Cadence
from tracking.settings import Limits
from tracking.staging import Staging
from tracking.staging.memory import MemoryObjects
from tracking.store import REFRESHES, DocumentWrite, RefreshStore, Store
from tracking.store.memory import MemoryStore
from tracking.wiring import ProcessDeps, ReconcileDeps, RefreshDeps, TriggerDeps
from trigger.app import handler as trigger_handler
from trigger.refreshing import run_refreshes
from trigger.tick import Tick

CALL_S = 0.2  # of one call to a platform


class World:
    """One job's world. `before_call` is called before each HTTP call, with its method and path.

    `instead` may answer a call in place of the simulator.
    """

    def __init__(
        self,
        *,
        run_s: float = 30,
        call_s: float = CALL_S,
        items_per_s: float | None = None,
        max_videos: int = 5_000,
        max_job: timedelta = timedelta(hours=1),
        limits: Limits | None = None,
        definition: Mapping[str, Any] = DEFINITION,
    ) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(run_s, "", self.clock, items_per_s)
        self.store: Store = MemoryStore(self.clock)
        self.staged = MemoryObjects()
        self.executions = SimulatedExecutions(self.clock, definition)
        self.limits = limits or Limits(running=10, per_credential=10)
        self.call_s = call_s
        self.instead: Callable[[str], httpx.Response | None] = lambda _path: None  # of the simulator's answer
        self.before_call: Callable[[str, str], None] = lambda _method, _path: None
        self.requests: list[tuple[str, str]] = []
        self._max_videos, self._max_job = max_videos, max_job
        self._http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.platform: Callable[[PlatformName], Platform] = functools.cache(self._build)
        self._told: set[str] = set()

    def _build(self, name: PlatformName) -> Platform:
        setup = Setup(http=self._http, settings=in_process.SETTINGS, key=lambda: "key", clock=self.clock)
        built: Platform = import_module(f"tracking.platforms.{name}").build(setup)
        return built

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.before_call(request.method, request.url.path)
        self.clock.advance(self.call_s)
        self.requests.append((request.method, request.url.path))
        if (refusal := self.instead(request.url.path)) is not None:
            return refusal
        return in_process.answer(self.simulator, request)

    def fault(self, **fields: Any) -> None:
        """Plan a fault of the simulator, as its control call does."""
        sent = EnvironBuilder("/control/faults", method="POST", json=fields)
        assert self.simulator.respond(Request(sent.get_environ())).status_code == 204

    # The functions

    @property
    def process_deps(self) -> ProcessDeps:
        return ProcessDeps(
            store=self.store,
            staging=Staging(self.staged),
            platform=self.platform,
            clock=self.clock,
            max_videos=lambda name: self._max_videos,
            limits=self.limits,
            max_job=self._max_job,
        )

    @property
    def trigger_deps(self) -> TriggerDeps:
        return TriggerDeps(self.store, self.executions, self.clock, self.limits, Hints(), self.platform)

    @property
    def reconcile_deps(self) -> ReconcileDeps:
        return ReconcileDeps(self.store, self.clock, self.platform)

    def tick(self) -> dict[str, Any]:
        return trigger_handler({}, FakeContext(55), self.trigger_deps)  # type: ignore[arg-type]

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        return app.handler(event, FakeContext(150), self.process_deps)  # type: ignore[arg-type]

    def tell(self, execution: Execution) -> None:
        """Deliver the event of an ended execution to the reconcile function."""
        reconcile_handler(
            execution.event_of_end(),
            FakeContext(),  # type: ignore[arg-type]
            self.reconcile_deps,
        )

    # The job

    def add_job(self, platform: str, username: str, **fields: Any) -> str:
        return self.store.create_job(job_document(platform=platform, username=username, **fields))

    def document(self, job_id: str) -> dict[str, Any]:
        snapshot = self.store.get_job(job_id)
        assert snapshot is not None, f"{job_id} is gone"
        return snapshot.data

    def saved(self, job_id: str) -> set[str]:
        """Return the ids of the saved videos of the job's account."""
        job = self.document(job_id)
        path = f"organizations/{job['orgId']}/projects/{job['projectId']}/trackedAccounts/{job['accountId']}/videos"
        return set(self.store.get_documents(path))

    def running(self) -> list[Execution]:
        return [execution for execution in self.executions.running.values() if execution.is_running]

    def step(self) -> None:
        """Let each execution do one state, and tell of those that ended badly or took too long."""
        for execution in self.running():
            execution.advance(self.invoke)
        self.executions.time_out()
        for execution in list(self.executions.running.values()):
            failed = not execution.is_running and execution.status is not ExecutionStatus.SUCCEEDED
            if failed and execution.arn not in self._told:
                self._told.add(execution.arn)
                self.tell(execution)

    def run(self, job_id: str, steps: int = 10_000) -> dict[str, Any]:
        """Tick and step until the job has ended and nothing runs. Return its document."""
        for _ in range(steps):
            snapshot = self.store.get_job(job_id)
            if (snapshot is None or snapshot.data["status"] in FINISHED) and not self.running():
                break
            if self.running():
                self.step()
            else:
                self.tick()
                if not self.running():
                    self.clock.advance(60)
        else:
            raise AssertionError(f"never came to an end: {self.document(job_id)}")
        return snapshot.data if snapshot else {}

    # The paid runs

    @property
    def runs(self) -> list[Run]:
        return self.simulator.apify_runs

    def unfinished_runs(self) -> list[Run]:
        now_s = self.clock.now().timestamp()
        return [run for run in self.runs if run.status(now_s) in ("READY", "RUNNING")]


class RefreshWorld(World):
    """The same with refreshes, which have budgets. All accounts are daily ones."""

    def __init__(self, budgets: BudgetLimits, **fields: Any) -> None:
        super().__init__(**fields)
        self.memory = MemoryStore(self.clock)
        self.store = self.memory
        self.refresh_store: RefreshStore = self.memory.of(REFRESHES)  # the tick's; a test may put its own in its place
        self.budgets = budgets

    @property
    def process_deps(self) -> ProcessDeps:
        return replace(super().process_deps, refreshes=self.memory.of(REFRESHES), default_cadence=Cadence.DAILY)

    @property
    def reconcile_deps(self) -> ReconcileDeps:
        return replace(super().reconcile_deps, refreshes=self.memory.of(REFRESHES))

    @property
    def refresh_deps(self) -> RefreshDeps:
        return RefreshDeps(
            self.refresh_store,
            self.executions,
            self.clock,
            self.limits,
            Cadence.DAILY,
            Hints(),
            self.platform,
            self.budgets,
        )

    def refresh_tick(self) -> Tick:
        return run_refreshes(self.refresh_deps)

    def accounts(self) -> dict[str, dict[str, Any]]:
        return {
            path: dict(one.data)
            for path, one in self.memory._documents.items()
            if path.split("/")[-2] == "trackedAccounts"
        }

    def make_due(self, *, asked: bool = False) -> None:
        """Let all accounts be due now, as if members had pressed if `asked`."""
        now = self.clock.now()
        fields = {"nextRefreshAt": now} | ({"refreshAskedAt": now} if asked else {})
        self.memory.update_each([DocumentWrite(path, fields) for path in self.accounts()])

    def minutes(self, number: int) -> None:
        """Let minutes pass, with a tick at the begin of each one. What runs comes to its end within it."""
        for _ in range(number):
            minute = self.clock.now()
            self.refresh_tick()
            for _ in range(100):
                if not self.running():
                    break
                self.step()
            passed_s = (self.clock.now() - minute).total_seconds()
            self.clock.advance(max(0.0, 60 - passed_s))

    def refreshes(self) -> list[dict[str, Any]]:
        return list(self.memory.get_documents(REFRESHES).values())
