"""Tests of the notify function with mail: what it hands on reaches the windows, and is due until it has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from notify.delivering import deliver
from notify.endpoints import Endpoints
from notify.fan_out import FanOut
from notify.lanes import Lanes
from notify.windows import AGAIN_AFTER, BATCH, MAX_OF_ORG, PEOPLE_PAGE
from tests.doubles import ManualClock
from tests.machine import KilledError
from tests.mailing import Mailing, milestone, ready
from tests.notifying import URL, KillingStore, Notifying, Reply, SteppedRequests
from tracking.errors import StoreUnavailableError
from tracking.events import EventType
from tracking.mail.windows import Window, window_path
from tracking.sentences import Sentence
from tracking.store import DocumentWrite


def hand_on(mailing: Mailing, *, with_mail: bool = True) -> int:
    """Run the notify function's two fan-outs until nothing is due. Return how many events the first one handed on."""
    endpoints = Endpoints(mailing.store, mailing.logger)
    fan = FanOut(mailing.store, endpoints, Lanes(mailing.clock.now()), mailing.logger, has_mail=with_mail)
    while not fan.is_done:
        fan.next_page(mailing.clock.now(), None, lambda: True)
    if with_mail:
        mailing.add_to_windows()
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
    assert waiting(mailing) == {}
    assert mailing.window() is None


def test_events_stay_due_until_the_window_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks do not wait for it."""
    mailing = Mailing()
    write(mailing, ready())

    def down(*_: Any) -> Any:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    with monkeypatch.context() as patch:
        patch.setattr(mailing.store, "put_each", down)
        assert hand_on(mailing) == 1
        assert mailing.window() is None
    assert mailing.add_to_windows() == 1
    assert (mailing.window() or {})["eventIds"] == ["e000"]
    assert waiting(mailing) == {}


def waiting(mailing: Mailing) -> dict[str, datetime]:
    """Return the events that windows do not have yet, with the times when they are due."""
    events = mailing.store.get_documents("outbox")
    return {event_id: fields["mailDueAt"] for event_id, fields in events.items() if fields.get("mailDueAt")}


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


def test_killed_before_the_end_counts_no_event_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window remembers all events that a step can add."""
    mailing = Mailing()
    write(mailing, *(ready(f"a{number}") for number in range(MAX_OF_ORG + 30)))
    update = mailing.store.update_each

    def killed(writes: Any) -> list[bool]:
        if any("mailDueAt" in write.fields and write.fields["mailDueAt"] is None for write in writes):
            raise KeyboardInterrupt
        return list(update(writes))

    with monkeypatch.context() as patch:
        patch.setattr(mailing.store, "update_each", killed)
        with pytest.raises(KeyboardInterrupt):
            hand_on(mailing)
    mailing.add_to_windows()
    window = mailing.window() or {}
    assert (len(window["eventIds"]), window["more"]) == (50, {"ready": MAX_OF_ORG - 20})


@pytest.mark.parametrize("user_id", [None, "", "a/b", 7, ["user1"]])
def test_an_event_of_an_odd_user_stops_nobody(user_id: Any) -> None:
    mailing = Mailing()
    write(mailing, ready(user_id=user_id), ready())
    assert hand_on(mailing) == 2
    assert (mailing.window() or {})["eventIds"] == ["e001"]


@pytest.mark.parametrize(
    "change",
    [{"projectId": 7}, {"userId": {"a": 1}}, {"type": "tracking.job.later"}, {"payload": None}, {"occurredAt": None}],
)
def test_an_odd_event_stops_no_other(change: dict[str, Any]) -> None:
    mailing = Mailing()
    write(mailing, ready("odd") | change, ready("fine"))
    mailing.put("outbox/e000", {"event": ready("odd") | {"occurredAt": mailing.clock.now()} | change})
    assert hand_on(mailing) == 2
    assert (mailing.window() or {})["eventIds"] == ["e001"]
    assert waiting(mailing) == {}


def test_an_event_that_became_odd_meanwhile_is_passed_over() -> None:
    """It was well formed when webhooks were told, and was changed by hand before mail was."""
    mailing = Mailing()
    write(mailing, ready("odd"), ready("fine"))
    for name, odd in {"e000": "no map", "e001": mailing.store.get_document("outbox/e001")["event"]}.items():
        mailing.put(f"outbox/{name}", {"event": odd, "mailDueAt": mailing.clock.now()})
    mailing.add_to_windows()
    assert (mailing.window() or {})["eventIds"] == ["e001"]
    assert waiting(mailing) == {}


