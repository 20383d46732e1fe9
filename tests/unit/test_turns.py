"""Turns of organisations: each gets its start within one round, whatever the ages of the others' jobs."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import START
from tests.factories import job, job_document
from tests.harness import Harness, spoil
from tracking.errors import StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.sentences import Sentence
from tracking.settings import Limits
from tracking.store import JobSnapshot
from tracking.store.memory import MemoryStore
from trigger.choice import PARALLEL_QUERIES
from trigger.slots import Pending, Slots
from trigger.tick import run_tick
from trigger.turns import Place, Turns

ORGS = "abcdef"
PLATFORM_OF = {"youtube": PlatformName.YOUTUBE, "x": PlatformName.TWITTER, "apify": PlatformName.TIKTOK}


class Queue:
    """Waiting jobs and their starts, tick by tick. The turns travel between ticks through the control document."""

    def __init__(self) -> None:
        self.waiting: list[Pending] = []
        self.started: list[Pending] = []
        self._document: dict[str, Any] = {}
        self._number = 0

    def add(self, org: str, credential: str, age_s: int = 0, priority: int = 0) -> None:
        self._number += 1
        fields = {"orgId": org, "platform": PLATFORM_OF[credential], "priority": priority}
        added = job(f"{org}{self._number}", createdAt=START - timedelta(seconds=age_s), **fields)
        self.waiting.append(Pending(added, JobSnapshot(added.job_id, {}, "v", START, START)))

    def tick(self, running: int, per_credential: int) -> list[Pending]:
        slots = Slots(Limits(running=running, per_credential=per_credential), Counter(), {}, START)
        turns = Turns(self._document)
        chosen = turns.pick(sorted(self.waiting, key=Pending.order), slots)
        self._document["turns"] = turns.to_store()
        self.waiting = [one for one in self.waiting if one not in chosen]
        self.started += chosen
        return chosen


def orgs(jobs: list[Pending]) -> str:
    return "".join(one.job.org_id for one in jobs)


def credential_of(one: Pending) -> str:
    return PLATFORMS[one.job.platform].credential


def test_a_round_continues_in_the_next_tick() -> None:
    queue = Queue()
    for org in "aaabbccc":
        queue.add(org, "youtube")
    assert [orgs(queue.tick(2, 2)) for _ in range(4)] == ["ab", "ca", "bc", "ac"]


@pytest.mark.parametrize("newcomer", ["a", "org00x", "z"])
@pytest.mark.parametrize(("others", "jobs", "limit"), [(20, 15, 10), (11, 30, 10), (1, 40, 1), (3, 30, 2)])
def test_newcomers_job_starts_within_one_round(others: int, jobs: int, limit: int, newcomer: str) -> None:
    """Before, these four newcomers started at tick 31, 34, 41 and 46: the oldest jobs went first in every tick."""
    queue = Queue()
    for number in range(others):
        for _ in range(jobs):
            queue.add(f"org{number:02}", "youtube", age_s=1_000)
    queue.tick(limit, limit)
    queue.add(newcomer, "youtube")
    ticks = 0
    while newcomer not in [one.job.org_id for one in queue.started]:
        queue.tick(limit, limit)
        ticks += 1
    assert ticks <= -(-(others + 1) // limit)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(ORGS), st.sampled_from(sorted(PLATFORM_OF)), st.integers(0, 9_999)),
        st.integers(0, 3),
    ),
    max_size=80,
)


@given(EVENTS)
def test_no_org_gets_two_turns_while_another_waits(events: list[Any]) -> None:
    """One credential's slots are scarce: each organisation starts one of its jobs before another starts two."""
    queue = Queue()
    starts: dict[tuple[str, str], Counter[str]] = {}  # of the others, since this organisation waits with the credential
    for event in events:
        if isinstance(event, tuple):
            org, credential, age_s = event
            queue.add(org, credential, age_s)
            starts.setdefault((org, credential), Counter())
            continue
        for one in queue.tick(running=50, per_credential=event):
            own = (one.job.org_id, credential_of(one))
            assert max(starts[own].values(), default=0) <= 1
            for (org, credential), counted in starts.items():
                if credential == own[1] and org != own[0]:
                    counted[own[0]] += 1
            starts[own].clear()
        still = {(one.job.org_id, credential_of(one)) for one in queue.waiting}
        starts = {waiting: counted for waiting, counted in starts.items() if waiting in still}


