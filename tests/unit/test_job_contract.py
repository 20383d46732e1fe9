"""contracts/job.json: the agreement of functions, front ends and security rules. The functions are checked here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.doubles import START
from tests.factories import job, job_document
from tracking import jobs
from tracking.document_limits import MAX_ID_LENGTH
from tracking.errors import InvalidJobError
from tracking.jobs import AccountType, Change, ChangeKind, Fields, Job, PlatformName, Progress, Status
from tracking.sentences import Sentence
from tracking.spending import RESOURCES
from tracking.store import JOBS

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contracts" / "job.json").read_text())
USER_CHANGES: dict[str, jobs.UserChange] = {"cancel": jobs.cancel, "retry": jobs.retry}
FUNCTION_CHANGES: dict[str, Callable[[Status], Change]] = {
    "claim": lambda status: jobs.claim(job(status=str(status)).next_attempt(), START, "arn"),
    "release": lambda _: jobs.release(START),
    "pause": lambda _: jobs.pause(START, Sentence("X asks us to slow down.")),
    "expire": lambda status: jobs.expire(job(status=str(status)), START),
    "renew": lambda _: jobs.renew(START),
    "advance": lambda _: jobs.advance(START, Progress.ACCOUNT_FETCHED, Sentence("Fetched.")),
    "announce": lambda _: jobs.announce(START, Sentence("Trying again."), 1),
    "note": lambda _: jobs.note(START, Sentence("Saved 1 of 2.")),
    "record": lambda _: jobs.record(START, {"posts": "run1"}),
    "hand_over": lambda _: jobs.hand_over(START, 2, "arn", {"cursor": ""}, Sentence("Going on.")),
    "spend": lambda _: jobs.spend(START, {"units": 1}),
    "hold": lambda _: jobs.hold(),
    "keep": lambda _: jobs.keep(START, START, START + timedelta(days=7)),
    "complete": lambda _: jobs.complete(START, Sentence("Done."), "tiktok_1"),
    "fail": lambda status: jobs.fail(status, START, Sentence("Gone."), "AccountNotFoundError"),
}
VALUES: dict[str, Any] = {"string": "text", "int": 7, "timestamp": START, "map": {"a": "text"}}
UNREAD = {"updatedAt", "expireAt", "spent", "messageCode", "messageParams", "steps"}
"""Fields that are no part of the record of a job, whatever they hold."""
OPTIONAL_FOR_FUNCTIONS = {"progress", "message", "createdAt", "retryCount"}
"""Fields that front ends always write. A job without one of them is still tracked."""


def described(fields: Fields) -> Fields:
    """Replace the test's time by its name in the contract."""
    return {name: "<now>" if value == START else value for name, value in fields.items()}


def job_with(overrides: Fields) -> Job:
    return Job.from_document("job1", job_document(**overrides), START)


def test_names_and_numbers_are_those_of_the_contract() -> None:
    assert list(Status) == CONTRACT["statuses"]
    assert set(CONTRACT["finished"]) == jobs.FINISHED
    assert list(AccountType) == CONTRACT["accountTypes"]
    assert {step.name: step.value for step in Progress} == CONTRACT["progress"]
    assert CONTRACT["maxUsernameLength"] == jobs.MAX_USERNAME_LENGTH
    assert CONTRACT["maxIdLength"] == MAX_ID_LENGTH
    assert CONTRACT["collection"] == JOBS


@pytest.mark.parametrize("field", ["orgId", "projectId", "userId"])
@pytest.mark.parametrize("id_", CONTRACT["ids"]["taken"])
def test_an_odd_id_is_taken_as_the_contract_says(field: str, id_: str) -> None:
    assert getattr(job_with({field: id_}), _attribute(field)) == id_


@pytest.mark.parametrize("field", ["orgId", "projectId", "userId"])
@pytest.mark.parametrize("id_", CONTRACT["ids"]["refused"])
def test_an_odd_id_is_refused_as_the_contract_says(field: str, id_: str) -> None:
    with pytest.raises(InvalidJobError, match=f"^The job's {field} is not a valid id.$|^The job has no {field}.$"):
        job_with({field: id_})


def test_the_fields_that_a_tick_reads_are_those_of_the_contract() -> None:
    assert set(jobs.DOCUMENT_FIELDS) == CONTRACT["fields"].keys()


def test_legal_transitions_are_those_of_the_contract() -> None:
    assert {status: set(to) for status, to in CONTRACT["transitions"].items()} == dict(jobs.TRANSITIONS)


def test_a_new_job_is_what_front_ends_write() -> None:
    given = {"org_id": "<orgId>", "project_id": "<projectId>", "user_id": "<userId>", "username": "<username>"}
    created = jobs.new(**given, platform=PlatformName.TIKTOK, account_type=AccountType.MY, now=START)
    expected = CONTRACT["changes"]["create"] | {"platform": "tiktok", "accountType": "my"}
    assert described(created) == expected


