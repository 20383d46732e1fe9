"""A browser for each module, and a project of its own, in the organisation of the demo's first user, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, sync_playwright

from local import browser
from tests.e2e.browser.demo_page import ADA, DESKTOP, SCREENSHOTS, DemoPage
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="module")
def chromium_type() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="module")
def chromium(chromium_type: BrowserType) -> Iterator[Browser]:
    running = chromium_type.launch(executable_path=browser.chromium(), args=list(browser.FLAGS))
    yield running
    running.close()


@pytest.fixture
def project(running: RunningStack) -> Project:
    return Project(running, org_id=ADA.org_id)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, with nothing in its memory."""
    context = chromium.new_context(viewport=DESKTOP)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, project: Project, request: pytest.FixtureRequest) -> Iterator[DemoPage]:
    """The page with Ada at it; nothing in it may go wrong behind her back. Its last sight is kept."""
    page = DemoPage(context, project)
    page.sign_in()
    yield page
    page.tab.screenshot(path=SCREENSHOTS / "last" / f"{request.node.name}.png")
    assert page.troubles == []