def test_an_event_without_a_project_is_the_organisations() -> None:
    mailing = Mailing()
    told = ready()
    del told["projectId"]
    mailing.set(projectIds=["project2"])
    write(mailing, told)
    hand_on(mailing)
    assert (mailing.window() or {})["eventIds"] == ["e000"]


def test_a_window_that_fails_keeps_only_its_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come again in minutes, and do not stand before those of others."""
    mailing = Mailing()
    write(mailing, *(ready(f"a{number}") for number in range(250)), ready(user_id="user2"))
    put = mailing.store.put_each

    def busy(writes: Any) -> list[Any]:
        of_user1 = {one.path for one in writes if one.path.endswith("mailWindows/user1")}
        answers = iter(put([one for one in writes if one.path not in of_user1]))
        return [None if one.path in of_user1 else next(answers) for one in writes]

    with monkeypatch.context() as patch:
        patch.setattr(mailing.store, "put_each", busy)
        assert hand_on(mailing) == 251
    assert mailing.window("user2") is not None
    assert len(waiting(mailing)) == 250
    assert set(waiting(mailing).values()) == {mailing.clock.now() + AGAIN_AFTER}
    mailing.clock.advance(AGAIN_AFTER.total_seconds())
    hand_on(mailing)
    assert waiting(mailing) == {}
    assert (mailing.window() or {})["more"] == {"ready": 200}


def test_a_mistake_about_one_person_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    write(mailing, ready(), ready(user_id="user2"))
    read = Window.from_document

    def broken(fields: Any) -> Window:
        if fields and fields.get("mailId") == "broken":
            raise RecursionError
        return read(fields)

    mailing.put(window_path("org1", "user1"), {"mailId": "broken"})
    monkeypatch.setattr(Window, "from_document", broken)
    hand_on(mailing)
    assert mailing.window("user2") is not None
    assert waiting(mailing) != {}


def test_everybody_who_wants_alerts_is_found(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, beyond those whose mail is off. What is cut is told."""
    mailing = Mailing()
    for number in range(PEOPLE_PAGE + 20):
        mailing.set(f"m{number:04}", alerts=True, email="off" if number < PEOPLE_PAGE else "soon")
    write(mailing, milestone())
    hand_on(mailing)
    found = mailing.store.get_documents("organizations/org1/mailWindows")
    assert list(found) == [f"m{number:04}" for number in range(PEOPLE_PAGE, PEOPLE_PAGE + 20)]
    assert "mail_people_cut" not in str([vars(record) for record in caplog.records])
    monkeypatch.setattr("notify.windows.MAX_PEOPLE", PEOPLE_PAGE)
    write(mailing, milestone())
    hand_on(mailing)
    assert "mail_people_cut" in str([vars(record) for record in caplog.records])


def test_many_windows_cost_few_requests() -> None:
    """Those of 600 people whose jobs end in one minute: read and written together."""
    mailing = Mailing()
    write(mailing, *(ready(user_id=f"u{number:03}") for number in range(600)))
    for number in range(600):
        event_id = f"e{number:03}"
        mailing.put(f"outbox/{event_id}", {"mailDueAt": mailing.clock.now()})
    calls = Counter[str]()
    for name in ("get_stored_each", "put_each", "update_each"):
        count_calls(mailing, name, calls)
    mailing.add_to_windows()
    assert len(mailing.store.get_documents("organizations/org1/mailWindows")) == 600
    assert calls["get_stored_each"] == calls["put_each"] == 3 * 200 // BATCH
    assert calls["update_each"] <= 10


def count_calls(mailing: Mailing, name: str, calls: Counter[str]) -> None:
    real = getattr(mailing.store, name)

    def call(*arguments: Any) -> Any:
        calls[name] += 1
        return real(*arguments)

    setattr(mailing.store, name, call)


# Beside webhooks


class Timed:
    """A store each of whose calls takes time."""

    def __init__(self, notifying: Notifying, seconds: float) -> None:
        self._notifying, self._seconds = notifying, seconds

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._notifying.store, name)

        def call(*arguments: Any) -> Any:
            self._notifying.clock.advance(self._seconds)
            return real(*arguments)

        return call


def minute(notifying: Notifying, rpc_s: float = 0.025) -> float:
    """Run the notify function with mail for at most a minute. Return how many seconds it took."""
    store: Any = Timed(notifying, rpc_s)
    began_at = notifying.clock.now()

    def remaining_s() -> float:
        return 60 - (notifying.clock.now() - began_at).total_seconds()

    deps = replace(notifying.deps, store=store, mail_store=store)
    deliver(deps, SteppedRequests(notifying.clock), remaining_s, notifying.logger)
    took = (notifying.clock.now() - began_at).total_seconds()
    notifying.clock.advance(max(0.0, 60 - took))
    return took


