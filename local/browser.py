"""The Chromium that the page is tested in: one that is installed, else a fetched one.

`python -m local.browser` fetches it if there is none, and prints its path.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from local import LocalError
from local.commands import exit_code, exit_with
from local.paths import LOCAL, ROOT, clean_environment

_BROWSERS = LOCAL / "browsers"  # Playwright's, for users who may not install for the whole system
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FETCHED = {"chrome", "headless_shell", "chrome-headless-shell"}
_MACOS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
_HELP = "install Chromium or Chrome (Debian: apt install chromium fonts-liberation; macOS: brew install chromium)"

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


def find(applications: Path = Path("/Applications")) -> Path | None:
    """Return the first browser that runs, or None. Search PATH, macOS's applications and Playwright's downloads.

    Not every program of these names runs. Ubuntu's `chromium-browser` only prints that Chromium has to be installed as
    a snap.
    """
    on_path = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    fetched = [file for file in sorted(_BROWSERS.glob("chromium*/*/*")) if file.name in _FETCHED]
    candidates = [*on_path, *(applications / name for name in _MACOS), *fetched]
    return next((program for program in candidates if _runs(program)), None)


def chromium() -> Path:
    """Return the browser's program. LocalError when there is none."""
    if found := find():
        return found
    raise LocalError(f"There is no Chromium that runs: run `python -m local.browser`, or {_HELP}.")


def installed() -> Path:
    """Return the browser's program. If there is none, fetch one. LocalError when that fails.

    It fetches Debian's package if the system is Debian and this program may install packages, else Playwright's
    download.
    """
    if found := find():
        return found
    log = LOCAL / "browser.log"
    settings = {"DEBIAN_FRONTEND": "noninteractive", "PLAYWRIGHT_BROWSERS_PATH": str(_BROWSERS)}
    for command in _commands_to_fetch():
        if exit_code(command, log, clean_environment() | settings) != 0:
            break
    if found := find():
        return found
    raise LocalError(
        f"There is no Chromium that runs, and none could be fetched (see {log.relative_to(ROOT)}; what one lacks is"
        f" installed by `sudo .venv/bin/playwright install-deps chromium`): {_HELP}, then run this again."
    )


def _commands_to_fetch() -> list[list[str]]:
    """Return the commands that fetch a browser, in the order in which they must run."""
    is_root = os.geteuid() == 0
    is_debian = Path("/etc/os-release").is_file() and platform.freedesktop_os_release().get("ID") == "debian"
    apt = shutil.which("apt-get")
    if is_debian and apt and is_root:
        packages = ["chromium", "fonts-dejavu-core", "fonts-liberation"]
        return [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", *packages]]
    with_libraries = ["--with-deps"] if is_root and apt else []
    return [[sys.executable, "-m", "playwright", "install", *with_libraries, "chromium-headless-shell"]]


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    exit_with(lambda: print(installed()))
