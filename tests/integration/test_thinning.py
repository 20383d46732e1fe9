"""The daily cleanup thins a history on the Firestore emulator exactly as in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from google.cloud.firestore_v1 import Client

from bench.lambda_context import FakeContext
from cleanup.app import handler
from tests.doubles import ManualClock
from tests.past_days import ACCOUNT, put_days
from tracking.adoption import ADOPTED
from tracking.store import Store
from tracking.store.firestore import FirestoreStore
from tracking.store.memory import MemoryStore
from tracking.wiring import CleanupDeps

FIRST, LAST = date(2025, 11, 20), date(2026, 2, 10)
MOMENTS = [datetime(2026, 3, 5, tzinfo=UTC) + timedelta(days=number) for number in (0, 100, 320, 400)]


def documents(store: Store) -> dict[str, Any]:
    return {name: store.get_documents(f"{ACCOUNT}/{name}") for name in ("accountHistory", "videoHistory")}


def test_the_emulator_and_the_memory_thin_alike(firestore_client: Callable[[], Client]) -> None:
    clock = ManualClock()
    stores: list[Store] = [FirestoreStore(firestore_client()), MemoryStore(clock)]
    for store in stores:
        store.put_document(ADOPTED)
        put_days(store, FIRST, LAST)
    seen = []
    for moment in MOMENTS:
        clock.advance((moment - clock.now()).total_seconds())
        for store in stores:
            assert handler({}, FakeContext(300), CleanupDeps(store, clock, 7))["isDone"]  # type: ignore[arg-type]
        seen.append(documents(stores[0]))
        assert seen[-1] == documents(stores[1])
    assert all(before != after for before, after in pairwise(seen))
    assert set(seen[-1]["accountHistory"]) == {"2025", "2026"}
