"""Authentication of HTTP calls: a signed-in user by Firebase ID token; for kicks, or a program by the shared secret.

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
from firebase_admin.exceptions import FirebaseError, PermissionDeniedError, UnauthenticatedError
from google.auth.exceptions import GoogleAuthError

from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.google_credentials import REFUSED
from tracking.refusals import AWS, GOOGLE

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
    """The caller cannot be checked now, for a reason on our side. `reason` as in RefusedError.

    `refused`: who refuses our credentials, "google" or "aws", so that a person must act; None if nobody does.
    """

    def __init__(self, reason: str, *, refused: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refused = refused


class Users:
    """Recognises signed-in users."""

    def __init__(self, tokens: auth.Client) -> None:
        self._tokens = tokens

    def identify(self, headers: Mapping[str, str]) -> str:
        """Return the user's id.

        `headers`: the request's headers, with names in upper or lower case. Raises RefusedError, UnavailableError.
        """
        return self.by_token(_bearer({name.lower(): value.strip() for name, value in headers.items()}))

    def by_token(self, token: str) -> str:
        """Check the token's signature, project and times, and that the user is not deleted, disabled or signed out."""
        try:
            claims = self._tokens.verify_id_token(token, check_revoked=True, clock_skew_seconds=CLOCK_SKEW_S)
        except _REFUSALS as error:
            raise RefusedError(type(error).__name__) from None
        except (FirebaseError, GoogleAuthError) as error:
            raise UnavailableError(type(error).__name__, refused=GOOGLE if _is_about_us(error) else None) from error
        except _MALFORMED:
            raise RefusedError("MalformedToken") from None
        return str(claims["uid"])


class Callers:
    """Recognises callers of the kick.

    `secret` returns one value, or several with spaces or line breaks between them. So the old and the new value can
    both be valid while an operator changes the secret. Its argument is the value that has just proved too old, if any.
    """

    def __init__(self, tokens: auth.Client, secret: Callable[[str | None], str]) -> None:
        self._users = Users(tokens)
        self._secret = secret

    def identify(self, headers: Mapping[str, str]) -> Caller:
        """Return the kind of caller.

        `headers`: the request's headers, with names in upper or lower case. Raises RefusedError, UnavailableError.
        """
        sent = {name.lower(): value.strip() for name, value in headers.items()}
        if offered := sent.get("x-trigger-secret"):
            return self._by_secret(offered)
        credential = _bearer(sent)
        if credential.count(".") == 2:
            self._users.by_token(credential)
            return Caller.USER
        return self._by_secret(credential)

    def _by_secret(self, offered: str) -> Caller:
        """Compare with the secret. If it does not match, compare with a newer value, if there is one by now.

        Without a secret no program may kick. A secret that we may not read says nothing about the caller.
        """
        try:
            value = self._secret(None)
            if _is_one_of(offered, value):
                return Caller.SECRET
            newer = self._secret(value)
        except CredentialsError as error:
            if error.is_missing:
                raise RefusedError("NoSecretToCompareWith") from None
            raise UnavailableError("UnreadableSecret", refused=AWS) from error
        except StoreUnavailableError as error:
            raise UnavailableError(type(error).__name__) from error
        if newer == value or not _is_one_of(offered, newer):
            raise RefusedError("WrongSecret")
        return Caller.SECRET


def _bearer(sent: Mapping[str, str]) -> str:
    scheme, _, credential = sent.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise RefusedError("NoCredentials")
    return credential.strip()


def _is_one_of(offered: str, value: str) -> bool:
    """Compare with every value, so that the time taken does not reveal which one is similar."""
    matches = [hmac.compare_digest(offered.encode(errors="surrogatepass"), each.encode()) for each in value.split()]
    return any(matches)


def _is_about_us(error: Exception) -> bool:
    """Return whether Google refuses our credentials, and not the caller's."""
    is_of_google = isinstance(error, UnauthenticatedError | PermissionDeniedError)
    return is_of_google or (isinstance(error, GoogleAuthError) and REFUSED in str(error))
