"""Mail on both stores: the fan-out, the mail function, unsubscribing and feedback write what they read."""

from __future__ import annotations

from typing import Any

import pytest

from bench.lambda_context import FakeContext
from mail.feedback import handler as feedback
from mail.unsubscribe import handler as unsubscribe
from tests.mailing import KEY, SENDER, Mailing, failed, milestone, ready
from tracking.mail.post import MaybeSentError, NotSentError
from tracking.mail.unsubscribing import Subscriber, token
from tracking.news_wiring import FeedbackDeps, UnsubscribeDeps
from tracking.store import StaleVersionError, Store


@pytest.fixture
def mailing(store: Store) -> Mailing:
    return Mailing(store=store)


def test_a_window_becomes_one_mail(mailing: Mailing) -> None:
    events = mailing.happen(ready("a"), failed("b"))
    assert mailing.hand_on(events) == 0
    assert mailing.run().sent == 1
    assert mailing.hand_on(events) == 0
    mailing.clock.advance(3_600)
    assert mailing.run().sent == 0
    assert mailing.office.subjects == ["1 account is ready, 1 failed"]
    assert mailing.delivery()["state"] == "SUCCESS"
    assert mailing.delivery()["info"]["messageId"] == "message-1"
    assert (mailing.window() or {})["sentIds"] == ["event1", "event2"]


def test_a_full_window_counts_by_group_and_is_emptied(mailing: Mailing) -> None:
    mailing.set(email="daily", alerts=True)
    mailing.happen(failed(), *(milestone(f"m{number}") for number in range(30)))
    mailing.happen(*(ready(f"r{number}") for number in range(60)))
    assert (mailing.window() or {})["more"] == {"alert": 30, "ready": 11}
    mailing.clock.advance(86_400)
    mailing.run()
    assert mailing.office.subjects == ["49 accounts are ready, 1 failed, 41 more"]
    window = mailing.window() or {}
    assert (window["more"], window["groups"], window["eventIds"]) == ({}, [], [])
    assert window["lastSentAt"] == mailing.clock.now()
    mailing.happen(ready("later"))
    assert (mailing.window() or {})["more"] == {}


def test_refused_mails_are_tried_again_and_unknown_ones_are_not(mailing: Mailing) -> None:
    mailing.office.failures = [NotSentError("slow down"), MaybeSentError("no answer")]
    mailing.happen(ready())
    mailing.run()
    assert (mailing.delivery()["state"], mailing.delivery()["attempts"]) == ("PENDING", 1)
    mailing.clock.advance(60)
    mailing.run()
    assert (mailing.delivery()["state"], mailing.delivery()["attempts"]) == ("ERROR", 2)
    mailing.clock.advance(3_600)
    mailing.run()
    assert mailing.office.sent == []


def test_a_lost_reply_of_the_commit_is_recognised(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail has the claim of the run that wrote it."""
    mailing.happen(ready())
    change = mailing.store.change_together

    def lost(*arguments: Any) -> None:
        change(*arguments)
        raise StaleVersionError("made already")

    monkeypatch.setattr(mailing.store, "change_together", lost)
    mailing.run()
    assert len(mailing.office.sent) == 1


def test_who_unsubscribes_or_complains_keeps_other_settings(mailing: Mailing) -> None:
    mailing.set(email="daily", hour=7, projectIds=["project1"])
    http = {"http": {"method": "POST"}}
    event = {"queryStringParameters": {"t": token(KEY, Subscriber("org1", "user1"))}, "requestContext": http}
    unsubscribe(event, FakeContext(28), UnsubscribeDeps(mailing.store, mailing.clock, lambda: KEY, SENDER.product))  # type: ignore[arg-type]
    stored = mailing.store.get_document("organizations/org1/notificationSettings/user1")
    assert (stored["email"], stored["hour"], stored["projectIds"]) == ("off", 7, ["project1"])
    assert feedback({"Records": []}, FakeContext(60), FeedbackDeps(mailing.store, mailing.clock)) == {  # type: ignore[arg-type]
        "bounce": 0,
        "complaint": 0,
    }
