"""The handler of the notify function: what it publishes and returns, and its threads."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from local.paths import ROOT
from notify.app import handler
from notify.in_flight import THREADS, ThreadRequests
from tests.doubles import ManualClock
from tests.metrics import printed_metrics
from tests.notifying import URL, Notifying, Reply
from tracking.errors import CredentialsError
from tracking.events import EventType
from tracking.news_wiring import NotifyDeps
from tracking.sentences import say
from tracking.store import OUTBOX

OTHER, THIRD = "https://other.example.com/b", "https://third.example.com/c"
EVENTS = ["events/news.json", "events/tick.json", "events/wake.json"]


@pytest.fixture
def notifying() -> Notifying:
    return Notifying(clock=ManualClock(datetime.now(UTC)))


@pytest.mark.parametrize("event", EVENTS)
def test_any_event_is_a_run(
    notifying: Notifying, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, event: str
) -> None:
    endpoint, event_id = notifying.add_endpoint(), notifying.add_event()
    notifying.clock.advance(3)
    counts = handler(json.loads((ROOT / event).read_text()), FakeContext(), notifying.deps)  # type: ignore[arg-type]
    assert counts == {"handed_on": 1, "delivered": 1, "given_up": 0, "attempts": 1, "put_off": 0, "off": 0}
    assert printed_metrics(capsys.readouterr().out) == {
        "WebhookDelay": [3],
        "EventsHandedOn": [1],
        "WebhookAttempts": [1],
        "WebhooksDelivered": [1],
        "OldestNews": [3],
    }
    (line,) = [vars(record) for record in caplog.records if vars(record).get("action") == "notify_done"]
    assert (line["delivered"], line["levelname"]) == (1, "INFO")
    assert notifying.receivers.ids(URL) == {event_id: 1}
    assert notifying.states(endpoint) == {"delivered": 1}


def test_an_idle_run_publishes_nothing(notifying: Notifying, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch charges for each metric and hour with data."""
    counts = handler({}, FakeContext(), notifying.deps)  # type: ignore[arg-type]
    assert set(counts.values()) == {0}
    assert printed_metrics(capsys.readouterr().out) == {}


def test_every_trouble_of_a_run_is_counted(notifying: Notifying, capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint that is gone, one that asks us to slow down, and over a hundred first attempts."""
    notifying.add_endpoint("gone", url=OTHER, eventTypes=["tracking.job.failed"])
    slow = Reply(503, retry_after=timedelta(hours=1))
    notifying.add_endpoint("slow", url=THIRD, eventTypes=["tracking.job.failed"])
    notifying.add_endpoint("well")
    notifying.receivers.replies |= {OTHER: Reply(410), THIRD: slow}
    for _ in range(120):
        notifying.add_event(kind=EventType.JOB_FAILED)
    handler({}, FakeContext(), notifying.deps)  # type: ignore[arg-type]
    printed = printed_metrics(capsys.readouterr().out)
    assert len(printed["WebhookDelay"]) == sum(printed["WebhooksDelivered"]) == 120
    assert printed["EndpointsOff"] == [1]
    assert printed["WebhooksGivenUp"][0] >= 1
    assert printed["WebhooksPutOff"][0] >= 100


def test_a_missing_signing_key_is_told_by_its_name(notifying: Notifying, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = notifying.add_endpoint()
    notifying.add_event(org="none", event_id="event1")
    notifying.add_delivery(endpoint, "event1")
    notifying.clock.advance(1)

    def missing() -> str:
        raise CredentialsError(say("accessTrouble", detail="Our key is not set up."), "signing")

    deps = NotifyDeps(notifying.store, notifying.receivers, missing, notifying.clock)
    with pytest.raises(CredentialsError):
        handler({}, FakeContext(), deps)  # type: ignore[arg-type]
    output = capsys.readouterr().out
    assert printed_metrics(output)["CredentialsRefused"] == [1, 1]
    assert '"credential":"signing"' in output.replace(" ", "")


def test_logs_hold_neither_addresses_nor_payloads(notifying: Notifying, caplog: pytest.LogCaptureFixture) -> None:
    """An address may hold a secret in its path or its query."""
    notifying.add_endpoint(url="https://hooks.example.com/very-secret-path?token=x")
    notifying.add_event(username="somebody")
    notifying.receivers.replies["https://hooks.example.com/very-secret-path?token=x"] = Reply(410)
    handler({}, FakeContext(), notifying.deps)  # type: ignore[arg-type]
    output = "".join(str(vars(record)) for record in caplog.records)
    assert "'endpoint_off'" in output
    assert "very-secret-path" not in output
    assert "somebody" not in output
    assert "whsec_" not in output


def test_a_mistake_with_mail_fails_when_webhooks_are_sent(
    notifying: Notifying, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a missing index: the alarm for a function that fails rings, and webhooks arrive."""
    endpoint = notifying.add_endpoint()
    notifying.add_event()
    notifying.clock.advance(1)
    due = notifying.store.due_documents

    def without_index(group: str, *arguments: Any) -> Any:
        if group == OUTBOX:
            raise LookupError("The query requires an index.")
        return due(group, *arguments)

    monkeypatch.setattr(notifying.store, "due_documents", without_index)
    with pytest.raises(LookupError):
        handler({}, FakeContext(), replace(notifying.deps, mail_store=notifying.store))  # type: ignore[arg-type]
    assert notifying.states(endpoint) == {"delivered": 1}
    assert printed_metrics(capsys.readouterr().out)["WebhooksDelivered"] == [1]


# The threads


def test_requests_run_beside_each_other_up_to_ten() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def post() -> Reply:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
        return Reply()

    ended: list[int] = []
    with ThreadRequests[int]() as requests:
        for number in range(30):
            requests.start(number, post)
        while len(ended) < 30:
            ended += [number for number, _ in requests.wait(5)]
    assert sorted(ended) == list(range(30))
    assert most[0] == THREADS


def test_waiting_ends_without_an_answer() -> None:
    def slow() -> Reply:
        time.sleep(0.3)
        return Reply()

    with ThreadRequests[int]() as requests:
        assert requests.wait(0) == []
        requests.start(1, slow)
        assert requests.wait(0.01) == []
        assert requests.wait(5) == [(1, Reply())]


def test_a_mistake_in_a_request_is_raised() -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    with ThreadRequests[int]() as requests:
        requests.start(1, broken)
        with pytest.raises(ZeroDivisionError):
            requests.wait(5)
