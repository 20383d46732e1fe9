"""Fixtures that every tier may use. Nothing here starts anything until a test asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import Client

from local import firestore, process
from local.paths import ROOT, clean_environment
from tests.doubles import ManualClock
from tests.world import World

# Powertools finds no Lambda here; metrics and traces go nowhere.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a Firestore emulator: the one of FIRESTORE_EMULATOR_HOST, else one of our own."""
    if address := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        yield address
        return
    port = process.choose_port(None, "the Firestore emulator")
    log = tmp_path_factory.mktemp("firestore") / "emulator.log"
    running = process.start(firestore.command(port), clean_environment(), log, folder=ROOT)
    try:
        process.wait_until_ready("The Firestore emulator", running, lambda: _answers(port), log, 30)
        yield f"127.0.0.1:{port}"
    finally:
        running.stop()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture
def firestore_client(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Client]]:
    """Makes clients of one project that no other test uses: nothing to clear, and queries stay fast."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
    project = f"demo-{uuid4().hex[:12]}"
    clients: list[Any] = []

    def make() -> Client:
        clients.append(Client(project=project, credentials=AnonymousCredentials()))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
