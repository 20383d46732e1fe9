"""`tracking platforms` on the Firestore emulator: paused platforms, their ends, pausing and clearing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.firestore_v1 import Client
from typer.testing import CliRunner

import cli
from tests.harness import Harness
from tracking.jobs import PlatformName
from tracking.pauses import CONTROL_DOCUMENT, STATUS_DOCUMENT, Pause
from tracking.store import DocumentWrite
from tracking.store.firestore import FirestoreStore


@pytest.fixture
def store(firestore_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch) -> FirestoreStore:
    """The store that the command line reads too."""
    store = FirestoreStore(firestore_client())
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


def states(*arguments: str) -> dict[str, str]:
    """Run the command, and return the printed row of each platform."""
    shown = CliRunner().invoke(cli.app, ["platforms", *arguments])
    assert shown.exit_code == 0, shown.output
    rows = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in shown.output.splitlines()[1:])
    return {row[0]: row[1] if len(row) > 1 else "" for row in rows}


def pause(store: FirestoreStore, platform: PlatformName, until: datetime) -> None:
    store.put_document(Pause(platform=platform, until=until, reason="RateLimitedError").to_write())


def test_without_any_pause_every_platform_is_open(store: FirestoreStore) -> None:
    assert states() == {"Instagram": "open", "TikTok": "open", "YouTube": "open", "X": "open"}


def test_platforms_shows_pause_end_reason_and_ramp(store: FirestoreStore) -> None:
    now = datetime.now(UTC)
    pause(store, PlatformName.INSTAGRAM, now + timedelta(hours=1))
    pause(store, PlatformName.YOUTUBE, now - timedelta(minutes=2, seconds=10))
    pause(store, PlatformName.TWITTER, now - timedelta(days=1))
    shown = states()
    assert re.match(r"paused\s+\d\d \w+ \d\d:\d\d:\d\d\s+RateLimitedError", shown["Instagram"])
    assert re.match(r"resuming, 4 starts a tick\s+\d\d \w+", shown["YouTube"])
    assert (shown["X"], shown["TikTok"]) == ("open", "open")


def test_cleared_platform_starts_at_the_next_tick(store: FirestoreStore) -> None:
    """The other paused platform stays paused."""
    harness = Harness(store=store)
    harness.clock.advance((datetime.now(UTC) - harness.clock.now()).total_seconds())
    for platform in (PlatformName.INSTAGRAM, PlatformName.YOUTUBE):
        pause(store, platform, datetime.now(UTC) + timedelta(hours=1))
        harness.add_job(platform=platform)
    assert harness.tick()["started"] == 0
    shown = states("--clear", "instagram")
    assert shown["Instagram"] == "open"
    assert shown["YouTube"].startswith("paused")
    assert store.get_document(STATUS_DOCUMENT) == {"instagram": None}
    assert harness.tick()["started"] == 1
    assert [job["platform"] for job in harness.executions.started.values()] == ["instagram"]


def test_platform_paused_by_hand_starts_no_job_until_it_ends(store: FirestoreStore) -> None:
    """The other platforms go on."""
    harness = Harness(store=store)
    harness.clock.advance((datetime.now(UTC) - harness.clock.now()).total_seconds())
    for platform in (PlatformName.INSTAGRAM, PlatformName.YOUTUBE):
        harness.add_job(platform=platform)
    shown = states("--pause", "youtube", "--lasting", "12h")
    assert re.match(r"paused\s+\d\d \w+ \d\d:\d\d:\d\d\s+operator", shown["YouTube"])
    assert shown["Instagram"] == "open"
    control = store.get_document(CONTROL_DOCUMENT) or {}
    assert store.get_document(STATUS_DOCUMENT) == {"youtube": control["youtube"]}
    assert harness.tick()["started"] == 1
    assert [job["platform"] for job in harness.executions.started.values()] == ["instagram"]
    harness.clock.advance(timedelta(hours=11, minutes=59).total_seconds())
    assert harness.tick()["started"] == 0
    harness.clock.advance(timedelta(minutes=2).total_seconds())
    assert harness.tick()["started"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--pause", "youtube", "--lasting", "tomorrow"], "An age is a number of days or hours"),
        (["--pause", "youtube", "--clear", "youtube"], "cannot both pause a platform and clear its pause"),
    ],
)
def test_refused_pause_writes_nothing(arguments: list[str], sentence: str, store: FirestoreStore) -> None:
    pause(store, PlatformName.YOUTUBE, datetime.now(UTC) - timedelta(minutes=1))
    before = store.get_document(CONTROL_DOCUMENT)
    refused = CliRunner().invoke(cli.app, ["platforms", *arguments])
    assert sentence in str(refused.exception)
    assert store.get_document(CONTROL_DOCUMENT) == before


def test_unreadable_pause_is_shown_as_open(store: FirestoreStore) -> None:
    store.put_document(DocumentWrite(CONTROL_DOCUMENT, {"youtube": "until tomorrow", "tiktok": {"until": "14:05"}}))
    assert set(states().values()) == {"open"}


def test_an_unknown_platform_is_refused_by_name(store: FirestoreStore) -> None:
    refused = CliRunner().invoke(cli.app, ["platforms", "--clear", "facebook"])
    assert refused.exit_code != 0
    assert store.get_document(CONTROL_DOCUMENT) is None
