"""The bucket of the copies, on moto's S3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.pictures.bucket import PictureBucket, translate

NOW = datetime.now(UTC)
"""S3 dates an object by its own clock."""


@pytest.fixture
def bucket(s3: Any) -> PictureBucket:
    return PictureBucket(s3, "pictures")


def test_copy_is_stored_as_a_picture_that_may_be_cached(s3: Any, bucket: PictureBucket) -> None:
    assert bucket.keep("a.webp", b"copy", NOW - timedelta(days=1), NOW) == NOW
    stored = s3.get_object(Bucket="pictures", Key="a.webp")
    assert stored["Body"].read() == b"copy"
    assert stored["ContentType"] == "image/webp"
    assert stored["CacheControl"].startswith("public, max-age=")


def test_young_copy_is_not_stored_again(s3: Any, bucket: PictureBucket) -> None:
    bucket.keep("a.webp", b"copy", NOW - timedelta(days=1), NOW)
    stored_at = s3.head_object(Bucket="pictures", Key="a.webp")["LastModified"]
    later = NOW + timedelta(hours=1)
    assert bucket.keep("a.webp", b"other", NOW - timedelta(days=1), later) == stored_at
    assert s3.get_object(Bucket="pictures", Key="a.webp")["Body"].read() == b"copy"


def test_old_copy_is_stored_anew(s3: Any, bucket: PictureBucket) -> None:
    """Its time in the bucket begins again."""
    bucket.keep("a.webp", b"copy", NOW - timedelta(days=1), NOW)
    later = NOW + timedelta(days=200)
    assert bucket.keep("a.webp", b"again", NOW + timedelta(days=100), later) == later
    assert s3.get_object(Bucket="pictures", Key="a.webp")["Body"].read() == b"again"


def test_deleted_copy_is_gone_and_may_be_deleted_again(s3: Any, bucket: PictureBucket) -> None:
    bucket.keep("a.webp", b"copy", NOW, NOW)
    for _ in range(2):
        bucket.delete("a.webp")
    assert s3.list_objects_v2(Bucket="pictures")["KeyCount"] == 0


def test_missing_bucket_is_our_mistake(s3: Any) -> None:
    with pytest.raises(CredentialsError):
        PictureBucket(s3, "missing").keep("a.webp", b"copy", NOW, NOW)


@pytest.mark.parametrize(
    ("code", "error"),
    [("403", CredentialsError), ("AccessDenied", CredentialsError), ("SlowDown", StoreUnavailableError)],
)
def test_refusal_is_told_from_an_outage(code: str, error: type[Exception]) -> None:
    assert isinstance(translate(ClientError({"Error": {"Code": code}}, "HeadObject")), error)
    assert isinstance(translate(EndpointConnectionError(endpoint_url="x")), StoreUnavailableError)
