"""The demo page in Chromium. Elements are found by the labels and names that a person sees or hears."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any, Literal, Protocol

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route, ViewportSize, expect

from local.auth import USERS
from local.paths import STACK, WEB
from tests.e2e.running import Project

ADA, MALLORY = USERS
DESKTOP = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LIMIT_MS = 20_000  # the limit of every wait
MOST_STOPS = 30  # enough presses of Tab to reach every element of a page
SCREENSHOTS = STACK / "screenshots"

_AXE = WEB / "node_modules/axe-core/axe.min.js"
# Some states last for an instant only. So the page itself records the values of each job's bar, and the names of all
# animations and transitions in the panel.
_RECORD = """
  window.barsSeen = {};
  new MutationObserver(() => {
    for (const row of document.querySelectorAll('[data-job]')) {
      const value = row.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow');
      (window.barsSeen[row.dataset.job] ??= []).push(value);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'] });
  window.motionsSeen = [];
  const note = (name) => (event) => event.target.closest('.tracking-panel') && window.motionsSeen.push(event[name]);
  document.addEventListener('animationstart', note('animationName'));
  document.addEventListener('transitionrun', note('propertyName'));
"""


class DemoPage:
    """One tab. `troubles` collects uncaught errors and breaches of the page's Content Security Policy."""

    def __init__(self, context: BrowserContext, project: Project, *, everybody_in: str | None = None) -> None:
        """Open a page that shows `project` to every user who signs in.

        `everybody_in`: the organisation that the page uses for all users, as an intruder's own page would do.
        """
        self.project = project
        self.troubles: list[str] = []
        context.set_default_timeout(LIMIT_MS)
        expect.set_options(timeout=LIMIT_MS)
        context.route("**/config.json", lambda route: self._configure(route, everybody_in))
        unused = (tab for tab in context.pages if tab.url == "about:blank")  # a persistent profile begins with one
        self.tab: Page = next(unused, None) or context.new_page()
        self.tab.add_init_script(_RECORD)
        self.tab.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.tab.on("console", self._note)
        address = project.stack.state.page()
        assert address is not None, "there is no page without Node"
        self.tab.goto(address)

    def _configure(self, route: Route, everybody_in: str | None) -> None:
        known: dict[str, Any] = route.fetch().json()
        for user in known["users"]:
            user["trackedProjectId"] = self.project.project_id
            user["orgId"] = everybody_in or user["orgId"]
        route.fulfill(json=known)

    def _note(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.troubles.append(message.text)

    def sign_in(self, name: str = ADA.name) -> None:
        self.tab.get_by_role("button", name=f"Sign in as {name}").click()
        self.username.wait_for()

    @property
    def username(self) -> Locator:
        return self.tab.get_by_label("Username")

    @property
    def problem(self) -> Locator:
        """The form's message about a wrong input."""
        return self.tab.locator("form").get_by_role("alert")

    @property
    def panel(self) -> Locator:
        return self.tab.get_by_role("region", name="Account tracking")

    @property
    def toggle(self) -> Locator:
        """The panel's header. A click on it collapses the panel."""
        return self.panel.get_by_role("button", name=re.compile("^Account tracking"))

    @property
    def clear(self) -> Locator:
        """The button that takes all jobs out of the panel; it is there when all of them have ended."""
        return self.panel.get_by_role("button", name="Clear", exact=True)

    def track(self, typed: str, platform: str | None = None) -> None:
        self.username.fill(typed)
        if platform is not None:
            self.tab.locator("form").get_by_label("Platform").select_option(label=platform)
        self.tab.get_by_role("button", name="Track", exact=True).click()

    def track_many(self, *typed: str) -> None:
        self.tab.get_by_role("button", name="Add many").click()
        self.tab.get_by_label("Usernames or links").fill("\n".join(typed))
        self.tab.get_by_role("button", name=re.compile(r"^Track \d+ account")).click()

    def row(self, username: str) -> Locator:
        """The panel's row for an account's job."""
        return self.panel.get_by_role("listitem").filter(has_text=f"@{username}")

    def open_details(self, username: str) -> None:
        self.row(username).get_by_role("button", name=f"@{username}", expanded=False).click()

    def job_id(self, username: str) -> str:
        found = self.row(username).get_attribute("data-job")
        assert found
        return found

    def bar_values(self, job_id: str) -> list[int]:
        """Return all values that the job's bar has shown since the page was opened, in order."""
        seen: list[str | None] = self.tab.evaluate("id => window.barsSeen[id] ?? []", job_id)
        return [value for value, _ in groupby(int(text) for text in seen if text is not None)]

    def motions(self) -> set[str]:
        """Return the names of all animations and of all properties in transition since the page was opened."""
        return set(self.tab.evaluate("window.motionsSeen"))

    def tab_to(self, target: Locator) -> None:
        """Move the focus to the target with only the Tab key."""
        for _ in range(MOST_STOPS):
            self.tab.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{target} is not reached with {MOST_STOPS} presses of Tab")

    def account(self, username: str) -> Locator:
        """The account's row in the list of accounts."""
        return self.tab.get_by_role("region", name="Accounts").get_by_role("row").filter(has_text=f"@{username}")

    def link(self, username: str) -> Locator:
        """The link in the account's row, which opens the account."""
        return self.account(username).get_by_role("link")

    @property
    def videos(self) -> Locator:
        """The videos of the open account."""
        return self.tab.get_by_role("article")

    def shoot(self, stage: str, still: Locator | None = None) -> None:
        shoot(self.tab, stage, still)

    def room_above_the_panel_px(self) -> int:
        """Scroll to the end, and return the gap between accounts and panel. Below 0, some accounts are hidden."""
        self.tab.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        panel, accounts = self.panel.bounding_box(), self.tab.get_by_role("region", name="Accounts").bounding_box()
        assert panel is not None, "there is no panel"
        assert accounts is not None, "there are no accounts"
        return round(panel["y"] - accounts["y"] - accounts["height"])


def shoot(tab: Page, stage: str, still: Locator | None = None) -> None:
    """Take four screenshots, light and dark, wide and narrow. The page must be accessible in each of them.

    `still`: a short-lived element, which must still be visible in each screenshot.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        tab.set_viewport_size(viewport)
        for scheme in SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            name = f"{stage}-{size}-{scheme}"
            tab.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
            assert still is None or still.is_visible(), f"{name} came too late"
            assert axe_violations(tab) == [], name
            assert overflow_px(tab) == 0, f"{name} is wider than its window"
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="light")


def axe_violations(tab: Page) -> list[str]:
    """Return a text for each rule that the page breaks: https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md"""
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(_AXE.read_text())
    found = tab.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    return [f"{rule['id']}: {json.dumps([node['html'] for node in rule['nodes']])}" for rule in found]


def overflow_px(tab: Page) -> int:
    """Return how far the page can be scrolled sideways; it should be 0."""
    return int(tab.locator("html").evaluate("page => page.scrollWidth - page.clientWidth"))


class OpenPage(Protocol):
    """Open the test's project in a browser; `everybody_in` as in `DemoPage`."""

    def __call__(self, context: BrowserContext, *, everybody_in: str | None = None) -> DemoPage: ...
