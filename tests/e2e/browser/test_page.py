"""Answers of the page to a wrong input, a lost connection and a user of another organisation."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from tests.e2e.browser.demo_page import ADA, LIMIT_MS, MALLORY, PHONE, DemoPage, OpenPage, axe_violations
from tests.e2e.running import Project
from tests.factories import account
from tracking.store import JobFilter, account_path

BAD_INPUTS = {
    "": "Enter a username.",
    "   ": "Enter a username.",
    "🚀": "cannot be a username on YouTube",
    "a" * 200: "cannot be a username on YouTube",
    "two words": "cannot be a username on YouTube",
    "https://example.com/nasa": '"example.com" is not supported. You can track Instagram, TikTok, YouTube and X.',
    "https://www.tiktok.com/@nasa": "This is a link to TikTok, but the job is for YouTube.",
    "https://www.youtube.com/watch?v=abc": "This is not the link of a profile on YouTube.",
}


LOW = ViewportSize(width=800, height=300)  # too low to show the whole page
MOST_ROWS = 60  # drawn at the same time
MOST_ROOM_PX = 48  # between the end of the page and the collapsed panel


def jobs_of(project: Project) -> list[str]:
    asked = JobFilter(org_id=project.org_id, project_id=project.project_id)
    return [snapshot.job_id for snapshot in project.stack.store.list_jobs(asked, 10)]


def test_bad_input_shows_an_error_at_the_field_and_adds_no_job(page: DemoPage) -> None:
    for typed, sentence in BAD_INPUTS.items():
        page.track(typed, "YouTube")
        expect(page.problem).to_contain_text(sentence)
        expect(page.username).to_be_focused()
        expect(page.username).to_have_accessible_description(page.problem.inner_text())
    expect(page.tab.get_by_text("No accounts yet.")).to_be_visible()
    page.shoot("7-bad-input")
    assert jobs_of(page.project) == []


def test_a_pasted_link_chooses_its_platform(page: DemoPage) -> None:
    page.username.fill("https://www.instagram.com/nasa/")
    expect(page.tab.locator("form").get_by_label("Platform")).to_have_value("instagram")


def test_page_offline_says_so_and_catches_up_when_back_online(page: DemoPage, ada: BrowserContext) -> None:
    page.track("sim_slow_2", "YouTube")
    expect(page.row("sim_slow_2")).to_contain_text("Running")
    job_id = page.job_id("sim_slow_2")
    ada.set_offline(True)
    expect(page.panel).to_contain_text("Offline. Showing the last known state.")
    expect(page.tab.get_by_text("Not connected")).to_be_visible()
    page.track("sim_videos_1")
    expect(page.problem).to_have_text("You are offline. Try again once you are connected.")
    page.shoot("8-offline")
    page.project.ended([job_id])

    # The network is back, but the database does not answer yet.
    database = f"http://{page.project.stack.state.firestore()}/**"
    ada.route(database, lambda route: route.abort())
    ada.set_offline(False)
    expect(page.panel).to_contain_text("Reconnecting…")
    ada.unroute(database)
    expect(page.row("sim_slow_2")).to_contain_text("Completed")
    expect(page.panel).not_to_contain_text("Reconnecting…")
    expect(page.account("sim_slow_2")).to_be_visible()
    assert jobs_of(page.project) == [job_id]


def test_user_of_another_org_sees_and_writes_nothing(
    open_page: OpenPage, context: BrowserContext, project: Project
) -> None:
    """The page asks for jobs, accounts and videos, and shows a refusal for each."""
    page = open_page(context, everybody_in=ADA.org_id)
    page.sign_in(ADA.name)
    page.track("sim_videos_3", "YouTube")
    page.link("sim_videos_3").click()
    expect(page.videos).to_have_count(3)
    of_ada = jobs_of(project)
    page.tab.get_by_role("button", name="Sign out").click()

    # This page still asks for Ada's jobs and accounts, and for the videos named in its address.
    page.sign_in(MALLORY.name)
    expect(page.tab.get_by_role("region", name="Accounts")).to_contain_text("You are not allowed to see this project.")
    expect(page.panel).to_contain_text("You are not allowed to do this.")
    expect(page.tab.get_by_text("sim_videos_3")).to_have_count(0)
    expect(page.videos).to_have_count(0)
    page.track("sim_videos_1", "YouTube")
    expect(page.problem).to_contain_text("You are not allowed to do this.")
    page.shoot("9-refused")
    page.tab.set_viewport_size(LOW)
    assert page.room_above_the_panel_px() >= 0  # the panel shows only the refusal
    assert jobs_of(project) == of_ada


def save_accounts(project: Project, count: int) -> None:
    """Save accounts, the oldest last. Firestore takes 500 writes in a batch."""
    for start in range(0, count, 500):
        batch = project.stack.client.batch()
        for number in range(start, min(start + 500, count)):
            saved = account(platform="youtube", platform_user_id=f"channel{number}", username=f"channel{number}")
            document = saved.to_document() | {"dateAdded": datetime.now(UTC) - timedelta(days=number)}
            path = account_path(project.org_id, project.project_id, f"youtube_channel{number}")
            batch.set(project.stack.client.document(path), document)
        batch.commit()


def test_list_of_a_thousand_accounts_is_walked_by_keys(page: DemoPage) -> None:
    """Only the rows near the window are drawn, and screen readers hear the place of each."""
    save_accounts(page.project, 1_000)
    grid = page.tab.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "1001")
    page.link("channel0").focus()
    page.tab.keyboard.press("PageDown")
    expect(page.link("channel10")).to_be_focused()
    page.tab.keyboard.press("End")
    expect(page.link("channel999")).to_be_focused()
    expect(page.account("channel999")).to_have_attribute("aria-rowindex", "1001")
    expect(page.account("channel999")).to_be_in_viewport()
    assert grid.get_by_role("row").count() < MOST_ROWS
    assert axe_violations(page.tab) == []


def test_back_returns_to_the_place_in_the_list(page: DemoPage) -> None:
    save_accounts(page.project, 200)
    page.tab.get_by_label("Search accounts").press_sequentially("channel1", delay=20)
    page.tab.get_by_label("Sort accounts").select_option("Name")
    page.tab.get_by_role("grid").get_by_role("link").first.focus()
    page.tab.keyboard.press("End")
    expect(page.link("channel199")).to_be_focused()
    page.link("channel195").click()
    profile = page.tab.get_by_role("link", name="@channel195")
    expect(profile).to_be_visible()
    page.tab.reload()
    expect(profile).to_be_visible()
    page.tab.go_back()
    expect(page.tab.get_by_label("Search accounts")).to_have_value("channel1")
    assert page.tab.url.endswith("#/?q=channel1&sort=name")
    page.tab.get_by_role("grid").get_by_role("link").first.focus()
    page.tab.keyboard.press("End")
    page.link("channel195").click()
    expect(profile).to_be_visible()
    page.tab.go_back()
    expect(page.link("channel195")).to_be_focused()
    expect(page.account("channel195")).to_be_in_viewport()
    page.tab.go_back()
    expect(page.tab.get_by_label("Sort accounts")).to_have_value("added")
    assert page.tab.url.endswith("#/?q=channel1")  # all its keys are one entry of the history


def test_address_of_no_account_says_so(page: DemoPage) -> None:
    for address in ("#/accounts/youtube_nobody", "#youtube_nobody", "#/accounts/.."):
        page.tab.evaluate("address => { location.hash = address }", address)
        expect(page.tab.get_by_text("There is no such account in this project.")).to_be_visible()
        page.tab.get_by_role("button", name="All accounts").click()
        expect(page.username).to_be_visible()


def test_chosen_accounts_are_compared(page: DemoPage) -> None:
    save_accounts(page.project, 3)
    for number in (2, 0):
        page.account(f"channel{number}").get_by_role("checkbox").check()
    page.shoot("12-chosen")
    page.tab.get_by_role("link", name="Compare 2").click()
    expect(page.tab.get_by_role("heading", name="Compare accounts")).to_be_visible()
    assert page.tab.url.endswith("#/compare?ids=youtube_channel2,youtube_channel0")
    page.tab.go_back()
    expect(page.account("channel2").get_by_role("checkbox")).to_be_checked()


def test_list_is_exported_as_it_is_seen(page: DemoPage) -> None:
    save_accounts(page.project, 30)
    page.tab.get_by_label("Search accounts").fill("channel2")
    page.tab.get_by_role("button", name="Reverse the order").click()
    with page.tab.expect_download() as download:
        page.tab.get_by_role("button", name="Export CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [row["username"] for row in rows] == [f"channel{number}" for number in (*range(29, 19, -1), 2)]


def test_page_scrolls_clear_of_the_panel_and_little_further(page: DemoPage, ada: BrowserContext) -> None:
    page.tab.set_viewport_size(LOW)
    page.track("sim_missing", "YouTube")
    expect(page.row("sim_missing")).to_contain_text("Failed")
    assert page.room_above_the_panel_px() >= 0
    page.toggle.click()
    expect(page.row("sim_missing")).to_be_hidden()
    assert page.room_above_the_panel_px() <= MOST_ROOM_PX
    ada.set_offline(True)
    expect(page.panel).to_contain_text("Offline.")  # a collapsed panel says so too, below its header
    assert page.room_above_the_panel_px() >= 0


def test_an_account_can_be_tracked_and_opened_by_keyboard(page: DemoPage) -> None:
    page.username.focus()
    page.tab.keyboard.insert_text("sim_videos_3")
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("T")  # TikTok
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("ArrowLeft")  # mine
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("Enter")
    expect(page.account("sim_videos_3")).to_contain_text("Mine")
    expect(page.username).to_be_focused()
    page.link("sim_videos_3").focus()
    page.tab.keyboard.press("Enter")
    expect(page.videos).to_have_count(3)


def test_jobs_can_be_cancelled_retried_and_cleared_by_keyboard(page: DemoPage) -> None:
    page.track("sim_slow_3", "YouTube")
    row = page.row("sim_slow_3")
    expect(row).to_contain_text("Running")
    page.tab_to(row.get_by_role("button", name="Cancel"))
    page.tab.keyboard.press("Enter")
    expect(row).to_contain_text("Cancelled")
    expect(row.get_by_role("button", name="Retry")).to_be_focused()
    page.tab.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Cancel")).to_be_focused()
    page.tab.keyboard.press("Enter")
    expect(row).to_contain_text("Cancelled")

    page.tab.keyboard.press("Escape")
    expect(row).to_be_hidden()
    expect(page.toggle).to_be_focused()
    page.tab.keyboard.press("Enter")
    expect(row).to_be_visible()
    page.tab_to(page.clear)
    page.tab.keyboard.press("Enter")
    expect(page.panel).to_be_hidden()


def test_row_of_a_phone_opens_its_account(page: DemoPage) -> None:
    page.tab.set_viewport_size(PHONE)
    page.track("sim_videos_2", "YouTube")
    page.account("sim_videos_2").click()  # anywhere in the row
    expect(page.videos).to_have_count(2)
    expect(page.username).to_be_hidden()
    page.tab.get_by_role("button", name="All accounts").click()
    page.tab.get_by_role("button", name="Add accounts").click()  # a phone folds the form
    expect(page.username).to_be_focused()
    expect(page.videos).to_have_count(0)


def test_account_that_is_tracked_gets_no_second_job(page: DemoPage) -> None:
    page.track("sim_slow_2", "YouTube")
    expect(page.row("sim_slow_2")).to_contain_text("Running")
    page.track("https://www.youtube.com/@SIM_SLOW_2")
    expect(page.problem).to_have_text("This account is already being tracked.")
    expect(page.account("sim_slow_2")).to_be_visible()
    expect(page.row("sim_slow_2")).to_contain_text("Completed")
    page.track("@sim_slow_2")
    expect(page.problem).to_have_text("sim_slow_2 on YouTube is already in your list. Open it there to refresh it.")
    assert len(jobs_of(page.project)) == 1


def test_account_can_be_synced_again(page: DemoPage) -> None:
    page.track("sim_slow_2", "YouTube")
    page.link("sim_slow_2").click()
    sync = page.tab.get_by_role("button", name=re.compile("^Fetch"))
    expect(sync).to_have_text("Fetch all posts", timeout=LIMIT_MS)
    sync.click()
    expect(sync).to_have_text("Fetching…")
    expect(sync).to_have_text("Fetch all posts")
    assert len(jobs_of(page.project)) == 2


def test_completed_row_opens_its_account(page: DemoPage) -> None:
    page.track("sim_videos_3", "YouTube")
    page.row("sim_videos_3").get_by_role("button", name=re.compile("^Open")).click()
    expect(page.videos).to_have_count(3)


def test_posts_can_be_exported_and_sorted(page: DemoPage) -> None:
    page.track("sim_videos_70", "YouTube")
    page.link("sim_videos_70").click()
    posts = page.tab.get_by_role("region", name="Posts")
    expect(posts.get_by_role("article").first).to_be_visible()
    with page.tab.expect_download() as download:
        posts.get_by_role("button", name="Export CSV").click()
    assert download.value.suggested_filename == "sim_videos_70-youtube-videos.csv"
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 70  # the page itself shows fewer at first
    posts.get_by_role("radio", name="Most views").check()
    most_viewed = max(rows, key=lambda row: int(row["views"]))
    expect(page.videos.first).to_contain_text(most_viewed["title"])


def test_account_is_removed_from_the_list(page: DemoPage) -> None:
    page.track("sim_videos_2", "YouTube")
    page.link("sim_videos_2").click()
    page.tab.get_by_role("button", name="Stop tracking…").click()
    page.tab.get_by_role("dialog").get_by_role("button", name="Stop tracking", exact=True).click()
    expect(page.tab.get_by_text("No accounts yet.")).to_be_visible()
    assert page.project.accounts() == {}


def test_account_without_videos_says_so(page: DemoPage) -> None:
    page.track("sim_videos_0", "YouTube")
    page.link("sim_videos_0").click()
    expect(page.tab.get_by_text("This account has no posts.")).to_be_visible()


def test_many_accounts_are_tracked_from_a_list(page: DemoPage) -> None:
    page.track_many("sim_videos_2", "two words", "https://www.youtube.com/@sim_videos_3", "https://example.com/nasa")
    expect(page.tab.get_by_role("status").filter(has_text="Started tracking 2 accounts.")).to_be_visible()
    expect(page.tab.get_by_text("2 are not names")).to_be_visible()
    expect(page.tab.get_by_label("Usernames or links")).to_have_value("two words\nhttps://example.com/nasa")
    page.shoot("10-many")
    expect(page.account("sim_videos_2")).to_be_visible()
    expect(page.account("sim_videos_3")).to_be_visible()
    assert len(jobs_of(page.project)) == 2


def test_sample_account_begins_a_project(page: DemoPage) -> None:
    page.tab.get_by_role("button", name="@NASA on Instagram").click()
    expect(page.account("nasa")).to_be_visible()
    expect(page.tab.get_by_role("button", name="@NASA on Instagram")).to_have_count(0)


def test_totals_are_above_the_list(page: DemoPage) -> None:
    page.track("sim_videos_2", "YouTube")
    expect(page.account("sim_videos_2")).to_be_visible()
    totals = page.tab.get_by_role("region", name="Accounts").locator(".totals")
    expect(totals).to_contain_text("account1")
    expect(totals).to_contain_text("Growth in 7 days unknown")
    page.shoot("11-list")


def test_problem_on_a_phone_is_right_below_its_field(page: DemoPage) -> None:
    page.tab.set_viewport_size(PHONE)
    page.track("two words")
    field, problem = page.username.bounding_box(), page.problem.bounding_box()
    assert field is not None
    assert problem is not None
    assert 0 < problem["y"] - field["y"] - field["height"] < 20


def test_page_shows_itself_before_its_code_is_loaded(chromium: Browser, project: Project) -> None:
    with chromium.new_page() as tab:
        tab.route("**/*.js", lambda route: route.abort())
        address = project.stack.state.page()
        assert address is not None
        tab.goto(address, wait_until="commit")
        expect(tab.get_by_role("heading", name="Account tracking")).to_be_visible()
        expect(tab.get_by_text("Loading…")).to_be_visible()


def test_seventh_tab_waits_for_the_emulator(page: DemoPage, ada: BrowserContext) -> None:
    """The emulator speaks HTTP/1.1 alone. A browser opens six connections to it, and each tab's listener keeps one.

    Firestore itself speaks HTTP/2, where all tabs share one connection. web/CONTRIBUTING.md says this.
    """
    tabs = [ada.new_page() for _ in range(6)]
    for tab in tabs[:-1]:
        tab.goto(page.tab.url)
        expect(tab.get_by_text("No accounts yet.")).to_be_visible()
    tabs[-1].goto(page.tab.url)
    expect(tabs[-1].get_by_role("region", name="Accounts")).to_have_attribute("aria-busy", "true")
    tabs[-1].wait_for_timeout(3_000)
    expect(tabs[-1].get_by_text("No accounts yet.")).to_have_count(0)
    tabs[0].close()
    expect(tabs[-1].get_by_text("No accounts yet.")).to_be_visible()


def test_a_page_without_its_configuration_says_what_to_do(open_page: OpenPage, context: BrowserContext) -> None:
    page = open_page(context)
    expect(page.tab.get_by_role("button", name=f"Sign in as {ADA.name}")).to_be_visible()
    page.shoot("0-sign-in")
    context.route("**/config.json", lambda route: route.fulfill(status=404))
    page.tab.reload()
    expect(page.tab.get_by_role("alert")).to_contain_text("make demo")
