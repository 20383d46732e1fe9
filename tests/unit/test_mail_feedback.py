"""Tests of bounces and complaints as SES reports them, of SES's answers, and of Firebase's users."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.stub import Stubber
from firebase_admin import auth
from firebase_admin.exceptions import PermissionDeniedError, UnavailableError

from bench.lambda_context import FakeContext
from local.paths import ROOT
from mail.feedback import handler
from tests.aws_models import error_codes, operation
from tests.mailing import KEY, SENDER, Mailing, ready
from tracking import news_wiring
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.mail import letters, post
from tracking.mail.post import MaybeSentError, NotSentError, SesPost
from tracking.mail.recipients import Address, FirebaseAddresses
from tracking.mail.suppressions import suppression_path
from tracking.mail.unsubscribing import Subscriber, token
from tracking.news_wiring import FeedbackDeps

SUPPRESSED = suppression_path("ada@example.test")


def report(name: str, **changes: Any) -> dict[str, Any]:
    """Return the event of a file, with changes in what SES says: `bounce__bounceType="Transient"`."""
    event: dict[str, Any] = json.loads((ROOT / f"events/ses-{name}.json").read_text())
    said = json.loads(event["Records"][0]["Sns"]["Message"])
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = said
        for part in parts:
            place = place[part]
        place[last] = value
    event["Records"][0]["Sns"]["Message"] = json.dumps(said)
    return event


def feed(mailing: Mailing, event: dict[str, Any]) -> dict[str, int]:
    return handler(event, FakeContext(60), FeedbackDeps(mailing.store, mailing.clock))  # type: ignore[arg-type]


def test_a_permanent_bounce_suppresses_the_address() -> None:
    mailing = Mailing()
    assert feed(mailing, report("bounce")) == {"bounce": 1, "complaint": 0}
    assert mailing.store.get_document(SUPPRESSED) == {"reason": "bounce", "at": mailing.clock.now()}
    mailing.happen(ready())
    mailing.run_for(20)
    assert mailing.office.sent == []


def test_the_same_report_twice_changes_nothing_more() -> None:
    mailing = Mailing()
    feed(mailing, report("bounce"))
    before = mailing.store.get_stored(SUPPRESSED)
    feed(mailing, report("bounce"))
    assert mailing.store.get_stored(SUPPRESSED) == before


def test_a_complaint_also_switches_mail_off() -> None:
    mailing = Mailing()
    mailing.happen(ready())
    mailing.run()
    (mail_id,) = mailing.mails()
    assert feed(mailing, report("complaint", mail__tags__mailId=[mail_id])) == {"bounce": 0, "complaint": 1}
    stored = mailing.store.get_document("organizations/org1/notificationSettings/user1")
    assert stored == {"email": "off", "updatedAt": mailing.clock.now()}
    assert (mailing.store.get_document(SUPPRESSED) or {})["reason"] == "complaint"


def test_a_complaint_about_a_mail_that_is_gone_suppresses_too() -> None:
    mailing = Mailing()
    feed(mailing, report("complaint"))
    shapes: list[Any] = [
        {},
        {"tags": {}},
        {"tags": ["x"]},
        "x",
        None,
        {"tags": {"mailId": "a"}},
        {"tags": {"mailId": [7]}},
    ]
    for odd in shapes:
        assert feed(mailing, report("complaint", mail=odd))["complaint"] == 1
    assert mailing.store.get_document(SUPPRESSED) is not None


@pytest.mark.parametrize(
    "event",
    [
        report("bounce", bounce__bounceType="Transient"),
        report("bounce", bounce__bounceType="Undetermined"),
        report("bounce", eventType="Delivery"),
        report("complaint", complaint__complaintFeedbackType="not-spam"),
        report("bounce", bounce__bouncedRecipients=[{"emailAddress": "no address"}]),
        report("bounce", bounce=None),
        report("bounce", bounce="x"),
        report("bounce", bounce__bouncedRecipients=7),
        report("bounce", eventType=["Bounce"]),
        {"Records": [{"Sns": {"Message": "[" * 100_000}}, {"Sns": "x"}]},
        {"Records": [{"Sns": {"Message": "Successfully validated SNS topic for Amazon SES event publishing."}}]},
        {"Records": [{"Sns": {"Message": "7"}}, {}]},
        {},
    ],
)
def test_other_reports_suppress_nobody(event: dict[str, Any]) -> None:
    mailing = Mailing()
    assert feed(mailing, event) == {"bounce": 0, "complaint": 0}
    assert mailing.store.get_documents("mailSuppressions") == {}


def test_a_malformed_report_keeps_no_other() -> None:
    mailing = Mailing()
    records = [*report("bounce", bounce="x")["Records"], *report("bounce")["Records"]]
    assert feed(mailing, {"Records": records})["bounce"] == 1


def test_a_complaint_about_a_mail_of_another_sender_suppresses() -> None:
    mailing = Mailing()
    mailing.put("mail/foreign", {"to": ["x@example.test"]})
    assert feed(mailing, report("complaint", mail__tags__mailId=["foreign"]))["complaint"] == 1


def test_a_notification_of_an_identity_is_understood() -> None:
    mailing = Mailing()
    event = report("bounce", notificationType="Bounce", eventType=None)
    assert feed(mailing, event)["bounce"] == 1


def test_addresses_come_with_names_and_in_any_case() -> None:
    mailing = Mailing()
    feed(mailing, report("bounce", bounce__bouncedRecipients=[{"emailAddress": '"Ada" <ADA@example.test>'}]))
    assert mailing.store.get_document(SUPPRESSED) is not None


# SES


def mail() -> dict[str, Any]:
    link = f"{SENDER.unsubscribe_url}?t={token(KEY, Subscriber('org1', 'user1'))}"
    return letters.letter(
        to="ada@example.test",
        sender=SENDER,
        link=link,
        subject="3 accounts are ready — نُسخة 🚀",
        text="text",
        html="<p>html</p>",
        org_id="org1",
        user_id="user1",
        now=Mailing().clock.now(),
    )


@pytest.mark.parametrize(
    "product", ["Acme, Social", "Zoë's Café", "宇宙航空研究開発機構" * 5, "宇宙 " * 40 + "宇", "🚀" * 30]
)
def test_a_sender_of_any_name_is_read_as_it_was_written(product: str) -> None:
    """RFC 2047: an encoded word has at most 75 characters."""
    mailbox = replace(SENDER, product=product).mailbox
    assert mailbox.isascii()
    assert "\n" not in mailbox
    assert all(len(word) <= 75 for word in mailbox.split() if word.startswith("=?"))
    name, address = parseaddr(mailbox)
    assert (str(make_header(decode_header(name))), address) == (product, "news@acme.test")


@pytest.fixture
def client() -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(
        "sesv2", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s", config=config
    )


def test_a_mail_is_sent_as_ses_wants_it(client: Any) -> None:
    """The Stubber holds the request to SES's model: names and lengths of headers, values of tags."""
    letter = mail()
    expected = {
        "FromEmailAddress": "Acme Social <news@acme.test>",
        "Destination": {"ToAddresses": ["ada@example.test"]},
        "ReplyToAddresses": ["help@acme.test"],
        "ConfigurationSetName": "account-tracking",
        "EmailTags": [{"Name": "mailId", "Value": "abc"}],
        "Content": {
            "Simple": {
                "Subject": {"Data": "3 accounts are ready — نُسخة 🚀", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "text", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>html</p>", "Charset": "UTF-8"},
                },
                "Headers": [{"Name": name, "Value": value} for name, value in letter["headers"].items()],
            }
        },
    }
    with Stubber(client) as stub:
        stub.add_response("send_email", {"MessageId": "m1"}, expected)
        assert SesPost(client, "account-tracking").send("abc", letter) == "m1"


