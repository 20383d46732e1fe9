"""Access to the Firebase project: choose the credentials, and build the app that holds them."""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
from collections.abc import Iterator
from typing import Any

from tracking.errors import CredentialsError
from tracking.secrets_manager import secret
from tracking.settings import DEFAULT_DATABASE, SettingsError


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Turn the garbage collector off: it would search the library's many new objects again and again, in vain.

    This saves an eighth of a cold start (`make bench`). `freeze` keeps these objects out of later collections, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


with _no_collection():
    import firebase_admin
    import google.auth
    from firebase_admin import firestore
    from google.auth.credentials import AnonymousCredentials

GOOGLE_TIMEOUT_S = 3.0
"""Seconds to wait for Google's certificates or a user's record. firebase-admin's default is two minutes."""

_FIREBASE_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/datastore")


def firestore_client(project: str, credentials_secret: str = "", database: str = DEFAULT_DATABASE) -> Any:
    """Build a Firestore client through firebase-admin.

    With `FIRESTORE_EMULATOR_HOST` the client uses no credentials. Otherwise the client uses the secret: a service
    account's key, or a workload identity federation's configuration. Without a secret the client uses the machine's
    own credentials.
    """
    return firestore.client(firebase_app(project, credentials_secret), database)


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


def _refuse_emulated_sign_in(project: str) -> None:
    """Raise SettingsError if FIREBASE_AUTH_EMULATOR_HOST is set for a real project.

    With this variable firebase-admin accepts every token, even unsigned or expired ones. Google has no real project
    named `demo-...`: https://firebase.google.com/docs/emulator-suite/connect_auth
    """
    is_local = project.startswith("demo-") and os.environ.get("FIRESTORE_EMULATOR_HOST")
    if os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") and not is_local:
        raise SettingsError(
            "FIREBASE_AUTH_EMULATOR_HOST is set. With it every token is accepted, so anybody could sign in as any user."
            " Unset it; only a project demo-... on FIRESTORE_EMULATOR_HOST may have it."
        )


def _google_credentials(secret_name: str) -> google.auth.credentials.Credentials | None:
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    if not secret_name:
        return None
    try:
        return _credentials_from(json.loads(secret(secret_name)))
    except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
        raise CredentialsError(f"The secret {secret_name} does not hold usable Google credentials.") from error


def _credentials_from(config: Any) -> google.auth.credentials.Credentials:
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
