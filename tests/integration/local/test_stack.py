"""The real local stack, started and ended in every way. Nothing may run afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import aws
from local.paths import LOCAL
from local.programs import Process
from local.stack import State
from tests.e2e.running import Project, RunningStack
from tests.integration.local.commands import begin, remove, state_of, tell
from tracking.jobs import Status

NAME = "stack-of-test-stack"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield the folder of a stack that only this test uses."""
    remove(NAME)
    yield LOCAL / NAME
    tell(NAME, "down")
    remove(NAME)


def wait_for(running: subprocess.Popen[str], words: str) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if words in line:
            return
    pytest.fail(f"`up` ended without saying {words!r}")


def pids(stack: str) -> dict[str, int]:
    return {name: part.process.pid for name, part in state_of(stack).parts.items() if part.process}


def parts(stack: str) -> list[int]:
    return list(pids(stack).values())


def left_of(groups: list[int]) -> list[int]:
    return [pid for group in groups for pid in Process(group, 0.0).members()]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_an_interrupted_start_leaves_nothing_running(folder: Path, number: signal.Signals) -> None:
    with begin(NAME, "up") as running:
        wait_for(running, "Deploying")
        groups = parts(NAME)
        os.killpg(running.pid, number)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "everything that had been started was stopped" in said
    assert len(groups) == 6
    assert left_of(groups) == []
    assert not (folder / "state.json").exists()


@pytest.mark.nightly
def test_a_start_that_was_killed_is_cleared_away_by_down(folder: Path) -> None:
    with begin(NAME, "up") as running:
        wait_for(running, "Building")
        running.kill()
    groups = parts(NAME)
    before = left_of(groups)
    tell(NAME, "down")
    assert (len(before) >= 5, left_of(groups)) == (True, [])


def kill(stack: str, part: str) -> None:
    """Kill a part without the processes that it started."""
    os.kill(pids(stack)[part], signal.SIGKILL)


def restarted(stack: str, before: dict[str, int]) -> set[str]:
    return {name for name, pid in pids(stack).items() if pid != before[name]}


def addresses(state: State) -> dict[str, str]:
    return {name: part.address for name, part in state.parts.items()}


@pytest.mark.nightly
def test_dead_parts_alone_start_again_and_lost_data_is_told(running: RunningStack, name: str) -> None:
    before, project = pids(name), Project(running)
    job_id = project.add_job("sim_videos_2")
    kill(name, "aws")
    said = tell(name, "up")
    assert "MiniStack had stopped and is started again. Firestore keeps its data;" in said
    assert "Deploying" in said
    assert restarted(name, before) == {"aws"}
    assert addresses(state_of(name)) == addresses(running.state)
    again = Project(RunningStack(state_of(name)), project.org_id, project.project_id)
    assert again.ended([job_id])[job_id]["status"] == Status.COMPLETED

    before = pids(name)
    kill(name, "firestore")
    kill(name, "page")
    said = tell(name, "up")
    assert "are started again: the jobs and accounts that Firestore held in memory are gone." in said
    assert "Deploying" not in said
    assert restarted(name, before) == {"firestore", "page"}
    assert running.store.get_job(job_id) is None
    job_id = again.add_job("sim_videos_2")
    assert again.ended([job_id])[job_id]["status"] == Status.COMPLETED
    assert aws.answers(f"{running.state.page()}/config.json")
    again.stack.client.close()


@pytest.mark.nightly
def test_a_start_that_fails_stops_nothing_that_ran(running: RunningStack, name: str) -> None:
    before, job_id = pids(name), Project(running).add_job("sim_videos_2")
    kill(name, "aws")
    with begin(name, "up", "--aws-port", running.state.firestore().rpartition(":")[2]) as failing:
        said, _ = failing.communicate(timeout=60)
    assert failing.returncode == 1
    assert "for MiniStack cannot be used" in said
    left = pids(name)
    assert left == {name: pid for name, pid in before.items() if name != "aws"}
    assert running.store.get_job(job_id) is not None


def test_stack_listens_on_loopback_and_stops_with_its_workers(running: RunningStack, name: str) -> None:
    said = tell(name, "up")
    assert "export FIRESTORE_EMULATOR_HOST=127.0.0.1:" in said
    groups = parts(name)
    status = tell(name, "status")
    listening = listeners(groups)
    began = time.monotonic()
    again = tell(name, "up")
    took_s = time.monotonic() - began
    tell(name, "down")
    assert status.count("running") == 6
    assert len(listening) >= 6
    assert {address for address in listening if not address.startswith("127.0.0.1:")} == set()
    assert "Deploying" not in again
    assert took_s < 10
    assert left_of(groups) == []
    assert "is not running" in tell(name, "status")


def listeners(groups: list[int]) -> set[str]:
    """Read the addresses on which the groups' processes listen from /proc: IPv4, and IPv4 mapped to IPv6."""
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
    """Turn `0100007F:1F90` into 127.0.0.1:8080. Java maps an IPv4 address to the last word of an IPv6 address."""
    host, port = address.split(":")
    bytes_ = bytes.fromhex(host[-8:])[::-1]
    mapped = len(host) == 8 or host.startswith("0000000000000000FFFF0000")
    return f"{'.'.join(map(str, bytes_)) if mapped else host}:{int(port, 16)}"
