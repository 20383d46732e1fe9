"""The kick: accepted and refused callers, responses, and secrets that no response or log line may show."""

from __future__ import annotations

import hmac
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from bench.lambda_context import FakeContext
from local.paths import ROOT
from tests.metrics import printed_metrics
from tests.secrets_double import Secrets
from tracking import kick_wiring
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.kick_auth import Callers, RefusedError
from tracking.kick_wiring import KickDeps
from tracking.secrets_manager import secret
from tracking.sentences import Sentence
from trigger import kick

SECRET = "0123456789abcdef-0123456789abcdef"
QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/wakes"
WAKE = {"QueueUrl": QUEUE, "MessageBody": '{"kick": true}'}
QUEUED = {"MessageId": "1"}


class NoTokens:
    """A Firebase client that no test here may call."""

    def verify_id_token(self, token: str, **_options: Any) -> None:
        pytest.fail("a secret was taken for a token")


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
    monkeypatch.setattr(kick.logger.registered_handler, "stream", written)
    return written


def post(headers: dict[str, str], queues: Stubber, secret: Callable[[], str] = lambda: SECRET) -> dict[str, Any]:
    event = json.loads((ROOT / "events/kick.json").read_text()) | {"headers": headers}
    deps = KickDeps(Callers(NoTokens(), lambda _refused: secret()), queues.client, QUEUE)
    return dict(kick.handler(event, FakeContext(), deps))  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[[], str]:
    def secret() -> str:
        raise error

    return secret


ACCEPTED = {
    "its own header": {"x-trigger-secret": SECRET},
    "its own header, in any case": {"X-Trigger-Secret": SECRET},
    "a bearer": {"authorization": f"Bearer {SECRET}"},
    "a bearer in any case, spaced out": {"Authorization": f"bEaReR   {SECRET}  "},
    "both, of which its own header counts": {"x-trigger-secret": SECRET, "authorization": "Basic dTpw"},
    "its own header empty, and a bearer": {"x-trigger-secret": "", "authorization": f"Bearer {SECRET}"},
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_kick_with_the_secret_wakes_the_trigger_once(queues: Stubber, log: io.StringIO, case: str) -> None:
    queues.add_response("send_message", QUEUED, WAKE)
    answer = post(ACCEPTED[case], queues)
    assert (answer["statusCode"], answer["body"]) == (202, "{}")
    queues.assert_no_pending_responses()
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["level"], line["action"], line["kind"]) == ("INFO", "kick_accepted", "secret")


