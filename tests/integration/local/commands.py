"""The local stack's commands, run as a person runs them, on stacks that only the tests use."""

from __future__ import annotations

import shutil
import subprocess
import sys

from local.paths import LOCAL, ROOT, clean_environment
from local.stack import State


def begin(name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a command on the stack whose folder is `name`."""
    command = [sys.executable, "-m", "cli", "local", *arguments]
    environment = clean_environment() | {"TRACKING_LOCAL_STACK": name, "COLUMNS": "200"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def tell(name: str, *arguments: str) -> str:
    with begin(name, *arguments) as running:
        return running.communicate(timeout=120)[0]


def state_of(name: str) -> State:
    return State.load(LOCAL / name / "state.json")


def remove(name: str) -> None:
    shutil.rmtree(LOCAL / name, ignore_errors=True)
