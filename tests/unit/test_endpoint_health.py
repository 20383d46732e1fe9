"""The health of endpoints: failures, who is told, and what switches an endpoint off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notify.endpoint_health import host_of
from tests.doubles import START
from tests.notifying import FAILED, HANGS, URL, Notifying, Reply
from tracking.events import EventType
from tracking.store import DocumentWrite
from tracking.webhooks import SendError

OTHER = "https://other.example.com/b"
DAY = timedelta(days=1)


@pytest.fixture
def notifying() -> Notifying:
    return Notifying()


def test_a_first_delivery_makes_the_endpoint_healthy(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.add_event()
    notifying.run()
    at = START + timedelta(seconds=0.05)
    assert notifying.health(endpoint) == {
        "failingSince": None,
        "failures": 0,
        "lastStatus": 200,
        "lastError": None,
        "lastAttemptAt": at,
        "lastDeliveredAt": at,
        "told": [],
        "offReason": None,
        "offAt": None,
        "url": URL,
        "slow": False,
        "notBefore": None,
        "recoveredAt": None,
    }


def test_failures_are_counted_and_a_success_forgets_them(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(None, SendError.TLS)
    notifying.add_event()
    notifying.run()
    health = notifying.health(endpoint)
    assert (health["failures"], health["lastStatus"], health["lastError"]) == (2, None, "tls")
    assert health["failingSince"] == START + timedelta(seconds=0.05)
    notifying.receivers.replies[URL] = Reply()
    notifying.clock.advance(600)
    notifying.run()
    health = notifying.health(endpoint)
    assert (health["failures"], health["failingSince"], health["lastError"]) == (0, None, None)


def versions(notifying: Notifying, path: str) -> str:
    return notifying.store.get_stored_each([path])[path].version


def test_a_healthy_endpoint_is_written_once_in_a_while(notifying: Notifying) -> None:
    """Each delivery would cost a write more, which says nothing new."""
    endpoint = notifying.add_endpoint()
    written = set()
    for _ in range(60):
        notifying.add_event()
        notifying.minute()
        written.add(versions(notifying, endpoint))
    assert 4 <= len(written) <= 5
    assert notifying.clock.now() - notifying.health(endpoint)["lastDeliveredAt"] < timedelta(minutes=16)


def outage(notifying: Notifying, days: float, step: timedelta) -> None:
    until = notifying.clock.now() + timedelta(days=days)
    while notifying.clock.now() < until:
        notifying.add_event()
        notifying.run()
        notifying.clock.advance(step.total_seconds())


def test_owners_are_told_on_days_1_3_and_5_and_then_it_is_off(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint(url=f"{URL}?token=secret")
    notifying.receivers.replies[f"{URL}?token=secret"] = FAILED
    outage(notifying, 6, timedelta(hours=1))
    told = [(one["type"], one["data"]["reason"]) for one in notifying.outbox("webhook")]
    failing = ("tracking.webhook.failing", None)
    assert told == [failing, failing, ("tracking.webhook.disabled", "failing")]
    since = notifying.outbox("webhook")[0]["data"]["since"]
    assert [one["data"]["since"] for one in notifying.outbox("webhook")] == [since] * 3
    assert {one["data"]["url"] for one in notifying.outbox("webhook")} == {"https://hooks.example.com"}
    stored = notifying.fields(endpoint)
    health = stored["health"]
    assert (stored["enabled"], health["offReason"], health["told"]) == (False, "failing", [1, 3, 5])
    assert timedelta(days=5) <= health["offAt"] - health["failingSince"] < timedelta(days=5, hours=1)
    states = notifying.states(endpoint)
    assert states["skipped"] >= 24
    assert states["delivered"] == 0


def test_ten_attempts_are_needed_to_switch_it_off(notifying: Notifying) -> None:
    """An endpoint with few events fails for weeks before it has ten failures; it is told about once more."""
    endpoint = notifying.add_endpoint(eventTypes=["tracking.job.failed"])
    notifying.receivers.replies[URL] = Reply(None, SendError.BLOCKED)  # one attempt for each event
    for _ in range(9):
        notifying.add_event(kind=EventType.JOB_FAILED)
        notifying.run()
        notifying.clock.advance(DAY.total_seconds())
    assert notifying.fields(endpoint)["enabled"]
    assert [one["type"].rpartition(".")[2] for one in notifying.outbox("webhook")] == ["failing"] * 3
    notifying.add_event(kind=EventType.JOB_FAILED)
    notifying.run()
    assert not notifying.fields(endpoint)["enabled"]
    assert notifying.health(endpoint)["failures"] == 10
    assert [one["type"].rpartition(".")[2] for one in notifying.outbox("webhook")] == ["failing"] * 3 + ["disabled"]


def test_a_failure_after_two_quiet_days_begins_anew(notifying: Notifying) -> None:
    """Nobody knows how the endpoint was meanwhile; a restart of a minute must not switch it off."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(None, SendError.BLOCKED)
    for _ in range(15):
        notifying.add_event()
    notifying.run()
    notifying.clock.advance(timedelta(days=9).total_seconds())
    again_at = notifying.clock.now()
    for _ in range(3):
        notifying.add_event()
        notifying.minute()
    assert notifying.fields(endpoint)["enabled"]
    assert notifying.outbox("webhook") == []
    health = notifying.health(endpoint)
    assert health["failures"] == 3
    assert health["failingSince"] >= again_at


