"""Run a command with its own Firestore emulator, which has our rules: `python -m local.emulated COMMAND`."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local import aws, firestore, programs
from local.commands import exit_with
from local.paths import ROOT, clean_environment


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Start a Firestore emulator, yield its host and port, and stop it. LocalError when it does not start."""
    port = programs.choose_port(None, "the Firestore emulator")
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
        log = Path(folder) / "emulator.log"
        running = programs.start(firestore.command(port), clean_environment(), log)
        try:
            programs.wait_until_ready("firestore", running, lambda: aws.answers(f"http://{address}/"), log, 60)
            yield address
        finally:
            running.stop()


def run(command: list[str]) -> int:
    """Run the command and return its exit code. The command finds the emulator by FIRESTORE_EMULATOR_HOST."""
    with emulator() as address:
        environment = clean_environment() | {"FIRESTORE_EMULATOR_HOST": address}
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    exit_with(lambda: run(sys.argv[1:]))
