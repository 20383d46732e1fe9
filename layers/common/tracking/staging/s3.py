"""Staging objects in S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tracking.errors import ContractError, CredentialsError, StoreUnavailableError, TrackingError
from tracking.sentences import say
from tracking.translating import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def translate(error: Exception) -> TrackingError:
    """Return our error for one of botocore's: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in {"NoSuchKey", "404"}:
        return ContractError(say("damagedStep", problem="no longer there"))
    if code in {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchBucket"}:
        return CredentialsError(say("storageTrouble", detail="Our staging storage refuses us."), credential="aws")
    return StoreUnavailableError(say("storageTrouble", detail="Our staging storage did not answer."))


_translated = translated((BotoCoreError, ClientError), translate)


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
        # One request per key: DeleteObjects needs a checksum and can fail in part, and a job has only two keys.
        for key in keys:
            self._client.delete_object(Bucket=self._bucket, Key=key)
