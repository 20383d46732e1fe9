"""Tests of the mail function: who gets which mail, and that nobody gets one twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from bench.lambda_context import FakeContext
from mail import app
from mail.sending import PAGE, Run
from tests.doubles import START
from tests.factories import job_document
from tests.mailing import ADA, KEY, Mailing, failed, milestone, ready, webhook_failing
from tracking.errors import StoreUnavailableError
from tracking.mail import letters
from tracking.mail.post import MaybeSentError, NotSentError
from tracking.mail.recipients import Address
from tracking.mail.suppressions import BOUNCE, suppression, suppression_path
from tracking.mail.unsubscribing import Subscriber, read
from tracking.sentences import say
from tracking.store import DocumentWrite, StaleVersionError


def test_thirty_jobs_of_a_user_are_one_mail_with_thirty_lines() -> None:
    mailing = Mailing()
    jobs = [mailing.store.create_job(job_document(status="processing")) for _ in range(30)]
    for number, job_id in enumerate(jobs):
        mailing.store.touch(job_id, status="completed")
        mailing.happen(ready(f"account{number:02}") if number % 10 else failed(f"account{number:02}"))
        mailing.run()
        mailing.clock.advance(10)
    mailing.run_for(30)
    (text,) = mailing.office.texts
    assert sum(line.startswith("* account") for line in text.splitlines()) == 30
    assert mailing.office.subjects == ["27 accounts are ready, 3 failed"]


def test_a_mail_has_the_shape_of_firebases_sender() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.run()
    ((mail_id, mail),) = mailing.mails().items()
    assert mail_id == mailing.office.sent[0][0]
    assert mail["to"] == ["ada@example.test"]
    assert mail["from"] == "Acme Social <news@acme.test>"
    assert mail["replyTo"] == "help@acme.test"
    assert set(mail["message"]) == {"subject", "text", "html"}
    assert mail["expireAt"] == START + timedelta(days=30)
    assert (mail["orgId"], mail["userId"]) == ("org1", "user1")
    assert mail["delivery"] == {
        "state": "SUCCESS",
        "attempts": 1,
        "claimId": mail["delivery"]["claimId"],
        "startTime": START,
        "endTime": START,
        "leaseExpireTime": None,
        "dueAt": None,
        "error": None,
        "info": {"messageId": "message-1", "accepted": ["ada@example.test"], "rejected": [], "pending": []},
    }


def test_a_mail_can_be_unsubscribed_from_with_one_click() -> None:
    """RFC 8058: both headers, the first one before the second, and an https address."""
    mailing = Mailing()
    mailing.happen(ready())
    mailing.run()
    _, mail = mailing.office.sent[0]
    assert list(mail["headers"])[:2] == ["List-Unsubscribe", "List-Unsubscribe-Post"]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["headers"]["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    assert link.startswith("https://api.acme.test/unsubscribe?t=")
    assert read(KEY, link.partition("t=")[2]) == Subscriber("org1", "user1")
    assert link in mail["message"]["text"]


@pytest.mark.parametrize(("document", "named"), [(None, "org1"), ({"name": "Nova"}, "Nova"), ({"name": 7}, "org1")])
def test_a_mail_names_its_organisation(document: Any, named: str) -> None:
    mailing = Mailing()
    if document:
        mailing.put("organizations/org1", document)
    mailing.happen(ready())
    mailing.run()
    assert f"in Acme Social, for {named}." in mailing.office.texts[0]


@pytest.mark.parametrize("reason", ["unverified", "disabled", "no_user", "no_address"])
def test_users_without_a_usable_address_get_no_mail(reason: str) -> None:
    mailing = Mailing()
    mailing.book.users["user1"] = Address("", reason)
    mailing.happen(ready())
    assert mailing.run().skipped == 1
    mailing.book.users["user1"] = ADA
    mailing.run_for(20)
    assert (mailing.office.sent, mailing.mails()) == ([], {})


def test_foreign_users_get_no_mail() -> None:
    mailing = Mailing()
    mailing.book.users["stranger"] = Address("stranger@example.test")
    mailing.happen(ready(user_id="stranger"))
    mailing.run_for(20)
    assert mailing.office.sent == []


def test_suppressed_addresses_get_no_mail() -> None:
    mailing = Mailing()
    mailing.store.put_document(suppression(" ADA@example.test", BOUNCE, START))
    mailing.happen(ready())
    mailing.run_for(20)
    assert mailing.office.sent == []
    assert suppression_path("ada@example.test") == suppression_path("Ada@Example.test ")


def test_mail_that_is_off_is_not_sent() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.set(email="off")
    mailing.run_for(20)
    mailing.set(email="soon")
    mailing.run_for(20)
    assert mailing.office.sent == []


def test_a_digest_comes_at_its_hour_and_once() -> None:
    mailing = Mailing()
    mailing.set(email="daily", hour=8, timezone="Europe/Berlin")
    mailing.happen(ready("a"), ready("b"))
    mailing.run_until(START.replace(day=2, hour=6, minute=58))
    assert mailing.office.sent == []
    mailing.run_for(5)
    assert mailing.office.subjects == ["2 accounts are ready"]
    assert "Once a day." in mailing.office.texts[0]
    mailing.run_until(START.replace(day=3, hour=12))
    assert len(mailing.office.sent) == 1


def test_a_later_choice_of_a_digest_puts_the_mail_off() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.set(email="weekly", hour=8)  # START is a Sunday
    mailing.run_until(START.replace(day=2, hour=7, minute=59))
    assert mailing.office.sent == []
    mailing.run_for(2)
    assert len(mailing.office.sent) == 1


@pytest.mark.parametrize("email", ["soon", "daily"])
def test_who_leaves_the_weekly_mail_waits_a_day_at_most(email: str) -> None:
    mailing = Mailing()
    mailing.clock.advance(86_400)  # Monday at noon
    mailing.set(email="weekly", hour=8)
    mailing.happen(ready())
    mailing.run_for(60 * 48)
    assert mailing.office.sent == []
    mailing.set(email=email, hour=8)
    mailing.run_for(60 * 24)
    assert len(mailing.office.sent) == 1


def test_a_weekly_mail_comes_on_monday() -> None:
    mailing = Mailing()
    mailing.set(email="weekly", hour=8, timezone="America/New_York")
    mailing.clock.advance(86_400 * 2)
    mailing.happen(ready("a"))
    mailing.run_for(60 * 24)
    mailing.happen(ready("b"))
    mailing.run_until(START.replace(day=9, hour=11, minute=59))
    assert mailing.office.sent == []
    mailing.run_for(2)
    assert mailing.office.subjects == ["2 accounts are ready"]


def test_who_watched_gets_no_mail_of_the_jobs() -> None:
    """The page writes once in five minutes, so the mail waits for the next time."""
    mailing = Mailing()
    mailing.set(lastSeenAt=START - timedelta(minutes=3))
    mailing.happen(ready())
    mailing.run_for(2)
    mailing.set(lastSeenAt=mailing.clock.now())
    mailing.run_for(30)
    assert mailing.office.sent == []
    assert mailing.window() is not None


def test_who_closed_the_page_gets_the_mail_minutes_later() -> None:
    mailing = Mailing()
    mailing.set(lastSeenAt=START - timedelta(seconds=20))
    mailing.happen(ready())
    mailing.run_for(5)
    assert mailing.office.sent == []
    mailing.run_for(1)
    assert len(mailing.office.sent) == 1


def watch(mailing: Mailing, minutes: int, **settings: Any) -> None:
    """Let the person have the page open: it writes once in five minutes."""
    for minute in range(minutes):
        if minute % 5 == 0:
            mailing.set(lastSeenAt=mailing.clock.now(), **settings)
        mailing.clock.advance(60)
        mailing.run()


def test_who_watches_hears_of_webhooks_and_alerts() -> None:
    """The page shows neither."""
    mailing = Mailing()
    mailing.put("organizations/org1/members/user1", {"role": "owner"})
    mailing.set(alerts=True, lastSeenAt=START)
    mailing.happen(webhook_failing(), milestone())
    watch(mailing, 20, alerts=True)
    assert len(mailing.office.sent) == 1


def test_who_watches_for_hours_gets_no_mail_of_jobs() -> None:
    """Jobs end all the time, and each is seen minutes later."""
    mailing = Mailing()
    mailing.store.create_job(job_document())
    for minute in range(120):
        if minute % 5 == 0:
            mailing.set(lastSeenAt=mailing.clock.now())
        mailing.clock.advance(30)
        mailing.happen(ready(f"account{minute}"))
        mailing.clock.advance(30)
        mailing.run()
    assert mailing.office.sent == []
    assert len((mailing.window() or {})["eventIds"]) <= 16
    mailing.run_for(20)
    (text,) = mailing.office.texts
    assert "* account119 " in text


def test_a_clock_that_is_wrong_keeps_no_mail_for_ever() -> None:
    """The job ended in the future, so no visit is after it."""
    mailing = Mailing()
    mailing.happen(ready())
    mailing.put("outbox/event1", {"event": ready() | {"occurredAt": START + timedelta(days=1)}})
    watch(mailing, 15)
    assert mailing.office.sent == []
    watch(mailing, 2)
    assert len(mailing.office.sent) == 1


def test_jobs_that_were_seen_are_left_out_of_the_mail() -> None:
    mailing = Mailing()
    mailing.put("organizations/org1/members/user1", {"role": "admin"})
    mailing.store.create_job(job_document())
    mailing.happen(ready("seen"))
    mailing.clock.advance(60)
    mailing.set(lastSeenAt=mailing.clock.now(), alerts=True)
    mailing.clock.advance(60)
    mailing.happen(ready("unseen"), milestone("seen too"), webhook_failing())
    mailing.run_for(20)
    (text,) = mailing.office.texts
    assert "* unseen" in text
    assert "seen too" in text
    assert "* seen (" not in text


def test_a_time_in_the_future_is_no_visit() -> None:
    mailing = Mailing()
    mailing.set(lastSeenAt=START + timedelta(days=400))
    mailing.happen(ready())
    mailing.run()
    assert len(mailing.office.sent) == 1


def test_alerts_that_were_switched_off_are_not_told() -> None:
    mailing = Mailing()
    mailing.set(alerts=True)
    mailing.happen(milestone())
    mailing.set(alerts=False)
    mailing.run_for(20)
    assert mailing.office.sent == []


def test_events_that_are_gone_or_unreadable_do_not_stop_a_mail() -> None:
    mailing = Mailing()
    events = mailing.happen(ready("a"), ready("b"), ready("c") | {"payload": "no json"})
    mailing.store.delete_each({"outbox/event1": mailing.store.get_stored("outbox/event1").version})
    mailing.run_for(20)
    assert len(events) == 3
    assert mailing.office.subjects == ["b is ready"]


@pytest.mark.parametrize("odd", [None, [], {"type": 7}, {"type": "tracking.job.completed"}])
def test_an_event_that_is_no_map_stops_nothing(odd: Any) -> None:
    mailing = Mailing()
    mailing.happen(ready("a"), ready("b"))
    mailing.store.delete_each({"outbox/event1": mailing.store.get_stored("outbox/event1").version})
    mailing.put("outbox/event1", {"event": odd})
    assert mailing.run().sent == 1
    assert mailing.office.subjects == ["b is ready"]


def test_a_window_that_breaks_the_run_is_told_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours, for one person: the function does not fail each minute, and all others get their mail."""
    log = io.StringIO()
    mailing = Mailing(logger=Logger(service="mail-trouble", stream=log))
    people(mailing, 2)
    of = mailing.book.of

    def broken(user_id: str) -> Address:
        if user_id == "person000":
            raise RuntimeError("about ada@example.test")
        return of(user_id)

    monkeypatch.setattr(mailing.book, "of", broken)
    done = mailing.run()
    assert (done.sent, done.errors) == (1, 1)
    assert '"action":"mail_trouble"' in log.getvalue()
    assert "ada@example.test" not in log.getvalue()
    monkeypatch.setattr(mailing.book, "of", of)
    assert mailing.run().sent == 1


