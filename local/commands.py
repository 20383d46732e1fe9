"""Programs that run to their end, and the signals that arrive meanwhile.

This module imports only the standard library, since the set-up needs it before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local import LocalError
from local.paths import LOCAL, ROOT, clean_environment

# Words that pip, uv and npm print when the registry, the proxy or the name server does not answer.
_UNREACHABLE = re.compile(
    "error sending request|failed to fetch|connection|name resolution|dns error|timed out|proxy|certificate|network|"
    "no matching distribution|was not found in the package registry|request failed|could not connect|enotfound|"
    "etimedout|econnrefused",
    re.IGNORECASE,
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def popen(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None, folder: Path
) -> subprocess.Popen[bytes]:
    """Start a program in a new session, with its output in `log`. The program's workers share its process group."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=clean_environment() if environment is None else dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def exit_code(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> int:
    """Run a program to its end, and return its code. An interrupt also ends the program and its children."""
    child = popen(command, log, environment, folder)
    try:
        return child.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            _end_group(child, number)


def _end_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the child's group, and wait for at most two seconds until the group is empty."""
    deadline = time.monotonic() + 2
    with contextlib.suppress(ProcessLookupError):  # the group is empty
        os.killpg(child.pid, number)
        while time.monotonic() < deadline:
            child.poll()
            os.killpg(child.pid, 0)
            time.sleep(0.02)


def run(command: Sequence[str], failure: str, folder: Path = ROOT, *, needs_registry: bool = False) -> None:
    """Run a program with its output in a file. LocalError, with `failure` and the file's name, when that fails."""
    log = LOCAL / "setup.log"
    if exit_code(command, log, folder=folder) == 0:
        return
    if needs_registry and _UNREACHABLE.search(log.read_text(errors="replace")):
        failure += (
            ": the package registry cannot be reached. Check the network, the proxy (HTTPS_PROXY), the certificates"
            " (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) and the index (PIP_INDEX_URL, UV_DEFAULT_INDEX, npm's registry),"
            " then run this again"
        )
    raise LocalError(f"{failure}. What the installer said is in {log.relative_to(ROOT)}.")


def install(command: Sequence[str], lock: Path, folder: Path = ROOT) -> None:
    """Install the packages of `lock`. LocalError when that fails; it says so if the registry cannot be reached."""
    run(command, f"The packages of {lock.relative_to(ROOT)} could not be installed", folder, needs_registry=True)


def last_lines(log: Path, count: int = 12) -> str:
    """Return the last lines of a log, to append to a sentence. The text is empty when there is no log."""
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return f" The end of {log}:\n" + "\n".join(f"    {line}" for line in lines)


def exit_with(main: Callable[[], int | None]) -> NoReturn:
    """End this program with the code of `main`: 1 and one sentence for a LocalError, 130 for an interrupt."""
    try:
        with signals_as_interrupts():
            sys.exit(main())
    except LocalError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


@contextlib.contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP (a closed terminal) like Ctrl-C, so that everything that was started is stopped."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    with _handled(interrupt):
        yield


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Delay signals to the end of a block that must not be interrupted, such as one that starts and saves a part."""
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
