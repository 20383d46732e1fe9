"""Staging objects in S3."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tracking.errors import ContractError, CredentialsError, StoreUnavailableError, TrackingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_P = ParamSpec("_P")
_R = TypeVar("_R")


def translate(error: Exception) -> TrackingError:
    """botocore's errors as ours: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in {"NoSuchKey", "404"}:
        return ContractError("What an earlier step fetched is no longer there.")
    if code in {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchBucket"}:
        return CredentialsError("Our staging storage refuses us.")
    return StoreUnavailableError("Our staging storage did not answer.")


def _translated(call: Callable[_P, _R]) -> Callable[_P, _R]:
    @functools.wraps(call)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return call(*args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise translate(error) from error

    return wrapper


class S3Objects:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @_translated
    def put(self, key: str, body: bytes) -> bool:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            return False
        return True

    @_translated
    def get(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    @_translated
    def delete(self, keys: Sequence[str]) -> None:
        # One request a key: DeleteObjects wants a checksum and answers partial failures; there are two keys a job.
        for key in keys:
            self._client.delete_object(Bucket=self._bucket, Key=key)
