"""A person's settings for mail: contracts/notifications.json. They are read anew when a mail is due.

A malformed setting counts as its default, and is named in `odd`. So nothing is lost for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tracking.jobs import Fields
from tracking.store import DocumentWrite

SOON_AFTER = timedelta(minutes=10)
"""How long a window of `soon` is open, so that one mail says what happens within this time."""
SEEN_EVERY = timedelta(minutes=5)
"""How often a page writes `lastSeenAt` while it shows the jobs."""
STILL_THERE = SEEN_EVERY + timedelta(minutes=1)
"""A person who was seen within this time may be there still: only the page's next write tells."""
DEFAULT_HOUR = 8
MONDAY = 0


class Cadence(StrEnum):
    SOON = "soon"
    DAILY = "daily"
    WEEKLY = "weekly"  # on Mondays
    OFF = "off"


def settings_path(org_id: str, user_id: str) -> str:
    return f"organizations/{org_id}/notificationSettings/{user_id}"


def settings_collection(org_id: str) -> str:
    return f"organizations/{org_id}/notificationSettings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    email: Cadence = Cadence.SOON
    alerts: bool = False  # whether events of accounts and videos come, too
    hour: int = DEFAULT_HOUR  # local, for daily and weekly
    zone: tzinfo = UTC
    project_ids: frozenset[str] = frozenset()  # empty: all
    last_seen_at: datetime | None = None  # when a page last showed the jobs
    odd: tuple[str, ...] = ()  # fields whose values are malformed

    @classmethod
    def from_document(cls, fields: Fields | None) -> Preferences:
        """Read the settings. None: the person has none, so the defaults hold."""
        odd: list[str] = []
        read = _Reader(fields or {}, odd)
        email = read.one("email", lambda value: Cadence(value), Cadence.SOON)
        alerts = read.one("alerts", _bool, default=False)
        hour = read.one("hour", _hour, DEFAULT_HOUR)
        zone: tzinfo = read.one("timezone", _zone, UTC)
        project_ids = read.one("projectIds", _ids, frozenset())
        last_seen_at = read.one("lastSeenAt", _moment, None)
        return cls(
            email=email,
            alerts=alerts,
            hour=hour,
            zone=zone,
            project_ids=project_ids,
            last_seen_at=last_seen_at,
            odd=tuple(odd),
        )

    @property
    def is_digest(self) -> bool:
        """Return whether mails come at fixed hours."""
        return self.email in {Cadence.DAILY, Cadence.WEEKLY}

    def next_hour(self, after: datetime) -> datetime:
        """Return the first moment after `after` at which a window is looked at, in UTC: the person's hour, each day.

        A weekly mail waits for Monday by `next_mail`. But its window is looked at daily, because the person may choose
        another cadence meanwhile.

        An hour that a clock change leaves out comes an hour later, and one that comes twice counts the first time: that
        is how `zoneinfo` reads such a time.
        """
        return self._first(after, is_weekly=False)

    def next_mail(self, after: datetime) -> datetime:
        """Return the first moment after `after` at which a daily or weekly mail is sent, in UTC."""
        return self._first(after, is_weekly=self.email is Cadence.WEEKLY)

    def _first(self, after: datetime, *, is_weekly: bool) -> datetime:
        first = after.astimezone(self.zone).date()
        for days in range(16):  # two weeks: the first may have an hour that has passed
            day = first + timedelta(days=days)
            if is_weekly and day.weekday() != MONDAY:
                continue
            moment = datetime.combine(day, time(self.hour), self.zone).astimezone(UTC)
            if moment > after:
                return moment
        raise AssertionError("Two weeks have no Monday.")

    def wants_project(self, project_id: str | None) -> bool:
        """Return whether the person wants news of this project. None: the event is the organisation's."""
        return not self.project_ids or project_id is None or project_id in self.project_ids

    def seen_at(self, now: datetime) -> datetime | None:
        """Return when the person was last seen; None if never, or if the time lies in the future: a clock is wrong."""
        return self.last_seen_at if self.last_seen_at and self.last_seen_at <= now + SEEN_EVERY else None


class _Reader:
    def __init__(self, fields: Fields, odd: list[str]) -> None:
        self._fields, self._odd = fields, odd

    def one(self, name: str, read: Any, default: Any) -> Any:
        value = self._fields.get(name)
        if value is None:
            return default
        try:
            return read(value)
        # ZoneInfo: KeyError for an unknown name, ValueError for a path, OSError for a folder such as "America".
        except (KeyError, ValueError, TypeError, OSError):
            self._odd.append(name)
            return default


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _hour(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 23:
        raise ValueError
    return value


def _zone(value: object) -> ZoneInfo:
    if not isinstance(value, str) or len(value) > 64 or not value.isascii():
        raise TypeError
    return ZoneInfo(value)


def _ids(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return frozenset(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError
    return value


def switching_off(org_id: str, user_id: str, now: datetime) -> DocumentWrite:
    """Return the write that ends a person's mail of an organisation."""
    return DocumentWrite(settings_path(org_id, user_id), {"email": Cadence.OFF, "updatedAt": now})
