"""Tests of the link in each mail: a POST switches mail off, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from local.paths import ROOT
from mail.unsubscribe import handler
from tests.mailing import KEY, SENDER, Mailing, ready
from tracking.errors import StoreUnavailableError
from tracking.mail.unsubscribing import MAX_TOKEN_LENGTH, Subscriber, read, token
from tracking.news_wiring import UnsubscribeDeps
from tracking.sentences import Sentence

ADA = Subscriber("org1", "user1")
EVENT = json.loads((ROOT / "events/unsubscribe.json").read_text())


def ask(mailing: Mailing, method: str, text: str | None) -> dict[str, Any]:
    http = EVENT["requestContext"]["http"] | {"method": method}
    query = {} if text is None else {"queryStringParameters": {"t": text}}
    event = {name: value for name, value in EVENT.items() if name != "queryStringParameters"}
    event |= query | {"requestContext": EVENT["requestContext"] | {"http": http}}
    deps = UnsubscribeDeps(mailing.store, mailing.clock, lambda: mailing.key, SENDER.product)
    return handler(event, FakeContext(28), deps)  # type: ignore[arg-type]


def settings(mailing: Mailing) -> dict[str, Any] | None:
    found: dict[str, Any] | None = mailing.store.get_document("organizations/org1/notificationSettings/user1")
    return found


def test_a_hundred_gets_leave_everybody_subscribed() -> None:
    """Scanners of mail open every link."""
    mailing = Mailing()
    for method in ["GET"] * 100 + ["HEAD"] * 3:
        assert ask(mailing, method, token(KEY, ADA))["statusCode"] == 200
    assert settings(mailing) is None
    mailing.happen(ready())
    mailing.run()
    assert len(mailing.office.sent) == 1


def test_one_post_switches_mail_off_and_keeps_the_rest() -> None:
    mailing = Mailing()
    mailing.set(email="daily", hour=8, timezone="Europe/Berlin", alerts=True)
    mailing.happen(ready())
    answer = ask(mailing, "POST", token(KEY, ADA))
    assert answer["statusCode"] == 200
    stored = settings(mailing)
    assert stored == {
        "email": "off",
        "hour": 8,
        "timezone": "Europe/Berlin",
        "alerts": True,
        "updatedAt": mailing.clock.now(),
    }
    mailing.run_for(60 * 24 * 2)
    assert mailing.office.sent == []
    assert ask(mailing, "POST", token(KEY, ADA))["statusCode"] == 200


def test_the_link_of_a_mail_switches_it_off() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.run()
    link = mailing.office.sent[0][1]["headers"]["List-Unsubscribe"].strip("<>")
    ask(mailing, "POST", link.partition("?t=")[2])
    assert (settings(mailing) or {})["email"] == "off"


TAMPERED = [
    None,
    "",
    ".",
    "x",
    "é.é",
    "x" * (MAX_TOKEN_LENGTH + 1),
    token("another key of at least thirty-two characters", ADA),
    token(KEY, ADA)[:-1],
    token(KEY, Subscriber("org2", "user1")).partition(".")[0] + "." + token(KEY, ADA).partition(".")[2],
    f"{token(KEY, ADA)}.more",
]


@pytest.mark.parametrize("text", TAMPERED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_token_has_the_same_answer(method: str, text: str | None) -> None:
    mailing = Mailing()
    known = ask(mailing, "POST", token(KEY, Subscriber("org1", "user2")))
    answer = ask(mailing, method, text)
    assert answer["statusCode"] == 200
    assert answer["headers"] == known["headers"]
    assert method == "GET" or answer["body"] == known["body"]
    assert settings(mailing) is None


def test_a_token_says_exactly_whose_it_is() -> None:
    """Ids may hold what would part them."""
    for org, user in (("a|b", "c"), ("a", "b|c"), ('a","b', "c"), ("ü", "😀"), ("o" * 128, "u" * 128)):
        subscriber = Subscriber(org, user)
        assert read(KEY, token(KEY, subscriber)) == subscriber
    longest = token(KEY, Subscriber("😀" * 32, "😀" * 32))
    assert len(f"<https://{'x' * 60}.execute-api.us-gov-west-1.amazonaws.com/unsubscribe?t={longest}>") < 995
    assert len({token(KEY, Subscriber("a|b", "c")), token(KEY, Subscriber("a", "b|c"))}) == 2


def test_the_page_says_what_the_button_does() -> None:
    mailing = Mailing()
    mailing.put("organizations/org1", {"name": "Nova <Agency>"})
    page = ask(mailing, "GET", token(KEY, ADA))["body"]
    assert "<h1>Unsubscribe from Acme Social</h1>" in page
    assert "Press the button to stop these mails about Nova &lt;Agency&gt;." in page
    assert "You will get no more" not in page
    assert "You will get no more" in ask(mailing, "POST", token(KEY, ADA))["body"]


def test_the_page_of_an_unknown_link_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does that of any link while the database does not answer."""
    mailing = Mailing()
    mailing.put("organizations/org1", {"name": "Nova"})
    assert "to stop these mails." in ask(mailing, "GET", f"{token(KEY, ADA)}x")["body"]

    def down(*_: Any) -> Any:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    monkeypatch.setattr(mailing.store, "get_stored_each", down)
    answer = ask(mailing, "GET", token(KEY, ADA))
    assert (answer["statusCode"], "to stop these mails." in answer["body"]) == (200, True)


def test_the_page_has_a_button_and_no_script() -> None:
    mailing = Mailing()
    page = ask(mailing, "GET", '"><script>alert(1)</script>')
    assert "<script" not in page["body"]
    assert '<form method="post" action="?t=&quot;&gt;&lt;script' in page["body"]
    assert page["headers"]["content-security-policy"].startswith("default-src 'none'")
    assert page["headers"]["referrer-policy"] == "no-referrer"
    assert ask(mailing, "HEAD", "x")["body"] == ""
    assert "<form" not in ask(mailing, "POST", "x")["body"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(method: str) -> None:
    mailing = Mailing()
    answer = ask(mailing, method, token(KEY, ADA))
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD, POST")
    assert settings(mailing) is None


def test_trouble_with_the_store_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = Mailing()

    def down(*_: Any) -> str:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    monkeypatch.setattr(mailing.store, "put_document", down)
    answer = ask(mailing, "POST", token(KEY, ADA))
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "60")
