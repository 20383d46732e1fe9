"""Secrets by name, from Secrets Manager. A value is read when it is first needed, and never logged."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tracking.clients import aws_client
from tracking.errors import CredentialsError, StoreUnavailableError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

_NOT_SET_UP = "Our access to this service is not set up; we have been told."


def secret(name: str) -> str:
    """Return a secret by its name in Secrets Manager. The value is cached for five minutes.

    Raises CredentialsError for a secret that we cannot read, and StoreUnavailableError when a retry may help.
    """
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    if not name:
        raise CredentialsError(_NOT_SET_UP)
    try:
        return str(secrets_provider().get(name, max_age=300)).strip()
    except GetParameterError as error:
        if _is_lasting(error.__context__):
            refused = CredentialsError(_NOT_SET_UP)
            refused.add_note(f"the secret {name} cannot be read")
            raise refused from error
        raise StoreUnavailableError("Our credentials could not be read just now.") from error


@functools.cache
def secrets_provider() -> SecretsProvider:
    """Build Powertools' provider with our own client. The default client has botocore's time-outs of a minute each."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto3_client=aws_client("secretsmanager"))


def _is_lasting(error: BaseException | None) -> bool:
    """Return whether a retry cannot help.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    """
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return False
    is_failure = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return not is_failure and error.response["Error"]["Code"] != "ThrottlingException"
