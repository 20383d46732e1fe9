"""Staging objects: one suite for the objects in memory and in S3, and tests of the bucket's own errors."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.factories import account, video, videos
from tracking.accounts import Video
from tracking.clients import aws_client
from tracking.errors import ContractError, CredentialsError, StoreUnavailableError
from tracking.platforms import FetchedAccount, FetchedVideos
from tracking.staging import ObjectStore, Staging, account_key, videos_key
from tracking.staging.s3 import S3Objects, translate

FETCHED = FetchedAccount(account=account(bio="emoji 🚀, nul \x00, \u2028"), videos_ref="UU_x5XG1OV2P6uZZ5FSM9Ttw")


def fetched_videos(*found: Video, is_complete: bool = True, unusable: tuple[str, ...] = ()) -> FetchedVideos:
    return FetchedVideos(videos=found, is_complete=is_complete, unusable=unusable, cursor="page 2", is_last=is_complete)


def replaced(objects: ObjectStore, key: str, body: bytes) -> None:
    """Replace an object, as somebody with write access to the bucket could."""
    objects.delete([key])
    objects.put(key, body)


def test_an_object_is_read_back_as_it_was_put(objects: ObjectStore) -> None:
    objects.put("job1/1/a", bytes(range(256)))
    assert objects.get("job1/1/a") == bytes(range(256))


def test_a_second_put_leaves_the_first(objects: ObjectStore) -> None:
    assert objects.put("a", b"one") is True
    assert objects.put("a", b"two") is False
    assert objects.get("a") == b"one"


def test_staging_missing_object_raises_contract_error(objects: ObjectStore) -> None:
    """A retry cannot bring a deleted object back, so the error is a permanent one."""
    with pytest.raises(ContractError):
        objects.get("a")


def test_deleted_objects_are_gone_and_may_be_deleted_again(objects: ObjectStore) -> None:
    objects.put("a", b"one")
    objects.put("b", b"two")
    for _ in range(2):
        objects.delete(["a", "c"])
    with pytest.raises(ContractError):
        objects.get("a")
    assert objects.get("b") == b"two"


def test_an_account_comes_through_unchanged(objects: ObjectStore) -> None:
    staging = Staging(objects)
    staging.put_account("execution", FETCHED)
    assert staging.get_account("execution") == FETCHED


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_videos_come_through_unchanged_and_in_order(objects: ObjectStore, count: int) -> None:
    staging = Staging(objects)
    sent = fetched_videos(*videos(count), is_complete=False, unusable=("a/b", "\ud83d"))
    assert staging.put_videos("execution", 1, sent) == sent
    assert staging.get_videos("execution", 1) == replace(sent, unusable=("'a/b'", r"'\ud83d'"))


def test_second_run_reads_what_was_staged_first(objects: ObjectStore) -> None:
    staging, first = Staging(objects), fetched_videos(*videos(3))
    staging.put_account("execution", FETCHED)
    staging.put_videos("execution", 1, first)
    late = FetchedAccount(account=account(username="renamed"), videos_ref="elsewhere")
    assert staging.put_account("execution", late) == FETCHED
    assert staging.put_videos("execution", 1, fetched_videos(*videos(1), is_complete=False)) == first


def test_text_with_line_separators_stays_on_one_line(objects: ObjectStore) -> None:
    odd = "\r\n\x0b\x0c\x1c\x85\u2028\u2029\x00\\n{}"
    sent = [video(1, caption=odd, title=odd), video(2)]
    staging = Staging(objects)
    staging.put_videos("execution", 1, fetched_videos(*sent))
    assert staging.get_videos("execution", 1).videos == tuple(sent)


def test_executions_and_kinds_have_objects_of_their_own(objects: ObjectStore) -> None:
    staging = Staging(objects)
    for number, execution in enumerate(("a-1", "a-11", "b-1")):
        staging.put_account(execution, replace(FETCHED, videos_ref=execution))
        staging.put_videos(execution, 1, fetched_videos(*videos(number)))
    assert {staging.get_account(execution).videos_ref for execution in ("a-1", "a-11", "b-1")} == {"a-1", "a-11", "b-1"}
    assert [len(staging.get_videos(execution, 1).videos) for execution in ("a-1", "a-11", "b-1")] == [0, 1, 2]
    staging.put_videos("a-1", 2, fetched_videos(*videos(4)))
    staging.delete_account("a-1")
    with pytest.raises(ContractError):
        staging.get_account("a-1")
    staging.delete_videos("a-1", 1)
    with pytest.raises(ContractError):
        staging.get_videos("a-1", 1)
    assert len(staging.get_videos("a-1", 2).videos) == 4
    assert staging.get_account("a-11").videos_ref == "a-11"


def damaged(body: bytes) -> list[bytes]:
    """Return bodies that are cut off, changed in the middle, or replaced."""
    changed = body[: len(body) // 2] + b"\xff\x00" + body[len(body) // 2 + 2 :]
    foreign = [b"", b"{}", b"[]", b"null", b"7", b"[" * 100_000, "text 🚀".encode(), b"\x80"]
    return [*(body[:length] for length in range(0, len(body), 7)), changed, *foreign]


def test_damaged_account_raises_contract_error(objects: ObjectStore) -> None:
    staging = Staging(objects)
    staging.put_account("execution", FETCHED)
    for body in damaged(objects.get(account_key("execution"))):
        replaced(objects, account_key("execution"), body)
        with pytest.raises(ContractError):
            staging.get_account("execution")


@pytest.mark.parametrize("odd", ["1/videos/2", "", "x" * 129, None])
def test_an_accounts_id_is_checked_when_it_is_read(objects: ObjectStore, odd: str | None) -> None:
    staging = Staging(objects)
    staging.put_account("execution", FETCHED)
    body = json.loads(objects.get(account_key("execution")))
    body["account"] = {} if odd is None else body["account"] | {"platformUserId": odd}
    replaced(objects, account_key("execution"), json.dumps(body).encode())
    with pytest.raises(ContractError):
        staging.get_account("execution")


def test_damaged_videos_raise_contract_error(objects: ObjectStore) -> None:
    staging = Staging(objects)
    staging.put_videos("execution", 1, fetched_videos(*videos(3)))
    packed = objects.get(videos_key("execution", 1))
    lines = gzip.decompress(packed)
    repacked = [gzip.compress(body) for body in damaged(lines)]
    one_missing = gzip.compress(b"".join(lines.splitlines(keepends=True)[:-1]))
    for body in [*damaged(packed), *repacked, one_missing, lines]:
        replaced(objects, videos_key("execution", 1), body)
        with pytest.raises(ContractError):
            staging.get_videos("execution", 1)


TAMPERED = [
    {"videoId": "a/b/c"},
    {"videoId": 5},
    {"title": {"a": 1}},
    {"title": "\ud83d"},
    {"viewCount": "x"},
    {"viewCount": 2**70},
    {"viewCount": True},
    {"durationS": "12"},
    {"publishedAt": "2026-03-01T12:00:00"},
    {"publishedAt": 7},
    {"mediaType": "hologram"},
    {"hashtags": "abc"},
    {"hashtags": [5]},
    {"isPinned": None},
]


@pytest.mark.parametrize("change", TAMPERED, ids=str)
def test_impossible_staged_video_is_refused(objects: ObjectStore, change: dict[str, Any]) -> None:
    staging = Staging(objects)
    staging.put_videos("execution", 1, fetched_videos(video(1)))
    head, line = map(json.loads, gzip.decompress(objects.get(videos_key("execution", 1))).splitlines())
    body = "\n".join(map(json.dumps, (head, line | change))).encode()
    replaced(objects, videos_key("execution", 1), gzip.compress(body))
    with pytest.raises(ContractError):
        staging.get_videos("execution", 1)


def test_objects_of_another_execution_are_not_read(objects: ObjectStore) -> None:
    staging = Staging(objects)
    staging.put_account("other", FETCHED)
    staging.put_videos("other", 1, fetched_videos(*videos(2)))
    objects.put(account_key("execution"), objects.get(account_key("other")))
    objects.put(videos_key("execution", 1), objects.get(videos_key("other", 1)))
    with pytest.raises(ContractError, match="another job's"):
        staging.get_account("execution")
    with pytest.raises(ContractError, match="another job's"):
        staging.get_videos("execution", 1)


# The bucket's own errors


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("NoSuchKey", ContractError),
        ("404", ContractError),
        ("AccessDenied", CredentialsError),
        ("InvalidAccessKeyId", CredentialsError),
        ("SignatureDoesNotMatch", CredentialsError),
        ("ExpiredToken", CredentialsError),
        ("NoSuchBucket", CredentialsError),
        ("SlowDown", StoreUnavailableError),
        ("ServiceUnavailable", StoreUnavailableError),
        ("InternalError", StoreUnavailableError),
        ("RequestTimeout", StoreUnavailableError),
        ("503", StoreUnavailableError),
    ],
)
def test_s3_error_is_translated(code: str, ours: type[Exception]) -> None:
    assert type(translate(client_error(code))) is ours


def test_botocore_errors_without_a_response_are_transient() -> None:
    foreign = [
        error
        for error in vars(botocore.exceptions).values()
        if isinstance(error, type) and issubclass(error, BotoCoreError)
    ]
    assert len(foreign) > 50
    assert {type(translate(error.__new__(error))) for error in foreign} == {StoreUnavailableError}


def test_a_body_that_breaks_off_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")

    class Broken:
        def read(self, *args: Any) -> bytes:
            return b"half"

    client = aws_client("s3")
    with Stubber(client) as stub:
        stub.add_response("get_object", {"Body": StreamingBody(Broken(), 1_000)})  # type: ignore[arg-type]
        with pytest.raises(StoreUnavailableError):
            S3Objects(client, "staging").get("a")
