"""The state machine on a second interpreter: moto runs the definition, and the functions run in this process.

moto's interpreter is LocalStack's, which is compared with recordings of AWS. The trigger starts executions through
boto3, and reconcile gets the event of each that ended badly. The waits of Wait and Retry take no time: they move the
world's clock. moto's own time-outs run on the real clock, so a test of them shortens the definition's.
"""

from __future__ import annotations

import datetime
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cfnlint.decode import cfn_yaml
from moto import mock_aws
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_sfn
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from bench.lambda_context import FakeContext
from local.paths import ROOT
from reconcile.app import handler as reconcile_handler
from tests.harness import lambda_cause
from tests.machine import DEFINITION
from tests.simulated import World
from tracking.errors import TrackingError
from tracking.executions import ALREADY_EXISTS, StepFunctionsExecutions
from tracking.outcomes import ExecutionStatus
from tracking.wiring import ReconcileDeps

ENDS_IN_S = 20.0  # real seconds
ACCOUNT = "123456789012"  # moto's
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:process"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/machine"
UNHAPPY = {ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED}

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""A stand-in for one invocation: it gets the event, and returns the function's output or raises."""


class FunctionError(Exception):
    """The function failed outside of our code. Lambda answers with these payload fields.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        super().__init__(payload)
        self.payload = dict(payload)


def refusal(code: str, status: int = 500) -> ClientError:
    """Return the error of a call to Lambda. `code`: a name in botocore's model of Invoke, or of the SDK itself."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "made by a test"},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "1"},  # type: ignore[typeddict-item]
        },
        "Invoke",
    )


def crash(error_type: str) -> FunctionError:
    return FunctionError({"errorType": error_type, "errorMessage": "RequestId: 1 Error: made by a test"})


@functools.cache
def substitutions() -> dict[str, str]:
    """Return the values that the template puts into the definition, by name."""
    template = cfn_yaml.load(str(ROOT / "template.yaml"))
    machine = next(r for r in template["Resources"].values() if r["Type"] == "AWS::Serverless::StateMachine")
    values = machine["Properties"]["DefinitionSubstitutions"]
    return {name: "aws" if value == {"Ref": "AWS::Partition"} else FUNCTION_ARN for name, value in values.items()}


def substituted(definition: Mapping[str, Any]) -> str:
    text = json.dumps(definition)
    for name, value in substitutions().items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    return text


