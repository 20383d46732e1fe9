"""A browser for each module, and a project of its own, in the organisation of the demo's first user, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, sync_playwright

from local import browser
from tests.e2e.browser.demo_page import ADA, DESKTOP, SCREENSHOTS, DemoPage, OpenPage
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
def open_page(project: Project) -> Iterator[OpenPage]:
    """Opens the test's project in somebody's browser; nothing in any of its pages may go wrong behind their backs."""
    opened: list[DemoPage] = []

    def open_(context: BrowserContext, *, everybody_in: str | None = None) -> DemoPage:
        page = DemoPage(context, project, everybody_in=everybody_in)
        opened.append(page)
        return page

    yield open_
    assert [trouble for page in opened for trouble in page.troubles] == []


@pytest.fixture
def page(open_page: OpenPage, context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[DemoPage]:
    """The page with Ada at it. Its last sight is kept."""
    page = open_page(context)
    page.sign_in()
    yield page
    page.tab.screenshot(path=SCREENSHOTS / "last" / f"{request.node.name}.png")
