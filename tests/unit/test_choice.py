"""The choice of the jobs that a tick starts: free places, limits, turns and priorities."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import job
from tests.harness import Harness
from tracking.jobs import LEASE, PlatformName
from tracking.pauses import Pause
from tracking.platform_contract import PLATFORMS
from tracking.settings import Limits
from tracking.store import JobSnapshot
from tracking.store.memory import MemoryStore
from trigger.slots import Pending, Slots
from trigger.turns import Turns

INSTAGRAM, TIKTOK = PlatformName.INSTAGRAM, PlatformName.TIKTOK
YOUTUBE, TWITTER = PlatformName.YOUTUBE, PlatformName.TWITTER


def slots(
    running: int = 50,
    per_credential: int = 10,
    busy: dict[PlatformName, int] | None = None,
    paused: dict[PlatformName, datetime] | None = None,
) -> Slots:
    return Slots(
        Limits(running=running, per_credential=per_credential),
        Counter(busy or {}),
        {name: Pause(platform=name, until=until, reason="") for name, until in (paused or {}).items()},
        START,
    )


def free(found: Slots) -> list[int]:
    return [found.of(platform) for platform in (INSTAGRAM, TIKTOK, YOUTUBE, TWITTER)]


PLACES: list[tuple[Slots, list[int]]] = [
    (slots(), [10, 10, 10, 10]),
    (slots(running=4), [4, 4, 4, 4]),
    (slots(busy={INSTAGRAM: 3, YOUTUBE: 10}), [7, 7, 0, 10]),  # TikTok shares the credential of Instagram
    (slots(busy={INSTAGRAM: 6, TIKTOK: 6}), [0, 0, 10, 10]),  # too many, because the setting was lowered
    (slots(running=12, busy={YOUTUBE: 10}), [2, 2, 0, 2]),
    (slots(running=5, busy={YOUTUBE: 7}), [0, 0, 0, 0]),
    (slots(paused={TIKTOK: START + timedelta(hours=1)}), [10, 0, 10, 10]),
    (slots(paused={TWITTER: START}), [10, 10, 10, 1]),
    (slots(paused={TWITTER: START - timedelta(minutes=4)}), [10, 10, 10, 10]),  # the ramp allows 16, the limit 10
]


@pytest.mark.parametrize(("found", "expected"), PLACES)
def test_free_places_follow_limits_leases_and_pauses(found: Slots, expected: list[int]) -> None:
    assert free(found) == expected


def test_taken_place_counts_for_all_that_share_it() -> None:
    found = slots(running=3, per_credential=2, paused={TWITTER: START})
    assert [found.take(INSTAGRAM), found.take(TIKTOK), found.take(TIKTOK)] == [True, True, False]
    assert [found.take(TWITTER), found.take(YOUTUBE)] == [True, False]
    assert free(found) == [0, 0, 0, 0]


def test_every_platform_has_its_credential() -> None:
    assert set(PLATFORMS) == set(PlatformName)
    assert PLATFORMS[INSTAGRAM].credential == PLATFORMS[TIKTOK].credential
    assert len({PLATFORMS[name].credential for name in PlatformName}) == 3


def waiting(*names: str, **fields: Any) -> list[Pending]:
    """Return pending jobs in order of creation. The first letter of a name is its organisation."""

    def pending(number: int, name: str) -> Pending:
        waiting_job = job(name, orgId=name[0], createdAt=START + timedelta(seconds=number), **fields)
        return Pending(waiting_job, JobSnapshot(name, {}, "v", START, START))

    return [pending(number, name) for number, name in enumerate(names)]


def test_pick_takes_orgs_in_turn_longest_waiting_first() -> None:
    queue = waiting("a1", "a2", "a3", "a4", "b1", "c1", "c2")
    chosen = Turns(None).pick(queue, slots(running=6, per_credential=6))
    assert [pending.job.job_id for pending in chosen] == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_pick_skips_full_platforms_and_keeps_the_orgs_turn() -> None:
    queue = [*waiting("a1", "a2", platform="youtube"), *waiting("b1", platform="youtube"), *waiting("a3")]
    chosen = Turns(None).pick(queue, slots(per_credential=1))
    assert [pending.job.job_id for pending in chosen] == ["a1", "a3"]


def test_one_job_at_a_time_is_strictly_one_after_another(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=10)
    ids = [
        harness.add_job(platform=name, createdAt=START + timedelta(seconds=i)) for i, name in enumerate(PlatformName)
    ]
    order = []
    for _ in ids:
        assert harness.tick()["started"] == 1
        assert harness.tick()["started"] == 0
        (payload,) = [p for p in harness.executions.started.values() if p["jobId"] not in order]
        order.append(payload["jobId"])
        harness.run_chain(dict(payload))
    assert order == ids  # in order of creation


def test_a_place_is_free_again_when_its_lease_has_ended(harness: Harness) -> None:
    harness.limits = Limits(running=1, per_credential=1)
    harness.add_job(status="processing", attempt=1, leaseUntil=START + LEASE)
    harness.add_job()
    assert harness.tick()["started"] == 0
    harness.clock.advance(LEASE.total_seconds())
    counts = harness.tick()
    assert (counts["repaired"], counts["started"]) == (1, 1)


def test_jobs_of_shared_credentials_share_their_limit(harness: Harness) -> None:
    harness.limits = Limits(running=50, per_credential=3)
    for platform in PlatformName:
        for number in range(5):
            harness.add_job(platform=platform, username=f"a{number}")
    harness.tick()
    started = Counter(PLATFORMS[p["platform"]].credential for p in harness.executions.started.values())
    assert started == {"apify": 3, "youtube": 3, "x": 3}
    assert harness.tick()["started"] == 0


# Longer queues than one query returns


MANY = 71


def small_pages(running: int, per_credential: int) -> Limits:
    """Return limits with small pages, so that MANY jobs fill several. `test_many_jobs` fills pages of the real size."""
    return Limits(running=running, per_credential=per_credential, max_open_jobs=51, scan_page_size=20)


@pytest.fixture
def crowded(harness: Harness) -> Harness:
    """A harness in which organisation a has more pending jobs than one tick reads."""
    harness.limits = small_pages(10, 10)
    for number in range(MANY):
        harness.add_job(
            orgId="a", username=f"a{number}", createdAt=START - timedelta(hours=1) + timedelta(seconds=number)
        )
    return harness


def started(harness: Harness) -> list[str]:
    return [payload["username"] for payload in harness.executions.started.values()]


@pytest.mark.parametrize("ticks_before", [0, 1, 2])
def test_new_org_starts_at_the_next_tick_of_a_long_queue(crowded: Harness, ticks_before: int) -> None:
    for _ in range(ticks_before):
        crowded.tick()
        crowded.limits = small_pages(crowded.limits.running + 10, 50)
    crowded.add_job(orgId="b", username="the-one")
    crowded.tick()
    assert "the-one" in started(crowded)
    assert len(started(crowded)) == 10 * (ticks_before + 1)


def test_long_queue_starts_urgent_then_oldest_jobs(crowded: Harness) -> None:
    crowded.add_job(orgId="a", username="urgent", priority=5)
    crowded.add_job(orgId="a", username="more-urgent", priority=9)
    crowded.tick()
    assert set(started(crowded)) == {"urgent", "more-urgent", *[f"a{number}" for number in range(8)]}


def test_jobs_without_a_priority_count_as_zero(crowded: Harness) -> None:
    """Jobs without a priority are not skipped because others have one."""
    for number in range(3):
        crowded.add_job(orgId="a", username=f"zero{number}", priority=0, createdAt=START - timedelta(hours=2))
    crowded.tick()
    assert set(started(crowded)) == {"zero0", "zero1", "zero2", *[f"a{number}" for number in range(7)]}


def test_negative_priority_waits_for_its_orgs_other_jobs(crowded: Harness) -> None:
    crowded.limits = small_pages(8, 8)
    for org in ("a", "b"):
        crowded.add_job(orgId=org, username=f"{org}-can-wait", priority=-1, createdAt=START - timedelta(hours=3))
    for number in range(4):
        crowded.add_job(orgId="b", username=f"b{number}", createdAt=START)
    crowded.tick()
    assert set(started(crowded)) == {"a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"}


def test_malformed_jobs_are_found_in_a_long_queue(crowded: Harness) -> None:
    """A walk through all pending jobs continues from tick to tick, so it finds every malformed job."""
    bad = [crowded.add_job(orgId="a", username="", createdAt=None) for _ in range(3)]
    bad.append(crowded.add_job(orgId=None))
    bad.append(crowded.add_job(orgId="a", platform=None))
    ticks = 0
    while any(crowded.document(job_id)["status"] == "pending" for job_id in bad):
        crowded.tick()
        crowded.limits = small_pages(crowded.limits.running + 10, 500)
        ticks += 1
        assert ticks <= MANY // (crowded.limits.scan_page_size - 1) + 2
    assert {crowded.document(job_id)["status"] for job_id in bad} == {"failed"}


def test_jobs_without_created_at_are_found_too(crowded: Harness) -> None:
    undated = crowded.add_job(orgId="a", username="undated", priority=99, createdAt=None)
    for _ in range(MANY // (crowded.limits.scan_page_size - 1) + 2):
        crowded.tick()
        crowded.limits = small_pages(crowded.limits.running + 10, 500)
    assert crowded.document(undated)["status"] == "processing"


def test_with_every_place_taken_no_waiting_job_is_read(crowded: Harness) -> None:
    read: list[str] = []

    class Recording(MemoryStore):
        def __getattribute__(self, name: str) -> Any:
            if name in {"open_jobs", "pending_jobs", "pending_of_org", "next_waiting_org"}:
                read.append(name)
            return getattr(crowded.memory, name) if not name.startswith("__") else super().__getattribute__(name)

    crowded.tick()
    crowded.tick()
    crowded.store = Recording(crowded.clock)
    assert crowded.tick()["started"] == 0
    assert read == []


def test_tick_with_every_platform_full_starts_nothing(harness: Harness) -> None:
    """Places are left, but no platform may take them."""
    harness.limits = small_pages(50, 1)
    for platform in (INSTAGRAM, YOUTUBE, TWITTER):
        harness.add_job(platform=platform, status="processing", attempt=1, leaseUntil=START + LEASE)
    for number in range(harness.limits.max_open_jobs):
        harness.add_job(platform="facebook", username=f"a{number}")
    harness.tick()
    assert started(harness) == []
