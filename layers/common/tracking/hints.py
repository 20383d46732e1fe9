"""Hints: what one tick remembers for the next tick in the same warm environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracking.store import JobSnapshot

REMEMBER_FOR = timedelta(hours=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Hints:
    """Memory that lets a tick read less. If this memory is lost, the next tick is still correct."""

    is_busy: bool = False  # many jobs wait, or a platform is paused: use several queries
    next_scan_id: str = ""  # id at which the scan of all waiting jobs continues
    counted_at: datetime = LONG_AGO  # the last time that a tick read all processing jobs
    unwritable: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Unwritable jobs by id: the version and the organisation of each."""
    unwritable_since: datetime = LONG_AGO

    def remember_unwritable(self, job: JobSnapshot, at_most: int) -> None:
        """Remember the job, so that later ticks neither write to it nor let it block its organisation's other jobs."""
        if len(self.unwritable) < at_most:
            self.unwritable[job.job_id] = (job.version, str(job.data.get("orgId")))

    def forget_the_old(self, now: datetime) -> None:
        """Forget all jobs once an hour, because some may be writable or deleted by then."""
        if now - self.unwritable_since > REMEMBER_FOR:
            self.unwritable.clear()
            self.unwritable_since = now

    def is_unwritable(self, job: JobSnapshot) -> bool:
        """Return whether the job, at this version, is known as unwritable. After any change it is tried again."""
        return self.unwritable.get(job.job_id, ("",))[0] == job.version
