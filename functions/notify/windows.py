"""Fan-out of events into people's windows: who is told, and when the next mail is due.

    webhooks' fan-out ── dueAt: null, mailDueAt: now ──> read ── people ──> windows ──> mailDueAt: null

Webhooks go first: a run does this in small steps, while it has nothing else to do and enough time. What is left stays
due. Organisations with few people to tell come first, so none with many keeps the others waiting.

Safe to run twice: a window knows the events that it holds, and those that were told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from aws_lambda_powertools import Logger

from notify.fan_out import OutboxEvent
from tracking.clock import Clock
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.jobs import Fields
from tracking.mail.digest import is_told
from tracking.mail.preferences import SOON_AFTER, Cadence, Preferences, settings_collection, settings_path
from tracking.mail.windows import Group, Window, group_of, window_path
from tracking.store import (
    MAX_WRITES_PER_COMMIT,
    OUTBOX,
    DocumentWrite,
    MailStore,
    StoredDocument,
    Unwritable,
)
from tracking.webhooks import MANAGERS

DUE = "mailDueAt"
PAGE = 200
MAX_READ = 1_000
"""The most events that are in hand at a time, without their payloads."""
MAX_OF_ORG = 200
"""Events of an organisation that are added at a time: less than a window remembers, so a killed run counts none twice.

The others of its events come after those of all organisations.
"""
BATCH = 200
"""People whose windows are read and written together."""
PEOPLE_PAGE = 1_000
MAX_PEOPLE = 5_000
"""The most members of an organisation who are told of one event."""
ORGS_AT_ONCE = 10
THREADS = 10
TRIES = 5
AGAIN_AFTER = timedelta(minutes=5)
"""When events are due again that did not reach someone's window. They do not stand before the others."""

_A = TypeVar("_A")
_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class _Org:
    """Events of an organisation, at most MAX_OF_ORG, and whom they concern."""

    org_id: str
    events: list[OutboxEvent]
    alerted: Mapping[str, Fields] = field(default_factory=dict)  # people by id, with their settings
    managers: Mapping[str, Fields] = field(default_factory=dict)
    left: int = 0  # people whose windows are not yet looked at
    failed: set[str] = field(default_factory=set)  # events that did not reach someone's window

    @property
    def people(self) -> list[str]:
        users = [event.user_id for event in self.events if event.user_id is not None]
        return list(dict.fromkeys([*users, *self.managers, *self.alerted]))

    def has(self, group: Group) -> bool:
        return any(group_of(event.type) is group for event in self.events)

    def for_person(self, user_id: str, preferences: Preferences) -> dict[str, OutboxEvent]:
        """Return the events that a person wants to know of, in their order."""
        of_org = {Group.ALERT: user_id in self.alerted, Group.WEBHOOK: user_id in self.managers}
        return {
            event.event_id: event
            for event in self.events
            if of_org.get(group_of(event.type), event.user_id == user_id)
            and preferences.wants_project(event.project_id)
        }


@dataclass(frozen=True, slots=True)
class _Person:
    org: _Org
    user_id: str

    @property
    def window_path(self) -> str:
        return window_path(self.org.org_id, self.user_id)

    @property
    def settings_path(self) -> str:
        return settings_path(self.org.org_id, self.user_id)


@dataclass(frozen=True, slots=True, eq=False)
class _Addition:
    """New events of a person's window."""

    person: _Person
    preferences: Preferences
    version: str | None  # of the window; None: there is none yet
    window: Window
    new: Mapping[str, Group]

    @property
    def asks_for_jobs(self) -> bool:
        """Return whether it matters that the person has no open job any more."""
        has_ended = any(group in {Group.READY, Group.FAILED} for group in self.new.values())
        return has_ended and not self.preferences.is_digest

    def due_at(self, now: datetime, has_open_job: bool) -> datetime:
        """Return when the window is due: for `soon` at once with the last job, if the last mail is not too new."""
        opened_at = self.window.opened_at or now
        if self.preferences.is_digest:
            return self.preferences.next_hour(now)
        due_at = now if self.asks_for_jobs and not has_open_job else opened_at + SOON_AFTER
        rests_until = self.window.rests_until([*self.window.groups, *self.new.values()])
        return max(due_at, rests_until) if rests_until else due_at

    def write(self, now: datetime, has_open_job: bool) -> DocumentWrite:
        window = self.window.with_events(self.new, now, self.due_at(now, has_open_job))
        fields, version = window.to_fields(), self.version
        return DocumentWrite(self.person.window_path, fields, must_be_new=version is None, version=version)


