"""The webhooks' API: who may see a secret, what wakes the sender, and what neither answers nor logs may show."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from firebase_admin import auth
from firebase_admin.exceptions import UnavailableError as GoogleUnavailable
from standardwebhooks.webhooks import Webhook

from bench.lambda_context import FakeContext
from local.paths import ROOT
from notify import api
from tests.doubles import ManualClock
from tests.metrics import printed_metrics
from tests.secrets_double import Secrets
from tracking import news_wiring
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.kick_auth import Users
from tracking.news_wiring import WebhooksApiDeps
from tracking.sentences import Sentence
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.webhooks.signing import secret, signed_headers

MASTER = "the-stage's-key-of-32-characters!"
TOKEN = "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"
QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/news"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CONTRACT = json.loads((ROOT / "contracts/webhooks.json").read_text())
ENDPOINT = "organizations/org1/webhookEndpoints/endpoint1"


class Tokens:
    """Firebase, which knows one token. `failure`: it raises this instead."""

    def __init__(self, user_id: str = "ada", failure: Exception | None = None) -> None:
        self._user_id = user_id
        self._failure = failure

    def verify_id_token(self, token: str, **options: Any) -> dict[str, Any]:
        assert options["check_revoked"]
        if self._failure:
            raise self._failure
        if token != TOKEN:
            raise auth.InvalidIdTokenError(token)
        return {"uid": self._user_id}


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(ManualClock(NOW))
    members = {"ada": "owner", "bea": "admin", "cyd": "member", "dan": None, "eve": ["owner"]}
    for user_id, role in members.items():
        store.put_document(DocumentWrite(f"organizations/org1/members/{user_id}", {"role": role}))
    store.put_document(DocumentWrite("organizations/org1/members/without", {"name": "owner"}))
    store.put_document(DocumentWrite("organizations/org1/members/a/b/ada", {"role": "owner"}))
    store.put_document(DocumentWrite("organizations/org2/members/zoe", {"role": "owner"}))
    store.put_document(DocumentWrite(ENDPOINT, endpoint()))
    store.put_document(DocumentWrite("organizations/org1/webhookEndpoints/odd", endpoint() | {"secretVersion": "1"}))
    return store


def endpoint(version: int = 1, rotated_at: datetime | None = None) -> dict[str, Any]:
    return {
        "url": "https://hooks.example.com/",
        "enabled": True,
        "secretVersion": version,
        "secretRotatedAt": rotated_at,
        "health": None,
    }


@pytest.fixture
def queues() -> Iterator[Stubber]:
    """The client of SQS with scripted replies. An unexpected call fails."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client("sqs", region_name="us-east-1", config=once, **keys)  # type: ignore[call-overload]  # no stubs
    with Stubber(client) as stub:
        yield stub


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(api.logger.registered_handler, "stream", written)
    return written


@pytest.fixture
def call(store: MemoryStore, queues: Stubber) -> Callable[..., dict[str, Any]]:
    """Return a function that calls the API. `event`: a file's name; the others replace a part of it."""

    def call(event: str = "webhook-secret", tokens: Tokens | None = None, **changes: Any) -> dict[str, Any]:
        sent = json.loads((ROOT / f"events/{event}.json").read_text())
        sent["headers"]["authorization"] = f"Bearer {TOKEN}"
        deps = WebhooksApiDeps(
            users=Users(tokens or Tokens()),
            store=changes.pop("store", store),
            signing_secret=changes.pop("signing_secret", lambda: MASTER),
            clock=ManualClock(NOW),
            queues=changes.pop("queues", queues.client),
            news_queue_url=QUEUE,
        )
        return dict(api.handler(sent | changes, FakeContext(), deps))  # type: ignore[arg-type]

    return call


