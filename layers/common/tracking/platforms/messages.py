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

PROPER_NAMES = {name: platform.label for name, platform in PLATFORMS.items()}

_SENTENCES: dict[type[TrackingError], str] = {
    AccountNotFoundError: "{name} has no account named {account}.",
    AccountPrivateError: "The {name} account {account} is private.",
    AccountSuspendedError: "{name} has suspended the account {account}.",
    CredentialsError: "{name} refused our access key.",
    QuotaExceededError: "Our quota at {name} is used up.",
    ContractError: "{name} gave an answer that we do not understand.",
    PlatformUnavailableError: "{name} is not available right now.",
    RateLimitedError: "{name} asks us to slow down.",
}

E = TypeVar("E", bound=TrackingError)


def failure(kind: type[E], name: str, account: str = "", *, note: str = "") -> E:
    """Build an error of `kind` with its sentence. `name` is the proper name of a platform or a provider.

    `note` is only for the log (HTTP status, the platform's own reason). The message does not contain it.
    """
    error = kind(_SENTENCES[kind].format(name=name, account=account))
    if note:
        error.add_note(note)
    return error
