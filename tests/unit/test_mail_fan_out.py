"""Tests of the notify function with mail: what it hands on reaches the windows, and is due until it has."""

from __future__ import annotations

from typing import Any

import pytest

from notify import fan_out
from notify.endpoints import Endpoints
from notify.fan_out import FanOut
from notify.lanes import Lanes
from tests.mailing import Mailing, milestone, ready
from tracking.errors import StoreUnavailableError
from tracking.sentences import Sentence
from tracking.store import DocumentWrite


def hand_on(mailing: Mailing, *, with_mail: bool = True) -> int:
    """Run the notify function's fan-out until nothing is due. Return how many events it handed on."""
    endpoints = Endpoints(mailing.store, mailing.logger)
    fan = FanOut(
        mailing.store, endpoints, Lanes(mailing.clock.now()), mailing.logger, mailing.store if with_mail else None
    )
    while not fan.is_done:
        fan.next_page(mailing.clock.now(), None)
    return fan.handed_on


def write(mailing: Mailing, *happened: dict[str, Any]) -> None:
    for number, one in enumerate(happened):
        fields = {"event": one | {"occurredAt": mailing.clock.now()}, "dueAt": mailing.clock.now()}
        mailing.store.put_document(DocumentWrite(f"outbox/e{number:03}", fields))


def test_events_reach_the_window_and_are_due_no_more() -> None:
    mailing = Mailing()
    write(mailing, ready("a"), ready("b"), milestone())
    assert hand_on(mailing) == 3
    assert (mailing.window() or {})["eventIds"] == ["e000", "e001"]
    assert hand_on(mailing) == 0
    mailing.run()
    assert mailing.office.subjects == ["2 accounts are ready"]


def test_without_mail_there_are_no_windows() -> None:
    mailing = Mailing()
    write(mailing, ready())
    assert hand_on(mailing, with_mail=False) == 1
    assert mailing.window() is None


def test_events_stay_due_until_the_window_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is written before the event is marked. Webhooks do not wait for it."""
    mailing = Mailing()
    write(mailing, ready())

    def down(*_: Any) -> int:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    with monkeypatch.context() as patch:
        patch.setattr(fan_out, "add_events", down)
        assert hand_on(mailing) == 0
    assert hand_on(mailing) == 1
    assert (mailing.window() or {})["eventIds"] == ["e000"]


def test_killed_before_the_mark_adds_no_event_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    write(mailing, ready("a"), ready("b"))

    def killed(_writes: Any) -> list[bool]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailing.store, "update_each", killed)
        with pytest.raises(KeyboardInterrupt):
            hand_on(mailing)
    mailing.run()
    assert hand_on(mailing) == 2
    mailing.run_for(30)
    assert mailing.office.subjects == ["2 accounts are ready"]


@pytest.mark.parametrize("user_id", [None, "", "a/b", 7, ["user1"]])
def test_an_event_of_an_odd_user_stops_nobody(user_id: Any) -> None:
    mailing = Mailing()
    write(mailing, ready(user_id=user_id), ready())
    assert hand_on(mailing) == 2
    assert (mailing.window() or {})["eventIds"] == ["e001"]
