"""The command `tracking` on the memory store: wrong arguments, and the question that it asks before it deletes."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, NoReturn

import pytest
from typer.main import get_command

import cli
from tests.doubles import ManualClock
from tests.factories import job_document
from tests.harness import spoil
from tracking.jobs import HELD
from tracking.store import JobWrite, Unwritable
from tracking.store.memory import MemoryStore


class Ended(NamedTuple):
    exit_code: object
    output: str
    errors: str


class Terminal(io.StringIO):
    """A terminal at which somebody types this text."""

    def isatty(self) -> bool:
        return True


Tracking = Callable[..., Ended]


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tracking:
    """A function that runs the command by its entry point `main`. `main` turns errors into sentences."""

    def run(*arguments: str, typed: str | None = None) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tracking", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO() if typed is None else Terminal(typed))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The memory store that the command uses."""
    store = MemoryStore(ManualClock(datetime.now(UTC)))
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


# Adoption


class Meddled(MemoryStore):
    """A store in which somebody changes the first of all jobs that are written together."""

    is_meddled = False

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        if self.is_meddled and writes:
            self.touch(writes[0].job_id, note="changed meanwhile")
        return super().write_each(writes)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> Meddled:
    """A project that this system has never seen: five stale jobs (one is malformed), two new ones, a finished one."""
    clock = ManualClock(datetime.now(UTC) - timedelta(days=40))
    store = Meddled(clock)
    for number in range(3):
        store.touch(f"stale{number}", **job_document())
    store.touch("malformed", **job_document(username=7))
    store.touch("abandoned", **job_document(status="processing"))
    store.touch("done", **job_document(status="completed"))
    clock.advance(timedelta(days=40).total_seconds())
    store.touch("new", **job_document())
    store.touch("at work", **job_document(status="processing"))
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


def statuses(store: MemoryStore) -> dict[str, object]:
    return {job_id: job["status"] for job_id, job in store.get_documents("trackingJobs").items()}


def test_adopt_first_shows_what_it_would_do(tracking: Tracking, unseen: MemoryStore) -> None:
    before = unseen.get_documents("trackingJobs")
    exit_code, output, errors = tracking("adopt")
    assert (exit_code, errors) == (0, "")
    assert [line.split(maxsplit=1) for line in output.splitlines()[1:6]] == [
        ["4", "pending and stale              will be cancelled            "],
        ["1", "processing and stale           will be cancelled            "],
        ["1", "pending and younger            start as always              "],
        ["1", "of the pending ones malformed  fail when it is their turn   "],
        ["1", "finished long ago              the next cleanup deletes them"],
    ]
    assert output.endswith("\nNothing was changed. --yes adopts the project.\n")
    assert unseen.get_documents("trackingJobs") == before
    assert unseen.get_document("trackingControl/platforms") is None


def test_adopt_cancels_what_is_stale(tracking: Tracking, unseen: MemoryStore) -> None:
    assert tracking("adopt", "--yes").output.endswith("\n5 jobs cancelled. The project is adopted.\n")
    gone = dict.fromkeys(("stale0", "stale1", "stale2", "malformed", "abandoned"), "cancelled")
    others = {"done": "completed", "new": "pending", "at work": "processing"}
    assert statuses(unseen) == gone | others
    assert unseen.get_document("trackingControl/platforms") == {"adoptedFrom": None}
    assert tracking("adopt", "--yes") == (0, "This project is adopted: nothing is held.\n", "")


def test_adopt_may_keep_stale_jobs_to_be_started(tracking: Tracking, unseen: MemoryStore) -> None:
    before = statuses(unseen)
    assert tracking("adopt", "--stale", "start", "--yes").output.endswith(
        "\n0 jobs cancelled. The project is adopted.\n"
    )
    assert statuses(unseen) == before
    assert unseen.get_document("trackingControl/platforms") == {"adoptedFrom": None}


def test_adopt_takes_ages_of_stale_and_finished_jobs(tracking: Tracking, unseen: MemoryStore) -> None:
    lines = tracking("adopt", "--older-than", "41d", "--keep-finished", "41d").output.splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ["0", "0", "5", "1", "0"]


def test_a_held_job_is_as_old_as_its_document(tracking: Tracking, unseen: MemoryStore) -> None:
    """The tick's message is a write of today."""
    unseen.touch("stale0", message=HELD.text)
    assert tracking("adopt").output.splitlines()[1].split()[0] == "4"


def test_adopt_says_what_could_not_be_cancelled(tracking: Tracking, unseen: Meddled) -> None:
    unseen.is_meddled = True
    assert tracking("adopt", "--yes").output.splitlines()[-2:] == [
        "3 jobs cancelled. The project is adopted.",
        "2 stale jobs could not be cancelled: changed meanwhile, or not to be written.",
    ]


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


@pytest.mark.parametrize("command", ["cancel", "retry"])
def test_a_job_that_nobody_can_write_is_one_sentence(tracking: Tracking, store: MemoryStore, command: str) -> None:
    status = "pending" if command == "cancel" else "failed"
    store.touch("full", **job_document(status=status))
    spoil(store, "full")
    sentence = "Firestore lets nobody change this job's document: it is too large.\n"
    assert tracking(command, "full") == (1, "", sentence)