@pytest.mark.parametrize("trigger", ["test", "replay"])
def test_a_test_or_replay_that_succeeds_ends_an_outage(notifying: Notifying, trigger: str) -> None:
    health = {"failingSince": START - 4 * DAY, "failures": 12, "told": [1, 3], "lastAttemptAt": START}
    endpoint, event_id = notifying.add_endpoint(health=health), notifying.add_event(org="none")
    notifying.add_delivery(endpoint, event_id, trigger=trigger)
    notifying.clock.advance(1)
    assert notifying.run().delays_s == []
    health = notifying.health(endpoint)
    assert (health["failingSince"], health["failures"], health["told"]) == (None, 0, [])
    assert health["recoveredAt"] == health["lastDeliveredAt"] == notifying.clock.now()


def test_a_test_that_succeeds_does_not_switch_on(notifying: Notifying) -> None:
    off = {"failingSince": START - 6 * DAY, "failures": 12, "offReason": "failing", "offAt": START}
    endpoint = notifying.add_endpoint(enabled=False, health=off)
    before = notifying.fields(endpoint)
    notifying.add_delivery(endpoint, "test1", trigger="test", type="webhook.test")
    notifying.clock.advance(1)
    notifying.run()
    assert notifying.states(endpoint) == {"delivered": 1}
    assert notifying.fields(endpoint) == before


def test_a_new_address_begins_with_no_health(notifying: Notifying) -> None:
    """Its first failure does not end the five days of the old one."""
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = notifying.receivers.replies[OTHER] = FAILED
    outage(notifying, 4.9, timedelta(hours=2))
    notifying.store.put_document(DocumentWrite(endpoint, {"url": OTHER}))
    outage(notifying, 0.3, timedelta(hours=2))
    assert notifying.receivers.of(OTHER)
    assert notifying.fields(endpoint)["enabled"]
    assert notifying.health(endpoint)["url"] == OTHER
    assert notifying.health(endpoint)["failingSince"] > START + 4.9 * DAY


def test_health_knows_that_the_last_answer_was_slow(notifying: Notifying) -> None:
    """It is written when it changes, and the next run begins with it."""
    endpoint = notifying.add_endpoint()
    for ms in (14_000, 50):
        notifying.receivers.replies[URL] = Reply(ms=ms)
        notifying.add_event()
        notifying.minute()
        assert notifying.health(endpoint)["slow"] is (ms > 2_000)


def test_a_short_outage_tells_nobody(notifying: Notifying) -> None:
    notifying.add_endpoint()
    notifying.receivers.replies[URL] = FAILED
    outage(notifying, 0.9, timedelta(hours=1))
    notifying.receivers.replies[URL] = Reply()
    outage(notifying, 0.2, timedelta(hours=1))
    notifying.receivers.replies[URL] = FAILED
    outage(notifying, 0.9, timedelta(hours=1))
    assert notifying.outbox("webhook") == []


def test_other_endpoints_get_the_news_of_one_that_is_off(notifying: Notifying) -> None:
    notifying.add_endpoint("a")
    other = notifying.add_endpoint("b", url=OTHER, eventTypes=["tracking.webhook.disabled"])
    notifying.receivers.replies[URL] = Reply(410)
    notifying.add_event()
    notifying.run()
    notifying.minute()
    (delivery,) = notifying.deliveries(other).values()
    assert (delivery["type"], delivery["state"]) == ("tracking.webhook.disabled", "delivered")


@pytest.mark.parametrize(
    ("reply", "reason", "state"),
    [
        (Reply(410), "gone", "failed"),
        (Reply(500, control="disable"), "receiver", "failed"),
        (Reply(200, control="disable"), "receiver", "delivered"),
    ],
    ids=str,
)
def test_a_receiver_switches_its_endpoint_off_at_once(
    notifying: Notifying, reply: Reply, reason: str, state: str
) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = reply
    for _ in range(50):
        notifying.add_event()
    done = notifying.run()
    stored = notifying.fields(endpoint)
    assert (stored["enabled"], stored["health"]["offReason"]) == (False, reason)
    assert len(notifying.receivers.requests) <= 2
    (told,) = notifying.outbox("webhook.disabled")
    assert (told["data"]["endpointId"], told["data"]["reason"]) == ("ep1", reason)
    assert notifying.states(endpoint)["skipped"] >= 48
    assert notifying.states(endpoint)[state] >= 1
    assert done.off == 1


