"""All points of a job's life at which the suite tries a fault, and the ending that the job must still reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from tests.chaos.plan import Fault, How, When

EVERY = (
    *((when, how) for how in (How.KILL, How.ERROR) for when in When),
    (When.AFTER, How.RESEND),
)
"""The faults of most points: a killed process, a service without an answer, and a call that is sent again."""
PLATFORMS = ("youtube", "twitter", "instagram", "tiktok")


@dataclass(frozen=True, slots=True)
class Ending:
    status: str
    error_code: str | None
    videos: int


def completed(videos: int) -> Ending:
    return Ending("completed", None, videos)


def failed(error_code: str) -> Ending:
    return Ending("failed", error_code, 0)


ORDINARY = "sim_videos_5"
LARGE = "sim_videos_600"  # saved in two commits
CHUNK = 700  # videos in a chunk here, so that few accounts need a second one
CHUNKED = "sim_videos_800"
CONTINUED = "sim_videos_150"  # each of its executions has time for one page of 50
HELD_S = 12  # longer than a function waits itself
SLOW = "sim_slow_2"  # each answer two seconds late; 3 videos


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    name: str
    username: str = ORDINARY
    platform: str = ""  # empty: any
    job: dict[str, Any] = field(default_factory=dict)  # fields that differ from what a front end writes
    first: Fault | None = None  # an earlier fault, without which nothing makes the call
    stops: bool = False  # an operator stops the execution
    loses_event: bool = False  # EventBridge does not deliver the event of the stop
    quota_path: str = ""  # path of a platform's API; the next request to it finds the quota used up
    held_path: str = ""  # path of a platform's API; the next request to it is told to come again in HELD_S
    event: dict[str, Any] = field(default_factory=dict)  # of the tick
    faults: Sequence[tuple[When, How]] = EVERY
    ends: Ending = completed(5)  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault at one point."""

    point: Point
    fault: Fault
    platform: str

    @property
    def planned(self) -> list[Fault]:
        return [*([self.point.first] if self.point.first else []), self.fault]

    @property
    def is_alone(self) -> bool:
        """Return whether the fault also affects other jobs: all jobs share the tick and a platform's pause."""
        return self.point.name.startswith("tick.") or bool(self.point.quota_path or self.point.held_path)


def _failing(point: str) -> Fault:
    return Fault(point, When.BEFORE, How.ERROR)


ONE_A_PAGE = {"page": 1}  # jobs in a page of the tick's queries
COUNTED = ONE_A_PAGE | {"isCounted": True}
KICKED = {"Records": [{"body": json.dumps({"kick": True})}]}  # the process function imports this, and has no `trigger`
_RETRIED = _failing("FetchAccount.put")
_LOST_CLAIM = Fault("tick.claim", When.AFTER, How.RESEND)
_DEAD_TICK = Fault("tick.claim", When.AFTER, How.KILL)
_THROTTLED = Fault("tick.start", When.BEFORE, How.REFUSE)

