"""Secrets by name, from Secrets Manager. A value is read when it is first needed, and never logged.

read ── used for KEPT_S ──> read again
         └─ its service refuses it ──> read again at once, if the value is older than REREAD_AFTER_S
         └─ Secrets Manager does not answer ──> the last value is used for ASK_AGAIN_S more
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracking.clients import aws_client
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.sentences import say

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

KEPT_S = 300
REREAD_AFTER_S = 10
"""A key that stays wrong costs one read in this time, however often it is refused."""
ASK_AGAIN_S = 60

_MISSING = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""Codes of a secret that does not exist, or has no value yet; and of one that is being deleted."""

_NOT_SET_UP = say("accessTrouble", detail="Our access to this service is not set up; we have been told.")


@dataclass(frozen=True, slots=True)
class _Read:
    value: str
    good_until: float  # Unix seconds: the other clocks of a frozen sandbox may stand still
    doubted_at: float = 0  # the last time that this value was read again because it had been refused

    def serves(self, now: float, refused: str | None) -> bool:
        return now < self.good_until and (self.value != refused or now - self.doubted_at < REREAD_AFTER_S)


_last: dict[str, _Read] = {}


def secret(name: str, refused: str | None = None) -> str:
    """Return a secret by its name in Secrets Manager.

    `refused`: a value that its service has just refused. The result is the same value if there is no newer one.
    Raises CredentialsError for a secret that we cannot read, and StoreUnavailableError when a retry may help.
    """
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    if not name:
        raise CredentialsError(_NOT_SET_UP, is_missing=True)
    now, last = time.time(), _last.get(name)
    if last is not None and last.serves(now, refused):
        return last.value
    try:
        value = str(secrets_provider().get(name, force_fetch=True, max_age=0)).strip()
    except GetParameterError as error:
        if code := _lasting_code(error.__context__):
            unreadable = CredentialsError(_NOT_SET_UP, is_missing=code in _MISSING)
            unreadable.add_note(f"the secret {name} cannot be read: {code}")
            raise unreadable from error
        if last is None:
            raise StoreUnavailableError(
                say("accessTrouble", detail="Our credentials could not be read just now.")
            ) from error
        _last[name] = _Read(last.value, now + ASK_AGAIN_S)
        return last.value
    _last[name] = _Read(value, now + KEPT_S, now if value == refused else 0)
    return value


@functools.cache
def secrets_provider() -> SecretsProvider:
    """Build Powertools' provider with our own client. The default client has botocore's time-outs of a minute each.

    If nobody answers, two tries take about seven seconds: a call to Firestore may wait for them, and has ten.
    """
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto3_client=aws_client("secretsmanager", read_timeout_s=3, tries=2))


def _lasting_code(error: BaseException | None) -> str | None:
    """Return AWS's name of the reason for which the secret cannot be read; None if a retry may help.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    """
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return None
    code = error.response["Error"]["Code"]
    is_failure = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return None if is_failure or code == "ThrottlingException" else code
