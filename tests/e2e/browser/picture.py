"""The README's two pictures of the page, light and dark: `make picture` writes them to `docs/images`.

Jobs really run on the local stack, and Chromium shows the demo page. The accounts have a made-up past, since growth
takes days. The simulator answers some calls late, so that bars stand still while the pictures are taken. Avatars are
coloured areas: the real ones lie on the platforms' servers, and belong to their owners.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zlib import crc32

import httpx
from playwright.sync_api import BrowserContext, Route, ViewportSize, expect, sync_playwright

from local import LocalError, browser, made_up, stack
from local.paths import ROOT
from tests.e2e.browser.demo_page import ADA, SCHEMES, DemoPage
from tests.e2e.running import Project, RunningStack
from tracking.store import account_path

IMAGES = ROOT / "docs/images"
WINDOW = ViewportSize(width=1200, height=900)
TRACKED = (
    ("loveluxury.com", "tiktok"),
    ("wunpini_fm", "twitter"),
    ("NASA", "instagram"),
    ("GoogleDevelopers", "youtube"),
)
OPENED = "GoogleDevelopers"
MISTYPED = "nasaa"
LATE_S = 12.0  # less than the time-out of one call
LATE = (  # accounts tracked during the pictures: the input, the platform, the late call, and the row's text by then
    ("NatComm", "X", {"platform": "twitter", "username": "natcomm", "path": "/tweets"}, "Fetching videos"),
    ("https://www.youtube.com/@CSPAN", "YouTube", {"platform": "youtube", "path": "/channels"}, "Looking up"),
)


def take(running: RunningStack) -> None:
    """Track some accounts to their end and others only half-way, and take both pictures."""
    project = Project(running, org_id=ADA.org_id)
    job_ids = [project.add_job(username, platform) for username, platform in TRACKED]
    running.tick()
    project.ended(job_ids)
    for account_id in project.accounts():
        path = account_path(project.org_id, project.project_id, account_id)
        made_up.write_past(running.store, path, datetime.now(UTC))
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=browser.chromium(), args=list(browser.FLAGS))
        with program, program.new_context(viewport=WINDOW) as context, late_answers(running):
            page = opened(context, project)
            for scheme in SCHEMES:
                page.tab.emulate_media(color_scheme=scheme)
                page.tab.screenshot(path=IMAGES / f"page-{scheme}.png", animations="disabled")


def opened(context: BrowserContext, project: Project) -> DemoPage:
    """Open the list of accounts, with running jobs and a failed job in the panel."""
    page = DemoPage(context, project)
    context.route(lambda address: "127.0.0.1" not in address, answer_with_a_colour)
    page.sign_in()
    expect(page.account(OPENED)).to_be_visible()
    page.track(MISTYPED, "Instagram")
    expect(page.row(MISTYPED)).to_contain_text("Failed")
    for typed, platform, _, says in LATE:
        page.track(typed, platform)
        expect(page.row(typed.rpartition("@")[2])).to_contain_text(says)
    page.username.blur()
    return page


def answer_with_a_colour(route: Route) -> None:
    """Answer a request for another server's picture with a coloured area. Each address has its own colour."""
    hue = crc32(route.request.url.encode()) % 360
    area = f'<rect width="100%" height="100%" fill="hsl({hue} 45% 62%)"/>'
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180">{area}</svg>'
    route.fulfill(content_type="image/svg+xml", body=picture)


@contextmanager
def late_answers(running: RunningStack) -> Iterator[None]:
    """Make the simulator answer the calls of `LATE` late, until the block ends."""
    faults = f"{running.state.simulator()}/control/faults"
    try:
        for _, _, concerned, _ in LATE:
            late = {"kind": "slow", "seconds": LATE_S} | concerned
            httpx.post(faults, json=late, trust_env=False).raise_for_status()
        yield
    finally:
        httpx.delete(faults, trust_env=False).raise_for_status()


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        with stack.borrowed(say=print) as state:
            running = RunningStack(state)
            take(running)
            running.client.close()
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for scheme in SCHEMES:
        file = IMAGES / f"page-{scheme}.png"
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