REFUSED = {
    # headers, reason in the log
    "nothing": ({}, "NoCredentials"),
    "an empty header": ({"authorization": ""}, "NoCredentials"),
    "no credential": ({"authorization": "Bearer"}, "NoCredentials"),
    "an empty credential": ({"authorization": "Bearer "}, "NoCredentials"),
    "spaces": ({"x-trigger-secret": "   "}, "NoCredentials"),
    "another scheme": ({"authorization": f"Basic {SECRET}"}, "NoCredentials"),
    "no scheme": ({"authorization": SECRET}, "NoCredentials"),
    "another secret": ({"x-trigger-secret": "wrong"}, "WrongSecret"),
    "the beginning of it": ({"x-trigger-secret": SECRET[:-1]}, "WrongSecret"),
    "more than it": ({"x-trigger-secret": SECRET + "0"}, "WrongSecret"),
    "in capitals": ({"x-trigger-secret": SECRET.upper()}, "WrongSecret"),
    "twice": ({"authorization": f"Bearer {SECRET},Bearer {SECRET}"}, "WrongSecret"),
    "not ASCII": ({"x-trigger-secret": "пароль"}, "WrongSecret"),
    "no text": ({"x-trigger-secret": "\ud800"}, "WrongSecret"),
    "huge": ({"x-trigger-secret": "x" * 1_000_000}, "WrongSecret"),
    "a wrong one beside the right one": (
        {"x-trigger-secret": "wrong", "authorization": f"Bearer {SECRET}"},
        "WrongSecret",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_kick_without_the_secret_is_refused_without_reason(queues: Stubber, log: io.StringIO, case: str) -> None:
    headers, reason = REFUSED[case]
    answer = post(headers, queues)
    assert answer == {
        "statusCode": 401,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": "{}",
    }
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["level"], line["action"], line["reason"]) == ("INFO", "kick_refused", reason)
    for value in filter(str.strip, headers.values()):
        assert value not in log.getvalue()


@pytest.mark.parametrize("value", ["", " ", "\n"])
@pytest.mark.parametrize("offered", ["", " ", "x"])
def test_empty_secret_refuses_every_kick(queues: Stubber, value: str, offered: str) -> None:
    assert post({"x-trigger-secret": offered}, queues, lambda: value)["statusCode"] == 401
    assert post({"authorization": f"Bearer {offered}"}, queues, lambda: value)["statusCode"] == 401


def test_offered_secret_is_compared_in_constant_time(queues: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `hmac.compare_digest` compares the header with each accepted value."""
    compared: list[tuple[bytes, bytes]] = []

    def spy(offered: bytes, value: bytes) -> bool:
        compared.append((offered, value))
        return False  # only this result decides

    monkeypatch.setattr(hmac, "compare_digest", spy)
    answer = post({"X-Trigger-Secret": "new"}, queues, lambda: "new old")
    assert answer["statusCode"] == 401
    assert compared == [(b"new", b"new"), (b"new", b"old")]


def test_kick_with_a_secret_is_refused_if_none_is_set_up(queues: Stubber, log: io.StringIO) -> None:
    missing = CredentialsError(Sentence("not set up"), is_missing=True)
    answer = post({"x-trigger-secret": SECRET}, queues, raising(missing))
    assert answer["statusCode"] == 401
    assert '"reason":"NoSecretToCompareWith"' in log.getvalue()


@pytest.mark.parametrize("offered", ["old-secret", "new-secret"])
def test_while_a_secret_is_changed_both_are_taken(queues: Stubber, offered: str) -> None:
    queues.add_response("send_message", QUEUED, WAKE)
    assert post({"x-trigger-secret": offered}, queues, lambda: "new-secret\nold-secret")["statusCode"] == 202
    assert (
        post({"x-trigger-secret": "new-secret\nold-secret"}, queues, lambda: "new-secret\nold-secret")["statusCode"]
        == 401
    )


@given(st.dictionaries(st.sampled_from(["authorization", "x-trigger-secret", "Authorization"]), st.text()))
def test_kick_with_any_header_does_not_crash(headers: dict[str, str]) -> None:
    with pytest.raises(RefusedError):
        Callers(auth_that_refuses(), lambda _refused: SECRET).identify(headers)


def auth_that_refuses() -> Any:
    class Refusing:
        def verify_id_token(self, token: str, **_options: Any) -> None:
            raise ValueError(token)

    return Refusing()


def test_an_event_without_headers_is_refused(queues: Stubber) -> None:
    deps = KickDeps(Callers(NoTokens(), lambda _refused: SECRET), queues.client, QUEUE)
    for event in ({}, {"headers": None}):
        assert kick.handler(event, FakeContext(), deps)["statusCode"] == 401  # type: ignore[arg-type]


# Failures that are not the caller's fault

LAMBDA_FAILS = [
    ("TooManyRequestsException", 429),
    ("ServiceException", 500),
    ("AccessDeniedException", 403),
    ("ResourceNotFoundException", 404),
]


@pytest.mark.parametrize(("code", "status"), LAMBDA_FAILS)
def test_kick_with_a_failing_queue_answers_503(queues: Stubber, log: io.StringIO, code: str, status: int) -> None:
    """The cause is in the log, the secret is not."""
    queues.add_client_error("send_message", code, http_status_code=status)
    failed = post({"x-trigger-secret": SECRET}, queues)
    assert (failed["statusCode"], failed["body"]) == (503, "{}")
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["level"], line["action"], line["reason"]) == ("ERROR", "kick_failed", code)
    assert SECRET not in log.getvalue()


def test_kick_with_lambda_unreachable_answers_503(log: io.StringIO) -> None:
    class Unreachable:
        def send_message(self, **_arguments: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://lambda.example")

    deps = KickDeps(Callers(NoTokens(), lambda _refused: SECRET), Unreachable(), QUEUE)
    event = {"headers": {"x-trigger-secret": SECRET}}
    assert kick.handler(event, FakeContext(), deps)["statusCode"] == 503  # type: ignore[arg-type]
    assert '"reason":"EndpointConnectionError"' in log.getvalue()


def test_a_secret_that_cannot_be_read_just_now_refuses_nobody(queues: Stubber, log: io.StringIO) -> None:
    answer = post({"x-trigger-secret": SECRET}, queues, raising(StoreUnavailableError(Sentence("busy"))))
    assert answer["statusCode"] == 503
    assert '"reason":"StoreUnavailableError"' in log.getvalue()


@pytest.mark.parametrize(
    "error", [CredentialsError(Sentence("no credentials")), StoreUnavailableError(Sentence("busy"))]
)
def test_our_own_credentials_missing_refuses_nobody(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """Only a refused key is counted, because only then a person must act."""
    monkeypatch.setattr(kick_wiring, "kick", raising(error))
    event = {"headers": {"x-trigger-secret": SECRET}}
    assert kick.handler(event, FakeContext())["statusCode"] == 503  # type: ignore[arg-type]
    assert type(error).__name__ in log.getvalue()
    counted = printed_metrics(capsys.readouterr().out).get("CredentialsRefused", [])
    assert counted == ([1, 1] if isinstance(error, CredentialsError) else [])


@pytest.mark.parametrize(
    ("code", "status", "reason", "counted"),
    [
        ("AccessDeniedException", 503, "UnreadableSecret", [1, 1]),  # IAM's, or that of the secret's KMS key
        ("DecryptionFailure", 503, "UnreadableSecret", [1, 1]),
        ("ResourceNotFoundException", 401, "NoSecretToCompareWith", []),
        ("InvalidRequestException", 401, "NoSecretToCompareWith", []),  # it is being deleted
    ],
)
def test_kick_tells_an_unreadable_secret_from_a_missing(
    monkeypatch: pytest.MonkeyPatch,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    queues: Stubber,
    code: str,
    status: int,
    reason: str,
    counted: list[int],
) -> None:
    """A right that is missing is our fault. The answer says no more than its status, and the log names the secret."""
    secrets = Secrets.installed(monkeypatch)
    secrets.refusal = code
    deps = KickDeps(Callers(NoTokens(), lambda refused: secret("stage/kick", refused)), queues.client, QUEUE)
    answer = kick.handler({"headers": {"x-trigger-secret": SECRET}}, FakeContext(), deps)  # type: ignore[arg-type]
    assert (answer["statusCode"], answer["body"]) == (status, "{}")
    printed = capsys.readouterr().out
    assert printed_metrics(printed).get("CredentialsRefused", []) == counted
    assert ('"credential":"aws"' in printed.replace(" ", "")) == bool(counted)
    assert json.loads(log.getvalue())["reason"] == reason
    assert (f"the secret stage/kick cannot be read: {code}" in log.getvalue()) == bool(counted)
    assert SECRET not in log.getvalue()


TOKEN = "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"


@pytest.mark.parametrize("error", [ValueError(TOKEN), TypeError(TOKEN)])
def test_a_token_is_not_quoted_by_any_answer_or_log_line(log: io.StringIO, error: Exception) -> None:
    tokens = type("Tokens", (), {"verify_id_token": lambda *args, **kwargs: raising(error)()})()
    deps = KickDeps(Callers(tokens, lambda _refused: SECRET), None, QUEUE)
    answer = kick.handler({"headers": {"authorization": f"Bearer {TOKEN}"}}, FakeContext(), deps)  # type: ignore[arg-type]
    assert answer["statusCode"] == 401
    assert '"reason":"MalformedToken"' in log.getvalue()
    assert TOKEN not in log.getvalue() + json.dumps(answer)
