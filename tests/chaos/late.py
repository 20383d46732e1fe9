"""Late writers: a process Lambda that goes on after its job was decided without it.

It stands still right before a commit, or waits for a slow platform. Meanwhile the execution is stopped, or times out,
or the user cancels, or the job is stopped, tried again and completed by its next attempt. Then it is let go: its write
is refused, and the document stays as it was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.chaos.plan import Fault, How, When
from tests.chaos.points import LARGE, ORDINARY
from tests.chaos.stage import Stage, is_settled
from tests.chaos.trials import Result
from tests.e2e.running import Document, Project, until
from tracking import jobs
from tracking.jobs import Status
from tracking.store import JobWrite


@dataclass(frozen=True, slots=True)
class Late:
    """One late writer: where it stands when the job is decided, and how that comes."""

    point: str
    decision: str
    username: str
    platform: str = "youtube"
    is_slow: bool = False  # its platform is; else it stands still before the call


RETRIED = "stopped, retried"
DECISIONS = {
    "stopped": ("failed", "ExecutionAborted"),
    "timed out": ("failed", "States.Timeout"),
    "cancelled": ("cancelled", None),
    RETRIED: ("completed", None),
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
    fault: str = ""


def run(stage: Stage, lates: Sequence[Late]) -> list[Result]:
    """All at once."""
    writers = [_begin(stage, late) for late in lates]
    stage.tick()
    for writer in writers:
        _await_point(stage, writer)
        _decide(stage, writer)
    for writer in writers:
        _await_end(stage, writer)
        if writer.late.decision == RETRIED:
            _change(stage, writer, jobs.retry)
    stage.tick()
    decided = [_await_end(stage, writer) for writer in writers]
    for writer in writers:
        stage.plan.release(writer.fault)
    return [_result(stage, writer, document) for writer, document in zip(writers, decided, strict=True)]


def _begin(stage: Stage, late: Late) -> Writer:
    project = Project(stage.running)
    job_id = project.add_job(late.username, late.platform)
    fault = "" if late.is_slow else stage.plan.add(Fault(late.point, When.BEFORE, How.STALL), job_id)
    return Writer(late, project, job_id, fault)


def _await_point(stage: Stage, writer: Writer) -> None:
    def is_there() -> bool | None:
        if writer.late.is_slow:
            asked = stage.running.asked(writer.late.platform, writer.late.username)
            return any(entry["status"] is None for entry in asked) or None
        return stage.plan.has_fired(writer.fault) or None

    until(is_there, f"{writer.late} does not come to its point")


def _await_end(stage: Stage, writer: Writer) -> Document:
    def ended() -> Document | None:
        document = stage.job(writer.job_id)
        return document if is_settled(document) else None

    return until(ended, f"{writer.late} does not end")


def _decide(stage: Stage, writer: Writer) -> None:
    document = stage.job(writer.job_id)
    match writer.late.decision:
        case "cancelled":
            _change(stage, writer, jobs.cancel)
        case "timed out":
            stage.invoke("reconcile", timed_out(stage.describe(document["executionArn"])))
            stage.stop(document["executionArn"])
        case _:
            stage.stop(document["executionArn"])


def timed_out(described: Mapping[str, Any]) -> Document:
    """The event that AWS emits and MiniStack does not, for it has no time-out of an execution:
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
    detail = {key: described[key] for key in ("executionArn", "stateMachineArn", "name", "input")}
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail | {"status": "TIMED_OUT", "error": None, "cause": None},
    }


def _change(stage: Stage, writer: Writer, change: Callable[[Status, datetime], dict[str, Any]]) -> None:
    """As the user's own client does it."""
    snapshot = stage.running.store.get_job(writer.job_id)
    assert snapshot is not None
    fields = change(Status(snapshot.data["status"]), datetime.now(UTC))
    stage.running.store.commit(JobWrite(writer.job_id, fields, snapshot.version))


def _result(stage: Stage, writer: Writer, decided: Document) -> Result:
    late, videos = writer.late, _count(writer)
    refusals = until(lambda: _refusals(stage, writer) or None, f"{late} does not try to write")
    now = stage.job(writer.job_id)
    end = (now["status"], now.get("errorCode"))
    checks = {
        f"decided as {end}": end != DECISIONS[late.decision],
        "the document changed after it was decided": now != decided,
        "videos were written after it was decided": _count(writer) != videos,
        "a lease is left": now.get("leaseUntil") is not None,
    }
    where = "its platform is slow" if late.is_slow else "it stands still"
    return Result(
        point=late.point,
        fault=f"late, {where}; meanwhile {late.decision}; refused {refusals}x",
        ticks=2 if late.decision == RETRIED else 1,
        attempts=now["attempt"],
        status=now["status"],
        videos=videos,
        wrong=[sentence for sentence, is_so in checks.items() if is_so],
    )


def _count(writer: Writer) -> int:
    return sum(writer.project.count_videos(account_id) for account_id in writer.project.accounts())


def _refusals(stage: Stage, writer: Writer) -> int:
    refused = {"point": writer.late.point, "job": writer.job_id, "ended": "StaleVersionError"}
    return stage.plan.calls().count(refused)