def test_who_manages_no_webhooks_any_more_hears_of_none() -> None:
    mailing = Mailing()
    mailing.put("organizations/org1/members/user1", {"role": "admin"})
    mailing.set(email="daily", hour=8)
    mailing.happen(webhook_failing())
    mailing.put("organizations/org1/members/user1", {"role": "viewer"})
    mailing.run_for(60 * 24)
    assert mailing.office.sent == []


def test_a_window_without_readable_events_is_emptied() -> None:
    mailing = Mailing()
    mailing.happen(ready() | {"payload": "{}"})
    mailing.run_for(5)
    window = mailing.window()
    assert window is not None
    assert (window["eventIds"], window["dueAt"], mailing.office.sent) == ([], None, [])


# At most once


def test_a_mail_without_an_answer_is_not_sent_again() -> None:
    mailing = Mailing()
    mailing.office.failures = [MaybeSentError("No answer of SES: ReadTimeoutError")]
    mailing.happen(ready())
    assert mailing.run().errors == 1
    mailing.run_for(60)
    assert mailing.office.sent == []
    assert mailing.delivery()["state"] == "ERROR"
    assert mailing.delivery()["error"].startswith("May have been sent.")


def test_killed_after_ses_means_no_second_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between SES and the note of it: the lease ends, and the mail is an ERROR."""
    mailing = Mailing()
    mailing.happen(ready())
    with monkeypatch.context() as patch:
        patch.setattr("mail.sending.Run._note", killed)
        with pytest.raises(KeyboardInterrupt):
            mailing.run()
    assert mailing.delivery()["state"] == "PROCESSING"
    mailing.run_for(4)
    assert mailing.delivery()["state"] == "PROCESSING"
    mailing.run_for(60)
    assert len(mailing.office.sent) == 1
    assert mailing.delivery()["state"] == "ERROR"
    assert mailing.delivery()["error"] == letters.MAY_HAVE_BEEN_SENT


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_person_may_have_a_mail_sent_again() -> None:
    mailing = Mailing()
    mailing.office.failures = [MaybeSentError("No answer")]
    mailing.happen(ready())
    mailing.run()
    (mail_id,) = mailing.mails()
    mailing.put(f"mail/{mail_id}", {"delivery": {"state": "RETRY"}})
    mailing.run_for(3)
    assert len(mailing.office.sent) == 1
    assert (mailing.delivery()["state"], mailing.delivery()["attempts"]) == ("SUCCESS", 1)


def test_a_mail_that_was_given_up_can_be_sent_again() -> None:
    """Also when it had all its attempts: a person's wish begins anew."""
    mailing = Mailing()
    mailing.office.failures = [NotSentError("paused", is_about_us=True)] * (letters.MAX_ATTEMPTS + 1)
    mailing.happen(ready())
    mailing.run_until(START + timedelta(hours=30))
    assert mailing.delivery()["state"] == "ERROR"
    (mail_id,) = mailing.mails()
    mailing.put(f"mail/{mail_id}", {"delivery": {"state": "RETRY"}})
    mailing.run()
    assert mailing.delivery()["state"] == "PENDING"
    mailing.run_for(2)
    assert mailing.delivery()["state"] == "SUCCESS"