def refusal(status: int) -> dict[str, Any]:
    """Return the whole answer: nothing but its status tells one refusal from another."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": "{}"}


def raising(error: Exception) -> Callable[[], str]:
    def value() -> str:
        raise error

    return value


# The secret


@pytest.mark.parametrize("user_id", ["ada", "bea"])
def test_owner_and_admin_see_the_secret(call: Any, log: io.StringIO, user_id: str) -> None:
    answer = call(tokens=Tokens(user_id))
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"] == "no-store"
    body = json.loads(answer["body"])
    assert body == {
        "secret": secret(MASTER, "org1", "endpoint1", 1),
        "previousSecret": None,
        "previousUntil": None,
    }
    assert body.keys() == CONTRACT["secretAnswer"].keys()
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["action"], line["user_id"]) == ("webhook_secret_shown", user_id)
    assert (line["org_id"], line["endpoint_id"]) == ("org1", "endpoint1")


def test_secret_shown_verifies_what_is_signed(call: Any) -> None:
    shown = json.loads(call()["body"])["secret"]
    headers = signed_headers("{}", "1", datetime.now(UTC), [secret(MASTER, "org1", "endpoint1", 1)])
    Webhook(shown).verify("{}", headers)


def test_former_secret_is_shown_while_it_signs(call: Any, store: MemoryStore) -> None:
    store.put_document(DocumentWrite(ENDPOINT, endpoint(3, NOW - timedelta(hours=1))))
    assert json.loads(call()["body"]) == {
        "secret": secret(MASTER, "org1", "endpoint1", 3),
        "previousSecret": secret(MASTER, "org1", "endpoint1", 2),
        "previousUntil": "2026-12-01T11:00:00Z",
    }


@pytest.mark.parametrize("rotated_at", [NOW - timedelta(hours=24), "yesterday", None])
def test_former_secret_is_not_shown_later(call: Any, store: MemoryStore, rotated_at: Any) -> None:
    store.put_document(DocumentWrite(ENDPOINT, endpoint(3, rotated_at)))
    assert json.loads(call()["body"])["previousSecret"] is None


def test_secret_is_in_no_log(call: Any, store: MemoryStore, log: io.StringIO, capfd: Any) -> None:
    store.put_document(DocumentWrite(ENDPOINT, endpoint(2, NOW)))
    body = json.loads(call()["body"])
    logged = log.getvalue() + "".join(capfd.readouterr())
    assert "webhook_secret_shown" in logged
    for value in (body["secret"], body["previousSecret"], MASTER, TOKEN):
        assert value
        assert value.removeprefix("whsec_") not in logged


@pytest.mark.parametrize("user_id", ["cyd", "dan", "eve", "without", "nobody", "zoe", "a/b/ada"])
def test_others_do_not_see_the_secret(call: Any, log: io.StringIO, user_id: str) -> None:
    """Members of another role, people without one, and owners of another organisation."""
    assert call(tokens=Tokens(user_id)) == refusal(403)
    line = json.loads(log.getvalue())
    assert (line["level"], line["action"], line["reason"]) == ("INFO", "webhooks_call_refused", "NoManager")


def test_owner_of_another_organisation_learns_nothing(call: Any) -> None:
    """An endpoint that is there and one that is not look alike."""
    asked = [{"orgId": org, "endpointId": id_} for org in ("org2", "org3") for id_ in ("endpoint1", "none")]
    assert [call(body=json.dumps(body)) for body in asked] == [refusal(403)] * 4


@pytest.mark.parametrize("endpoint_id", ["none", "odd"])
def test_missing_or_malformed_endpoint_is_not_found(call: Any, endpoint_id: str) -> None:
    assert call(body=json.dumps({"orgId": "org1", "endpointId": endpoint_id})) == refusal(404)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{}",
        "[]",
        "null",
        "1",
        "not JSON",
        '{"orgId": "org1"}',
        '{"orgId": 1, "endpointId": "endpoint1"}',
        '{"orgId": "org1", "endpointId": ""}',
        '{"orgId": "org1", "endpointId": null}',
        '{"orgId": "org1/members/ada/x", "endpointId": "endpoint1"}',
        '{"orgId": "org1", "endpointId": "endpoint1/deliveries/1"}',
        '{"orgId": "..", "endpointId": "endpoint1"}',
        '{"orgId": "__org__", "endpointId": "endpoint1"}',
        '{"orgId": "org1", "endpointId": "\\ud800"}',
        json.dumps({"orgId": "org1", "endpointId": "e" * 200}),
        "[" * 100_000,
        "\ud800",
    ],
)
def test_body_that_names_no_endpoint_is_refused(call: Any, body: str | None) -> None:
    assert call(body=body) == refusal(400)


def test_body_in_base64_is_read(call: Any) -> None:
    """API Gateway encodes bodies of other content types."""
    body = base64.b64encode(b'{"orgId": "org1", "endpointId": "endpoint1"}').decode()
    assert call(body=body, isBase64Encoded=True)["statusCode"] == 200
    assert call(body="!", isBase64Encoded=True) == refusal(400)


# Callers


@pytest.mark.parametrize("event", ["webhook-secret", "webhooks-wake"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        None,
        {"authorization": ""},
        {"authorization": TOKEN},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer a.b.c"},
        {"x-trigger-secret": MASTER},
    ],
)
def test_unknown_caller_is_refused(call: Any, log: io.StringIO, event: str, headers: Any) -> None:
    """The kick's secret opens nothing here."""
    assert call(event, headers=headers) == refusal(401)
    assert json.loads(log.getvalue())["action"] == "webhooks_call_refused"
    assert "a.b.c" not in log.getvalue()


