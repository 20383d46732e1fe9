"""Executions: their names, and what a refused start means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from tests.factories import job
from tracking.executions import (
    MemoryExecutions,
    StartRefusedError,
    StartUnknownError,
    StepFunctionsExecutions,
    execution_name,
)

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:tracking"
NAMES = [
    # username, job id, attempt, name
    ("@NASA", "Qk3VbC0cIFXuKbYfRb2h", 1, "instagram-NASA-Qk3VbC0cIFXuKbYfRb2h-1"),
    (" nasa ", "job1", 2, "instagram-nasa-job1-2"),
    ("https://www.instagram.com/nasa/", "job1", 1, "instagram-nasa-job1-1"),
    ("https://www.instagram.com/nasa/?hl=en", "job1", 1, "instagram-nasa-job1-1"),
    ("https://www.instagram.com/nasa#top", "job1", 1, "instagram-nasa-job1-1"),
    ("some.one_else", "job1", 1, "instagram-some-one_else-job1-1"),
    ("🚀🚀", "job1", 1, "instagram--job1-1"),
    ("x" * 100, "job1", 1, f"instagram-{'x' * 63}-job1-1"),
]


@pytest.mark.parametrize(("username", "job_id", "attempt", "name"), NAMES)
def test_a_name_is_readable_in_the_console(username: str, job_id: str, attempt: int, name: str) -> None:
    assert execution_name(job(job_id, username=username), attempt) == name


@pytest.mark.parametrize(
    "username", ["x" * 100, "🚀" * 100, "https://x.com/" + "y" * 80, "///", "?", "a b\tc\x00", "ñandú"]
)
@pytest.mark.parametrize("job_id", ["job1", "y" * 40, "z" * 1500, "../odd id", "🚀"])
@pytest.mark.parametrize("attempt", [1, 999_999])
def test_a_name_is_one_that_step_functions_takes_and_ends_with_id_and_attempt(
    username: str, job_id: str, attempt: int
) -> None:
    name = execution_name(job(job_id, username=username), attempt)
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,80}", name)
    assert re.search(rf"-[0-9A-Za-z_-]{{4,40}}-{attempt}$", name)


def test_names_differ_by_job_and_by_attempt_even_where_the_username_is_cut() -> None:
    long = "x" * 100
    names = {
        execution_name(job(job_id, username=long), attempt)
        for job_id in ("a", "b", "c d", "c-d", "y" * 40, "y" * 41)
        for attempt in (1, 2, 11)
    }
    assert len(names) == 18


@pytest.fixture
def client() -> Any:
    return boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def test_an_executions_arn_is_known_before_it_is_started(client: Any) -> None:
    arn = StepFunctionsExecutions(client, MACHINE).arn("youtube-nasa-job1-1")
    assert arn == "arn:aws:states:us-east-1:000000000000:execution:tracking:youtube-nasa-job1-1"


def test_a_start_sends_name_and_input_the_same_way_each_time(client: Any) -> None:
    sent = {"stateMachineArn": MACHINE, "name": "one", "input": '{"attempt": 1, "jobId": "job1"}'}
    with Stubber(client) as stub:
        for payload in ({"jobId": "job1", "attempt": 1}, {"attempt": 1, "jobId": "job1"}):
            stub.add_response("start_execution", {"executionArn": "arn", "startDate": 0}, sent)
            StepFunctionsExecutions(client, MACHINE).start("one", payload)
        stub.assert_no_pending_responses()


def test_an_execution_that_exists_already_is_started(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", "ExecutionAlreadyExists", http_status_code=400)
        StepFunctionsExecutions(client, MACHINE).start("one", {})
        stub.assert_no_pending_responses()


REFUSALS = [
    # AWS's code, status, whether waiting mends it
    ("ThrottlingException", 400, True),
    ("ExecutionLimitExceeded", 400, True),
    ("TooManyRequestsException", 429, True),
    ("StateMachineDoesNotExist", 400, False),
    ("StateMachineDeleting", 400, False),
    ("AccessDeniedException", 400, False),
    ("InvalidExecutionInput", 400, False),
    ("InvalidName", 400, False),
    ("UnrecognizedClientException", 403, False),
]


@pytest.mark.parametrize(("code", "status", "is_temporary"), REFUSALS)
def test_a_refused_start_says_why(client: Any, code: str, status: int, is_temporary: bool) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", code, http_status_code=status)
        with pytest.raises(StartRefusedError) as refused:
            StepFunctionsExecutions(client, MACHINE).start("one", {})
    assert (refused.value.code, refused.value.is_temporary) == (code, is_temporary)


def test_a_failing_service_leaves_the_outcome_unknown(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", "InternalServerError", http_status_code=500)
        with pytest.raises(StartUnknownError):
            StepFunctionsExecutions(client, MACHINE).start("one", {})


@pytest.mark.parametrize(
    "lost", [lambda: ReadTimeoutError(endpoint_url="x"), lambda: ConnectTimeoutError(endpoint_url="x")]
)
def test_a_lost_reply_leaves_the_outcome_unknown(client: Any, lost: Callable[[], Exception]) -> None:
    def fail(**kwargs: Any) -> None:
        raise lost()

    client.meta.events.register("before-send.sfn.StartExecution", fail)
    with pytest.raises(StartUnknownError):
        StepFunctionsExecutions(client, MACHINE).start("one", {})


def test_the_twin_starts_a_name_once() -> None:
    executions = MemoryExecutions()
    executions.start("one", {"attempt": 1})
    executions.start("one", {"attempt": 2})
    assert json.dumps(executions.started) == '{"one": {"attempt": 1}}'
