"""What one state fetched and a later one saves: account and videos on their way through S3.

State payloads carry only the key (a state is cut at 256 KB, and 300 videos are more than that). The bucket is private,
encrypted and forgets after a day, so an object that nobody deleted costs nothing and says nothing.

    staging.s3        the bucket
    staging.memory    its twin for tests; `tests/contract` holds the two together
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from tracking.accounts import Account, Video
from tracking.jobs import slug
from tracking.platforms import FetchedAccount

_GZIP_LEVEL = 1  # 2 to 9 ms for 5,000 videos; higher levels cost more time than they save


class ObjectStore(Protocol):
    """StoreUnavailableError when it does not answer; ContractError for a key that is not there."""

    def put(self, key: str, body: bytes) -> None: ...

    def get(self, key: str) -> bytes: ...

    def delete(self, keys: Sequence[str]) -> None: ...


class Staging:
    """Objects are named by job and attempt: a state that runs twice overwrites its own object with the same data."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def put_account(self, job_id: str, attempt: int, fetched: FetchedAccount) -> str:
        key = f"{_folder(job_id, attempt)}/account.json"
        body = {"account": fetched.account.to_json(), "videosRef": fetched.videos_ref}
        self._objects.put(key, _json(body))
        return key

    def get_account(self, key: str) -> FetchedAccount:
        body = json.loads(self._objects.get(key))
        return FetchedAccount(account=Account.from_json(body["account"]), videos_ref=body["videosRef"])

    def put_videos(self, job_id: str, attempt: int, videos: Sequence[Video]) -> str:
        key = f"{_folder(job_id, attempt)}/videos.jsonl.gz"
        lines = b"".join(_json(video.to_json()) + b"\n" for video in videos)
        self._objects.put(key, gzip.compress(lines, _GZIP_LEVEL))
        return key

    def get_videos(self, key: str) -> Iterator[Video]:
        for line in gzip.decompress(self._objects.get(key)).splitlines():
            yield Video.from_json(json.loads(line))

    def delete(self, *keys: str) -> None:
        self._objects.delete(keys)


def _folder(job_id: str, attempt: int) -> str:
    return f"{slug(job_id)}/{attempt}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