@pytest.mark.parametrize("change", USER_CHANGES)
@pytest.mark.parametrize("status", Status)
def test_user_change_matches_the_contract(change: str, status: Status) -> None:
    """The contract lists the statuses that a change may start from, and the fields that it writes."""
    transition = CONTRACT["userTransitions"][change]
    if status in transition["from"]:
        expected = CONTRACT["changes"][change]
        assert USER_CHANGES[change](status, START).kind == change
        assert described(USER_CHANGES[change](status, START).fields) == expected
        assert expected["status"] == transition["to"]
    else:
        with pytest.raises(ValueError, match="may not"):
            USER_CHANGES[change](status, START)


@pytest.mark.parametrize("platform", PlatformName)
def test_a_claim_says_the_sentence_that_the_panel_leaves_out(platform: PlatformName) -> None:
    sentence = CONTRACT["messages"]["lookingUp"].replace("<platform>", platform.label)
    assert jobs.claim(job(platform=str(platform)).next_attempt(), START, "arn").fields["message"] == sentence


@pytest.mark.parametrize("change", FUNCTION_CHANGES)
def test_function_change_matches_the_contract(change: str) -> None:
    expected = CONTRACT["functionChanges"][change]
    for status in expected["from"]:
        made = FUNCTION_CHANGES[change](Status(status))
        fields = made.fields
        assert made.kind == change
        assert set(fields) | ({"steps"} if made.steps else set()) == set(expected["writes"])
        assert fields.get("status") == expected["to"]
        assert expected["to"] is None or expected["to"] in CONTRACT["transitions"][status]


def test_every_change_of_a_job_is_in_the_contract() -> None:
    changes = {name for name, value in vars(jobs).items() if getattr(value, "__module__", "") == jobs.__name__}
    public = {name for name in changes if name.islower() and not name.startswith("_")} - {"new", "ended_at"}
    assert public == set(CONTRACT["functionChanges"]) | set(CONTRACT["userTransitions"])
    assert public == set(ChangeKind)


def test_contract_fields_of_another_type_are_refused() -> None:
    for name, kind in CONTRACT["fields"].items():
        wrong = 7 if kind.startswith("string") else "text"
        if name in UNREAD:
            assert job_with({name: wrong})
        else:
            with pytest.raises(InvalidJobError, match=f"{name} must be"):
                job_with({name: wrong})


def test_job_holds_every_field_of_the_contract() -> None:
    document = {name: VALUES[kind.rstrip("?")] for name, kind in CONTRACT["fields"].items()}
    document |= {"platform": "tiktok", "accountType": "my", "status": "failed"}
    read = Job.from_document("job1", document, START + timedelta(days=1))
    for name in CONTRACT["fields"].keys() - UNREAD:
        assert getattr(read, _attribute(name)) == document[name]


def test_a_document_without_the_optional_fields_is_a_job() -> None:
    optional = {name for name, kind in CONTRACT["fields"].items() if kind.endswith("?")} | OPTIONAL_FOR_FUNCTIONS
    assert optional.isdisjoint({name for name in job_document() if name not in OPTIONAL_FOR_FUNCTIONS})
    assert job_with(dict.fromkeys(optional)).status is Status.PENDING
    for name in CONTRACT["fields"].keys() - optional:
        with pytest.raises(InvalidJobError):
            job_with({name: None})


def test_steps_are_those_of_the_contract() -> None:
    assert list(jobs.STEPS.values()) == CONTRACT["steps"]["names"]
    assert jobs.STEPS.keys() == set(Progress) - {Progress.CREATED, Progress.VIDEOS_SAVED}
    for progress, name in jobs.STEPS.items():
        assert jobs.advance(START, progress, Sentence("Done.")).steps == {name: START}


@pytest.mark.parametrize("change", CONTRACT["functionChanges"])
def test_a_change_that_says_something_writes_its_code(change: str) -> None:
    writes = CONTRACT["functionChanges"][change]["writes"]
    saying = {"message", "messageCode", "messageParams"}
    assert saying <= set(writes) or saying.isdisjoint(writes)
    assert "error" not in writes or "message" in writes


def test_what_is_counted_is_described_by_the_contract() -> None:
    assert list(RESOURCES) == [name for name in CONTRACT["spent"] if name != "about"]


def test_nothing_is_written_that_the_contract_does_not_know() -> None:
    written = {name for change in CONTRACT["functionChanges"].values() for name in change["writes"]}
    written |= {name for change in CONTRACT["changes"].values() for name in change}
    assert written <= CONTRACT["fields"].keys()


def _attribute(field: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in field)
