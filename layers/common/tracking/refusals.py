"""Refused credentials: told in the log and counted, whichever function meets them, because a person must act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger

from tracking.errors import CredentialsError
from tracking.metrics import count_refused_credentials

GOOGLE = "google"
AWS = "aws"


@contextmanager
def told(service: str, logger: Logger) -> Iterator[None]:
    """Tell of a CredentialsError that ends a function's work. The error goes on. Also a decorator of a handler."""
    try:
        yield
    except CredentialsError as error:
        tell(service, logger, error, error.credential or GOOGLE)
        raise


def tell(service: str, logger: Logger, error: CredentialsError, credential: str) -> None:
    count_refused_credentials(service, credential)
    logger.error(
        "credentials refused",
        action="credentials_refused",
        credential=credential,
        reason=error.message,
        exc_info=error,
    )
