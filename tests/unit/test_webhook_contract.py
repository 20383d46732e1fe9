"""contracts/webhooks.json: endpoints and deliveries. The function is held to it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.paths import ROOT
from tests.doubles import START
from tests.notifying import FAILED, HANGS, URL, Notifying, Reply, endpoint_document
from tracking.events import EventType
from tracking.store import DocumentWrite
from tracking.webhooks import (
    KEPT,
    MAX_ATTEMPTS_KEPT,
    SCHEDULE_S,
    TEST_TYPE,
    Delivery,
    Endpoint,
    Health,
    OffReason,
    SendError,
    State,
    Trigger,
    delivery_path,
    endpoints_of,
    is_delivery_path,
    new_delivery,
)

CONTRACT: dict[str, Any] = json.loads((ROOT / "contracts" / "webhooks.json").read_text())
EVENTS: dict[str, Any] = json.loads((ROOT / "contracts" / "events.json").read_text())
TYPES: dict[str, type] = {
    "string": str,
    "bool": bool,
    "int": int,
    "timestamp": datetime,
    "string[]": list,
    "int[]": list,
    "attempt[]": list,
    "health": dict,
}
PLACE = {"orgId": "org1", "endpointId": "ep1", "eventId": "event1"}


def assert_fields(types: dict[str, str], found: dict[str, Any]) -> None:
    assert found.keys() == types.keys()
    for name, value in found.items():
        if value is None:
            assert types[name].endswith("?"), name
        else:
            assert type(value) is TYPES[types[name].removesuffix("?")], name


def test_documents_lie_where_the_contract_says() -> None:
    endpoint = f"{endpoints_of('org1')}/ep1"
    assert endpoint == CONTRACT["endpoint"]["document"].format_map(PLACE)
    path = delivery_path(endpoint, "event1")
    assert path == CONTRACT["delivery"]["document"].format_map(PLACE)
    assert is_delivery_path(path)


def test_words_and_numbers_are_those_of_the_contract() -> None:
    assert set(Trigger) == set(CONTRACT["delivery"]["triggers"])
    assert set(State) == set(CONTRACT["delivery"]["states"])
    assert list(SendError) == CONTRACT["delivery"]["errors"]
    assert set(OffReason) == set(CONTRACT["endpoint"]["offReasons"])
    assert list(SCHEDULE_S) == CONTRACT["scheduleS"]
    assert CONTRACT["delivery"]["mostAttempts"] == MAX_ATTEMPTS_KEPT
    assert CONTRACT["test"]["type"] == TEST_TYPE


def test_health_has_the_contracts_fields() -> None:
    full = Health(
        failing_since=START,
        failures=3,
        last_status=500,
        last_error="tls",
        last_attempt_at=START,
        last_delivered_at=START,
        told=(1, 3),
        off_reason="gone",
        off_at=START,
    )
    for health in (full, Health()):
        assert_fields(CONTRACT["endpoint"]["health"], health.to_field())
        assert Health.from_field(health.to_field()) == health


def test_an_endpoint_of_a_page_is_read() -> None:
    document = endpoint_document(eventTypes=["tracking.job.failed"], projectIds=["p"])
    assert_fields(CONTRACT["endpoint"]["fields"], document)
    endpoint = Endpoint.from_document("organizations/org1/webhookEndpoints/ep1", document, "v")
    assert (endpoint.org_id, endpoint.endpoint_id, endpoint.url) == ("org1", "ep1", URL)


def test_a_delivery_has_the_contracts_fields() -> None:
    for state, next_at in ((State.PENDING, START), (State.SKIPPED, None)):
        fields = new_delivery("t", None, state, START, next_at)
        assert_fields(CONTRACT["delivery"]["fields"], fields)
        assert fields["expireAt"] == fields["createdAt"] + KEPT


@pytest.mark.parametrize("reply", [Reply(), FAILED, HANGS, Reply(None, SendError.BLOCKED), Reply(410)], ids=str)
def test_what_a_run_writes_is_as_the_contract_says(reply: Reply) -> None:
    notifying = Notifying()
    endpoint = notifying.add_endpoint()
    notifying.receivers.replies[URL] = reply
    notifying.add_event()
    notifying.run()
    (delivery,) = notifying.deliveries(endpoint).values()
    assert_fields(CONTRACT["delivery"]["fields"], delivery)
    assert delivery["attempts"]
    for attempt in delivery["attempts"]:
        assert_fields(CONTRACT["delivery"]["attempt"], attempt)
    stored = notifying.fields(endpoint)
    assert_fields(CONTRACT["endpoint"]["fields"], stored)
    assert_fields(CONTRACT["endpoint"]["health"], stored["health"])


def test_a_pages_test_and_replay_are_understood() -> None:
    """`now` is the time of the page's request."""
    for fields, trigger in ((CONTRACT["test"]["document"], Trigger.TEST), (CONTRACT["replay"]["changes"], None)):
        document = {name: START if value == "now" else value for name, value in fields.items()}
        base = new_delivery("t", "p", State.SKIPPED, START, None)
        path = "organizations/o/webhookEndpoints/e/deliveries/d"
        delivery = Delivery.from_document(path, base | document, "v", START)
        assert delivery is not None
        assert (delivery.state, delivery.trigger) == (State.PENDING, trigger or Trigger.REPLAY)
        assert (delivery.attempt, delivery.due_at) == (0, START)


@pytest.mark.parametrize(
    ("reply", "kind"), [(FAILED, EventType.WEBHOOK_FAILING), (Reply(410), EventType.WEBHOOK_DISABLED)], ids=str
)
def test_events_of_endpoints_are_as_the_contract_says(reply: Reply, kind: EventType) -> None:
    notifying = Notifying()
    since = START - timedelta(days=1, hours=1)
    endpoint = notifying.add_endpoint()
    notifying.store.put_document(DocumentWrite(endpoint, {"health": {"failingSince": since, "failures": 3}}))
    notifying.receivers.replies[URL] = reply
    notifying.add_event()
    notifying.run()
    (payload,) = notifying.outbox("webhook")
    assert payload["type"] == kind
    types = EVENTS["types"][kind]["data"]
    assert payload["data"].keys() == types.keys()
    for name, value in payload["data"].items():
        if value is None:
            assert types[name].endswith("?"), name
        elif types[name].startswith("timestamp"):
            assert datetime.fromisoformat(value) == since
        else:
            assert type(value) is TYPES[types[name].removesuffix("?")], name
    (document,) = [one for one in notifying.store.get_documents("outbox").values() if one["event"]["type"] == kind]
    assert (document["event"]["projectId"], document["event"]["userId"]) == (None, None)
    assert document["dueAt"] == document["event"]["occurredAt"]
