"""Access to the Firebase project: choose the credentials, and build the app that holds them.

The credentials follow their secret, so a key can be changed while jobs run:

    the secret has a new value ──> used for the next request, after KEPT_S of `secrets_manager` at the latest
    Google refuses the key     ──> the secret is read again at once; a newer key is used for the same request
    there is no newer key      ──> CredentialsError
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from tracking.errors import CredentialsError
from tracking.secrets_manager import secret
from tracking.sentences import say
from tracking.settings import SettingsError


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Turn the garbage collector off: it would search the library's many new objects again and again, in vain.

    Around the imports of Google's libraries it saves an eighth of a cold start (`make bench`). `freeze` keeps these
    objects out of later collections, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


with no_collection():
    import firebase_admin
    from google.auth.credentials import AnonymousCredentials, Credentials
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError

GOOGLE_TIMEOUT_S = 3.0
"""Seconds to wait for Google's certificates, a user's record or a token. The libraries' default is two minutes."""

REFUSED = "Google refuses our credentials"
"""The begin of an error's text. gRPC passes on the text alone: a call without a token ends as UNAVAILABLE, "Getting
metadata from plugin failed with error: ...", whatever the reason.
https://github.com/grpc/grpc/blob/master/src/core/credentials/call/plugin/plugin_credentials.cc
"""

_FIREBASE_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/datastore")


@functools.cache
def firebase_app(project: str, credentials_secret: str) -> firebase_admin.App:
    """Build the app, once for each project and secret.

    The cache is needed: firebase-admin refuses a second app of the same name, even when the first event failed.
    """
    _refuse_emulated_sign_in(project)
    return firebase_admin.initialize_app(
        _google_credentials(credentials_secret),
        {"projectId": project, "httpTimeout": GOOGLE_TIMEOUT_S},
        name=f"tracking-{project}",
    )


def is_emulated(project: str) -> bool:
    """Return whether this is a project of Firestore's emulator.

    Google has no real project named `demo-...`: https://firebase.google.com/docs/emulator-suite/connect_auth
    """
    return project.startswith("demo-") and bool(os.environ.get("FIRESTORE_EMULATOR_HOST"))


def _refuse_emulated_sign_in(project: str) -> None:
    """Raise SettingsError if FIREBASE_AUTH_EMULATOR_HOST is set for a real project.

    With this variable firebase-admin accepts every token, even unsigned or expired ones.
    """
    if os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") and not is_emulated(project):
        raise SettingsError(
            "FIREBASE_AUTH_EMULATOR_HOST is set. With it every token is accepted, so anybody could sign in as any user."
            " Unset it; only a project demo-... on FIRESTORE_EMULATOR_HOST may have it."
        )


def _google_credentials(secret_name: str) -> Credentials | None:
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    return SecretCredentials(secret_name) if secret_name else None


class SecretCredentials(Credentials):
    """Google credentials that follow the value of a secret. Threads may share them.

    Raises CredentialsError if the secret holds no usable credentials. A refusal by Google is a RefreshError whose text
    begins with REFUSED. Errors of the network and of Google's servers pass as google-auth raises them.
    """

    def __init__(self, secret_name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._secret_name = secret_name
        self._lock = threading.Lock()
        self._is_doubted = False
        self._renewed_at = 0.0
        self._value, self._current = self._parsed(secret(secret_name))

    @property
    def of_google(self) -> Credentials:
        """Return Google's own credentials, as the secret held them at the last look."""
        return self._current

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        """Put a token into `headers`. Each request calls this first: of gRPC as well as of firebase-admin."""
        sent = _Request(request)
        self._usable(sent).before_request(sent, method, url, headers)  # type: ignore[no-untyped-call]

    def refresh(self, request: Any) -> None:
        """Get a new token, with a newer key if there is one. firebase-admin calls this after a 401."""
        self.doubt(time.monotonic())
        self._usable(_Request(request))

    def doubt(self, since: float) -> None:
        """Renew the credentials before the next request, if they are older than the moment `since`."""
        with self._lock:
            if self._renewed_at < since:
                self._is_doubted = True

    def _usable(self, request: _Request) -> Credentials:
        """Return Google's own credentials with a valid token."""
        with self._lock:
            try:
                current = self._newest(refused=self._is_doubted)
                if self._is_doubted or not current.valid:
                    current = self._refreshed(current, request)
                    self._renewed_at = time.monotonic()
            except (GoogleAuthError, CredentialsError) as error:
                if isinstance(error, TransportError) or request.failed:
                    raise
                raise RefreshError(f"{REFUSED}: {error}") from error  # type: ignore[no-untyped-call]
            self._is_doubted = False
            return current

    def _refreshed(self, current: Credentials, request: _Request) -> Credentials:
        try:
            current.refresh(request)  # type: ignore[no-untyped-call]
        except GoogleAuthError as error:
            if isinstance(error, TransportError) or request.failed:
                raise
            newer = self._newest(refused=True)
            if newer is current:
                raise
            newer.refresh(request)  # type: ignore[no-untyped-call]
            return newer
        return current

    def _newest(self, *, refused: bool) -> Credentials:
        value = secret(self._secret_name, self._value if refused else None)
        if value != self._value:
            self._value, self._current = self._parsed(value)
        return self._current

    def _parsed(self, value: str) -> tuple[str, Credentials]:
        """Return the value and its credentials. An unusable value counts as refused: it may be mended by now."""
        try:
            return value, _credentials_from(json.loads(value))
        except (ValueError, GoogleAuthError) as error:
            newer = secret(self._secret_name, value)
            if newer != value:
                return self._parsed(newer)
            sentence = say(
                "accessTrouble", detail=f"The secret {self._secret_name} does not hold usable Google credentials."
            )
            raise CredentialsError(sentence, credential="google") from error


class _Request:
    """A request of google-auth with our time-out. It remembers the status, which google-auth's errors do not tell."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._status = HTTPStatus.OK

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        response = self._request(*args, **{"timeout": GOOGLE_TIMEOUT_S, **kwargs})
        self._status = response.status
        return response

    @property
    def failed(self) -> bool:
        """Return whether the server failed, so that the error says nothing about our credentials."""
        return self._status >= 500 or self._status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


def _credentials_from(config: Any) -> Credentials:
    """Build credentials of one of the two kinds that are used on AWS.

    Google deprecated the call that accepts every kind, because that call is a security risk. Raises ValueError,
    GoogleAuthError.
    https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
    """
    from google.auth import aws
    from google.oauth2 import service_account

    match config:
        case {"type": "service_account"}:
            return service_account.Credentials.from_service_account_info(config, scopes=_FIREBASE_SCOPES)  # type: ignore[no-any-return, no-untyped-call]
        case {"type": "external_account"}:
            return aws.Credentials.from_info(config, scopes=_FIREBASE_SCOPES)  # type: ignore[no-any-return, no-untyped-call]
    raise ValueError("neither a service account's key nor a workload identity federation's configuration")
