"""Firebase ID tokens: accepted tokens, refused tokens, and failures after which the answer is unknown.

The tests use the real firebase-admin, and answer its HTTP requests.
"""

from __future__ import annotations

import base64
import functools
import gc
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import firebase_admin
import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from firebase_admin import auth, exceptions
from google.auth import crypt, jwt
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError
from hypothesis import given
from hypothesis import strategies as st

from tracking import google_credentials, kick_wiring, wiring
from tracking.kick_auth import CLOCK_SKEW_S, Caller, Callers, RefusedError, UnavailableError
from tracking.settings import SettingsError

PROJECT = "demo-kick"
KEY_ID = "key-1"
CERTIFICATES = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
LOOKUP = f"https://identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts:lookup"


@functools.cache
def key_pair(whose: str) -> tuple[crypt.RSASigner, str]:
    """Return a signer, and its key's certificate in the form that Google publishes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whose)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signer = crypt.RSASigner.from_string(pem, KEY_ID)  # type: ignore[no-untyped-call]
    return signer, certificate.public_bytes(serialization.Encoding.PEM).decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a new token of a signed-in user."""
    now = int(time.time())
    return {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "ada",
        "user_id": "ada",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "firebase": {"sign_in_provider": "password"},
    } | changes


def signed(whose: str = "google", key_id: str = KEY_ID, **changes: Any) -> str:
    """Return a signed token. A claim changed to None is left out."""
    stated = {name: value for name, value in claims(**changes).items() if value is not None}
    signer, _ = key_pair(whose)
    return str(jwt.encode(signer, stated, key_id=key_id), "ascii")  # type: ignore[no-untyped-call]


def part(content: Any) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unsigned(header: Any, payload: Any) -> str:
    return f"{part(header)}.{part(payload)}."


Answer = tuple[int, Any] | Exception


class Body(io.BytesIO):
    """A response body that closes at its end, as a real one does. cachecontrol caches only such a body."""

    def read(self, size: int | None = -1) -> bytes:
        if self.closed:
            return b""
        content = super().read(size)
        if self.tell() == self.getbuffer().nbytes:
            self.close()
        return content


@dataclass
class Google:
    """Google's servers: records of the requests, and scripted responses or errors."""

    certificates: Answer
    user: Answer
    asked: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)

    def send(
        self, adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        _stream, timeout = [*args, None, None][:2] if args else (None, kwargs["timeout"])
        url = str(request.url)
        self.asked.append(url)
        self.waits_s.append(float(timeout))
        answer = self.user if url.endswith("accounts:lookup") else self.certificates
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"Date": format_datetime(datetime.now(UTC), usegmt=True), "Cache-Control": "public, max-age=3600"}
        raw = urllib3.HTTPResponse(Body(body), headers, status, preload_content=False, reason="")
        return adapter.build_response(request, raw)


def user(**changes: Any) -> dict[str, Any]:
    return {"users": [{"localId": "ada", "validSince": "0"} | changes]}


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Google:
    google = Google((200, {KEY_ID: key_pair("google")[1]}), (200, user()))
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *args, **kwargs: google.send(*args, **kwargs))
    return google


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch, google: Google) -> Iterator[Callers]:
    """The callers that the wiring builds. Reading the secret for a token fails the test."""
    for name in ("FIRESTORE_EMULATOR_HOST", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "127.0.0.1:1")
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    monkeypatch.setenv("WAKE_QUEUE_URL", "https://queue")
    monkeypatch.setattr(kick_wiring, "secret", lambda *_: pytest.fail("the secret was read for a token"))
    yield kick_wiring.kick.__wrapped__().callers
    google_credentials.firebase_app.cache_clear()
    for app in list(firebase_admin._apps.values()):
        firebase_admin.delete_app(app)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def ago(seconds: float) -> int:
    return int(time.time() - seconds)


# Accepted tokens


def test_token_of_a_signed_in_user_is_accepted(callers: Callers, google: Google) -> None:
    assert callers.identify(bearer(signed())) is Caller.USER
    assert google.asked == [CERTIFICATES, LOOKUP]


def test_clocks_may_differ_by_a_few_seconds(callers: Callers) -> None:
    near = CLOCK_SKEW_S - 2
    assert callers.identify(bearer(signed(iat=ago(-near)))) is Caller.USER
    assert callers.identify(bearer(signed(exp=ago(near)))) is Caller.USER


def test_certificates_are_kept_as_long_as_google_says(callers: Callers, google: Google) -> None:
    for _ in range(3):
        callers.identify(bearer(signed()))
    assert google.asked.count(CERTIFICATES) == 1
    assert google.asked.count(LOOKUP) == 3  # the user's record is read again: the user may be disabled by now


def test_no_wait_for_google_is_longer_than_seconds(callers: Callers, google: Google) -> None:
    callers.identify(bearer(signed()))
    assert google.waits_s == [google_credentials.GOOGLE_TIMEOUT_S] * 2


# Refused tokens

