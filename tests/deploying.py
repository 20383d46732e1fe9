"""A place to deploy to that lives in memory: the services of AWS, as far as a deployment uses them.

The end-to-end test of a deployment runs the same steps on MiniStack.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from botocore.exceptions import ClientError

from cli.deploy.stages import DeployError, Stage
from tests.doubles import ManualClock

TEMPLATE = {
    "Parameters": {"Release": {"Default": "unnamed"}, "Days": {"Default": "7"}, "TrafficShift": {"Default": "Canary"}},
    "Resources": {"TriggerFunction": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "1"}}},
}


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class _Client:
    def get_paginator(self, operation: str) -> Any:
        """Return a paginator with one page, which is the operation's answer."""
        return SimpleNamespace(paginate=lambda **arguments: [getattr(self, operation)(**arguments)])


class FakeS3(_Client):
    meta = SimpleNamespace(endpoint_url="https://s3.example")
    exceptions = SimpleNamespace(NoSuchKey=KeyError)

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self.objects[f"{Bucket}/{Key}"] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, Delimiter: str) -> dict[str, Any]:  # noqa: N803
        keys = (name.removeprefix(f"{Bucket}/") for name in self.objects)
        return {"Contents": [{"Key": key} for key in keys if Delimiter not in key.removeprefix(Prefix)]}


class FakeCloudFormation(_Client):
    """One stack. `failure`: the reason for which the next execution fails; `refused`: that of the next change set."""

    def __init__(self, s3: FakeS3, clock: ManualClock) -> None:
        self._s3, self._clock = s3, clock
        self.stack: dict[str, Any] | None = None
        self.template: dict[str, Any] = {}
        self.change_sets: dict[str, dict[str, Any]] = {}
        self.executed: list[str] = []
        self.failure = self.refused = ""
        self.events: list[dict[str, Any]] = []

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.stack is None:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        now = {**self.stack}
        if self.stack["StackStatus"] == "UPDATE_IN_PROGRESS" and self.executed:
            self.stack["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE" if self.failure else "UPDATE_COMPLETE"
        return {"Stacks": [now]}

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"StackEvents": self.events}

    def describe_stack_resource(self, **arguments: str) -> dict[str, Any]:
        return {"StackResourceDetail": {"PhysicalResourceId": arguments["LogicalResourceId"]}}

    def get_template(self, *, StackName: str, TemplateStage: str) -> dict[str, Any]:  # noqa: N803
        return {"TemplateBody": yaml.safe_dump(self.template)}

    def create_change_set(self, **arguments: Any) -> dict[str, str]:
        if self.stack is None:
            self.stack = {"StackStatus": "REVIEW_IN_PROGRESS"}
        name = arguments["ChangeSetName"]
        if name in self.change_sets:
            raise refusal("AlreadyExistsException", f"ChangeSet {name} cannot be created: it exists already")
        template = yaml.safe_load(self._s3.objects[arguments["TemplateURL"].removeprefix("https://s3.example/")])
        given = {one["ParameterKey"]: one["ParameterValue"] for one in arguments["Parameters"]}
        values = {key: given.get(key, declared["Default"]) for key, declared in template["Parameters"].items()}
        self.change_sets[name] = {"arguments": arguments, "template": template, "values": values}
        return {"Id": name}

    def describe_change_set(self, *, ChangeSetName: str) -> dict[str, Any]:  # noqa: N803
        made = self.change_sets[ChangeSetName]
        before = {one["ParameterKey"]: one["ParameterValue"] for one in (self.stack or {}).get("Parameters", [])}
        if self.refused:
            return {"Status": "FAILED", "StatusReason": self.refused}
        if before == made["values"] and self.template["Resources"] == made["template"]["Resources"]:
            return {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
        change = {"Action": "Modify", "LogicalResourceId": "TriggerFunction", "ResourceType": "AWS::Lambda::Function"}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in made["values"].items()]
        return {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": change}], "Parameters": parameters}

    def delete_change_set(self, *, ChangeSetName: str) -> None:  # noqa: N803
        del self.change_sets[ChangeSetName]

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        self.stack = None

    def execute_change_set(self, *, ChangeSetName: str) -> None:  # noqa: N803
        made = self.change_sets[ChangeSetName]
        self.executed.append(ChangeSetName)
        if not self.failure:  # else the change set stays, as EXECUTE_FAILED
            self.change_sets.clear()
            self.template = made["template"]
            self.values = made["values"]
        event = {"Timestamp": self._clock.now(), "LogicalResourceId": "TriggerFunction"}
        self.events = [{**event, "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": self.failure}]
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.values.items()]
        outputs = [{"OutputKey": "TriggerFunctionName", "OutputValue": "trigger:live"}]
        outputs += [{"OutputKey": "TriggerUrl", "OutputValue": "https://kick.example/trigger"}]
        self.stack = {"StackStatus": "UPDATE_IN_PROGRESS", "Parameters": parameters, "Outputs": outputs}


class FakeLambda:
    """`answer`: what a tick returns; a failure has an errorType."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"started": 0}

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["FunctionName"] == "trigger:live"
        failed = {"FunctionError": "Unhandled"} if "errorType" in self.answer else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **failed}

    def get_function_configuration(self, **arguments: str) -> dict[str, Any]:
        assert arguments["FunctionName"] == "KickFunction"
        return {"Environment": {"Variables": {"KICK_SECRET": "kick"}}}


class FakeSecrets:
    """`missing`: the error for a secret that does not exist. Only who may read all names learns that it does not."""

    def __init__(self) -> None:
        self.secrets = {"kick": "new old"}
        self.missing = "ResourceNotFoundException"

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        if SecretId not in self.secrets:
            raise refusal(self.missing, "Secrets Manager can't find the specified secret.")
        return {"SecretString": self.secrets[SecretId]}


@dataclass
class FakePlace:
    """A stage in memory. `failing`: the name of the step of the place that fails, such as `build`."""

    folder: Path
    stage: Stage = field(default_factory=lambda: Stage("test", "tracking", "eu-west-1", {"Days": "7"}))
    bucket: str = "releases"
    role: str = "arn:aws:iam::1:role/execution"
    poll_s: float = 0
    code: str = "1"
    failing: str = ""
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.done: list[str] = []
        self.kick_error: Exception | None = None
        self.s3 = FakeS3()
        self.formation = FakeCloudFormation(self.s3, self.clock)
        self.function = FakeLambda()
        self.manager = FakeSecrets()

    def client(self, service: str) -> Any:
        return {
            "s3": self.s3,
            "cloudformation": self.formation,
            "lambda": self.function,
            "secretsmanager": self.manager,
        }[service]

    def build(self) -> Path:
        self.clock.advance(3)
        self._do("build")
        return self.folder / "template.yaml"

    def check(self) -> str:
        self._do("check")
        return "valid"

    def package(self, built: Path, prefix: str) -> dict[str, Any]:
        self._do("package")
        template: dict[str, Any] = json.loads(json.dumps(TEMPLATE))
        template["Resources"]["TriggerFunction"]["Properties"]["Code"] = self.code
        return template

    def prepare_firestore(self) -> str:
        self._do("firestore")
        return "rules and indexes"

    def kick(self, outputs: Mapping[str, str], secret: str) -> int:
        assert outputs["TriggerUrl"]
        if self.kick_error:
            raise self.kick_error
        return 202 if secret == "new" else 401

    def _do(self, step: str) -> None:
        if step == self.failing:
            raise DeployError(f"{step} went wrong.")
        self.done.append(step)
