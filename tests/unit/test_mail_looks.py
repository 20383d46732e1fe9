"""Tests of what mails say and look like. `tests/e2e/browser/mail_pictures.py` takes pictures of the same samples."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from local.paths import ROOT
from tests.mail_samples import FRAME, SAMPLES, many
from tests.mailing import event, failed, milestone, ready, webhook_failing
from tracking.events import EventType
from tracking.mail import rendering
from tracking.mail.digest import Digest, Link, cleaned, is_told, isolated, of_events
from tracking.mail.rendering import DARK, LIGHT

NEXT_LINE = "Hello\nBcc: everybody@example.test"
OVERRIDE = "\u202egnp.exe"


def digest(*events: dict[str, object], more: int = 0) -> Digest:
    return of_events([(f"e{number}", one) for number, one in enumerate(events)], more)


@pytest.mark.parametrize(
    ("events", "more", "subject"),
    [
        ([ready()], 0, "@nasa is ready"),
        ([failed()], 0, "nasaa could not be tracked"),
        ([ready(), ready(), ready(), failed()], 0, "3 accounts are ready, 1 failed"),
        ([ready(), failed(), failed()], 0, "1 account is ready, 2 failed"),
        ([failed(), failed()], 0, "2 accounts failed"),
        ([milestone()], 0, "nasa reached 1,000,000 followers"),
        ([milestone(), milestone()], 0, "2 updates about your accounts"),
        ([ready(), milestone()], 0, "1 account is ready, 1 update"),
        ([webhook_failing()], 0, "A webhook needs you: hooks.example.test"),
        ([webhook_failing(), webhook_failing()], 0, "2 webhooks need you"),
        ([ready(), webhook_failing()], 0, "A webhook needs you, 1 account is ready"),
        ([ready()] * 50, 12, "50 accounts are ready, 12 more"),
        ([ready()] * 50, 4_950, "50 accounts are ready, 4,950 more"),
        ([ready("x" * 500)], 0, f"{'x' * 79}… is ready"),
        ([ready(NEXT_LINE)], 0, "Hello Bcc: everybody@example.test is ready"),
        ([ready(OVERRIDE)], 0, "gnp.exe is ready"),
        ([ready("نجم")], 0, "\u2068نجم\u2069 is ready"),
        ([ready("")], 0, "An account is ready"),
        ([ready(username=None)], 0, "An account is ready"),  # type: ignore[arg-type]
    ],
)
def test_a_subject_says_what_the_mail_says(events: list[dict[str, object]], more: int, subject: str) -> None:
    assert digest(*events, more=more).subject == subject


def test_a_subject_that_is_cut_ends_its_isolation() -> None:
    """Else the rest of the line in a list of mails would change its direction."""
    renamed = event(EventType.ACCOUNT_RENAMED, username="نجم" * 26, before="نجم" * 26, after="x")
    subject = digest(renamed).subject
    assert len(subject) <= 120
    assert subject.endswith("…\u2069")
    assert subject.count("\u2068") == subject.count("\u2069")


def test_a_webhook_is_named_by_its_host_alone() -> None:
    """Slack's addresses are secrets, and stand in the path."""
    mail = digest(webhook_failing("https://hooks.slack.test/services/T000/B000/SECRET?token=SECRET"))
    assert mail.subject == "A webhook needs you: hooks.slack.test"
    assert "SECRET" not in rendering.html(mail, FRAME) + rendering.text(mail, FRAME)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("failing", "was switched off, because it did not accept our events for days."),
        ("gone", "was switched off, because it answered 410 Gone."),
        ("receiver", "was switched off, because it asked for that."),
        ("of a later version", "was switched off."),
    ],
)
def test_mail_says_why_an_endpoint_is_off(reason: str, text: str) -> None:
    off = event("tracking.webhook.disabled", project_id=None, url="https://hooks.example.test", reason=reason)
    assert [line.text for line in digest(off).lines] == [text]


