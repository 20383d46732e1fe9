"""Our code, held to AWS's own words: the models of its services, and the schemas of its events."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventV2Model,
    EventBridgeModel,
    SnsModel,
    SqsModel,
)
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.stub import Stubber
from pydantic import BaseModel, ValidationError

from local.paths import ROOT
from process import states
from tests.aws_models import CALLS, ModelError, checked, error_codes, operation, problems
from tracking.outcomes import ExecutionStatus

SOURCES = [path for folder in ("layers/common/tracking", "functions") for path in sorted((ROOT / folder).rglob("*.py"))]

# The error codes that our code compares are in the operation's model, or in a list of the documentation.
OF_ALL_SERVICES = {
    # https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
    "AccessDeniedException",
    "ExpiredTokenException",
    "ThrottlingException",
    "UnrecognizedClientException",
    # what the SDK itself counts as throttling
    *ThrottledRetryableChecker._THROTTLED_ERROR_CODES,  # type: ignore[attr-defined]
}
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# A HEAD request has no body, so its errors have the status as their code.
OF_S3 = {
    "403",
    "404",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "NoSuchBucket",
    "PreconditionFailed",
    "SignatureDoesNotMatch",
}
OURS = {"OutOfTime"}  # of the tick, not of AWS


def compared_codes(source: Path) -> set[str]:
    """Return the texts that a module compares with an error's code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith(("code", "['Code']")):
            constants = (one for side in node.comparators for one in ast.walk(side) if isinstance(one, ast.Constant))
            found |= {str(one.value) for one in constants}
    return found


@pytest.mark.parametrize("name", CALLS)
def test_each_code_that_we_compare_is_one_that_aws_gives(name: str) -> None:
    (source,) = (path for path in SOURCES if path.stem == name)
    known = OF_ALL_SERVICES | (OF_S3 if name in ("s3", "bucket") else set()) | OURS
    for service, called in CALLS[name]:
        known |= error_codes(operation(service, called))
    assert compared_codes(source) - known == set()


def test_codes_are_compared_where_the_table_says() -> None:
    """A new module that calls AWS needs a row."""
    built = {name for path in SOURCES for name in re.findall(r'aws_client\("(\w+)"', path.read_text())}
    assert built == {service for calls in CALLS.values() for service, _ in calls}
    importing = {path.stem for path in SOURCES if "botocore.exceptions import" in path.read_text()}
    assert importing == set(CALLS)
    assert compared_codes(ROOT / "layers/common/tracking/staging/s3.py") >= {"NoSuchKey", "PreconditionFailed"}


def test_exceptions_that_we_catch_by_name_are_in_the_models() -> None:
    """`client.exceptions.X` fails only when it is reached, if there is no X."""
    named = {
        node.attr
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("_client.exceptions")
    }
    assert named == {"ExecutionAlreadyExists", "ExecutionDoesNotExist"}
    assert "ExecutionAlreadyExists" in error_codes(operation("stepfunctions", "StartExecution"))
    assert "ExecutionDoesNotExist" in error_codes(operation("stepfunctions", "DescribeExecution"))


def test_status_of_an_execution_is_one_of_the_models() -> None:
    shape: Any = operation("stepfunctions", "DescribeExecution").output_shape
    assert set(shape.members["status"].enum) == set(ExecutionStatus) - {ExecutionStatus.NEVER_STARTED}


DESCRIBED = {"executionArn": "arn", "stateMachineArn": "arn", "status": "RUNNING", "startDate": 0}


def test_response_without_a_required_member_is_refused() -> None:
    with pytest.raises(ModelError, match='Missing required parameter in input: "startDate"'):
        checked(
            operation("stepfunctions", "DescribeExecution"),
            {"executionArn": "a", "stateMachineArn": "b", "status": "c"},
        )


@pytest.mark.parametrize("change", [{"status": 7}, {"unknown": "x"}])
def test_response_with_another_type_or_member_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        checked(operation("stepfunctions", "DescribeExecution"), DESCRIBED | change)


def test_reading_a_member_that_no_response_has_is_refused() -> None:
    response = checked(operation("stepfunctions", "DescribeExecution"), DESCRIBED)
    assert (response["status"], response.get("error"), "cause" in response) == ("RUNNING", None, False)
    for read in (lambda: response["errorCode"], lambda: response.get("reason"), lambda: "errorType" in response):
        with pytest.raises(ModelError, match="no member"):
            read()


