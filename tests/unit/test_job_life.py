"""Random sequences of all events in the lives of jobs, on the memory store, with checks of each write.

Each rule below is one kind of event:

- ticks, also two at once or interleaved; states that run, run twice or run late;
- platforms that need time, have no room, or refuse in the middle; attempts of several executions; paid runs;
- processes killed before or after a call to the store or the staging storage;
- status-change events that come late or twice; clocks that jump;
- users who cancel, retry and delete;
- documents deleted and created again, edited by hand or put back from a backup; two jobs with the same readable name.

`tests.observed` checks each write, and that each ending has its event. `tests.truth` knows the data that the platforms
served, and who may write.
`teardown` checks that every job ends.

    .venv/bin/pytest tests/unit/test_job_life.py --hypothesis-show-statistics                 count the changes seen
    .venv/bin/pytest tests/unit/test_job_life.py --hypothesis-profile=long --timeout=1800     try more sequences
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bench.lambda_context import FakeContext
from process import app
from process.states import FAIL_JOB
from reconcile.app import handler as reconcile_handler
from tests.doubles import ManualClock
from tests.factories import job_document
from tests.machine import Execution, KilledError, SimulatedExecutions
from tests.observed import SOMEBODY, Fault, Faults, ObservedObjects, ObservedStore
from tests.truth import VIDEOS_OF, Claim, PaidRun, Truth, Writer
from tracking import jobs, pauses
from tracking.errors import (
    AccountNotFoundError,
    JobCancelledError,
    OvertakenError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    StaleAttemptError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.hints import Hints
from tracking.jobs import FINISHED, PlatformName, Status
from tracking.outcomes import ExecutionStatus
from tracking.platforms import Bounds, FetchedAccount, VideoPage, Waiting
from tracking.sentences import Sentence, say
from tracking.settings import Limits
from tracking.staging import Staging
from tracking.store import JobSnapshot
from tracking.wiring import ProcessDeps, ReconcileDeps, TriggerDeps
from trigger.app import handler as trigger_handler
from trigger.tick import StartsRefusedError

LIMITS = Limits(running=2, per_credential=2, documents_per_commit=2, videos_per_chunk=4)
"""Saving takes several commits, and some accounts take several chunks."""
PAID = ("instagram", "tiktok")
EDITS: dict[str, dict[str, Any]] = {
    "username": {"username": "one"},
    "project": {"projectId": "project2"},
    "org": {"orgId": "org2"},
    "user": {"userId": "user2"},
    "platform": {"platform": "youtube"},
    "kind": {"accountType": "my"},
    "progress 0": {"progress": 0},
    "progress 30": {"progress": 30},
    "progress 50": {"progress": 50},
    "progress 70": {"progress": 70},
    "progress 100": {"progress": 100},
    "attempt 0": {"attempt": 0},
    "attempt 1": {"attempt": 1},
    "attempt 2": {"attempt": 2},
    "pending": {"status": "pending"},
    "processing": {"status": "processing"},
    "account": {"accountId": "instagram_one"},
    "no account": {"accountId": None},
    "part 2": {"part": 2},
}
"""Edits by hand, through the Admin SDK, of fields that an attempt relies on."""
ACTIONS = (
    *("tick", "run", "late", "cancel", "retry", "tell", "abort", "touch", "delete"),
    *("recreate", "remember", "restore", "restore_anew"),
    *(f"edit {name}" for name in EDITS),
)
NAMED_IDS = ("X", "com-X")
"""Job ids that give the same readable execution name, with the usernames `some-com` and `some`."""


def unanswered() -> StoreUnavailableError:
    return StoreUnavailableError(say("databaseTrouble", detail="Our database did not answer."))


class Accounts:
    """A platform with a few accounts and pages of two videos. Each call costs a unit.

    Each call meets the next of `failures`, if any: an error is raised, and a `Waiting` is the answer.
    """

    def __init__(
        self, name: PlatformName, failures: list[Exception | Waiting], store: ObservedStore, truth: Truth
    ) -> None:
        self._name = name
        self._failures = failures
        self._store = store
        self._truth = truth

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount | Waiting:
        claim = self._claim()
        if waiting := self._called(bounds):
            return waiting
        served = self._truth.serve_account(claim, str(self._name), username)
        return FetchedAccount(account=served, videos_ref=username)

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        claim = self._claim()
        found, begin = claim.everything(fetched.videos_ref), int(bounds.cursor or 0)
        for first in range(begin, max(len(found), begin + 1), 2):
            if waiting := self._called(bounds):
                yield waiting
                return
            page = self._truth.serve_videos(claim, found[first : first + 2])
            yield VideoPage(videos=page, has_more=first + 2 < len(found), cursor=str(first + 2))

    def _claim(self) -> Claim:
        claim = self._store.writer.claim
        assert claim is not None, "somebody else than an attempt calls the platform"
        return claim

    def _called(self, bounds: Bounds) -> Waiting | None:
        bounds.meter.add({"units": 1})
        failure = self._failures.pop() if self._failures else None
        if isinstance(failure, Exception):
            raise failure
        return failure


class PaidAccounts(Accounts):
    """A platform whose data comes from a paid run. The run has found everything when its last page is read."""

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount | Waiting:
        if self._begin(bounds) is None:
            return Waiting(message=Sentence("There is no room."), is_refused=True)
        return super().fetch_account(username, bounds)

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        run = self._begin(bounds)
        if run is None:
            yield Waiting(message=Sentence("There is no room."), is_refused=True)
            return
        for page in super().fetch_videos(fetched, bounds):
            if isinstance(page, VideoPage) and not page.has_more:
                run.has_ended = True
            yield page

    def abort_run(self, username: str, kind: str, run_id: str, since: datetime, deadline: datetime) -> None:
        for claim in self._truth.all_claims:
            for run in claim.runs:
                if run.run_id == run_id or (not run_id and claim.work["username"] == username):
                    run.has_ended = True

    def _begin(self, bounds: Bounds) -> PaidRun | None:
        """Return the claim's run: a known one, the one that was begun before a kill, or a new one.

        None: another invocation of the same state is just beginning it.
        """
        runs, claim = bounds.runs, self._claim()
        if known := runs.ids.get("all"):
            return next(run for run in claim.runs if run.run_id == known)
        going_on = [run for run in claim.runs if not run.has_ended and "all" in runs.ids]
        if not runs.intend("all"):
            return next((run for run in claim.runs if run.run_id == runs.ids.get("all")), None)
        run = going_on[0] if going_on else self._truth.begin_run(claim)
        try:
            runs.note({"all": run.run_id})
        except (JobCancelledError, StaleAttemptError, OvertakenError):
            run.has_ended = True
            raise
        return run


class JobLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.faults = Faults()
        self.truth = Truth()
        self.store = ObservedStore(self.clock, self.faults, self.truth)
        self.executions = SimulatedExecutions(self.clock)
        self.failures: list[Exception | Waiting] = []
        self.invoked: list[dict[str, Any]] = []  # all events of the process function
        self.ended: list[dict[str, Any]] = []  # all status-change events, delivered or not
        self.ids: list[str] = []  # ids of all jobs, deleted ones too
        self.backups: list[JobSnapshot] = []
        self.platform = functools.cache(self._platform)
        self.trigger = TriggerDeps(self.store, self.executions, self.clock, LIMITS, Hints(), self.platform, news=True)
        self.process = ProcessDeps(
            self.store,
            Staging(ObservedObjects(self.faults, self.store, self.truth)),
            self.platform,
            self.clock,
            max_videos=lambda name: 100,
            limits=LIMITS,
            news=True,
        )

    def _platform(self, name: PlatformName) -> Accounts:
        kind = PaidAccounts if name in PAID else Accounts
        return kind(name, self.failures, self.store, self.truth)

    @initialize(number=st.integers(1, 2))
    def begin_with_some_jobs(self, number: int) -> None:
        for _ in range(number):
            self.add_job("some", PlatformName.INSTAGRAM, "org1")
        self.tick()

    # Events

    @rule(
        username=st.sampled_from(sorted(VIDEOS_OF)),
        platform=st.sampled_from(PlatformName),
        org=st.sampled_from(["org1", "org2"]),
    )
    def add_job(self, username: str, platform: PlatformName, org: str) -> None:
        if len(self.store.snapshots()) < 3:
            fields = job_document(username=username, platform=str(platform), orgId=org, createdAt=self.clock.now())
            self.ids.append(self.store.create_job(fields))

    @rule(
        job_id=st.sampled_from(NAMED_IDS),
        username=st.sampled_from(["some-com", "some"]),
        org=st.sampled_from(["org1", "org2"]),
    )
    def add_named_job(self, job_id: str, username: str, org: str) -> None:
        """Create a job under an id that the front end chose."""
        if len(self.store.snapshots()) < 4 and job_id not in {job.job_id for job in self.store.snapshots()}:
            self._create(job_id, username=username, orgId=org, platform="tiktok")

    @precondition(lambda self: self.ids)
    @rule(
        which=st.integers(0, 9),
        username=st.sampled_from(["some", "one"]),
        org=st.sampled_from(["org1", "org2"]),
        project=st.sampled_from(["project1", "project2"]),
    )
    def recreate(self, which: int, username: str = "some", org: str = "org1", project: str = "project2") -> None:
        """Delete a job, if it is there, and create another one with its id."""
        if self.ids:
            job_id = self.ids[which % len(self.ids)]
            self._delete(job_id)
            self._create(job_id, username=username, orgId=org, projectId=project)

    @rule(which=st.integers(0, 9), what=st.sampled_from(sorted(EDITS)))
    def edit(self, which: int, what: str) -> None:
        """Edit by hand a field that an attempt relies on."""
        if job := self._job(which):
            with self.store.written_by(SOMEBODY):
                self.store.touch(job.job_id, **EDITS[what])

    @rule(which=st.integers(0, 9))
    def remember(self, which: int) -> None:
        """Take a backup of a job."""
        if job := self._job(which):
            self.backups.append(job)

    @precondition(lambda self: self.backups)
    @rule(which=st.integers(0, 9))
    def restore(self, which: int) -> None:
        """Put a backup back, over the document if it is still there."""
        if self.backups:
            self.store.restore(self.backups[-1 - which % len(self.backups)])

    @precondition(lambda self: self.backups)
    @rule(which=st.integers(0, 9))
    def restore_anew(self, which: int) -> None:
        if self.backups:
            self._delete(self.backups[-1 - which % len(self.backups)].job_id)
            self.restore(which)

    @rule()
    def tick(self) -> None:
        with self._quietly("tick"), contextlib.suppress(StartsRefusedError):
            trigger_handler({}, FakeContext(), self.trigger)  # type: ignore[arg-type]

    @rule(action=st.sampled_from(ACTIONS), which=st.integers(0, 9))
    def tick_while(self, action: str, which: int) -> None:
        """Tick, and let an action happen between the tick's reads and its first write."""
        self._meanwhile(action, which)
        self.tick()

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 9), states=st.integers(1, 3))
    def run(self, which: int, states: int = 1) -> None:
        """Run the next states of an execution."""
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
        """Run a state, and let an action happen between its reads and its write."""
        self._meanwhile(action, of)
        self.run(which)

    @precondition(lambda self: self.invoked)
    @rule(which=st.integers(0, 19), of_a_living_attempt=st.booleans())
    def late(self, which: int, of_a_living_attempt: bool = True) -> None:
        """Run an earlier invocation again: a doubled one, a late one, or one of an attempt that is over."""
        living = {execution.arn for execution in self._running()}
        events = [e for e in self.invoked if (e["execution"] in living) is of_a_living_attempt]
        if events:
            with self._quietly("late"):
                self._invoke(events[-1 - which % len(events)], is_new=False)

    @rule(
        after_calls=st.integers(0, 6),
        is_applied=st.booleans(),
        error=st.sampled_from([KilledError, unanswered]),
    )
    def break_a_call(self, after_calls: int, is_applied: bool, error: type[Exception]) -> None:
        self.faults.plan(Fault(after_calls, is_applied, error))

    @rule(
        kind=st.sampled_from(
            ["unavailable", "not found", "slow down", "slow down for long", "used up", "needs time", "has no room"]
        ),
        times=st.integers(1, 4),
        later=st.integers(0, 2),
    )
    def refuse_at_the_platform(self, kind: str, times: int, later: int) -> None:
        """Let the next calls fail or wait, after some calls that still succeed."""
        errors: dict[str, Exception | Waiting] = {
            "needs time": Waiting(message=Sentence("It is still collecting.")),
            "has no room": Waiting(message=Sentence("There is no room."), wait_s=60, is_refused=True),
            "unavailable": PlatformUnavailableError(Sentence("It did not answer.")),
            "not found": AccountNotFoundError(Sentence("There is no such account.")),
            "slow down": RateLimitedError(Sentence("Slow down.")),
            "slow down for long": RateLimitedError(Sentence("Slow down."), self.clock.now() + timedelta(hours=1)),
            "used up": QuotaExceededError(Sentence("The quota is used up.")),
        }
        self.failures[:] = [errors[kind]] * times
        self.failures += [None] * later  # type: ignore[list-item]

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
        if job := self._job(which):
            self.truth.abandoned.add(job.job_id)  # the next claim clears what the document says of paid runs
        self._change(which, {Status.FAILED, Status.CANCELLED}, jobs.retry)

    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        if job := self._job(which):
            self._delete(job.job_id)

    @rule(which=st.integers(0, 9))
    def touch(self, which: int) -> None:
        """Write a field that belongs to a front end."""
        if job := self._job(which):
            with self.store.written_by(SOMEBODY):
                self.store.touch(job.job_id, seenAt=job.version)

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 9))
    def abort(self, which: int) -> None:
        """Stop an execution as an operator does."""
        if running := self._running():
            running[which % len(running)].end(ExecutionStatus.ABORTED)
            self._remember_end(running[which % len(running)])

    @precondition(lambda self: self.ended)
    @rule(which=st.integers(0, 99))
    def tell(self, which: int) -> None:
        """Deliver the event of an ended execution, for the first time or again."""
        if self.ended:
            self._tell(self.ended[which % len(self.ended)])

    def _tell(self, news: dict[str, Any]) -> None:
        if news:
            claim = self.truth.claim_of(news["detail"]["executionArn"], json.loads(news["detail"]["input"]))
            with self._quietly("reconcile", claim):
                deps = ReconcileDeps(self.store, self.clock, self.process.platform, news=True)
                reconcile_handler(news, FakeContext(), deps)  # type: ignore[arg-type]

    # Endings

    def teardown(self) -> None:
        """Check that every job ends once there are no more faults. A paused platform's jobs may end after the pause."""
        self.faults.next, self.executions.is_silent = None, False
        self.executions.replies.clear()
        self.failures.clear()
        self.store.meanwhile.clear()
        self._settle(lambda job: self._is_over(job) or self._rests(job))
        self.clock.advance(timedelta(days=1, hours=1).total_seconds())
        self._settle(self._is_over)
        self._finish_executions()
        for news in self.ended:
            self._tell(news)
        self.store.check_all()
        self.truth.check_runs()

    def _settle(self, is_settled: Callable[[JobSnapshot], bool]) -> None:
        for _ in range(30):  # enough minutes for three leases, and for the ramp after a pause
            if all(map(is_settled, self.store.snapshots())):
                return
            self.tick()
            self._finish_executions()
            self.clock.advance(60)
        left = [(job.job_id, job.data) for job in self.store.snapshots() if not is_settled(job)]
        raise AssertionError(f"never came to an end: {left}")

    def _finish_executions(self) -> None:
        """Let all executions come to their end, also those whose job has ended, and those that they start."""
        while running := self._running():
            for execution in running:
                while execution.is_running:
                    execution.advance(self._invoke)

    def _is_over(self, job: JobSnapshot) -> bool:
        return job.data["status"] in FINISHED

    def _rests(self, job: JobSnapshot) -> bool:
        pause = pauses.from_document(self.store.get_document(pauses.CONTROL_DOCUMENT)).get(job.parse().platform)
        return job.data["status"] == Status.PENDING and pause is not None and pause.until > self.clock.now()

    # Helpers

    def _running(self) -> list[Execution]:
        return [execution for execution in self.executions.running.values() if execution.is_running]

    def _invoke(self, event: dict[str, Any], *, is_new: bool = True) -> dict[str, Any]:
        if is_new:
            self.invoked.append(event)
        execution = self.executions.execution(event["execution"])
        state = execution.failed_in if event["state"] == FAIL_JOB.name else event["state"]
        claim = self.truth.claim_of(execution.arn, execution.job)
        writer = Writer("an attempt", claim, state, execution.job.get("part", 1))
        with self.store.written_by(writer), contextlib.redirect_stdout(io.StringIO()):
            return app.handler(event, FakeContext(), self.process)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _quietly(self, writer: str, claim: Claim | None = None) -> Iterator[None]:
        """Act as a writer that may be killed or raise our errors. Other exceptions are bugs and are not caught."""
        with (
            self.store.written_by(Writer(writer, claim)),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(KilledError, TrackingError),
        ):
            yield

    def _meanwhile(self, action: str, which: int) -> None:
        name, _, what = action.partition(" ")
        act: Callable[..., None] = getattr(self, name)
        self.store.meanwhile = [act if name == "tick" else lambda: act(which, *([what] if what else []))]

    def _create(self, job_id: str, **fields: Any) -> None:
        self.store.touch(job_id, **job_document(createdAt=self.clock.now(), **fields))
        self.ids.append(job_id)

    def _delete(self, job_id: str) -> None:
        if job_id in {job.job_id for job in self.store.snapshots()}:
            self.store.delete_job(job_id)

    def _job(self, which: int) -> JobSnapshot | None:
        found = self.store.snapshots()
        return found[which % len(found)] if found else None

    def _change(self, which: int, allowed: set[Status], change: jobs.UserChange) -> None:
        """Write a user's change without a version. The security rules allow this to a browser."""
        job = self._job(which)
        if job and job.data["status"] in allowed:
            with self.store.written_by(Writer(change.__name__)):
                self.store.touch(job.job_id, **change(Status(job.data["status"]), self.clock.now()).fields)

    def _remember_end(self, execution: Execution) -> None:
        if execution.status is not ExecutionStatus.SUCCEEDED:
            self.ended.append(execution.event_of_end())


@pytest.fixture(autouse=True)
def _quick_and_quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


TestJobLife = JobLife.TestCase


def test_doubled_run_leaves_no_paid_run() -> None:
    """The copy of an invocation is faster than the machine's own, and the user cancels the job soon after."""
    life = JobLife()
    life.begin_with_some_jobs(1)
    life.add_job("none", PlatformName.INSTAGRAM, "org1")
    life.add_job("none", PlatformName.INSTAGRAM, "org1")
    life.run_while(0, "late", 0)
    life.tick()
    life.tick()
    life.cancel(0)
    life.teardown()


def test_refusal_in_the_middle_leaves_no_paid_run() -> None:
    """The platform refuses us for longer than the job may last, so the job ends with what was read of the run."""
    life = JobLife()
    life.begin_with_some_jobs(1)
    life.run(9, states=3)
    life.refuse_at_the_platform("slow down for long", times=1, later=0)
    life.run(0, states=2)
    life.teardown()