def test_every_event_of_the_contract_becomes_a_line() -> None:
    types = json.loads((ROOT / "contracts" / "events.json").read_text())["types"]
    events = [(name, {"type": name, "payload": json.dumps(one["example"])}) for name, one in types.items()]
    found = of_events(events)
    assert (found.unreadable, len(found.lines)) == ((), len(types))
    assert all(line.name and line.text for line in found.lines)


def test_webhook_trouble_stands_first() -> None:
    mail = digest(ready(), failed(), webhook_failing())
    assert [str(kind) for kind, _ in mail.sections] == ["Webhooks", "Failed", "Ready"]
    assert mail.preheader == "hooks.example.test, nasaa, @nasa"


def test_videos_that_are_not_named_are_counted() -> None:
    text = rendering.text(SAMPLES["mixed"], FRAME)
    assert "  and 1 more\n" in text.partition("Splashdown")[2]
    assert "and 1 more</td>" in rendering.html(SAMPLES["mixed"], FRAME).replace("</span>", "")
    assert "1 video fewer on the platform" in text


PAYLOADS = {
    "infinite": '{"data": {"username": "x", "total": Infinity, "videos": []}}',
    "deep": '{"data": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "no map": "7",
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_that_breaks_its_reader_stops_nothing(name: str) -> None:
    bad = event(EventType.VIDEO_OUTLIER) | {"payload": PAYLOADS[name]}
    mail = digest(bad, ready())
    assert (mail.unreadable, mail.subject) == (("e0",), "@nasa is ready")


def test_half_a_character_in_an_address_makes_no_link() -> None:
    videos = [{"title": "Lift-off", "url": "https://x.test/\ud800", "multiplier": float("inf")}]
    mail = digest(event(EventType.VIDEO_OUTLIER, total=1, videos=videos))
    rendering.text(mail, FRAME).encode()
    rendering.html(mail, FRAME).encode()
    assert mail.lines[0].links == (Link("Lift-off", ""),)


def test_a_failure_says_the_reason_and_the_next_step() -> None:
    (line,) = digest(failed()).lines
    assert (line.text, line.next_step) == (
        "Instagram has no account named nasaa.",
        "Check the spelling, and track it again.",
    )
    (unknown,) = digest(failed(errorCode="LaterError")).lines
    assert unknown.next_step == "You can start it again in the app."


def test_every_type_of_event_is_told() -> None:
    assert all(is_told(one) for one in EventType)


@pytest.mark.parametrize("data", [{}, {"username": 7, "platform": [], "videos": [{"title": 9}, 3], "total": "x"}])
def test_odd_data_never_stops_a_mail(data: dict[str, Any]) -> None:
    """Events that cannot be read are named, and all others are told."""
    for event_type in EventType:
        found = digest(event(event_type, **data), ready())
        assert len(found.lines) + len(found.unreadable) == 2
        rendering.html(found, FRAME)
        rendering.text(found, FRAME)


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)> & \'"'


def hostile() -> Digest:
    return digest(
        ready(HOSTILE, message=HOSTILE),
        failed(HOSTILE, message=HOSTILE),
        milestone(HOSTILE),
        event(EventType.ACCOUNT_RENAMED, username=HOSTILE, before=HOSTILE, after=HOSTILE),
        event(
            EventType.VIDEO_PUBLISHED,
            username=HOSTILE,
            total=2,
            videos=[
                {"title": HOSTILE, "url": "javascript:alert(1)"},
                {"title": HOSTILE, "url": 'https://x.test/"onmouseover="alert(1)'},
            ],
        ),
        webhook_failing(HOSTILE),
    )


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_in_names_and_titles_arrives_escaped() -> None:
    page = rendering.html(hostile(), FRAME)
    elements = Elements(page)
    assert elements.open == []
    assert {"script", "img"} & set(elements.tags) == set()
    assert [name for name, _ in elements.attributes if name.startswith("on")] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    links = [value for name, value in elements.attributes if name == "href"]
    assert all(link.startswith("https://") for link in links)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mail_has_no_picture_no_script_and_no_tracking(name: str) -> None:
    page = rendering.html(SAMPLES[name], FRAME)
    elements = Elements(page)
    assert elements.open == []
    assert {"img", "script", "link", "iframe", "form"} & set(elements.tags) == set()
    assert "url(" not in page
    assert len(page.encode()) < 90_000, "Gmail cuts mails at 102 kB"
    assert max(map(len, page.splitlines())) < 100_000


