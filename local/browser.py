"""The Chromium that the page is tested in: one that is installed, else one fetched, in the way that fits the machine.

`python -m local.browser` makes sure of it and says where it is.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from local import process
from local.errors import LocalError
from local.paths import LOCAL, ROOT, clean_environment

_BROWSERS = LOCAL / "browsers"  # Playwright's own, where nothing may be installed system-wide
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MACOS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
_HELP = "install Chromium or Chrome (Debian: apt install chromium fonts-liberation; macOS: brew install chromium)"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find(path: str) -> Path | None:
    """On PATH, among macOS's applications, or where `fetch` left it."""
    for name in _NAMES:
        if found := shutil.which(name, path=path):
            return Path(found)
    applications = [Path("/Applications") / name for name in _MACOS]
    fetched = sorted(_BROWSERS.glob("chromium*/chrome-*/*"))
    programs = {"chrome", "headless_shell", "chrome-headless-shell"}
    candidates = [*applications, *(file for file in fetched if file.name in programs)]
    return next((file for file in candidates if os.access(file, os.X_OK) and file.is_file()), None)


def fetch(path: str) -> Path:
    """Debian's package where we may install one, else Playwright's download. LocalError when neither can be had."""
    log = LOCAL / "browser.log"
    for command in _ways_to_fetch(path):
        environment = clean_environment() | {
            "DEBIAN_FRONTEND": "noninteractive",
            "PLAYWRIGHT_BROWSERS_PATH": str(_BROWSERS),
        }
        if process.run(command, environment, log, folder=ROOT) != 0:
            break
    found = find(path)
    if found is None:
        said = log.relative_to(ROOT)
        raise LocalError(f"No Chromium was found, and none could be fetched ({said}): {_HELP}, then run this again.")
    return found


def _ways_to_fetch(path: str) -> list[list[str]]:
    """Commands to run one after another."""
    is_debian = Path("/etc/os-release").is_file() and platform.freedesktop_os_release().get("ID") == "debian"
    apt = shutil.which("apt-get", path=path)
    if is_debian and apt and os.geteuid() == 0:
        packages = ["chromium", "fonts-dejavu-core", "fonts-liberation"]
        return [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", *packages]]
    return [[sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]]


def chromium() -> Path:
    """The browser's program, fetched if need be."""
    path = os.environ.get("PATH", os.defpath)
    return find(path) or fetch(path)


if __name__ == "__main__":
    try:
        print(chromium())
    except LocalError as error:
        sys.exit(f"error: {error}")
