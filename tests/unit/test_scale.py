"""`python -m bench.scale`: its arithmetic by hand, its store beside the simple one, and a small simulation."""

from __future__ import annotations

import io
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bench.scale.__main__ import WIDTH, main
from bench.scale.fairness import Rounds
from bench.scale.indexed_store import IndexedStore, SortedIds
from bench.scale.load import (
    API_JOB,
    RUN_JOB,
    TABLE,
    Job,
    Situation,
    documents_written,
    dollars,
    platform_limits,
    quotas,
    ramp_minutes,
)
from bench.scale.simulation import MEAN_S, Scenario, simulate
from local.paths import ROOT
from tests.doubles import START, ManualClock
from tests.factories import bare_change, job_document
from tracking.jobs import PlatformName
from tracking.settings import Limits
from tracking.store import JOBS, DocumentExistsError, DocumentWrite, JobWrite, StaleVersionError
from tracking.store.memory import MemoryStore

HUNDRED_A_SECOND = Situation(job=API_JOB, jobs_a_day=8_640_000, peak=1)


def test_quotas_at_a_hundred_jobs_a_second() -> None:
    found = {quota.name: quota for quota in quotas(HUNDRED_A_SECOND)}

    assert (found["startExecution"].taken, found["startExecution"].limit) == (100, 300)
    assert found["startExecution"].binds_at == 300 * 86_400
    assert found["stateTransition"].taken == 100 * 8
    assert found["lambdaPlaces"].taken == 100 * 4 + 3
    assert found["sequentialWrites"].share == pytest.approx(100 * 1 / 500)
    assert found["sequentialWrites"].binds_at == pytest.approx(500 / 1 * 86_400)
    assert found["sequentialStatus"].share == pytest.approx(100 * 3 / 500)
    assert found["controlDocument"].taken == pytest.approx(100 / 10 + 1 / 60)
    assert found["controlBytes"].taken == 100 * 6 * 110
    assert found["walk"].taken == pytest.approx(100 * 0.02 * (0.5 + 4 / 10))


def test_peak_divides_the_jobs_at_which_a_quota_binds() -> None:
    even, peaky = (Situation(job=API_JOB, jobs_a_day=1_000, peak=peak) for peak in (1, 4))
    assert [q.binds_at for q in quotas(even)] == pytest.approx([4 * q.binds_at for q in quotas(peaky)])
    taken = [{q.name: q.taken for q in quotas(at)}["startExecution"] for at in (even, peaky)]
    assert taken == [pytest.approx(1_000 / 86_400), pytest.approx(4_000 / 86_400)]


def test_quotas_begin_with_the_one_that_binds_first() -> None:
    binds_at = [quota.binds_at for quota in quotas(HUNDRED_A_SECOND)]
    assert binds_at == sorted(binds_at)


def test_smaller_regions_of_aws_bind_earlier() -> None:
    other = Situation(job=API_JOB, jobs_a_day=8_640_000, peak=1, region="other")
    assert {q.name: q.limit for q in quotas(other)}["startExecution"] == 150


def test_dollars_of_a_day_by_hand() -> None:
    day = dollars(HUNDRED_A_SECOND)

    assert day["Firestore, videos written"] == pytest.approx(8_640_000 * 200 * 0.09 / 100_000)
    assert day["Firestore, jobs and accounts written"] == pytest.approx(8_640_000 * 9 * 0.09 / 100_000)
    assert day["Step Functions"] == pytest.approx(8_640 * 8 * 0.025)
    assert day["Lambda"] == pytest.approx(8_640_000 * (4 * 0.0000133334 + 4 * 0.2 / 1_000_000))
    assert day["S3"] == pytest.approx(8_640 * (2 * 0.005 + 4 * 0.0004))


def test_platforms_bind_at_few_jobs_a_day() -> None:
    limits = platform_limits(API_JOB)
    assert {name: int(jobs) for name, jobs in limits.items()} == {
        "youtubeUnits": 1_111,  # 10,000 units, 9 a job
        "xPosts": 500,  # 100,000 posts a day
        "xUsers": 28_800,
        "apifyMemory": 46_080,  # 32 runs of 30 s at a time, two a job
    }


def test_mean_job_lies_between_both_kinds() -> None:
    mean = Job.mean(API_JOB, RUN_JOB, 0.25)
    assert (mean.transitions, mean.videos, mean.job_s) == (8 + 0.25 * 6, 200, 6 + 0.25 * 39)


def test_documents_of_a_job_are_itself_its_account_and_videos() -> None:
    assert documents_written(API_JOB) == 7 + 2 + 200


@pytest.mark.parametrize(("a_second", "minutes"), [(73, 0), (500, 0), (750, 5), (751, 10), (20_800, 50)])
def test_firestore_gets_used_to_traffic_in_steps(a_second: float, minutes: float) -> None:
    assert ramp_minutes(a_second) == minutes


