"""Executions: the request that starts one, and the meaning of a refused start."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from tracking.executions import (
    MemoryExecutions,
    StartRefusedError,
    StartUnknownError,
    StepFunctionsExecutions,
)

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:tracking"


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


PAYLOAD = {"jobId": "job1", "attempt": 1}


def existing(stub: Stubber, described: dict[str, Any]) -> None:
    """Prepare the client's answers: the name is taken by an execution that has the fields `described`."""
    required = {"executionArn": "arn", "stateMachineArn": MACHINE, "status": "SUCCEEDED", "startDate": 0}
    stub.add_client_error("start_execution", "ExecutionAlreadyExists", http_status_code=400)
    stub.add_response("describe_execution", required | described)


def test_an_execution_of_our_own_that_exists_is_started(client: Any) -> None:
    with Stubber(client) as stub:
        existing(stub, {"input": '{"jobId":"job1",  "attempt":1}'})
        StepFunctionsExecutions(client, MACHINE).start("one", PAYLOAD)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("described", [{"input": '{"jobId": "job1", "attempt": 2}'}, {"input": "[]"}, {}])
def test_existing_execution_with_other_input_is_refused(client: Any, described: dict[str, Any]) -> None:
    with Stubber(client) as stub:
        existing(stub, described)
        with pytest.raises(StartRefusedError) as refused:
            StepFunctionsExecutions(client, MACHINE).start("one", PAYLOAD)
    assert (refused.value.code, refused.value.is_temporary) == ("ExecutionAlreadyExists", False)


def test_existing_execution_is_unknown_without_an_answer(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", "ExecutionAlreadyExists", http_status_code=400)
        stub.add_client_error("describe_execution", "ThrottlingException", http_status_code=400)
        with pytest.raises(StartUnknownError):
            StepFunctionsExecutions(client, MACHINE).start("one", PAYLOAD)


REFUSALS = [
    # AWS's code, HTTP status, whether the error is temporary
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


def test_memory_executions_start_a_name_once() -> None:
    executions = MemoryExecutions()
    executions.start("one", {"attempt": 1})
    executions.start("one", {"attempt": 1})
    with pytest.raises(StartRefusedError):
        executions.start("one", {"attempt": 2})
    assert json.dumps(executions.started) == '{"one": {"attempt": 1}}'
