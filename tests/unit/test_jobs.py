"""The check of a job's document, and the changes that each status allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import job, job_document
from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.jobs import AccountType, Change, Job, PlatformName, Progress, Status
from tracking.sentences import Sentence


def test_a_document_of_existing_front_ends_is_a_job() -> None:
    document = {
        "orgId": "org1",
        "projectId": "project1",
        "userId": "user1",
        "username": "@NASA",
        "platform": "twitter",
        "accountType": "my",
        "status": "pending",
        "progress": 0,
        "message": "Waiting to start.",
        "createdAt": START,
        "retryCount": 0,
    }
    assert Job.from_document("job1", document, START + timedelta(days=1)) == Job(
        job_id="job1",
        org_id="org1",
        project_id="project1",
        user_id="user1",
        username="@NASA",
        platform=PlatformName.TWITTER,
        account_type=AccountType.MY,
        status=Status.PENDING,
        created_at=START,
        document_created_at=START + timedelta(days=1),
        message="Waiting to start.",
    )


def test_what_new_makes_is_read_back_as_a_pending_job() -> None:
    fields = jobs.new(
        org_id="o",
        project_id="p",
        user_id="u",
        username="nasa",
        platform=PlatformName.TIKTOK,
        account_type=AccountType.MY,
        now=START,
    )
    assert set(fields) == set(job_document())
    assert Job.from_document("job1", fields, START).status is Status.PENDING


def test_the_username_is_kept_as_typed() -> None:
    assert job(username="  https://www.tiktok.com/@Some.One/ ").username == "  https://www.tiktok.com/@Some.One/ "


def test_unknown_fields_are_somebody_elses_and_are_ignored() -> None:
    assert job(colour="blue", nested={"a": [1]}) == job()


@pytest.mark.parametrize("field", ["createdAt", "progress", "message", "retryCount"])
def test_a_field_that_has_a_sensible_default_may_be_missing(field: str) -> None:
    without: dict[str, Any] = {field: None}
    assert job(**without).status is Status.PENDING


def test_job_without_created_at_takes_the_documents_time() -> None:
    created = START - timedelta(minutes=3)
    for document in (job_document(createdAt=None), job_document() | {"createdAt": None}):
        assert Job.from_document("job1", document, created).created_at == created


ANY_TEXT = ("orgId", "projectId", "userId", "username", "platform", "accountType", "status")
OPTIONAL_TEXT = ("message", "accountId", "error", "errorCode", "executionArn")
WHOLE = ("progress", "retryCount", "attempt", "priority")
MOMENTS = ("createdAt", "startedAt", "completedAt", "leaseUntil")

NO_TEXT: tuple[Any, ...] = (7, False, [], START)
REFUSED: list[tuple[str, Any]] = [
    *[(name, value) for name in ANY_TEXT for value in (None, "", 7, True, ["text"], {"a": 1}, b"bytes", START)],
    *[(name, value) for name in OPTIONAL_TEXT for value in NO_TEXT],
    *[(name, value) for name in WHOLE for value in ("1", True, False, 1.0, 0.5, [1], START)],
    *[(name, value) for name in MOMENTS for value in ("2026-03-01T12:00:00Z", 1772366400000, True, {"seconds": 1})],
    *[(name, -1) for name in ("progress", "retryCount", "attempt")],
    ("progress", 101),
    ("attempt", 2**63 - 1),  # a claim adds one, which a Firestore integer cannot hold
    *[
        (name, value)
        for name in ("orgId", "projectId", "userId")
        for value in ("a/b", "/", ".", "..", "__x__", "__", "____", "x" * 129, "x\ud83d")
    ],
    *[("username", value) for value in (" ", "\t\n ", "\u00a0", "x" * 101, "x" * 10_000)],
    *[("platform", value) for value in ("facebook", "Instagram", "x", " instagram")],
    *[("accountType", value) for value in ("mine", "MY")],
    *[("status", value) for value in ("queued", "PENDING")],
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_a_malformed_field_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidJobError) as refused:
        job(**{field: value})
    assert field in refused.value.message
    assert refused.value.message.endswith(".")
    assert len(refused.value.message) < 200  # short enough for the panel, even if the value is long


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "x" * 100),
        ("orgId", "x" * 128),
        ("orgId", "__x"),
        ("orgId", "..."),
        ("projectId", "Überprojekt 🚀"),
    ],
)
def test_the_longest_and_oddest_allowed_values_pass(field: str, value: str) -> None:
    assert Job.from_document("job1", job_document(**{field: value}), START)


CHANGES: dict[str, tuple[Callable[[Status], Change], Status, set[Status]]] = {
    # name: how to make it from a status, the status after, the statuses before
    "claim": (
        lambda status: jobs.claim(job(status=str(status)), START, "arn"),
        Status.PROCESSING,
        {Status.PENDING},
    ),
    "fail": (
        lambda status: jobs.fail(status, START, Sentence("Why."), "ContractError"),
        Status.FAILED,
        {Status.PENDING, Status.PROCESSING},
    ),
    "cancel": (
        lambda status: jobs.cancel(status, START),
        Status.CANCELLED,
        {Status.PENDING, Status.PROCESSING},
    ),
    "retry": (lambda status: jobs.retry(status, START), Status.PENDING, {Status.FAILED, Status.CANCELLED}),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("change", CHANGES)
def test_change_is_allowed_only_along_the_transitions(change: str, status: Status) -> None:
    make, leads_to, allowed_from = CHANGES[change]
    if status in allowed_from:
        assert make(status).fields["status"] == leads_to
    else:
        with pytest.raises(ValueError, match=f"{status} job may not"):
            make(status)


def test_changes_of_an_attempt_start_from_processing() -> None:
    made = {
        Status.PENDING: jobs.release(START),
        Status.PROCESSING: jobs.advance(START, Progress.ACCOUNT_FETCHED, Sentence("Found.")),
        Status.COMPLETED: jobs.complete(START, Sentence("Done."), "tiktok_1"),
    }
    assert {status: change.fields["status"] for status, change in made.items()} == {s: str(s) for s in made}
    assert jobs.note(START, Sentence("Still at it.")).fields["status"] == "processing"


def test_transitions_cover_every_status_and_end_at_completed() -> None:
    """Failed and cancelled jobs can only become pending again."""
    assert jobs.TRANSITIONS[Status.COMPLETED] == frozenset()
    assert set(jobs.TRANSITIONS) == set(Status)
    assert all(
        to in {Status.PENDING} for status in (Status.FAILED, Status.CANCELLED) for to in jobs.TRANSITIONS[status]
    )


def test_every_change_says_when_it_was_made() -> None:
    made = [
        jobs.claim(job().next_attempt(), START, "arn"),
        jobs.release(START),
        jobs.advance(START, Progress.ACCOUNT_SAVED, Sentence("Saved.")),
        jobs.note(START, Sentence("Still at it.")),
        jobs.complete(START, Sentence("Done."), "tiktok_1"),
        jobs.fail(Status.PENDING, START, Sentence("Why."), "ContractError"),
        jobs.cancel(Status.PENDING, START),
        jobs.retry(Status.FAILED, START),
    ]
    assert {change.fields["updatedAt"] for change in made} == {START}


def test_a_claim_leaves_nothing_of_the_attempt_before() -> None:
    failed_before = job_document(
        attempt=2, retryCount=3, progress=70, error="Why.", errorCode="ContractError", completedAt=START
    )
    now = START + timedelta(minutes=1)
    claim = jobs.claim(Job.from_document("job1", failed_before, START).next_attempt(), now, "arn:1")
    claimed = Job.from_document("job1", failed_before | claim.fields, START)
    assert claimed.attempt == 3
    assert (claimed.retry_count, claimed.progress) == (0, 0)
    assert (claimed.error, claimed.error_code, claimed.completed_at) == (None, None, None)
    assert (claimed.started_at, claimed.lease_until) == (now, now + jobs.LEASE)
    assert claimed.execution_arn == "arn:1"


def test_a_released_claim_waits_again_and_its_attempt_is_used_up() -> None:
    pending = job(attempt=2)
    claimed = job_document() | jobs.claim(pending.next_attempt(), START, "arn:1").fields
    released = Job.from_document("job1", claimed | jobs.release(START).fields, START)
    assert released.status is Status.PENDING
    assert released.attempt == 3
    assert (released.lease_until, released.started_at, released.execution_arn) == (None, None, None)


def test_retried_job_loses_its_failure_and_keeps_attempts() -> None:
    failed = (
        job_document(attempt=1, progress=50)
        | {"leaseUntil": START, "executionArn": "arn:1", "startedAt": START}
        | jobs.fail(Status.PROCESSING, START, Sentence("Why."), "ContractError").fields
    )
    retried = Job.from_document("job1", failed | jobs.retry(Status.FAILED, START).fields, START)
    assert retried == job(attempt=1)


def test_retry_of_a_browser_cancelled_job_clears_the_lease() -> None:
    """A browser's cancellation leaves the lease in the document."""
    cancelled = job_document(status="cancelled", attempt=1, leaseUntil=START + jobs.LEASE)
    retried = Job.from_document("job1", cancelled | jobs.retry(Status.CANCELLED, START).fields, START)
    assert retried.lease_until is None
