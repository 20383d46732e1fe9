"""Fixtures: a browser for each module, and for each test a project in the organisation of the demo's first user."""

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
    """A new browser profile without cookies or storage."""
    context = chromium.new_context(viewport=DESKTOP)
    yield context
    context.close()


@pytest.fixture
def open_page(project: Project) -> Iterator[OpenPage]:
    """Open the test's project in a browser. Fail at the end if an opened page had an uncaught error."""
    opened: list[DemoPage] = []

    def open_(context: BrowserContext, *, everybody_in: str | None = None) -> DemoPage:
        page = DemoPage(context, project, everybody_in=everybody_in)
        opened.append(page)
        return page

    yield open_
    assert [trouble for page in opened for trouble in page.troubles] == []


@pytest.fixture
def page(open_page: OpenPage, context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[DemoPage]:
    """The page with Ada signed in. At the end, a screenshot is kept."""
    page = open_page(context)
    page.sign_in()
    yield page
    page.tab.screenshot(path=SCREENSHOTS / "last" / f"{request.node.name}.png")
