"""The local stack, started for real and ended in every way; afterwards nothing may be left of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import process
from local.paths import LOCAL, ROOT, clean_environment

NAME = "stack-of-test-stack"


@pytest.fixture
def folder() -> Iterator[Path]:
    """The folder of a stack of this test's own."""
    shutil.rmtree(LOCAL / NAME, ignore_errors=True)
    yield LOCAL / NAME
    tell("down")
    shutil.rmtree(LOCAL / NAME, ignore_errors=True)


def begin(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local", *arguments]
    environment = clean_environment() | {"TRACKING_LOCAL_STACK": NAME, "COLUMNS": "200"}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, start_new_session=True, **pipes)


def tell(*arguments: str) -> str:
    with begin(*arguments) as running:
        return running.communicate(timeout=120)[0]


def wait_for(running: subprocess.Popen[str], words: str) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if words in line:
            return
    pytest.fail(f"`up` ended without saying {words!r}")


def parts(folder: Path) -> list[int]:
    state = json.loads((folder / "state.json").read_text())
    return [part["process"]["pid"] for part in state["parts"].values()]


def left_of(groups: list[int]) -> list[int]:
    return [pid for pid, row in process._table().items() if row.group in groups]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing_running(folder: Path, number: signal.Signals) -> None:
    with begin("up") as running:
        wait_for(running, "Deploying")
        groups = parts(folder)
        os.killpg(running.pid, number)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "everything that had been started was stopped" in said
    assert len(groups) == 5
    assert left_of(groups) == []
    assert not (folder / "state.json").exists()


def test_a_start_that_was_killed_is_cleared_away_by_down(folder: Path) -> None:
    with begin("up") as running:
        wait_for(running, "Building")
        running.kill()
    groups = parts(folder)
    before = left_of(groups)
    tell("down")
    assert (len(before) >= 5, left_of(groups)) == (True, [])


def test_the_stack_listens_on_this_machine_alone_and_stops_with_its_workers(folder: Path) -> None:
    said = tell("up")
    assert "export FIRESTORE_EMULATOR_HOST=127.0.0.1:" in said
    groups = parts(folder)
    status = tell("status")
    listening = listeners(groups)
    began = time.monotonic()
    again = tell("up")
    took_s = time.monotonic() - began
    tell("down")
    assert status.count("running") == 5
    assert len(listening) >= 5
    assert {address for address in listening if not address.startswith("127.0.0.1:")} == set()
    assert "Deploying" not in again
    assert took_s < 10
    assert left_of(groups) == []
    assert "is not running" in tell("status")


def listeners(groups: list[int]) -> set[str]:
    """Local addresses on which a process of these groups listens, by /proc: IPv4, and IPv6 with IPv4 within."""
    inodes = set()
    for pid in left_of(groups):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:  # 0A: listening
                found.add(_readable(fields[1]))
    return found


def _readable(address: str) -> str:
    """`0100007F:1F90` is 127.0.0.1:8080; in IPv6 the last word is the IPv4 address that Java maps there."""
    host, port = address.split(":")
    bytes_ = bytes.fromhex(host[-8:])[::-1]
    mapped = len(host) == 8 or host.startswith("0000000000000000FFFF0000")
    return f"{'.'.join(map(str, bytes_)) if mapped else host}:{int(port, 16)}"
