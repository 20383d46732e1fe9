"""`tracking budgets` and `tracking refresh` on the memory store."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cli
from tests.doubles import ManualClock
from tracking.budgets import BUDGETS_DOCUMENT, BudgetLimits, Budgets, Reservation, end_of_day
from tracking.jobs import PlatformName
from tracking.store import DocumentWrite, account_path
from tracking.store.memory import MemoryStore

NOW = datetime.now(UTC)
ACCOUNT = account_path("org1", "project1", "youtube_UC1")
LIMITS = BudgetLimits(platforms={PlatformName.YOUTUBE: 100, PlatformName.TWITTER: 2.5}, org_refreshes=5)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The memory store that the commands use."""
    store = MemoryStore(ManualClock(NOW))
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs the command by its entry point. It returns exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tracking", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def write_budgets(store: MemoryStore, **fields: Any) -> None:
    found = Budgets(None, LIMITS, NOW)
    found.take(Reservation("job1", 1, PlatformName.YOUTUBE, "org1", 22, NOW))
    store.put_document(DocumentWrite(BUDGETS_DOCUMENT, found.to_fields() | fields))


def rows(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]


def test_budgets_are_shown_with_what_is_reserved(store: MemoryStore, tracking: Run) -> None:
    write_budgets(store, used={"youtube": 63, "twitter": 0.123}, orgs={"org1": 5, "org2": 3, "[red]": 4})
    until = f"{end_of_day(NOW).astimezone():%d %b %H:%M}"
    assert rows(tracking("budgets")[1]) == [
        ["budget", "used", "reserved", "limit", "of", "state", "until"],
        ["Instagram", "0.00", "0.00", "none", "US dollars", "open"],
        ["TikTok", "0.00", "0.00", "none", "US dollars", "open"],
        ["YouTube", "63", "22", "100", "units", "spent", until],
        ["X", "0.12", "0.00", "2.50", "US dollars", "open"],
        ["org1", "5", "5", "refreshes", "spent", until],
        ["[red]", "4", "5", "refreshes", "spent, but for presses", until],
        ["org2", "3", "5", "refreshes", "open"],
    ]


def test_one_organisation_is_shown_alone(store: MemoryStore, tracking: Run) -> None:
    write_budgets(store, orgs={"org1": 5, "org2": 3})
    assert rows(tracking("budgets", "--org", "org2")[1])[1:] == [["org2", "3", "5", "refreshes", "open"]]
    assert rows(tracking("budgets", "--org", "org9")[1])[1:] == [["org9", "0", "5", "refreshes", "open"]]


def test_a_past_days_budgets_are_free(store: MemoryStore, tracking: Run) -> None:
    write_budgets(store, day="2026-01-01", used={"youtube": 99}, orgs={"org1": 5}, reserved=[])
    assert rows(tracking("budgets")[1])[3] == ["YouTube", "0", "0", "100", "units", "open"]


def test_without_refreshes_there_are_no_budgets(store: MemoryStore, tracking: Run) -> None:
    assert tracking("budgets")[1] == "No refresh was ever started here.\n"


def add_account(store: MemoryStore, **fields: Any) -> None:
    known = {"platform": "youtube", "username": "nasa", "lastSyncedAt": NOW - timedelta(hours=5)}
    store.put_document(DocumentWrite(ACCOUNT, known | fields))


def press(tracking: Run, *arguments: str) -> tuple[int, str, str]:
    return tracking("refresh", "@NASA", "--org", "org1", "--project", "project1", *arguments)


def test_an_account_is_made_due_as_by_a_press(store: MemoryStore, tracking: Run) -> None:
    add_account(store, nextRefreshAt=NOW + timedelta(days=1), followerCount=7)
    done = press(tracking)
    assert done == (0, "youtube_UC1 is due. The next tick starts it, if the stack has refreshes.\n", "")
    found = store.get_document(ACCOUNT) or {}
    assert found["nextRefreshAt"] == found["refreshAskedAt"]
    assert NOW <= found["nextRefreshAt"] <= datetime.now(UTC)
    assert found["followerCount"] == 7


@pytest.mark.parametrize(
    ("fields", "minutes_ago", "sentence", "helps"),
    [
        ({"refreshCadence": "off"}, {}, "The refreshes of nasa are off. A member can choose a cadence.", False),
        ({"unavailable": "not_found"}, {}, "nasa cannot be refreshed: not_found. --anyway looks for it again.", True),
        (
            {},
            {"lastSyncedAt": 20},
            "nasa was fetched or asked for within the last hour. In 40 min it may be again; --anyway does it.",
            True,
        ),
        (
            {},
            {"refreshAskedAt": 59},
            "nasa was fetched or asked for within the last hour. In 1 min it may be again; --anyway does it.",
            True,
        ),
    ],
)
def test_what_cannot_be_refreshed_is_said(
    store: MemoryStore,
    tracking: Run,
    fields: dict[str, Any],
    minutes_ago: dict[str, int],
    sentence: str,
    helps: bool,
) -> None:
    now = datetime.now(UTC)
    moments = {name: now - timedelta(minutes=minutes) for name, minutes in minutes_ago.items()}
    add_account(store, **fields, **moments)
    before = store.get_document(ACCOUNT)
    assert press(tracking) == (1, "", f"{sentence}\n")
    assert store.get_document(ACCOUNT) == before
    assert press(tracking, "--anyway")[0] == (0 if helps else 1)
    assert (store.get_document(ACCOUNT) != before) == helps


def test_an_unknown_account_is_said(store: MemoryStore, tracking: Run) -> None:
    code, _, errors = press(tracking)
    assert (code, errors) == (1, "There is no account @NASA in this project: `tracking accounts` lists them.\n")


def test_an_account_that_goes_meanwhile_is_said(
    store: MemoryStore, tracking: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_account(store)
    monkeypatch.setattr(store, "update_each", lambda _writes: [False])
    code, _, errors = press(tracking)
    assert code == 1
    assert errors == "youtube_UC1 was not changed: it is gone, or Firestore refuses to change it.\n"
