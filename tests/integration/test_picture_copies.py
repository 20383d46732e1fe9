"""Pictures from the simulator through the function into S3 (moto) and Firestore's emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from bench.lambda_context import FakeContext
from local.simulator import running
from pictures.app import handler
from tests.factories import account, video
from tests.harness import Harness
from tests.pictures import opened
from tracking.pictures.bucket import PictureBucket
from tracking.pictures.web import PictureWeb, picture_client
from tracking.store.firestore import FirestoreStore
from tracking.wiring import PicturesDeps

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"
URL = "https://d111.cloudfront.example"
SITE = "https://scontent-1.cdninstagram.com/v"


@pytest.fixture
def web() -> Iterator[PictureWeb]:
    with running() as simulator, picture_client(anywhere=True) as client:
        yield PictureWeb(client, simulator.url)


def names(s3: Any) -> set[str]:
    return {stored["Key"] for stored in s3.list_objects_v2(Bucket="pictures").get("Contents", [])}


def test_completed_job_gets_copies_that_are_replaced(
    firestore_client: Callable[[], Client], s3: Any, web: PictureWeb
) -> None:
    store = FirestoreStore(firestore_client())
    videos = [video(number, thumbnail_url=f"{SITE}/{number}.jpg") for number in (1, 2, 3)]
    harness = Harness(store=store, tracked=account(avatar_url=f"{SITE}/nasa.jpg"), videos=videos)
    deps = PicturesDeps(
        store=store,
        copies=PictureBucket(s3, "pictures"),
        web=web,
        clock=harness.clock,
        url=URL,
        kept_for=timedelta(days=365),
        max_thumbnails=2,
    )
    context: Any = FakeContext(120)

    def track_and_copy() -> dict[str, int]:
        job = harness.claimed_job()
        harness.run_chain(job)
        body = {"detail": {"input": json.dumps(job)}}
        return handler({"Records": [{"body": json.dumps(body)}]}, context, deps)

    assert track_and_copy() == {"copied": 3, "leftOut": 0}
    (document,) = store.get_documents(ACCOUNTS).values()
    first = document["avatar"]["url"].removeprefix(f"{URL}/")
    stored = s3.get_object(Bucket="pictures", Key=first)
    assert (stored["ContentType"], opened(stored["Body"].read()).size) == ("image/webp", (96, 96))
    saved = store.get_documents(f"{ACCOUNTS}/{account().account_id}/videos")
    copied = {name for name, found in saved.items() if "thumbnail" in found}
    assert copied == {"video00001", "video00002"}
    assert len(names(s3)) == 3

    assert track_and_copy() == {"copied": 0, "leftOut": 0}
    harness.platform.account = account(avatar_url=f"{SITE}/other.jpg")
    assert track_and_copy() == {"copied": 1, "leftOut": 0}
    assert first not in names(s3)
    assert len(names(s3)) == 3
