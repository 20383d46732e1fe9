"""A manager adds many accounts, comes back a day later, compares two of them, and takes the numbers along."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Download, Locator, Route, expect

from local import made_up, passing
from local.day_counter import DayCounter
from tests.e2e.browser.demo_page import DemoPage
from tests.e2e.running import Project, RunningStack
from tracking.store import account_path

PASTED = """https://x.com/NatComm
https://www.instagram.com/nasa/, https://x.com/natcomm
what is this?"""
NATCOMM, NASA = "twitter_17880989", "instagram_528817151"


def test_accounts_are_followed_over_time(
    page: DemoPage, project: Project, running: RunningStack, counter: DayCounter, tmp_path: Path
) -> None:
    page.tab.route("**/day", lambda route: answer(route, running, project))
    add_many(page)
    project.ended([project.account(name)["lastJobId"] for name in (NATCOMM, NASA)])
    paths = {name: account_path(project.org_id, project.project_id, name) for name in (NATCOMM, NASA)}
    for path in paths.values():
        assert made_up.write_past(running.store, path, datetime.now().astimezone()) > 300
    before = project.account(NATCOMM)

    page.tab.get_by_role("button", name="Let a day pass").click()
    expect(page.tab.get_by_text("Day 1", exact=True)).to_be_visible(timeout=100_000)
    after = project.account(NATCOMM)
    assert after["growth"]["f1"] == after["followerCount"] - before["followerCount"] != 0
    row = page.account("NatComm")
    expect(row.get_by_role("img", name="Followers")).to_be_visible()
    page.shoot("over-time-list")

    (listed,) = read(page, page.tab, tmp_path, f"id = '{NATCOMM}'")
    assert int(listed["followers"]) == after["followerCount"]
    assert int(listed["followers_7d"]) == after["growth"]["f7"]

    page.link("NatComm").click()
    growth = page.tab.get_by_role("region", name="Growth", exact=True)
    growth.get_by_role("radio", name="1 year").check()
    expect(growth.get_by_text("is made up for this demo")).to_be_visible()
    page.shoot("over-time-account")
    drawn = {one["day"]: int(one["followers"]) for one in read(page, growth, tmp_path)}
    kept = points(running, paths[NATCOMM])
    assert len(drawn) > 300
    assert drawn == {day: point["f"] for day, point in kept.items() if min(drawn) <= day}
    assert drawn[max(drawn)] == after["followerCount"]

    page.tab.get_by_role("button", name="All accounts").click()
    for name in ("NatComm", "nasa"):
        page.account(name).get_by_role("checkbox").check()
    page.tab.get_by_role("link", name="Compare 2").click()
    comparison = page.tab.get_by_role("main")
    expect(comparison.get_by_text("First day = 100")).to_be_visible()
    page.shoot("over-time-comparison")
    compared = read(page, comparison, tmp_path)
    of_names = {name.lower(): int(count) for name, count in compared[-1].items() if name != "day"}
    counts = {name: project.account(found)["followerCount"] for name, found in (("natcomm", NATCOMM), ("nasa", NASA))}
    assert of_names == counts


def add_many(page: DemoPage) -> None:
    page.tab.get_by_role("button", name="Add many").click()
    page.tab.get_by_label("Usernames or links").fill(PASTED)
    summary = page.tab.get_by_role("region", name="Before you start")
    expect(summary).to_contain_text("2 of 4 will be tracked: 1 on Instagram, 1 on X.")
    page.shoot("over-time-add-many")
    page.tab.get_by_role("button", name="Track 2 accounts").click()
    expect(page.account("NatComm")).to_be_visible()
    expect(page.account("nasa")).to_be_visible()


def answer(route: Route, running: RunningStack, project: Project) -> None:
    """Let a day pass for the test's project alone, as the stack's own door does for the demo's."""
    passed = passing.pass_day(running.state, [passing.Project(project.org_id, project.project_id)])
    route.fulfill(json=passed._asdict())


def read(page: DemoPage, place: Any, folder: Path, where: str = "true") -> list[dict[str, str]]:
    """Press the place's "Export CSV", and return the rows as DuckDB reads them."""
    button: Locator = place.get_by_role("button", name="Export CSV").first
    with page.tab.expect_download() as downloading:
        button.click()
    download: Download = downloading.value
    file = folder / download.suggested_filename
    download.save_as(file)
    with duckdb.connect() as database:
        found = database.execute(f"SELECT * FROM read_csv('{file}', all_varchar = true) WHERE {where}")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def points(running: RunningStack, path: str) -> dict[str, Any]:
    months = running.store.get_documents(f"{path}/accountHistory").items()
    return {f"{month}-{key}": point for month, one in months for key, point in one.get("days", {}).items()}
