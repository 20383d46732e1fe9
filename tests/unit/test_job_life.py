"""Everything that may happen to jobs, in any order, over the store in memory: what may never be seen is never seen.

Ticks alone, doubled and interleaved; states run, run twice and run late; processes that die before and after each call
to the database and the staging storage; events that come late and twice; users who cancel, retry and delete; clocks
that step. Each rule below is one of these. `ObservedStore` looks at each write, `settle` at how it all ends.

    .venv/bin/pytest tests/unit/test_job_life.py --hypothesis-show-statistics    which changes were seen, how often
    .venv/bin/pytest tests/unit/test_job_life.py --hypothesis-profile=long       further
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from process import app, save_videos
from reconcile.app import handler as reconcile_handler
from tests.doubles import FakeContext, ManualClock
from tests.factories import account, job_document, videos
from tests.machine import Execution, KilledError, SimulatedExecutions
from tracking import jobs, pauses
from tracking.accounts import Video
from tracking.errors import (
    AccountNotFoundError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.jobs import FINISHED, TRANSITIONS, PlatformName, Status
from tracking.outcomes import ExecutionStatus
from tracking.platforms import Budget, FetchedAccount, VideoPage
from tracking.staging import Staging
from tracking.staging.memory import MemoryObjects
from tracking.store import DocumentWrite, JobSnapshot, JobWrite, account_path
from tracking.store.memory import MemoryStore
from tracking.wiring import Hints, Limits, ProcessDeps, ReconcileDeps, TriggerDeps
from trigger.app import handler as trigger_handler
from trigger.tick import StartsRefusedError

R = TypeVar("R")

VIDEOS_OF = {"none": 0, "one": 1, "some": 5}
VIDEOS_PER_COMMIT = 2  # so that saving takes several commits
ACTIONS = ("tick", "run", "late", "cancel", "retry", "tell", "abort", "touch", "delete")


@dataclass(frozen=True)
class Fault:
    after_calls: int
    is_applied: bool  # the call's effect stays, its reply is lost
    error: type[Exception]


class Faults:
    """Lets one of the next calls to the database or to the staging storage go wrong."""

    def __init__(self) -> None:
        self.next: Fault | None = None
        self._calls = 0

    def plan(self, fault: Fault) -> None:
        self.next, self._calls = fault, 0

    def around(self, call: Callable[[], R]) -> R:
        self._calls += 1
        if self.next is None or self._calls <= self.next.after_calls:
            return call()
        fault, self.next = self.next, None
        if fault.is_applied:
            call()
        raise fault.error("injected")


class FaultyObjects(MemoryObjects):
    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def put(self, key: str, body: bytes) -> None:
        self._faults.around(lambda: super(FaultyObjects, self).put(key, body))

    def get(self, key: str) -> bytes:
        return self._faults.around(lambda: super(FaultyObjects, self).get(key))

    def delete(self, keys: Sequence[str]) -> None:
        self._faults.around(lambda: super(FaultyObjects, self).delete(keys))


class ObservedStore(MemoryStore):
    """Looks at every write to a job; may fail; and may let something happen between a read and its write."""

    def __init__(self, clock: ManualClock, faults: Faults) -> None:
        super().__init__(clock)
        self._faults = faults
        self.writer: str | int = "nobody"  # who writes now: an attempt's number, or a name
        self.meanwhile: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def written_by(self, writer: str | int) -> Iterator[None]:
        before, self.writer = self.writer, writer
        try:
            yield
        finally:
            self.writer = before

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._faults.around(lambda: super(ObservedStore, self).open_jobs(limit))

    def processing_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._faults.around(lambda: super(ObservedStore, self).processing_jobs(limit))

    def get_document(self, path: str) -> dict[str, Any] | None:
        return self._faults.around(lambda: super(ObservedStore, self).get_document(path))

    def get_job(self, job_id: str) -> JobSnapshot | None:
        return self._faults.around(lambda: super(ObservedStore, self).get_job(job_id))

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        if self.meanwhile:
            self.meanwhile.pop()()
        return self._faults.around(lambda: super(ObservedStore, self).commit(job, documents))

    def snapshots(self) -> list[JobSnapshot]:
        """All jobs, unobserved and without faults."""
        return self._jobs()

    def _merge(self, path: str, fields: dict[str, Any], version: str) -> str:
        before = self._documents.get(path)
        result = super()._merge(path, fields, version)
        if before and before is not self._documents[path] and path.startswith("trackingJobs/"):
            self._observe(before.data, self._documents[path].data)
        return result

    def _observe(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        was, now = Status(before["status"]), Status(after["status"])
        change = f"{self.writer}: {was} -> {now}, attempt {before.get('attempt', 0)} -> {after.get('attempt', 0)}"
        if self.writer == "somebody":
            return
        if currently_in_test_context():  # a failing example is printed as a program that runs by itself
            event(f"{was} -> {now} by {'an attempt' if isinstance(self.writer, int) else self.writer}")
        assert now in TRANSITIONS[was], change
        if was in FINISHED:
            assert self.writer == "retry", f"a terminal status was overwritten: {change}"
        if isinstance(self.writer, int):
            assert was is Status.PROCESSING, f"written without owning it: {change}"
            assert before["attempt"] == self.writer, f"written by an attempt that lost the job: {change}"
        is_claim = now is Status.PROCESSING and was is Status.PENDING
        assert after.get("attempt", 0) == before.get("attempt", 0) + is_claim, change
        if was is Status.PROCESSING and now is not Status.PENDING:
            assert after["progress"] >= before["progress"], f"progress went down: {change}"
        assert (after["leaseUntil"] is not None) == (now is Status.PROCESSING), f"a lease is left: {change}"
        if now is Status.COMPLETED:
            account_saved = self.check_completed(after)
            assert after["message"].startswith(f"Done: {account_saved['videoCount']} ")

    def check_completed(self, job: dict[str, Any]) -> dict[str, Any]:
        """The account. All videos are there; of a job whose time ran out, the newest, and it says how many."""
        path = account_path(job["orgId"], job["projectId"], job["accountId"])
        saved, found = MemoryStore.get_document(self, path), set(self.get_documents(f"{path}/videos"))
        number, is_cut = int(job["message"].split()[1]), "newest" in job["message"]
        everything = [video.video_id for video in videos_of(job["username"])]
        assert saved is not None, "completed without its account"
        assert number < len(everything) if is_cut else number == len(everything), job["message"]
        assert set(everything[:number]) <= found <= set(everything), "completed without exactly its videos"
        assert job["progress"] == 100
        return saved


def videos_of(username: str) -> list[Video]:
    return videos(VIDEOS_OF[username])


class Accounts:
    """A platform of three accounts, in pages of two; `failures` are raised by the next calls."""

    def __init__(self, name: PlatformName, failures: list[Exception]) -> None:
        self._name = name
        self._failures = failures

    def fetch_account(self, username: str, budget: Budget) -> FetchedAccount:
        self._called()
        return FetchedAccount(
            account=account(platform=str(self._name), platform_user_id=username, username=username), videos_ref=username
        )

    def fetch_videos(self, fetched: FetchedAccount, budget: Budget) -> Iterator[VideoPage]:
        found = videos_of(fetched.videos_ref)
        for first in range(0, max(len(found), 1), 2):
            self._called()
            yield VideoPage(videos=tuple(found[first : first + 2]), has_more=first + 2 < len(found))

    def _called(self) -> None:
        if self._failures:
            raise self._failures.pop()


class JobLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.faults = Faults()
        self.store = ObservedStore(self.clock, self.faults)
        self.executions = SimulatedExecutions(self.clock)
        self.failures: list[Exception] = []
        self.invoked: list[dict[str, Any]] = []  # every event that the process function ever got
        self.ended: list[dict[str, Any]] = []  # status-change events, delivered or not
        self.deleted: set[str] = set()
        self.trigger = TriggerDeps(
            self.store, self.executions, self.clock, Limits(running=2, per_credential=2), Hints()
        )
        self.process = ProcessDeps(
            self.store,
            Staging(FaultyObjects(self.faults)),
            lambda name: Accounts(name, self.failures),
            self.clock,
            max_videos_per_job=100,
        )

    @initialize(number=st.integers(1, 2))
    def begin_with_some_jobs(self, number: int) -> None:
        for _ in range(number):
            self.add_job("some", PlatformName.INSTAGRAM, "org1")
        self.tick()

    # What may happen

    @rule(
        username=st.sampled_from(sorted(VIDEOS_OF)),
        platform=st.sampled_from(PlatformName),
        org=st.sampled_from(["org1", "org2"]),
    )
    def add_job(self, username: str, platform: PlatformName, org: str) -> None:
        if len(self.store.snapshots()) < 3:
            fields = job_document(username=username, platform=str(platform), orgId=org, createdAt=self.clock.now())
            self.store.create_job(fields)

    @rule()
    def tick(self) -> None:
        with self._quietly("tick"), contextlib.suppress(StartsRefusedError):
            trigger_handler({}, FakeContext(), self.trigger)  # type: ignore[arg-type]

    @rule(action=st.sampled_from(ACTIONS), which=st.integers(0, 9))
    def tick_while(self, action: str, which: int) -> None:
        """Something happens between the tick's reading and its first write."""
        self._meanwhile(action, which)
        self.tick()

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 9), states=st.integers(1, 3))
    def run(self, which: int, states: int = 1) -> None:
        """Some states of one execution."""
        if running := self._running():
            execution = running[which % len(running)]
            for _ in range(states):
                if execution.is_running:
                    execution.advance(self._invoke)
                    if not execution.is_running:
                        self._remember_end(execution)

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 9), action=st.sampled_from(ACTIONS), of=st.integers(0, 9))
    def run_while(self, which: int, action: str, of: int) -> None:
        """Something happens between what a state has read and what it writes."""
        self._meanwhile(action, of)
        self.run(which)

    @precondition(lambda self: self.invoked)
    @rule(which=st.integers(0, 19), of_a_living_attempt=st.booleans())
    def late(self, which: int, of_a_living_attempt: bool = True) -> None:
        """A function that was invoked at some time runs, or runs on, now: twice, late, or of an attempt long gone."""
        living = {execution.arn for execution in self._running()}
        events = [e for e in self.invoked if (e["execution"] in living) is of_a_living_attempt]
        if events:
            with self._quietly("late"):
                self._invoke(events[-1 - which % len(events)], is_new=False)

    @rule(
        after_calls=st.integers(0, 6),
        is_applied=st.booleans(),
        error=st.sampled_from([KilledError, StoreUnavailableError]),
    )
    def break_a_call(self, after_calls: int, is_applied: bool, error: type[Exception]) -> None:
        self.faults.plan(Fault(after_calls, is_applied, error))

    @rule(
        kind=st.sampled_from(["unavailable", "not found", "slow down", "slow down for long", "used up"]),
        times=st.integers(1, 4),
    )
    def refuse_at_the_platform(self, kind: str, times: int) -> None:
        errors = {
            "unavailable": PlatformUnavailableError("It did not answer."),
            "not found": AccountNotFoundError("There is no such account."),
            "slow down": RateLimitedError("Slow down."),
            "slow down for long": RateLimitedError("Slow down.", self.clock.now() + timedelta(hours=1)),
            "used up": QuotaExceededError("The quota is used up."),
        }
        self.failures[:] = [errors[kind]] * times

    @rule(
        reply=st.sampled_from(["ThrottlingException", "AccessDeniedException", "unknown, begun", "unknown, not begun"])
    )
    def answer_the_next_start(self, reply: str) -> None:
        self.executions.replies = [reply]

    @rule()
    def let_step_functions_fall_silent_or_speak(self) -> None:
        self.executions.is_silent = not self.executions.is_silent

    @rule(seconds=st.sampled_from([-30, 1, 60, 150, 300, 361]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)
        for execution in self.executions.time_out():
            self._remember_end(execution)

    @rule(which=st.integers(0, 9))
    def cancel(self, which: int) -> None:
        self._change(which, {Status.PENDING, Status.PROCESSING}, jobs.cancel)

    @rule(which=st.integers(0, 9))
    def retry(self, which: int) -> None:
        self._change(which, {Status.FAILED, Status.CANCELLED}, jobs.retry)

    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        if job := self._job(which):
            self.store.delete_job(job.job_id)

    @rule(which=st.integers(0, 9))
    def touch(self, which: int) -> None:
        """Somebody writes a field of theirs."""
        if job := self._job(which):
            with self.store.written_by("somebody"):
                self.store.touch(job.job_id, seenAt=job.version)

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 9))
    def abort(self, which: int) -> None:
        """An operator presses Stop."""
        if running := self._running():
            running[which % len(running)].end(ExecutionStatus.ABORTED)
            self._remember_end(running[which % len(running)])

    @precondition(lambda self: self.ended)
    @rule(which=st.integers(0, 99))
    def tell(self, which: int) -> None:
        """One of all ends is told, for the first time or again."""
        if self.ended:
            with self._quietly("reconcile"):
                deps = ReconcileDeps(self.store, self.clock)
                reconcile_handler(self.ended[which % len(self.ended)], FakeContext(), deps)  # type: ignore[arg-type]

    # How it all ends

    def teardown(self) -> None:
        """When nothing more goes wrong, every job comes to its end, or waits for a platform that rests."""
        self.faults.next, self.executions.is_silent = None, False
        self.executions.replies.clear()
        self.failures.clear()
        self.store.meanwhile.clear()
        self._settle(lambda job: self._is_over(job) or self._rests(job))
        self.clock.advance(timedelta(days=1, hours=1).total_seconds())
        self._settle(self._is_over)
        for job in self.store.snapshots():
            if job.data["status"] == Status.COMPLETED:
                self.store.check_completed(job.data)

    def _settle(self, is_settled: Callable[[JobSnapshot], bool]) -> None:
        for _ in range(30):  # three leases, and the ramp after a pause
            if all(map(is_settled, self.store.snapshots())):
                return
            self.tick()
            for execution in self._running():
                while execution.is_running:
                    execution.advance(self._invoke)
            self.clock.advance(60)
        left = [(job.job_id, job.data) for job in self.store.snapshots() if not is_settled(job)]
        raise AssertionError(f"never came to an end: {left}")

    def _is_over(self, job: JobSnapshot) -> bool:
        return job.data["status"] in FINISHED

    def _rests(self, job: JobSnapshot) -> bool:
        pause = pauses.from_document(self.store.get_document(pauses.CONTROL_DOCUMENT)).get(job.parse().platform)
        return job.data["status"] == Status.PENDING and pause is not None and pause.until > self.clock.now()

    # The means

    def _running(self) -> list[Execution]:
        return [execution for execution in self.executions.running.values() if execution.is_running]

    def _invoke(self, event: dict[str, Any], *, is_new: bool = True) -> dict[str, Any]:
        if is_new:
            self.invoked.append(event)
        with self.store.written_by(event["job"]["attempt"]), contextlib.redirect_stdout(io.StringIO()):
            return app.handler(event, FakeContext(), self.process)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _quietly(self, writer: str) -> Iterator[None]:
        """Its process may die, and its errors are its own matter; all other exceptions are bugs."""
        with (
            self.store.written_by(writer),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(KilledError, TrackingError),
        ):
            yield

    def _meanwhile(self, action: str, which: int) -> None:
        act: Callable[..., None] = getattr(self, action)
        self.store.meanwhile = [act if action == "tick" else lambda: act(which)]

    def _job(self, which: int) -> JobSnapshot | None:
        found = self.store.snapshots()
        return found[which % len(found)] if found else None

    def _change(self, which: int, allowed: set[Status], change: jobs.UserChange) -> None:
        """At once, as the rules of the database let a browser do it."""
        job = self._job(which)
        if job and job.data["status"] in allowed:
            with self.store.written_by(change.__name__):
                self.store.touch(job.job_id, **change(Status(job.data["status"]), self.clock.now()))

    def _remember_end(self, execution: Execution) -> None:
        if execution.status is not ExecutionStatus.SUCCEEDED:
            detail = {
                "executionArn": execution.arn,
                "status": str(execution.status),
                "input": json.dumps(execution.job),
                "error": execution.error or None,
                "cause": execution.cause or None,
            }
            self.ended.append({"detail": detail})


class TestJobLife(JobLife.TestCase):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def _quick_and_quiet(self) -> Iterator[None]:
        logging.disable()
        with patch.object(save_videos, "VIDEOS_PER_COMMIT", VIDEOS_PER_COMMIT):
            yield
        logging.disable(logging.NOTSET)
