"""Sending webhooks: fan-out, attempts, the schedule, and turns between endpoints."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import quantiles
from typing import Any

import pytest
from standardwebhooks import Webhook

from notify import delivering, due, fan_out, lanes
from notify.results import Results
from notify.schedule import judge, put_off, wait_before_next
from tests.doubles import START
from tests.notifying import FAILED, HANGS, MASTER, RUN_S, URL, Notifying, Reply
from tracking.events import EventType
from tracking.store import DocumentWrite
from tracking.webhooks import MAX_ENDPOINTS, MOST_COUNTED, SCHEDULE_S, SendError, Trigger
from tracking.webhooks.signing import secret, signed_headers

OTHER = "https://other.example.com/b"
DAY = timedelta(days=1)


@pytest.fixture
def notifying() -> Notifying:
    return Notifying()


def middle(low: float, high: float) -> float:
    return (low + high) / 2


# Fan-out


def test_an_event_reaches_its_endpoint_signed_and_as_stored(notifying: Notifying) -> None:
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event(jobId="job1")
    notifying.clock.advance(2)
    done = notifying.run()
    (request,) = notifying.receivers.of(URL)
    stored = notifying.fields(f"outbox/{event_id}")
    assert request.body.decode() == stored["event"]["payload"]
    assert request.webhook_id == event_id
    key = Webhook(secret(MASTER, "org1", "ep1", 1))
    signature = key.sign(event_id, request.at, request.body.decode())
    assert request.headers["webhook-signature"] == signature
    assert stored["dueAt"] is None
    (delivery,) = notifying.deliveries(endpoint).values()
    attempt = {"at": START + timedelta(seconds=2), "status": 200, "error": None, "ms": 50}
    assert delivery == {
        "type": "tracking.job.completed",
        "projectId": "project1",
        "trigger": "event",
        "state": "delivered",
        "createdAt": START + timedelta(seconds=2),
        "attempt": 1,
        "nextAttemptAt": None,
        "attempts": [attempt],
        "expireAt": START + timedelta(seconds=2, days=30),
    }
    assert (done.handed_on, done.attempts, done.delivered) == (1, 1, 1)
    assert done.delays_s == [2.05]


def test_endpoints_get_the_types_and_projects_that_they_want(notifying: Notifying) -> None:
    everything = notifying.add_endpoint("all")
    failures = notifying.add_endpoint("failures", eventTypes=["tracking.job.failed"])
    second = notifying.add_endpoint("second", projectIds=["project2"])
    both = notifying.add_endpoint("both", eventTypes=["tracking.job.failed"], projectIds=["project2"])
    elsewhere = notifying.add_endpoint("elsewhere", org="org2")
    completed = notifying.add_event()
    failed = notifying.add_event(kind=EventType.JOB_FAILED)
    failed_in_2 = notifying.add_event(kind=EventType.JOB_FAILED, project="project2")
    of_org = notifying.add_event(project=None, kind=EventType.WEBHOOK_FAILING, endpointId="elsewhere")
    notifying.run()
    assert set(notifying.deliveries(everything)) == {completed, failed, failed_in_2, of_org}
    assert set(notifying.deliveries(failures)) == {failed, failed_in_2}
    assert set(notifying.deliveries(second)) == {failed_in_2}
    assert set(notifying.deliveries(both)) == {failed_in_2}
    assert notifying.deliveries(elsewhere) == {}
    assert notifying.store.due_events(notifying.clock.now(), 10) == {}


def test_an_endpoint_is_not_told_of_itself(notifying: Notifying) -> None:
    mine, other = notifying.add_endpoint("mine"), notifying.add_endpoint("other", url=OTHER)
    notifying.add_event(project=None, kind=EventType.WEBHOOK_DISABLED, endpointId="mine")
    notifying.run()
    assert notifying.deliveries(mine) == {}
    assert notifying.states(other) == {"delivered": 1}


def test_an_endpoint_that_is_off_gets_a_skipped_delivery(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint(enabled=False)
    notifying.add_event()
    notifying.run()
    (delivery,) = notifying.deliveries(endpoint).values()
    assert (delivery["state"], delivery["nextAttemptAt"], delivery["attempts"]) == ("skipped", None, [])
    assert notifying.receivers.requests == []


def test_an_event_that_is_written_again_is_not_sent_again(notifying: Notifying) -> None:
    """A state that runs again makes its event due again."""
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    notifying.run()
    for _ in range(3):
        notifying.add_event(event_id=event_id)
        notifying.minute()
    assert notifying.receivers.ids(URL) == {event_id: 1}
    assert notifying.states(endpoint) == {"delivered": 1}
    assert notifying.fields(f"outbox/{event_id}")["dueAt"] is None


@pytest.mark.parametrize(
    "odd",
    [
        {"url": None},
        {"url": 7},
        {"url": ""},
        {"enabled": "yes"},
        {"enabled": None},
        {"eventTypes": "tracking.job.failed"},
        {"eventTypes": [1]},
        {"projectIds": {"a": 1}},
        {"secretVersion": 0},
        {"secretVersion": "1"},
    ],
    ids=str,
)
def test_an_odd_endpoint_is_passed_over(notifying: Notifying, odd: dict[str, Any]) -> None:
    strange, well = notifying.add_endpoint("a", **odd), notifying.add_endpoint("b", url=OTHER)
    waiting = notifying.add_delivery(strange, "event1")
    notifying.add_event()
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.states(well) == {"delivered": 1}
    assert notifying.fields(waiting)["state"] == "failed"
    assert [one["error"] for one in notifying.fields(waiting)["attempts"]] == ["endpoint_gone"]


@pytest.mark.parametrize("health", [7, [], {"told": 3, "failures": "many", "failingSince": "monday"}], ids=str)
def test_an_odd_health_keeps_nothing_from_being_sent(notifying: Notifying, health: Any) -> None:
    endpoint = notifying.add_endpoint(health=health)
    notifying.add_event()
    notifying.run()
    assert notifying.states(endpoint) == {"delivered": 1}


@pytest.mark.parametrize(
    "event",
    [None, "text", {}, {"orgId": "a/b"}, {"orgId": 7}, {"projectId": 7}, {"type": None}, {"payload": {}}],
    ids=str,
)
def test_an_odd_event_is_handed_to_nobody_and_blocks_none(notifying: Notifying, event: Any) -> None:
    notifying.add_endpoint()
    whole = {"orgId": "org1", "projectId": "p", "type": "t", "occurredAt": START, "payload": "{}"}
    odd = whole | event if isinstance(event, dict) and event else event
    notifying.store.put_document(DocumentWrite("outbox/odd", {"event": odd, "dueAt": START}))
    good = notifying.add_event()
    notifying.run()
    assert notifying.receivers.ids(URL) == {good: 1}
    assert notifying.fields("outbox/odd")["dueAt"] is None


def test_more_than_twenty_endpoints_do_not_count(notifying: Notifying) -> None:
    for number in range(MAX_ENDPOINTS + 5):
        notifying.add_endpoint(f"ep{number:02}", url=f"https://{number}.example.com/")
    notifying.add_event()
    notifying.run()
    assert len({one.url for one in notifying.receivers.requests}) == MAX_ENDPOINTS


def test_many_events_of_many_organisations_are_handed_on(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "PAGE", 7)
    for org in range(5):
        notifying.add_endpoint(org=f"org{org}", url=f"https://{org}.example.com/")
    for number in range(50):
        notifying.add_event(org=f"org{number % 6}")  # one has no endpoint
    done = notifying.run()
    assert done.handed_on == 50
    assert len(notifying.receivers.requests) == 50 - 8


def test_events_from_before_an_endpoint_are_not_for_it(notifying: Notifying) -> None:
    before = notifying.add_event()
    notifying.clock.advance(60)
    endpoint = notifying.add_endpoint(createdAt=notifying.clock.now())
    after = notifying.add_event()
    notifying.run()
    assert set(notifying.deliveries(endpoint)) == {after}
    assert notifying.fields(f"outbox/{before}")["dueAt"] is None


# Attempts


def test_the_whole_schedule_takes_75_hours(notifying: Notifying) -> None:
    """75:35:05, give or take 10 %: a stepped clock, and a run each minute."""
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    notifying.receivers.replies[URL] = FAILED
    notifying.run()
    while notifying.states(endpoint) == {"pending": 1}:
        due_at = notifying.deliveries(endpoint)[event_id]["nextAttemptAt"]
        notifying.clock.advance(max(0.0, (due_at - notifying.clock.now()).total_seconds() - 1))
        notifying.minute()
    requests = notifying.receivers.of(URL)
    assert {one.webhook_id for one in requests} == {event_id}
    assert len({one.body for one in requests}) == 1
    waits = [(after.at - before.at).total_seconds() for before, after in pairwise(requests)]
    assert len(waits) == 9
    for wait, planned in zip(waits, SCHEDULE_S[1:], strict=True):
        assert planned * 0.9 <= wait <= planned * 1.1 + 60
    assert 0.9 * 272_105 <= sum(waits) <= 1.1 * 272_105
    delivery = notifying.deliveries(endpoint)[event_id]
    assert (delivery["state"], delivery["attempt"], delivery["nextAttemptAt"]) == ("failed", 10, None)
    assert [one["status"] for one in delivery["attempts"]] == [500] * 10


def test_each_wait_is_jittered_by_ten_percent() -> None:
    for attempts, planned in enumerate(SCHEDULE_S[1:], start=1):
        least, most = (wait_before_next(attempts, pick) for pick in (min, max))
        assert (least, most) == (timedelta(seconds=planned * 0.9), timedelta(seconds=planned * 1.1))
    assert wait_before_next(len(SCHEDULE_S), min) is None
    assert sum(SCHEDULE_S) == 75 * 3600 + 35 * 60 + 5


def test_the_second_attempt_comes_five_seconds_later(notifying: Notifying) -> None:
    """In the same run, and its thread is free meanwhile."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = lambda number: FAILED if number == 1 else Reply()
    notifying.add_event()
    notifying.run()
    first, second = notifying.receivers.of(URL)
    assert 5 <= (second.at - first.at).total_seconds() <= 5.6
    (delivery,) = notifying.deliveries(endpoint).values()
    assert (delivery["state"], delivery["attempt"]) == ("delivered", 2)
    assert [one["status"] for one in delivery["attempts"]] == [500, 200]
    assert notifying.health(endpoint)["failures"] == 0