def test_a_waiting_mail_that_a_person_ended_stays_ended() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("slow down")]
    mailing.happen(ready())
    mailing.run()
    (mail_id,) = mailing.mails()
    mailing.put(f"mail/{mail_id}", {"delivery": {"state": "ERROR"}})
    mailing.run_for(3)
    assert (mailing.delivery()["state"], mailing.delivery()["dueAt"], mailing.office.sent) == ("ERROR", None, [])


def waiting(mailing: Mailing, mail_id: str, **delivery: Any) -> None:
    """Write a mail that was made before."""
    message = {"subject": mail_id, "text": "t", "html": "h"}
    fields = {"to": ["x@example.test"], "from": "a@b.test", "headers": {}, "message": message, "orgId": "org1"}
    mailing.put(f"mail/{mail_id}", fields | {"userId": "user1", "delivery": {"attempts": 1, **delivery}})


def test_mails_that_wait_for_hours_keep_no_due_one() -> None:
    mailing = Mailing()
    for number in range(PAGE * 11):
        waiting(mailing, f"a{number:04}", state="PENDING", dueAt=START + timedelta(hours=3))
    waiting(mailing, "z1", state="RETRY")
    waiting(mailing, "z2", state="PROCESSING", dueAt=START)
    mailing.run()
    assert mailing.office.subjects == ["z1"]
    assert mailing.mails()["z2"]["delivery"]["state"] == "ERROR"
    mailing.clock.advance(3 * 3_600)
    mailing.run()
    assert len(mailing.office.sent) == PAGE * 11 + 1