STATES = (
    Point(name="FetchAccount.put"),
    Point(name="FetchAccount.get", first=Fault("FetchAccount.put", When.AFTER, How.ERROR)),  # already staged
    Point(name="FetchAccount.advance"),
    Point(name="FetchAccount.check", first=_RETRIED),
    Point(name="FetchAccount.announce", first=_RETRIED),
    Point(name="FetchAccount.record", platform="instagram"),
    Point(name="FetchAccount.record", platform="tiktok"),
    Point(name="FetchAccount.spend", username="sim_missing", platform="youtube", ends=failed("AccountNotFoundError")),
    Point(name="FetchAccount.pause", platform="twitter", quota_path="/users/by"),
    Point(name="FetchAccount.note", platform="youtube", held_path="/channels"),  # an Apify run may be too quick
    Point(name="SaveAccount.get"),
    Point(name="SaveAccount.advance"),
    Point(name="SaveAccount.check", first=_failing("SaveAccount.get")),
    Point(name="SaveAccount.announce", first=_failing("SaveAccount.get")),
    Point(name="FetchVideos.get"),
    Point(name="FetchVideos.check", username="sim_videos_60", platform="youtube", ends=completed(60)),
    Point(name="FetchVideos.put"),
    Point(name="FetchVideos.advance"),
    Point(name="FetchVideos.announce", first=_failing("FetchVideos.get")),
    Point(name="FetchVideos.spend", username=CHUNKED, platform="youtube", ends=completed(800)),
    Point(name="FetchVideos.pause", platform="twitter", quota_path="/tweets"),
    Point(name="FetchVideos.note", platform="youtube", held_path="/playlistItems"),
    Point(name="FetchVideos.hand_over", username=CONTINUED, platform="youtube", ends=completed(150)),
    Point(
        name="FetchVideos.check",  # to find out that the lost hand-over was made
        username=CONTINUED,
        platform="youtube",
        first=Fault("FetchVideos.hand_over", When.AFTER, How.ERROR),
        ends=completed(150),
    ),
    Point(name="SaveSomeVideos.get", username=CHUNKED, platform="youtube", ends=completed(800)),
    Point(name="SaveSomeVideos.note", username=CHUNKED, platform="youtube", ends=completed(800)),
    Point(name="FetchVideos.delete", username=CHUNKED, platform="youtube", ends=completed(800)),
    Point(
        name="SaveSomeVideos.check",
        username=CHUNKED,
        platform="youtube",
        first=_failing("SaveSomeVideos.get"),
        ends=completed(800),
    ),
    Point(
        name="SaveSomeVideos.announce",
        username=CHUNKED,
        platform="youtube",
        first=_failing("SaveSomeVideos.get"),
        ends=completed(800),
    ),
    Point(name="SaveVideos.get"),
    Point(name="SaveVideos.note", username=LARGE, platform="youtube", ends=completed(600)),
    Point(name="SaveVideos.complete", username=LARGE, platform="youtube", ends=completed(600)),
    Point(name="SaveVideos.delete"),
    Point(name="SaveVideos.check", first=_failing("SaveVideos.get")),
    Point(name="SaveVideos.announce", first=_failing("SaveVideos.get")),
    Point(name="FailJob.fail", username="sim_missing", ends=failed("AccountNotFoundError")),
    Point(
        name="FailJob.check",
        username="sim_missing",
        first=Fault("FailJob.fail", When.AFTER, How.ERROR),
        ends=failed("AccountNotFoundError"),
    ),
    Point(name="reconcile.fail", username=SLOW, platform="youtube", stops=True, ends=failed("ExecutionAborted")),
    Point(name="reconcile.check", username=SLOW, platform="youtube", stops=True, ends=failed("ExecutionAborted")),
)

TICKS = (
    Point(name="tick.open_jobs"),
    Point(name="tick.get_stored"),
    Point(name="tick.claim"),
    Point(name="tick.check", first=_LOST_CLAIM),
    Point(name="tick.start", faults=(*EVERY, (When.BEFORE, How.REFUSE))),
    Point(name="tick.release", first=_THROTTLED),
    Point(name="tick.outcome", first=_DEAD_TICK),
    Point(name="tick.expire", first=_DEAD_TICK),
    Point(name="tick.renew", username="sim_slow_3", platform="youtube", ends=completed(3)),
    Point(name="tick.fail", job={"orgId": None}, ends=failed("InvalidJobError")),
    Point(
        name="tick.fail",
        username=SLOW,
        platform="youtube",
        stops=True,
        loses_event=True,
        ends=failed("ExecutionAborted"),
    ),
    Point(name="tick.processing_jobs", event=ONE_A_PAGE),
    Point(name="tick.pending_jobs", event=ONE_A_PAGE),
    Point(name="tick.next_waiting_org", event=ONE_A_PAGE),
    Point(name="tick.pending_of_org", event=ONE_A_PAGE),
    Point(name="tick.oldest_pending", event=ONE_A_PAGE),
    Point(name="tick.count_processing", event=COUNTED),
    Point(name="tick.expired_jobs", event=COUNTED),
    Point(name="tick.put_document"),
    Point(name="tick.get_stored", event=KICKED),
    Point(name="tick.next_waiting_org", event=KICKED),
    Point(name="tick.put_document", event=KICKED),
    Point(name="tick.claim", event=KICKED),
)


def trials(points: Sequence[Point]) -> Iterator[Trial]:
    """Yield a trial for each fault of each point. Points that name no platform get the platforms in turn."""
    turns = cycle(PLATFORMS)
    for point in points:
        for when, how in point.faults:
            yield Trial(point, Fault(point.name, when, how), point.platform or next(turns))
