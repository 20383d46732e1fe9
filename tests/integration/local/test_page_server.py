"""The demo page's server, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from local import LocalError
from local.page import PageHandler

SCRIPT = "const answer = 42;\n" * 1000


class Door:
    """The server's way to let a day pass. `answer`: returns what it answers, or raises."""

    def __init__(self) -> None:
        self.calls = 0
        self.answer: Callable[[], dict[str, int]] = lambda: {"day": 3, "fetched": 4, "waiting": 0}

    def __call__(self) -> dict[str, int]:
        self.calls += 1
        return self.answer()


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def http(tmp_path: Path, door: Door) -> Iterator[httpx.Client]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/index-a1b2.js").write_text(SCRIPT)
    (tmp_path / "index.html").write_text("<title>Page</title>")
    (tmp_path / "config.json").write_text("{}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(PageHandler, directory=str(tmp_path), pass_day=door)) as server:
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


def own(http: httpx.Client) -> dict[str, str]:
    return {"Origin": str(http.base_url).rstrip("/")}


def test_own_page_lets_a_day_pass(http: httpx.Client, door: Door) -> None:
    answer = http.post("/day", headers=own(http))
    assert (answer.status_code, answer.json()) == (200, {"day": 3, "fetched": 4, "waiting": 0})
    assert door.calls == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://example.com"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://example.com", "Host": "example.com"},  # a name that leads to this machine
    ],
)
def test_no_other_page_lets_a_day_pass(http: httpx.Client, door: Door, headers: dict[str, str]) -> None:
    answer = http.post("/day", headers=headers)
    assert answer.status_code == 403
    assert "demo page" in answer.json()["error"]
    assert door.calls == 0


def test_name_that_leads_here_does_not_pass_as_own_page(http: httpx.Client, door: Door) -> None:
    assert http.post("/day", headers=own(http) | {"Host": "example.com"}).status_code == 403
    assert door.calls == 0


def test_day_that_cannot_pass_is_answered_in_a_sentence(http: httpx.Client, door: Door) -> None:
    def refuse() -> dict[str, int]:
        raise LocalError("One job is still running.")

    door.answer = refuse
    answer = http.post("/day", headers=own(http))
    assert (answer.status_code, answer.json()) == (409, {"error": "One job is still running."})


def test_fault_of_ours_is_answered_and_logged(
    http: httpx.Client, door: Door, capfd: pytest.CaptureFixture[str]
) -> None:
    door.answer = lambda: {"day": 1 // 0}
    answer = http.post("/day", headers=own(http))
    assert answer.status_code == 500
    assert "local logs page" in answer.json()["error"]
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_nothing_else_can_be_posted_to(http: httpx.Client, door: Door) -> None:
    assert http.post("/index.html", headers=own(http)).status_code == 404
    assert door.calls == 0