@pytest.mark.parametrize("option", [[], ["--org", "\udce9"]])
def test_half_a_character_is_one_sentence(tracking: Tracking, store: MemoryStore, option: list[str]) -> None:
    username = "nasa" if option else "\udce9"
    exit_code, output, errors = tracking("track", username, "--platform", "tiktok", *option)
    assert (exit_code, output) == (1, "")
    assert errors == f"The job's {'orgId' if option else 'username'} must be text.\n"
    assert store.get_documents("trackingJobs") == {}


# Cleanup


def add(store: MemoryStore, job_id: str, days_ago: float, **overrides: object) -> None:
    ended = datetime.now(UTC) - timedelta(days=days_ago)
    store.touch(job_id, **job_document(status="completed", completedAt=ended) | overrides)


@pytest.fixture
def three_old(store: MemoryStore) -> MemoryStore:
    for number in (1, 2, 3):
        add(store, f"old{number}", 7.1)
    add(store, "young", 6.9, createdAt=datetime(2020, 1, 1, tzinfo=UTC))
    add(store, "at work", 30, status="processing")
    return store


def left(store: MemoryStore) -> set[str]:
    return set(store.get_documents("trackingJobs"))


QUESTION = "3 jobs that ended more than 7 days ago will be deleted. Accounts and videos stay.\nDelete them? [y/N] "
EVERYTHING = {"old1", "old2", "old3", "young", "at work"}


@pytest.mark.parametrize("typed", ["y\n", "Yes \n"])
def test_cleanup_counts_asks_and_deletes(tracking: Tracking, three_old: MemoryStore, typed: str) -> None:
    assert tracking("cleanup", typed=typed) == (0, "3 jobs deleted.\n", QUESTION)
    assert left(three_old) == {"young", "at work"}


@pytest.mark.parametrize("typed", ["n\n", "\n", "yesterday\n"])
def test_cleanup_deletes_nothing_unless_told_to(tracking: Tracking, three_old: MemoryStore, typed: str) -> None:
    assert tracking("cleanup", typed=typed) == (1, "", f"{QUESTION}Nothing was deleted.\n")
    assert left(three_old) == EVERYTHING


def test_an_answer_that_never_comes_deletes_nothing(tracking: Tracking, three_old: MemoryStore) -> None:
    exit_code, output, errors = tracking("cleanup", typed="")
    assert (exit_code, output) == (1, "")
    assert errors.startswith(QUESTION)
    assert left(three_old) == EVERYTHING


def test_a_script_says_yes_and_is_not_asked(tracking: Tracking, three_old: MemoryStore) -> None:
    assert tracking("cleanup", "--yes") == (0, "3 jobs deleted.\n", "")
    assert left(three_old) == {"young", "at work"}


def test_cleanup_without_a_terminal_or_a_yes_is_refused(tracking: Tracking, three_old: MemoryStore) -> None:
    exit_code, output, errors = tracking("cleanup", "--older-than", "0d")
    assert (exit_code, output) == (1, "")
    assert errors == "Nothing was deleted: there is no terminal to ask at. --yes deletes without asking.\n"
    assert left(three_old) == EVERYTHING


def test_cleanup_with_nothing_to_delete_asks_nothing(tracking: Tracking, store: MemoryStore) -> None:
    add(store, "young", 0)
    assert tracking("cleanup", typed="") == (0, "0 jobs deleted.\n", "")
    assert left(store) == {"young"}


@pytest.mark.parametrize(
    ("age", "words"),
    [("0d", "0 days"), ("1d", "1 day"), ("1h", "1 hour"), ("24h", "1 day"), ("36h", "36 hours"), (" 2d ", "2 days")],
)
def test_the_question_tells_number_and_age_in_words(
    tracking: Tracking, store: MemoryStore, age: str, words: str
) -> None:
    add(store, "old", 30)
    errors = tracking("cleanup", "--older-than", age, typed="n\n").errors
    assert errors.startswith(f"1 job that ended more than {words} ago will be deleted. Accounts and videos stay.\n")


def test_zero_days_is_every_finished_job_once_it_is_said(tracking: Tracking, three_old: MemoryStore) -> None:
    asked = tracking("cleanup", "--older-than", "0d", typed="y\n")
    assert asked.errors.startswith("4 jobs that ended more than 0 days ago will be deleted.")
    assert (asked.exit_code, asked.output) == (0, "4 jobs deleted.\n")
    assert left(three_old) == {"at work"}


@pytest.mark.parametrize("created_at", [None, "2020-01-01", datetime(2200, 1, 1, tzinfo=UTC)])
def test_a_job_without_an_end_is_as_old_as_its_last_write(
    tracking: Tracking, store: MemoryStore, created_at: object
) -> None:
    store.touch("job", status="failed", createdAt=created_at)
    assert tracking("cleanup", "--yes").output == "0 jobs deleted.\n"
    assert tracking("cleanup", "--older-than", "0h", "--yes").output == "1 job deleted.\n"


@pytest.mark.parametrize("age", ["", "7", "-1d", "7w", "12345d"])
def test_cleanup_refuses_an_invalid_age_without_asking(tracking: Tracking, three_old: MemoryStore, age: str) -> None:
    exit_code, output, errors = tracking("cleanup", f"--older-than={age}", "--yes")
    assert (exit_code, output) == (1, "")
    assert errors == "An age is a number of days or hours, as 7d or 12h.\n"
    assert left(three_old) == EVERYTHING
