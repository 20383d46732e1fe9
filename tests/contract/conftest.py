"""Fixtures of the contract suite: each test runs once on the memory store and once on the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest
from google.cloud.firestore_v1 import Client
from moto import mock_aws

from tests.contract.front_ends import FirestoreFrontEnd, FrontEnd, MemoryFrontEnd
from tests.doubles import ManualClock
from tracking.staging import ObjectStore
from tracking.staging.memory import MemoryObjects
from tracking.staging.s3 import S3Objects
from tracking.store import Store
from tracking.store.firestore import FirestoreStore
from tracking.store.memory import MemoryStore

BUCKET = "staging"


@pytest.fixture(params=["memory", "firestore"])
def backend(request: pytest.FixtureRequest) -> tuple[Store, FrontEnd]:
    if request.param == "memory":
        memory = MemoryStore(ManualClock())
        return memory, MemoryFrontEnd(memory)
    make: Callable[[], Client] = request.getfixturevalue("firestore_client")
    client = make()
    return FirestoreStore(client), FirestoreFrontEnd(client)


@pytest.fixture
def store(backend: tuple[Store, FrontEnd]) -> Store:
    return backend[0]


@pytest.fixture
def front_end(backend: tuple[Store, FrontEnd]) -> FrontEnd:
    return backend[1]


@pytest.fixture(params=["memory", "s3"])
def objects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryObjects()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield S3Objects(client, BUCKET)
