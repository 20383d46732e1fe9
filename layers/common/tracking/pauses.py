"""Pauses: when a platform refuses our credential, all its jobs wait instead of failing one by one.

    refused until 14:05 ──> every tick: no query for the platform, no start
    14:05 the first tick starts 1 job, the next 2, 4, 8 ... ──> after ten minutes the pause is forgotten
          the next refusal ──> a new pause

One control document holds all pauses, one field per platform. Its other fields are the trigger's (`trigger.control`),
and the rules let no page read it. So each pause is written twice: the status document holds a copy for pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.store import DocumentWrite

CONTROL_DOCUMENT = "trackingControl/platforms"
STATUS_DOCUMENT = "trackingStatus/platforms"
"""The pauses as every signed-in user may read them. The functions never read it."""

RAMP_STEP = timedelta(minutes=1)  # one tick
RAMP_STEPS = 10

DEFAULT_RATE_PAUSE = timedelta(minutes=15)  # if the platform names no time
QUOTA_PAUSE = timedelta(hours=1)  # if the time of the next refill is unknown: then one job tries each hour
CREDENTIALS_PAUSE = timedelta(minutes=5)  # then one job tries whether somebody has renewed the key
LONGEST_PAUSE = timedelta(days=1)
BY_OPERATOR = "operator"  # the reason of a pause that no refusal made


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    platform: PlatformName
    until: datetime  # aware UTC
    reason: str  # a class name of `tracking.errors`, or BY_OPERATOR

    def starts_allowed(self, now: datetime) -> int | None:
        """Return how many jobs one tick may start: 0 while paused, then 1, 2, 4 ...; None after the last step."""
        if now < self.until:
            return 0
        steps = (now - self.until) // RAMP_STEP
        return 2**steps if steps < RAMP_STEPS else None

    def to_write(self) -> DocumentWrite:
        return DocumentWrite(CONTROL_DOCUMENT, {str(self.platform): {"until": self.until, "reason": self.reason}})


def clearing(platform: PlatformName) -> DocumentWrite:
    return DocumentWrite(CONTROL_DOCUMENT, {str(platform): None})


def with_copy(write: DocumentWrite) -> list[DocumentWrite]:
    """Return the write of a pause, or of its end, and its copy for pages. Commit both together if you can."""
    return [write, replace(write, path=STATUS_DOCUMENT)]


def from_document(document: Mapping[str, Any] | None) -> dict[PlatformName, Pause]:
    """Read the pauses. Ignore an entry that cannot be read, because operators may edit the document by hand."""
    pauses = {}
    for platform in PlatformName:
        entry = (document or {}).get(platform)
        if isinstance(entry, dict) and isinstance(entry.get("until"), datetime):
            pauses[platform] = Pause(platform=platform, until=entry["until"], reason=str(entry.get("reason", "")))
    return pauses


def active(document: Mapping[str, Any] | None, now: datetime) -> dict[PlatformName, Pause]:
    """Return the pauses that still hold jobs back."""
    return {name: pause for name, pause in from_document(document).items() if pause.starts_allowed(now) is not None}


def rate_limited_until(retry_at: datetime | None, now: datetime) -> datetime:
    return min(retry_at or now + DEFAULT_RATE_PAUSE, now + LONGEST_PAUSE)


def quota_used_up_until(platform: PlatformName, now: datetime) -> datetime:
    """Return the next refill: at the hour that the platform's contract names, or one hour from now if it names none."""
    hour = PLATFORMS[platform].quota_reset_hour_utc
    if hour is None:
        return now + QUOTA_PAUSE
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if now < today else today + timedelta(days=1)
