"""The fault injection itself: each planned fault must really happen, and only once."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.chaos import adapters
from tests.chaos.plan import Fault, How, Plan, When
from tests.factories import job_document
from tests.harness import Harness
from tracking import endings, jobs
from tracking.errors import StoreUnavailableError
from tracking.executions import ExecutionsUnavailableError, MemoryExecutions, StartRefusedError, StartUnknownError
from tracking.jobs import Progress, Status
from tracking.sentences import Sentence
from tracking.staging.memory import MemoryObjects
from tracking.store import DocumentWrite, JobWrite, StaleVersionError, Store


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = Plan(tmp_path / "plan")
    made.create()
    return made


@pytest.fixture
def store(harness: Harness, plan: Plan) -> Store:
    return adapters.store(harness.store, plan, "SaveAccount")


def advance(harness: Harness, job_id: str) -> JobWrite:
    snapshot = harness.store.get_job(job_id)
    assert snapshot is not None
    return JobWrite(
        job_id, jobs.advance(harness.clock.now(), Progress.ACCOUNT_SAVED, Sentence("Saved.")), snapshot.version
    )


def test_fault_before_a_call_prevents_it(harness: Harness, plan: Plan, store: Store) -> None:
    job_id = harness.claimed_job()["jobId"]
    name = plan.add(Fault("SaveAccount.advance", When.BEFORE, How.ERROR), job_id)
    with pytest.raises(StoreUnavailableError):
        store.commit(advance(harness, job_id))
    assert harness.document(job_id)["progress"] == 0
    assert plan.has_fired(name)
    assert plan.calls() == []


def test_a_fault_after_a_call_loses_its_reply_alone(harness: Harness, plan: Plan, store: Store) -> None:
    job_id = harness.claimed_job()["jobId"]
    plan.add(Fault("SaveAccount.advance", When.AFTER, How.ERROR), job_id)
    with pytest.raises(StoreUnavailableError):
        store.commit(advance(harness, job_id))
    assert harness.document(job_id)["progress"] == 50
    assert plan.calls() == [{"point": "SaveAccount.advance", "job": job_id, "ended": "done"}]


def test_a_call_sent_again_is_made_twice(harness: Harness, plan: Plan, store: Store) -> None:
    job_id = harness.claimed_job()["jobId"]
    plan.add(Fault("SaveAccount.advance", When.AFTER, How.RESEND), job_id)
    with pytest.raises(StaleVersionError):
        store.commit(advance(harness, job_id))
    assert harness.document(job_id)["progress"] == 50
    plan.add(Fault("SaveAccount.check", When.AFTER, How.RESEND), job_id)
    assert store.get_job(job_id) == harness.store.get_job(job_id)


def test_a_fault_happens_once_and_to_its_own_job(harness: Harness, plan: Plan, store: Store) -> None:
    first, second = harness.claimed_job()["jobId"], harness.claimed_job()["jobId"]
    plan.add(Fault("SaveAccount.check", When.BEFORE, How.ERROR), first)
    assert store.get_job(second) is not None
    with pytest.raises(StoreUnavailableError):
        store.get_job(first)
    assert store.get_job(first) is not None


def test_a_kill_is_one_that_no_process_can_catch(
    plan: Plan, store: Store, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    name = plan.add(Fault("SaveAccount.open_jobs", When.BEFORE, How.KILL))
    store.open_jobs(10)
    assert killed == [(os.getpid(), signal.SIGKILL)]
    assert plan.has_fired(name)  # the call was noted before the process was killed


def test_a_stalled_call_goes_on_when_it_is_released(plan: Plan, store: Store, harness: Harness) -> None:
    job_id = harness.claimed_job()["jobId"]
    name = plan.add(Fault("SaveAccount.advance", When.BEFORE, How.STALL), job_id)
    write = advance(harness, job_id)
    late = threading.Thread(target=store.commit, args=(write,))
    late.start()
    while not plan.has_fired(name):
        assert late.is_alive()
    assert harness.document(job_id)["progress"] == 0
    plan.release(name)
    late.join(timeout=10)
    assert harness.document(job_id)["progress"] == 50


@pytest.mark.parametrize(
    ("call", "how", "error"),
    [
        ("start", How.ERROR, StartUnknownError),
        ("start", How.REFUSE, StartRefusedError),
        ("outcome", How.ERROR, ExecutionsUnavailableError),
    ],
)
def test_executions_fail_as_their_adapter_says(plan: Plan, call: str, how: How, error: type[Exception]) -> None:
    executions = adapters.executions(MemoryExecutions(), plan, "tick")
    plan.add(Fault(f"tick.{call}", When.BEFORE, how), "job1")
    name = "youtube-some-name-job1-1-0123456789abcdef0123"
    with pytest.raises(error):
        executions.start(name, {"jobId": "job1"}) if call == "start" else executions.outcome(name)


def test_object_keys_name_their_job(plan: Plan) -> None:
    objects = adapters.objects(MemoryObjects(), plan, "SaveVideos")
    execution = "instagram-NASA-job1-1-0123456789abcdef0123"
    objects.put(f"{execution}/account.json", b"")
    objects.delete([f"{execution}/account.json", f"{execution}/videos-1.jsonl.gz"])
    assert [(call["point"], call["job"]) for call in plan.calls()] == [
        ("SaveVideos.put", "job1"),
        ("SaveVideos.delete", "job1"),
    ]


def test_every_change_of_a_job_is_a_point(harness: Harness, plan: Plan) -> None:
    now = harness.clock.now()
    waiting = jobs.Job.from_document("job1", job_document(), now).next_attempt()
    changes = {
        "claim": jobs.claim(waiting, now, "arn"),
        "release": jobs.release(now),
        "expire": jobs.expire(waiting, now),
        "renew": jobs.renew(now),
        "announce": jobs.announce(now, Sentence(""), 1),
        "note": jobs.note(now, Sentence("")),
        "pause": jobs.pause(now, Sentence("")),
        "advance": jobs.advance(now, Progress.ACCOUNT_SAVED, Sentence("")),
    }
    tick = adapters.store(harness.store, plan, "tick")
    tick.write_each([JobWrite(name, change, "1970-01-01T00:00:00Z") for name, change in changes.items()])
    account = DocumentWrite("trackedAccounts/tiktok_1", {"lastJobId": "job1"})
    ends = [
        (jobs.fail(Status.PROCESSING, now, Sentence(""), ""), None),
        (jobs.complete(now, Sentence(""), "tiktok_1"), account),
    ]
    for change, document in ends:
        with pytest.raises(StaleVersionError):
            tick.commit(endings.ending("job1", {}, change, "1970-01-01T00:00:00Z", document, news=False))
    assert [call["point"] for call in plan.calls()] == [f"tick.{name}" for name in (*changes, "fail", "complete")]