HS256 = {"alg": "HS256", "kid": KEY_ID}
NONE = {"alg": "none", "kid": KEY_ID}
REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "expired": (lambda: signed(iat=ago(7200), exp=ago(3600)), "ExpiredIdTokenError"),
    "expired beyond the skew": (lambda: signed(exp=ago(CLOCK_SKEW_S + 2)), "ExpiredIdTokenError"),
    "issued in the future": (lambda: signed(iat=ago(-60)), "InvalidIdTokenError"),
    "for another project": (
        lambda: signed(aud="other", iss="https://securetoken.google.com/other"),
        "InvalidIdTokenError",
    ),
    "of another issuer": (lambda: signed(iss="https://securetoken.google.com/other"), "InvalidIdTokenError"),
    "for another audience": (lambda: signed(aud="other"), "InvalidIdTokenError"),
    "a session cookie": (lambda: signed(iss=f"https://session.firebase.google.com/{PROJECT}"), "InvalidIdTokenError"),
    "a custom token": (lambda: signed(aud=auth._token_gen.FIREBASE_AUDIENCE), "InvalidIdTokenError"),
    "without a subject": (lambda: signed(sub=None), "InvalidIdTokenError"),
    "without times": (lambda: signed(iat=None, exp=None), "InvalidIdTokenError"),
    "signed by another key": (lambda: signed("mallory"), "InvalidIdTokenError"),
    "of a key that Google does not know": (lambda: signed(key_id="other"), "InvalidIdTokenError"),
    "unsigned": (lambda: unsigned(NONE, claims()), "InvalidIdTokenError"),
    "unsigned, without a key": (lambda: unsigned({"alg": "none"}, claims()), "InvalidIdTokenError"),
    "unsigned, said to be signed": (lambda: unsigned({"alg": "RS256", "kid": KEY_ID}, claims()), "InvalidIdTokenError"),
    "signed with a shared key": (lambda: unsigned(HS256, claims()) + part("x" * 32), "InvalidIdTokenError"),
    "cut off": (lambda: signed()[:-20], "InvalidIdTokenError"),
    "not base64": (lambda: "a.b.c", "InvalidIdTokenError"),
    "nothing but dots": (lambda: "..", "InvalidIdTokenError"),
    "not JSON": (lambda: f"{part('x')}.{part('x')}.{part('x')}", "InvalidIdTokenError"),
    "not an object": (lambda: unsigned([], []), "InvalidIdTokenError"),
    "not ASCII": (lambda: "ключ.ключ.ключ", "InvalidIdTokenError"),
    "no text at all": (lambda: "\ud800.\ud800.\ud800", "MalformedToken"),
    "of odd types": (lambda: unsigned({"alg": "HS256"}, {"v": 0, "d": 5}), "MalformedToken"),
    "nested endlessly": (lambda: f"{part('[' * 100_000)}.{part('{}')}.", "MalformedToken"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_is_not_the_users_own_is_refused(callers: Callers, google: Google, case: str) -> None:
    make, reason = REFUSED[case]
    with pytest.raises(RefusedError) as refused:
        callers.identify(bearer(make()))
    assert refused.value.reason == reason
    assert LOOKUP not in google.asked  # no user's record is read for an invalid token


GONE: dict[str, tuple[Answer, str]] = {
    "signed out everywhere since": ((200, user(validSince=str(ago(-86_400)))), "RevokedIdTokenError"),
    "disabled": ((200, user(disabled=True)), "UserDisabledError"),
    "deleted": ((200, {"kind": "identitytoolkit#GetAccountInfoResponse"}), "UserNotFoundError"),
    "deleted, said so": ((400, {"error": {"message": "USER_NOT_FOUND"}}), "UserNotFoundError"),
}


@pytest.mark.parametrize("case", GONE)
def test_valid_token_of_a_disabled_or_gone_user_is_refused(callers: Callers, google: Google, case: str) -> None:
    google.user, reason = GONE[case]
    with pytest.raises(RefusedError) as refused:
        callers.identify(bearer(signed()))
    assert refused.value.reason == reason


TEXT = st.text(alphabet=st.characters(codec=None, min_codepoint=0, max_codepoint=0x10FFFF), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*claims(), "alg", "kid", "d"]), inner),
    max_leaves=6,
)