def test_mails_of_other_senders_stay_untouched() -> None:
    """Firebase's own sender has the same collection by default."""
    mailing = Mailing()
    message = {"subject": "Your order", "text": "..."}
    for state in ("RETRY", "PROCESSING", "PENDING"):
        delivery = {"state": state, "attempts": 1, "leaseExpireTime": START, "dueAt": START}
        mailing.put(f"mail/{state}", {"to": "shopper@example.test", "message": message, "delivery": delivery})
    before = mailing.mails()
    mailing.run_for(10)
    assert (mailing.mails(), mailing.office.sent) == (before, [])


def test_a_mail_is_not_sent_again_to_who_unsubscribed() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("TooManyRequestsException: slow down")]
    mailing.happen(ready())
    mailing.run()
    mailing.set(email="off")
    mailing.run_for(10)
    assert mailing.office.sent == []
    assert (mailing.delivery()["state"], mailing.delivery()["error"]) == ("ERROR", "Not sent: off.")


def test_a_throttled_mail_is_sent_later_and_once() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("TooManyRequestsException: Daily quota")] * 3
    mailing.happen(ready())
    mailing.run()
    assert (mailing.delivery()["state"], mailing.delivery()["dueAt"]) == ("PENDING", START + timedelta(minutes=1))
    mailing.run_for(6)  # after 1, 2 and 4 minutes
    assert mailing.office.sent == []
    mailing.run_for(2)
    assert len(mailing.office.sent) == 1
    mailing.run_for(60)
    assert len(mailing.office.sent) == 1