@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_html_say_the_same(name: str) -> None:
    found = SAMPLES[name]
    text, page = rendering.text(found, FRAME), rendering.html(found, FRAME)
    for line in found.lines:
        assert isolated(line.name) in text
        assert line.next_step in text
    assert text.count("\n* ") == len(found.lines) == page.count("<b><bdi>")
    for link in (FRAME.unsubscribe_url, FRAME.app_url):
        assert link in text
        assert f'href="{link}"' in page


def test_the_first_lines_of_a_long_mail_have_links() -> None:
    page = rendering.html(SAMPLES["longest"], FRAME)
    rows = page.split('<tr class="row">')[1:]
    links = [row.count("https://video.example/") for row in rows]
    assert (len(rows), links[:20], links[-1]) == (50, [3] * 20, 0)


def test_lines_that_would_make_a_mail_too_long_are_counted() -> None:
    """Strangers' names may need six bytes for each letter."""
    mail = digest(*(failed('"' * 80, message='"' * 300) for _ in range(50)), more=12)
    page = rendering.html(mail, FRAME)
    assert len(page.encode()) < 90_000
    hidden = 50 - page.count('class="row"')
    assert hidden > 0
    assert f"… and {hidden + 12} more" in page
    assert rendering.text(mail, FRAME).count("\n* ") == 50


def test_a_mail_says_why_it_comes_and_of_which_organisation() -> None:
    cases = {"one": "track accounts", "mixed": "track accounts", "webhooks": "manage webhooks"}
    for name, why in cases.items():
        said = f"You get this mail because you {why} in Acme Social, for Nova Agency."
        assert said in rendering.text(SAMPLES[name], FRAME)
        assert said in rendering.html(SAMPLES[name], FRAME)


def test_events_beyond_fifty_are_counted_in_the_mail() -> None:
    found = digest(*many(50), more=12)
    assert "… and 12 more" in rendering.text(found, FRAME)
    assert "… and 12 more" in rendering.html(found, FRAME)


def test_without_an_app_there_is_no_button() -> None:
    frame = rendering.Frame(product="Acme", organisation="Nova", unsubscribe_url="https://x.test/u")
    page = rendering.html(digest(ready()), frame)
    assert "Open Acme" not in page
    assert "Open Acme" not in rendering.text(digest(ready()), frame)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("  a \t b\r\n c ", "a b c"),
        ("a\u2066b\u202ec\ufeffd", "abcd"),
        ("نمی\u200cشود", "نمی\u200cشود"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\x00\x1b[31m", "[31m"),
        ("x" * 300, f"{'x' * 79}…"),
        (None, ""),
        (7, ""),
    ],
)
def test_strangers_texts_become_one_plain_line(written: object, shown: str) -> None:
    assert cleaned(written) == shown


# Colours


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(palette: dict[str, str]) -> None:
    """WCAG 2.2 asks for 4.5 to 1: https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    on_card = ("text", "soft", "link", "ready", "trouble", "accounts", "videos", "webhooks")
    pairs = {(name, "card") for name in on_card} | {("soft", "page"), ("text", "page"), ("on_button", "button")}
    too_weak = {pair: contrast(palette[pair[0]], palette[pair[1]]) for pair in pairs}
    assert {pair: round(value, 2) for pair, value in too_weak.items() if value < 4.5} == {}


def test_each_colour_of_the_mail_has_a_dark_one() -> None:
    page = rendering.html(SAMPLES["mixed"], FRAME)
    classes = {one for found in re.findall(r'class="([a-z_ ]+)"', page) for one in found.split()} - {"outer", "row"}
    _, _, dark = page.partition("prefers-color-scheme:dark")
    assert {name for name in classes if f".{name}{{" not in dark} == set()