class WindowFanOut:
    """Adds the events that are due to people's windows, step by step."""

    def __init__(self, store: MailStore, clock: Clock, logger: Logger) -> None:
        self._store, self._clock, self._logger = store, clock, logger
        self._people: dict[str, dict[str, Fields]] = {}  # by their collection
        self._steps = self._work()
        self.is_done = False
        self.changed = 0  # windows
        self.oldest_due_at: datetime | None = None
        self.mistake: Exception | None = None

    def next_step(self) -> None:
        """Do a part of the work: a few requests. Trouble ends it, and what is not done is due at the next run.

        Raises CredentialsError alone. Other trouble with mail must not keep webhooks waiting: `mistake` has it.
        """
        try:
            next(self._steps)
        except StopIteration:
            self.is_done = True
        except CredentialsError:
            raise
        except StoreUnavailableError as error:
            self.is_done = True
            self._log_late(error, reason=error.message)
        except Exception as error:  # noqa: BLE001 - raised when webhooks are sent, as a missing index
            self.is_done, self.mistake = True, error

    def _work(self) -> Iterator[None]:
        until, last, is_read = self._clock.now(), None, False
        while not is_read:
            by_org = dict[str, list[OutboxEvent]]()
            for _ in range(MAX_READ // PAGE):
                page = self._store.due_documents(OUTBOX, DUE, until, PAGE, last)
                if page and self.oldest_due_at is None:
                    self.oldest_due_at = next(iter(page.values())).fields[DUE]
                self._sort(page, by_org)
                is_read = len(page) < PAGE
                if is_read:
                    break
                path, stored = list(page.items())[-1]
                last = stored.fields[DUE], path
                yield
            for events in by_org.values():
                events.sort(key=lambda event: event.occurred_at)  # those that are tried again come late
            while by_org:
                orgs = [_Org(org_id, events[:MAX_OF_ORG]) for org_id, events in by_org.items()]
                by_org = {org_id: rest for org_id, events in by_org.items() if (rest := events[MAX_OF_ORG:])}
                for some in _parts(orgs, ORGS_AT_ONCE):
                    self._find_people(some)
                    yield
                yield from self._tell(orgs)

    def _sort(self, page: Mapping[str, StoredDocument], by_org: dict[str, list[OutboxEvent]]) -> None:
        odd = list[str]()
        for path, stored in page.items():
            if path.rpartition("/")[0] != OUTBOX:
                continue
            event = OutboxEvent.from_document(path, stored.fields)
            if event and is_told(event.type):
                by_org.setdefault(event.org_id, []).append(replace(event, payload=""))
            else:
                odd.append(path)
        if odd:
            self._store.update_each([DocumentWrite(path, {DUE: None}) for path in odd])

    # People

    def _find_people(self, orgs: Sequence[_Org]) -> None:
        """Find the members who are told of more than their own jobs. Each organisation is asked once in a run."""
        with_alerts = [org for org in orgs if org.has(Group.ALERT)]
        with_webhooks = [org for org in orgs if org.has(Group.WEBHOOK)]
        asked: list[tuple[str, str, tuple[str | bool, ...]]]
        asked = [(settings_collection(org.org_id), "alerts", (True,)) for org in with_alerts]
        asked += [(f"organizations/{org.org_id}/members", "role", MANAGERS) for org in with_webhooks]
        new = [one for one in asked if one[0] not in self._people]
        self._people |= zip([one[0] for one in new], self._beside(lambda one: self._members(*one), new), strict=True)
        for org in with_alerts:
            org.alerted = self._people[settings_collection(org.org_id)]
        for org in with_webhooks:
            org.managers = self._people[f"organizations/{org.org_id}/members"]

    def _members(self, collection: str, name: str, values: Collection[str | bool]) -> dict[str, Fields]:
        """Return the documents with one of these values, by the id, which is a user's."""
        found, last = dict[str, StoredDocument](), None
        while len(found) < MAX_PEOPLE:
            page = self._store.documents_with(collection, name, values, PEOPLE_PAGE, last)
            found |= page
            if len(page) < PEOPLE_PAGE:
                break
            last = list(page)[-1]
        else:
            extra = {"action": "mail_people_cut", "path": collection, "number": len(found)}
            self._logger.warning("too many people to tell", extra=extra)
        return {path.rpartition("/")[2]: stored.fields for path, stored in found.items()}

    # Windows

    def _tell(self, orgs: Sequence[_Org]) -> Iterator[None]:
        """Add the events to people's windows. An organisation's are due no more when all its people have them."""
        people = list[_Person]()
        for org in sorted(orgs, key=lambda org: len(org.people)):
            told = [_Person(org, user_id) for user_id in org.people]
            org.left = len(told)
            people += told
        self._settle([org for org in orgs if not org.left])
        for some in _parts(people, BATCH):
            self._add(some)
            for person in some:
                person.org.left -= 1
            self._settle([org for org in dict.fromkeys(person.org for person in some) if not org.left])
            yield

    def _add(self, people: Sequence[_Person]) -> None:
        """Add events to the windows of these people."""
        for _ in range(TRIES):
            stale = self._try(people)
            if not stale:
                return
            people = [addition.person for addition in stale]
        for addition in stale:
            self._note_failure(addition.person, addition.new, "busy")

    def _try(self, people: Sequence[_Person]) -> list[_Addition]:
        """Return what must be tried again, because its window has changed: by the mail function, or another run."""
        paths = [person.settings_path for person in people if person.user_id not in person.org.alerted]
        found = self._store.get_stored_each([*paths, *(person.window_path for person in people)])
        additions = [one for person in people if (one := self._guarded(person, partial(self._new, person, found)))]
        asking = [addition for addition in additions if addition.asks_for_jobs]
        open_jobs = dict(zip(asking, self._beside(self._has_job, asking), strict=True))
        now, made = self._clock.now(), list[tuple[_Addition, DocumentWrite]]()
        for addition in additions:
            write_it = partial(addition.write, now, open_jobs.get(addition, False))
            if write := self._guarded(addition.person, write_it):
                made.append((addition, write))
        stale = list[_Addition]()
        answers = self._store.put_each([write for _, write in made]) if made else []
        for (addition, _), answer in zip(made, answers, strict=True):
            if answer is None:
                stale.append(addition)
            elif isinstance(answer, Unwritable):
                self._note_failure(addition.person, addition.new, answer.code)
            else:
                self.changed += 1
        return stale

    def _new(self, person: _Person, found: Mapping[str, StoredDocument]) -> _Addition | None:
        """Return what is new for a person, or None if nothing is."""
        settings = person.org.alerted.get(person.user_id)
        if settings is None and (stored := found.get(person.settings_path)):
            settings = stored.fields
        preferences = Preferences.from_document(settings)
        if preferences.odd:
            extra = {"org_id": person.org.org_id, "user_id": person.user_id, "fields": list(preferences.odd)}
            self._logger.warning("settings malformed", extra=extra | {"action": "mail_settings_malformed"})
        if preferences.email is Cadence.OFF:
            return None
        wanted = person.org.for_person(person.user_id, preferences)
        before = found.get(person.window_path)
        window = Window.from_document(before.fields if before else None)
        new = {event_id: group_of(wanted[event_id].type) for event_id in window.new_of(wanted)}
        return _Addition(person, preferences, before.version if before else None, window, new) if new else None

    def _has_job(self, addition: _Addition) -> bool:
        try:
            return self._store.has_open_job(addition.person.org.org_id, addition.person.user_id)
        except StoreUnavailableError:
            return True  # then the mail comes ten minutes later at the most

    def _guarded(self, person: _Person, work: Callable[[], _T]) -> _T | None:
        """Return what is made of a person's documents. None if that fails: the others are told all the same."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - logged; whatever somebody wrote there
            self._log_late(error, reason="mistake", org_id=person.org.org_id, user_id=person.user_id)
            person.org.failed |= {event.event_id for event in person.org.events}
            return None

    def _note_failure(self, person: _Person, event_ids: Collection[str], reason: str) -> None:
        self._log_late(None, reason=reason, org_id=person.org.org_id, user_id=person.user_id)
        person.org.failed |= set(event_ids)

    def _settle(self, orgs: Sequence[_Org]) -> None:
        """Note that events have reached all their people, or when they are due again."""
        again_at = self._clock.now() + AGAIN_AFTER
        writes = [
            DocumentWrite(event.path, {DUE: again_at if event.event_id in org.failed else None})
            for org in orgs
            for event in org.events
        ]
        for some in _parts(writes, MAX_WRITES_PER_COMMIT):
            self._store.update_each(some)

    def _beside(self, work: Callable[[_A], _T], asked: Sequence[_A]) -> list[_T]:
        """Ask for each in threads."""
        if len(asked) < 2:
            return [work(one) for one in asked]
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(work, asked))

    def _log_late(self, error: Exception | None, **told: str) -> None:
        extra = {"action": "mail_windows_late", **told}
        self._logger.warning("events did not reach the windows of mail", extra=extra, exc_info=error)


def _parts(many: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for first in range(0, len(many), size):
        yield many[first : first + size]