@given(EVENTS)
def test_scarce_slots_in_all_are_shared_by_turns(events: list[Any]) -> None:
    """All credentials compete. While an organisation waits, another starts at most one job per credential and round."""
    queue = Queue()
    starts: dict[str, Counter[str]] = {}
    for event in events:
        if isinstance(event, tuple):
            queue.add(*event)
            starts.setdefault(event[0], Counter())
            continue
        for one in queue.tick(running=event, per_credential=50):
            assert max(starts[one.job.org_id].values(), default=0) <= 2 * len(CREDENTIALS)
            for counted in starts.values():
                counted[one.job.org_id] += 1
            starts[one.job.org_id].clear()
        still = set(orgs(queue.waiting))
        starts = {org: counted for org, counted in starts.items() if org in still}


@given(EVENTS)
def test_no_slot_stays_free_while_a_job_can_take_it(events: list[Any]) -> None:
    queue = Queue()
    for event in events:
        if isinstance(event, tuple):
            queue.add(*event)
        else:
            chosen = queue.tick(running=4, per_credential=event)
            free = Counter(dict.fromkeys(CREDENTIALS, event))
            free.subtract(credential_of(one) for one in chosen)
            assert min(free.values()) >= 0
            assert len(chosen) <= 4
            assert len(chosen) == 4 or not any(free[credential_of(one)] for one in queue.waiting)


def test_scarce_slots_go_to_an_orgs_most_urgent_job() -> None:
    """The limit of all jobs binds, so the credential does not matter."""
    queue = Queue()
    queue.add("a", "apify", age_s=5)
    queue.add("a", "youtube", age_s=9)
    queue.add("a", "x", age_s=1, priority=7)
    order = [queue.tick(1, 1)[0] for _ in range(3)]
    assert [credential_of(one) for one in order] == ["x", "youtube", "apify"]


def test_round_that_was_held_up_catches_up_by_one_round_only() -> None:
    document = {"turns": {"youtube": {"round": 1_000, "org": "b"}, "x": {"round": 3, "org": "a"}}}
    turns = Turns(document)
    places = turns.to_store()
    assert places == {
        "youtube": {"round": 1_000, "org": "b"},
        "x": {"round": 999, "org": "a"},
        "apify": {"round": 999, "org": ""},
    }


@pytest.mark.parametrize("stored", [None, 7, [], {"youtube": 3}, {"youtube": {"round": "1", "org": None}}])
def test_turns_that_cannot_be_read_begin_anew(stored: Any) -> None:
    turns = Turns({"turns": stored})
    assert turns.after("youtube") == ""
    assert not turns.have_moved


def test_place_goes_round() -> None:
    assert Place(4, "b").next_in(["a", "b", "c"]) == Place(4, "c")
    assert Place(4, "c").next_in(["a", "b", "c"]) == Place(5, "a")
    assert Place(4, "bb").next_in(["a", "b", "c"]) == Place(4, "c")


# With the store


def small(per_credential: int) -> Limits:
    """Return limits with small pages, so that not all jobs are seen."""
    return Limits(running=50, per_credential=per_credential, max_open_jobs=21, scan_page_size=5)


@pytest.mark.parametrize("limits", [small(3), Limits(running=50, per_credential=3)])
def test_round_in_the_store_continues_after_each_tick(harness: Harness, limits: Limits) -> None:
    """In a long queue only the organisations whose turn is next are read, and the order is the same."""
    harness.limits = limits
    for org in ("a", "b", "c", "d", "e"):
        for number in range(9):
            harness.add_job(orgId=org, platform="youtube", username=f"{org}{number}")
    order = []
    for _ in range(8):
        before = len(harness.executions.started)
        assert harness.tick()["started"] == 3
        batch = list(harness.executions.started.values())[before:]
        order.append("".join(sorted(payload["username"][0] for payload in batch)))
        for payload in batch:
            harness.memory.touch(payload["jobId"], status="cancelled")
    assert order == ["abc", "ade", "bcd", "abe", "cde", "abc", "ade", "bcd"]


