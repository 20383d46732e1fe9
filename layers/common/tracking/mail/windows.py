"""Windows: what the next mail to a person will say. `organizations/{orgId}/mailWindows/{uid}`

    an event ──> waiting, dueAt ──> the mail is made in the commit that empties the window
                    └─ a further event joins

An event is in a mail once: its id stays in the window until 200 later ones have pushed it out. If more than 50 wait,
some are only counted: alerts before jobs, jobs that went well before others, and of each group the oldest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from tracking.events import OF_JOBS, OF_WEBHOOKS, EventType
from tracking.jobs import Fields
from tracking.store import MAIL_WINDOWS

MAX_EVENTS = 50
"""Events that a mail tells one by one. Of those beyond, it says how many there are."""
MAX_SENT = 200
"""Ids of events that were told, which are kept so that none is told again."""
MAX_MORE = 1_000_000
PAUSE = timedelta(minutes=10)
"""The least time between two mails of `soon` to a person, whatever happens."""
PAUSE_OF_ALERTS = timedelta(hours=1)
"""The same for a mail that tells of accounts and videos alone."""


class Group(IntEnum):
    """The subjects of events. The smaller ones make room for the larger ones."""

    ALERT = 0  # of accounts and videos
    READY = 1
    FAILED = 2
    WEBHOOK = 3


def group_of(event_type: str) -> Group:
    if event_type == EventType.JOB_FAILED:
        return Group.FAILED
    if event_type.startswith(OF_JOBS):
        return Group.READY
    return Group.WEBHOOK if event_type.startswith(OF_WEBHOOKS) else Group.ALERT


def window_path(org_id: str, user_id: str) -> str:
    return f"organizations/{org_id}/{MAIL_WINDOWS}/{user_id}"


def owner_of(path: str) -> tuple[str, str]:
    """Return organisation and user of a window's path."""
    _, org_id, _, user_id = path.split("/")
    return org_id, user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    opened_at: datetime | None = None  # the time of the first event that waits; None: nothing waits
    due_at: datetime | None = None
    event_ids: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()  # of these events
    more: Mapping[Group, int] = field(default_factory=dict)  # events beyond these
    sent_ids: tuple[str, ...] = ()  # events that were told, or are counted in `more`; the newest last
    mail_id: str | None = None  # the last mail that was made of the window
    last_sent_at: datetime | None = None  # when that was

    @classmethod
    def from_document(cls, fields: Fields | None) -> Window:
        """Read a window. None: the person has none yet. What is malformed counts as missing."""
        found = fields or {}
        names = ("openedAt", "dueAt", "mailId", "lastSentAt")
        opened_at, due_at, mail_id, last_sent_at = (found.get(name) for name in names)
        event_ids = _ids(found.get("eventIds"))
        return cls(
            opened_at=opened_at if isinstance(opened_at, datetime) else None,
            due_at=due_at if isinstance(due_at, datetime) else None,
            event_ids=event_ids,
            groups=_groups(found.get("groups"), len(event_ids)),
            more=_more(found.get("more")),
            sent_ids=_ids(found.get("sentIds")),
            mail_id=mail_id if isinstance(mail_id, str) else None,
            last_sent_at=last_sent_at if isinstance(last_sent_at, datetime) else None,
        )

    def to_fields(self) -> Fields:
        return {
            "openedAt": self.opened_at,
            "dueAt": self.due_at,
            "eventIds": list(self.event_ids),
            "groups": [group.name.lower() for group in self.groups],
            "more": {group.name.lower(): number for group, number in self.more.items()},
            "sentIds": list(self.sent_ids),
            "mailId": self.mail_id,
            "lastSentAt": self.last_sent_at,
        }

    def new_of(self, event_ids: Iterable[str]) -> list[str]:
        """Return those events that the window does not know."""
        known = {*self.event_ids, *self.sent_ids}
        return [one for one in dict.fromkeys(event_ids) if one not in known]

    def with_events(self, events: Mapping[str, Group], now: datetime, due_at: datetime) -> Window:
        """Return the window with further events, all of them new to it. It is due at the earlier of both times."""
        every = [*zip(self.event_ids, self.groups, strict=True), *events.items()]
        by_weight = sorted(range(len(every)), key=lambda place: (every[place][1], place))
        beyond = set(by_weight[: max(0, len(every) - MAX_EVENTS)])
        kept = [one for place, one in enumerate(every) if place not in beyond]
        more = dict(self.more)
        for place in beyond:
            more[every[place][1]] = more.get(every[place][1], 0) + 1
        return replace(
            self,
            opened_at=self.opened_at or now,
            due_at=min(self.due_at, due_at) if self.due_at else due_at,
            event_ids=tuple(event_id for event_id, _ in kept),
            groups=tuple(group for _, group in kept),
            more=more,
            sent_ids=(*self.sent_ids, *(every[place][0] for place in sorted(beyond)))[-MAX_SENT:],
        )

    def without(self, seen: Collection[str]) -> Window:
        """Return the window without events that its person has seen.

        Those of their groups that are only counted are older, so they were seen, too.
        """
        waiting = [*zip(self.event_ids, self.groups, strict=True)]
        kept = [(event_id, group) for event_id, group in waiting if event_id not in seen]
        groups = {group for event_id, group in waiting if event_id in seen}
        return replace(
            self,
            event_ids=tuple(event_id for event_id, _ in kept),
            groups=tuple(group for _, group in kept),
            more={group: number for group, number in self.more.items() if group not in groups},
            sent_ids=(*self.sent_ids, *(event_id for event_id in self.event_ids if event_id in seen))[-MAX_SENT:],
        )

    def rests_until(self, groups: Collection[Group]) -> datetime | None:
        """Return the earliest time of a mail of `soon` that tells of these groups; None: at any time."""
        if self.last_sent_at is None:
            return None
        return self.last_sent_at + (PAUSE_OF_ALERTS if set(groups) == {Group.ALERT} else PAUSE)

    def emptied(self, mail_id: str | None = None, now: datetime | None = None) -> Window:
        """Return the window after its mail was made at `now`, or after nothing was left to tell."""
        return Window(
            sent_ids=(*self.sent_ids, *self.event_ids)[-MAX_SENT:],
            mail_id=mail_id or self.mail_id,
            last_sent_at=now or self.last_sent_at,
        )

    def put_off(self, due_at: datetime) -> Window:
        return replace(self, due_at=due_at)


_BY_NAME = {group.name.lower(): group for group in Group}


def _ids(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _groups(value: object, number: int) -> tuple[Group, ...]:
    names = value if isinstance(value, list) else []
    if len(names) != number or not all(isinstance(name, str) and name in _BY_NAME for name in names):
        return (Group.READY,) * number
    return tuple(_BY_NAME[name] for name in names)


def _more(value: object) -> dict[Group, int]:
    found = value if isinstance(value, dict) else {}
    return {
        group: number
        for name, group in _BY_NAME.items()
        if type(number := found.get(name)) is int and 0 < number <= MAX_MORE
    }
