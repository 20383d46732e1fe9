"""Pauses of a platform that refuses us: their length, the jobs that wait, and the slow start after them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from local.paths import ROOT
from tests.doubles import START
from tests.factories import videos
from tests.harness import CHAIN, Harness
from tracking import pauses
from tracking.errors import (
    JobCancelledError,
    JobPausedError,
    QuotaExceededError,
    RateLimitedError,
    StaleAttemptError,
    StoreUnavailableError,
)
from tracking.jobs import PlatformName
from tracking.pauses import CONTROL_DOCUMENT, STATUS_DOCUMENT, Pause
from tracking.platforms import Refusal
from tracking.sentences import Sentence
from tracking.store import DocumentWrite, JobSnapshot, JobWrite
from tracking.store.memory import MemoryStore

FAR = START + timedelta(minutes=125)  # 14:05
INSTAGRAM, TIKTOK = PlatformName.INSTAGRAM, PlatformName.TIKTOK
YOUTUBE, TWITTER = PlatformName.YOUTUBE, PlatformName.TWITTER


def pause(harness: Harness, platform: PlatformName, until: datetime, reason: str = "RateLimitedError") -> None:
    harness.store.put_document(Pause(platform=platform, until=until, reason=reason).to_write())


# The length of a pause


RAMP = [
    # seconds after the reset, starts per tick
    (-1, 0),
    (0, 1),
    (59, 1),
    (60, 2),
    (120, 4),
    (180, 8),
    (540, 512),
    (599, 512),
    (600, None),  # the pause is over and forgotten
    (86_400, None),
]


@pytest.mark.parametrize(("after_s", "starts"), RAMP)
def test_starts_double_with_each_minute_after_the_reset(after_s: int, starts: int | None) -> None:
    paused = Pause(platform=YOUTUBE, until=START, reason="")
    assert paused.starts_allowed(START + timedelta(seconds=after_s)) == starts


QUOTAS = [
    # platform, time when the quota ran out, end of the pause
    (YOUTUBE, "2026-03-01T07:59:59", "2026-03-01T08:00:00"),
    (YOUTUBE, "2026-03-01T08:00:00", "2026-03-02T08:00:00"),
    (YOUTUBE, "2026-03-01T12:00:00", "2026-03-02T08:00:00"),
    (YOUTUBE, "2026-02-28T23:00:00", "2026-03-01T08:00:00"),
    (YOUTUBE, "2026-07-01T07:30:00", "2026-07-01T08:00:00"),  # in summer the quota is refilled as early as 07:00
    (TWITTER, "2026-03-01T12:00:00", "2026-03-01T13:00:00"),
    (INSTAGRAM, "2026-12-31T23:30:00", "2027-01-01T00:30:00"),
]


def test_front_ends_know_the_document_and_its_reasons() -> None:
    contract = json.loads((ROOT / "contracts" / "pauses.json").read_text())
    refusals = [cls.__name__ for cls in get_args(Refusal)]
    assert contract["document"] == STATUS_DOCUMENT
    assert contract["reasons"] == [*refusals, pauses.BY_OPERATOR]


@pytest.mark.parametrize(("platform", "at", "until"), QUOTAS)
def test_a_quota_is_back_when_its_platform_refills_it(platform: PlatformName, at: str, until: str) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert pauses.quota_used_up_until(platform, now) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_rate_limit_lasts_as_told_but_at_most_a_day() -> None:
    """The pause lasts 15 minutes if the platform gives no time."""
    assert pauses.rate_limited_until(FAR, START) == FAR
    assert pauses.rate_limited_until(None, START) == START + timedelta(minutes=15)
    assert pauses.rate_limited_until(START + timedelta(days=400), START) == START + timedelta(days=1)


GARBAGE: list[Any] = [
    None,
    {},
    {"youtube": None},
    {"youtube": "tomorrow"},
    {"youtube": {"until": "2026-03-01T14:05:00Z"}},
    {"youtube": {"until": 1772366400}},
    {"youtube": {}},
    {"youtube": [1]},
    {"facebook": {"until": FAR, "reason": "RateLimitedError"}},
]


@pytest.mark.parametrize("document", GARBAGE)
def test_unreadable_pause_is_ignored(harness: Harness, document: dict[str, Any] | None) -> None:
    assert pauses.from_document(document) == {}
    if document:
        harness.store.put_document(DocumentWrite(CONTROL_DOCUMENT, document))
    harness.add_job(platform="youtube")
    assert harness.tick()["started"] == 1


def test_a_pause_written_by_hand_without_a_reason_is_one() -> None:
    assert pauses.from_document({"youtube": {"until": FAR}}) == {YOUTUBE: Pause(platform=YOUTUBE, until=FAR, reason="")}


# The job


REFUSALS = [
    # error of the platform, retry count of the state, end of the pause
    (RateLimitedError(Sentence("Slow down."), FAR), 0, FAR),
    (RateLimitedError(Sentence("Slow down."), START + timedelta(days=30)), 0, START + timedelta(days=1)),
    (RateLimitedError(Sentence("Slow down.")), 3, START + timedelta(minutes=15)),
    (RateLimitedError(Sentence("Slow down."), START - timedelta(seconds=30)), 3, START - timedelta(seconds=30)),
    (QuotaExceededError(Sentence("Used up.")), 0, START + timedelta(hours=1)),
    (QuotaExceededError(Sentence("Used up.")), 2, START + timedelta(hours=1)),
]


@pytest.mark.parametrize("state", ["FetchAccount", "FetchVideos"])
@pytest.mark.parametrize(("error", "retry", "until"), REFUSALS)
def test_lasting_refusal_pauses_the_platform_not_the_job(
    harness: Harness, state: str, error: Exception, retry: int, until: datetime
) -> None:
    """The job goes back to pending, and the pause does not count as an expiry."""
    harness.platform.videos = videos(3)
    given: Any = harness.claimed_job(attempt=4, expiries=2)
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    harness.memory.touch(given["jobId"], retryCount=retry)
    harness.platform.failures = [error]
    with pytest.raises(JobPausedError):
        harness.run_state(state, given, retry_count=retry)
    document = harness.document(given["jobId"])
    assert (document["status"], document["attempt"], document["expiries"]) == ("pending", 5, 2)
    assert (document["progress"], document["retryCount"]) == (0, 0)
    assert (document["leaseUntil"], document["startedAt"], document["executionArn"]) == (None, None, None)
    assert document["message"].endswith(f" at {until:%H:%M} UTC.")
    assert document["messageParams"] == {"platform": "Instagram", "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    assert document.get("error") is None
    (paused,) = pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)).values()
    assert paused == Pause(platform=INSTAGRAM, until=until, reason=type(error).__name__)
    assert harness.store.get_document(STATUS_DOCUMENT) == {"instagram": {"until": until, "reason": paused.reason}}


def test_the_job_says_which_platform_and_when(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.platform.failures = [RateLimitedError(Sentence("Slow down."), FAR)]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job)
    assert harness.document(job["jobId"])["message"] == "Instagram asks us to slow down. Tracking resumes at 14:05 UTC."


@pytest.mark.parametrize("retry", [0, 3])
@pytest.mark.parametrize("seconds", [11, 85])
@pytest.mark.parametrize("state", ["FetchAccount", "FetchVideos"])
def test_refusal_that_names_a_near_time_is_waited_for(harness: Harness, state: str, seconds: int, retry: int) -> None:
    """By the state machine, without a function that is billed meanwhile. It is no retry."""
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    harness.memory.touch(given["jobId"], retryCount=retry)
    harness.platform.failures = [
        RateLimitedError(Sentence("Slow down."), harness.clock.now() + timedelta(seconds=seconds))
    ]
    output = harness.run_state(state, given, retry_count=retry)
    assert (output["then"], output["waitS"]) == ("wait", seconds)
    document = harness.document(given["jobId"])
    assert (document["status"], document["retryCount"]) == ("processing", retry)
    assert document["message"].startswith("Instagram asks us to wait; going on at 12:0")
    assert harness.clock.slept_s == []
    assert pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)) == {}
    harness.clock.advance(seconds)
    assert harness.run_state(state, output)["then"] == "save"


SHORT = [(RateLimitedError(Sentence("Slow down.")), 0), (RateLimitedError(Sentence("Slow down.")), 2)]


@pytest.mark.parametrize(("error", "retry"), SHORT)
def test_short_refusal_is_left_to_the_retry(harness: Harness, error: Exception, retry: int) -> None:
    job = harness.claimed_job()
    harness.platform.failures = [error]
    with pytest.raises(RateLimitedError):
        harness.run_state("FetchAccount", job, retry_count=retry)
    assert harness.document(job["jobId"])["status"] == "processing"
    assert pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)) == {}


@pytest.mark.parametrize(
    ("status", "error"),
    [("cancelled", JobCancelledError), ("failed", StaleAttemptError), ("pending", StaleAttemptError)],
)
def test_a_job_that_was_lost_meanwhile_pauses_nothing(harness: Harness, status: str, error: type[Exception]) -> None:
    """The job and the pause are written in one commit, so the pause is not written either."""
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], status=status)
    before = harness.document(job["jobId"])
    harness.platform.failures = [RateLimitedError(Sentence("Slow down."), FAR)]
    with pytest.raises(error):
        harness.run_state("FetchAccount", job)
    assert harness.document(job["jobId"]) == before
    assert pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)) == {}


def test_pause_that_cannot_be_written_is_retried(harness: Harness) -> None:
    """The state's retry meets the refusal again, and writes the pause then."""

    class Down(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

    job = harness.claimed_job()
    deps = harness.process_deps
    harness.process_deps = replace(deps, store=Down(harness.clock))
    harness.platform.failures = [QuotaExceededError(Sentence("Used up."))]
    with pytest.raises(StoreUnavailableError):
        harness.run_state("FetchAccount", job)
    assert harness.document(job["jobId"])["status"] == "processing"
    harness.process_deps = deps
    harness.platform.failures = [QuotaExceededError(Sentence("Used up."))]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job, retry_count=1)
    assert harness.document(job["jobId"])["status"] == "pending"


