"""The places to deploy to: an AWS account with its Firebase project, and the local stack.

Both take the same steps. The local stack lacks some things; it says so in place of the step's result.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import boto3
import httpx
import yaml
from botocore.exceptions import ClientError

from cli import samconfig
from cli.deploy.firestore_indexes import wait_until_ready
from cli.deploy.stages import DeployError, Stage
from local import aws, build, firestore, stack
from local.commands import exit_code, last_lines
from local.paths import BUILD, LOCAL, ROOT, SAM, STACK, clean_environment
from tracking.clock import Clock, SystemClock

_SAM = str(SAM / "bin" / "sam")
_LOGS = LOCAL / "deploy"
_KICK_LIMIT_S = 30.0  # a cold kick may take five seconds, and the gateway gives up after 29
_OF_THE_ACCOUNTS = ("AWS_", "GOOGLE_APPLICATION_", "CLOUDSDK_")


class Place(Protocol):
    """One stage of one account. `bucket` keeps every deployed release; `role` is CloudFormation's, or empty."""

    @property
    def stage(self) -> Stage: ...

    @property
    def bucket(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def poll_s(self) -> float:
        """The seconds between two looks at the stack."""

    @property
    def clock(self) -> Clock: ...

    def client(self, service: str) -> Any:
        """Return the boto3 client of the service."""

    def build(self) -> Path:
        """Build the layer and the functions. Return the built template."""

    def check(self) -> str:
        """Check template.yaml, and say so."""

    def package(self, built: Path, prefix: str) -> dict[str, Any]:
        """Store the code in the bucket, under the prefix. Return the template, which then names the stored code."""

    def prepare_firestore(self) -> str:
        """Deploy rules and indexes, wait until they can be used, and say so."""

    def kick(self, outputs: Mapping[str, str], secret: str) -> int:
        """Send a kick, with the secret if there is one. Return the HTTP status. Raises httpx.HTTPError."""


@dataclass(frozen=True)
class Account:
    """An AWS account and a Firebase project, reached with the credentials of the shell."""

    stage: Stage
    session: boto3.Session
    bucket: str
    role: str
    poll_s: float = 5
    clock: Clock = field(default_factory=SystemClock)

    @classmethod
    def open(cls, stage: Stage) -> Account:
        """Find the bucket and the role in the stack that deploy/bootstrap.yaml made. DeployError without that stack."""
        session = boto3.Session(region_name=stage.region, profile_name=stage.profile or None)
        name = f"bootstrap-{stage.stack_name}"
        made = find_stack(session.client("cloudformation"), name)
        if made is None:
            raise DeployError(
                f"There is no stack {name} in {stage.region} of this AWS account. It keeps the releases and is made"
                " once, from deploy/bootstrap.yaml: see docs/deploy.md. Or the credentials are another account's."
            )
        outputs = outputs_of(made)
        return cls(stage, session, outputs["ArtifactBucketName"], outputs["ExecutionRoleArn"])

    def client(self, service: str) -> Any:
        return self.session.client(service)  # type: ignore[call-overload]

    def build(self) -> Path:
        _run([_SAM, "build", "--parallel", "--template-file", str(ROOT / "template.yaml")], "sam-build")
        return ROOT / ".aws-sam/build/template.yaml"

    def check(self) -> str:
        return _check(self.stage.region)

    def package(self, built: Path, prefix: str) -> dict[str, Any]:
        profile = {"AWS_PROFILE": self.stage.profile} if self.stage.profile else {}
        return _package(built, self.bucket, prefix, _of_the_shell() | profile | {"AWS_REGION": self.stage.region})

    def prepare_firestore(self) -> str:
        script = [str(ROOT / "deploy-firestore.sh"), self.stage.project, "--non-interactive"]
        _run(script, "deploy-firestore", _of_the_shell() | {"FIRESTORE_DATABASE": self.stage.database})
        # This import takes half a second, which no other command needs.
        from google.cloud.firestore_admin_v1 import FirestoreAdminClient

        admin = FirestoreAdminClient()
        count = wait_until_ready(admin, self.stage.project, self.stage.database, self.clock)
        return f"rules deployed, all {count} indexes READY"

    def kick(self, outputs: Mapping[str, str], secret: str) -> int:
        return _kick(outputs["TriggerUrl"], secret, trust_env=True)


@dataclass(frozen=True)
class LocalStack:
    """The local stack, as `make up` starts it."""

    stage: Stage
    state: stack.State
    bucket: str = build.BUCKET
    role: str = ""  # MiniStack checks no rights
    poll_s: float = 0.5
    clock: Clock = field(default_factory=SystemClock)

    @classmethod
    def open(cls) -> LocalStack:
        """Use the running stack. LocalError if none runs."""
        state = stack.running()
        parameters = samconfig.local_parameters(state)
        return cls(Stage(samconfig.LOCAL, aws.STACK_NAME, aws.REGION, parameters), state)

    def client(self, service: str) -> Any:
        return aws.client(service, self.state.aws())

    def build(self) -> Path:
        build.build()
        return build.write_adapted(BUILD / f"{STACK.name}-deploy.yaml", stack.function_variables(self.state))

    def check(self) -> str:
        return _check(self.stage.region)

    def package(self, built: Path, prefix: str) -> dict[str, Any]:
        return _package(built, self.bucket, prefix, aws.client_environment(self.state.aws()))

    def prepare_firestore(self) -> str:
        firestore.load_rules(self.state.firestore())
        return "rules loaded; indexes skipped, as Firestore's emulator makes its own"

    def kick(self, outputs: Mapping[str, str], secret: str) -> int:
        del outputs  # the host in the template's output is one that only browsers can resolve
        return _kick(stack.trigger_url(self.state), secret, trust_env=False)


def find_stack(formation: Any, name: str) -> dict[str, Any] | None:
    """Return the stack as CloudFormation describes it; None if it has nothing yet."""
    try:
        stack: dict[str, Any] = formation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack


def outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _of_the_shell() -> dict[str, str]:
    """Return the variables that say whose accounts are meant. Programs that we start get them nowhere else."""
    return {name: value for name, value in os.environ.items() if name.startswith(_OF_THE_ACCOUNTS)}


def _check(region: str) -> str:
    """Check the template that is in the repository. SAM's own check needs the name of a region."""
    command = [_SAM, "validate", "--lint", "--template-file", str(ROOT / "template.yaml")]
    _run(command, "sam-validate", {"AWS_DEFAULT_REGION": region})
    return "template.yaml is valid"


def _package(built: Path, bucket: str, prefix: str, environment: Mapping[str, str]) -> dict[str, Any]:
    packaged = _LOGS / "packaged.yaml"
    command = [_SAM, "package", "--template-file", str(built), "--output-template-file", str(packaged)]
    command += ["--s3-bucket", bucket, "--s3-prefix", prefix, "--no-progressbar", "--config-env", "none"]
    _run(command, "sam-package", environment)
    return dict(yaml.load(packaged.read_text(), yaml.CSafeLoader))


def _kick(url: str, secret: str, *, trust_env: bool) -> int:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return httpx.post(url, headers=headers, timeout=_KICK_LIMIT_S, trust_env=trust_env).status_code


def _run(command: list[str], name: str, environment: Mapping[str, str] | None = None) -> None:
    log = _LOGS / f"{name}.log"
    if exit_code(command, log, clean_environment() | dict(environment or {})) != 0:
        raise DeployError(f"{' '.join(command[:2])} failed.{last_lines(log, 20)}")