@pytest.mark.parametrize(
    "failure",
    [
        auth.ExpiredIdTokenError(TOKEN, None),
        auth.RevokedIdTokenError(TOKEN),
        auth.UserDisabledError(TOKEN),
        ValueError(TOKEN),
    ],
)
def test_token_that_is_no_longer_good_is_refused(call: Any, log: io.StringIO, failure: Exception) -> None:
    assert call(tokens=Tokens(failure=failure)) == refusal(401)
    assert TOKEN not in log.getvalue()


# The wake


def test_wake_of_any_user_goes_into_the_queue(call: Any, queues: Stubber, log: io.StringIO) -> None:
    """It shows nothing and sends only what is due, so whose member the user is does not matter."""
    queues.add_response("send_message", {"MessageId": "1"}, {"QueueUrl": QUEUE, "MessageBody": '{"wake": true}'})
    assert call("webhooks-wake", Tokens("nobody")) == refusal(202)
    queues.assert_no_pending_responses()
    assert json.loads(log.getvalue())["action"] == "webhooks_woken"


def test_wake_with_a_failing_queue_answers_503(call: Any, queues: Stubber, log: io.StringIO) -> None:
    queues.add_client_error("send_message", "AccessDenied", http_status_code=403)
    assert call("webhooks-wake") == refusal(503)
    line = json.loads(log.getvalue())
    assert (line["level"], line["action"], line["reason"]) == ("ERROR", "webhooks_call_failed", "AccessDenied")


def test_wake_with_the_queue_unreachable_answers_503(call: Any, log: io.StringIO) -> None:
    class Unreachable:
        def send_message(self, **_arguments: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://sqs.example")

    assert call("webhooks-wake", queues=Unreachable()) == refusal(503)
    assert json.loads(log.getvalue())["reason"] == "EndpointConnectionError"


def test_unknown_action_is_not_found(call: Any) -> None:
    for path in ("/webhooks/other", "/webhooks/", "/", ""):
        assert call(rawPath=path) == refusal(404)
    assert call(rawPath="/v1/webhooks/secret")["statusCode"] == 200  # of a domain of the operator's own


# Failures that are not the caller's


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_document(self, path: str) -> None:
        raise self._error


def test_database_that_does_not_answer_refuses_nobody(call: Any, log: io.StringIO) -> None:
    assert call(store=Failing(StoreUnavailableError(Sentence("busy")))) == refusal(503)
    assert json.loads(log.getvalue())["reason"] == "StoreUnavailableError"


def test_google_that_does_not_answer_refuses_nobody(call: Any, log: io.StringIO) -> None:
    assert call(tokens=Tokens(failure=GoogleUnavailable("down"))) == refusal(503)
    assert json.loads(log.getvalue())["action"] == "webhooks_call_failed"


@pytest.mark.parametrize("where", ["database", "signing key"])
def test_refused_key_of_ours_is_counted(call: Any, log: io.StringIO, capsys: Any, where: str) -> None:
    error = CredentialsError(Sentence("refused"), "google" if where == "database" else "signing")
    broken = {"store": Failing(error)} if where == "database" else {"signing_secret": raising(error)}
    assert call(**broken) == refusal(503)
    assert json.loads(log.getvalue())["action"] == "credentials_refused"
    assert printed_metrics(capsys.readouterr().out)["CredentialsRefused"] == [1, 1]


@pytest.mark.parametrize("value", [None, "", "short"])
def test_missing_or_short_signing_key_shows_no_secret(
    call: Any, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Secrets that anybody could compute would be worse than none."""
    secrets = Secrets.installed(monkeypatch, **({} if value is None else {"stage/signing": value}))
    secrets.refusal = "ResourceNotFoundException" if value is None else ""
    assert call(signing_secret=lambda: news_wiring.signing_key("stage/signing")) == refusal(503)
    assert json.loads(log.getvalue())["action"] == "credentials_refused"


def test_own_credentials_missing_refuses_nobody(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news_wiring, "webhooks_api", raising(CredentialsError(Sentence("no credentials"))))
    assert dict(api.handler({"headers": {}}, FakeContext())) == refusal(503)  # type: ignore[arg-type]
