"""Screenshots and accessibility of the panel in each scene of web/tests/gallery. No stack is needed."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from local.paths import WEB
from tests.e2e.browser.demo_page import PHONE, SCREENSHOTS, axe_violations, shoot

LYING_PHONE = ViewportSize(width=PHONE["height"], height=PHONE["width"])


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the gallery, and return its address."""
    folder = tmp_path_factory.mktemp("gallery")
    build = ["npx", "vite", "build", "--config", "tests/gallery/vite.config.ts", "--outDir", str(folder)]
    built = subprocess.run(build, cwd=WEB, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    with chromium.new_page() as tab:
        troubles: list[str] = []
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        yield tab
        assert troubles == []


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.nightly)])
def test_gallery_scenes_are_accessible(gallery: str, tab: Page, every: int) -> None:
    """Each scene, or every fifth, is checked in light and dark colours, wide and narrow."""
    tab.goto(gallery)
    scenes = tab.get_by_role("navigation").get_by_role("link").all_text_contents()
    assert len(scenes) > 10
    for scene in scenes[::every]:
        tab.goto(f"{gallery}?scene={scene}")
        expect(tab.locator("[data-scene-is-played]")).to_be_attached()
        shoot(tab, f"gallery-{scene}")


def test_opened_list_on_a_phone_leaves_the_page_visible(gallery: str, tab: Page) -> None:
    for name, viewport in (("standing", PHONE), ("lying", LYING_PHONE)):
        tab.set_viewport_size(viewport)
        tab.goto(f"{gallery}?scene=mixed")
        panel = tab.get_by_role("region", name="Account tracking")
        panel.get_by_role("button", expanded=False).click()
        expect(panel.get_by_role("listitem")).to_have_count(5)
        tab.screenshot(path=SCREENSHOTS / f"gallery-opened-{name}.png", animations="disabled")
        assert axe_violations(tab) == []
        assert panel.evaluate("panel => panel.offsetHeight / innerHeight") <= 0.6


def test_bar_with_reduced_motion_does_not_look_full(gallery: str, tab: Page) -> None:
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(f"{gallery}?scene=waiting")
    bar = tab.get_by_role("progressbar")
    expect(bar).to_be_visible()
    tab.screenshot(path=SCREENSHOTS / "gallery-waiting-still.png")
    assert bar.evaluate("bar => bar.firstElementChild.offsetWidth / bar.offsetWidth") < 0.5
    assert bar.evaluate("bar => bar.firstElementChild.getAnimations().length") == 0
