"""The needs of the local stack, and how to get what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from local import LocalError, browser, firestore, web
from local.environments import OTHERS, OURS, Environment
from local.paths import VENV, clean_environment, host_python


@dataclass(frozen=True)
class Need:
    """One need. `found`: the version or place, empty when it is missing. `help`: how to get it."""

    name: str
    found: str
    help: str
    is_required: bool = True

    @property
    def is_met(self) -> bool:
        return bool(self.found) or not self.is_required


def list_needs() -> None:
    """List the needs of the local stack, and how to get what is missing. Exit code 1 if a required one is missing."""
    table = Table("need", "found", "how to get it", box=None, pad_edge=False)
    all_needs = list(needs())
    for need in all_needs:
        missing = "missing" if need.is_required else "not found"
        table.add_row(need.name, need.found or missing, "" if need.found else need.help)
    Console(highlight=False).print(table)
    if not all(need.is_met for need in all_needs):
        raise typer.Exit(1)


def needs() -> Iterator[Need]:
    """Yield all needs, in the order of a set-up."""
    yield Need("Python", f"{platform.python_version()} ({host_python()})", "install Python 3.11 or later")
    yield _program("make", "--version", "install it (apt install make; macOS: xcode-select --install)")
    yield _program("git", "--version", "install it (apt install git; macOS: xcode-select --install)")
    yield from _emulator()
    yield from _front_end()
    for environment in (OURS, *OTHERS):
        yield _environment(environment)
    yield Need("uv", _said(str(VENV / "bin" / "uv"), "--version"), "run `make setup`")
    server = "version --format {{.Server.Version}}"
    yield _program("docker", server, "not needed; `sam local invoke` runs in it", is_required=False)
    compiler = "not needed; `make build` byte-compiles the layer with it"
    yield Need("Python 3.13", _python_of_lambda(), compiler, is_required=False)


def _emulator() -> Iterator[Need]:
    path = os.environ.get("PATH", os.defpath)
    running = os.environ.get("FIRESTORE_EMULATOR_HOST", "")
    jar = firestore.find_jar(Path.home(), path)
    try:
        java, version = firestore.find_java(path, os.environ.get("JAVA_HOME", ""))
        is_old = jar is not None and version < firestore.java_needed(jar)
        found = "" if is_old else f"{version} ({java})"
        yield Need("Java", found, f"install Java {firestore.java_needed(jar) if jar else 17} or later", not running)
    except LocalError as error:
        yield Need("Java", "", str(error), not running)
    where = f"running at {running}" if running else str(jar or "")
    yield Need("Firestore emulator", where, "`make up` fetches it, with Node", is_required=False)


def _front_end() -> Iterator[Need]:
    """Yield the needs of the page and the tests. The pipeline runs without them."""
    missing = web.missing()
    node = "" if missing else _said(shutil.which("node") or "", "--version")
    yield Need("Node", node, missing, is_required=False)
    tools = "web/node_modules" if web.is_ready() else ""
    yield Need("the web package's tools", tools, "run `make setup`", is_required=False)
    chromium = browser.find()
    yield Need("Chromium", str(chromium or ""), "`make test` fetches it", is_required=False)
    firebase = _said(shutil.which("firebase") or "", "--version")
    yield Need("Firebase's tools", firebase, "not needed: a stand-in signs the demo's users in", is_required=False)


def _environment(environment: Environment) -> Need:
    found = str(environment.path) if environment.is_ready() else ""
    return Need(environment.name, found, "run `make setup`")


def _program(name: str, arguments: str, help_: str, *, is_required: bool = True) -> Need:
    found = shutil.which(name)
    return Need(name, _said(found, *arguments.split()) if found else "", help_, is_required)


def _python_of_lambda() -> str:
    """Return the version of the first Python 3.13 that runs; empty when there is none.

    Look on PATH first, as the layer's Makefile does. The program on PATH may be pyenv's shim, which does not run while
    another version is selected. So look in pyenv's folder next.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = ["python3.13", *map(str, sorted(pyenv.glob("versions/3.13.*/bin/python")))]
    return next((said for said in (_said(candidate, "--version") for candidate in candidates) if said), "")


def _said(*command: str) -> str:
    """Return the version that a program prints; empty when the program does not run."""
    try:
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    version = re.search(r"\d+(\.\d+)+", done.stdout)
    return f"{version[0]} ({command[0]})" if version and done.returncode == 0 else ""
