"""Late writers: a process Lambda that continues after somebody else has decided its job.

The Lambda is held right before a commit, or waits for a slow platform. Meanwhile one of these decides the job:

- the execution is stopped or times out, or the user cancels the job;
- the execution is stopped, and a retry completes the job as its next attempt;
- the document is deleted and created again, edited by hand, or put back from a backup.

Then the Lambda is released. Its write must be refused, and the document must stay as it was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.chaos.chaos_harness import ChaosHarness, is_settled, needs_a_tick
from tests.chaos.plan import Fault, How, When
from tests.chaos.points import LARGE, ORDINARY
from tests.chaos.trials import Result
from tests.e2e.running import Document, Project, until
from tracking import jobs
from tracking.jobs import Status
from tracking.store import JOBS, JobWrite


@dataclass(frozen=True, slots=True)
class Late:
    """A late writer: the point at which it is held, and the decision made meanwhile."""

    point: str
    decision: str
    username: str
    platform: str = "youtube"
    is_slow: bool = False  # a slow platform delays it; else the plan holds it before the call


RETRIED = "stopped, retried"
OTHER_LIVES = ("created again", "edited", "put back")
DECISIONS = {
    "stopped": ("failed", "ExecutionAborted"),
    "timed out": ("failed", "TimedOut"),
    "cancelled": ("cancelled", None),
    RETRIED: ("completed", None),
    **dict.fromkeys(OTHER_LIVES, ("completed", None)),
}
COMMITS = {
    "FetchAccount.advance": ORDINARY,
    "SaveAccount.advance": ORDINARY,
    "FetchVideos.advance": ORDINARY,
    "SaveVideos.note": LARGE,
    "SaveVideos.complete": ORDINARY,
}
LATE = (
    *(Late(point, decision, username) for point, username in COMMITS.items() for decision in DECISIONS),
    *(Late("FetchAccount.advance", decision, "sim_slow_3", is_slow=True) for decision in DECISIONS),
)


@dataclass(frozen=True, slots=True)
class Writer:
    late: Late
    project: Project
    job_id: str
    backup: Document  # the job as its front end wrote it
    fault: str = ""

    @property
    def elsewhere(self) -> Project:
        """The project that the job names after the edit."""
        return replace(self.project, project_id=f"{self.project.project_id}-edited")


def run(harness: ChaosHarness, lates: Sequence[Late]) -> list[Result]:
    """Try all late writers at the same time."""
    writers = [_begin(harness, late) for late in lates]
    harness.tick()
    for writer in writers:
        _await_point(harness, writer)
        _decide(harness, writer)
    for writer in writers:
        if writer.late.decision in OTHER_LIVES:
            _await_next_life(harness, writer)
        _await_end(harness, writer)
        if writer.late.decision == RETRIED:
            _change(harness, writer, jobs.retry)
    harness.tick()
    decided = [_await_end(harness, writer) for writer in writers]
    for writer in writers:
        harness.plan.release(writer.fault)
    return [_result(harness, writer, document) for writer, document in zip(writers, decided, strict=True)]


def _begin(harness: ChaosHarness, late: Late) -> Writer:
    project = Project(harness.running)
    job_id = project.add_job(late.username, late.platform)
    fault = "" if late.is_slow else harness.plan.add(Fault(late.point, When.BEFORE, How.STALL), job_id)
    return Writer(late, project, job_id, harness.job(job_id), fault)


def _await_point(harness: ChaosHarness, writer: Writer) -> None:
    def is_there() -> bool | None:
        if writer.late.is_slow:
            asked = harness.running.asked(writer.late.platform, writer.late.username)
            return any(entry["status"] is None for entry in asked) or None
        return harness.plan.has_fired(writer.fault) or None

    until(is_there, f"{writer.late} does not come to its point")


def _await_next_life(harness: ChaosHarness, writer: Writer) -> None:
    """Tick until the changed job ends. A tick claims it at once, or once the lease of its earlier claim has run out."""

    def ended() -> bool | None:
        document = harness.job(writer.job_id)
        if needs_a_tick(document):
            harness.tick()
        return is_settled(document) or None

    until(ended, f"{writer.late} does not come to its next life")


def _await_end(harness: ChaosHarness, writer: Writer) -> Document:
    def ended() -> Document | None:
        document = harness.job(writer.job_id)
        return document if is_settled(document) else None

    return until(ended, f"{writer.late} does not end")


def _decide(harness: ChaosHarness, writer: Writer) -> None:
    document, reference = harness.job(writer.job_id), harness.running.client.collection(JOBS).document(writer.job_id)
    match writer.late.decision:
        case "cancelled":
            _change(harness, writer, jobs.cancel)
        case "created again":
            reference.delete()
            reference.set(writer.backup)
        case "edited":
            reference.update({"projectId": writer.elsewhere.project_id})
        case "put back":
            reference.set(writer.backup)
        case "timed out":
            harness.invoke("reconcile", timed_out(harness.describe(document["executionArn"])))
            harness.stop(document["executionArn"])
        case _:
            harness.stop(document["executionArn"])


def timed_out(described: Mapping[str, Any]) -> Document:
    """Return the event of a timed-out execution. MiniStack emits none, since it never times an execution out.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = {key: described[key] for key in ("executionArn", "stateMachineArn", "name", "input")}
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail | {"status": "TIMED_OUT", "error": None, "cause": None},
    }