def test_a_mail_that_is_never_taken_is_given_up_after_a_day() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("SendingPausedException: paused", is_about_us=True)] * 99
    mailing.happen(ready())
    mailing.run_until(START + timedelta(hours=30))
    assert mailing.delivery()["state"] == "ERROR"
    assert mailing.delivery()["attempts"] == letters.MAX_ATTEMPTS
    given_up_at = mailing.delivery()["endTime"] - START
    assert timedelta(hours=20) < given_up_at < timedelta(hours=28)


def test_a_lasting_refusal_is_an_error_at_once() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("MessageRejected: virus", is_lasting=True)]
    mailing.happen(ready())
    assert mailing.run().errors == 1
    mailing.run_for(10)
    assert (mailing.office.sent, mailing.delivery()["error"]) == ([], "MessageRejected: virus")


def test_a_commit_whose_reply_was_lost_is_known_by_its_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    mailing.happen(ready())
    change = mailing.store.change_together

    def lost(*arguments: Any) -> None:
        change(*arguments)
        raise StaleVersionError("made already")

    monkeypatch.setattr(mailing.store, "change_together", lost)
    mailing.run()
    assert len(mailing.office.sent) == 1


def once(work: Callable[[], Any]) -> Callable[[], None]:
    """Return a function that works at its first call only."""
    left = [work]

    def call() -> None:
        if left:
            left.pop()()

    return call


def test_an_event_that_comes_meanwhile_joins_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    mailing.happen(ready("a"))
    mailing.book.before = once(lambda: mailing.happen(ready("b")))
    mailing.run()
    assert mailing.office.sent == []
    mailing.run()
    assert mailing.office.subjects == ["2 accounts are ready"]