def test_every_number_has_its_source() -> None:
    assert TABLE["quotas"].keys() == {quota.name for quota in quotas(HUNDRED_A_SECOND)}
    entries = [entry for group in ("quotas", "platforms", "prices") for entry in TABLE[group].values()]
    assert len(entries) > 30
    assert {entry["seen"] for entry in entries} <= {"official", "copy", "quoted", "old", "code"}
    ours = [entry["source"] for entry in entries if not entry["source"].startswith("https://")]
    assert [source for source in ours if not (ROOT / source).is_file()] == []


def test_kicks_and_wakes_are_the_templates() -> None:
    template = cfn_yaml.load(str(ROOT / "template.yaml"))
    assert template["Resources"]["WakeMapping"]["Properties"]["BatchSize"] == HUNDRED_A_SECOND.wakes_a_tick
    large = template["Mappings"]["Places"]["1000"]
    assert TABLE["quotas"]["kicks"]["limit"] == large["KickRate"]
    assert Limits().running == int(large["RunningJobs"])


def printed(*arguments: str, width: int = 200) -> str:
    page = io.StringIO()
    assert main(arguments, Console(file=page, width=width, highlight=False)) == 0
    return page.getvalue()


def test_command_prints_what_binds_and_what_a_day_costs() -> None:
    text = printed("--jobs-per-day", "1000", "8_640_000", "--peak", "1", "--share-of-runs", "0", "--sources")

    assert "1,000 jobs a day, 0.0 a second at the peak: nothing binds." in text
    assert "then writes a second to the control document binds first (and 1 more)." in text
    assert "1,728.00" in text
    assert TABLE["quotas"]["startExecution"]["source"] in text


def test_page_quotes_what_the_command_prints() -> None:
    """docs/scale.md has the tables of the command without arguments."""
    lines = {line.rstrip() for line in printed(width=WIDTH).splitlines()}
    _, *tables = (ROOT / "docs/scale.md").read_text().split("```")[1::2]
    quoted = [line for table in tables[:3] for line in table.strip().splitlines()]
    assert len(quoted) > 30
    assert [line for line in quoted if line.rstrip() not in lines] == []


@pytest.mark.parametrize("arguments", [("--jobs-per-day", "0"), ("--simulate", "-1"), ("--region", "moon")])
def test_command_refuses_numbers_that_mean_nothing(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


# The simulation


def test_simulation_starts_every_job_once_and_fairly() -> None:
    result = simulate(Scenario(jobs=600, organisations=40, slots_per_credential=5, step_s=2, wakes_a_tick=10))

    assert result.started == 600
    assert result.rounds == 1
    assert 0.8 < result.starts_a_minute / (15 * 60 / MEAN_S) < 1.1
    assert result.writes >= 600
    assert 1 < result.reads_a_job < 10


def test_simulation_is_the_same_each_time() -> None:
    scenario = Scenario(jobs=200, organisations=10, slots_per_credential=5, step_s=5, wakes_a_tick=3)
    first, second = simulate(scenario), simulate(scenario)
    assert (first.ticks, first.reads, first.requests) == (second.ticks, second.reads, second.requests)


def test_command_prints_the_simulation() -> None:
    text = printed("--simulate", "50", "--organisations", "5", "--slots", "10")
    assert "50 jobs of 5 organisations" in text
    assert "documents read for each started job" in text


def test_rounds_are_the_most_starts_of_another_meanwhile() -> None:
    rounds = Rounds()
    for org in "aabbcd":
        rounds.wait(org)
    for org in "abca":
        rounds.start(org)
    assert rounds.most == 1
    rounds.start("b")
    assert rounds.most == 1
    rounds.start("d")  # a and b had two starts each
    assert rounds.most == 2


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60))
def test_rounds_agree_with_a_slow_count(steps: list[tuple[str, bool]]) -> None:
    rounds, slow = Rounds(), SlowRounds()
    for org, is_start in steps:
        if not is_start:
            rounds.wait(org)
            slow.wait(org)
        elif slow.waiting[org]:
            rounds.start(org)
            slow.start(org)
    assert rounds.most == slow.most


class SlowRounds:
    """Count the starts of all others again at each start."""

    def __init__(self) -> None:
        self.most = 0
        self.waiting: Counter[str] = Counter()
        self._since: dict[str, int] = {}
        self._starts: list[str] = []

    def wait(self, org: str) -> None:
        self.waiting[org] += 1
        self._since.setdefault(org, len(self._starts))

    def start(self, org: str) -> None:
        meanwhile = Counter(self._starts[self._since.pop(org) :])
        self.most = max(self.most, *meanwhile.values(), 0)
        self._starts.append(org)
        self.waiting[org] -= 1
        if self.waiting[org]:
            self._since[org] = len(self._starts)


