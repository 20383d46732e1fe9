"""The demo page's server, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from local.page import PageHandler

SCRIPT = "const answer = 42;\n" * 1000


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/index-a1b2.js").write_text(SCRIPT)
    (tmp_path / "index.html").write_text("<title>Page</title>")
    (tmp_path / "config.json").write_text("{}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(PageHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as client:
            yield client
        server.shutdown()


def test_page_assets_are_compressed_and_cached(http: httpx.Client) -> None:
    answer = http.get("/assets/index-a1b2.js")
    assert answer.text == SCRIPT
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < len(SCRIPT) / 10
    assert answer.headers["Content-Type"].endswith("javascript")
    assert answer.headers["Cache-Control"] == "max-age=31536000"


def test_page_itself_is_asked_for_each_time(http: httpx.Client) -> None:
    answer = http.get("/")
    assert answer.text == "<title>Page</title>"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/index-a1b2.js", "/config.json"])
def test_file_is_plain_where_gzip_is_no_use(http: httpx.Client, path: str) -> None:
    answer = http.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.is_success
    assert "Content-Encoding" not in answer.headers


def test_missing_file_is_answered_with_404(http: httpx.Client) -> None:
    assert http.get("/nothing.js").status_code == 404
