"""`tracking costs` on the memory store, and the list prices that it estimates with."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from tests.doubles import ManualClock
from tests.factories import job_document
from tracking.jobs import PlatformName
from tracking.prices import PRICES, estimated_usd
from tracking.spending import RESOURCES
from tracking.store import JOBS, REFRESHES
from tracking.store.memory import MemoryStore

NOW = datetime.now(UTC)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The memory store that the command uses."""
    store = MemoryStore(ManualClock(NOW))
    monkeypatch.setattr(cli, "_store", lambda queue=JOBS: store.of(queue))
    return store


def ended(store: MemoryStore, platform: str, spent: Any, days_ago: float = 1, **fields: Any) -> str:
    at = NOW - timedelta(days=days_ago)
    return store.create_job(job_document(platform=platform, status="completed", completedAt=at, spent=spent, **fields))


def shown(*arguments: str) -> list[list[str]]:
    """Run the command, and return the cells of each printed row, without the empty ones."""
    done = CliRunner().invoke(cli.app, ["costs", *arguments])
    assert done.exit_code == 0, done.output
    return [re.split(r"\s{2,}", line.strip()) for line in done.output.splitlines()]


def summed(*arguments: str) -> Any:
    done = CliRunner().invoke(cli.app, ["costs", "--json", *arguments])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_costs_are_added_up_by_platform(store: MemoryStore) -> None:
    ended(store, "twitter", {"posts": 200, "users": 1, "media": 1_000})
    ended(store, "twitter", {"posts": 100, "users": 1})
    ended(store, "youtube", {"units": 201})
    ended(store, "instagram", {"runs": 2, "results": 1_001})
    assert shown() == [
        ["platform", "jobs", "refreshes", "units", "posts", "users", "media", "runs", "results", "US dollars"],
        ["X", "2", "300", "2", "1,000", "6.52"],
        ["Instagram", "1", "2", "1,001", "2.70"],
        ["YouTube", "1", "201", "0.00"],
        ["all", "4", "201", "300", "2", "1,000", "2", "1,001", "9.22"],
    ]


def test_costs_are_added_up_by_organisation(store: MemoryStore) -> None:
    """The dollars of each job are those of its own platform."""
    ended(store, "twitter", {"posts": 100, "users": 1}, orgId="small")
    ended(store, "instagram", {"runs": 2, "results": 1_000}, orgId="large")
    ended(store, "tiktok", {"runs": 1, "results": 1_000}, orgId="large")
    assert summed("--by", "org") | {"since": ""} == {
        "since": "",
        "rows": [
            {"org": "large", "jobs": 2, "refreshes": 0, "spent": {"runs": 3, "results": 2_000}, "usd": 5.2},
            {"org": "small", "jobs": 1, "refreshes": 0, "spent": {"posts": 100, "users": 1}, "usd": 0.51},
        ],
        "all": {
            "jobs": 3,
            "refreshes": 0,
            "spent": {"runs": 3, "results": 2_000, "posts": 100, "users": 1},
            "usd": 5.71,
        },
    }


def test_refreshes_count_with_a_number_of_their_own(store: MemoryStore) -> None:
    ended(store, "youtube", {"units": 9})
    for _ in range(2):
        ended(store.of(REFRESHES), "youtube", {"units": 3}, refreshOrder={"mode": "full"})
    assert summed()["all"] == {"jobs": 1, "refreshes": 2, "spent": {"units": 15}, "usd": 0}
    assert shown()[1] == ["YouTube", "1", "2", "15", "0.00"]


def test_only_jobs_that_ended_in_the_time_count(store: MemoryStore) -> None:
    ended(store, "youtube", {"units": 1}, days_ago=0.4)
    ended(store, "youtube", {"units": 10}, days_ago=6.9)
    ended(store, "youtube", {"units": 100}, days_ago=7.1)
    store.create_job(job_document(platform="youtube", status="processing", spent={"units": 1_000}))
    assert summed()["all"]["spent"] == {"units": 11}
    assert summed("--since", "12h")["all"]["spent"] == {"units": 1}
    assert datetime.fromisoformat(summed("--since", "8d")["since"]) < NOW - timedelta(days=7.9)


def test_failed_and_cancelled_jobs_cost_money_too(store: MemoryStore) -> None:
    for status in ("failed", "cancelled"):
        store.touch(ended(store, "youtube", {"units": 2}), status=status)
    assert summed()["all"] == {"jobs": 2, "refreshes": 0, "spent": {"units": 4}, "usd": 0}


@pytest.mark.parametrize("odd", [None, "many", 7, [], {"units": "many"}, {"units": -1}, {"units": True}, {"likes": 3}])
def test_odd_amounts_are_passed_over(store: MemoryStore, odd: Any) -> None:
    ended(store, "youtube", odd)
    assert summed()["all"] == {"jobs": 1, "refreshes": 0, "spent": {}, "usd": 0}


def test_a_malformed_job_has_a_row_of_its_own(store: MemoryStore) -> None:
    store.touch(ended(store, "youtube", {"units": 2}), orgId=7, platform=None)
    assert [row["org"] for row in summed("--by", "org")["rows"]] == ["(none)"]
    assert [row["platform"] for row in summed()["rows"]] == ["(none)"]


def test_without_jobs_there_is_no_table(store: MemoryStore) -> None:
    assert shown() == [["No jobs."]]
    assert summed()["rows"] == []


def test_jobs_are_read_page_by_page(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[int] = []
    read = store.jobs_ended_since

    def counted(*arguments: Any) -> Any:
        page = read(*arguments)
        pages.append(len(page))
        return page

    monkeypatch.setattr(store, "jobs_ended_since", counted)
    monkeypatch.setattr(cli, "_store", lambda queue=JOBS: store if queue == JOBS else MemoryStore(ManualClock(NOW)))
    for number in range(1_001):
        ended(store, "youtube", {"units": 1}, days_ago=1 + number // 300)  # many ended at the same moment
    assert summed()["all"]["spent"] == {"units": 1_001}
    assert pages == [500, 500, 1]


def test_what_the_provider_said_wins_over_list_prices() -> None:
    assert estimated_usd("instagram", {"runs": 2, "results": 1_000, "usd": 1.5}) == 1.5
    assert estimated_usd("instagram", {"runs": 2, "results": 1_000}) == pytest.approx(2.7)
    assert estimated_usd("threads", {"posts": 1_000}) == 0


def test_each_platform_has_prices_with_their_sources() -> None:
    assert {name.partition(".")[0] for name in PRICES} >= set(PlatformName)
    for name, price in PRICES.items():
        platform, _, resource = name.partition(".")
        assert platform not in set(PlatformName) or resource in RESOURCES
        assert price.source.startswith("https://")
        assert re.fullmatch(r"20\d\d-\d\d", price.seen)
