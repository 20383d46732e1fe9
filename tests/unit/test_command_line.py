"""`tracking` over the store in memory: what it refuses before any request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, NoReturn

import pytest
from typer.main import get_command

from tests.doubles import ManualClock
from tracking import cli
from tracking.store.memory import MemoryStore


class Ended(NamedTuple):
    exit_code: object
    output: str
    errors: str


Tracking = Callable[..., Ended]


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tracking:
    """The command as its entry point runs it, for `main` is what turns an error into a sentence."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tracking", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """What the command line reads, too."""
    store = MemoryStore(ManualClock(datetime.now(UTC)))
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


# Ids of jobs


OF_ONE_JOB = ("watch", "retry", "cancel")


def test_these_are_the_commands_that_take_a_jobs_id() -> None:
    commands = vars(get_command(cli.app))["commands"]
    taking = [name for name, command in commands.items() if any(p.metavar == "JOB" for p in command.params)]
    assert sorted(taking) == sorted(OF_ONE_JOB)


@pytest.mark.parametrize("command", OF_ONE_JOB)
@pytest.mark.parametrize(
    "job_id", ["", "../x", "a/b", "__x__", "x" * 1_501, "\udcff"], ids=lambda job_id: ascii(job_id[:9])
)
def test_an_id_that_no_job_can_have_is_refused(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, command: str, job_id: str
) -> None:
    def asked() -> NoReturn:
        raise AssertionError("a request was about to be made")

    monkeypatch.setattr(cli, "_store", asked)
    exit_code, output, errors = tracking(command, job_id)
    assert (exit_code, output) == (1, "")
    assert errors == 'A job\'s id is 1 to 1,500 bytes of text without "/", and not ".", ".." or like "__x__".\n'


@pytest.mark.parametrize("command", OF_ONE_JOB)
def test_an_odd_id_that_a_job_may_have_is_looked_up(tracking: Tracking, store: MemoryStore, command: str) -> None:
    assert tracking(command, "__x") == (1, "", "There is no job __x.\n")