def windows_of(notifying: Notifying, org: str) -> dict[str, Any]:
    return notifying.store.get_documents(f"organizations/{org}/mailWindows")


def add_members(notifying: Notifying, org: str, number: int) -> None:
    for one in range(number):
        settings = {"alerts": True, "email": "soon"}
        notifying.store.put_document(DocumentWrite(f"organizations/{org}/notificationSettings/m{one:04}", settings))


def test_windows_of_many_members_delay_no_webhook() -> None:
    """An organisation of 3,000 members has an alert each minute. Another one's event is delivered in a second."""
    notifying = Notifying()
    endpoint = notifying.add_endpoint(org="other")
    add_members(notifying, "big", 3_000)
    for number in range(1, 4):
        notifying.add_event(org="big", kind=EventType.ACCOUNT_MILESTONE)
        notifying.add_event(org="other")
        began_at = notifying.clock.now()
        assert minute(notifying) < 50
        assert notifying.states(endpoint) == {"delivered": number}
        assert notifying.receivers.of(URL)[-1].at - began_at < timedelta(seconds=1)
    assert len(windows_of(notifying, "big")) == 3_000
    assert {len(one["eventIds"]) for one in windows_of(notifying, "big").values()} == {3}


def test_the_small_come_before_the_large() -> None:
    """A run without enough time for the large organisation has told the small one, and the next goes on."""
    notifying = Notifying()
    add_members(notifying, "big", 3_000)
    add_members(notifying, "small", 2)
    notifying.add_event(org="big", kind=EventType.ACCOUNT_MILESTONE)
    notifying.clock.advance(1)
    notifying.add_event(org="small", kind=EventType.ACCOUNT_MILESTONE)
    assert 45 < minute(notifying, rpc_s=2) < 60
    told = len(windows_of(notifying, "big"))
    assert (len(windows_of(notifying, "small")), 0 < told < 3_000) == (2, True)
    for _ in range(6):
        minute(notifying, rpc_s=2)
    assert len(windows_of(notifying, "big")) == 3_000


@pytest.mark.parametrize("is_applied", [False, True])
def test_killed_anywhere_each_window_has_its_event_once(is_applied: bool) -> None:
    """A run with webhooks and mail is killed at each of its calls, and the next minute goes on."""
    fired = 0
    for at in range(1, 40):
        clock = ManualClock()
        store = KillingStore(clock, at, is_applied=is_applied)
        notifying = Notifying(store, clock)
        endpoint = notifying.add_endpoint()
        add_members(notifying, "org1", 60)
        ids = {notifying.add_event(kind=EventType.ACCOUNT_MILESTONE) for _ in range(60)}
        clock.advance(1)
        store.is_on = True
        for _ in range(4):
            deps = replace(notifying.deps, mail_store=store)
            try:
                deliver(deps, SteppedRequests(clock), lambda: 55.0, notifying.logger)
            except KilledError:
                fired += 1
            store.is_on = False
            clock.advance(120)
        assert notifying.states(endpoint) == {"delivered": 60}
        found = windows_of(notifying, "org1")
        assert len(found) == 60
        assert {len(one["eventIds"]) for one in found.values()} == {50}
        assert all({*one["eventIds"], *one["sentIds"]} == ids for one in found.values())
        assert {str(one["more"]) for one in found.values()} == {"{'alert': 10}"}
        assert not any(one["mailDueAt"] for one in store.get_documents("outbox").values())
    assert fired >= 8


def test_late_windows_are_old_news() -> None:
    """The alarm that rings when webhooks stand still rings for windows, too."""
    notifying = Notifying()
    event_id = notifying.add_event()
    notifying.store.put_document(
        DocumentWrite(f"outbox/{event_id}", {"dueAt": None, "mailDueAt": notifying.clock.now()})
    )
    notifying.clock.advance(300)
    deps = replace(notifying.deps, mail_store=notifying.store)
    done = deliver(deps, SteppedRequests(notifying.clock), lambda: 55.0, notifying.logger)
    assert done.oldest_s == 300


def test_windows_wait_while_webhooks_can_be_sent() -> None:
    """They are written in the seconds of a run in which no request can begin."""
    notifying = Notifying()
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(ms=1_900)
    for _ in range(400):
        notifying.add_event(kind=EventType.ACCOUNT_MILESTONE)
    add_members(notifying, "org1", 10)
    assert minute(notifying) <= 60
    assert notifying.states(endpoint)["delivered"] >= 40
    found = windows_of(notifying, "org1")
    assert len(found) == 10
    assert min(one["openedAt"] for one in found.values()) > notifying.receivers.requests[-1].at
