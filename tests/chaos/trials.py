"""Runs of trials: add the jobs, let their faults happen, and tick until every job has ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.chaos_harness import DOUBLED, ChaosHarness, is_settled, needs_a_tick
from tests.chaos.plan import ANY_JOB, How
from tests.chaos.points import HELD_S, Ending, Trial
from tests.e2e.running import Document, Project
from tracking import pauses
from tracking.jobs import PlatformName, Progress, Status

MAX_TICKS = 6
LIMIT_S = 120.0
EVENT_LIMIT_S = 20.0
JOBLESS = {  # calls of a tick that serve all jobs
    f"tick.{call}"
    for call in (
        "open_jobs",
        "get_stored",
        "count_processing",
        "expired_jobs",
        "processing_jobs",
        "pending_jobs",
        "next_waiting_org",
        "pending_of_org",
        "oldest_pending",
        "put_document",
    )
}


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the table. `wrong`: a sentence for each thing that is not as it must be."""

    point: str
    fault: str
    ticks: int
    attempts: int
    status: str
    videos: int
    wrong: Sequence[str] = ()


@dataclass(slots=True)
class Running:
    trial: Trial
    project: Project
    job_id: str
    faults: list[str]  # their names in the plan
    ticks: int = 0
    stopped_s: float | None = None  # by the monotonic clock; None: not stopped yet
    document: Document = field(default_factory=dict)


def run(harness: ChaosHarness, trials: Sequence[Trial]) -> list[Result]:
    """Run all trials at the same time."""
    points = [trial.point for trial in trials]
    harness.deliver_events(are_delivered=not any(point.loses_event for point in points))
    running = [_begin(harness, trial) for trial in trials]
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for one in running:
            _look(harness, one)
        waiting = [one for one in running if needs_a_tick(one.document)]
        if all(_is_over(harness, one) for one in running) or any(one.ticks == MAX_TICKS for one in waiting):
            break
        if waiting and not any(_awaits_event(harness, one) for one in running):
            _tick(harness, waiting)
        else:
            time.sleep(0.1)
    return [_result(harness, one) for one in running]


def _begin(harness: ChaosHarness, trial: Trial) -> Running:
    """Add the job, then its faults. No tick can come between, since the scheduled ticks are off."""
    project, point = Project(harness.running), trial.point
    if point.quota_path:
        harness.simulate(kind="quota", platform=trial.platform, times=1, path=point.quota_path)
    if point.held_path:
        harness.simulate(kind="429", platform=trial.platform, times=1, path=point.held_path, retry_after=HELD_S)
    job_id = project.add_job(point.username, trial.platform, **point.job)
    faults = [harness.plan.add(fault, ANY_JOB if fault.point in JOBLESS else job_id) for fault in trial.planned]
    return Running(trial, project, job_id, faults)


def _look(harness: ChaosHarness, one: Running) -> None:
    """Read the job, and do what an operator does at this point: stop its execution, or clear the pause."""
    one.document = harness.job(one.job_id)
    is_under_way = one.document["status"] == Status.PROCESSING and one.document["progress"] >= Progress.ACCOUNT_SAVED
    if one.trial.point.stops and one.stopped_s is None and is_under_way:
        harness.stop(one.document["executionArn"])
        one.stopped_s = time.monotonic()
    if one.trial.point.quota_path and one.document["status"] == Status.PENDING:
        harness.running.store.put_document(pauses.clearing(PlatformName(one.trial.platform)))


def _awaits_event(harness: ChaosHarness, one: Running) -> bool:
    """Return whether the event of the stopped execution is still awaited. A tick now would do the event's work."""
    if one.stopped_s is None or one.trial.point.loses_event or all(map(harness.plan.has_fired, one.faults)):
        return False
    return time.monotonic() < one.stopped_s + EVENT_LIMIT_S


def _is_over(harness: ChaosHarness, one: Running) -> bool:
    """Return whether the job and its last execution have ended, so that nothing can change the job any more."""
    arn = one.document.get("executionArn")
    if not is_settled(one.document) or _awaits_event(harness, one):
        return False
    return arn is None or harness.describe(arn)["status"] != "RUNNING"


def _tick(harness: ChaosHarness, waiting: Sequence[Running]) -> None:
    """Run two ticks at once. If a call of the tick itself must fail, run only one, since a second would do its work."""
    failing = [one for one in waiting if one.trial.is_alone and not all(map(harness.plan.has_fired, one.faults))]
    harness.tick(1 if failing else DOUBLED, **(failing[0].trial.point.event if failing else {}))
    for one in waiting:
        one.ticks += 1


def _is_cheap(trial: Trial) -> bool:
    """Return whether the fault must cost no attempt: a tick notices that its claim was written, and starts the job."""
    return trial.point.name == "tick.claim" and trial.fault.how in {How.ERROR, How.RESEND}


def _result(harness: ChaosHarness, one: Running) -> Result:
    document, trial = harness.job(one.job_id), one.trial
    videos = sum(one.project.count_videos(account_id) for account_id in one.project.accounts())
    wrong = _wrong(harness, one, document, videos)
    for fault in one.faults:
        harness.plan.withdraw(fault)
    first = f" (after {trial.point.first.point} {trial.point.first})" if trial.point.first else ""
    return Result(
        point=trial.point.name + (" of a stopped execution" if trial.point.loses_event else ""),
        fault=f"{trial.fault}{first}",
        ticks=one.ticks,
        attempts=document.get("attempt", 0),
        status=document["status"],
        videos=videos,
        wrong=wrong,
    )


def _wrong(harness: ChaosHarness, one: Running, document: Document, videos: int) -> list[str]:
    ending = Ending(document["status"], document.get("errorCode"), videos)
    executions = [e for e in harness.executions() if one.job_id in e.name]
    checks = {
        f"ended as {ending}": ending != one.trial.point.ends,
        "a fault never happened": not all(map(harness.plan.has_fired, one.faults)),
        "a lease is left": document.get("leaseUntil") is not None,
        "more than one account": len(one.project.accounts()) > 1,
        f"{len(executions)} executions": len(executions) > document.get("attempt", 0) + document.get("part", 1) - 1,
        "a lost reply cost more than its tick": _is_cheap(one.trial) and document["attempt"] > 1,
    }
    return [sentence for sentence, is_so in checks.items() if is_so]
