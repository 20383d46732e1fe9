"""Changes of the built template for MiniStack. The real template stays as it is for AWS.

MiniStack's own Python runtime replaces the class name of every exception by `Runtime.HandlerError`. Retry and Catch
would then find no error by its name. A `provided` runtime with AWS's own runtime interface client keeps the names.
"""

from __future__ import annotations

import copy
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
MACHINE = "AWS::Serverless::StateMachine"
HTTP_API = "AWS::ApiGatewayV2::Api"
ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE_ALARM = "AWS::CloudWatch::CompositeAlarm"
NESTED_STACK = "AWS::CloudFormation::Stack"

ADAPTED_DEFINITION = "adapted.asl.json"
"""The file name of the adapted state machine. The file lies beside the adapted template, which refers to it."""

# The version is in every function's code. A new version changes all functions, so MiniStack ends the workers that have
# the old layer loaded.
# LOCAL_PYTHONPATH: the folder of the handlers that tests use instead of ours.
# -S: no site-packages of this machine, only the function, the layer and the packages that Lambda itself provides.
_BOOTSTRAP = """\
#!/bin/sh
# {version}
export PYTHONPATH="$LAMBDA_TASK_ROOT:{layer}:{runtime}"
[ -z "$LOCAL_PYTHONPATH" ] || PYTHONPATH="$PYTHONPATH:$LOCAL_PYTHONPATH"
exec "{python}" -S -m awslambdaric "$_HANDLER"
"""


def adapt(template: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy whose functions run on this machine's processor, with `variables` added to their environment.

    A variable that names a resource (`${PicturesBucket}`) only replaces one of the template's, and `PICTURES_URL` the
    output of the same value, too.
    """
    adapted = copy.deepcopy(dict(template))
    adapted["Resources"] = {k: v for k, v in adapted["Resources"].items() if _is_known(v)}
    # MiniStack gives a number of a mapping to an updated function as a number, and variables must be texts.
    for row in (row for mapping in adapted.get("Mappings", {}).values() for row in mapping.values()):
        row |= {name: str(value) for name, value in row.items()}
    if "PICTURES_URL" in variables and "PicturesUrl" in adapted.get("Outputs", {}):
        adapted["Outputs"]["PicturesUrl"]["Value"] = {"Fn::Sub": variables["PICTURES_URL"]}
    for resource in adapted["Resources"].values():
        properties = resource.setdefault("Properties", {})
        if resource["Type"] == FUNCTION:
            properties |= {"Runtime": "provided.al2023", "Architectures": [architecture()]}
            properties.pop("DeploymentPreference", None)  # MiniStack has no CodeDeploy
            given = properties.setdefault("Environment", {}).setdefault("Variables", {})
            given.update({name: value for name, value in variables.items() if "${" not in value})
            named = {name: {"Fn::Sub": value} for name, value in variables.items() if "${" in value}
            given.update({name: value for name, value in named.items() if name in given})
        elif resource["Type"] == LAYER:
            properties.pop("CompatibleRuntimes", None)
            properties.pop("CompatibleArchitectures", None)
        elif resource["Type"] == MACHINE:
            properties["DefinitionUri"] = ADAPTED_DEFINITION
            # MiniStack limits the places of a function only if it is called without its alias.
            called = {"ProcessFunctionArn": {"Fn::GetAtt": ["ProcessFunction", "Arn"]}}
            properties["DefinitionSubstitutions"] = properties.get("DefinitionSubstitutions", {}) | called
        elif resource["Type"] == HTTP_API and "CorsConfiguration" in properties:
            properties["CorsConfiguration"] = _as_ministack_reads_it(properties["CorsConfiguration"])
    return adapted


def _is_known(resource: Mapping[str, Any]) -> bool:
    """Return whether MiniStack can create the resource.

    It has no composite alarms and no metric math, and nothing here needs an alarm. It has no nested stacks, either:
    ours holds CloudFront, and MiniStack's serves nothing.
    """
    is_math = resource["Type"] == ALARM and "Metrics" in resource["Properties"]
    return resource["Type"] not in (COMPOSITE_ALARM, NESTED_STACK) and not is_math


def _as_ministack_reads_it(cors: Any) -> Any:
    """Change the first letter of each name, as from `AllowOrigins` to `allowOrigins`. `Fn::If` and `Ref` stay.

    The API itself uses these names, and MiniStack looks for them.
    """
    if isinstance(cors, list):
        return [_as_ministack_reads_it(part) for part in cors]
    if not isinstance(cors, dict):
        return cors
    names = {name: name if name in ("Fn::If", "Ref") else name[0].lower() + name[1:] for name in cors}
    return {names[name]: _as_ministack_reads_it(value) for name, value in cors.items()}


def adapt_definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which a throttled state waits as long as on AWS, and everything else waits for a short time.

    On MiniStack the error of a throttled function is `Lambda.Unknown`. The definition retries this error three times,
    which is not enough when many jobs start at once. The platforms on this machine are simulated and quick, so a state
    looks at them each second, and a retry comes after seconds.
    """
    adapted = copy.deepcopy(dict(definition))
    for state in adapted["States"].values():
        if "SecondsPath" in state:
            del state["SecondsPath"]
            state["Seconds"] = 1
        for retrier in state.get("Retry", []):
            if "Lambda.TooManyRequestsException" in retrier["ErrorEquals"]:
                retrier["ErrorEquals"].append("Lambda.Unknown")  # the first retrier that lists an error applies
            elif "MaxDelaySeconds" in retrier:
                retrier |= {"IntervalSeconds": 1, "MaxDelaySeconds": 4}
    return adapted


def architecture() -> str:
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def functions(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the properties of every function by its logical id, without the properties of `Globals`."""
    return {k: v.get("Properties", {}) for k, v in template["Resources"].items() if v["Type"] == FUNCTION}


def write_bootstrap(folder: Path, *, layer: Path, runtime: Path, python: str, version: str) -> None:
    """Write the program that starts the handler into a function's built folder. MiniStack looks for it only there."""
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(_BOOTSTRAP.format(layer=layer / "python", runtime=runtime, python=python, version=version))
    bootstrap.chmod(0o755)
