"""Windows: what the next mail to a person will say. `organizations/{orgId}/mailWindows/{uid}`

    an event ──> waiting, dueAt ──> the mail is made in the commit that empties the window
                    └─ a further event joins

An event is in a mail once: its id stays in the window until 200 later ones have pushed it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tracking.jobs import Fields
from tracking.store import MAIL_WINDOWS

MAX_EVENTS = 50
"""Events that a mail tells one by one. Of those beyond, it says how many there are."""
MAX_SENT = 200
"""Ids of events that were told, which are kept so that none is told again."""


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
    more: int = 0  # events beyond these
    sent_ids: tuple[str, ...] = ()  # events that were told, or are counted in `more`; the newest last
    mail_id: str | None = None  # the last mail that was made of the window

    @classmethod
    def from_document(cls, fields: Fields | None) -> Window:
        """Read a window. None: the person has none yet. What is malformed counts as missing."""
        found = fields or {}
        opened_at, due_at, more, mail_id = (found.get(name) for name in ("openedAt", "dueAt", "more", "mailId"))
        return cls(
            opened_at=opened_at if isinstance(opened_at, datetime) else None,
            due_at=due_at if isinstance(due_at, datetime) else None,
            event_ids=_ids(found.get("eventIds")),
            more=more if type(more) is int else 0,
            sent_ids=_ids(found.get("sentIds")),
            mail_id=mail_id if isinstance(mail_id, str) else None,
        )

    def to_fields(self) -> Fields:
        return {
            "openedAt": self.opened_at,
            "dueAt": self.due_at,
            "eventIds": list(self.event_ids),
            "more": self.more,
            "sentIds": list(self.sent_ids),
            "mailId": self.mail_id,
        }

    def new_of(self, event_ids: Iterable[str]) -> list[str]:
        """Return those events that the window does not know."""
        known = {*self.event_ids, *self.sent_ids}
        return [one for one in dict.fromkeys(event_ids) if one not in known]

    def with_events(self, event_ids: Collection[str], now: datetime, due_at: datetime) -> Window:
        """Return the window with further events, all of them new to it. It is due at the earlier of both times."""
        every = [*self.event_ids, *event_ids]
        beyond = every[MAX_EVENTS:]
        return replace(
            self,
            opened_at=self.opened_at or now,
            due_at=min(self.due_at, due_at) if self.due_at else due_at,
            event_ids=tuple(every[:MAX_EVENTS]),
            more=self.more + len(beyond),
            sent_ids=(*self.sent_ids, *beyond)[-MAX_SENT:],
        )

    def emptied(self, mail_id: str | None = None) -> Window:
        """Return the window after its mail was made, or after nothing was left to tell."""
        return Window(sent_ids=(*self.sent_ids, *self.event_ids)[-MAX_SENT:], mail_id=mail_id or self.mail_id)

    def put_off(self, due_at: datetime) -> Window:
        return replace(self, due_at=due_at)


def _ids(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
