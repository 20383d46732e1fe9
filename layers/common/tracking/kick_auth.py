"""Authentication of kicks: a signed-in user by Firebase ID token, or a program by the shared secret.

    Authorization: Bearer eyJ.eyJ.sig     three parts: an ID token, checked by Firebase
    Authorization: Bearer 0123abcd        otherwise compared with the secret
    X-Trigger-Secret: 0123abcd            compared with the secret

Neither the credentials nor firebase-admin's messages about them are logged, because these messages quote the token.
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

# Errors that firebase-admin passes on for malformed tokens: wrong encodings, claims of wrong types, deep nesting.
_MALFORMED = (ValueError, TypeError, RecursionError)


class Caller(StrEnum):
    USER = "user"
    SECRET = "secret"  # noqa: S105 - a kind of caller


class RefusedError(Exception):
    """The caller is not recognised. `reason` is one word for the log, and contains nothing that the caller sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnavailableError(Exception):
    """The caller cannot be checked now, for a reason on our side. `reason` as in RefusedError."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Callers:
    """Recognises callers.

    `secret` returns one value, or several with spaces or line breaks between them. So the old and the new value can
    both be valid while an operator changes the secret.
    """

    def __init__(self, tokens: auth.Client, secret: Callable[[], str]) -> None:
        self._tokens = tokens
        self._secret = secret

    def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return the kind of caller.

        `headers`: the request's headers, with names in upper or lower case. Raises RefusedError, UnavailableError.
        """
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
        """Check the token's signature, project and times, and that the user is not deleted, disabled or signed out."""
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
        """Compare with every value, so that the time taken does not reveal which one is similar."""
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