def test_a_senders_name_is_encoded() -> None:
    sender = letters.Sender(address="news@acme.test", product="Ümläut & Söhne, „GmbH“", unsubscribe_url="https://x")
    assert sender.mailbox.isascii()
    assert sender.mailbox.endswith(" <news@acme.test>")


CODES = {
    # code, message, status: the error, and whether it is lasting, and about us
    ("TooManyRequestsException", "Too many requests", 429): (NotSentError, False, False),
    ("LimitExceededException", "Daily message quota exceeded.", 400): (NotSentError, False, False),
    ("MessageRejected", "Email address is not verified. The following ...", 400): (NotSentError, False, True),
    ("MessageRejected", "Transaction failed: Illegal header", 400): (NotSentError, True, False),
    ("BadRequestException", "Missing final '@domain'", 400): (NotSentError, True, False),
    ("SendingPausedException", "paused", 400): (NotSentError, False, True),
    ("AccountSuspendedException", "suspended", 400): (NotSentError, False, True),
    ("MailFromDomainNotVerifiedException", "MAIL FROM", 400): (NotSentError, False, True),
    ("NotFoundException", "Configuration set <x> does not exist.", 404): (NotSentError, False, True),
    ("AccessDeniedException", "not authorized to perform `ses:SendEmail'", 403): (NotSentError, False, True),
    ("InternalFailure", "", 500): (MaybeSentError, None, None),
    ("ServiceUnavailable", "", 503): (MaybeSentError, None, None),
}


