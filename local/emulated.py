"""Run a command beside a Firestore emulator of its own, with our rules: `python -m local.emulated COMMAND`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from local import aws, firestore, process
from local.errors import LocalError
from local.paths import ROOT, clean_environment


def run(command: list[str]) -> int:
    """The command's exit code; FIRESTORE_EMULATOR_HOST tells it where the emulator is."""
    port = process.choose_port(None, "the Firestore emulator")
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder, process.signals_as_interrupts():
        log = Path(folder) / "emulator.log"
        emulator = process.start(firestore.command(port), clean_environment(), log, folder=ROOT)
        try:
            process.wait_until_ready("firestore", emulator, lambda: aws.answers(f"http://{address}/"), log, 60)
            environment = clean_environment() | {"FIRESTORE_EMULATOR_HOST": address}
            return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
        finally:
            emulator.stop()


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except LocalError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
