"""Starting programs so that every one of them can be found and ended again, whoever started it and however it went.

Each part of the stack leads a session of its own, so that its workers share its process group and end with it. What is
remembered of a part is its process id together with the moment it began: an id that the system has since given to
another program is never signalled.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from local.errors import LocalError

_children: dict[int, subprocess.Popen[bytes]] = {}  # those of this very process, which must reap them


@dataclass(frozen=True)
class Process:
    """A running part: `began` tells it from a later program with the same id."""

    pid: int
    began: str

    def is_alive(self) -> bool:
        _reap(self.pid)
        row = _table().get(self.pid)
        return row is not None and row.began == self.began

    def stop(self, limit_s: float = 8) -> None:
        """End it and all of its group: asked first, and killed after `limit_s`. Safe to call again."""
        leader = _table().get(self.pid)
        if leader is not None and leader.began != self.began:
            return
        for number, wait_s in ((signal.SIGTERM, limit_s), (signal.SIGKILL, limit_s)):
            if not self._members():
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            _wait(lambda: not self._members(), wait_s)
        child = _children.pop(self.pid, None)
        if child is not None:
            child.wait()

    def _members(self) -> list[int]:
        """Whoever is left of the group. While anyone is, the system gives the group's id to nobody else."""
        _reap(self.pid)
        return [pid for pid, row in _table().items() if row.group == self.pid]


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, *, folder: Path) -> Process:
    """Start a program in a session of its own, writing to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    row = _table().get(child.pid)
    return Process(child.pid, row.began if row else "")


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, *, folder: Path) -> int:
    """Run a program to its end and return its exit code; when we are interrupted, so are it and its children."""
    process = start(command, environment, log, folder=folder)
    try:
        return _children[process.pid].wait()
    finally:
        process.stop(limit_s=2)


def wait_until_ready(name: str, process: Process | None, ready: Callable[[], bool], log: Path, limit_s: float) -> None:
    """LocalError with the last lines of the log when the part ends, or is not ready after `limit_s`."""

    def settled() -> bool:
        return ready() or (process is not None and not process.is_alive())

    if _wait(settled, limit_s) and (process is None or process.is_alive()):
        return
    outcome = "did not answer in time" if process is None or process.is_alive() else "stopped while starting"
    raise LocalError(f"{name} {outcome}.{last_lines(log)}")


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, set off from the sentence before it; empty when there is none."""
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return f" The end of {log}:\n" + "\n".join(f"    {line}" for line in lines)


def choose_port(wanted: int | None, what: str) -> int:
    """The port asked for, or any free one. LocalError when the one asked for is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise LocalError(
                f"Port {wanted} for {what} cannot be used ({error.strerror}): stop what holds it, or name another."
            ) from error
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Being ended politely (TERM, a closed terminal) is handled as Ctrl-C is, so that what was started is stopped."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    with _handled(interrupt):
        yield


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """For what must not be cut in two, such as starting a part and noting it down: signals come after it."""
    came: list[int] = []
    with _handled(lambda number, _frame: came.append(number)):
        yield
    for number in came[:1]:
        signal.raise_signal(number)


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before = [signal.signal(number, handler) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, former in zip(_SIGNALS, before, strict=True):
            signal.signal(number, former)


@dataclass(frozen=True)
class _Row:
    group: int
    began: str


def _table() -> dict[int, _Row]:
    """Every process that is not a zombie, with its group and its beginning."""
    return _table_of_proc() if sys.platform == "linux" else _table_of_ps()


def _table_of_proc() -> dict[int, _Row]:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: state, ppid, pgrp ... and the 22nd, starttime."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    rows = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        if fields[0] != "Z":
            rows[int(entry.parent.name)] = _Row(int(fields[2]), f"{boot}-{fields[19]}")
    return rows


def _table_of_ps() -> dict[int, _Row]:
    listing = subprocess.run(["ps", "-axo", "pid=,pgid=,stat=,lstart="], capture_output=True, text=True, check=True)
    rows = {}
    for line in listing.stdout.splitlines():
        pid, group, state, began = line.split(maxsplit=3)
        if not state.startswith("Z"):
            rows[int(pid)] = _Row(int(group), began)
    return rows


def _reap(pid: int) -> None:
    if pid in _children:
        _children[pid].poll()


def _wait(condition: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