def test_calls_of_all_tests_are_held_to_the_models() -> None:
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_response("send_message", {"MessageId": "1"})
        sent: Any = client.send_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/0/q", MessageBody="b")
    with pytest.raises(ModelError):
        sent["Id"]


# Events

EVENTS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "events").glob("*.json"))}
STATUS_CHANGES = sorted(name for name in EVENTS if name.startswith("execution-"))
PUBLISHED = json.loads((ROOT / "tests/schemas/eventbridge.json").read_text())["components"]["schemas"]
TYPES = {"string": str, "integer": int, "array": list, "object": dict}
MODELS: dict[str, type[BaseModel]] = {
    **dict.fromkeys((*STATUS_CHANGES, "tick"), EventBridgeModel),
    "wake": SqsModel,
    "pictures": SqsModel,
    "news": SqsModel,
    **dict.fromkeys(("kick", "webhook-secret", "webhooks-wake", "unsubscribe"), APIGatewayProxyEventV2Model),
    **dict.fromkeys(("ses-bounce", "ses-complaint"), SnsModel),
}


def violations(schema: str, event: Any) -> list[str]:
    """Return the members that are missing or of another type. The published schemas have a depth of one."""
    published = PUBLISHED[schema]
    typed = {name: TYPES[rule["type"]] for name, rule in published["properties"].items() if "type" in rule}
    wrong = [name for name, kind in typed.items() if name in event and not isinstance(event[name], kind)]
    return [name for name in published["required"] if name not in event] + wrong


def status_changes() -> dict[str, Any]:
    """Return the recorded status changes, and those within the queues' messages."""
    queues = ("wake", "pictures", "news")
    bodies = [(name, json.loads(record["body"])) for name in queues for record in EVENTS[name]["Records"]]
    queued = {f"{name} {number}": body for number, (name, body) in enumerate(bodies) if "detail" in body}
    return {name: EVENTS[name] for name in STATUS_CHANGES} | queued


@pytest.mark.parametrize("name", MODELS)
def test_recorded_event_is_one_that_its_service_sends(name: str) -> None:
    """Powertools' models of API Gateway, EventBridge, SNS and SQS events."""
    MODELS[name].model_validate(EVENTS[name])


def test_every_recorded_event_of_aws_has_a_model() -> None:
    """The others are the input of the process function, which the definition makes."""
    ours = {name for name, event in EVENTS.items() if event.get("state") in states.STATES}
    assert set(EVENTS) == set(MODELS) | ours


def test_scheduled_tick_is_as_eventbridge_publishes_it() -> None:
    assert violations("AWSEvent", EVENTS["tick"]) == []
    assert (EVENTS["tick"]["source"], EVENTS["tick"]["detail-type"]) == ("aws.events", "Scheduled Event")


@pytest.mark.parametrize("name", status_changes())
def test_status_change_is_as_eventbridge_publishes_it(name: str) -> None:
    """The envelope and the old members are held to the published schema, all members to DescribeExecution's model.

    The event has what the call returns: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    event = status_changes()[name]
    assert violations("AWSEvent", event) == []
    assert violations("StepFunctionsExecutionStatusChange", event["detail"]) == []
    assert (event["source"], event["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert event["resources"] == [event["detail"]["executionArn"]]
    shape: Any = operation("stepfunctions", "DescribeExecution").output_shape
    told = {key: value for key, value in event["detail"].items() if value is not None}
    told |= {key: datetime.fromtimestamp(told[key] / 1000, UTC) for key in ("startDate", "stopDate")}  # milliseconds
    assert problems(shape, told) == ""
    assert event["detail"]["status"] in shape.members["status"].enum


def test_schema_notices_missing_and_mistyped_members() -> None:
    event = {name: value for name, value in EVENTS["tick"].items() if name != "detail"} | {"account": 7}
    assert violations("AWSEvent", event) == ["detail", "account"]


def test_model_notices_a_missing_member() -> None:
    with pytest.raises(ValidationError):
        SqsModel.model_validate({"Records": [{"body": "{}"}]})
