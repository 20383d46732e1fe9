"""Further executions of an attempt: their names, their input, and the place at which they go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import job
from tests.harness import Harness
from tracking import fence, jobs, parts
from tracking.errors import InvalidJobError, JobCancelledError
from tracking.fence import Fence
from tracking.jobs import Progress
from tracking.naming import execution_name, is_execution_name
from tracking.parts import Resume
from tracking.sentences import Sentence

SECOND = replace(job().next_attempt(), part=2)
RESUME = Resume(cursor="CAUQAA", saved=1_204, missing=2, total=5_000, retry_at=START)


def test_each_part_has_a_name_of_its_own() -> None:
    names = [execution_name(replace(SECOND, part=part)) for part in (1, 2, 3)]
    assert [name.rsplit("-", 2)[1] for name in names] == ["1", "1_2", "1_3"]
    assert len({name.rpartition("-")[2] for name in names}) == 3
    assert all(map(is_execution_name, names))
    assert parts.first_execution(SECOND) == names[0]


def test_a_job_was_handed_over_by_the_part_before_alone() -> None:
    names = [execution_name(replace(SECOND, part=part)) for part in (1, 2, 3)]
    assert [parts.was_handed_over_by(SECOND, name) for name in names] == [True, False, False]
    assert not parts.was_handed_over_by(replace(SECOND, part=1), names[0])
    assert not parts.was_handed_over_by(SECOND.next_attempt(), names[0])


def test_an_edited_job_was_handed_over_by_nobody() -> None:
    named = replace(SECOND, execution_arn=f"arn:aws:states:us-east-1:0:execution:tracking:{execution_name(SECOND)}")
    assert parts.is_handed_over(named)
    assert not parts.is_handed_over(replace(named, project_id="project2"))
    assert not parts.is_handed_over(replace(named, part=3))
    assert not parts.is_handed_over(replace(named, part=1))
    assert not parts.is_handed_over(SECOND)


def test_every_part_is_of_the_claim_and_no_other_claim_is() -> None:
    name = execution_name(replace(SECOND, part=1))
    assert parts.is_of_same_claim(SECOND, name, 1)
    assert not parts.is_of_same_claim(SECOND.next_attempt(), name, 1)
    assert not parts.is_of_same_claim(replace(SECOND, username="other"), name, 1)


def test_input_holds_what_stays_the_same_and_no_version() -> None:
    assert parts.payload(SECOND) == parts.payload(replace(SECOND, progress=50, message="Going on.", retry_count=2))
    assert parts.payload(SECOND)["part"] == 2
    assert "version" not in parts.payload(SECOND)


def test_a_new_claim_begins_at_the_first_part() -> None:
    used = replace(SECOND, runs={"posts": "run1"}, resume=RESUME.to_document())
    again = used.next_attempt()
    assert (again.part, again.runs, again.resume) == (1, {}, {})


@pytest.mark.parametrize("resume", [RESUME, Resume(), replace(RESUME, total=None, retry_at=None)])
def test_a_place_comes_through_the_document_unchanged(resume: Resume) -> None:
    assert Resume.from_document(resume.to_document()) == resume


ODD: list[dict[str, Any]] = [
    {"cursor": None},
    {"cursor": 7},
    {"saved": -1},
    {"saved": "many"},
    {"saved": True},
    {"missing": None},
    {"total": "5,000"},
    {"retryAt": "soon"},
    {"retryAt": "2026-03-01T12:00:00"},
    {"retryAt": 7},
]


@pytest.mark.parametrize("odd", ODD)
def test_an_edited_place_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError, match="resume is malformed"):
        Resume.from_document(RESUME.to_document() | odd)


@pytest.mark.parametrize("name", [*RESUME.to_document()])
def test_a_place_without_a_field_is_refused(name: str) -> None:
    fields = RESUME.to_document()
    del fields[name]
    with pytest.raises(InvalidJobError):
        Resume.from_document(fields)


# The fence of an execution that does not know its job's version


def unversioned(harness: Harness, given: dict[str, Any]) -> Fence:
    return Fence(given["jobId"], harness.execution_of(given), "")


def test_first_commit_without_a_version_reads_the_job(harness: Harness) -> None:
    given = harness.claimed_job()
    owned = fence.commit(harness.store, unversioned(harness, given), jobs.note(START, Sentence("Going on.")))
    assert owned.version
    assert harness.document(given["jobId"])["message"] == "Going on."


def test_commit_without_a_version_is_refused_for_a_cancelled_job(harness: Harness) -> None:
    given = harness.claimed_job()
    harness.memory.touch(given["jobId"], status="cancelled")
    with pytest.raises(JobCancelledError):
        fence.commit(
            harness.store, unversioned(harness, given), jobs.advance(START, Progress.ACCOUNT_FETCHED, Sentence(""))
        )
