"""Fixtures: one browser, in which Ada is signed in, and for each test a project in her organisation.

A new profile and its first load of the page cost as much as most tests do, so the tests share Ada's profile. A test of
a sign-in, of another user or of a browser's start takes a profile of its own (`context`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, sync_playwright

from local import browser
from tests.e2e.browser.demo_page import ADA, DESKTOP, SCREENSHOTS, DemoPage, OpenPage
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="package")
def chromium_type() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
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
    with chromium.new_context(viewport=DESKTOP) as context:
        yield context


@pytest.fixture(scope="package")
def signed_in(chromium: Browser, running: RunningStack) -> Iterator[BrowserContext]:
    """Ada's browser profile. Its first tab stays open, so that Chromium keeps its process for the next one.

    It asks for less motion, since the turning icons cost a quarter of a core. A test of motion asks for more.
    """
    with chromium.new_context(viewport=DESKTOP, reduced_motion="reduce") as context:
        page = DemoPage(context, Project(running, org_id=ADA.org_id))
        page.sign_in()
        page.tab.goto(f"{page.tab.url.partition('#')[0]}config.json")  # without the page's listeners
        yield context


@pytest.fixture
def ada(signed_in: BrowserContext) -> Iterator[BrowserContext]:
    """Ada's browser profile, for one test: its tabs, its routes and its lost connection end with it."""
    first, *_ = signed_in.pages
    yield signed_in
    signed_in.set_offline(False)
    signed_in.unroute_all()
    for tab in signed_in.pages:
        if tab is not first:
            tab.close()


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
def page(open_page: OpenPage, ada: BrowserContext, request: pytest.FixtureRequest) -> Iterator[DemoPage]:
    """The page with Ada signed in. At the end, a screenshot is kept."""
    page = open_page(ada)
    page.username.wait_for()
    yield page
    page.tab.screenshot(path=SCREENSHOTS / "last" / f"{request.node.name}.png")