def test_two_runs_at_the_same_time_send_one_mail() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.book.before = once(mailing.run)
    mailing.run()
    assert len(mailing.office.sent) == 1


def test_a_claim_of_another_run_at_the_same_time_is_not_ours() -> None:
    """The other run was killed while SES had the mail. By its times alone the claim looks like this run's."""
    mailing = Mailing()
    mailing.office.failures = [NotSentError("slow down")]
    mailing.happen(ready())
    mailing.run()
    mailing.clock.advance(60)

    def other() -> None:
        mailing.office.failures = [KilledError()]  # type: ignore[list-item]
        with pytest.raises(KilledError):
            mailing.run()

    mailing.book.before = once(other)
    mailing.run()
    assert (mailing.office.sent, mailing.delivery()["state"]) == ([], "PROCESSING")


def test_trouble_with_one_mail_does_not_keep_the_others() -> None:
    mailing = Mailing()
    for name in ("a", "b", "c"):
        mailing.put(f"organizations/org1/members/{name}", {"role": "member"})
        mailing.book.users[name] = Address(f"{name}@example.test")
        mailing.happen(ready(user_id=name))
    calls: list[int] = []

    def down() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreUnavailableError(say("accessTrouble", detail="Firebase Auth did not answer."))

    mailing.book.before = down
    with pytest.raises(StoreUnavailableError):
        mailing.run()
    assert len(mailing.office.sent) == 2
    mailing.run()
    assert len(mailing.office.sent) == 3


def test_many_windows_are_sent_page_by_page() -> None:
    mailing = Mailing()
    names = people(mailing, PAGE * 2 + 1)
    mailing.run()
    assert sorted(mail["userId"] for _, mail in mailing.office.sent) == names


def people(mailing: Mailing, number: int) -> list[str]:
    """Add members with a window each."""
    names = [f"person{one:03}" for one in range(number)]
    for name in names:
        mailing.put(f"organizations/org1/members/{name}", {"role": "member"})
        mailing.book.users[name] = Address(f"{name}@example.test")
        mailing.happen(ready(user_id=name))
    return names


