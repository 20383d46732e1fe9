"""The walk over all finished jobs from any start, on both stores."""

from __future__ import annotations

import pytest

from tests.contract.front_ends import FrontEnd
from tracking import walks
from tracking.store import Store

IDS = [*"BDFHJLN"]
PAGE_SIZE = 3


@pytest.fixture(autouse=True)
def _jobs(front_end: FrontEnd) -> None:
    for job_id in IDS:
        front_end.write(job_id, status="failed")
    front_end.write("G", status="pending")


@pytest.mark.parametrize("begin", ["", "A", "B", "C", "F", "G", "L", "N", "O"])
def test_a_walk_meets_each_job_once_and_begins_there(store: Store, begin: str) -> None:
    pages = [[job.job_id for job in page] for page in walks.finished_jobs(store, PAGE_SIZE, begin)]
    met = [job_id for page in pages for job_id in page]
    assert met == [job_id for job_id in IDS if job_id >= begin] + [job_id for job_id in IDS if job_id < begin]
    assert max(map(len, pages)) <= PAGE_SIZE


@pytest.mark.parametrize("begin", ["", "F", "O"])
def test_walk_that_deletes_jobs_skips_none(store: Store, begin: str) -> None:
    deleted = sum(store.delete_jobs(page) for page in walks.finished_jobs(store, PAGE_SIZE, begin))
    assert deleted == len(IDS)
    assert store.finished_jobs(10) == []


def test_walk_without_finished_jobs_yields_nothing(store: Store) -> None:
    store.delete_jobs(store.finished_jobs(10))
    assert [job for begin in ("", "F") for page in walks.finished_jobs(store, PAGE_SIZE, begin) for job in page] == []
