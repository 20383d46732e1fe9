"""Pictures of sample mails and of the page behind their link, in Chromium: `.local/mail-pictures/`.

They are looked at by people. The test itself holds the mails to their width and to the colours of the scheme.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from bench.lambda_context import FakeContext
from local.paths import LOCAL
from mail.unsubscribe import handler
from tests.e2e.browser.demo_page import SCHEMES
from tests.mail_samples import FRAME, SAMPLES
from tests.mailing import KEY, Mailing
from tracking.mail import rendering
from tracking.mail.rendering import DARK, LIGHT
from tracking.mail.unsubscribing import Subscriber, token
from tracking.news_wiring import UnsubscribeDeps

FOLDER = LOCAL / "mail-pictures"
WIDTHS = (390, 800)
GROUND = {"light": LIGHT["page"], "dark": DARK["page"]}
CARD = {"light": LIGHT["card"], "dark": DARK["card"]}


def pages() -> dict[str, str]:
    mailing = Mailing()
    mailing.put("organizations/org1", {"name": FRAME.organisation})
    link = token(KEY, Subscriber("org1", "user1"))
    event = {"queryStringParameters": {"t": link}, "requestContext": {"http": {"method": "GET"}}}
    deps = UnsubscribeDeps(mailing.store, mailing.clock, lambda: KEY, FRAME.product)
    page: Any = handler(event, FakeContext(28), deps)  # type: ignore[arg-type]
    return {name: rendering.html(digest, FRAME) for name, digest in SAMPLES.items()} | {"unsubscribe": page["body"]}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [*SAMPLES, "unsubscribe"])
def test_a_mail_fits_its_window_in_its_colours(chromium: Browser, name: str, scheme: Any, width: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme) as context:
        page = context.new_page()
        page.set_content(pages()[name])
        page.screenshot(path=FOLDER / f"{name}-{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == rgb(GROUND[scheme])
        card = page.locator("main" if name == "unsubscribe" else "td.card")
        assert card.evaluate("one => getComputedStyle(one).backgroundColor") == rgb(CARD[scheme])
        box = card.bounding_box()
        assert box is not None
        assert box["width"] <= 600


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"
