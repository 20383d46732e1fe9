"""The messages to users when a platform refuses: one sentence per kind of error, for all platforms and providers."""

from __future__ import annotations

from typing import TypeVar

from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    TrackingError,
)
from tracking.platform_contract import PLATFORMS
from tracking.sentences import say

PROPER_NAMES = {name: platform.label for name, platform in PLATFORMS.items()}

_OF_ACCOUNTS: dict[type[TrackingError], str] = {
    AccountNotFoundError: "accountNotFound",
    AccountPrivateError: "accountPrivate",
    AccountSuspendedError: "accountSuspended",
}
_OF_SERVICES: dict[type[TrackingError], str] = {
    CredentialsError: "keyRefused",
    QuotaExceededError: "quotaUsedUp",
    ContractError: "badAnswer",
    PlatformUnavailableError: "unavailable",
    RateLimitedError: "slowDown",
}

E = TypeVar("E", bound=TrackingError)


def failure(kind: type[E], name: str, account: str = "", *, note: str = "") -> E:
    """Build an error of `kind` with its sentence. `name` is the proper name of a platform or a provider.

    `note` is only for the log (HTTP status, the platform's own reason). The message does not contain it.
    """
    if code := _OF_ACCOUNTS.get(kind):
        sentence = say(code, service=name, account=account)
    else:
        sentence = say(_OF_SERVICES[kind], service=name)
    error = kind(sentence)
    if note:
        error.add_note(note)
    return error
