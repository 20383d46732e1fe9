"""`tracking webhooks` on the memory store."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import cli
from cli.webhooks import OVER, replay_since
from local.paths import ROOT
from tests.doubles import START, ManualClock
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore

CONTRACT = json.loads((ROOT / "contracts/webhooks.json").read_text())
ENDPOINT = "organizations/org1/webhookEndpoints/e1"
Run = Callable[..., str]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A store on which the command works."""
    found = MemoryStore(ManualClock())
    monkeypatch.setattr(cli, "_store", lambda: found)
    return found


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `tracking webhooks` for org1, and returns its output: an error's if the code is not 0."""

    def run(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["tracking", "webhooks", *arguments, "--org", "org1"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


def put(store: MemoryStore, path: str, **fields: Any) -> None:
    store.put_document(DocumentWrite(path, fields))


def endpoint(store: MemoryStore, name: str = "e1", **changes: Any) -> None:
    known = {"url": "https://example.com/hook", "eventTypes": [], "projectIds": [], "enabled": True, "health": None}
    put(store, f"organizations/org1/webhookEndpoints/{name}", **(known | {"secretVersion": 1} | changes))


def delivery(store: MemoryStore, name: str, state: str, days: float = 0, **changes: Any) -> None:
    known = {"type": "tracking.job.failed", "trigger": "event", "state": state, "attempt": 1, "attempts": []}
    made = {"createdAt": START - timedelta(days=days), "nextAttemptAt": None}
    put(store, f"{ENDPOINT}/deliveries/{name}", **(known | made | changes))


def states(store: MemoryStore) -> dict[str, tuple[str, str]]:
    found = store.get_documents(f"{ENDPOINT}/deliveries")
    return {name: (fields["state"], fields["trigger"]) for name, fields in found.items()}


def rows(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]


def local(moment: Any) -> str:
    return f"{moment.astimezone():%d %b %H:%M:%S}"


def test_endpoints_are_listed_with_their_health(store: MemoryStore, tracking: Run) -> None:
    at = local(START)
    health = {"lastAttemptAt": START, "lastDeliveredAt": START, "lastStatus": 200, "failures": 0}
    endpoint(store, "a", health=health, url="https://[red].example.com/")
    endpoint(store, "b", health=health | {"failingSince": START, "failures": 3, "lastStatus": None, "lastError": "dns"})
    endpoint(store, "c", health=health | {"offReason": "gone", "offAt": START, "lastStatus": 410}, enabled=False)
    endpoint(store, "d", eventTypes=["tracking.job.failed", "tracking.job.completed"], projectIds=["p1", "p2"])
    endpoint(store, "e", enabled=False, url=7, eventTypes=["webhook.test"], health="odd")
    assert rows(tracking()) == [
        ["endpoint", "address", "events", "state", "last attempt"],
        ["a", "https://[red].example.com/", "all", "delivering", f"{at} 200"],
        ["b", "https://example.com/hook", "all", f"failing since {at}, 3 times", f"{at} dns"],
        ["c", "https://example.com/hook", "all", f"off since {at}: gone", f"{at} 410"],
        ["d", "https://example.com/hook", "job.failed and 1 more of p1, p2", "on", "none yet"],
        ["e", "7", "webhook.test", "off", "none yet"],
    ]


def test_deliveries_are_shown_newest_first(store: MemoryStore, tracking: Run) -> None:
    endpoint(store)
    tries = [{"at": START, "status": 500, "error": None, "ms": 3}, {"at": START, "error": "timeout", "ms": 15_000}]
    delivery(store, "old", "delivered", days=1, attempts=[{"at": START, "status": 204, "error": None, "ms": 9}])
    delivery(store, "new", "pending", attempts=tries, attempt=2, nextAttemptAt=START)
    delivery(store, "odd", "failed", days=2, attempts="none", type=None)
    header, *found = rows(tracking("e1"))
    assert header == ["when", "type", "trigger", "state", "attempts", "last", "next attempt", "delivery"]
    at = [local(START - timedelta(days=days)) for days in range(3)]
    assert found == [
        [at[0], "job.failed", "event", "pending", "2", "timeout", at[0], "new"],
        [at[1], "job.failed", "event", "delivered", "1", "204", "old"],
        [at[2], "event", "failed", "1", "odd"],
    ]
    assert len(rows(tracking("e1", "--limit", "1"))) == 2


def test_documents_are_printed_as_json_lines(store: MemoryStore, tracking: Run) -> None:
    endpoint(store, url="https://[red].example.com/ä")
    (line,) = tracking("--json").splitlines()
    assert json.loads(line)["url"] == "https://[red].example.com/ä"
    delivery(store, "d1", "failed")
    (line,) = tracking("e1", "--json").splitlines()
    assert (json.loads(line)["id"], json.loads(line)["createdAt"]) == ("d1", START.isoformat())


def test_nothing_is_said_in_words(store: MemoryStore, tracking: Run) -> None:
    assert tracking() == "No endpoints.\n"
    endpoint(store)
    assert tracking("e1") == "No deliveries.\n"
    assert tracking("e1", "--replay-since", "7d") == "Nothing to replay.\n"


def test_test_is_the_document_of_the_contract(store: MemoryStore, tracking: Run) -> None:
    endpoint(store, enabled=False)
    said = tracking("e1", "--test")
    ((name, fields),) = store.get_documents(f"{ENDPOINT}/deliveries").items()
    assert name in said
    wanted = dict(CONTRACT["test"]["document"])
    moments = {name for name, value in wanted.items() if value == "now"}
    assert moments == {"createdAt", "nextAttemptAt"}
    assert fields["createdAt"] == fields["nextAttemptAt"]
    assert timedelta(days=29) < fields["expireAt"] - fields["createdAt"] < timedelta(days=31)
    fixed = wanted.keys() - moments - {"expireAt"}
    assert {name: fields[name] for name in fixed} == {name: wanted[name] for name in fixed}
    assert fields.keys() == CONTRACT["delivery"]["fields"].keys()


@pytest.mark.parametrize("state", CONTRACT["replay"]["from"])
def test_delivery_that_is_over_is_replayed(store: MemoryStore, tracking: Run, state: str) -> None:
    endpoint(store)
    delivery(store, "d1", state, attempt=10)
    delivery(store, "d2", state)
    tracking("e1", "--replay", "d1")
    assert states(store) == {"d1": ("pending", "replay"), "d2": (state, "event")}
    fields = store.get_documents(f"{ENDPOINT}/deliveries")["d1"]
    assert (fields["attempt"], fields["type"]) == (0, "tracking.job.failed")
    assert fields["nextAttemptAt"] > START
    assert set(OVER) == set(CONTRACT["replay"]["from"])


def test_test_is_not_replayed(store: MemoryStore, tracking: Run) -> None:
    """Nor by a page: it has no event."""
    endpoint(store)
    delivery(store, "t1", "failed", type="webhook.test")
    assert tracking("e1", "--replay", "t1", code=1).startswith("A test is not replayed")
    found, now = store.get_stored(ENDPOINT), START + timedelta(minutes=1)
    assert found is not None
    assert replay_since(store, ENDPOINT, found, now - timedelta(days=7), now) == 0
    assert states(store) == {"t1": ("failed", "event")}


def test_delivery_that_changes_meanwhile_is_not_replayed(
    store: MemoryStore, tracking: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner's page was faster, and it was even sent by then."""
    endpoint(store)
    delivery(store, "d1", "failed")
    real = store.put_document

    def overtaken(write: DocumentWrite) -> str:
        real(DocumentWrite(write.path, {"state": "delivered", "trigger": "replay"}))
        return real(write)

    monkeypatch.setattr(store, "put_document", overtaken)
    assert tracking("e1", "--replay", "d1", code=1).startswith("The delivery changed at the same moment")
    assert states(store) == {"d1": ("delivered", "replay")}


def test_range_is_replayed_but_not_what_was_delivered(store: MemoryStore, tracking: Run) -> None:
    endpoint(store)
    for name, state, days in (("a", "failed", 1), ("b", "skipped", 2), ("c", "delivered", 1), ("d", "failed", 8)):
        delivery(store, name, state, days)
    delivery(store, "e", "pending")
    now = START + timedelta(minutes=1)
    found = store.get_stored(ENDPOINT)
    assert found is not None
    assert replay_since(store, ENDPOINT, found, now - timedelta(days=7), now) == 2
    replayed = ("pending", "replay")
    assert states(store) == {
        "a": replayed,
        "b": replayed,
        "c": ("delivered", "event"),
        "d": ("failed", "event"),
        "e": ("pending", "event"),
    }


def test_large_range_is_replayed_once_each(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two; of each page one fails again at once, and ids share their moments."""
    endpoint(store)
    for number in range(7):
        delivery(store, f"d{number}", "failed", days=number // 3)
    real = store.update_each

    def failing_again(writes: Any) -> list[bool]:
        done = real(writes)
        put(store, writes[0].path, state="failed")
        return done

    monkeypatch.setattr(store, "update_each", failing_again)
    found = store.get_stored(ENDPOINT)
    assert found is not None
    assert replay_since(store, ENDPOINT, found, START - timedelta(days=9), START, page_size=2) == 7
    assert {trigger for _, trigger in states(store).values()} == {"replay"}


def test_endpoint_is_switched_as_its_owner_does(store: MemoryStore, tracking: Run) -> None:
    endpoint(store, health={"failures": 10})
    assert tracking("e1", "--disable") == "e1 is off.\n"
    assert (store.get_document(ENDPOINT) or {})["health"] == {"failures": 10}
    assert tracking("e1", "--enable") == "e1 is on.\n"
    fields = store.get_document(ENDPOINT) or {}
    assert (fields["enabled"], fields["health"], fields["url"]) == (True, None, "https://example.com/hook")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["e2"], "org1 has no endpoint e2: `tracking webhooks --org org1` lists them."),
        (["a/b"], "org1 has no endpoint a/b"),
        (["e1", "--replay", "none"], "The endpoint has no delivery none."),
        (["e1", "--replay", "d1"], "d1 is pending; only one that is over can be replayed."),
        (["off", "--replay", "d1"], "The endpoint is off: switch it on with --enable, then replay."),
        (["off", "--replay-since", "7d"], "The endpoint is off"),
        (["e1", "--replay-since", "7 days"], "An age is a number of days or hours, as 7d or 12h."),
        (["--test"], "Name the endpoint to change"),
        (["e1", "--test", "--disable"], "One command makes one change."),
    ],
)
def test_impossible_commands_are_refused(
    store: MemoryStore, tracking: Run, arguments: list[str], sentence: str
) -> None:
    endpoint(store)
    endpoint(store, "off", enabled=False)
    delivery(store, "d1", "pending")
    before = states(store)
    assert tracking(*arguments, code=1).replace("\n", " ").startswith(sentence)
    assert states(store) == before
