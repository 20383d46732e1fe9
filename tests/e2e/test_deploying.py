"""`make deploy STAGE=local` and `make rollback STAGE=local`: the steps on MiniStack and Firestore's emulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from cfnlint.decode import cfn_yaml

from cli.deploy import releases, steps
from cli.deploy.places import Account, LocalStack
from cli.deploy.stages import DeployError, Stage
from local import aws
from local.paths import ROOT
from tests.e2e.running import RunningStack

IAM_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction", "s3:ListObjectsV2": "s3:ListBucket"}
"""The actions that have another name than their operation."""
OF_SAM = {"s3:AbortMultipartUpload"}
"""The actions that `sam package` needs beside those below, for large files."""


@dataclass(frozen=True)
class Rehearsal(LocalStack):
    """The local stack, with a trigger that cannot start if `is_broken`. The first deployment checked the template."""

    is_broken: bool = False

    def build(self) -> Path:
        built = super().build()
        if self.is_broken:
            template = yaml.safe_load(built.read_text())
            template["Resources"]["TriggerFunction"]["Properties"]["Handler"] = "trigger.nothing.handler"
            built.write_text(yaml.safe_dump(template))
        return built

    def check(self) -> str:
        return "as before"

    def with_parameters(self, **parameters: str) -> Rehearsal:
        stage = replace(self.stage, parameters={**self.stage.parameters, **parameters})
        return replace(self, stage=stage)


class Calls:
    """The actions of IAM that the calls to AWS need."""

    def __init__(self, place: LocalStack) -> None:
        self.actions: set[str] = set()
        self._clients = [place.client(name) for name in ("cloudformation", "s3", "lambda", "secretsmanager")]

    def __enter__(self) -> Calls:
        for client in self._clients:
            client.meta.events.register("before-call", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.meta.events.unregister("before-call", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        called = f"{model.service_model.service_name}:{model.name}"
        self.actions.add(IAM_ACTIONS.get(called, called))


def quiet(step: str, result: str) -> None:
    print(f"{step:<12}{result}")


def yes(question: str) -> bool:
    return True


def days_kept(place: LocalStack) -> str:
    name = aws.physical_name(place.state.aws(), "CleanupFunction")
    variables = place.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    return str(variables["KEEP_FINISHED_DAYS"])


def live_id(place: LocalStack) -> str:
    release = releases.live(place)
    assert release is not None
    return release.id


@pytest.fixture(scope="module")
def place(running: RunningStack) -> Iterator[Rehearsal]:
    """The stack with a first release, which also is live at the end: other tests use this stack."""
    first = LocalStack.open()
    steps.deploy(first, quiet, yes)
    place = Rehearsal(first.stage, first.state)
    first_id = live_id(place)
    yield place
    if live_id(place) != first_id:
        steps.roll_back(place, first_id, quiet, yes)


def test_pipelines_rights_are_those_of_a_deployment_and_rollback(place: Rehearsal) -> None:
    """Each call of a deployment, an unwanted change, an unknown release and a way back is allowed; nothing else is."""
    days = days_kept(place)
    with Calls(place) as calls:
        steps.deploy(place.with_parameters(KeepFinishedDays="11"), quiet, yes)
        assert days_kept(place) == "11" != days
        with pytest.raises(DeployError, match="Nothing was changed"):
            steps.deploy(place.with_parameters(KeepFinishedDays="13"), quiet, lambda question: False)
        with pytest.raises(DeployError, match="There is no release v0"):
            steps.roll_back(place, "v0", quiet, yes)
        assert days_kept(place) == "11"
        steps.roll_back(place, "", quiet, yes)
        assert days_kept(place) == days
    role = cfn_yaml.load(str(ROOT / "deploy/bootstrap.yaml"))["Resources"]["DeployRole"]["Properties"]
    given = granted(role)
    after_failures = {"cloudformation:DescribeStackEvents", "cloudformation:DeleteStack"}
    assert calls.actions - given == set()
    assert given - calls.actions == after_failures | OF_SAM | {"iam:PassRole"}


def test_rollback_mends_a_version_that_fails_its_smoke_test(place: Rehearsal) -> None:
    before = live_id(place)
    with pytest.raises(DeployError, match=r"smoke test: The tick fails with .* `make rollback STAGE=local` goes back"):
        steps.deploy(replace(place, is_broken=True), quiet, yes)
    assert live_id(place) != before
    steps.roll_back(place, "", quiet, yes)
    assert live_id(place) == before


def granted(role: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            action = statement["Action"]
            found |= {action} if isinstance(action, str) else {*action}
    return found


def test_account_finds_what_the_bootstrap_made(running: RunningStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real bootstrap, on MiniStack. Without it, the sentence says what is missing."""
    for name, value in aws.client_environment(running.state.aws()).items():
        monkeypatch.setenv(name, value)
    stage = Stage("other", f"other-{uuid4().hex[:8]}", aws.REGION, {"GoogleCloudProject": "acme-other"})
    name = f"bootstrap-{stage.stack_name}"
    with pytest.raises(DeployError, match=f"There is no stack {name} in {aws.REGION}"):
        Account.open(stage)
    formation = aws.client("cloudformation", running.state.aws())
    given = {"StackName": stage.stack_name, "Stage": stage.name, "Repository": "acme/tracking"}
    given |= {"OidcProvider": "exists"}  # MiniStack has no resource of this type
    formation.create_stack(
        StackName=name,
        TemplateBody=(ROOT / "deploy/bootstrap.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    formation.get_waiter("stack_create_complete").wait(StackName=name)
    account = Account.open(stage)
    versioning = account.client("s3").get_bucket_versioning(Bucket=account.bucket)
    assert versioning["Status"] == "Enabled"
    assert f":role/{name}-ExecutionRole-" in account.role
