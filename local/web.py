"""The front end's tools, and the demo page that is built with them.

`make setup` does not install Node itself. Without Node the pipeline runs, but there is no page.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from local import LocalError
from local.commands import install, run
from local.paths import LOCAL, ROOT, WEB, clean_environment, digest_of

_MODULES = WEB / "node_modules"
_LOCK = WEB / "package-lock.json"
_PAGE = LOCAL / "demo-page"
_STAMP = ".built"
_SOURCES = ("package-lock.json", "vite.demo.config.ts", "src", "demo")


def missing() -> str:
    """Return one sentence if Node is missing or too old, else an empty string."""
    help_ = "install Node 20.19, 22.12, or 24 and later (https://nodejs.org) and run this again"
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return f"Node is not installed, and the page and its tests are made with it: {help_}."
    version = _version(node)
    if not _serves(version):
        return f"{node} is Node {version or 'of no known version'}, which cannot make the page and its tests: {help_}."
    return ""


def _serves(version: str) -> bool:
    """Return whether `engines` in web/package.json allows this version of Node. Vite and Vitest need such a version."""
    major, minor = [*map(int, re.findall(r"\d+", version)), 0, 0][:2]
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major >= 24


def prepare() -> None:
    """Install the packages of web/package-lock.json, unless they are installed. Without Node, only print a note."""
    if sentence := missing():
        print(f"note: {sentence}", file=sys.stderr)
        return
    stamp, wanted = _MODULES / ".ready", _fingerprint_of_modules()
    if _is_stamped(stamp, wanted):
        return
    print(f"Installing the web package's tools ({_MODULES.relative_to(ROOT)}) ...", file=sys.stderr, flush=True)
    # npm runs no install scripts of packages: none of our packages needs its script.
    command = ["npm", "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    install(command, _LOCK, WEB)
    stamp.write_text(wanted)


def is_ready() -> bool:
    """Return whether the page can be built and tested now."""
    return not missing() and _is_stamped(_MODULES / ".ready", _fingerprint_of_modules())


def _is_stamped(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


def build_page(folder: Path) -> None:
    """Put the demo page into `folder`, unless `folder` has it and no source has changed.

    It is the same page for every stack of this clone, so it is built once, and copied.
    """
    sources = digest_of(WEB, _SOURCES)
    if _is_stamped(folder / _STAMP, sources):
        return
    command = [*_vite("build"), "--logLevel", "warn", "--outDir", str(_PAGE), "--emptyOutDir"]
    with (LOCAL / "demo-page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # stacks may start at the same time
        if not _is_stamped(_PAGE / _STAMP, sources):
            run(command, "The demo page could not be built", folder=WEB)
            (_PAGE / _STAMP).write_text(sources)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_PAGE, folder, ignore=shutil.ignore_patterns(_STAMP))
    (folder / _STAMP).write_text(sources)  # last: an interrupted copy has none


def serve_page(page: str, trigger: str) -> NoReturn:
    """Replace this process by the demo page's development server.

    `page` and `trigger`: the addresses of the stack's own page and of its kick.
    """
    command = [*_vite(), "--clearScreen", "false"]
    os.chdir(WEB)
    os.execve(command[0], command, clean_environment() | {"STACK_PAGE": page, "STACK_TRIGGER": trigger})


def _vite(*command: str) -> list[str]:
    """Return the beginning of a command line of Vite. LocalError when the tools are missing."""
    if not is_ready():
        raise LocalError(missing() or "The web package's tools are not installed: run `make setup`.")
    return [str(_MODULES / ".bin/vite"), *command, "--config", "vite.demo.config.ts"]


def _version(node: str) -> str:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return said.strip().removeprefix("v")


def _fingerprint_of_modules() -> str:
    """Return a text that changes with the lock and with Node: some packages hold programs for one version of Node."""
    version = _version(shutil.which("node") or "")
    return hashlib.sha256(_LOCK.read_bytes() + version.encode()).hexdigest()