def test_a_pause_whose_reply_was_lost_ends_the_execution_quietly(harness: Harness) -> None:
    """The retried state finds its job pending, and makes no call to the platform."""
    job = harness.claimed_job()
    harness.platform.failures = [QuotaExceededError(Sentence("Used up."))]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job)
    harness.platform.calls.clear()
    with pytest.raises(StaleAttemptError):
        harness.run_state("FetchAccount", job, retry_count=1)
    assert harness.platform.calls == []


# The tick


class Watched(MemoryStore):
    """A store that records the platforms that a tick asks for, and the platforms of the jobs that it gets."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness.clock)
        self.asked: list[PlatformName] = []
        self.seen: list[str] = []

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        return self._given(super().open_jobs(limit))

    def pending_jobs(self, limit: int, without: Collection[PlatformName] = (), from_id: str = "") -> list[JobSnapshot]:
        return self._given(super().pending_jobs(limit, without, from_id))

    def pending_of_org(
        self, org_id: str, platforms: Collection[PlatformName], limit: int, since: datetime | None = None
    ) -> list[JobSnapshot]:
        self.asked += platforms
        return self._given(super().pending_of_org(org_id, platforms, limit, since))

    def _given(self, jobs: list[JobSnapshot]) -> list[JobSnapshot]:
        self.seen += [job.data["platform"] for job in jobs]
        return jobs


def test_paused_platform_starts_no_job_and_gets_no_call(harness: Harness) -> None:
    store = Watched(harness)
    harness.store, harness.memory = store, store
    pause(harness, INSTAGRAM, FAR)
    harness.add_job(platform="instagram")
    other = harness.add_job(platform="tiktok", username="b")
    harness.tick()  # the first tick learns of the pause
    assert [job["jobId"] for job in harness.executions.started.values()] == [other]
    store.seen.clear()
    for _ in range(5):
        harness.clock.advance(60)
        harness.add_job(platform="instagram")
        assert harness.tick()["started"] == 0
    assert store.seen == []
    assert store.asked == []
    assert harness.platform.calls == []


def test_resumed_platform_starts_one_then_two_then_four_jobs(harness: Harness) -> None:
    """The first job starts in the first tick after the platform's reset."""
    for number in range(20):
        harness.add_job(platform="youtube", username=f"a{number}")
    pause(harness, YOUTUBE, START + timedelta(seconds=90))
    started = []
    for _ in range(6):
        started.append(harness.tick()["started"])
        harness.clock.advance(60)
    assert started == [0, 0, 1, 2, 4, 8]


