"""The time that pending jobs have waited, by the database's clock.

A page's clock writes `createdAt`, so that field may lie years back, or ahead of now. It only orders the jobs here.

    written, or put back into the queue ─────────────> waits ──────────────> claimed
                      └─ while its platform is paused, nobody can start it ─┘
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracking import adoption
from tracking.errors import StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.pauses import LONGEST_PAUSE
from tracking.store import JobSnapshot
from tracking.wiring import TriggerDeps
from trigger.choice import QUERY_RESERVE_S
from trigger.control import Control
from trigger.slots import Slots


class Hold(StrEnum):
    """Reasons for which the jobs of a platform rightly waited, as the tick found them before it freed any place."""

    PAUSE = "pause"  # it is paused, or begins again after a pause
    LIMITS = "limits"  # as many jobs as the limits allow are running


def holds(deps: TriggerDeps, control: Control) -> dict[PlatformName, Hold]:
    """Return what holds back the jobs of each platform that has no free place. Ask before the tick frees any."""
    slots = Slots(deps.limits, control.running, {}, deps.clock.now())
    full = {name: Hold.LIMITS for name in PlatformName if not slots.of(name)}
    return full | dict.fromkeys(control.pauses, Hold.PAUSE)


@dataclass(frozen=True, slots=True)
class Waits:
    """The longest waits of one moment, in seconds. 0: no job waits."""

    oldest_s: float = 0.0  # pauses included
    longest_s: float = 0.0  # without the time in which the job's platform was paused


def waited_s(job: JobSnapshot, now: datetime, closed_until: Mapping[str, datetime]) -> float:
    """Return the seconds since a pending job could start. `closed_until`: the ends of pauses by platform, past or not.

    A pending job is written when it is made, retried or put back, and hardly ever in between.
    """
    platform = job.data.get("platform")
    opened_at = closed_until.get(platform, job.updated_at) if isinstance(platform, str) else job.updated_at
    return max(0.0, (now - max(job.updated_at, opened_at)).total_seconds())


def of_jobs(deps: TriggerDeps, pending: Sequence[JobSnapshot], control: Control) -> Waits:
    """Return the longest waits of these jobs.

    Jobs that the database lets nobody write have an alarm of their own. Held jobs wait for an operator, who knows.
    """
    now = deps.clock.now()
    waiting = [
        job for job in pending if not deps.hints.is_unwritable(job) and not adoption.is_held(job, control.adopted_from)
    ]
    return Waits(
        oldest_s=max((waited_s(job, now, {}) for job in waiting), default=0.0),
        longest_s=max((waited_s(job, now, control.closed_until) for job in waiting), default=0.0),
    )


def of_oldest(deps: TriggerDeps, control: Control, remaining_s: Callable[[], float]) -> Waits | None:
    """Read the oldest job, and return the longest waits. For ticks that do not read all jobs.

    A platform that was paused within a day is read by itself: its jobs waited for the pause, and would otherwise hide
    jobs that waited for a place. If a job that was just written has the smallest `createdAt`, it hides an older one,
    too, until it starts.
    Return None if time is short, or the database does not answer: the tick has done its work.
    """
    if remaining_s() < QUERY_RESERVE_S:
        return None
    a_day_ago = deps.clock.now() - LONGEST_PAUSE
    paused = [name for name in PlatformName if control.closed_until.get(name, a_day_ago) > a_day_ago]
    together = [name for name in PlatformName if name not in paused]
    with ThreadPoolExecutor(len(PlatformName)) as pool:
        groups = [*([name] for name in paused), *([together] if together else [])]
        found = pool.map(lambda platforms: _oldest(deps, platforms, control.adopted_from), groups)
        try:
            return of_jobs(deps, [job for jobs in found for job in jobs], control)
        except StoreUnavailableError:
            return None


def _oldest(deps: TriggerDeps, platforms: Collection[PlatformName], since: datetime | None) -> list[JobSnapshot]:
    """Return the oldest jobs. If held ones are the oldest, a second query asks for those that were created later."""
    number = 1 + min(len(deps.hints.unwritable), deps.limits.scan_page_size)
    found = deps.store.oldest_pending(platforms, number)
    if any(adoption.is_held(job, since) for job in found):
        found += deps.store.oldest_pending(platforms, number, since)
    return found
