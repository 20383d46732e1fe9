"""The memory that a tick hands to the next one of the same warm environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracking.store import JobSnapshot

REMEMBER_FOR = timedelta(hours=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Hints:
    """Lets a tick read less. Nothing is wrong when it is lost."""

    is_busy: bool = False  # many jobs wait, or a platform is paused
    next_scan_id: str = ""  # id of the job that the next walk through all waiting jobs goes on from
    unwritable: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Jobs whose document could not be written: its version and its organisation, by the job's id."""
    unwritable_since: datetime = LONG_AGO

    def remember_unwritable(self, job: JobSnapshot, at_most: int) -> None:
        """So that it is not tried in each tick, nor stands before the others of its organisation."""
        if len(self.unwritable) < at_most:
            self.unwritable[job.job_id] = (job.version, str(job.data.get("orgId")))

    def forget_the_old(self, now: datetime) -> None:
        """Once an hour all are tried again: some may be gone."""
        if now - self.unwritable_since > REMEMBER_FOR:
            self.unwritable.clear()
            self.unwritable_since = now

    def is_unwritable(self, job: JobSnapshot) -> bool:
        """As it is now; it is tried again when somebody has changed it."""
        return self.unwritable.get(job.job_id, ("",))[0] == job.version
