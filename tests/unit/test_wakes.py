"""Wakes: an ended execution's slot is filled at once, ticks may meet, and a lost wake costs at most a minute."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.lambda_context import FakeContext
from local.paths import ROOT
from process.step import Then
from tests.doubles import ManualClock
from tests.execution_events import event_of
from tests.harness import Harness
from tests.machine import DEFINITION
from tracking.errors import StoreUnavailableError
from tracking.jobs import LEASE, PlatformName, Status
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.pauses import CONTROL_DOCUMENT, Pause
from tracking.platform_contract import PLATFORMS
from tracking.sentences import Sentence
from tracking.settings import Limits
from tracking.store import JOBS, DocumentWrite, JobWrite, Unwritable
from tracking.store.memory import MemoryStore
from trigger.app import handler
from trigger.control import SLOTS, read_control
from trigger.wake_messages import KICK, Wake, goes_on, read_wake

YOUTUBE, INSTAGRAM, TWITTER = PlatformName.YOUTUBE, PlatformName.INSTAGRAM, PlatformName.TWITTER


def sqs(*bodies: Any) -> dict[str, Any]:
    return {"Records": [{"body": json.dumps(body)} for body in bodies]}


def wake(harness: Harness, *bodies: Any) -> dict[str, Any]:
    return handler(sqs(*bodies), FakeContext(55), harness.trigger_deps)  # type: ignore[arg-type]


def end(harness: Harness, job_id: str, attempt: int = 1, **detail: Any) -> dict[str, Any]:
    """End the job, as its user's cancel does, and return the event of its execution's end."""
    harness.memory.touch(job_id, status="cancelled", leaseUntil=None)
    event = event_of(harness, {"jobId": job_id, "attempt": attempt})
    event["detail"] |= {"status": "SUCCEEDED", "output": "{}"} | detail
    return event


def started(harness: Harness) -> list[str]:
    return [payload["jobId"] for payload in harness.executions.started.values()]


@pytest.fixture
def full(harness: Harness) -> tuple[Harness, list[str]]:
    """A harness with two slots: two jobs run, three wait."""
    harness.limits = Limits(running=2, per_credential=2)
    ids = [harness.add_job(orgId=f"org{number}", platform="youtube") for number in range(5)]
    harness.tick()
    return harness, ids


def test_end_of_an_execution_starts_the_next_job(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    assert wake(harness, end(harness, ids[0]))["started"] == 1
    assert started(harness) == ids[:3]
    assert wake(harness, end(harness, ids[1]), end(harness, ids[2]))["started"] == 2
    assert sorted(started(harness)) == ids


def test_wake_that_comes_twice_frees_one_slot(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    event = end(harness, ids[0])
    assert [wake(harness, event)["started"] for _ in range(2)] == [1, 0]


def test_execution_that_goes_on_keeps_its_slot(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    event = end(harness, ids[0], output=json.dumps({"then": "goOn"}))
    assert wake(harness, event)["started"] == 0


def test_wakes_know_the_output_of_a_hand_over() -> None:
    """The state machine keeps it as the execution's output: GoOn adds nothing, and GoesOn ends with it."""
    go_on, goes_on_state = (DEFINITION["States"][name] for name in ("GoOn", "GoesOn"))
    assert (go_on["ResultPath"], go_on["Next"], goes_on_state["Type"]) == (None, "GoesOn", "Succeed")
    assert goes_on(json.dumps({"then": str(Then.GO_ON)}))
    assert not any(goes_on(json.dumps({"then": str(then)})) for then in Then if then is not Then.GO_ON)
    assert not any(goes_on(output) for output in (None, "", "nonsense", "[]", "7"))


def test_execution_that_the_sweep_will_go_on_with_keeps_its_slot(full: tuple[Harness, list[str]]) -> None:
    """It could not start the further execution of its job, and ended in the state GoesOnLater."""
    harness, ids = full
    error = DEFINITION["States"]["GoesOnLater"]["Error"]
    event = event_of(harness, {"jobId": ids[0], "attempt": 1})
    event["detail"] |= {"status": "FAILED", "error": error}
    assert wake(harness, event)["started"] == 0