class InterpretedWorld(World):
    """A world whose executions run on moto. `answers` are tried before the real function: `{state: [answer, ...]}`.

    An answer of None is the real function.
    """

    def __init__(self, client: Any, definition: Mapping[str, Any] = DEFINITION, **options: Any) -> None:
        super().__init__(**options)
        self.client = client
        self.answers: dict[str, list[Answer | Exception | None]] = {}
        self.hand_overs: list[ClientError] = []  # the replies to the next starts by GoOn, before those that succeed
        self.invoked: list[dict[str, Any]] = []  # all events, in order
        self.waited_s: list[float] = []
        made = client.create_state_machine(
            name=f"tracking-{uuid4().hex[:8]}", definition=substituted(definition), roleArn=ROLE_ARN
        )
        self.machine_arn: str = made["stateMachineArn"]
        self.executions = StepFunctionsExecutions(client, self.machine_arn)  # type: ignore[assignment]
        self.has_ended = threading.Event()  # set when an execution ends
        self._reconciled: set[str] = set()
        # Executions run in threads, while a tick runs. Powertools has one set of metrics for all functions of a
        # process; on Lambda each has a process of its own.
        self._one_at_a_time = threading.RLock()

    def tick(self) -> dict[str, Any]:
        with self._one_at_a_time:
            return super().tick()

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        with self._one_at_a_time:
            return super().invoke(event)

    def plan(self, state: str, *answers: Answer | Exception | None) -> None:
        self.answers[state] = [*answers]

    def wait(self, seconds: float) -> None:
        self.waited_s.append(seconds)
        self.clock.advance(seconds)

    def lambda_invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return Lambda's response to one synchronous call. Raises ClientError, as boto3 does."""
        self.invoked.append(event)
        planned = self.answers.get(event["state"])
        answer = planned.pop(0) if planned else None
        metadata = {"HTTPStatusCode": 200, "RequestId": "1"}
        response = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "ResponseMetadata": metadata}
        try:
            if isinstance(answer, Exception):
                raise answer
            output = (answer or self.invoke)(event)
        except TrackingError as error:
            return response | {"FunctionError": "Unhandled", "Payload": json.loads(lambda_cause(error))}
        except FunctionError as error:
            return response | {"FunctionError": "Unhandled", "Payload": error.payload}
        return response | {"Payload": json.loads(json.dumps(output))}

    def start_execution(self, **request: str) -> dict[str, Any]:
        """Start an execution as GoOn asks for it. A start that "exists already" has been made; its reply was lost.

        Step Functions wants the request's names with a capital; moto hands them to boto3 as they are.
        https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
        """
        reply = self.hand_overs.pop(0) if self.hand_overs else None
        if reply is None or reply.response["Error"]["Code"] == ALREADY_EXISTS:
            names = ("StateMachineArn", "Name", "Input")
            self.client.start_execution(**{name[0].lower() + name[1:]: request.pop(name) for name in names})
        assert reply is not None or request == {}
        if reply is not None:
            raise reply
        return {}

    def described(self) -> list[dict[str, Any]]:
        """Return DescribeExecution's answer for each execution, in the order of their starts."""
        listed = self.client.list_executions(stateMachineArn=self.machine_arn)["executions"]
        return [self.client.describe_execution(executionArn=one["executionArn"]) for one in reversed(listed)]

    def ended(self, within_s: float = ENDS_IN_S) -> list[dict[str, Any]]:
        """Wait until no execution runs, and tell reconcile of those that ended badly. Return all of them."""
        deadline = time.monotonic() + within_s
        self.has_ended.clear()
        while self._runs(executions := self.described()):
            is_told = self.has_ended.wait(deadline - time.monotonic())
            assert is_told, f"still running after {within_s} s: {self.invoked[-1:]}"
            self.has_ended.clear()
        for execution in executions:
            if execution["status"] in UNHAPPY and execution["executionArn"] not in self._reconciled:
                self._reconciled.add(execution["executionArn"])
                self.reconcile(execution)
        return executions

    def _runs(self, executions: list[dict[str, Any]]) -> bool:
        """Return whether one of them runs, or one that has ended since they were listed started another."""
        is_running = any(one["status"] == ExecutionStatus.RUNNING for one in executions)
        return is_running or len(self.described()) > len(executions)

    def reconcile(self, execution: Mapping[str, Any]) -> None:
        names = ("executionArn", "stateMachineArn", "name", "status", "input", "error", "cause")
        event = {"detail": {name: execution.get(name) for name in names}}
        reconcile_handler(event, FakeContext(), ReconcileDeps(self.store, self.clock, self.platform))  # type: ignore[arg-type]

    def track(self, platform: str, username: str) -> str:
        """Write a job, tick, and wait for the end of its executions. Return its id."""
        job_id = self.add_job(platform, username)
        self.tick()
        self.ended()
        return job_id

    def states(self, execution: Mapping[str, Any]) -> list[str]:
        """Return the states that the execution entered, in order."""
        history = self.client.get_execution_history(executionArn=execution["executionArn"])["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]


@contextmanager
def interpreter() -> Iterator[Any]:
    """Yield the client of moto's Step Functions, which interprets definitions.

    A definition is parsed once, not at its creation and at each start: that takes longer than a job. Parsed states keep
    nothing of an execution; the iterations of a Map share them.
    """
    parse = functools.cache(AmazonStateLanguageParser.parse)
    with (
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        mock.patch.object(AmazonStateLanguageParser, "parse", parse),
    ):
        # moto answers AWS's own address alone, and `make test` names another one.
        config = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]
        yield boto3.client("stepfunctions", region_name="us-east-1", config=config)


@contextmanager
def driven(world: InterpretedWorld) -> Iterator[InterpretedWorld]:
    """Let moto call the world's function, wait on the world's clock, and start executions at its time."""

    def invoke(parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        assert parameters["FunctionName"] == FUNCTION_ARN
        return world.lambda_invoke(json.loads(parameters["Payload"]))

    def wait(_: WaitFunction, env: Any, wait_seconds: float) -> None:
        world.wait(wait_seconds)

    terminated = BaseExecutionWorkerCommunication.terminated

    def tell_of_the_end(execution: BaseExecutionWorkerCommunication) -> None:
        terminated(execution)
        world.has_ended.set()

    now = SimpleNamespace(now=lambda tz: world.clock.now())
    clock = SimpleNamespace(datetime=now, timezone=datetime.timezone)
    with (
        mock.patch.object(lambda_eval_utils, "_invoke_lambda_function", invoke),
        mock.patch.object(state_task_service_sfn, "boto_client_for", return_value=world),
        mock.patch.object(WaitFunction, "_wait_interval", wait),
        mock.patch.object(retrier_decl, "time", SimpleNamespace(sleep=world.wait)),
        mock.patch.object(models, "datetime", clock),
        mock.patch.object(BaseExecutionWorkerCommunication, "terminated", tell_of_the_end),
    ):
        yield world


def shortened(**seconds: int) -> dict[str, Any]:
    """Return the definition with other time-outs: of states by name, and of the execution as `execution`."""
    changed: dict[str, Any] = json.loads(json.dumps(DEFINITION))
    for name, limit in seconds.items():
        (changed if name == "execution" else changed["States"][name])["TimeoutSeconds"] = limit
    return changed
