"""Programs in the background, which any later command can find and end.

Each part of the stack leads its own process group, so that its workers end with it. We know a part by its process id
and its start time. If the system has since given the id to another program, that program gets no signal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from local import LocalError
from local.commands import last_lines, popen
from local.paths import ROOT

_children: dict[int, subprocess.Popen[bytes]] = {}  # children of this process, which must wait for them


@dataclass(frozen=True)
class Process:
    """A running part of the stack. `began`: the time when it was started, in seconds since the machine was booted."""

    pid: int
    began: float

    def is_alive(self) -> bool:
        began = _began(self.pid)
        return began is not None and abs(began - self.began) < 2

    def stop(self, limit_s: float = 8) -> None:
        """Ask the whole group to end, and kill it after `limit_s`. Safe to call again."""
        if _began(self.pid) is not None and not self.is_alive():
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, number)
                _wait(lambda: not self.members(), limit_s)
        child = _children.pop(self.pid, None)
        if child is not None:
            child.wait()

    def members(self) -> list[int]:
        """Return the living processes of the group. While one lives, the system does not use the group's id again."""
        return [pid for pid in psutil.pids() if _group(pid) == self.pid and _began(pid) is not None]


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, *, folder: Path = ROOT) -> Process:
    """Start a program in a new session, with its output in `log`."""
    child = popen(command, log, environment, folder)
    _children[child.pid] = child
    return Process(child.pid, _began(child.pid) or 0.0)


def wait_until_ready(name: str, process: Process | None, ready: Callable[[], bool], log: Path, limit_s: float) -> None:
    """Wait until `ready()`. LocalError, with the end of the log, when the part ends or `limit_s` passes."""

    def has_ended() -> bool:
        return process is not None and not process.is_alive()

    is_settled = _wait(lambda: ready() or has_ended(), limit_s)
    if has_ended():
        raise LocalError(f"{name} stopped while starting.{last_lines(log)}")
    if not is_settled:
        raise LocalError(f"{name} did not answer in time.{last_lines(log)}")


def choose_port(wanted: int | None, what: str) -> int:
    """Return the wanted port, or any free one. LocalError when the wanted one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise LocalError(
                f"Port {wanted} for {what} cannot be used ({error.strerror}): stop what holds it, or name another."
            ) from error
        return int(probe.getsockname()[1])


def _began(pid: int) -> float | None:
    """Return the seconds between the machine's start and the process's; None for a process that has ended.

    A change of the machine's clock moves both times, so it does not change the difference.
    """
    try:
        process = psutil.Process(pid)
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return None if is_zombie else process.create_time() - psutil.boot_time()
    except psutil.NoSuchProcess:
        return None


def _group(pid: int) -> int | None:
    with contextlib.suppress(OSError):  # the process has ended, or is hidden from us
        return os.getpgid(pid)
    return None


def _wait(condition: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