def _change(harness: ChaosHarness, writer: Writer, change: jobs.UserChange) -> None:
    """Change the job as a user's client does."""
    snapshot = harness.running.store.get_job(writer.job_id)
    assert snapshot is not None
    made = change(Status(snapshot.data["status"]), datetime.now(UTC))
    harness.running.store.commit(JobWrite(writer.job_id, made, snapshot.version))


_ADDED: Document = {"spent": None, "updatedAt": None}


def _result(harness: ChaosHarness, writer: Writer, decided: Document) -> Result:
    late, videos = writer.late, _count(writer)
    refusals = until(lambda: _refusals(harness, writer) or None, f"{late} does not try to write")
    now = harness.job(writer.job_id)
    end = (now["status"], now.get("errorCode"))
    checks = {
        f"decided as {end}": end != DECISIONS[late.decision],
        # What the late process spent until then is added.
        "the document changed after it was decided": now | _ADDED != decided | _ADDED,
        "videos were written after it was decided": _count(writer) != videos,
        "a lease is left": now.get("leaseUntil") is not None,
        "its account is not where the job says": not _is_in_place(writer, now),
        "the old project has an account that nobody had the right to write": _is_misplaced(writer),
    }
    where = "its platform is slow" if late.is_slow else "it stands still"
    return Result(
        point=late.point,
        fault=f"late, {where}; meanwhile {late.decision}; refused {refusals}x",
        ticks=1 if late.decision in {"stopped", "timed out", "cancelled"} else 2,
        attempts=now["attempt"],
        status=now["status"],
        videos=videos,
        wrong=[sentence for sentence, is_so in checks.items() if is_so],
    )


def _is_in_place(writer: Writer, job: Document) -> bool:
    places = {project.project_id: project for project in (writer.project, writer.elsewhere)}
    return job["status"] != Status.COMPLETED or job["accountId"] in places[job["projectId"]].accounts()


def _is_misplaced(writer: Writer) -> bool:
    """Return whether the old project got an account, though an edit had moved the job away before."""
    is_before_saving = writer.late.point in {"FetchAccount.advance", "SaveAccount.advance"}
    return writer.late.decision == "edited" and is_before_saving and bool(writer.project.accounts())


def _count(writer: Writer) -> int:
    return sum(
        project.count_videos(account_id)
        for project in (writer.project, writer.elsewhere)
        for account_id in project.accounts()
    )


def _refusals(harness: ChaosHarness, writer: Writer) -> int:
    refused = {"point": writer.late.point, "job": writer.job_id, "ended": "StaleVersionError"}
    return harness.plan.calls().count(refused)
