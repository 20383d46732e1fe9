"""The Python environments: ours (`.venv`), MiniStack's and SAM's, each from its own hash-pinned lock; then Node's
packages (`local.web`).

Runs before anything is installed, on the system's Python, so it may import nothing but the standard library:
`python -m local.environments`. An environment that is ready carries the fingerprint of what it was made from; one that
is half made carries none and is completed by the next run.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from local import LocalError, web
from local.commands import install, run, signals_as_interrupts
from local.paths import MINISTACK, ROOT, SAM, VENV

REQUIREMENTS = ROOT / "requirements"


@dataclass(frozen=True)
class Environment:
    name: str
    path: Path
    lock: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    def fingerprint(self) -> str:
        """Changes with the lock, the Python beneath, and the place of the clone, which scripts hold as a path."""
        made_from = [self.lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(self.path).encode()]
        made_from.append(sys.version.encode())
        return hashlib.sha256(b"\0".join(made_from)).hexdigest()

    @property
    def stamp(self) -> Path:
        """Holds the fingerprint while, and only while, the environment is complete."""
        return self.path / ".ready"

    def is_ready(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def mark_ready(self) -> None:
        self.stamp.write_text(self.fingerprint())


OURS = Environment("the project's tools", VENV, REQUIREMENTS / "dev.lock")
OTHERS = (
    Environment("MiniStack", MINISTACK, REQUIREMENTS / "ministack.lock"),
    Environment("the SAM CLI", SAM, REQUIREMENTS / "sam.lock"),
)


def prepare() -> None:
    """Make whatever is not ready. Safe to interrupt and to run again; under 0.1 s when nothing is to do."""
    if not OURS.is_ready():
        _make_ours()
    for environment in OTHERS:
        if not environment.is_ready():
            _say(environment)
            _uv("venv", "--quiet", "--clear", "--no-project", "--python", _base_python(), str(environment.path))
            _sync(environment)
            environment.mark_ready()
    web.prepare()


def _make_ours() -> None:
    _say(OURS)
    was_complete = OURS.stamp.exists()
    OURS.stamp.unlink(missing_ok=True)
    if not (was_complete and _is_made_with_this_python(OURS)):
        run(
            [_base_python(), "-m", "venv", "--clear", str(OURS.path)],
            "Python cannot make virtual environments: install its venv module (Debian: apt install python3-venv)",
        )
        lock = REQUIREMENTS / "uv.lock"
        pip = [str(OURS.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install([*pip, "--require-hashes", "--only-binary=:all:", "-r", str(lock)], lock)
    _sync(OURS)
    editable = ["pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    _uv(*editable, "--python", str(OURS.python))
    OURS.mark_ready()


def _is_made_with_this_python(environment: Environment) -> bool:
    config = environment.path / "pyvenv.cfg"
    version = ".".join(map(str, sys.version_info[:3]))
    return config.exists() and f"version = {version}" in config.read_text().splitlines()


def _sync(environment: Environment) -> None:
    sync = [str(VENV / "bin" / "uv"), "pip", "sync", "--quiet", "--require-hashes"]
    install([*sync, "--python", str(environment.python), str(environment.lock)], environment.lock)


def _uv(*arguments: str) -> None:
    run([str(VENV / "bin" / "uv"), *arguments], f"uv {arguments[0]} failed")


def _base_python() -> str:
    """The interpreter beneath: an environment made from another would die with it."""
    return getattr(sys, "_base_executable", "") or sys.executable


def _say(environment: Environment) -> None:
    print(f"Installing {environment.name} ({environment.path.relative_to(ROOT)}) ...", file=sys.stderr, flush=True)


def main() -> int:
    try:
        with signals_as_interrupts():
            prepare()
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
