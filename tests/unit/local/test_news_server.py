"""The receiver of webhooks and the inbox, without sockets."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

from local.news.mailbox import SEND
from local.news.receiver import KEPT
from local.news.server import NewsServer, Passed

URL = "https://example.com/hooks?of=ä"
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
BODY = b'{"type":"webhook.test","timestamp":"2026-11-30T09:15:02Z","data":{}}'
SENT = Passed(200, [("Content-Type", "application/json")], b'{"MessageId":"m-1"}')


class Caller:
    """A server, and calls to it as its neighbours make them."""

    def __init__(self, answer: Passed = SENT) -> None:
        self.passed_on: list[tuple[str, str, bytes]] = []
        self.slept: list[float] = []
        self.pressed: list[str] = []
        self.server = NewsServer(self._pass_on, self._press, self.slept.append)
        self._answer = answer

    def _pass_on(self, request: Request, body: bytes) -> Passed:
        self.passed_on.append((request.method, request.path, body))
        return self._answer

    def _press(self, url: str) -> int:
        self.pressed.append(url)
        return 200

    def call(self, method: str, path: str, data: Any = b"", host: str = "127.0.0.1:8025", **options: Any) -> Response:
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        built = EnvironBuilder(path, method=method, data=content, base_url=f"http://{host}", **options)
        return self.server.respond(Request(built.get_environ()))

    def json(self, path: str, **options: Any) -> Any:
        return json.loads(self.call("GET", path, **options).get_data())

    def deliver(self, body: bytes = BODY, event: str = "e1", url: str = URL, **changed: str) -> Response:
        """Send a webhook as its sender does. `changed`: headers to replace, with _ for -."""
        now = datetime.now(UTC)
        signed = Webhook(SECRET).sign(event, now, BODY.decode())
        headers = {"webhook-id": event, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signed}
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return self.call("POST", "/webhooks", body, query_string={"url": url}, headers=headers)

    def problems(self) -> list[str | None]:
        return [one["problem"] for one in self.json("/webhooks")["webhooks"]]


@pytest.fixture
def caller() -> Caller:
    """A server that knows the secret of URL."""
    caller = Caller()
    assert caller.call("POST", "/receivers", {"url": URL, "secret": SECRET}).status_code == 204
    return caller


# Webhooks


def test_webhook_of_a_known_secret_is_verified(caller: Caller) -> None:
    assert caller.deliver().status_code == 200
    (one,) = caller.json("/webhooks", query_string={"url": URL})["webhooks"]
    assert (one["isVerified"], one["problem"], one["eventId"], one["answered"]) == (True, None, "e1", 200)
    assert (one["url"], one["body"]) == (URL, BODY.decode())
    assert ["Webhook-Id", "e1"] in one["headers"]
    assert caller.json("/webhooks", query_string={"url": "https://other.example"})["webhooks"] == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"body": BODY + b" "}, "No matching signature found."),
        ({"event": "e2", "webhook_id": "e1"}, "No matching signature found."),
        ({"webhook_timestamp": "1"}, "Message timestamp too old."),
        ({"webhook_signature": ""}, "Missing required headers."),
        ({"webhook_signature": "nonsense"}, "not enough values to unpack (expected 2, got 1)."),
        ({"body": b"\xff"}, "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte."),
    ],
)
def test_changed_webhook_is_not_verified(caller: Caller, changes: dict[str, Any], problem: str) -> None:
    assert caller.deliver(**changes).status_code == 200
    assert caller.problems() == [problem]


def test_secret_that_comes_later_verifies_what_was_kept() -> None:
    caller = Caller()
    caller.deliver()
    caller.deliver(body=BODY + b" ")
    assert caller.problems() == ["The secret of this address is not known here."] * 2
    assert [one["hasSecret"] for one in caller.json("/webhooks")["webhooks"]] == [False, False]
    caller.call("POST", "/receivers", {"url": URL, "secret": SECRET})
    assert [one["hasSecret"] for one in caller.json("/webhooks")["webhooks"]] == [True, True]
    assert caller.problems() == ["No matching signature found.", None]
    caller.call("POST", "/receivers", {"url": URL, "secret": ""})
    assert [one["hasSecret"] for one in caller.json("/receivers")["receivers"]] == [False]


@pytest.mark.parametrize("secret", ["sk_live_1", "whsec_*", "whsec_", None])
def test_malformed_secret_is_refused(secret: str | None) -> None:
    caller = Caller()
    answer = caller.call("POST", "/receivers", {"url": URL, "secret": secret})
    assert (answer.status_code, caller.json("/receivers")) == (400, {"receivers": []})


def test_address_answers_as_it_was_told_then_200(caller: Caller) -> None:
    answers = [
        {"status": 500, "times": 2},
        {"status": 429, "times": 1, "delayS": 2.5, "headers": {"Retry-After": "7"}},
    ]
    assert caller.call("POST", "/behaviour", {"url": URL, "answers": answers}).status_code == 204
    given = [caller.deliver() for _ in range(4)]
    assert [answer.status_code for answer in given] == [500, 500, 429, 200]
    assert given[2].headers["Retry-After"] == "7"
    assert caller.slept == [0, 0, 2.5, 0]
    kept = caller.json("/webhooks")["webhooks"]
    assert [(one["attempt"], one["answered"]) for one in kept] == [(4, 200), (3, 429), (2, 500), (1, 500)]
    assert caller.deliver(url="https://other.example").status_code == 200


def test_answer_without_a_number_of_times_stays(caller: Caller) -> None:
    caller.call("POST", "/behaviour", {"url": URL, "answers": [{"status": 410, "times": None}]})
    assert [caller.deliver().status_code for _ in range(3)] == [410] * 3
    assert caller.json("/receivers")["receivers"][0]["answers"][0]["status"] == 410
    caller.call("POST", "/behaviour", {"url": URL, "answers": []})
    assert caller.deliver().status_code == 200


@pytest.mark.parametrize(
    "answer",
    [{"status": 99}, {"status": "500"}, {"times": 0}, {"delayS": 61}, {"headers": {"a": 1}}, {"body": ""}, 500],
)
def test_malformed_answer_is_refused(caller: Caller, answer: Any) -> None:
    assert caller.call("POST", "/behaviour", {"url": URL, "answers": [answer]}).status_code == 400
    assert caller.deliver().status_code == 200


def test_only_the_newest_webhooks_are_kept() -> None:
    caller = Caller()
    for number in range(KEPT + 1):
        caller.deliver(event=f"e{number}")
    kept = caller.json("/webhooks")["webhooks"]
    assert (len(kept), kept[0]["eventId"], kept[-1]["eventId"]) == (KEPT, f"e{KEPT}", "e1")
    assert caller.call("DELETE", "/webhooks").status_code == 204
    assert caller.json("/webhooks")["webhooks"] == []


def test_forgotten_webhooks_leave_their_secrets(caller: Caller) -> None:
    caller.deliver()
    caller.call("DELETE", "/webhooks")
    assert [one["hasSecret"] for one in caller.json("/receivers")["receivers"]] == [True]


# Mail

SIMPLE = {
    "FromEmailAddress": "Tracking <news@demo.test>",
    "Destination": {"ToAddresses": ["ada@demo.test"]},
    "ReplyToAddresses": ["help@demo.test"],
    "ConfigurationSetName": "set",
    "EmailTags": [{"Name": "org", "Value": "demo-org"}],
    "Content": {
        "Simple": {
            "Subject": {"Data": "Drei Konten ✓"},
            "Body": {"Text": {"Data": "plain"}, "Html": {"Data": "<h1>Hi</h1><script>alert(1)</script>"}},
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<https://x.test/u>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
        }
    },
}


def test_mail_is_passed_on_and_kept_with_its_headers() -> None:
    caller = Caller()
    answer = caller.call("POST", SEND, SIMPLE)
    assert (answer.status_code, answer.get_data()) == (200, SENT.body)
    assert [(method, path, json.loads(body)) for method, path, body in caller.passed_on] == [("POST", SEND, SIMPLE)]
    (mail,) = caller.json("/mails")["mails"]
    assert (mail["from"], mail["to"], mail["replyTo"]) == (
        SIMPLE["FromEmailAddress"],
        ["ada@demo.test"],
        ["help@demo.test"],
    )
    assert (mail["subject"], mail["text"], mail["messageId"], mail["refusal"]) == ("Drei Konten ✓", "plain", "m-1", "")
    assert [name for name, _ in mail["headers"]] == ["List-Unsubscribe", "List-Unsubscribe-Post"]
    assert (mail["tags"], mail["configurationSet"]) == ({"org": "demo-org"}, "set")


def test_raw_mail_is_kept_with_its_parts() -> None:
    message = EmailMessage()
    message["Subject"], message["List-Unsubscribe"] = "Grüße", "<https://x.test/u>"
    message.set_content("plain ä\n")
    message.add_alternative("<b>ä</b>\n", subtype="html")
    caller = Caller()
    caller.call("POST", SEND, {"Content": {"Raw": {"Data": base64.b64encode(message.as_bytes()).decode()}}})
    (mail,) = caller.json("/mails")["mails"]
    assert (mail["subject"], mail["text"], mail["html"]) == ("Grüße", "plain ä\n", "<b>ä</b>\n")
    assert ["List-Unsubscribe", "<https://x.test/u>"] in mail["headers"]


def test_refused_mail_is_kept_with_the_reason() -> None:
    caller = Caller(
        Passed(400, [("x-amzn-errortype", "MessageRejected")], b'{"message":"Email address is not verified."}')
    )
    answer = caller.call("POST", SEND, SIMPLE)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "MessageRejected")
    (mail,) = caller.json("/mails")["mails"]
    assert (mail["refusal"], mail["messageId"]) == ("Email address is not verified.", "")


def test_other_calls_of_ses_are_passed_on_and_keep_no_mail() -> None:
    caller = Caller()
    assert caller.call("GET", "/v2/email/account").get_data() == SENT.body
    caller.call("POST", SEND, b"no JSON")
    assert [path for _, path, _ in caller.passed_on] == ["/v2/email/account", SEND]
    assert caller.json("/mails") == {"mails": []}


def test_html_of_a_mail_can_run_and_load_nothing() -> None:
    caller = Caller()
    caller.call("POST", SEND, SIMPLE)
    answer = caller.call("GET", "/mails/1/html")
    assert answer.get_data(as_text=True).endswith("<h1>Hi</h1><script>alert(1)</script>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    for path in ("/mails/2/html", "/mails/x/html", "/mails/1", "/mails/1/html/x"):
        assert caller.call("GET", path).status_code == 404


def test_link_to_unsubscribe_is_pressed_as_mail_programs_do() -> None:
    caller = Caller()
    caller.call("POST", SEND, SIMPLE)
    answer = caller.call("POST", "/mails/1/unsubscribe")
    assert (json.loads(answer.get_data()), caller.pressed) == ({"status": 200}, ["https://x.test/u"])
    assert caller.call("GET", "/mails/1/unsubscribe").status_code == 404  # link scanners get every link
    assert len(caller.pressed) == 1


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [{"Name": "List-Unsubscribe", "Value": "<https://x.test/u>"}],
        [
            {"Name": "List-Unsubscribe", "Value": "<mailto:u@x.test>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ],
    ],
)
def test_mail_without_one_click_offers_none(headers: list[Any]) -> None:
    caller = Caller()
    caller.call("POST", SEND, {"Content": {"Simple": {"Headers": headers}}})
    assert [mail["canUnsubscribe"] for mail in caller.json("/mails")["mails"]] == [False]
    assert caller.call("POST", "/mails/1/unsubscribe").status_code == 404
    assert caller.pressed == []


# The page


def test_page_is_told_only_what_is_new(caller: Caller) -> None:
    caller.call("POST", SEND, SIMPLE)
    caller.deliver()
    state = caller.json("/state")
    assert (len(state["mails"]), len(state["webhooks"]), len(state["receivers"])) == (1, 1, 1)
    assert SECRET not in json.dumps(state)
    assert caller.call("GET", "/state", query_string={"since": state["version"]}).status_code == 204
    caller.call("DELETE", "/mails")
    assert caller.json("/state", query_string={"since": state["version"]})["mails"] == []


@pytest.mark.parametrize(("path", "kind"), [("/", "html"), ("/inbox.css", "css"), ("/inbox.js", "javascript")])
def test_page_has_its_files(path: str, kind: str) -> None:
    answer = Caller().call("GET", path)
    assert (answer.status_code, kind in answer.content_type) == (200, True)
    assert answer.get_data()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("host", "origin"), [("127.0.0.1:8025", "http://evil.example"), ("evil.example", None), ("127.0.0.1:8025", "null")]
)
def test_foreign_pages_are_refused(caller: Caller, host: str, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    for method, path in (("GET", "/state"), ("POST", "/behaviour"), ("DELETE", "/mails")):
        assert caller.call(method, path, {}, host, headers=headers).status_code == 403
    assert caller.call("GET", "/state", headers={"Origin": "http://localhost:8025"}).status_code == 200


def test_unknown_calls_are_not_found(caller: Caller) -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/state"), ("GET", "/../server.py"), ("PUT", "/mails")):
        assert caller.call(method, path).status_code == 404
    assert caller.call("POST", "/webhooks", BODY).status_code == 400
    assert caller.call("POST", "/receivers", b"[").status_code == 400