def test_end_of_an_earlier_attempt_frees_nothing(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    late = end(harness, ids[0])
    harness.memory.touch(ids[0], status="pending", priority=9)
    for job_id in ids[1:]:
        harness.memory.touch(job_id, status="cancelled", leaseUntil=None)
    assert wake(harness, late)["started"] == 1  # the second attempt
    harness.add_job(platform="youtube")
    harness.add_job(platform="youtube")
    assert wake(harness, KICK)["started"] == 0  # the other holder's wake was lost
    assert wake(harness, late)["started"] == 0


@pytest.mark.parametrize("body", [KICK, "nonsense", {"detail": {"input": "{"}}, {"detail": {"input": None}}])
def test_kick_fills_free_slots(harness: Harness, body: Any) -> None:
    """A message that cannot be read counts as a kick."""
    harness.limits = Limits(running=3, per_credential=2)
    for platform in (*[YOUTUBE] * 3, INSTAGRAM, TWITTER):
        harness.add_job(platform=platform)
    assert wake(harness, body)["started"] == 3


def test_wake_does_not_look_at_other_credentials(full: tuple[Harness, list[str]]) -> None:
    """Their slots were free before, so the tick before has filled them if anybody waited."""
    harness, ids = full
    harness.limits = Limits(running=4, per_credential=2)
    harness.add_job(platform="instagram")
    assert wake(harness, end(harness, ids[0]))["started"] == 1
    assert wake(harness, KICK)["started"] == 1


def test_end_on_a_full_system_starts_jobs_of_any_credential(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    for job_id in ids[2:]:
        harness.memory.touch(job_id, status="cancelled")
    other = harness.add_job(platform="instagram")
    assert wake(harness, end(harness, ids[0]))["started"] == 1
    assert started(harness)[-1] == other


def test_wake_starts_nothing_of_a_paused_platform(full: tuple[Harness, list[str]]) -> None:
    """Also not while it begins again: the ramp counts the ticks of the minute."""
    harness, ids = full
    pause = Pause(platform=YOUTUBE, until=harness.clock.now(), reason="RateLimitedError")
    harness.store.put_document(pause.to_write())
    assert wake(harness, end(harness, ids[0]), KICK)["started"] == 0
    assert harness.tick()["started"] == 1


def test_lost_wake_costs_no_more_than_the_minute(full: tuple[Harness, list[str]]) -> None:
    harness, ids = full
    end(harness, ids[0])
    end(harness, ids[1])
    assert wake(harness, KICK)["started"] == 0
    assert harness.tick()["started"] == 2


@pytest.mark.parametrize("is_busy", [False, True])
def test_slots_of_a_dead_tick_are_free_after_a_minute(
    full: tuple[Harness, list[str]], monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    """It took them, and died before it claimed its jobs."""
    harness, ids = full
    harness.hints.is_busy = is_busy
    with monkeypatch.context() as dying:
        dying.setattr(harness.memory, "write_each", unanswered)
        with pytest.raises(StoreUnavailableError):
            wake(harness, end(harness, ids[0]))
    assert harness.tick()["started"] == 0
    harness.clock.advance(harness.limits.longest_tick.total_seconds())
    assert harness.tick()["started"] == 1


def test_slot_of_a_job_that_could_not_be_claimed_is_free(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    store = Meeting(harness.clock)
    harness.use(store)
    gone, *others = [harness.add_job(orgId=f"org{number}") for number in range(3)]
    store.before_claims = [lambda: store.touch(gone, status="cancelled")]
    counts = harness.tick()
    assert (counts["lost"], counts["started"]) == (1, 1)
    assert started(harness) == others[:1]
    assert wake(harness, end(harness, others[0]))["started"] == 1


def test_expired_lease_in_a_busy_system_frees_its_slot(full: tuple[Harness, list[str]]) -> None:
    """The book has as many jobs as run, so only the expired one is read."""
    harness, ids = full
    harness.hints.is_busy = True
    harness.tick()  # reads all
    harness.executions.outcomes[harness.started(ids[0])] = Outcome(status=ExecutionStatus.ABORTED)
    harness.clock.advance(LEASE.total_seconds() - 300)
    harness.memory.touch(ids[1], leaseUntil=harness.clock.now() + LEASE)
    harness.memory.touch(ids[0], leaseUntil=harness.clock.now())
    counts = harness.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)
    assert harness.document(ids[0])["status"] == "failed"
    assert started(harness) == ids[:3]


def unanswered(_writes: Any) -> Any:
    raise StoreUnavailableError(Sentence("Our database did not answer."))


class Meeting(MemoryStore):
    """A store in which other ticks run right before this one writes the control document."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.others: list[Callable[[], Any]] = []
        self.before_claims: list[Callable[[], Any]] = []
        self.is_silent = False

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        if writes and self.before_claims:
            self.before_claims.pop()()
        if self.is_silent:
            unanswered(writes)
        return super().write_each(writes)

    def put_document(self, write: DocumentWrite) -> str:
        if self.others:
            self.others.pop()()
        return super().put_document(write)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_ticks_that_meet_keep_the_limits(harness: Harness, number: int) -> None:
    harness.limits = Limits(running=3, per_credential=3)
    store = Meeting(harness.clock)
    harness.use(store)
    for _ in range(9):
        harness.add_job(platform="youtube")
    store.others = [harness.tick, lambda: wake(harness, KICK)] * (number // 2) + [harness.tick] * (number % 2)
    assert harness.tick()["started"] == 0
    assert len(started(harness)) == 3


def test_tick_leaves_jobs_alone_that_another_is_about_to_claim(harness: Harness) -> None:
    harness.limits = Limits(running=2, per_credential=2)
    store = Meeting(harness.clock)
    harness.use(store)
    for _ in range(2):
        harness.add_job(platform="youtube")
    harness.limits = Limits(running=4, per_credential=4)
    others: list[dict[str, Any]] = []
    store.before_claims = [lambda: others.append(harness.tick())]
    counts = harness.tick()
    assert [(tick["started"], tick["lost"]) for tick in (counts, *others)] == [(2, 0), (0, 0)]


def test_tick_that_is_never_first_gives_up(harness: Harness) -> None:
    store = Meeting(harness.clock)
    harness.use(store)
    harness.add_job()

    def other() -> None:
        MemoryStore.put_document(store, DocumentWrite(CONTROL_DOCUMENT, {"n": len(store.others)}))

    store.others = [other] * 9
    with pytest.raises(StoreUnavailableError, match="again and again"):
        harness.tick()
    assert started(harness) == []
    assert harness.tick()["started"] == 1


def test_lost_reply_of_the_control_document_is_no_meeting(harness: Harness) -> None:
    """The client sends the write again, and it is refused because the first one was made."""

    class Resending(MemoryStore):
        def put_document(self, write: DocumentWrite) -> str:
            super().put_document(write)
            return super().put_document(write)

    harness.use(Resending(harness.clock))
    harness.add_job()
    harness.tick()
    harness.add_job()
    assert harness.tick()["started"] == 1
    assert len(started(harness)) == 2


def test_control_document_without_an_answer_is_sent_again(harness: Harness) -> None:
    class Silent(MemoryStore):
        answers = 0

        def put_document(self, write: DocumentWrite) -> str:
            version = super().put_document(write)
            self.answers += 1
            if self.answers == 1:
                raise StoreUnavailableError(Sentence("Our database did not answer."))
            return version

    harness.use(Silent(harness.clock))
    harness.add_job()
    assert harness.tick()["started"] == 1


@pytest.mark.parametrize("job_id", ["a/b", "", ".", "__x__", "x" * 2_000])
def test_no_query_is_made_for_an_entry_that_names_no_document(harness: Harness, job_id: str) -> None:
    """Firestore refuses such a query, and with it each tick."""
    entry = {"job": job_id, "attempt": 1, "platform": "youtube", "since": harness.clock.now(), "version": ""}
    harness.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {SLOTS: [entry]}))
    assert read_control(harness.store, harness.clock.now()).holders == {}


def test_entry_from_the_future_holds_no_slot(harness: Harness) -> None:
    job_id = harness.add_job()
    (job,) = harness.store.get_jobs([job_id])
    entry = {"job": job_id, "attempt": 1, "platform": "youtube", "version": job.version}
    entry |= {"since": harness.clock.now().replace(year=9999)}
    harness.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {SLOTS: [entry]}))
    assert harness.tick()["started"] == 1


@pytest.mark.parametrize("stored", [None, 7, {"a": 1}, [7], [{"job": "x"}], [{"job": 1, "attempt": "x"}]])
def test_book_that_cannot_be_read_counts_as_empty(harness: Harness, stored: Any) -> None:
    harness.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {SLOTS: stored}))
    harness.add_job()
    assert harness.tick()["started"] == 1


@pytest.mark.parametrize("attempt", ["Infinity", "1e999", "NaN", "[" * 100_000, "{}"])
def test_message_that_cannot_be_read_counts_as_a_kick(attempt: str) -> None:
    body = json.dumps({"detail": {"input": f'{{"jobId": "x", "attempt": {attempt}}}'}})
    assert read_wake({"Records": [{"body": body}, {"body": "[" * 100_000}]}) == Wake(is_kick=True)


def test_recorded_wakes_are_read() -> None:
    found = read_wake(json.loads((ROOT / "events/wake.json").read_text()))
    assert found == Wake(frozenset({("job1", 1)}), is_kick=True)


def test_wake_without_messages_does_nothing(harness: Harness) -> None:
    harness.add_job()
    assert handler({"Records": []}, FakeContext(55), harness.trigger_deps)["started"] == 0  # type: ignore[arg-type]
    assert read_wake({}) is None


# Random histories


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abcd"), st.sampled_from(list(PlatformName))),
        st.tuples(st.just("end"), st.integers(0, 9), st.sampled_from(["woken", "late", "lost", "twice"])),
        st.tuples(st.just("tick"), st.sampled_from(["minute", "kick", "met", "dies", "late wakes"]), st.none()),
    ),
    max_size=60,
)


class History:
    """Ticks, wakes and ends in any order. The executions that really run are counted, not the book."""

    def __init__(self, limits: Limits) -> None:
        self.harness = Harness()
        self.harness.limits = limits
        self.store = Meeting(self.harness.clock)
        self.harness.use(self.store)
        self.ended: set[str] = set()
        self.late: list[dict[str, Any]] = []

    @property
    def running(self) -> list[dict[str, Any]]:
        payloads = self.harness.executions.started.values()
        return [dict(payload) for payload in payloads if payload["jobId"] not in self.ended]

    def end(self, number: int, fate: str) -> None:
        if not self.running:
            return
        job_id = self.running[number % len(self.running)]["jobId"]
        self.ended.add(job_id)
        event = end(self.harness, job_id)
        if fate == "late":
            self.late.append(event)
        elif fate != "lost":
            wake(self.harness, *[event] * (1 + (fate == "twice")))

    def tick(self, fate: str) -> None:
        match fate:
            case "minute":
                self.harness.clock.advance(60)
                self.harness.tick()
            case "kick":
                wake(self.harness, KICK)
            case "met":
                self.store.others = [lambda: wake(self.harness, KICK)]
                self.harness.tick()
                self.store.others = []
            case "dies":
                self.store.is_silent = True
                with contextlib.suppress(StoreUnavailableError):
                    self.harness.tick()
                self.store.is_silent = False
            case "late wakes":
                wake(self.harness, *self.late)
                self.late.clear()

    def check(self) -> None:
        limits = self.harness.limits
        used = Counter(PLATFORMS[PlatformName(job["platform"])].credential for job in self.running)
        assert used.total() <= limits.running
        assert max(used.values(), default=0) <= limits.per_credential
        names = [payload["jobId"] for payload in self.harness.executions.started.values()]
        assert len(names) == len(set(names)), "started twice"


@given(EVENTS, st.integers(1, 5), st.integers(1, 3))
def test_limits_hold_and_every_job_starts_in_the_end(events: list[Any], running: int, per_credential: int) -> None:
    history = History(Limits(running=running, per_credential=per_credential, max_open_jobs=9, scan_page_size=3))
    for kind, first, second in events:
        if kind == "add":
            history.harness.add_job(orgId=first, platform=second)
        elif kind == "end":
            history.end(first, second)
        else:
            history.tick(first)
        history.check()
    waiting = [job for job in history.store.get_documents(JOBS).values() if job["status"] == Status.PENDING]
    for _ in range(2 + len(waiting)):  # two minutes for what a dead tick took, and one round for each waiting job
        for _ in list(history.running):
            history.end(0, "lost")
        history.tick("minute")
        history.check()
    assert all(job["status"] != Status.PENDING for job in history.store.get_documents(JOBS).values())
