"""Who is calling: a signed-in user by Firebase ID token, or a program that knows the shared secret.

    Authorization: Bearer eyJ.eyJ.sig     three parts: an ID token, asked of Firebase
    Authorization: Bearer 0123abcd        else compared with the secret
    X-Trigger-Secret: 0123abcd            compared with the secret

What is sent is never logged, nor any message of firebase-admin's about it, for these quote the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from enum import StrEnum

from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError
from google.auth.exceptions import GoogleAuthError

from tracking.errors import CredentialsError, StoreUnavailableError

CLOCK_SKEW_S = 5

_REFUSALS = (auth.InvalidIdTokenError, auth.UserDisabledError, auth.UserNotFoundError)

# What firebase-admin lets through of a text that is no token: wrong encodings, claims of odd types, endless nesting.
_MALFORMED = (ValueError, TypeError, RecursionError)


class Caller(StrEnum):
    USER = "user"
    SECRET = "secret"  # noqa: S105 - a kind of caller


class RefusedError(Exception):
    """Nobody we know. `reason` is one word for the log, and holds nothing of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnavailableError(Exception):
    """Who it is cannot be found out just now, through no fault of the caller. `reason` as above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Callers:
    """`secret` gives one value, or several between spaces or lines: while it is changed, the old one and the new."""

    def __init__(self, tokens: auth.Client, secret: Callable[[], str]) -> None:
        self._tokens = tokens
        self._secret = secret

    def identify(self, headers: Mapping[str, str]) -> Caller:
        """By the headers of the request, their names in any case. RefusedError, UnavailableError."""
        sent = {name.lower(): value.strip() for name, value in headers.items()}
        if offered := sent.get("x-trigger-secret"):
            return self._by_secret(offered)
        scheme, _, credential = sent.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise RefusedError("NoCredentials")
        if credential.count(".") == 2:
            return self._by_token(credential.strip())
        return self._by_secret(credential.strip())

    def _by_token(self, token: str) -> Caller:
        """Signature, project, times; then the user's record: deleted, disabled, or signed out everywhere since."""
        try:
            self._tokens.verify_id_token(token, check_revoked=True, clock_skew_seconds=CLOCK_SKEW_S)
        except _REFUSALS as error:
            raise RefusedError(type(error).__name__) from None
        except (FirebaseError, GoogleAuthError) as error:
            raise UnavailableError(type(error).__name__) from error
        except _MALFORMED:
            raise RefusedError("MalformedToken") from None
        return Caller.USER

    def _by_secret(self, offered: str) -> Caller:
        """Every value is compared, so that the time taken tells nothing of which one is near."""
        try:
            values = self._secret().split()
        except CredentialsError:
            raise RefusedError("NoSecretToCompareWith") from None
        except StoreUnavailableError as error:
            raise UnavailableError(type(error).__name__) from error
        matches = [hmac.compare_digest(offered.encode(errors="surrogatepass"), value.encode()) for value in values]
        if not any(matches):
            raise RefusedError("WrongSecret")
        return Caller.SECRET
