"""The settings for mail, held to contracts/notifications.json."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import available_timezones

from local.paths import ROOT
from tracking.mail.preferences import SEEN_EVERY, Cadence, Preferences, settings_path

CONTRACT = json.loads((ROOT / "contracts/notifications.json").read_text())
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHOSEN = {
    "email": "weekly",
    "alerts": True,
    "hour": 23,
    "timezone": "Asia/Kolkata",
    "projectIds": ["project1"],
    "lastSeenAt": NOW,
    "updatedAt": NOW,
}


def test_the_document_has_the_contracts_place_and_fields() -> None:
    place = CONTRACT["document"].replace("{orgId}", "org1").replace("{uid}", "user1")
    assert settings_path("org1", "user1") == place
    assert CHOSEN.keys() == CONTRACT["fields"].keys()


def test_every_field_but_the_last_is_read() -> None:
    read = Preferences.from_document(CHOSEN)
    assert (read.email, read.alerts, read.hour, str(read.zone)) == (Cadence.WEEKLY, True, 23, "Asia/Kolkata")
    assert (read.project_ids, read.last_seen_at, read.odd) == (frozenset({"project1"}), NOW, ())


def test_without_a_document_the_contracts_defaults_hold() -> None:
    read = Preferences.from_document(CONTRACT["defaults"])
    assert str(read.zone) == "UTC"
    assert Preferences.from_document(None) == replace(read, zone=UTC) == Preferences()
    assert Preferences.from_document({**CONTRACT["defaults"], "hour": 0}).hour == 0


def test_the_cadences_are_the_contracts() -> None:
    assert list(Cadence) == CONTRACT["cadences"]
    assert SEEN_EVERY.total_seconds() == CONTRACT["seenEveryMinutes"] * 60


def test_the_longest_names_of_zones_fit_the_limit() -> None:
    assert max(map(len, available_timezones())) <= CONTRACT["limits"]["timezone"]
