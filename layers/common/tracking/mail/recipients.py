"""To whom a mail may go: the address is the one that Firebase Auth has now, never one of a job."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError, PermissionDeniedError, UnauthenticatedError
from google.auth.exceptions import GoogleAuthError

from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.google_credentials import REFUSED
from tracking.sentences import say


class Address(NamedTuple):
    """A person's address, or "" with the reason why there is none: one word for the log."""

    email: str
    reason: str = ""


class Addresses(Protocol):
    def of(self, user_id: str) -> Address:
        """Return a user's address. Raises StoreUnavailableError when a retry may help, and CredentialsError."""
        ...


class FirebaseAddresses:
    def __init__(self, users: auth.Client) -> None:
        self._users = users

    def of(self, user_id: str) -> Address:
        try:
            user = self._users.get_user(user_id)
        except auth.UserNotFoundError:
            return Address("", "no_user")
        except ValueError:  # an id that Firebase cannot have
            return Address("", "no_user")
        except (FirebaseError, GoogleAuthError) as error:
            if isinstance(error, PermissionDeniedError | UnauthenticatedError) or REFUSED in str(error):
                sentence = say("accessTrouble", detail="Our credentials for Firebase Auth are not accepted.")
                raise CredentialsError(sentence, "google") from error
            raise StoreUnavailableError(say("accessTrouble", detail="Firebase Auth did not answer.")) from error
        if user.disabled:
            return Address("", "disabled")
        if not user.email:
            return Address("", "no_address")
        return Address(user.email) if user.email_verified else Address("", "unverified")