def test_ten_minutes_after_the_reset_the_pause_is_forgotten(harness: Harness) -> None:
    for number in range(600):
        harness.add_job(platform="youtube", username=f"a{number}")
    pause(harness, YOUTUBE, START - timedelta(minutes=10))
    assert harness.tick()["started"] == 600


def test_cleared_pause_holds_no_job_back(harness: Harness) -> None:
    pause(harness, INSTAGRAM, FAR)
    pause(harness, YOUTUBE, FAR)
    waiting = harness.add_job(platform="instagram")
    held = harness.add_job(platform="youtube")
    assert harness.tick()["started"] == 0
    harness.store.put_document(pauses.clearing(INSTAGRAM))
    assert harness.tick()["started"] == 1
    assert (harness.document(waiting)["status"], harness.document(held)["status"]) == ("processing", "pending")


def test_refused_job_resumes_as_a_new_attempt(harness: Harness) -> None:
    harness.platform.videos = videos(2)
    job = harness.claimed_job()
    harness.platform.failures = [RateLimitedError(Sentence("Slow down."), FAR)]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job)
    assert harness.tick()["started"] == 0
    harness.clock.advance((FAR - harness.clock.now()).total_seconds())
    assert harness.tick()["started"] == 1
    (again,) = [payload for payload in harness.executions.started.values() if payload["attempt"] == 2]
    harness.run_chain(dict(again))
    assert harness.document(job["jobId"])["status"] == "completed"


def test_a_new_refusal_in_the_ramp_is_a_new_pause(harness: Harness) -> None:
    pause(harness, INSTAGRAM, START)
    job = harness.claimed_job()  # the first start of the ramp
    harness.platform.failures = [RateLimitedError(Sentence("Slow down."), FAR)]
    with pytest.raises(JobPausedError):
        harness.run_state("FetchAccount", job)
    assert pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT))[INSTAGRAM].until == FAR


def test_paused_platform_starts_no_job_on_a_cold_start(harness: Harness) -> None:
    """A new Lambda environment has no hints, so the tick must read the pauses."""
    pause(harness, INSTAGRAM, FAR)
    harness.add_job(platform="instagram")
    for _ in range(3):
        harness.hints = harness.hints.__class__()
        assert harness.tick()["started"] == 0
