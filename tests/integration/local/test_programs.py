"""Real processes: a program is ended together with its children, and no other program is ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import LocalError, commands, programs
from local.programs import Process

# Starts a child that ignores SIGTERM, prints `ready`, and waits.
STUBBORN_FAMILY = """
import signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", child])
time.sleep(60)
"""


def started(script: str, log: Path, folder: Path) -> Process:
    return programs.start([sys.executable, "-c", script], os.environ, log, folder=folder)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Process]:
    log = tmp_path / "log"
    running = started(STUBBORN_FAMILY, log, tmp_path)
    try:
        programs.wait_until_ready("the family", running, lambda: "ready" in log.read_text(), log, 10)
        yield running
    finally:
        running.stop(limit_s=0.2)


def group_of(running: Process) -> list[int]:
    return running.members()


def test_stopping_a_part_ends_children_that_ignore_sigterm(family: Process) -> None:
    before = group_of(family)
    family.stop(limit_s=0.2)
    assert (len(before), group_of(family), family.is_alive()) == (2, [], False)


def test_children_of_a_part_that_was_killed_are_ended_too(family: Process) -> None:
    os.kill(family.pid, signal.SIGKILL)
    time.sleep(0.2)
    orphans = group_of(family)
    family.stop(limit_s=0.2)
    assert (len(orphans), group_of(family)) == (1, [])


def test_a_process_that_got_the_id_of_a_part_is_left_alone(family: Process) -> None:
    remembered = Process(family.pid, began=family.began - 60)
    remembered.stop(limit_s=0.2)
    assert not remembered.is_alive()
    assert family.is_alive()


def test_stopping_twice_is_harmless(family: Process) -> None:
    family.stop(limit_s=0.2)
    family.stop(limit_s=0.2)
    assert not family.is_alive()


def test_part_that_ends_while_starting_is_told_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = started("raise SystemExit('no room on the disk')", log, tmp_path)
    with pytest.raises(LocalError, match=r"(?s)The part stopped while starting\..*no room on the disk"):
        programs.wait_until_ready("The part", running, lambda: False, log, 10)
    running.stop()


def test_a_part_that_does_not_answer_is_given_up(tmp_path: Path, family: Process) -> None:
    with pytest.raises(LocalError, match="The part did not answer in time"):
        programs.wait_until_ready("The part", family, lambda: False, tmp_path / "none", 0.1)


def test_an_interrupted_program_takes_its_children_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with pytest.raises(KeyboardInterrupt):
            commands.exit_code([sys.executable, "-c", STUBBORN_FAMILY], log, os.environ, tmp_path)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    ours = [path.name for path in Path("/proc").glob("[0-9]*") if _folder(path) == tmp_path]
    assert ours == []


def _folder(of_process: Path) -> Path | None:
    with contextlib.suppress(OSError):
        return (of_process / "cwd").readlink()
    return None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_port_that_is_taken_is_named_with_its_use() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(LocalError, match=f"^Port {port} for MiniStack cannot be used.*in use"):
            programs.choose_port(port, "MiniStack")


def test_a_free_port_is_chosen_when_none_is_asked_for() -> None:
    assert programs.choose_port(None, "MiniStack") > 1023


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_ended_politely_is_an_interrupt(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), commands.signals_as_interrupts():
        signal.raise_signal(number)


def test_a_signal_waits_for_the_end_of_a_whole_block() -> None:
    done = []

    def start_and_note_down() -> None:
        with commands.signals_deferred():
            signal.raise_signal(signal.SIGINT)
            done.append("noted down")

    with pytest.raises(KeyboardInterrupt), commands.signals_as_interrupts():
        start_and_note_down()
    assert done == ["noted down"]
