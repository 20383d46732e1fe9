"""A job's environment in tests. It also stands in for the state machine: events, outputs and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.lambda_context import FakeContext
from process import states
from process.app import handler as process_handler
from tests.doubles import FakePlatform, ManualClock
from tests.factories import account, job_document
from tracking.accounts import Account, Video
from tracking.budgets import BudgetLimits
from tracking.clock import to_rfc3339
from tracking.document_limits import MAX_DOCUMENT_BYTES, stored_bytes
from tracking.errors import TrackingError
from tracking.executions import MemoryExecutions
from tracking.hints import Hints
from tracking.refreshes import Cadence
from tracking.settings import Limits
from tracking.staging import ObjectStore, Staging
from tracking.staging.memory import MemoryObjects
from tracking.store import JOBS, REFRESHES, Store
from tracking.store.memory import MemoryStore
from tracking.wiring import ProcessDeps, ReconcileDeps, RefreshDeps, TriggerDeps
from trigger.app import handler as trigger_handler
from trigger.refreshing import run_refreshes

CHAIN = tuple(state.name for state in states.CHAIN)


def spoil(store: MemoryStore, job_id: str) -> None:
    """Fill a job's document so that nothing more fits into it: the store then refuses each write to it."""
    room = MAX_DOCUMENT_BYTES - stored_bytes(store.get_documents(JOBS)[job_id])
    store.touch(job_id, filler="x" * (room - 10))


class Harness:
    """The trigger and process functions with one scripted platform and two stores, which are in memory by default."""

    def __init__(
        self,
        *,
        store: Store | None = None,
        objects: ObjectStore | None = None,
        tracked: Account | None = None,
        videos: Sequence[Video] = (),
        max_videos: int = 5000,
        running: int = 2000,
        per_credential: int = 2000,
        news: bool = False,
    ) -> None:
        self.clock = ManualClock()
        self.memory = MemoryStore(self.clock)
        self.store: Store = store or self.memory
        self.staged = MemoryObjects()
        self.executions = MemoryExecutions()
        self.platform = FakePlatform(tracked or account(), videos)
        self.limits = Limits(running=running, per_credential=per_credential)
        self.hints = Hints()
        self.refresh_hints = Hints()
        self.budgets = BudgetLimits()  # of refreshes
        self.process_deps = ProcessDeps(
            store=self.store,
            staging=Staging(objects or self.staged),
            platform=lambda name: self.platform,
            clock=self.clock,
            max_videos=lambda name: max_videos,
            news=news,
        )

    @property
    def refresh_deps(self) -> RefreshDeps:
        return RefreshDeps(
            self.memory.of(REFRESHES),
            self.executions,
            self.clock,
            self.limits,
            self.process_deps.default_cadence,
            self.refresh_hints,
            budget_limits=self.budgets,
        )

    def refresh_by_default(self, cadence: Cadence) -> None:
        """Refresh the accounts of jobs that end from now on."""
        self.process_deps = replace(
            self.process_deps, default_cadence=cadence, refreshes=self.memory.of(REFRESHES), store=self.memory
        )

    def refresh_tick(self) -> list[dict[str, Any]]:
        """Run a refresh tick, and return the inputs of the executions that it started."""
        before = set(self.executions.started)
        run_refreshes(self.refresh_deps)
        return [dict(job) for name, job in self.executions.started.items() if name not in before]

    @property
    def trigger_deps(self) -> TriggerDeps:
        news = self.process_deps.news
        return TriggerDeps(self.store, self.executions, self.clock, self.limits, self.hints, news=news)

    @property
    def reconcile_deps(self) -> ReconcileDeps:
        news = self.process_deps.news
        return ReconcileDeps(self.store, self.clock, self.process_deps.platform, news=news)

    def tick(self, remaining_s: float = 150) -> dict[str, Any]:
        return trigger_handler({}, FakeContext(remaining_s), self.trigger_deps)  # type: ignore[arg-type]

    def use(self, store: MemoryStore) -> None:
        """Give the trigger and the process function another store in memory."""
        self.memory = self.store = store
        self.process_deps = replace(self.process_deps, store=store)

    def add_job(self, **overrides: Any) -> str:
        return self.store.create_job(job_document(**overrides))

    def document(self, job_id: str) -> dict[str, Any]:
        snapshot = self.store.get_job(job_id)
        assert snapshot is not None, f"{job_id} is gone"
        return snapshot.data

    def claimed_job(self, **overrides: Any) -> dict[str, Any]:
        """Add a job, claim and start it, and return the input of its execution."""
        job_id = self.add_job(**overrides)
        self.tick()
        return next(dict(job) for job in self.executions.started.values() if job["jobId"] == job_id)

    def run_state(
        self,
        state: str,
        job: dict[str, Any],
        retry_count: int = 0,
        remaining_s: float = 150,
        execution: str | None = None,
        began_s_ago: float = 0,
    ) -> Any:
        """Run a state and return its output. Event and output pass through JSON, as in the state machine.

        `execution`: the execution's name, if the job and its attempt do not give it. `began_s_ago`: its age.
        """
        event = {
            "state": state,
            "execution": self.executions.arn(execution or self.execution_of(job)),
            "executionStartedAt": to_rfc3339(self.clock.now() - timedelta(seconds=began_s_ago)),
            "retryCount": retry_count,
            "job": job,
        }
        output = process_handler(json.loads(json.dumps(event)), FakeContext(remaining_s), self.process_deps)  # type: ignore[arg-type]
        return json.loads(json.dumps(output))

    def execution_of(self, job: dict[str, Any]) -> str:
        """Return the name of an execution. `job`: the input of any of its states, with the job's id and the attempt."""
        return next(
            name
            for name, started in self.executions.started.items()
            if (started["jobId"], started["attempt"]) == (job["jobId"], job["attempt"])
        )

    def started(self, job_id: str, attempt: int = 1) -> str:
        """Return the name of a job's execution."""
        return self.execution_of({"jobId": job_id, "attempt": attempt})

    def run_chain(self, job: dict[str, Any], until: str = CHAIN[-1]) -> Any:
        """Run the states up to `until`, as the machine does while the platform needs no time. Chunks are saved."""
        for state in CHAIN[: CHAIN.index(until) + 1]:
            job = self.run_state(state, job)
            while job.get("then") == "saveSome":
                job = self.run_state(state, self.run_state(states.SAVE_SOME.name, job))
            assert job.get("then", "save") == "save", f"{state} would not go on to the next state"
        return job

    def fail_job(self, job: dict[str, Any], error: str, cause: str) -> Any:
        """Run FailJob, with the `failure` that a Catch adds to the failed state's input."""
        return self.run_state(states.FAIL_JOB.name, job | {"failure": {"Error": error, "Cause": cause}})


def lambda_cause(error: TrackingError) -> str:
    """Return the `Cause` that Lambda writes for an error: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html"""
    return json.dumps(
        {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": "00000000-0000-0000-0000-000000000001",
            "stackTrace": ['  File "/var/task/process/app.py", line 49, in handler\n    output = _run(step, deps)\n'],
        }
    )
