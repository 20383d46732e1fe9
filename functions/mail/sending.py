"""Send the mails of windows that are due, each at most once.

    1. one commit   the mail is new, as PROCESSING with a lease; the window is empty
    2. SES
    3. one write    SUCCESS with SES's id of the message

Killed before 1: the window is still due. Killed after it: nobody knows whether the mail was sent, so the lease runs out
and the mail becomes ERROR. A refusal of SES is known, so that mail waits as PENDING and is tried again.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex
from typing import Any, TypeGuard

from aws_lambda_powertools import Logger

from tracking.errors import TrackingError
from tracking.events import OF_JOBS, OF_WEBHOOKS
from tracking.jobs import Fields
from tracking.mail import letters, rendering
from tracking.mail.digest import Digest, is_told, of_events
from tracking.mail.letters import State, attempts_of, delivery_of
from tracking.mail.organisations import organisation_name, organisation_path
from tracking.mail.post import MaybeSentError, NotSentError, Post
from tracking.mail.preferences import SOON_AFTER, STILL_THERE, Cadence, Preferences, settings_path
from tracking.mail.recipients import Address
from tracking.mail.suppressions import suppression_path
from tracking.mail.unsubscribing import Subscriber, token
from tracking.mail.windows import Group, Window, group_of, owner_of
from tracking.news_wiring import MailDeps
from tracking.store import (
    MAIL,
    MAIL_WINDOWS,
    OUTBOX,
    DocumentExistsError,
    DocumentWrite,
    StaleVersionError,
    StoredDocument,
)
from tracking.webhooks import MANAGERS

PAGE = 50
Page = dict[str, StoredDocument]


@dataclass(slots=True)
class Done:
    """The counts of a run. `errors`: mails that failed by our fault, and calls that our account was refused."""

    sent: int = 0
    skipped: int = 0
    errors: int = 0
    put_off: int = 0

    def add(self, other: Done) -> None:
        self.sent += other.sent
        self.skipped += other.skipped
        self.errors += other.errors
        self.put_off += other.put_off


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the function. `has_time` says whether another mail can be begun."""

    deps: MailDeps
    has_time: Callable[[], bool]
    logger: Logger
    done: Done = field(default_factory=Done)

    def send_all(self) -> Done:
        """Send what is due. Trouble with one mail keeps no other: the first error is raised at the end.

        Raises StoreUnavailableError and CredentialsError: what was not sent is due at the next run.
        """
        post, failures = self.deps.post, list[TrackingError]()
        if post is not None:
            failures += self._each(self._mails_to_look_at(), lambda path, stored: self._look_at(post, path, stored))
        failures += self._each(self._pages(MAIL_WINDOWS, "dueAt"), self._send_window)
        if failures:
            raise failures[0]
        return self.done

    def _each(self, pages: Iterator[Page], work: Callable[[str, StoredDocument], Done]) -> list[TrackingError]:
        """Work on the documents, a page at a time: so the first mail waits for one page. Return what failed."""

        def one(item: tuple[str, StoredDocument]) -> Done | TrackingError:
            if not self.has_time():
                return Done()
            try:
                return work(*item)
            except TrackingError as error:
                return error
            except Exception as error:  # noqa: BLE001 - odd data of one person
                return self._tell_of(item[0], error)

        failures: list[TrackingError] = []
        try:
            for page in pages:
                for outcome in self._mapped(one, page):
                    if isinstance(outcome, Done):
                        self.done.add(outcome)
                    else:
                        failures.append(outcome)
        except TrackingError as error:  # of a query
            failures.append(error)
        return failures

    def _mapped(
        self, one: Callable[[tuple[str, StoredDocument]], Done | TrackingError], page: Page
    ) -> Iterator[Done | TrackingError]:
        if self.deps.threads == 1:
            yield from map(one, page.items())
            return
        with ThreadPoolExecutor(self.deps.threads) as pool:
            yield from pool.map(one, page.items())

    def _pages(self, group: str, field: str) -> Iterator[Page]:
        """Yield what was due when the run began. What a run changes is due no more, or later."""
        now, last = self.deps.clock.now(), None
        while self.has_time():
            page = self.deps.store.due_documents(group, field, now, PAGE, last)
            yield page
            if len(page) < PAGE:
                return
            path, stored = list(page.items())[-1]
            last = _entry(stored.fields, field), path

    def _tell_of(self, path: str, error: Exception) -> Done:
        """Log where a document failed, without the error's text: it may hold an address. It stays as it is."""
        frames = [f"{one.name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
        extra = {"document": path, "error": type(error).__name__, "frames": frames[-8:], "action": "mail_trouble"}
        self.logger.error("document not handled", extra=extra)
        return Done(errors=1)

    # Windows

    def _send_window(self, path: str, stored: StoredDocument) -> Done:
        org_id, user_id = owner_of(path)
        window, now = Window.from_document(stored.fields), self.deps.clock.now()
        found = self.deps.store.get_stored_each(
            [
                *(settings_path(org_id, user_id), _member(org_id, user_id), organisation_path(org_id)),
                *(f"{OUTBOX}/{one}" for one in window.event_ids),
            ]
        )
        settings = found.get(settings_path(org_id, user_id))
        preferences = Preferences.from_document(settings.fields if settings else None)
        if preferences.odd:
            extra = {"org_id": org_id, "user_id": user_id, "fields": list(preferences.odd)}
            self.logger.warning("settings malformed", extra=extra | {"action": "mail_settings_malformed"})
        member = found.get(_member(org_id, user_id))
        role = member.fields.get("role") if member else None
        events, malformed = _events(window, found)
        if malformed:
            self._tell_of_unreadable(path, malformed)
        wanted = [(one, event) for one, event in events if _wants(preferences, role, event, now)]
        reason = _refusal(preferences, is_member=member is not None, is_empty=not wanted)
        if reason:
            return self._skip(path, stored, window, reason)
        seen = [one for one, event in events if _is_seen(preferences, event, now)]
        told = [event for _, event in wanted]
        later = _later(window, preferences, told, now) or _rest(window, preferences, told, now)
        if later:
            return self._put_off(path, stored, _without(window, seen, told).put_off(later))
        more = {
            group: number
            for group, number in window.without(seen).more.items()
            if _is_counted(group, preferences, role)
        }
        digest = of_events(wanted, sum(more.values()), more.get(Group.FAILED, 0))
        if digest.unreadable:
            self._tell_of_unreadable(path, digest.unreadable)
        if not digest.lines:
            return self._skip(path, stored, window, "unreadable")
        address = self.deps.addresses.of(user_id)
        if not address.email:
            return self._skip(path, stored, window, address.reason)
        if suppression_path(address.email) in self.deps.store.get_stored_each([suppression_path(address.email)]):
            return self._skip(path, stored, window, "suppressed")
        organisation = found.get(organisation_path(org_id))
        link_token = token(self.deps.key(), Subscriber(org_id, user_id))
        frame = rendering.Frame(
            product=self.deps.sender.product,
            organisation=organisation_name(org_id, organisation.fields if organisation else None),
            unsubscribe_url=f"{self.deps.sender.unsubscribe_url}?t={link_token}",
            app_url=self.deps.sender.app_url,
            cadence=preferences.email,
        )
        return self._make(path, stored, window, digest, frame, address.email)

    def _tell_of_unreadable(self, path: str, event_ids: Collection[str]) -> None:
        org_id, user_id = owner_of(path)
        extra = {"org_id": org_id, "user_id": user_id, "events": list(event_ids), "action": "mail_events_unreadable"}
        self.logger.error("events unreadable", extra=extra)

    def _make(
        self,
        path: str,
        stored: StoredDocument,
        window: Window,
        digest: Digest,
        frame: rendering.Frame,
        address: str,
    ) -> Done:
        """Make the mail, and send it if it is ours to send."""
        org_id, user_id = owner_of(path)
        deps, now = self.deps, self.deps.clock.now()
        mail_id = letters.mail_id_of(org_id, user_id, window.event_ids)
        mail = letters.letter(
            to=address,
            sender=deps.sender,
            link=frame.unsubscribe_url,
            subject=digest.subject,
            text=rendering.text(digest, frame),
            html=rendering.html(digest, frame),
            org_id=org_id,
            user_id=user_id,
            now=now,
        )
        claim_id = token_hex(8)
        made = mail if deps.post is None else mail | {"delivery": letters.processing(1, claim_id, now)}
        writes = [
            DocumentWrite(letters.mail_path(mail_id), made, must_be_new=True),
            DocumentWrite(path, window.emptied(mail_id, now).to_fields(), version=stored.version),
        ]
        try:
            deps.store.change_together(writes, {})
        except (StaleVersionError, DocumentExistsError):
            # Another run, or an event that came meanwhile; or our own commit, whose reply was lost.
            if not self._is_ours(mail_id, claim_id):
                return Done()
        extra = {"org_id": org_id, "user_id": user_id, "mail_id": mail_id, "events": len(window.event_ids)}
        self.logger.info("mail made", extra=extra | {"action": "mail_made"})
        return self._send(deps.post, mail_id, mail, 1) if deps.post is not None else Done(sent=1)

    def _is_ours(self, mail_id: str, claim_id: str) -> bool:
        """Return whether this run's claim of the mail was written: the reply to it may have been lost."""
        path = letters.mail_path(mail_id)
        stored = self.deps.store.get_stored_each([path]).get(path)
        return stored is not None and delivery_of(stored.fields).get("claimId") == claim_id

    def _skip(self, path: str, stored: StoredDocument, window: Window, reason: str) -> Done:
        """Empty a window without a mail."""
        org_id, user_id = owner_of(path)
        if not self._write_window(path, stored, window.emptied()):
            return Done()
        extra = {"org_id": org_id, "user_id": user_id, "reason": reason, "events": len(window.event_ids)}
        self.logger.info("mail skipped", extra=extra | {"action": "mail_skipped"})
        return Done(skipped=1)

    def _put_off(self, path: str, stored: StoredDocument, window: Window) -> Done:
        self._write_window(path, stored, window)
        return Done(put_off=1)

    def _write_window(self, path: str, stored: StoredDocument, window: Window) -> bool:
        try:
            self.deps.store.put_document(DocumentWrite(path, window.to_fields(), version=stored.version))
        except StaleVersionError:
            return False  # an event has come: the next run looks again
        return True

    # Mails

    def _mails_to_look_at(self) -> Iterator[Page]:
        """Yield those that a person wants to be sent again, and those whose lease or wait is over."""
        yield self.deps.store.documents_with(MAIL, letters.STATE, [State.RETRY], PAGE * 4)
        yield from self._pages(MAIL, letters.DUE)

    def _look_at(self, post: Post, path: str, stored: StoredDocument) -> Done:
        """Send a mail again whose time has come, and give one up whose lease ran out."""
        if not letters.is_ours(path, stored.fields):
            return Done()
        mail_id, now = path.rpartition("/")[2], self.deps.clock.now()
        delivery = delivery_of(stored.fields)
        match delivery.get("state"):
            case State.PROCESSING:
                return self._end(path, stored, mail_id, letters.MAY_HAVE_BEEN_SENT)
            case State.PENDING:
                attempts = attempts_of(stored.fields) + 1
            case State.RETRY:
                attempts = 1
            case _:  # a person ended it
                self._write_delivery(path, stored, delivery | {"dueAt": None})
                return Done()
        address = self._address_for(stored.fields)
        if not address.email:
            return self._end(path, stored, mail_id, f"{letters.UNWANTED}{address.reason}.", is_error=False)
        mail = stored.fields | {"to": [address.email]}
        claim_id = token_hex(8)
        claimed = {"to": mail["to"], "delivery": letters.processing(attempts, claim_id, now)}
        try:
            self.deps.store.put_document(DocumentWrite(path, claimed, version=stored.version))
        except StaleVersionError:
            if not self._is_ours(mail_id, claim_id):
                return Done()
        return self._send(post, mail_id, mail, attempts)

    def _address_for(self, mail: Fields) -> Address:
        """Return where a mail that was made before may go now. Its user may have left, or want no mail any more."""
        org_id, user_id = mail["orgId"], mail["userId"]
        if not isinstance(mail.get("message"), dict):
            return Address("", "malformed")
        address = self.deps.addresses.of(user_id)
        if not address.email:
            return address
        suppressed, settings = suppression_path(address.email), settings_path(org_id, user_id)
        found = self.deps.store.get_stored_each([suppressed, settings, _member(org_id, user_id)])
        if suppressed in found:
            return Address("", "suppressed")
        stored = found.get(settings)
        preferences = Preferences.from_document(stored.fields if stored else None)
        reason = _refusal(preferences, is_member=_member(org_id, user_id) in found, is_empty=False)
        return Address("", reason) if reason else address

    def _send(self, post: Post, mail_id: str, mail: Fields, attempts: int) -> Done:
        """Send a mail that is claimed, and note how it went."""
        extra = {"mail_id": mail_id, "org_id": mail["orgId"], "user_id": mail["userId"], "attempts": attempts}
        try:
            message_id = post.send(mail_id, mail)
        except NotSentError as error:
            return self._note_refusal(mail_id, error, attempts, extra)
        except MaybeSentError as error:
            # Without the traceback, which has SES's own words.
            self.logger.error("mail may be lost", extra=extra | {"action": "mail_unknown", "reason": error.reason})  # noqa: TRY400
            self._note(mail_id, letters.failed(f"May have been sent. {error.reason}", self.deps.clock.now()))
            return Done(errors=1)
        self._note(mail_id, letters.sent(mail["to"][0], message_id, self.deps.clock.now()))
        self.logger.info("mail sent", extra=extra | {"action": "mail_sent", "message_id": message_id})
        return Done(sent=1)

    def _note_refusal(self, mail_id: str, error: NotSentError, attempts: int, extra: Fields) -> Done:
        now = self.deps.clock.now()
        change = letters.failed(error.reason, now) if error.is_lasting else letters.put_off(error.reason, attempts, now)
        self._note(mail_id, change)
        if error.is_about_us:
            # The sandbox, a pause of sending, an identity or a right: nothing goes out until an operator has acted.
            told = extra | {"action": "mail_account_refused", "reason": error.reason}
            self.logger.error("SES refuses our account", extra=told)
            return Done(errors=1)
        if change["state"] == State.ERROR:
            self.logger.error("mail failed", extra=extra | {"action": "mail_failed", "reason": error.reason})
            return Done(errors=1)
        self.logger.warning("mail put off", extra=extra | {"action": "mail_put_off", "reason": error.reason})
        return Done(put_off=1)

    def _end(self, path: str, stored: StoredDocument, mail_id: str, reason: str, *, is_error: bool = True) -> Done:
        """Give a mail up that nobody works on."""
        delivery = delivery_of(stored.fields) | letters.failed(reason, self.deps.clock.now())
        if not self._write_delivery(path, stored, delivery):
            return Done()
        extra = {"mail_id": mail_id, "action": "mail_failed", "reason": reason}
        (self.logger.error if is_error else self.logger.info)("mail failed", extra=extra)
        return Done(errors=1) if is_error else Done(skipped=1)

    def _write_delivery(self, path: str, stored: StoredDocument, delivery: Fields) -> bool:
        """Write the whole `delivery`. Return False if somebody else changed the mail."""
        try:
            self.deps.store.put_document(DocumentWrite(path, {"delivery": delivery}, version=stored.version))
        except StaleVersionError:
            return False
        return True

    def _note(self, mail_id: str, change: Fields) -> None:
        """Write what became of a mail. Without a precondition: it is the newest that anybody knows."""
        self.deps.store.put_document(DocumentWrite(letters.mail_path(mail_id), {"delivery": change}))


def _entry(fields: Fields, name: str) -> Any:
    """Return a field, or the entry of a map that `a.b` names."""
    return functools.reduce(lambda found, part: found[part], name.split("."), fields)


def _member(org_id: str, user_id: str) -> str:
    return f"organizations/{org_id}/members/{user_id}"


def _refusal(preferences: Preferences, *, is_member: bool, is_empty: bool) -> str:
    """Return why a window has no mail, in a word for the log; "" if nothing is in its way."""
    if preferences.email is Cadence.OFF:
        return "off"
    if not is_member:
        return "no_member"
    return "seen_or_unwanted" if is_empty else ""


def _later(window: Window, preferences: Preferences, wanted: list[Fields], now: datetime) -> datetime | None:
    """Return when a window is due if it is not yet: the settings may have changed since the time was chosen.

    A person of `soon` who was just seen may be there still. So a mail of jobs alone waits for the page's next write,
    but not for ever.
    """
    if preferences.is_digest:
        due_at = preferences.next_mail(window.opened_at or now)
        return min(due_at, preferences.next_hour(now)) if due_at > now else None
    seen_at = preferences.seen_at(now)
    if seen_at is None or not all(event["type"].startswith(OF_JOBS) for event in wanted):
        return None
    due_at = min(seen_at + STILL_THERE, (window.opened_at or now) + SOON_AFTER + STILL_THERE)
    return due_at if due_at > now else None


def _without(window: Window, seen: list[str], wanted: list[Fields]) -> Window:
    """Return the window without the jobs that were seen. It is as old as the first of the other events."""
    if not seen:
        return window
    first = min(event["occurredAt"] for event in wanted)
    return replace(window.without(seen), opened_at=max(window.opened_at or first, first))


def _is_counted(group: Group, preferences: Preferences, role: object) -> bool:
    """Return whether events that are only counted are still for the person."""
    if group is Group.ALERT:
        return preferences.alerts
    return group is not Group.WEBHOOK or role in MANAGERS


def _events(window: Window, found: Page) -> tuple[list[tuple[str, Fields]], list[str]]:
    """Return the events of a window that are there still, with their ids, and the ids of those that are malformed."""
    stored = {one: found.get(f"{OUTBOX}/{one}") for one in window.event_ids}
    events = {one: document.fields.get("event") for one, document in stored.items() if document}
    sound = [(one, event) for one, event in events.items() if _is_event(event)]
    return sound, [one for one, event in events.items() if not _is_event(event)]


def _is_event(event: object) -> TypeGuard[Fields]:
    return (
        isinstance(event, dict)
        and isinstance(event.get("type"), str)
        and isinstance(event.get("occurredAt"), datetime)
        and isinstance(event.get("projectId"), str | None)
    )


def _wants(preferences: Preferences, role: object, event: Fields, now: datetime) -> bool:
    """Return whether the person still wants to read of an event, and may.

    A job that ended while its page was shown was seen. Webhooks are for those who manage them now.
    """
    if not is_told(event["type"]) or not preferences.wants_project(event.get("projectId")):
        return False
    if event["type"].startswith(OF_WEBHOOKS):
        return role in MANAGERS
    if not event["type"].startswith(OF_JOBS):
        return preferences.alerts
    return not _is_seen(preferences, event, now)


def _is_seen(preferences: Preferences, event: Fields, now: datetime) -> bool:
    """Return whether an event is of a job that ended before the person was last on the page."""
    seen_at = preferences.seen_at(now)
    is_for_page = event["type"].startswith(OF_JOBS) and not preferences.is_digest
    return bool(is_for_page and seen_at is not None and seen_at >= event["occurredAt"])


def _rest(window: Window, preferences: Preferences, wanted: list[Fields], now: datetime) -> datetime | None:
    """Return until when a window of `soon` waits, because its person had a mail just now; None: no longer."""
    until = None if preferences.is_digest else window.rests_until([group_of(event["type"]) for event in wanted])
    return until if until and until > now else None
