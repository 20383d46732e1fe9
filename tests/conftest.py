"""Fixtures for all tiers. A fixture starts nothing before a test uses it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from google.cloud.firestore_v1 import Client

from local import emulated
from tests.aws_models import held_to_models
from tests.clients import anonymous_client
from tests.doubles import ManualClock
from tests.harness import Harness

# boto3 needs a region, which Lambda would set.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session", autouse=True)
def _held_to_aws_models() -> Iterator[None]:
    with held_to_models():
        yield


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """Host and port of a Firestore emulator. It is started here, unless FIRESTORE_EMULATOR_HOST names a running one."""
    if address := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        yield address
        return
    with emulated.emulator() as address:
        yield address


@pytest.fixture
def firestore_client(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Client]]:
    """A function that makes clients of one new project. No test has to clear the project, and queries stay fast."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
    project = f"demo-{uuid4().hex[:12]}"
    clients: list[Client] = []

    def make() -> Client:
        client = anonymous_client(project)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()  # type: ignore[no-untyped-call]