@given(header=JSON, payload=JSON, odd=st.lists(TEXT, min_size=3, max_size=3), is_odd=st.booleans())
def test_fuzzed_tokens_are_refused_without_other_errors(
    header: Any, payload: Any, odd: list[str], is_odd: bool
) -> None:
    class Nobody(requests.adapters.HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            raise AssertionError("Google was asked")

    text = ".".join(odd) if is_odd else unsigned(header, payload)
    tokens = fuzzed_client()
    tokens._token_verifier.request.session.mount("https://", Nobody())
    with pytest.raises(RefusedError):
        Callers(tokens, lambda _refused: "secret").identify(bearer(text))


@functools.cache
def fuzzed_client() -> Any:
    app = firebase_admin.App(
        "fuzzed",
        firebase_admin.credentials._ExternalCredentials(AnonymousCredentials()),  # type: ignore[no-untyped-call]
        {"projectId": PROJECT},
    )
    return auth.Client(app)


# Failures of Google

SILENT: dict[str, Answer] = {
    "no connection": requests.ConnectionError("refused"),
    "no answer in time": requests.Timeout("3 s"),
    "failing": (500, {}),
    "not to be found": (404, {}),
}


# cachecontrol leaves the buffer of an unread response to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", SILENT)
def test_without_googles_certificates_nobody_is_refused(callers: Callers, google: Google, case: str) -> None:
    google.certificates = SILENT[case]
    with pytest.raises(UnavailableError) as unavailable:
        callers.identify(bearer(signed()))
    assert unavailable.value.reason == "CertificateFetchError"
    del unavailable
    gc.collect()


UNKNOWN: dict[str, tuple[Answer, str, str | None]] = {
    # Google's answer, the reason in the log, who refuses our credentials
    "no connection": (requests.ConnectionError("refused"), "UnavailableError", None),
    "no answer in time": (requests.Timeout("3 s"), "DeadlineExceededError", None),
    "failing": ((503, {}), "UnavailableError", None),
    "no JSON": ((200, b"<html>"), "UnknownError", None),
    "our rights are missing": (
        (403, {"error": {"message": "INSUFFICIENT_PERMISSION"}}),
        "InsufficientPermissionError",
        "google",
    ),
    "our key is refused": (RefreshError(f"{google_credentials.REFUSED}: invalid_grant"), "RefreshError", "google"),  # type: ignore[no-untyped-call]
    "the token server fails": (RefreshError("server_error"), "RefreshError", None),  # type: ignore[no-untyped-call]
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_user_whose_record_cannot_be_read_is_not_refused(callers: Callers, google: Google, case: str) -> None:
    google.user, reason, refused = UNKNOWN[case]
    with pytest.raises(UnavailableError) as unavailable:
        callers.identify(bearer(signed()))
    assert (unavailable.value.reason, unavailable.value.refused) == (reason, refused)


def every_error(base: type[Exception] = exceptions.FirebaseError) -> Iterator[type[Exception]]:
    yield base
    for below in base.__subclasses__():
        yield from every_error(below)


def test_firebase_token_errors_refuse_the_kick() -> None:
    """Only errors about the token or its user refuse the kick. Every other error means "unavailable"."""
    refusals = set()
    for kind in every_error():
        error = kind.__new__(kind)
        Exception.__init__(error, "made by hand")
        tokens = type("Tokens", (), {"verify_id_token": lambda *args, error=error, **kwargs: _raise(error)})()
        with pytest.raises((RefusedError, UnavailableError)) as raised:
            Callers(tokens, lambda _refused: "secret").identify(bearer("a.b.c"))
        assert isinstance(raised.value, RefusedError | UnavailableError)
        assert raised.value.reason == kind.__name__
        if raised.type is RefusedError:
            refusals.add(kind.__name__)
    assert refusals == {
        "InvalidIdTokenError",
        "ExpiredIdTokenError",
        "RevokedIdTokenError",
        "UserDisabledError",
        "UserNotFoundError",
    }


def _raise(error: Exception) -> None:
    raise error


# The Auth emulator, whose tokens are unsigned


def test_emulator_tokens_are_accepted_and_users_looked_up(
    callers: Callers, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's tokens are unsigned; a disabled user and a foreign audience are still refused."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    emulated = kick_wiring.kick.__wrapped__().callers
    token = unsigned({"alg": "none", "typ": "JWT"}, claims())
    assert emulated.identify(bearer(token)) is Caller.USER
    asked = f"http://127.0.0.1:9099/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts:lookup"
    assert google.asked == [asked]
    google.user = (200, user(disabled=True))
    with pytest.raises(RefusedError):
        emulated.identify(bearer(token))
    with pytest.raises(RefusedError):
        emulated.identify(bearer(unsigned({"alg": "none"}, claims(aud="other"))))


EVERY_FUNCTION = [
    wiring.trigger,
    kick_wiring.kick,
    wiring.process,
    wiring.reconcile,
    wiring.cleanup,
    wiring.pictures,
]


@pytest.mark.parametrize("wired", EVERY_FUNCTION, ids=lambda wired: str(wired.__name__))
@pytest.mark.parametrize(
    ("project", "firestore"), [("our-project", "127.0.0.1:1"), ("demo-kick", ""), ("our-project", "")]
)
def test_auth_emulator_setting_outside_local_stops_functions(
    monkeypatch: pytest.MonkeyPatch, wired: Any, project: str, firestore: str
) -> None:
    environment = {
        "GOOGLE_CLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": firestore,
        "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
        "STATE_MACHINE_ARN": "arn:machine",
        "STAGING_BUCKET": "staging",
        "WAKE_QUEUE_URL": "https://queue",
        "PICTURES_BUCKET": "pictures",
        "PICTURES_URL": "https://pictures",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^FIREBASE_AUTH_EMULATOR_HOST is set\. With it every token is accepted"):
        wired.__wrapped__()
