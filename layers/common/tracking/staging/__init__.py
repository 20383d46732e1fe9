"""Staging: data that one state fetches and a later one saves. Account and videos go through S3.

A state's input cannot hold them: its limit is 256 KB, and 300 videos need more. The bucket is private and encrypted. It
deletes objects after a day, so an object that was not deleted costs almost nothing and stays private.

    staging.s3        the bucket
    staging.memory    its twin for tests; `tests/contract` compares the two
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from tracking.accounts import Account, Video
from tracking.document_limits import is_document_id
from tracking.errors import ContractError
from tracking.platforms import FetchedAccount, FetchedVideos
from tracking.sentences import say

_GZIP_LEVEL = 1  # 2 to 9 ms for 5,000 videos; higher levels cost more time than they save


class ObjectStore(Protocol):
    """Stored objects by key.

    Raises StoreUnavailableError when the store does not answer, and ContractError for a missing key.
    """

    def put(self, key: str, body: bytes) -> bool:
        """Store an object once. Return False if the key has an object already, which stays unchanged."""
        ...

    def get(self, key: str) -> bytes: ...

    def delete(self, keys: Sequence[str]) -> None: ...


class Staging:
    """The staged objects of executions. An object's key and its content both hold the execution's name.

    Videos are staged in chunks, which each execution counts from 1 on. An attempt's account is staged once, by its
    first execution.

    The first staged object stays. A state that runs again continues with the data of its first run, so the job's
    messages match the data that a later state saves. A read checks the object, and raises ContractError if the object
    is damaged or belongs to another execution.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def put_account(self, execution: str, fetched: FetchedAccount) -> FetchedAccount:
        """Stage the account. Return the staged one: this account, or the one that an earlier run staged."""
        body = {"execution": execution, "account": fetched.account.to_json(), "videosRef": fetched.videos_ref}
        is_first = self._objects.put(account_key(execution), _json(body))
        return fetched if is_first else self.get_account(execution)

    def get_account(self, execution: str) -> FetchedAccount:
        stored = self._objects.get(account_key(execution))
        with _checked():
            body = json.loads(stored)
            _check_owner(body, execution)
            return FetchedAccount(account=Account.from_json(body["account"]), videos_ref=body["videosRef"])

    def put_videos(self, execution: str, chunk: int, fetched: FetchedVideos) -> FetchedVideos:
        """Stage a chunk of videos. Return the staged one: this chunk, or the one that an earlier run staged."""
        head = {
            "execution": execution,
            "videos": len(fetched.videos),
            "isComplete": fetched.is_complete,
            "isLast": fetched.is_last,
            "cursor": fetched.cursor,
            "unusable": [ascii(video_id) for video_id in fetched.unusable],
        }
        lines = b"".join(_json(line) + b"\n" for line in (head, *(video.to_json() for video in fetched.videos)))
        is_first = self._objects.put(videos_key(execution, chunk), gzip.compress(lines, _GZIP_LEVEL))
        return fetched if is_first else self.get_videos(execution, chunk)

    def get_videos(self, execution: str, chunk: int) -> FetchedVideos:
        """Return all videos of a chunk. They are all checked before any is saved."""
        stored = self._objects.get(videos_key(execution, chunk))
        with _checked():
            head, *lines = map(json.loads, gzip.decompress(stored).splitlines())
            _check_owner(head, execution)
            if head["videos"] != len(lines):
                raise ValueError(f"{len(lines)} of {head['videos']} videos")
            return FetchedVideos(
                videos=tuple(_usable(Video.from_json(line)) for line in lines),
                is_complete=bool(head["isComplete"]),
                is_last=bool(head["isLast"]),
                cursor=_text(head["cursor"]),
                unusable=tuple(head["unusable"]),
            )

    def delete_account(self, execution: str) -> None:
        self._objects.delete([account_key(execution)])

    def delete_videos(self, execution: str, chunk: int) -> None:
        self._objects.delete([videos_key(execution, chunk)])


def account_key(execution: str) -> str:
    return f"{execution}/account.json"


def videos_key(execution: str, chunk: int) -> str:
    return f"{execution}/videos-{chunk}.jsonl.gz"


@contextmanager
def _checked() -> Iterator[None]:
    """Turn every error that a damaged object causes into a ContractError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, RecursionError, zlib.error) as error:
        raise ContractError(say("damagedStep", problem="damaged")) from error


def _usable(video: Video) -> Video:
    if not is_document_id(video.video_id):
        raise ValueError("an id that no document can have")
    return video


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _check_owner(body: Any, execution: str) -> None:
    if body["execution"] != execution:
        raise ContractError(say("damagedStep", problem="another job's"))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