# The store


@given(st.lists(st.sampled_from("abcdefghij"), max_size=40), st.sampled_from("abcdefghij"))
def test_sorted_ids_stay_in_order_through_all_changes(changed: list[str], begin: str) -> None:
    ids, kept = SortedIds(longest=2), set[str]()
    for one in changed:
        (ids.remove if one in kept else ids.add)(one)
        kept ^= {one}
    assert list(ids.from_id(begin)) == sorted(one for one in kept if one >= begin)


def fields(**overrides: Any) -> dict[str, Any]:
    return job_document(priority=0) | overrides


JOB = st.fixed_dictionaries(
    {
        "orgId": st.sampled_from(["acme", "beta", "cool"]),
        "platform": st.sampled_from([str(name) for name in PlatformName]),
        "priority": st.integers(0, 2),
        "createdAt": st.integers(0, 9).map(lambda age_s: START - timedelta(seconds=age_s)),
    }
)


CHANGES: list[dict[str, Any]] = [
    {"message": "Still waiting."},
    {"status": "processing"},
    *({"status": "processing", "leaseUntil": START + timedelta(seconds=left_s)} for left_s in (-1, 0, 1)),
]


@given(st.lists(JOB, min_size=1, max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_indexed_store_answers_as_the_simple_one(jobs: list[dict[str, Any]], data: st.DataObject) -> None:
    clock = ManualClock()
    simple, indexed = MemoryStore(clock), IndexedStore(clock)
    for number, job in enumerate(jobs):
        job["createdAt"] += timedelta(microseconds=number)  # no two jobs of the same time: their order is open
        indexed.add(simple.create_job(fields(**job)), fields(**job))
    for job_id in data.draw(st.lists(st.sampled_from(sorted(simple.get_documents(JOBS))), unique=True)):
        change = bare_change(**data.draw(st.sampled_from(CHANGES)))
        for store in (simple, indexed):
            (found,) = store.get_jobs([job_id])
            store.write_each([JobWrite(job_id, change, found.version)])

    limit = data.draw(st.integers(1, 5))
    some = data.draw(st.sets(st.sampled_from(PlatformName), min_size=1))
    begin = data.draw(st.sampled_from(["", *simple.get_documents(JOBS)]))
    after = data.draw(st.sampled_from(["", "acme", "b", "cool"]))
    since = data.draw(st.sampled_from([None, *(job["createdAt"] for job in jobs)]))
    for ask in (
        lambda store: contents(store.open_jobs(limit)),
        lambda store: contents(store.pending_jobs(limit, some, begin)),
        lambda store: contents(store.processing_jobs(limit)),
        lambda store: store.next_waiting_org(after, some),
        lambda store: contents(store.pending_of_org("acme", some, limit)),
        lambda store: contents(store.oldest_pending(some, limit, since)),
        lambda store: store.count_processing(),
        lambda store: contents(store.expired_jobs(START, limit)),
    ):
        assert ask(indexed) == ask(simple)


def contents(found: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(job.job_id, job.data) for job in found]


def test_stale_write_to_the_indexed_store_is_refused() -> None:
    store = IndexedStore(ManualClock())
    store.add("job1", fields())
    (found,) = store.get_jobs(["job1"])
    write = JobWrite("job1", bare_change(status="processing"), found.version)

    first, second = store.write_each([write]), store.write_each([write])

    assert [first[0] is None, second] == [False, [None]]
    assert store.writes == 1


def test_changed_document_of_the_indexed_store_is_kept() -> None:
    store = IndexedStore(ManualClock())
    first = store.put_document(DocumentWrite("trackingControl/platforms", {"a": 1}, must_be_new=True))
    store.put_document(DocumentWrite("trackingControl/platforms", {"b": 2}, version=first))

    for refused, error in ((first, StaleVersionError), (None, DocumentExistsError)):
        write = DocumentWrite("trackingControl/platforms", {"b": 3}, must_be_new=refused is None, version=refused)
        with pytest.raises(error):
            store.put_document(write)

    stored = store.get_stored("trackingControl/platforms")
    assert stored is not None
    assert stored.fields == {"a": 1, "b": 2}


def test_indexed_store_bills_as_firestore_does() -> None:
    store = IndexedStore(ManualClock())
    for number in range(3):
        store.add(f"job{number}", fields())

    store.pending_jobs(2)
    store.processing_jobs(5)  # finds none, and is billed as one
    store.next_waiting_org("", [PlatformName.INSTAGRAM])
    store.pending_of_org("org1", [PlatformName.INSTAGRAM], 2)  # two queries: none urgent, and two jobs
    store.get_stored("trackingControl/platforms")

    assert store.reads == {
        "pending_jobs": 2,
        "processing_jobs": 1,
        "next_waiting_org": 1,
        "pending_of_org": 3,
        "get_stored": 1,
    }
