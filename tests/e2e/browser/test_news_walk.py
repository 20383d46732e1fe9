"""Ada's walk through the pages of news: the stack sends, the inbox receives, and her page shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browser.demo_page import ADA, DemoPage
from tests.e2e.running import RunningStack, until

SOON_MS = 75_000  # a wake brings the delivery at once; the minute's run would, too


@pytest.fixture
def inbox(running: RunningStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.state.news(), trust_env=False) as client:
        yield client


def test_owner_adds_an_endpoint_and_sees_its_test_arrive(page: DemoPage, inbox: httpx.Client) -> None:
    """With the secret that the page shows, the receiver verifies it. A failed test shows what was answered."""
    url = f"https://walk-{uuid4().hex[:12]}.example.com/hook"
    tab = page.tab
    tab.get_by_role("link", name="Webhooks", exact=True).click()
    tab.get_by_role("button", name="Add endpoint").click()
    form = tab.locator("form", has_text="New endpoint")
    form.get_by_label("Address").fill("https://127.0.0.1/hook")
    form.get_by_role("button", name="Add endpoint").click()
    expect(form.get_by_role("alert").filter(has_text=re.compile(r"\w"))).to_be_visible()
    form.get_by_label("Address").fill(url)
    form.get_by_role("button", name="Add endpoint").click()
    tab.get_by_role("link", name=re.compile(re.escape(url.removeprefix("https://").partition("/")[0]))).click()

    tab.get_by_role("button", name="Show secret").click()
    secret = tab.locator("code", has_text="whsec_").inner_text()
    inbox.post("/receivers", json={"url": url, "secret": secret}).raise_for_status()
    inbox.post("/behaviour", json={"url": url, "answers": [{"status": 503, "times": 1}]}).raise_for_status()
    log = tab.get_by_role("region", name="Deliveries")
    for word in ("Failed", "Delivered"):
        tab.get_by_role("button", name="Send test").click()
        expect(log.get_by_role("listitem").filter(has_text=word).first).to_be_visible(timeout=SOON_MS)
    page.shoot("webhook-log")

    kept = inbox.get("/webhooks", params={"url": url}).json()["webhooks"]
    assert [(one["isVerified"], one["answered"]) for one in kept] == [(True, 200), (True, 503)]
    tab.get_by_role("button", name="Remove").click()
    tab.get_by_role("button", name="Remove", exact=True).last.click()
    expect(tab.get_by_text("The endpoint is removed.")).to_be_attached()


def test_member_chooses_how_often_mail_comes(running: RunningStack, page: DemoPage) -> None:
    settings = f"organizations/{ADA.org_id}/notificationSettings/{ADA.uid}"
    tab = page.tab
    tab.get_by_role("link", name="Mail", exact=True).click()
    chosen = tab.get_by_role("radio", name=re.compile("^Weekly"))
    try:
        chosen.check()
        until(
            lambda: (running.store.get_document(settings) or {}).get("email") == "weekly" or None,
            "the choice was not saved",
            limit_s=20,
        )
        tab.reload()
        expect(chosen).to_be_checked()
        page.shoot("mail-settings")
    finally:
        running.client.document(settings).delete()