def test_a_page_of_windows_is_sent_before_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all read first, so many windows could be due that no run would send any."""
    mailing = Mailing()
    people(mailing, PAGE * 3)
    due, sent = mailing.store.due_documents, list[int]()

    def reading(*arguments: Any) -> Any:
        sent.append(len(mailing.office.sent))
        return due(*arguments)

    monkeypatch.setattr(mailing.store, "due_documents", reading)
    Run(replace(mailing.deps, threads=3), lambda: True, mailing.logger).send_all()
    assert [count for count in sent if count] == [PAGE, PAGE * 2, PAGE * 3]


def test_trouble_with_an_old_mail_keeps_no_new_one() -> None:
    mailing = Mailing()
    mailing.office.failures = [NotSentError("slow down")]
    mailing.happen(ready())
    mailing.run()
    (name,) = people(mailing, 1)
    known = mailing.book.of

    def of(user_id: str) -> Address:
        if user_id == "user1":
            raise StoreUnavailableError(say("accessTrouble", detail="Firebase Auth did not answer."))
        return known(user_id)

    mailing.book.of = of  # type: ignore[method-assign]
    mailing.clock.advance(60)
    with pytest.raises(StoreUnavailableError):
        mailing.run()
    assert [mail["userId"] for _, mail in mailing.office.sent] == [name]


def test_a_query_that_fails_keeps_no_new_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    mailing.happen(ready())

    def down(*_: Any) -> Any:
        raise StoreUnavailableError(say("accessTrouble", detail="no answer"))

    monkeypatch.setattr(mailing.store, "documents_with", down)
    with pytest.raises(StoreUnavailableError):
        mailing.run()
    assert len(mailing.office.sent) == 1


def test_document_delivery_leaves_the_mail_to_the_customer() -> None:
    mailing = Mailing(post=None)
    mailing.happen(ready())
    assert mailing.run().sent == 1
    (mail,) = mailing.mails().values()
    assert "delivery" not in mail
    (mail_id,) = mailing.mails()
    mailing.put(f"mail/{mail_id}", {"delivery": {"state": "PROCESSING", "leaseExpireTime": START}})
    mailing.run_for(10)
    assert mailing.delivery()["state"] == "PROCESSING"


def test_the_function_counts_and_stops_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    mailing = Mailing()
    mailing.happen(ready())
    assert app.handler({}, FakeContext(20), mailing.deps)["sent"] == 0  # type: ignore[arg-type]
    assert app.handler({}, FakeContext(55), mailing.deps)["sent"] == 1  # type: ignore[arg-type]
    assert '"MailsSent":[1.0]' in capsys.readouterr().out.replace(" ", "")


# Killed


class KilledError(BaseException):
    """Ends a run as a killed function ends."""


def around(mailing: Mailing, at: int, *, is_applied: bool) -> list[str]:
    """Kill whoever makes the call of this number, before or after it is made. Return the names of the calls so far."""
    calls: list[str] = []

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            calls.append(name)
            if len(calls) != at:
                return call(*arguments, **named)
            if is_applied:
                call(*arguments, **named)
            raise KilledError

        return wrapper

    names = ("get_stored_each", "put_document", "change_together", "due_documents", "documents_with", "has_open_job")
    for name in (*names, "put_each", "update_each"):
        setattr(mailing.store, name, wrapped(name, getattr(mailing.store, name)))
    mailing.office.send = wrapped("send", mailing.office.send)  # type: ignore[method-assign]
    mailing.book.of = wrapped("of", mailing.book.of)  # type: ignore[method-assign]
    return calls


KILLED = [(at, is_applied) for at in range(1, 101) for is_applied in (False, True)]


@pytest.mark.parametrize(("at", "is_applied"), KILLED)
def test_killed_anywhere_no_event_is_told_twice(at: int, is_applied: bool) -> None:
    """200 trials. What is killed is run again: the fan-out until it ends, the mail function each minute.

    Each event is in one mail at most. It is in exactly one, unless its mail is an ERROR: then it may have been sent.
    """
    mailing = Mailing()
    for name in ("user2", "user3"):
        mailing.put(f"organizations/org1/members/{name}", {"role": "member"})
        mailing.book.users[name] = Address(f"{name}@example.test")
    names = [f"{user}-{number}" for number in range(4) for user in ("user1", "user2", "user3")]
    write = mailing.store.put_document
    calls = around(mailing, at, is_applied=is_applied)
    for first in range(0, len(names), 4):
        told = [ready(name, user_id=name.partition("-")[0]) for name in names[first : first + 4]]
        events = {
            f"event-{first}-{number}": one | {"occurredAt": mailing.clock.now()} for number, one in enumerate(told)
        }
        for event_id, one in events.items():
            write(DocumentWrite(f"outbox/{event_id}", {"event": one}))
        until_it_ends(lambda events=events: mailing.hand_on(events))  # type: ignore[misc]
        until_it_ends(mailing.run)
        mailing.clock.advance(60)
    for _ in range(15):
        mailing.clock.advance(60)
        until_it_ends(mailing.run)
    texts = [mail["message"]["text"] for _, mail in mailing.office.sent]
    told_times = {name: sum(f"* {name} " in text for text in texts) for name in names}
    lost = [mail["message"]["text"] for mail in mailing.mails().values() if mail["delivery"]["state"] == "ERROR"]
    in_doubt = {name for name in names if any(f"* {name} " in text for text in lost)}
    assert len(calls) > at
    assert max(told_times.values()) == 1
    assert {name for name, times in told_times.items() if times == 0} <= in_doubt
    assert {mail["delivery"]["state"] for mail in mailing.mails().values()} <= {"SUCCESS", "ERROR"}
    assert len(lost) <= 1


def until_it_ends(work: Callable[[], Any]) -> None:
    while True:
        try:
            work()
        except KilledError:
            continue
        return
