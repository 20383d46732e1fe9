"""The copies in S3. Only CloudFront and our function can read the bucket; a rule of the bucket deletes old objects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tracking.errors import CredentialsError, StoreUnavailableError, TrackingError
from tracking.pictures import MEDIA_TYPE
from tracking.sentences import say
from tracking.translating import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CACHE_CONTROL = "public, max-age=604800, immutable"
"""A name has one picture for ever. After a week browsers and CloudFront ask again, so a deleted one goes."""


def translate(error: Exception) -> TrackingError:
    """Return our error for one of botocore's: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    # A HEAD has no body, so its error has the status alone.
    if code in {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchBucket"}:
        return CredentialsError(say("storageTrouble", detail="Our storage of pictures refuses us."), credential="aws")
    return StoreUnavailableError(say("storageTrouble", detail="Our storage of pictures did not answer."))


_translated = translated((BotoCoreError, ClientError), translate)


class PictureBucket:
    """Implements `pictures.PictureStore`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @_translated
    def keep(self, name: str, body: bytes, since: datetime, now: datetime) -> datetime:
        stored_at = self._stored_at(name)
        if stored_at is not None and stored_at > since:
            return stored_at
        self._client.put_object(
            Bucket=self._bucket, Key=name, Body=body, ContentType=MEDIA_TYPE, CacheControl=_CACHE_CONTROL
        )
        return now

    @_translated
    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=name)

    def _stored_at(self, name: str) -> datetime | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=name)["LastModified"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return None