def test_without_time_the_second_attempt_is_the_next_runs(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = lambda number: FAILED if number == 1 else Reply()
    notifying.add_event()
    notifying.run(seconds=22)
    (delivery,) = notifying.deliveries(endpoint).values()
    assert (delivery["state"], delivery["attempt"]) == ("pending", 1)
    assert 4 <= (delivery["nextAttemptAt"] - notifying.clock.now()).total_seconds() <= 5
    notifying.minute()
    assert notifying.states(endpoint) == {"delivered": 1}


def test_the_log_keeps_the_last_twelve_attempts(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.add_event(event_id="event1")
    notifying.run()
    old = [{"at": START, "status": number, "error": None, "ms": 1} for number in range(12)]
    path = f"{endpoint}/deliveries/event1"
    replay = {"state": "pending", "trigger": "replay", "attempt": 0, "nextAttemptAt": notifying.clock.now()}
    notifying.store.put_document(DocumentWrite(path, replay | {"attempts": old}))
    notifying.minute()
    assert [one["status"] for one in notifying.fields(path)["attempts"]] == [*range(1, 12), 200]


@pytest.mark.parametrize(
    ("reply", "state", "error", "wait_s"),
    [
        (Reply(200), "delivered", None, None),
        (Reply(204), "delivered", None, None),
        (Reply(299), "delivered", None, None),
        (Reply(200, control="abort-message"), "delivered", None, None),
        (Reply(302, SendError.REDIRECT), "pending", "redirect", 300),
        (Reply(400), "pending", None, 300),
        (Reply(404), "pending", None, 300),
        (Reply(500), "pending", None, 300),
        (Reply(None, SendError.DNS), "pending", "dns", 300),
        (Reply(None, SendError.TLS), "pending", "tls", 300),
        (Reply(None, SendError.TIMEOUT), "pending", "timeout", 300),
        (Reply(None, SendError.BLOCKED), "failed", "blocked", None),
        (Reply(400, control="abort-message"), "failed", "aborted", None),
        (Reply(410), "failed", None, None),
        (Reply(500, control="disable"), "failed", None, None),
        # A Retry-After is the least time to wait.
        (Reply(429, retry_after=timedelta(seconds=1)), "pending", None, 300),
        (Reply(429, retry_after=timedelta(hours=1)), "pending", None, 3_600),
        (Reply(503, retry_after=timedelta(hours=24)), "pending", None, 86_400),
        (Reply(500, retry_after=timedelta(hours=24)), "pending", None, 300),
    ],
    ids=str,
)
def test_an_answer_decides_about_its_delivery(
    reply: Reply, state: str, error: str | None, wait_s: float | None
) -> None:
    verdict = judge(reply, Trigger.EVENT, 2, middle)
    assert (verdict.state, verdict.error) == (state, error)
    assert verdict.wait == (timedelta(seconds=wait_s) if wait_s else None)
    for trigger in (Trigger.TEST, Trigger.REPLAY):
        alone = judge(reply, trigger, 1, middle)
        assert alone.state == ("delivered" if state == "delivered" else "failed")
        assert alone.is_success is (True if state == "delivered" else None)
        assert (alone.wait, alone.off, alone.slow_down) == (None, None, None)


def test_retry_after_holds_back_the_endpoints_other_deliveries(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(429, retry_after=timedelta(minutes=20))
    for _ in range(30):
        notifying.add_event()
    notifying.run()
    assert len(notifying.receivers.requests) <= 2
    soonest = min(one["nextAttemptAt"] for one in notifying.deliveries(endpoint).values())
    assert soonest >= START + timedelta(minutes=20)
    assert notifying.states(endpoint) == {"pending": 30}
    notifying.receivers.replies[URL] = Reply()
    for _ in range(24):
        notifying.minute()
    assert notifying.states(endpoint) == {"delivered": 30}


def test_retry_after_holds_in_later_runs(notifying: Notifying) -> None:
    """New events wait, too; a test is sent."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(503, retry_after=timedelta(hours=1))
    for _ in range(40):
        notifying.add_event()
        notifying.minute()
    assert len(notifying.receivers.requests) == 1
    notifying.add_delivery(endpoint, "test1", trigger="test", type="webhook.test")
    notifying.minute()
    assert notifying.receivers.ids(URL)["test1"] == 1
    notifying.receivers.replies[URL] = Reply()
    for _ in range(40):
        notifying.minute()
    assert notifying.states(endpoint)["delivered"] == 40
    assert notifying.health(endpoint)["notBefore"] is None


def test_what_comes_during_retry_after_is_written_once(notifying: Notifying) -> None:
    """It is created with its time, and not put off by a second write."""
    not_before = START + timedelta(hours=1)
    health = {"failingSince": START, "failures": 1, "lastAttemptAt": START, "notBefore": not_before}
    endpoint = notifying.add_endpoint(health=health)
    event_id = notifying.add_event()
    assert notifying.run().put_off == 0
    assert notifying.deliveries(endpoint)[event_id]["nextAttemptAt"] == not_before
    assert notifying.receivers.requests == []


def test_during_a_rotation_both_secrets_sign(notifying: Notifying) -> None:
    notifying.add_endpoint(secretVersion=2, secretRotatedAt=START - timedelta(hours=23, minutes=59))
    notifying.add_event()
    notifying.run()
    notifying.clock.advance(60)
    notifying.add_event()
    notifying.run()
    signatures = [request.headers["webhook-signature"].split() for request in notifying.receivers.requests]
    assert [len(each) for each in signatures] == [2, 1]


# Tests and replays


def test_a_test_of_an_endpoint_that_is_off_is_sent_once(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint(enabled=False)
    path = notifying.add_delivery(endpoint, "test1", trigger="test", type="webhook.test", projectId=None)
    notifying.clock.advance(1)
    notifying.run()
    (request,) = notifying.receivers.requests
    assert json.loads(request.body) == {
        "type": "webhook.test",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"orgId": "org1", "endpointId": "ep1"},
    }
    assert request.webhook_id == "test1"
    assert notifying.fields(path)["state"] == "delivered"


@pytest.mark.parametrize("reply", [FAILED, HANGS, Reply(410), Reply(500, control="disable")], ids=str)
def test_ten_tests_that_fail_leave_the_health_as_it_was(notifying: Notifying, reply: Reply) -> None:
    health = {"failingSince": START - DAY, "failures": 9, "told": [1]}
    endpoint = notifying.add_endpoint(health=health)
    before = notifying.fields(endpoint)
    notifying.receivers.replies[URL] = reply
    for number in range(10):
        notifying.add_delivery(endpoint, f"test{number}", trigger="test", type="webhook.test")
        notifying.minute()
        notifying.minute()
    assert notifying.receivers.ids(URL) == {f"test{number}": 1 for number in range(10)}
    assert notifying.fields(endpoint) == before
    assert notifying.outbox("webhook") == []
    assert notifying.states(endpoint) == {"failed": 10}


def test_a_replay_is_sent_once_with_the_events_id(notifying: Notifying) -> None:
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    notifying.run()
    path = f"{endpoint}/deliveries/{event_id}"
    replay = {"state": "pending", "trigger": "replay", "attempt": 0, "nextAttemptAt": notifying.clock.now()}
    notifying.store.put_document(DocumentWrite(path, replay))
    notifying.receivers.replies[URL] = FAILED
    before = notifying.fields(endpoint)
    notifying.minute()
    notifying.minute()
    assert notifying.receivers.ids(URL) == {event_id: 2}
    first, second = notifying.receivers.requests
    assert first.body == second.body
    delivery = notifying.fields(path)
    assert (delivery["state"], delivery["attempt"], delivery["nextAttemptAt"]) == ("failed", 1, None)
    assert [one["status"] for one in delivery["attempts"]] == [200, 500]
    assert notifying.fields(endpoint) == before


def test_a_replay_while_the_endpoint_is_off_is_skipped(notifying: Notifying) -> None:
    """So it can be replayed again. The rules refuse it; somebody may have switched it off since."""
    endpoint = notifying.add_endpoint(enabled=False)
    path = notifying.add_delivery(endpoint, "event1", trigger="replay")
    notifying.clock.advance(1)
    notifying.run()
    assert (notifying.fields(path)["state"], notifying.fields(path)["nextAttemptAt"]) == ("skipped", None)
    assert notifying.receivers.requests == []


def test_a_replay_of_an_event_that_is_gone_fails_and_says_so(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    path = notifying.add_delivery(endpoint, "event1", trigger="replay")
    notifying.clock.advance(1)
    notifying.run()
    delivery = notifying.fields(path)
    assert (delivery["state"], delivery["attempt"]) == ("failed", 0)
    assert [(one["status"], one["error"]) for one in delivery["attempts"]] == [(None, "event_gone")]


@pytest.mark.parametrize("delivery_id", ["with.stop", "with space", "naïve", "x" * 201])
def test_a_test_with_an_unusable_id_fails(notifying: Notifying, delivery_id: str) -> None:
    endpoint = notifying.add_endpoint()
    path = notifying.add_delivery(endpoint, delivery_id, trigger="test", type="webhook.test")
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.fields(path)["state"] == "failed"
    assert notifying.receivers.requests == []


@pytest.mark.parametrize(
    "odd",
    [{"trigger": "whim"}, {"trigger": None}, {"state": "lost"}, {"state": "delivered"}, {"state": None}],
    ids=str,
)
def test_an_odd_delivery_is_not_due_any_more(notifying: Notifying, odd: dict[str, Any]) -> None:
    endpoint = notifying.add_endpoint()
    path = notifying.add_delivery(endpoint, "event1", **odd)
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.fields(path)["nextAttemptAt"] is None
    assert notifying.receivers.requests == []


def test_a_delivery_with_an_odd_log_is_sent(notifying: Notifying) -> None:
    endpoint, event_id = notifying.add_endpoint(enabled=False), notifying.add_event()
    notifying.run()
    notifying.store.put_document(DocumentWrite(endpoint, {"enabled": True}))
    odd = {"state": "pending", "nextAttemptAt": START, "attempts": "none", "attempt": -3, "createdAt": "today"}
    notifying.store.put_document(DocumentWrite(f"{endpoint}/deliveries/{event_id}", odd))
    notifying.minute()
    assert notifying.states(endpoint) == {"delivered": 1}
    assert notifying.deliveries(endpoint)[event_id]["attempt"] == 1


def test_deliveries_of_other_systems_are_left_alone(notifying: Notifying) -> None:
    """A query of all collections `deliveries` finds them, too."""
    parcel = {"nextAttemptAt": START, "state": "pending", "trigger": "event"}
    for path in ("shops/1/deliveries/a", "organizations/org1/others/x/deliveries/b", "deliveries/c"):
        notifying.store.put_document(DocumentWrite(path, parcel))
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event(event_id="event1")
    waiting = notifying.add_delivery(endpoint, "event1")
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.receivers.ids(URL) == {event_id: 1}
    assert notifying.fields(waiting)["state"] == "delivered"
    assert notifying.fields("shops/1/deliveries/a") == parcel


def test_deliveries_of_a_deleted_endpoint_fail(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    path = notifying.add_delivery(endpoint, "event1")
    notifying.store.delete_each({endpoint: notifying.store.get_stored_each([endpoint])[endpoint].version})
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.fields(path)["state"] == "failed"
    assert notifying.fields(path)["attempts"][0]["error"] == "endpoint_gone"


# Turns


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def waited(notifying: Notifying, url: str, since: Any) -> list[float]:
    return [(one.at - since).total_seconds() for one in notifying.receivers.of(url)]


@pytest.mark.parametrize("order", ["hanging first", "healthy first", "mixed"])
def test_a_hanging_endpoint_delays_nobody(notifying: Notifying, order: str) -> None:
    """1,000 deliveries of an endpoint that hangs, 100 of a healthy one: the healthy one's p95 is below 5 s."""
    hanging = notifying.add_endpoint("a", url=OTHER, eventTypes=["tracking.job.failed"])
    healthy = notifying.add_endpoint("b", eventTypes=["tracking.job.completed"])
    notifying.receivers.replies[OTHER] = HANGS
    kinds = [EventType.JOB_FAILED] * 1000 + [EventType.JOB_COMPLETED] * 100
    if order == "healthy first":
        kinds.reverse()
    elif order == "mixed":
        kinds = kinds[::11] + [kind for number, kind in enumerate(kinds) if number % 11]
    for kind in kinds:
        notifying.add_event(kind=kind)
    began_at = notifying.clock.now()
    done = notifying.run()
    assert notifying.clock.now() - began_at <= timedelta(seconds=55)
    assert notifying.states(healthy) == {"delivered": 100}
    assert p95(waited(notifying, URL, began_at)) < 5
    assert notifying.requests.most <= 10
    assert max(notifying.requests.most_of.values()) == 2
    assert notifying.states(hanging) == {"pending": 1000}
    assert len(notifying.receivers.of(OTHER)) <= 4
    assert done.put_off >= 990
    assert len({one["nextAttemptAt"] > notifying.clock.now() for one in notifying.deliveries(hanging).values()}) <= 2


def test_five_new_hanging_endpoints_leave_room_for_others(notifying: Notifying) -> None:
    """They hang for the first time, so nobody knows; together they may not take all ten requests for long."""
    for number in range(5):
        url = f"https://hangs{number}.example.com/"
        notifying.add_endpoint(f"a{number}", url=url, health={"failingSince": START - DAY, "failures": 3})
        notifying.receivers.replies[url] = HANGS
    healthy = notifying.add_endpoint("b")
    for _ in range(40):
        notifying.add_event()
    began_at = notifying.clock.now()
    notifying.run()
    assert notifying.states(healthy) == {"delivered": 40}
    assert p95(waited(notifying, URL, began_at)) < 5


@pytest.mark.parametrize("orgs", [1, 2, 5])
def test_slow_receivers_that_succeed_delay_no_other_organisation(notifying: Notifying, orgs: int) -> None:
    """They answer 200 after 14 s. Their first run shows it; after that they share six requests."""
    for number in range(30):
        url = f"https://slow{number}.example.com/"
        notifying.add_endpoint(f"ep{number}", org=f"slow{number % orgs}", url=url)
        notifying.receivers.replies[url] = Reply(ms=14_000)
    other = notifying.add_endpoint(org="other")
    for minute in range(5):
        for org in [f"slow{number}" for number in range(orgs)] * 3:
            notifying.add_event(org=org)
        notifying.clock.advance(0.1)
        at = notifying.clock.now()
        for _ in range(3):
            notifying.add_event(org="other")
        notifying.run()
        if minute:
            assert notifying.states(other) == {"delivered": 3 * (minute + 1)}
            assert max(waited(notifying, URL, at)) < 5
        notifying.minute()


def test_one_organisation_has_four_of_the_ten_requests(notifying: Notifying) -> None:
    for number in range(20):
        notifying.add_endpoint(f"ep{number:02}", url=f"https://{number}.example.com/")
        notifying.receivers.replies[f"https://{number}.example.com/"] = Reply(ms=1_900)
    notifying.add_event()
    notifying.run()
    assert notifying.requests.most == 4
    assert len(notifying.receivers.requests) == 20


@pytest.mark.parametrize("nth", [3, 20])
def test_an_endpoint_that_hangs_now_and_then_keeps_up(notifying: Notifying, nth: int) -> None:
    """One time-out in so many. Only those in a row show an endpoint that hangs."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = lambda number: HANGS if number % nth == 0 else Reply(ms=100)
    for _ in range(5):
        for _ in range(3 * nth):
            notifying.add_event()
        assert notifying.minute().put_off == 0
    notifying.clock.advance(400)
    notifying.minute()
    notifying.minute()
    assert notifying.states(endpoint)["delivered"] >= 5 * 3 * nth - 2


def test_untried_deliveries_are_told_however_often_put_off(notifying: Notifying) -> None:
    """The alarm sees what falls behind without end, and not what an endpoint's own outage has delayed."""
    well = {"lastDeliveredAt": START, "url": URL}
    for number, (health, told) in enumerate(
        [
            (well, 7_200),
            (well | {"slow": True}, 5),
            (well | {"failingSince": START}, 5),
            (well | {"recoveredAt": START + timedelta(hours=3)}, 5),
        ]
    ):
        one = Notifying()
        endpoint = one.add_endpoint(f"ep{number}", health=health)
        event_id = one.add_event(org="none")
        one.run()
        one.clock.advance(7_195)
        one.add_delivery(endpoint, event_id, createdAt=START)
        one.clock.advance(5)
        assert one.run().oldest_s == told


def test_due_deliveries_of_one_endpoint_do_not_hide_others(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pages are all of an endpoint that hangs. The healthy one's delivery is the last of all."""
    for module, name, value in ((due, "PAGE", 20), (lanes, "MAX_WAITING", 50), (due, "PARKED_PER_MINUTE", 30)):
        monkeypatch.setattr(module, name, value)
    hanging, healthy = notifying.add_endpoint("a", url=OTHER), notifying.add_endpoint("b")
    notifying.receivers.replies[OTHER] = HANGS
    for number in range(300):
        notifying.add_event(org="none", event_id=f"event{number:03}")
        notifying.add_delivery(hanging, f"event{number:03}")
    notifying.clock.advance(1)
    path = notifying.add_delivery(healthy, "event000")
    notifying.clock.advance(1)
    began_at = notifying.clock.now()
    notifying.run()
    assert notifying.fields(path)["state"] == "delivered"
    assert waited(notifying, URL, began_at)[0] < 5
    later = [one["nextAttemptAt"] for one in notifying.deliveries(hanging).values()]
    assert min(later) > notifying.clock.now() - timedelta(seconds=60)
    assert notifying.states(hanging) == {"pending": 300}


def test_a_replay_of_a_range_starves_nobody(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 replays of one endpoint become due at once; all are sent, and others' retries stay prompt."""
    monkeypatch.setattr(due, "PARKED_PER_MINUTE", 200)
    replayed, other = notifying.add_endpoint("a"), notifying.add_endpoint("b", url=OTHER)
    notifying.receivers.replies[URL] = Reply(ms=200)
    for number in range(3000):
        notifying.add_event(org="none", event_id=f"event{number:04}")
        notifying.add_delivery(replayed, f"event{number:04}", trigger="replay")
    notifying.clock.advance(1)
    path = notifying.add_delivery(other, "event0000")
    notifying.clock.advance(1)
    began_at = notifying.clock.now()
    notifying.run()
    assert notifying.fields(path)["state"] == "delivered"
    assert waited(notifying, OTHER, began_at)[0] < 5
    minutes = 1
    while notifying.states(replayed)["pending"]:
        notifying.minute()
        minutes += 1
        assert minutes < 40
    assert notifying.states(replayed) == {"delivered": 3000}
    assert set(notifying.receivers.ids(URL).values()) == {1}


def test_a_flood_of_tests_starves_nobody(notifying: Notifying) -> None:
    """One endpoint hangs and gets 12,000 tests. Another's retry comes at once, and tests wait without many writes."""
    flooded, other = notifying.add_endpoint("a", org="org2", url=OTHER), notifying.add_endpoint("b")
    notifying.receivers.replies[OTHER] = HANGS
    for number in range(12_000):
        notifying.add_delivery(flooded, f"test{number}", trigger="test", type="webhook.test")
    event_id = notifying.add_event(org="none")
    notifying.clock.advance(1)
    path = notifying.add_delivery(other, event_id, attempt=2)
    notifying.clock.advance(1)
    minutes = 0
    while notifying.fields(path)["state"] != "delivered":
        notifying.minute()
        minutes += 1
        assert minutes <= 2
    due_soon = [
        one
        for one in notifying.deliveries(flooded).values()
        if one["nextAttemptAt"] and one["nextAttemptAt"] < notifying.clock.now() + timedelta(minutes=10)
    ]
    assert len(due_soon) < 600
    assert notifying.fields(flooded)["health"] is None


def test_a_test_that_hangs_puts_off_events_of_its_endpoint(notifying: Notifying) -> None:
    """It says nothing about its health, and yet the run has seen that it hangs."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = HANGS
    for number in range(4):
        notifying.add_delivery(endpoint, f"test{number}", trigger="test", type="webhook.test")
    event_ids = [notifying.add_event(org="none") for _ in range(10)]
    for event_id in event_ids:
        notifying.add_delivery(endpoint, event_id)
    notifying.clock.advance(1)
    assert notifying.run().put_off == 10
    assert set(notifying.receivers.ids(URL)) <= {f"test{number}" for number in range(4)}
    assert notifying.fields(endpoint)["health"] is None


@pytest.mark.parametrize("trigger", ["test", "replay"])
def test_endpoints_beyond_the_twenty_get_no_tests_either(notifying: Notifying, trigger: str) -> None:
    paths = [notifying.add_endpoint(f"ep{number:02}") for number in range(MAX_ENDPOINTS + 1)]
    event_id = notifying.add_event(org="none")
    last, beyond = (notifying.add_delivery(path, event_id, trigger=trigger) for path in paths[-2:])
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.fields(last)["state"] == "delivered"
    assert (notifying.fields(beyond)["state"], notifying.fields(beyond)["nextAttemptAt"]) == ("skipped", None)
    assert len(notifying.receivers.requests) == 1


def test_many_new_events_starve_no_retry(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of the outbox and of due deliveries are read in turns."""
    monkeypatch.setattr(fan_out, "PAGE", 10)
    endpoint = notifying.add_endpoint("a", org="org2", url=OTHER)
    event_id = notifying.add_event(org="none")
    notifying.run()
    notifying.add_endpoint()
    notifying.add_delivery(endpoint, event_id, attempt=2)
    notifying.clock.advance(1)
    for _ in range(1_000):
        notifying.add_event()
    due_events, read = notifying.store.due_events, []

    def watched(*args: Any) -> Any:
        read.append(len(notifying.receivers.of(OTHER)))
        return due_events(*args)

    monkeypatch.setattr(notifying.store, "due_events", watched)
    notifying.run()
    assert read.index(1) <= 3


def test_one_organisation_takes_part_of_what_is_due(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many endpoints it has. The rest waits for later minutes, and is sent."""
    monkeypatch.setattr(due, "MAX_OF_ORG", 30)
    paths = [notifying.add_endpoint(f"ep{number}") for number in range(5)]
    for number in range(10):
        notifying.add_event(org="none", event_id=f"event{number}")
        for path in paths:
            notifying.add_delivery(path, f"event{number}")
    notifying.clock.advance(1)
    done = notifying.run()
    assert (done.delivered, done.put_off) == (30, 20)
    for _ in range(3):
        notifying.minute()
    assert [notifying.states(path) for path in paths] == [{"delivered": 10}] * 5


def test_a_run_without_time_creates_no_more(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch of deliveries takes five seconds. Events that are left stay due, and nothing is sent twice."""
    monkeypatch.setattr(fan_out, "MAX_WRITES_PER_COMMIT", 10)
    for number in range(10):
        notifying.add_endpoint(f"ep{number}")
    for _ in range(20):
        notifying.add_event()
    put_each = notifying.store.put_each

    def slow(writes: Any) -> Any:
        if writes and writes[0].must_be_new:
            notifying.clock.advance(5)
        return put_each(writes)

    monkeypatch.setattr(notifying.store, "put_each", slow)
    began_at = notifying.clock.now()
    notifying.run()
    assert notifying.clock.now() - began_at < timedelta(seconds=RUN_S - 5)
    left = len(notifying.store.due_events(notifying.clock.now(), 100))
    assert 0 < left < 20
    monkeypatch.setattr(notifying.store, "put_each", put_each)
    for _ in range(3):
        notifying.minute()
    assert len(notifying.receivers.requests) == 200
    assert set(notifying.receivers.ids(URL).values()) == {10}


def test_what_cannot_be_sent_is_left_before_the_last_answers(notifying: Notifying) -> None:
    """So its many writes do not begin when the time is nearly over."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(ms=9_900)
    for _ in range(800):
        notifying.add_event()
    left_at = []
    put_each = notifying.store.put_each

    def watched(writes: Any) -> Any:
        if len(writes) > 100 and not writes[0].must_be_new:
            left_at.append((notifying.clock.now() - began_at).total_seconds())
        return put_each(writes)

    notifying.store.put_each = watched  # type: ignore[method-assign]
    began_at = notifying.clock.now()
    notifying.run()
    assert left_at
    assert max(left_at) < RUN_S - 15
    assert notifying.states(endpoint)["pending"] > 700


def test_replays_are_tried_although_the_endpoint_hangs(notifying: Notifying) -> None:
    """Somebody waits for them, and each is tried once."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = HANGS
    for number in range(30):
        notifying.add_event(org="none", event_id=f"event{number:02}")
        trigger = "replay" if number >= 26 else "event"
        notifying.add_delivery(endpoint, f"event{number:02}", trigger=trigger)
    notifying.clock.advance(1)
    for _ in range(3):
        notifying.minute()
    replays = [notifying.deliveries(endpoint)[f"event{number:02}"] for number in range(26, 30)]
    assert [(one["state"], one["attempt"]) for one in replays] == [("failed", 1)] * 4


def test_put_off_deliveries_arrive_once_the_endpoint_is_back(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = HANGS
    for _ in range(200):
        notifying.add_event()
    for _ in range(30):
        notifying.minute()
    assert notifying.states(endpoint) == {"pending": 200}
    notifying.receivers.replies[URL] = Reply()
    for _ in range(60):
        notifying.minute()
    assert notifying.states(endpoint) == {"delivered": 200}


def test_what_waits_untried_waits_longer_in_a_long_outage() -> None:
    """So a thousand deliveries of a dead endpoint cost few writes."""
    waits = [put_off(0, timedelta(hours=hours), middle) for hours in (0, 1, 4, 100)]
    assert waits == [timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)]
    assert put_off(9, timedelta(0), middle) == timedelta(hours=24)


def test_a_slow_endpoint_leaves_what_it_cannot_take(notifying: Notifying) -> None:
    """It is not read again each minute, and all of it is delivered in the end."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(ms=4_000)
    for _ in range(300):
        notifying.add_event()
    done = notifying.run()
    assert done.put_off > 100
    minutes = 0
    while notifying.states(endpoint)["pending"]:
        notifying.minute()
        minutes += 1
        assert minutes < 60
    assert notifying.states(endpoint) == {"delivered": 300}
    assert set(notifying.receivers.ids(URL).values()) == {1}


def test_a_run_ends_in_time_and_gives_back_what_it_holds(notifying: Notifying) -> None:
    for number in range(30):
        url = f"https://slow{number}.example.com/"
        notifying.add_endpoint(f"ep{number:02}", org=f"org{number}", url=url)
        notifying.receivers.replies[url] = Reply(ms=9_000)
        for _ in range(8):
            notifying.add_event(org=f"org{number}")
    began_at = notifying.clock.now()
    notifying.run()
    assert notifying.clock.now() - began_at <= timedelta(seconds=RUN_S - 5)
    held = [
        one
        for number in range(30)
        for one in notifying.deliveries(f"organizations/org{number}/webhookEndpoints/ep{number:02}").values()
        if one["state"] == "pending"
    ]
    assert held
    assert all(one["nextAttemptAt"] <= notifying.clock.now() for one in held)


def test_late_in_a_run_new_deliveries_are_created_as_due(notifying: Notifying) -> None:
    """As this run's own they might have to be given back, a write each."""
    endpoint = notifying.add_endpoint()
    created: list[Any] = []
    put_each = notifying.store.put_each

    def watched(writes: Any) -> Any:
        created.extend(write.fields["nextAttemptAt"] for write in writes if write.must_be_new)
        return put_each(writes)

    notifying.store.put_each = watched  # type: ignore[method-assign]
    for seconds, is_taken in ((25, False), (60, True)):
        notifying.add_event()
        notifying.run(seconds=seconds)
        assert (created.pop() > notifying.clock.now()) is is_taken
    assert notifying.states(endpoint) == {"delivered": 2}


# Odd documents


def test_a_rotation_at_the_end_of_all_times_stops_nobody(notifying: Notifying) -> None:
    end = datetime(9999, 12, 31, tzinfo=UTC)
    notifying.add_endpoint("odd", org="org2", url=OTHER, secretVersion=2, secretRotatedAt=end)
    endpoint = notifying.add_endpoint()
    for org in ("org1", "org2"):
        notifying.add_event(org=org)
    notifying.run()
    assert notifying.states(endpoint) == {"delivered": 1}
    (request,) = notifying.receivers.of(OTHER)
    assert len(request.headers["webhook-signature"].split()) == 2


def test_a_secret_version_of_any_number_type_is_taken(notifying: Notifying) -> None:
    """The rules cannot tell 1.0 from 1 when a page creates an endpoint."""
    notifying.add_endpoint(secretVersion=1.0)
    event_id = notifying.add_event()
    notifying.run()
    (request,) = notifying.receivers.requests
    key = Webhook(secret(MASTER, "org1", "ep1", 1))
    assert request.headers["webhook-signature"] == key.sign(event_id, request.at, request.body.decode())


def test_counts_of_any_size_can_be_added_to(notifying: Notifying) -> None:
    most = 2**63 - 1
    endpoint = notifying.add_endpoint(health={"failures": most, "lastStatus": most})
    notifying.receivers.replies[URL] = FAILED
    event_id = notifying.add_event(org="none")
    path = notifying.add_delivery(endpoint, event_id, attempt=most)
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.fields(path)["state"] == "failed"
    assert notifying.fields(path)["attempt"] <= MOST_COUNTED + 1
    assert notifying.health(endpoint)["failures"] == MOST_COUNTED + 1


@pytest.mark.parametrize(("trigger", "state"), [("event", "pending"), ("replay", "failed")])
def test_one_that_cannot_be_sent_stops_no_other(
    notifying: Notifying, trigger: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is that goes wrong before the request."""
    endpoint = notifying.add_endpoint()
    odd, good = notifying.add_event(org="none"), notifying.add_event(org="none")

    def signed(payload: str, webhook_id: str, *rest: Any) -> dict[str, str]:
        if webhook_id == odd:
            raise OverflowError
        return signed_headers(payload, webhook_id, *rest)

    monkeypatch.setattr(delivering, "signed_headers", signed)
    paths = [notifying.add_delivery(endpoint, event_id, trigger=trigger) for event_id in (odd, good)]
    notifying.clock.advance(1)
    notifying.run()
    failed, sent = (notifying.fields(path) for path in paths)
    assert sent["state"] == "delivered"
    assert (failed["state"], failed["attempt"], failed["attempts"][0]["error"]) == (state, 1, "network")
    assert notifying.fields(endpoint)["health"] is None or notifying.health(endpoint)["failures"] == 0


def test_a_result_without_room_for_its_log_is_written(notifying: Notifying) -> None:
    """Somebody filled the document. Without a result it would be sent after each lease, for ever."""
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event(org="none")
    path = notifying.add_delivery(endpoint, event_id)
    for size in (2**power for power in range(20, 3, -1)):
        stored = notifying.store.get_stored_each([path])[path]
        filled = stored.fields.get("filler", "") + "x" * size  # the database refuses it when it is too long
        notifying.store.put_each([DocumentWrite(path, {"filler": filled}, version=stored.version)])
    notifying.clock.advance(1)
    notifying.run()
    notifying.clock.advance(100)
    notifying.run()
    delivery = notifying.fields(path)
    assert (delivery["state"], delivery["attempts"], delivery["nextAttemptAt"]) == ("delivered", [], None)
    assert notifying.receivers.ids(URL) == {event_id: 1}


def test_a_run_that_breaks_keeps_its_results(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    """So nothing is sent again that was delivered before the error."""
    endpoint = notifying.add_endpoint()
    notifying.add_event()

    def broken(results: Results) -> None:
        if results._waiting:
            raise RuntimeError

    monkeypatch.setattr(Results, "flush_if_due", broken)
    with pytest.raises(RuntimeError):
        notifying.run()
    assert notifying.states(endpoint) == {"delivered": 1}


# Writes


def test_a_delivery_costs_two_writes_and_no_read_of_its_own(
    notifying: Notifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One creates it as this run's own, one writes its result. Others are for the event and the endpoint's health."""
    notifying.add_endpoint(health={"lastDeliveredAt": START, "lastAttemptAt": START})
    written: list[str] = []
    for name in ("put_each", "update_each"):
        real = getattr(notifying.store, name)

        def call(writes: Any, _real: Any = real) -> Any:
            written.extend(write.path for write in writes)
            return _real(writes)

        monkeypatch.setattr(notifying.store, name, call)
    for _ in range(20):
        notifying.add_event()
    notifying.run()
    of_deliveries = [path for path in written if "/deliveries/" in path]
    assert len(of_deliveries) == 40
    assert len(written) == 60  # and one for each event


def test_an_idle_run_asks_twice(notifying: Notifying, monkeypatch: pytest.MonkeyPatch) -> None:
    notifying.add_endpoint()
    asked: list[str] = []
    for name in ("due_events", "due_documents", "stored_in", "get_each", "get_stored_each", "put_each", "update_each"):
        real = getattr(notifying.store, name)

        def call(*args: Any, _name: str = name, _real: Any = real) -> Any:
            asked.append(_name)
            return _real(*args)

        monkeypatch.setattr(notifying.store, name, call)
    done = notifying.run()
    assert asked == ["due_events", "due_documents"]
    assert done.oldest_s == 0


def test_results_are_written_while_the_run_goes_on(notifying: Notifying) -> None:
    """A page sees them within about a second, although another endpoint hangs."""
    notifying.add_endpoint("a", url=OTHER)
    healthy = notifying.add_endpoint("b")
    seen: list[float] = []
    began_at = notifying.clock.now()

    def reply(_number: int) -> Reply:
        return Reply()

    notifying.receivers.replies |= {OTHER: HANGS, URL: reply}
    notifying.add_event()
    put_each = notifying.store.put_each

    def watched(writes: Any) -> Any:
        if any(write.path.startswith(healthy) and write.fields.get("state") == "delivered" for write in writes):
            seen.append((notifying.clock.now() - began_at).total_seconds())
        return put_each(writes)

    notifying.store.put_each = watched  # type: ignore[method-assign]
    notifying.run()
    assert len(seen) == 1
    assert seen[0] <= 2


def test_the_oldest_that_is_due_is_told(notifying: Notifying) -> None:
    notifying.add_endpoint()
    notifying.add_event()
    notifying.clock.advance(700)
    assert notifying.run().oldest_s == 700
