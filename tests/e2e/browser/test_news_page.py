"""The page of the local stack's inbox and receiver: screenshots, accessibility, and what a person does there.

No stack is needed: the server runs in this process, with sample mails and webhooks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from local.news.mailbox import SEND
from local.news.server import NewsServer, running
from tests.e2e.browser.demo_page import DESKTOP, LIMIT_MS, shoot
from tracking.webhooks import signing

SECRET = signing.secret("k" * 32, "org1", "e1", 1)
OTHER_SECRET = signing.secret("k" * 32, "org1", "e1", 2)
KNOWN, UNKNOWN = "https://example.com/account-tracking", "https://hooks.example.org/a/rather/long/path/" + "x" * 60
HTML = """<!doctype html><meta name="color-scheme" content="light dark"><style>
  body { font: 16px/1.5 sans-serif; max-width: 600px; margin: 24px auto; padding: 0 16px; color: #1a1f2b; }
  @media (prefers-color-scheme: dark) { body { background: #121212; color: #eee } }
</style><h1>3 accounts are ready, 1 failed</h1><p>NASA on Instagram: 33 videos saved.</p>
<p><a href="https://app.example.com/">Open the accounts</a></p><script>document.title = 'run'</script>"""
JOB = {"jobId": "j1", "orgId": "org1", "username": "@nasa", "message": "Done: 34 videos saved.", "attempt": 1}


@pytest.fixture(scope="module")
def news() -> Iterator[tuple[NewsServer, str]]:
    with running("http://127.0.0.1:9") as found:  # nobody listens there: mails are refused, so one is kept by hand
        served, address = found
        mail(served, address, "3 accounts are ready, 1 failed", status=200)
        mail(
            served, address, "Weekly summary: a subject that is longer than any list is wide, for one line", status=200
        )
        httpx.post(f"{address}{SEND}", json=content("Nobody takes this one"), trust_env=False)
        tell(address, "receivers", url=KNOWN, secret=SECRET)
        tell(address, "behaviour", url=KNOWN, answers=[{"status": 500, "times": 1}])
        for _ in range(2):
            deliver(address, KNOWN, "j1-1-abcdef-completed", "tracking.job.completed")
        deliver(
            address, KNOWN, "j2-1-abcdef-failed", "tracking.job.failed", secret=signing.secret("x" * 32, "o", "e", 1)
        )
        deliver(address, UNKNOWN, "t-1", "webhook.test")
        yield found


def content(subject: str) -> dict[str, object]:
    headers = [
        {"Name": "List-Unsubscribe", "Value": "<http://api.execute-api.localhost:9/unsubscribe?t=" + "a" * 90 + ">"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
    body = {"Html": {"Data": HTML}, "Text": {"Data": "3 accounts are ready, 1 failed\n\nNASA: 33 videos saved."}}
    return {
        "FromEmailAddress": "Account tracking <news@demo.test>",
        "Destination": {"ToAddresses": ["ada@demo.test"]},
        "Content": {"Simple": {"Subject": {"Data": subject}, "Body": body, "Headers": headers}},
    }


def mail(served: NewsServer, address: str, subject: str, status: int) -> None:
    served.mailbox.keep(json.dumps(content(subject)).encode(), status, b'{"MessageId":"0100-m"}')


def tell(address: str, path: str, **fields: object) -> None:
    httpx.post(f"{address}/{path}", json=fields, trust_env=False).raise_for_status()


def deliver(address: str, url: str, event: str, kind: str, secret: str = SECRET) -> None:
    now = datetime.now(UTC)
    payload = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": JOB})
    headers = signing.signed_headers(payload, event, now, [secret])
    httpx.post(f"{address}/webhooks", params={"url": url}, content=payload.encode(), headers=headers, trust_env=False)


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    # Playwright would give every frame the same colours, also a mail that is shown in others.
    with chromium.new_context(viewport=DESKTOP, reduced_motion="reduce", color_scheme="null") as context:
        context.set_default_timeout(LIMIT_MS)
        troubles: list[str] = []
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        yield page
        assert troubles == []


@pytest.mark.parametrize("route", ["mail", "mail/1", "webhooks", "webhooks/2", "webhooks/3", "addresses"])
def test_page_looks_right(news: tuple[NewsServer, str], tab: Page, route: str) -> None:
    tab.goto(f"{news[1]}/#/{route}")
    expect(tab.locator("#live")).to_have_text("Live")
    expect(tab.locator("a.row:visible, article:visible").first).to_be_visible()
    shoot(tab, f"news-{route.replace('/', '-')}")


def test_mail_can_be_read_in_three_ways(news: tuple[NewsServer, str], tab: Page) -> None:
    tab.goto(f"{news[1]}/")
    tab.get_by_role("link", name="3 accounts are ready").click()
    frame = tab.frame_locator("iframe")
    expect(frame.get_by_role("heading")).to_have_text("3 accounts are ready, 1 failed")
    assert tab.frames[1].title() != "run"  # a mail's script does not run
    for scheme, colour in (("Dark", "rgb(18, 18, 18)"), ("Light", "rgba(0, 0, 0, 0)")):
        tab.get_by_text(scheme, exact=True).click()
        expect(frame.locator("body")).to_have_css("background-color", colour)
    tab.get_by_text("Headers", exact=True).click()
    expect(tab.get_by_role("rowheader")).to_have_text(["List-Unsubscribe", "List-Unsubscribe-Post"])
    tab.get_by_role("button", name="Unsubscribe").click()
    expect(tab.get_by_text("The link answered 503.")).to_be_visible()  # nobody has the name of the sample
    tab.get_by_text("Text", exact=True).click()
    expect(tab.locator("pre")).to_contain_text("NASA: 33 videos saved.")


def test_webhook_comes_live_and_its_secret_can_be_pasted(news: tuple[NewsServer, str], tab: Page) -> None:
    url = "https://later.example.com/hook"
    tab.goto(f"{news[1]}/#/webhooks")
    expect(tab.locator("#live")).to_have_text("Live")
    deliver(news[1], url, "live-1", "tracking.account.spike")
    row = tab.get_by_role("link", name="tracking.account.spike")
    expect(row).to_contain_text("No secret")
    tab.get_by_role("link", name="Addresses").click()
    card = tab.locator("article", has_text=url)
    card.get_by_label("Secret").fill("nonsense")
    card.get_by_role("button").click()
    expect(card.get_by_role("alert")).to_have_text('A secret is "whsec_" and then base64.')
    card.get_by_label("Secret").fill(SECRET)
    card.get_by_role("button").click()
    expect(card).to_contain_text("Secret known")
    card.get_by_label("Answers").select_option("410 Gone")
    tab.get_by_role("link", name="Webhooks", exact=False).first.click()
    expect(row).to_contain_text("✓ Verified")
    deliver(news[1], url, "live-2", "tracking.account.milestone")
    assert news[0].receiver.received(url)[0].answered == 410


def test_page_says_when_the_stack_is_gone(chromium: Browser, tab: Page) -> None:
    with running("http://127.0.0.1:9") as (_, address):
        tab.goto(address)
        expect(tab.get_by_text("No mail yet")).to_be_visible()
    expect(tab.locator("#live")).to_have_text("Not connected")