@pytest.mark.parametrize(("bad", "limit"), [(1, 1), (3, 3), (9, 10), (10, 10), (25, 10)])
def test_orgs_of_unwritable_jobs_hold_up_no_other(harness: Harness, bad: int, limit: int) -> None:
    """In a long queue their turn passes on, and their slots are filled in the same tick once they are known."""
    harness.limits = small(limit)
    for number in range(bad):
        spoil(harness.memory, harness.add_job(orgId=f"bad{number:02}", platform="youtube"))
    for number in range(60):
        harness.add_job(orgId="xyz"[number % 3], platform="youtube", username=f"a{number}")
    started = []
    for _ in range(4):
        started.append(harness.tick()["started"])
        for payload in harness.executions.started.values():
            harness.memory.touch(payload["jobId"], status="cancelled")
    assert started == [limit] * 4


@pytest.mark.parametrize("odd", [{"username": ""}, {"createdAt": None}])
def test_orgs_of_odd_jobs_hold_up_no_other(harness: Harness, odd: dict[str, Any]) -> None:
    harness.limits = small(1)
    for number in range(40):
        harness.add_job(orgId="c", platform="youtube", username=f"c{number}")
    for _ in range(12):
        harness.add_job(orgId="a", platform="youtube", **odd)
    for _ in range(6):
        harness.tick()
        for payload in harness.executions.started.values():
            harness.memory.touch(payload["jobId"], status="cancelled")
    assert sum(payload["orgId"] == "c" for payload in harness.executions.started.values()) >= 3


def test_turn_that_cannot_be_written_starts_nothing(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """So nothing that was started goes uncounted."""

    def refuse(write: object) -> None:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    monkeypatch.setattr(harness.memory, "put_document", refuse)
    harness.limits = Limits(running=2, per_credential=2)
    ids = [harness.add_job(orgId=org) for org in ("a", "b", "c")]
    with pytest.raises(StoreUnavailableError):
        harness.tick()
    assert harness.executions.started == {}
    assert {harness.document(job_id)["status"] for job_id in ids} == {"pending"}


class Slow(MemoryStore):
    """A store that counts the time that its requests would take, in a tick of 55 s."""

    def __init__(self, harness: Harness, request_s: float) -> None:
        super().__init__(harness.clock)
        self._request_s = request_s
        self.left_s = 0.0

    def __getattribute__(self, name: str) -> Any:
        requests = {"next_waiting_org": 1.0, "pending_of_org": 2 / PARALLEL_QUERIES} | dict.fromkeys(
            (
                "open_jobs",
                "pending_jobs",
                "processing_jobs",
                "write_each",
                "get_stored",
                "put_document",
                "count_processing",
                "get_jobs",
            ),
            1.0,
        )
        if name in requests:
            self.left_s -= requests[name] * self._request_s
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    ("waiting", "request_s"), [(100, 0.5), (100, 1.0), pytest.param(600, 0.5, marks=pytest.mark.nightly)]
)
def test_slow_database_slows_ticks_and_stops_none(harness: Harness, waiting: int, request_s: float) -> None:
    """Each tick starts jobs in time, and the turns go on where the tick before stopped."""
    store = Slow(harness, request_s)
    harness.use(store)
    harness.limits = Limits(running=500, per_credential=500, max_open_jobs=51, scan_page_size=5)
    names = [f"org{number:03}" for number in range(waiting)]
    for org in reversed(names):  # the scan by id finds the last organisations first; it is not yet their turn
        for priority in (0, 1):
            harness.memory.create_job(job_document(orgId=org, platform="youtube", username=org, priority=priority))
    order: list[str] = []
    for _ in range(2):
        store.left_s = 55
        before = len(harness.executions.started)
        tick = run_tick(harness.trigger_deps, lambda: store.left_s)
        assert store.left_s > 0
        assert len(tick.started) >= 5
        order += [payload["orgId"] for payload in list(harness.executions.started.values())[before:]]
    assert sorted(order) == names[: len(order)]
    assert len(order) < waiting


def test_tick_that_starts_all_writes_no_place(harness: Harness) -> None:
    harness.add_job()
    harness.tick()
    assert "turns" not in (harness.store.get_document("trackingControl/platforms") or {})
