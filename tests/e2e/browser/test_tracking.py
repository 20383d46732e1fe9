"""Tracking on the page, from the press of the button to the account and its videos."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, BrowserType, expect

from local import browser
from tests.e2e.browser.demo_page import DESKTOP, DemoPage, OpenPage
from tests.e2e.running import Project, RunningStack, until

START_LIMIT_S = 10.0  # with the kick; the minute's tick alone would take 30 on average
EVERY_STAGE = [30, 50, 70, 100]


def test_tracked_account_is_listed_with_its_videos(page: DemoPage) -> None:
    expect(page.tab.get_by_text("No accounts yet.")).to_be_visible()
    page.shoot("1-nothing-tracked")
    page.track("sim_slow_4", "YouTube")
    row = page.row("sim_slow_4")
    fetching = row.filter(has_text="Fetching videos")  # the two pages take eight seconds
    expect(fetching).to_be_visible()
    page.shoot("2-running", still=fetching)
    job_id = page.job_id("sim_slow_4")
    expect(row).to_contain_text("Completed")

    page.link("sim_slow_4").click()
    expect(page.videos).to_have_count(3)
    expect(page.tab.locator("article img")).to_have_count(0)  # pictures that cannot be loaded have placeholders
    page.shoot("3-completed")
    saved = page.project.videos(page.project.stack.job(job_id)["accountId"]).values()
    assert {video["title"] for video in saved} == set(page.videos.get_by_role("link").all_text_contents())


def test_the_bar_moves_through_every_stage(page: DemoPage) -> None:
    """The bar shows the progress of each stage, in order.

    A busy browser may skip a value. Example: its thread was held for 300 ms while 30, 50 and 70 were written, and the
    bar went from 0 to 70. If a value is missing, the test tries another account. It always fails if a value is out of
    order, or belongs to no stage.
    """
    accounts = ("sim_videos_21", "sim_videos_22", "sim_videos_23")
    assert any(stages_shown(page, username) == EVERY_STAGE for username in accounts)


def stages_shown(page: DemoPage, username: str) -> list[int]:
    """Track an account to its end, and return its bar's values above 0. The values must be stages, in order."""
    page.track(username, "YouTube")
    expect(page.row(username)).to_contain_text("Completed")
    shown = [value for value in page.bar_values(page.job_id(username)) if value > 0]
    assert shown == [stage for stage in EVERY_STAGE if stage in shown]
    assert shown[-1] == EVERY_STAGE[-1]
    return shown


def test_job_added_by_the_page_starts_without_the_minute_tick(page: DemoPage, running: RunningStack) -> None:
    with page.tab.expect_response(lambda answer: answer.request.method == "POST" and "/trigger" in answer.url) as kick:
        page.track("sim_videos_2", "YouTube")
    assert kick.value.ok
    job_id = page.job_id("sim_videos_2")
    until(lambda: running.job(job_id).get("startedAt"), "the job was not started", START_LIMIT_S)


def test_job_continues_while_the_browser_is_closed(
    chromium_type: BrowserType, open_page: OpenPage, project: Project, tmp_path: Path
) -> None:
    """The account is listed when the user comes back, without a second sign-in."""

    def browser_of_somebody() -> BrowserContext:
        return chromium_type.launch_persistent_context(
            tmp_path,
            executable_path=browser.chromium(),
            args=list(browser.FLAGS),
            viewport=DESKTOP,
        )

    first = browser_of_somebody()
    page = open_page(first)
    page.sign_in()
    page.track("sim_slow_2", "X")
    expect(page.row("sim_slow_2")).to_contain_text("Running")
    job_id = page.job_id("sim_slow_2")
    first.close()
    assert project.stack.job(job_id)["status"] == "processing"

    project.ended([job_id])
    second = browser_of_somebody()
    page = open_page(second)
    page.link("sim_slow_2").click()  # without signing in again
    expect(page.videos).to_have_count(3)
    expect(page.panel).to_be_hidden()  # the job ended while nobody looked, so the panel does not report it
    page.shoot("4-back-again")
    assert project.stack.job(job_id)["status"] == "completed"
    second.close()


def test_a_failed_job_says_why_and_retry_brings_it_to_its_end(page: DemoPage, running: RunningStack) -> None:
    once = {"kind": "missing", "platform": "youtube", "username": "sim_videos_41", "times": 1}
    httpx.post(f"{running.state.simulator()}/control/faults", json=once, trust_env=False).raise_for_status()
    page.track("sim_videos_41", "YouTube")
    row = page.row("sim_videos_41")
    expect(row).to_contain_text("Not found")
    page.open_details("sim_videos_41")
    expect(row).to_contain_text("YouTube has no account named sim_videos_41.")
    page.shoot("5-failed")
    job_id = page.job_id("sim_videos_41")
    assert running.job(job_id)["errorCode"] == "AccountNotFoundError"

    row.get_by_role("button", name="Retry").click()
    expect(row).to_contain_text("Completed")
    expect(page.account("sim_videos_41")).to_be_visible()
    job = running.job(job_id)
    assert (job["status"], job["attempt"], job["error"]) == ("completed", 2, None)


def test_a_cancelled_job_stops_saves_nothing_and_can_be_retried(page: DemoPage, running: RunningStack) -> None:
    page.track("sim_slow_3", "YouTube")
    row = page.row("sim_slow_3")
    expect(row).to_contain_text("Running")
    job_id = page.job_id("sim_slow_3")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("Cancelled")
    expect(row.get_by_role("button", name="Retry")).to_be_visible()
    page.shoot("6-cancelled")

    job = running.job(job_id)
    assert job["status"] == "cancelled"
    execution = running.execution(job["executionArn"])
    assert (execution.status, execution.states[-1]) == ("SUCCEEDED", "Cancelled")
    added = {"spent": {"units": 1}, "updatedAt": None}  # what was spent until the cancellation
    assert running.job(job_id) | {"updatedAt": None} == job | added
    assert page.project.accounts() == {}


def test_panel_collapses_clears_and_fades_completed_jobs(page: DemoPage) -> None:
    """A panel is still collapsed, and a cleared job is still gone, after a reload."""
    page.tab.emulate_media(reduced_motion="reduce")
    page.track("sim_missing", "YouTube")
    failed = page.row("sim_missing")
    expect(failed).to_contain_text("Failed")
    assert page.motions() == set()

    page.toggle.click()
    expect(failed).to_be_hidden()
    page.tab.reload()
    expect(page.toggle).to_have_attribute("aria-expanded", "false")
    page.toggle.click()
    expect(failed).to_be_visible()

    page.clear.click()
    expect(page.panel).to_be_hidden()
    page.tab.emulate_media(reduced_motion="no-preference")
    page.tab.reload()
    page.track("sim_videos_1", "YouTube")
    expect(page.row("sim_videos_1")).to_contain_text("Completed")
    expect(failed).to_have_count(0)  # the panel shows only the new job
    expect(page.panel).to_be_hidden()
    assert {"tracking-panel-appear", "tracking-panel-leave"} <= page.motions()
