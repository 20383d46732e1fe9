"""Names of executions: readable in the console, and different for each claim of each job."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import START
from tests.factories import job, job_document
from tracking.jobs import Job
from tracking.naming import execution_name

READABLE = [
    # username, job id, attempt, name without its digest
    ("@NASA", "Qk3VbC0cIFXuKbYfRb2h", 1, "instagram-NASA-Qk3VbC0cIFXuKbYfRb2h-1"),
    (" nasa ", "job1", 2, "instagram-nasa-job1-2"),
    ("https://www.instagram.com/nasa/", "job1", 1, "instagram-nasa-job1-1"),
    ("https://www.instagram.com/nasa/?hl=en", "job1", 1, "instagram-nasa-job1-1"),
    ("https://www.instagram.com/nasa#top", "job1", 1, "instagram-nasa-job1-1"),
    ("some.one_else", "job1", 1, "instagram-some-one_else-job1-1"),
    ("🚀🚀", "job1", 1, "instagram--job1-1"),
    ("x" * 100, "job1", 1, f"instagram-{'x' * 42}-job1-1"),
    ("nasa", "y" * 1_500, 1, f"instagram-nasa-{'y' * 20}-1"),
    ("nasa", "../odd id", 1, "instagram-nasa----odd-id-1"),
]


@pytest.mark.parametrize(("username", "job_id", "attempt", "name"), READABLE)
def test_a_name_is_readable_in_the_console(username: str, job_id: str, attempt: int, name: str) -> None:
    readable, _, digest = execution_name(job(job_id, username=username, attempt=attempt)).rpartition("-")
    assert readable == name
    assert re.fullmatch("[0-9a-f]{20}", digest)


@pytest.mark.parametrize(
    "username", ["x" * 100, "🚀" * 100, "https://x.com/" + "y" * 80, "///", "?", "a b\tc\x00", "ñandú"]
)
@pytest.mark.parametrize("job_id", ["job1", "y" * 40, "z" * 1500, "../odd id", "🚀"])
@pytest.mark.parametrize("attempt", [1, 999_999])
def test_a_name_is_one_that_step_functions_takes(username: str, job_id: str, attempt: int) -> None:
    name = execution_name(job(job_id, username=username, attempt=attempt))
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,80}", name)
    assert re.search(rf"-{attempt}-[0-9a-f]{{20}}$", name)


LIVES: dict[str, Any] = {
    "another document": {"job_id": "job2"},
    "created again": {"document_created_at": START + timedelta(microseconds=1)},
    "another attempt": {"attempt": 2},
    "claimed again at the same number": {"claim_id": "b"},
    "another organisation": {"org_id": "org2"},
    "another project": {"project_id": "project2"},
    "another user": {"user_id": "user2"},
    "another username": {"username": "nasa"},
    "another platform": {"platform": "tiktok"},
    "another kind": {"account_type": "my"},
}


@pytest.mark.parametrize("what", LIVES)
def test_changed_job_has_another_execution_name(what: str) -> None:
    one = replace(job(attempt=1), claim_id="a")
    assert execution_name(replace(one, **LIVES[what])) != execution_name(one)


@pytest.mark.parametrize(
    "fields", [{"progress": 70}, {"message": "Half."}, {"retryCount": 2}, {"accountId": "x"}, {"priority": 3}]
)
def test_a_name_stays_while_its_execution_works(fields: dict[str, Any]) -> None:
    assert execution_name(job(attempt=1, **fields)) == execution_name(job(attempt=1))


HOSTILE = st.text(alphabet="-._/ @aA1\x00\n🚀é", min_size=1, max_size=12)
MOMENTS = st.sampled_from([START, START + timedelta(microseconds=1), START + timedelta(days=1)])


@st.composite
def lives(draw: st.DrawFn) -> Job:
    """Draw a claimed job whose ids, names and times are as easy to confuse as possible."""
    fields = {name: "a" + draw(HOSTILE) for name in ("username", "orgId", "projectId", "userId")}
    ids = {name: "o" + fields[name].replace("/", "-") for name in ("orgId", "projectId", "userId")}
    document = job_document(**fields | ids, attempt=draw(st.integers(0, 12)))
    claimed = Job.from_document(draw(HOSTILE), document, draw(MOMENTS))
    return replace(claimed, claim_id=draw(st.sampled_from(["", "a", "b"])))


def identity(one: Job) -> tuple[Any, ...]:
    owner = (one.org_id, one.project_id, one.user_id, one.username)
    return (one.job_id, one.document_created_at, one.attempt, one.claim_id, *owner)


@given(st.lists(lives(), min_size=2, max_size=12))
def test_different_claims_have_different_names(found: list[Job]) -> None:
    names = {execution_name(one) for one in found}
    assert len(names) == len({identity(one) for one in found})


def test_ids_and_usernames_do_not_run_into_each_other() -> None:
    """These two jobs once had the same name: `tiktok-loveluxury-com-X-1`."""
    one = job("X", username="loveluxury.com", platform="tiktok", orgId="a", attempt=1)
    other = job("com-X", username="loveluxury", platform="tiktok", orgId="b", attempt=1)
    assert execution_name(one).rpartition("-")[0] == execution_name(other).rpartition("-")[0]
    assert execution_name(one) != execution_name(other)
