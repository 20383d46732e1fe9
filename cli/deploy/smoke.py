"""The smoke test after a deployment: does a tick run, and does the kick answer?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from botocore.exceptions import ClientError

from cli.deploy.places import Place
from cli.deploy.stages import DeployError
from local.paths import ROOT

_NO_SECRET = {"ResourceNotFoundException", "AccessDeniedException"}
"""Only who may read all names learns that a secret does not exist: the pipeline's right names `kick-??????`, and no
secret means no such ending. https://github.com/ministackorg/ministack/pull/1737
"""


def smoke_test(place: Place, outputs: Mapping[str, str]) -> str:
    """Run a tick and send a kick. Return a sentence that says what answered. DeployError if one did not."""
    return f"{_tick(place, outputs)}; {_kick(place, outputs)}"


def _tick(place: Place, outputs: Mapping[str, str]) -> str:
    """Run the minute's tick now, as the rule does, on the release that just became live."""
    event = (ROOT / "events/tick.json").read_bytes()
    answer = place.client("lambda").invoke(FunctionName=outputs["TriggerFunctionName"], Payload=event)
    said = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise DeployError(f"The tick fails with {said.get('errorType')}: {said.get('errorMessage')}")
    return f"a tick ran and started {said['started']} jobs"


def _kick(place: Place, outputs: Mapping[str, str]) -> str:
    """Send a kick with its secret. Without a secret only users may kick, and so the kick must refuse us."""
    secret = _kick_secret(place)
    expected = 202 if secret else 401
    try:
        status = place.kick(outputs, secret)
    except httpx.HTTPError as error:
        raise DeployError(f"The kick does not answer: {error or type(error).__name__}") from error
    if status != expected:
        raise DeployError(f"The kick answers {status}, not {expected}: see its log, and docs/operations.md.")
    return "the kick answered 202" if secret else "the kick answered 401, as there is no secret that we may read"


def _kick_secret(place: Place) -> str:
    """Return the kick's secret; empty if it was not created, or is not for us. During a change it holds two values."""
    found: Any = place.client("cloudformation").describe_stack_resource(
        StackName=place.stage.stack_name, LogicalResourceId="KickFunction"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    variables = place.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    manager = place.client("secretsmanager")
    try:
        value = manager.get_secret_value(SecretId=variables["KICK_SECRET"])["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_SECRET:
            return ""
        raise
    return str(value.split()[0]) if value.split() else ""
