"""Fan-out of events into people's windows: who is told, and when the next mail is due.

Safe to run twice: a window knows the events that it holds, and those that were told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from aws_lambda_powertools import Logger

from tracking.document_limits import is_document_id
from tracking.errors import StoreUnavailableError
from tracking.jobs import Fields
from tracking.mail.digest import is_told
from tracking.mail.preferences import SOON_AFTER, Cadence, Preferences, settings_collection, settings_path
from tracking.mail.windows import Window, window_path
from tracking.sentences import say
from tracking.store import DocumentExistsError, DocumentWrite, MailStore, StaleVersionError

MAX_PEOPLE = 1_000
"""The most members of an organisation who are told of one event."""
TRIES = 5
OF_JOBS = "tracking.job."
OF_WEBHOOKS = "tracking.webhook."
MANAGERS = ("owner", "admin")

_BUSY = say("databaseTrouble", detail="Other writers changed a window of mail again and again.")


def add_events(store: MailStore, events: Mapping[str, Fields], now: datetime, logger: Logger) -> int:
    """Add events to the windows of those who want to know. Return how many windows have changed.

    `events`: the documents' maps `event`, by the events' ids. Raises StoreUnavailableError when a window could not be
    written: then the events must be handed on again.
    """
    people = _People(store)
    by_person: dict[tuple[str, str], dict[str, Fields]] = defaultdict(dict)
    for event_id, event in events.items():
        for user_id in people.told_of(event):
            by_person[event["orgId"], user_id][event_id] = event
    documents = store.get_stored_each([settings_path(*person) for person in by_person]) if by_person else {}
    changed = 0
    for (org_id, user_id), theirs in by_person.items():
        stored = documents.get(settings_path(org_id, user_id))
        preferences = Preferences.from_document(stored.fields if stored else None)
        if preferences.odd:
            extra = {"org_id": org_id, "user_id": user_id, "fields": list(preferences.odd)}
            logger.warning("settings malformed", extra=extra | {"action": "mail_settings_malformed"})
        if preferences.email is Cadence.OFF:
            continue
        wanted = {
            event_id: event for event_id, event in theirs.items() if preferences.wants_project(event["projectId"])
        }
        if wanted:
            changed += _add(store, org_id, user_id, wanted, preferences, now)
    return changed


class _People:
    """The people who are told of an event. Each organisation is asked once."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._found: dict[tuple[str, str], list[str]] = {}

    def told_of(self, event: Fields) -> list[str]:
        if not is_told(event["type"]):
            return []
        if event["type"].startswith(OF_JOBS):
            user_id = event.get("userId")
            return [user_id] if isinstance(user_id, str) and is_document_id(user_id) else []
        if event["type"].startswith(OF_WEBHOOKS):
            return self._members(event["orgId"], f"organizations/{event['orgId']}/members", "role", MANAGERS)
        return self._members(event["orgId"], settings_collection(event["orgId"]), "alerts", (True,))

    def _members(self, org_id: str, collection: str, field: str, values: tuple[str | bool, ...]) -> list[str]:
        if (org_id, field) not in self._found:
            found = self._store.documents_with(collection, field, values, MAX_PEOPLE)
            self._found[org_id, field] = [path.rpartition("/")[2] for path in found]
        return self._found[org_id, field]


def _add(
    store: MailStore, org_id: str, user_id: str, events: Mapping[str, Fields], preferences: Preferences, now: datetime
) -> bool:
    """Add events to a window. Return whether one of them is new to it."""
    path = window_path(org_id, user_id)
    for _ in range(TRIES):
        stored = store.get_stored_each([path]).get(path)
        window = Window.from_document(stored.fields if stored else None)
        new = window.new_of(events)
        if not new:
            return False
        due_at = _due_at(store, org_id, user_id, [events[one] for one in new], preferences, window.opened_at, now)
        fields = window.with_events(new, now, due_at).to_fields()
        try:
            version = stored.version if stored else None
            store.put_document(DocumentWrite(path, fields, must_be_new=stored is None, version=version))
        except (StaleVersionError, DocumentExistsError):  # the mail function, or our own write whose reply was lost
            continue
        return True
    raise StoreUnavailableError(_BUSY)


def _due_at(
    store: MailStore,
    org_id: str,
    user_id: str,
    new: list[Fields],
    preferences: Preferences,
    opened_at: datetime | None,
    now: datetime,
) -> datetime:
    """Return when the window is due with the new events: for `soon` at once if no job of the user is open any more."""
    if preferences.is_digest:
        return preferences.next_hour(opened_at or now)
    has_ended = any(event["type"].startswith(OF_JOBS) for event in new)
    if has_ended and not store.has_open_job(org_id, user_id):
        return now
    return (opened_at or now) + SOON_AFTER
