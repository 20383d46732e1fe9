"""The Python environments: ours (`.venv`), MiniStack's, SAM's and Checkov's; then Node's packages (`local.web`).

`python -m local.environments` runs before anything is installed, on the system's Python, so it imports only the
standard library. Each environment has a lock with hashes. A complete environment holds the fingerprint of its sources.
An incomplete environment holds no fingerprint, and the next run makes it again.

The locks have pip's format, not uv's. A lock in uv's format records the registry's addresses, and so ties a clone to
one index.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from local import web
from local.commands import exit_with, install, run
from local.paths import CHECKOV, MINISTACK, ROOT, SAM, VENV

REQUIREMENTS = ROOT / "requirements"
_UV = str(VENV / "bin" / "uv")


@dataclass(frozen=True)
class Environment:
    name: str
    path: Path
    lock: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """The file that holds the fingerprint. It exists only while the environment is complete."""
        return self.path / ".ready"

    def fingerprint(self) -> str:
        """Return a text that changes with the lock, the Python, and the path of the clone, which scripts contain."""
        settings = (ROOT / "pyproject.toml").read_bytes()
        made_from = (self.lock.read_bytes(), settings, str(self.path).encode(), sys.version.encode())
        return hashlib.sha256(b"\0".join(made_from)).hexdigest()

    def is_ready(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def mark_ready(self) -> None:
        self.stamp.write_text(self.fingerprint())


OURS = Environment("the project's tools", VENV, REQUIREMENTS / "dev.lock")
OTHERS = (
    Environment("MiniStack", MINISTACK, REQUIREMENTS / "ministack.lock"),
    Environment("the SAM CLI", SAM, REQUIREMENTS / "sam.lock"),
)
# Only `make nightly` needs it, and it is as large as all others together.
CHECKOV_TOOL = Environment("Checkov", CHECKOV, REQUIREMENTS / "checkov.lock")


def prepare() -> None:
    """Make each environment that is not ready. Safe to interrupt and to repeat; under 0.1 s when all are ready."""
    for environment in (OURS, *OTHERS):
        make(environment)
    web.prepare()


def make(environment: Environment) -> None:
    """Make an environment, unless it is ready. Ours must be there before the others: it has uv."""
    if environment.is_ready():
        return
    base = getattr(sys, "_base_executable", "") or sys.executable  # never another environment's, which may be deleted
    place = environment.path.relative_to(ROOT)
    print(f"Installing {environment.name} ({place}) ...", file=sys.stderr, flush=True)
    environment.stamp.unlink(missing_ok=True)
    if environment is OURS:
        _install_uv(base)
    else:
        venv = [_UV, "venv", "--quiet", "--clear", "--no-project", "--python", base, str(environment.path)]
        run(venv, "uv venv failed")
    sync = [_UV, "pip", "sync", "--quiet", "--require-hashes", "--python", str(environment.python)]
    install([*sync, str(environment.lock)], environment.lock)
    if environment is OURS:
        editable = [_UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation"]
        run([*editable, "--python", str(OURS.python), "-e", str(ROOT)], "uv pip install failed")
    environment.mark_ready()


def _install_uv(base: str) -> None:
    """Make `.venv`, and install uv into it: a machine has Python and pip, but perhaps no uv."""
    no_venv = "Python cannot make virtual environments: install its venv module (Debian: apt install python3-venv)"
    run([base, "-m", "venv", "--clear", str(OURS.path)], no_venv)
    pip = [str(OURS.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    lock = REQUIREMENTS / "uv.lock"
    install([*pip, "--only-binary=:all:", "-r", str(lock)], lock)


if __name__ == "__main__":
    os.chdir(ROOT)
    exit_with(prepare)
