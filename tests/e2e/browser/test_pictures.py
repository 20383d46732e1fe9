"""Copies of pictures, from the job to the page, on a stack that keeps them: `make up PICTURES=on`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser.demo_page import DemoPage
from tests.e2e.running import RunningStack
from tests.integration.local.commands import remove, state_of, tell
from tracking.pictures.small import AVATAR_PX, THUMBNAIL_PX

NAME = "pictures-stack"

pytestmark = pytest.mark.nightly  # for a stack of its own


@pytest.fixture(scope="module")
def running() -> Iterator[RunningStack]:
    """Yield a stack that keeps copies, in place of the session's."""
    remove(NAME)
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PICTURES", "on")
            said = tell(NAME, "up")
        assert "Stop it with" in said, said
        running = RunningStack(state_of(NAME))
        yield running
        running.client.close()
    finally:
        tell(NAME, "down")
        remove(NAME)


def test_page_shows_the_copies_of_a_jobs_pictures(page: DemoPage, running: RunningStack) -> None:
    """The pictures function copies them after the job, and the page hears of that by its listeners."""
    page.track("sim_videos_4", "YouTube")
    avatar = page.account("sim_videos_4").locator("img")
    assert width_of_copy(avatar, running) == AVATAR_PX
    page.link("sim_videos_4").click()
    assert width_of_copy(page.videos.locator("img").first, running) == THUMBNAIL_PX


def width_of_copy(picture: Locator, running: RunningStack) -> int:
    """Wait until the page has loaded a picture from the stack's bucket, and return its own width in pixels."""
    bucket = running.names["PicturesUrl"]
    expect(picture).to_have_attribute("src", re.compile(f"^{re.escape(bucket)}/"))
    expect(picture).to_have_attribute("data-come", "true")
    return int(picture.evaluate("picture => picture.naturalWidth"))