def test_abort_fails_one_delivery_and_no_endpoint(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(400, control="abort-message")
    notifying.add_event()
    notifying.run()
    notifying.minute()
    (delivery,) = notifying.deliveries(endpoint).values()
    assert (delivery["state"], delivery["attempt"], delivery["attempts"][0]["error"]) == ("failed", 1, "aborted")
    health = notifying.health(endpoint)
    assert (health["failures"], health["failingSince"], health["lastStatus"]) == (0, None, 400)


def test_an_endpoint_switched_on_again_begins_anew(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = Reply(410)
    notifying.add_event()
    notifying.run()
    notifying.store.put_document(DocumentWrite(endpoint, {"enabled": True, "health": None}))
    notifying.receivers.replies[URL] = FAILED
    notifying.add_event()
    notifying.minute()
    health = notifying.health(endpoint)
    assert (health["failures"], health["offReason"], health["told"]) == (2, None, [])


# A page changes the endpoint while its deliveries are sent


def while_sending(notifying: Notifying, endpoint: str, reply: Reply, **fields: Any) -> None:
    """Let a page write these fields of the endpoint while the first request is under way."""

    def changing(number: int) -> Reply:
        if number == 1:
            notifying.store.put_document(DocumentWrite(endpoint, fields))
        return reply

    notifying.receivers.replies[URL] = changing
    notifying.add_event()
    notifying.run()


def test_health_is_added_to_what_a_page_wrote_meanwhile(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    while_sending(notifying, endpoint, FAILED, description="new")
    stored = notifying.fields(endpoint)
    assert (stored["description"], stored["health"]["failures"]) == ("new", 2)


def test_failures_of_an_old_address_do_not_count(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    while_sending(notifying, endpoint, FAILED, url=OTHER)
    assert notifying.fields(endpoint)["health"] is None


def test_410_of_an_old_address_leaves_the_endpoint_on(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    for _ in range(20):
        notifying.add_event()
    while_sending(notifying, endpoint, Reply(410), url=OTHER)
    assert notifying.fields(endpoint)["enabled"]
    assert notifying.outbox("webhook") == []
    for _ in range(3):
        notifying.minute()
    states = notifying.states(endpoint)
    assert states["skipped"] == 0
    assert states["delivered"] >= 19
    assert len(notifying.receivers.of(OTHER)) >= 19


def test_an_endpoint_deleted_meanwhile_stays_deleted(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()

    def deleting(number: int) -> Reply:
        notifying.store.delete_each({endpoint: versions(notifying, endpoint)} if number == 1 else {})
        return Reply(410)

    notifying.receivers.replies[URL] = deleting
    notifying.add_event()
    notifying.run()
    assert notifying.store.get_document(endpoint) is None
    assert notifying.outbox("webhook") == []


def test_two_runs_tell_of_a_day_once(notifying: Notifying) -> None:
    """The other run has told it meanwhile, so this one finds it told."""
    since = START - timedelta(days=1, hours=1)
    health = {"failingSince": since, "failures": 30, "told": []}
    endpoint = notifying.add_endpoint(health=health)
    while_sending(notifying, endpoint, FAILED, health=health | {"told": [1], "failures": 31})
    assert notifying.outbox("webhook") == []
    assert notifying.health(endpoint)["failures"] == 33


def test_a_time_out_counts_as_a_failure(notifying: Notifying) -> None:
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = HANGS
    notifying.add_event()
    notifying.run()
    assert notifying.health(endpoint)["lastError"] == "timeout"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://hooks.example.com/services/T1/B2/SECRET?key=1#x", "https://hooks.example.com"),
        ("https://user:password@hooks.example.com/a", "https://hooks.example.com"),
        ("https://[broken", ""),
    ],
    ids=["path", "password", "broken"],
)
def test_an_address_is_told_without_its_secrets(url: str, told: str) -> None:
    assert host_of(url) == told


@pytest.mark.parametrize("reply", [Reply(), FAILED], ids=["succeeds", "fails"])
def test_one_switched_on_with_its_old_health_stays_on(notifying: Notifying, reply: Reply) -> None:
    """A console, or a page of one's own, may leave `health` as it was. Its old failures do not count either."""
    old = {"failures": 40, "failingSince": START - 6 * DAY, "told": [1, 3, 5], "offReason": "gone", "offAt": START}
    endpoint = notifying.add_endpoint(health=old)
    notifying.receivers.replies[URL] = reply
    notifying.add_event()
    notifying.run()
    assert notifying.fields(endpoint)["enabled"]
    assert notifying.outbox("webhook") == []
    health = notifying.health(endpoint)
    assert (health["offReason"], health["offAt"], health["told"]) == (None, None, [])
    assert health["failures"] == (0 if reply.status == 200 else 2)


def test_endpoints_of_one_organisation_count_once(notifying: Notifying) -> None:
    """The alarm is for trouble of ours, which many organisations have."""
    for number in range(5):
        notifying.add_endpoint(f"ep{number}")
    other = notifying.add_endpoint(org="org2")
    notifying.receivers.replies[URL] = Reply(410)
    for org in ("org1", "org2"):
        notifying.add_event(org=org)
    assert notifying.run().off == 2
    assert not notifying.fields(other)["enabled"]
