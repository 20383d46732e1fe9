"""`tracking costs` on the Firestore emulator: what real commits added is added up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from google.cloud.firestore_v1 import Client
from typer.testing import CliRunner

import cli
from tests.doubles import ManualClock
from tests.factories import videos
from tests.harness import Harness
from tracking.store import JOBS
from tracking.store.firestore import FirestoreStore


def test_costs_of_jobs_that_ran_are_added_up(
    firestore_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = firestore_client()
    store = FirestoreStore(client)
    monkeypatch.setattr(cli, "_store", lambda queue=JOBS: FirestoreStore(client, queue=queue))
    harness = Harness(store=store, videos=videos(3))
    harness.clock.advance((datetime.now(UTC) - ManualClock().now()).total_seconds())
    harness.platform.charges = {"posts": 2, "users": 1}
    for _ in range(3):
        harness.run_chain(harness.claimed_job(platform="twitter"))
    done = CliRunner().invoke(cli.app, ["costs", "--since", "1h", "--json"])
    assert done.exit_code == 0, done.output
    cost = {"jobs": 3, "refreshes": 0, "spent": {"posts": 12, "users": 6}, "usd": 0.12}
    found = json.loads(done.stdout)
    assert (found["rows"], found["all"]) == ([{"platform": "twitter"} | cost], cost)
