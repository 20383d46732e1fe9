"""`tracking mail` on the memory store."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cli
from tests.doubles import START, ManualClock
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore

Run = Callable[..., str]
DELIVERY = {"state": "ERROR", "attempts": 1, "startTime": START, "endTime": START, "error": "May have been sent."}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A store on which the command works."""
    found = MemoryStore(ManualClock())
    monkeypatch.setattr(cli, "_store", lambda: found)
    return found


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `tracking mail` for org1, and returns its output: an error's if the code is not 0."""

    def run(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["tracking", "mail", *arguments, "--org", "org1"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


def mail(store: MemoryStore, name: str, hours: int = 0, **changes: Any) -> None:
    fields = {
        "orgId": "org1",
        "userId": "user1",
        "to": ["ada@demo.test"],
        "message": {"subject": "3 accounts are ready", "text": "", "html": ""},
        "expireAt": START + timedelta(days=30, hours=hours),
        "delivery": DELIVERY,
    } | changes
    store.put_document(DocumentWrite(f"mail/{name}", {k: v for k, v in fields.items() if v is not None}))


def delivery_of(store: MemoryStore, name: str) -> dict[str, Any]:
    return dict((store.get_document(f"mail/{name}") or {})["delivery"])


def rows(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]


def test_mails_are_listed_newest_first(store: MemoryStore, tracking: Run) -> None:
    at = [f"{(START + timedelta(hours=hours)).astimezone():%d %b %H:%M:%S}" for hours in (0, 2)]
    mail(store, "m1")
    mail(store, "m2", hours=1, delivery={"state": "SUCCESS", "attempts": 1, "startTime": START}, to=["a@b", "[c]@d"])
    mail(store, "m3", hours=2, delivery=None, message={"subject": "[red]\nx"})
    mail(store, "m4", hours=3, orgId="org2")
    assert rows(tracking()) == [
        ["when", "to", "subject", "state", "attempts", "error", "mail"],
        [at[1], "ada@demo.test", "[red] x", "for another sender", "m3"],
        [at[0], "a@b, [c]@d", "3 accounts are ready", "SUCCESS", "1", "m2"],
        [at[0], "ada@demo.test", "3 accounts are ready", "ERROR", "1", "May have been sent.", "m1"],
    ]
    assert len(rows(tracking("--limit", "2"))) == 3


def test_mails_are_printed_as_json_lines(store: MemoryStore, tracking: Run) -> None:
    mail(store, "m1", delivery={"state": "SUCCESS", "startTime": START})
    (line,) = tracking("--json").splitlines()
    found = json.loads(line)
    assert (found["id"], found["delivery"]) == ("m1", {"state": "SUCCESS", "startTime": START.isoformat()})


def test_an_organisation_without_mail_is_said_to_have_none(store: MemoryStore, tracking: Run) -> None:
    mail(store, "m1", orgId="org2")
    assert tracking() == "No mail.\n"


def test_mail_that_ended_as_error_is_sent_again(store: MemoryStore, tracking: Run) -> None:
    mail(store, "m1")
    mail(store, "m2")
    assert "arrives twice" in tracking("--retry", "m1")
    again = delivery_of(store, "m1")
    assert (again["state"], again["dueAt"], again["leaseExpireTime"]) == ("RETRY", None, None)
    assert again["startTime"] == START
    assert delivery_of(store, "m2") == DELIVERY


def test_mails_in_error_are_sent_again_since_a_time(store: MemoryStore, tracking: Run) -> None:
    """Of one organisation, or of all; but not those that nobody wants, and none of another sender."""
    now = datetime.now(UTC)
    error = DELIVERY | {"endTime": now - timedelta(hours=1), "error": "May have been sent. InternalFailure: "}
    mail(store, "m1", delivery=error)
    mail(store, "m2", delivery=error | {"endTime": now - timedelta(hours=3)})
    mail(store, "m3", delivery=error | {"error": "Not sent: off."})
    mail(store, "m4", delivery=error, orgId="org2")
    mail(store, "m5", delivery=error | {"state": "SUCCESS"})
    mail(store, "m6", delivery=error, userId=None)
    mail(store, "m7", delivery=error | {"endTime": "noon"})
    assert tracking("--retry-since", "2h") == "1 mail sent again in the next minutes. Some may arrive twice.\n"
    assert tracking("--retry-since", "2h") == "Nothing to send again.\n"
    again = [name for name in store.get_documents("mail") if delivery_of(store, name)["state"] == "RETRY"]
    assert again == ["m1"]
    assert tracking("--retry-since", "1d", "--all").startswith("2 mails")
    again = [name for name in store.get_documents("mail") if delivery_of(store, name)["state"] == "RETRY"]
    assert again == ["m1", "m2", "m4"]


@pytest.mark.parametrize("options", [["--all"], ["--retry", "m1", "--retry-since", "1d"], ["--retry-since", "soon"]])
def test_options_that_say_nothing_together_are_refused(store: MemoryStore, tracking: Run, options: list[str]) -> None:
    mail(store, "m1")
    assert tracking(*options, code=1)
    assert delivery_of(store, "m1") == DELIVERY


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"delivery": {"state": "SUCCESS"}}, "The mail is SUCCESS; only one that ended as ERROR can be sent again."),
        ({"delivery": {"state": "PROCESSING"}}, "The mail is PROCESSING"),
        ({"delivery": None}, "The mail is for another sender"),
        ({"orgId": "org2"}, "org1 has no mail m1"),
    ],
)
def test_other_mails_are_not_sent_again(
    store: MemoryStore, tracking: Run, changes: dict[str, Any], sentence: str
) -> None:
    mail(store, "m1", **changes)
    before = store.get_document("mail/m1")
    assert tracking("--retry", "m1", code=1).startswith(sentence)
    assert tracking("--retry", "a/b", code=1).startswith("org1 has no mail a/b")
    assert store.get_document("mail/m1") == before
