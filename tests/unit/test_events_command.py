"""`tracking events` on the memory store."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable

import pytest

import cli
from tests.harness import Harness
from tracking.store import OUTBOX, DocumentWrite

Run = Callable[..., str]


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    """A harness on whose store the command works."""
    found = Harness(news=True)
    monkeypatch.setattr(cli, "_store", lambda: found.store)
    return found


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs the command by its entry point, and returns its output."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["tracking", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        return capsys.readouterr().out

    return run


def rows(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]


def test_events_are_shown_newest_first(harness: Harness, tracking: Run) -> None:
    harness.run_chain(harness.claimed_job())
    harness.clock.advance(60)
    harness.add_job(username=7, projectId="[b]")
    harness.tick()
    harness.clock.advance(60)
    done = harness.run_chain(harness.claimed_job(username="[red]", platform="youtube"))
    (handed_on,) = (name for name in harness.store.get_documents(OUTBOX) if done["jobId"] in name)
    harness.store.update_each([DocumentWrite(f"{OUTBOX}/{handed_on}", {"dueAt": None})])
    header, *found = rows(tracking("events", "--org", "org1"))
    assert header == ["when", "type", "of", "about", "state", "event"]
    assert [row[1:5] for row in found] == [
        ["job.completed", "project1", "[red] youtube", "handed on"],
        ["job.failed", "[b]", "instagram", "waits"],
        ["job.completed", "project1", "@NASA instagram", "waits"],
    ]
    assert found[0][5] == handed_on
    of_project = rows(tracking("events", "--org", "org1", "--project", "project1", "--limit", "1"))
    assert of_project == [header, found[0]]


def test_payloads_are_printed_as_they_are_stored(harness: Harness, tracking: Run) -> None:
    harness.run_chain(harness.claimed_job(username="[red]🚀" + "x" * 90))
    (event,) = harness.store.get_documents(OUTBOX).values()
    output = tracking("events", "--org", "org1", "--json")
    assert output == event["event"]["payload"] + "\n"
    assert json.loads(output)["type"] == "tracking.job.completed"


def test_an_organisation_without_events_is_said_to_have_none(harness: Harness, tracking: Run) -> None:
    harness.run_chain(harness.claimed_job())
    assert tracking("events", "--org", "org2") == "No events.\n"