@pytest.mark.parametrize(("answer", "expected"), CODES.items())
def test_refusals_are_told_from_what_nobody_knows(client: Any, answer: tuple[str, str, int], expected: Any) -> None:
    code, message, status = answer
    kind, is_lasting, is_about_us = expected
    with Stubber(client) as stub:
        stub.add_client_error("send_email", code, message, http_status_code=status)
        with pytest.raises(kind) as raised:
            SesPost(client).send("abc", mail())
    if kind is NotSentError:
        assert (raised.value.is_lasting, raised.value.is_about_us) == (is_lasting, is_about_us)


def test_no_address_of_a_person_reaches_the_log(client: Any) -> None:
    """SES names the receiver in what it refuses."""
    log = io.StringIO()
    for number, status in enumerate((400, 500)):
        mailing = Mailing(post=SesPost(client), logger=Logger(service=f"mail-{number}", stream=log))  # type: ignore[arg-type]
        mailing.happen(ready())
        with Stubber(client) as stub:
            text = "Email address is not verified: ada@example.test, <ada@example.test>"
            stub.add_client_error("send_email", "MessageRejected", text, http_status_code=status)
            mailing.run()
        assert mailing.delivery()["error"].endswith("not verified: …@example.test, <…@example.test>")
    assert log.getvalue().count("example.test") == 4
    assert "ada" not in log.getvalue()


def test_every_error_of_sess_model_is_decided() -> None:
    named = error_codes(operation("sesv2", "SendEmail"))
    assert named <= {code for code, _, _ in CODES}
    assert {"TooManyRequestsException", "LimitExceededException"} <= post._SLOW_DOWN & named


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectTimeoutError(endpoint_url="x"), NotSentError),
        (EndpointConnectionError(endpoint_url="x"), NotSentError),
        (NoCredentialsError(), NotSentError),
        (ReadTimeoutError(endpoint_url="x"), MaybeSentError),
        (ConnectionClosedError(endpoint_url="x"), MaybeSentError),
    ],
)
def test_a_call_without_an_answer_may_have_sent(
    client: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: Any
) -> None:
    def fail(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(client, "send_email", fail)
    with pytest.raises(kind):
        SesPost(client).send("abc", mail())


def test_a_call_to_ses_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore would repeat a call whose answer was lost, and the mail would go out twice."""

    variables = {
        "GOOGLE_CLOUD_PROJECT": "demo-mail",
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
        "SIGNING_SECRET": "s",
        "MAIL_FROM": "news@acme.test",
        "UNSUBSCRIBE_URL": "https://x/unsubscribe",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    deps = news_wiring.mail.__wrapped__()
    assert isinstance(deps.post, SesPost)
    assert deps.post._client.meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


# Firebase


class Users:
    """firebase-admin's client, as far as it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_user(self, uid: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return auth.UserRecord({"localId": uid} | self.answer)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"email": "a@b.test", "emailVerified": True}, Address("a@b.test")),
        ({"email": "a@b.test", "emailVerified": False}, Address("", "unverified")),
        ({"email": "a@b.test"}, Address("", "unverified")),
        ({"email": "a@b.test", "emailVerified": True, "disabled": True}, Address("", "disabled")),
        ({"emailVerified": True}, Address("", "no_address")),
        (auth.UserNotFoundError("gone"), Address("", "no_user")),
        (ValueError("an id of 129 characters"), Address("", "no_user")),
    ],
)
def test_only_a_verified_address_of_an_enabled_user_counts(answer: Any, expected: Address) -> None:
    assert FirebaseAddresses(Users(answer)).of("user1") == expected


@pytest.mark.parametrize(
    ("error", "kind"),
    [(UnavailableError("503"), StoreUnavailableError), (PermissionDeniedError("403"), CredentialsError)],
)
def test_trouble_with_firebase_is_told_from_a_missing_user(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        FirebaseAddresses(Users(error)).of("user1")
