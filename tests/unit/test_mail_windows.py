"""Tests of the fan-out into windows, and of the moments at which windows are due."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.doubles import START
from tests.factories import job_document
from tests.mailing import Mailing, failed, milestone, ready, webhook_failing
from tracking.mail.preferences import Cadence, Preferences
from tracking.mail.windows import MAX_SENT, Group, Window
from tracking.store import DocumentWrite


def test_an_event_opens_a_window_for_ten_minutes() -> None:
    mailing = Mailing()
    mailing.store.create_job(job_document())
    mailing.happen(ready())
    window = mailing.window()
    assert window is not None
    assert (window["openedAt"], window["dueAt"]) == (START, START + timedelta(minutes=10))
    mailing.clock.advance(120)
    mailing.happen(failed())
    window = mailing.window()
    assert window is not None
    assert (window["openedAt"], window["dueAt"]) == (START, START + timedelta(minutes=10))
    assert window["eventIds"] == ["event1", "event2"]


def test_the_last_open_job_makes_the_window_due_at_once() -> None:
    mailing = Mailing()
    mailing.store.create_job(job_document(userId="somebody else"))
    mailing.store.create_job(job_document(orgId="org2"))
    mailing.store.create_job(job_document(status="completed"))
    mailing.happen(ready())
    window = mailing.window()
    assert window is not None
    assert window["dueAt"] == START


def test_handing_on_twice_adds_an_event_once() -> None:
    mailing = Mailing()
    events = mailing.happen(ready())
    assert mailing.hand_on(events) == 0
    mailing.run()
    assert mailing.hand_on(events) == 0
    mailing.run_for(20)
    assert len(mailing.office.sent) == 1


def test_events_beyond_fifty_are_counted_once() -> None:
    mailing = Mailing()
    mailing.store.create_job(job_document())
    events = mailing.happen(*(ready(f"account{number}") for number in range(12)))
    mailing.clock.advance(60)
    events |= mailing.happen(*(ready(f"account{number}") for number in range(50)))
    window = mailing.window()
    assert window is not None
    assert (set(window["eventIds"]), window["more"]) == ({f"event{n}" for n in range(13, 63)}, {"ready": 12})
    mailing.hand_on(events)
    again = mailing.window()
    assert again == window


def test_told_events_are_remembered_up_to_a_number() -> None:
    window = Window()
    for number in range(20):
        added = window.with_events({f"e{number}-{one}": Group.READY for one in range(20)}, START, START)
        window = added.emptied()
    assert len(window.sent_ids) == MAX_SENT
    assert window.new_of(["e19-19", "e0-0", "e0-0"]) == ["e0-0"]


def test_alerts_go_to_those_who_want_them() -> None:
    mailing = Mailing()
    mailing.set("user2", alerts=True, projectIds=["project1"])
    mailing.set("user3", alerts=True, projectIds=["project2"])
    mailing.set("user4", alerts=False)
    mailing.set("user5", alerts=True, email="off")
    mailing.happen(milestone())
    with_window = [name for name in ("user1", "user2", "user3", "user4", "user5") if mailing.window(name)]
    assert with_window == ["user2"]


def test_webhook_trouble_goes_to_owners_and_admins() -> None:
    mailing = Mailing()
    for name, role in {"user2": "owner", "user3": "admin", "user4": "viewer"}.items():
        mailing.put(f"organizations/org1/members/{name}", {"role": role})
    mailing.happen(webhook_failing())
    assert [name for name in ("user1", "user2", "user3", "user4") if mailing.window(name)] == ["user2", "user3"]


def test_events_without_a_user_and_unknown_types_tell_nobody() -> None:
    mailing = Mailing()
    mailing.set(alerts=True)
    mailing.happen(ready(user_id=None), ready() | {"type": "tracking.later.thing"})
    assert mailing.window() is None


def test_a_window_that_changes_meanwhile_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()
    mailing.happen(ready("a"))
    put, stale = mailing.store.put_each, [True]

    def changed(writes: Sequence[DocumentWrite]) -> list[Any]:
        return [None] * len(writes) if stale and stale.pop() else list(put(writes))

    monkeypatch.setattr(mailing.store, "put_each", changed)
    mailing.happen(ready("b"))
    window = mailing.window()
    assert window is not None
    assert window["eventIds"] == ["event1", "event2"]


# A full window


def test_alerts_make_room_for_jobs_and_failures_stay() -> None:
    mailing = Mailing()
    mailing.set(alerts=True, email="daily")
    mailing.happen(failed("first"), *(ready(f"a{number}") for number in range(30)))
    mailing.happen(*(milestone(f"m{number}") for number in range(60)))
    mailing.happen(*(ready(f"b{number}") for number in range(40)))
    window = mailing.window() or {}
    assert window["more"] == {"alert": 60, "ready": 21}
    assert window["groups"] == ["failed"] + ["ready"] * 49
    mailing.run_for(24 * 60)
    assert mailing.office.subjects == ["49 accounts are ready, 1 failed, 81 more"]


def test_failures_beyond_fifty_are_counted_as_such() -> None:
    mailing = Mailing()
    mailing.set(email="daily")
    mailing.happen(*(failed(f"f{number}") for number in range(4_990)), *(ready(f"r{number}") for number in range(10)))
    mailing.run_for(24 * 60)
    assert mailing.office.subjects == ["4,990 accounts failed, 10 more"]
    assert "… and 4,950 more" in mailing.office.texts[0]


def test_news_that_are_not_wanted_hide_no_others() -> None:
    """Fifty alerts wait, then they are switched off: the jobs after them are told, and the alerts not counted."""
    mailing = Mailing()
    mailing.set(email="daily", alerts=True)
    mailing.happen(
        *(milestone(f"m{number}") for number in range(80)), *(failed(f"mine{number}") for number in range(5))
    )
    mailing.set(email="daily", alerts=False)
    mailing.run_for(24 * 60)
    assert mailing.office.subjects == ["5 accounts failed"]


def test_jobs_that_were_seen_make_room_for_others() -> None:
    """A person watched sixty jobs and closed the page. The mail tells of the ten that ended later, and of no more."""
    mailing = Mailing()
    mailing.store.create_job(job_document(status="processing"))
    mailing.happen(*(ready(f"seen{number}") for number in range(60)))
    mailing.clock.advance(8 * 60)
    mailing.set(lastSeenAt=mailing.clock.now())
    mailing.clock.advance(1)
    mailing.happen(*(ready(f"new{number}") for number in range(10)))
    mailing.run_for(30)
    assert mailing.office.subjects == ["10 accounts are ready"]
    assert "seen" not in mailing.office.texts[0]


def test_a_window_that_is_put_off_keeps_what_was_not_seen() -> None:
    mailing = Mailing()
    mailing.store.create_job(job_document(status="processing"))
    mailing.happen(ready("seen"))
    mailing.clock.advance(9 * 60)
    mailing.set(lastSeenAt=mailing.clock.now())
    mailing.clock.advance(1)
    mailing.happen(ready("unseen"))
    mailing.run_for(2)
    window = mailing.window() or {}
    assert (window["eventIds"], window["sentIds"]) == (["event2"], ["event1"])


@pytest.mark.parametrize("groups", [None, "ready", ["ready"], ["other", "failed"], [1, 2]])
def test_malformed_groups_lose_no_event(groups: object) -> None:
    fields = {"eventIds": ["a", "b"], "groups": groups, "more": {"failed": -1, "ready": "many", "alert": 3}}
    window = Window.from_document(fields)
    assert (window.event_ids, window.groups) == (("a", "b"), (Group.READY, Group.READY))
    assert window.more == {Group.ALERT: 3}
    assert Window.from_document(fields | {"more": 12}).more == {}


# Not too often


def test_jobs_one_by_one_are_a_mail_each_ten_minutes() -> None:
    """Each of them is the last open one, so it would be told at once."""
    mailing = Mailing()
    for number in range(60):
        mailing.happen(ready(f"a{number}"))
        mailing.run_for(1)
    assert 6 <= len(mailing.office.sent) <= 7
    mailing.run_for(15)
    assert sum(text.count("* a") for text in mailing.office.texts) == 60


def test_a_window_is_not_due_before_the_pause_is_over() -> None:
    """Also if what came in between became no mail, because it was seen."""
    mailing = Mailing()
    mailing.set(alerts=True)
    mailing.happen(ready())
    mailing.run()
    sent_at = mailing.clock.now()
    mailing.clock.advance(60)
    mailing.happen(ready("seen"))
    assert (mailing.window() or {})["dueAt"] == sent_at + timedelta(minutes=10)
    mailing.set(lastSeenAt=mailing.clock.now(), alerts=True)
    mailing.run_for(20)
    assert (mailing.window() or {})["dueAt"] is None
    mailing.happen(milestone())
    assert (mailing.window() or {})["dueAt"] == sent_at + timedelta(hours=1)


def test_alerts_alone_are_a_mail_an_hour() -> None:
    mailing = Mailing()
    mailing.set(alerts=True)
    for number in range(24 * 6):
        mailing.happen(milestone(f"m{number}"))
        mailing.run_for(10)
    assert 22 <= len(mailing.office.sent) <= 25
    mailing.happen(failed())
    mailing.run_for(11)
    assert "nasaa" in mailing.office.texts[-1]


def test_alerts_beside_seen_jobs_wait_for_their_hour() -> None:
    mailing = Mailing()
    mailing.set(alerts=True)
    mailing.happen(ready())
    mailing.run()
    mailing.store.create_job(job_document(status="processing"))
    mailing.clock.advance(60)
    mailing.happen(ready("seen"), milestone())
    mailing.set(alerts=True, lastSeenAt=mailing.clock.now())
    mailing.run_for(50)
    assert len(mailing.office.sent) == 1
    mailing.run_for(15)
    assert mailing.office.subjects[1:] == ["nasa reached 1,000,000 followers"]


def test_a_weekly_window_is_looked_at_each_day() -> None:
    mailing = Mailing()
    mailing.set(email="weekly")
    mailing.clock.advance(2 * 86_400)
    mailing.happen(ready())
    assert (mailing.window() or {})["dueAt"] == START.replace(day=4, hour=8)
    mailing.clock.advance(2 * 86_400)
    mailing.happen(ready())
    assert (mailing.window() or {})["dueAt"] == START.replace(day=4, hour=8)


@pytest.mark.parametrize(
    ("settings", "odd"),
    [
        ({"timezone": "Mars/Phobos"}, ("timezone",)),
        ({"timezone": "America"}, ("timezone",)),
        ({"timezone": "../../etc/passwd"}, ("timezone",)),
        ({"timezone": "/etc/passwd"}, ("timezone",)),
        ({"timezone": 7, "hour": 99}, ("hour", "timezone")),
        ({"hour": True, "email": "hourly"}, ("email", "hour")),
        ({"email": ["soon"], "alerts": 1}, ("email", "alerts")),
        ({"projectIds": "p", "lastSeenAt": "now"}, ("projectIds", "lastSeenAt")),
        ({"projectIds": [1]}, ("projectIds",)),
    ],
)
def test_malformed_settings_count_as_the_defaults(settings: dict[str, object], odd: tuple[str, ...]) -> None:
    preferences = Preferences.from_document(settings)
    assert preferences.odd == odd
    assert preferences == Preferences(odd=odd)


def test_malformed_settings_lose_no_event() -> None:
    mailing = Mailing()
    mailing.set(email="hourly", timezone="Mars/Phobos", hour=99)
    mailing.happen(ready())
    mailing.run()
    assert mailing.office.subjects == ["@nasa is ready"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("email", "zone", "hour", "after", "expected"),
    [
        ("daily", "UTC", 8, "2026-03-01T07:59:59Z", "2026-03-01T08:00:00Z"),
        ("daily", "UTC", 8, "2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("daily", "Asia/Kolkata", 8, "2026-03-01T02:00:00Z", "2026-03-01T02:30:00Z"),
        ("daily", "Pacific/Kiritimati", 0, "2026-03-01T09:59:00Z", "2026-03-01T10:00:00Z"),
        ("weekly", "UTC", 8, "2026-03-01T12:00:00Z", "2026-03-02T08:00:00Z"),  # from Sunday to Monday
        ("weekly", "UTC", 8, "2026-03-02T08:00:00Z", "2026-03-09T08:00:00Z"),
        # Clocks go forward in New York on 8 March at 2:00: the hour 2 is left out, and 3:00 EDT is 7:00 UTC.
        ("daily", "America/New_York", 2, "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"),
        ("daily", "America/New_York", 2, "2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"),
        # They go back on 1 November at 2:00: the hour 1 comes twice, at 5:00 and at 6:00 UTC.
        ("daily", "America/New_York", 1, "2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z"),
        ("daily", "America/New_York", 1, "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),
        ("daily", "Africa/Monrovia", 8, "2026-03-01T07:00:00Z", "2026-03-01T08:00:00Z"),
    ],
)
def test_digests_are_due_at_the_local_hour(email: str, zone: str, hour: int, after: str, expected: str) -> None:
    preferences = Preferences(email=Cadence(email), hour=hour, zone=ZoneInfo(zone))
    assert preferences.next_mail(at(after)) == at(expected)


@pytest.mark.parametrize("email", ["daily", "weekly"])
def test_a_window_of_any_digest_is_looked_at_each_day(email: str) -> None:
    preferences = Preferences(email=Cadence(email), hour=8)
    assert preferences.next_hour(at("2026-03-03T09:00:00Z")) == at("2026-03-04T08:00:00Z")


def test_a_year_of_days_has_a_digest_for_each() -> None:
    """Also where the clock skips midnight, as in Chile, and where a day is missing, as in Samoa in 2011."""
    for zone, hour in (("America/Santiago", 0), ("Europe/Berlin", 2), ("Australia/Lord_Howe", 2)):
        preferences = Preferences(email=Cadence.DAILY, hour=hour, zone=ZoneInfo(zone))
        moments = [datetime(2026, 1, 1, 12, tzinfo=UTC)]
        while len(moments) < 366:
            moments.append(preferences.next_mail(moments[-1]))
        gaps = [later - earlier for earlier, later in itertools.pairwise(moments[1:])]
        assert min(gaps) >= timedelta(hours=23)
        assert max(gaps) <= timedelta(hours=25)
    samoa = Preferences(email=Cadence.DAILY, hour=8, zone=ZoneInfo("Pacific/Apia"))
    assert samoa.next_mail(at("2011-12-30T00:00:00Z")) > at("2011-12-30T00:00:00Z")
