"""A page of the web package for measurements: one script, built as the gallery is, in Chromium."""

from __future__ import annotations

import http.server
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import BenchError
from local import browser

_PAGE = """<!doctype html><html lang="en"><title>bench</title>
<div id="root"></div><script type="module" src="main.tsx"></script>
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def open_page(web: Path, name: str, script: str) -> Iterator[Page]:
    """Open a page with the script, whose imports begin at `../../src`. `web` is the folder web/ of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        _build(web.resolve(), name, script, folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser.chromium())
                page = chromium.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/")
                yield page
                chromium.close()
            server.shutdown()


def _build(web: Path, name: str, script: str, folder: str) -> None:
    page = web / "node_modules" / f".{name}-bench"
    page.mkdir(exist_ok=True)
    (page / "index.html").write_text(_PAGE)
    (page / "main.tsx").write_text(script)
    build = ["npx", "vite", "build", str(page), "--config", str(web / "tests/gallery/vite.config.ts")]
    built = subprocess.run([*build, "--outDir", folder], cwd=web, capture_output=True, text=True, check=False)
    if built.returncode:
        raise BenchError(f"The page cannot be built: {built.stderr}")
