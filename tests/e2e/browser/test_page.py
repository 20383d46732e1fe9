"""What the page answers when something is wrong with what was typed, with the connection, or with who is asking."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from tests.e2e.browser.demo_page import ADA, MALLORY, PHONE, DemoPage
from tests.e2e.running import Project, RunningStack
from tracking.store import JobFilter

BAD_INPUTS = {
    "": "No username for YouTube was given.",
    "   ": "No username for YouTube was given.",
    "🚀": "cannot be a username on YouTube",
    "a" * 200: "cannot be a username on YouTube",
    "two words": "cannot be a username on YouTube",
    "https://example.com/nasa": 'A link to "example.com" is not a link to YouTube.',
    "https://www.tiktok.com/@nasa": "This is a link to TikTok, but the job is for YouTube.",
    "https://www.youtube.com/watch?v=abc": "This is not the link of a profile on YouTube.",
}


def jobs_of(project: Project) -> list[str]:
    asked = JobFilter(org_id=project.org_id, project_id=project.project_id)
    return [snapshot.job_id for snapshot in project.stack.store.list_jobs(asked, 10)]


def test_bad_input_is_answered_in_words_at_the_field_and_nothing_is_written(page: DemoPage) -> None:
    for typed, sentence in BAD_INPUTS.items():
        page.track(typed, "YouTube")
        expect(page.problem).to_contain_text(sentence)
        expect(page.username).to_be_focused()
        expect(page.username).to_have_accessible_description(page.problem.inner_text())
    page.shoot("7-bad-input")
    assert jobs_of(page.project) == []


def test_a_pasted_link_chooses_its_platform(page: DemoPage) -> None:
    page.username.fill("https://www.instagram.com/nasa/")
    expect(page.tab.get_by_label("Platform")).to_have_value("instagram")


def test_a_lost_connection_is_shown_and_what_came_meanwhile_is_shown_afterwards(
    page: DemoPage, context: BrowserContext
) -> None:
    page.track("sim_slow_2", "YouTube")
    expect(page.row("sim_slow_2")).to_contain_text("Running")
    job_id = page.job_id("sim_slow_2")
    context.set_offline(True)
    expect(page.panel).to_contain_text("Offline. Showing the last known state.")
    expect(page.tab.get_by_text("Not connected")).to_be_visible()
    page.track("sim_videos_1")
    expect(page.problem).to_have_text("You are offline. Try again once you are connected.")
    page.shoot("8-offline")
    page.project.ended([job_id])

    database = f"http://{page.project.stack.state.firestore()}/**"  # does not answer, though the network is back
    context.route(database, lambda route: route.abort())
    context.set_offline(False)
    expect(page.panel).to_contain_text("Reconnecting…")
    context.unroute(database)
    expect(page.row("sim_slow_2")).to_contain_text("Completed")
    expect(page.panel).not_to_contain_text("Reconnecting…")
    expect(page.account("sim_slow_2")).to_be_visible()
    assert jobs_of(page.project) == [job_id]


def test_another_organisations_user_sees_nothing(page: DemoPage, running: RunningStack) -> None:
    page.track("sim_videos_3", "YouTube")
    expect(page.row("sim_videos_3")).to_contain_text("Completed")
    page.tab.get_by_role("button", name="Sign out").click()
    expect(page.tab.get_by_text("sim_videos_3")).to_have_count(0)
    page.sign_in(MALLORY.name)
    expect(page.tab.get_by_text("No accounts yet.")).to_be_visible()
    expect(page.tab.get_by_text("sim_videos_3")).to_have_count(0)
    expect(page.panel).to_be_hidden()


def test_who_asks_for_another_organisations_project_is_refused_in_words(
    context: BrowserContext, project: Project
) -> None:
    page = DemoPage(context, project, everybody_in=ADA.org_id)
    page.sign_in(MALLORY.name)
    expect(page.tab.get_by_role("region", name="Accounts")).to_contain_text("You are not allowed to see this project.")
    expect(page.panel).to_contain_text("You are not allowed to do this.")
    page.track("sim_videos_1", "YouTube")
    expect(page.problem).to_contain_text("You are not allowed to do this.")
    page.shoot("9-refused")
    assert jobs_of(project) == []


def test_everything_can_be_done_by_keyboard(page: DemoPage) -> None:
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
    page.account("sim_videos_3").focus()
    page.tab.keyboard.press("Enter")
    expect(page.videos).to_have_count(3)


def test_a_narrow_page_shows_the_list_or_the_videos(page: DemoPage) -> None:
    page.tab.set_viewport_size(PHONE)
    page.track("sim_videos_2", "YouTube")
    page.account("sim_videos_2").click()
    expect(page.videos).to_have_count(2)
    expect(page.username).to_be_hidden()
    page.tab.get_by_role("button", name="All accounts").click()
    expect(page.username).to_be_visible()
    expect(page.videos).to_have_count(0)


def test_a_page_without_its_configuration_says_what_to_do(context: BrowserContext, project: Project) -> None:
    page = DemoPage(context, project)
    expect(page.tab.get_by_role("button", name=f"Sign in as {ADA.name}")).to_be_visible()
    page.shoot("0-sign-in")
    context.route("**/config.json", lambda route: route.fulfill(status=404))
    page.tab.reload()
    expect(page.tab.get_by_role("alert")).to_contain_text("make demo")
