"""The template as CloudFormation gets it: expanded by SAM's translator, with parameters, conditions and maps applied.

The translator is the one that the SAM CLI brings: https://github.com/aws/serverless-application-model
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfnlint.decode import cfn_yaml

from local.paths import ROOT, SAM

REQUIRED = {"GoogleCloudProject": "a-project", "Stage": "staging"}
"""The parameters that have no default."""

_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform

class NoPolicies:
    def load(self):
        return {}

for line in sys.stdin:
    template, parameters = json.loads(line)
    print(json.dumps(transform(template, parameters, NoPolicies())), flush=True)
"""
PACKAGED = {"CodeUri": "s3://bucket/code", "ContentUri": "s3://bucket/layer", "DefinitionUri": "s3://bucket/machine"}
"""The places to which `sam deploy` uploads code, layer and definition."""
_NOTHING = object()


@dataclass(frozen=True)
class Expanded:
    resources: dict[str, Any]
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, Any]:
        return {name: found["Properties"] for name, found in self.resources.items() if found["Type"] == kind}


@functools.cache
def _template() -> str:
    """Return the template as JSON."""
    return json.dumps(cfn_yaml.load(str(ROOT / "template.yaml")))


def expand(region: str = "eu-west-1", packaged: Mapping[str, str] = PACKAGED, **parameters: str | int) -> Expanded:
    """Expand the template for a region. References to resources stay as they are; all else has its value."""
    template = json.loads(_template())
    for part in (*template["Resources"].values(), *({"Properties": common} for common in template["Globals"].values())):
        properties = part["Properties"]
        properties |= {name: place for name, place in packaged.items() if name in properties}
    given = {name: found.get("Default") for name, found in template["Parameters"].items()}
    values = {name: str(value) for name, value in (given | REQUIRED | parameters).items()}
    context = _Context(_translated(template, values, region), values, region)
    return Expanded(context.all("Resources"), context.all("Outputs"))


def _translated(template: dict[str, Any], values: Mapping[str, str], region: str) -> dict[str, Any]:
    translator = _translator(region)
    assert translator.stdin is not None
    assert translator.stdout is not None
    translator.stdin.write(json.dumps([template, values]) + "\n")
    translator.stdin.flush()
    answer = translator.stdout.readline()
    assert answer, "the translator has ended; its error is above"
    translated: dict[str, Any] = json.loads(answer)
    return translated


@functools.cache
def _translator(region: str) -> subprocess.Popen[str]:
    """Start the translator for a region, until this process ends. Its imports take longer than a translation."""
    command = [str(SAM / "bin" / "python"), "-c", _TRANSLATE]
    environment = os.environ | {"AWS_DEFAULT_REGION": region}
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    atexit.register(started.communicate)
    return started


class _Context:
    def __init__(self, template: dict[str, Any], values: dict[str, str], region: str) -> None:
        self._template = template
        partition, suffix = {"cn": ("aws-cn", "amazonaws.com.cn"), "us-gov": ("aws-us-gov", "amazonaws.com")}.get(
            region.rpartition("-")[0].rpartition("-")[0], ("aws", "amazonaws.com")
        )
        pseudo = {"Partition": partition, "Region": region, "AccountId": "000000000000", "URLSuffix": suffix}
        self._values = values | {f"AWS::{name}": value for name, value in pseudo.items()}

    def all(self, section: str) -> dict[str, Any]:
        entries = self._template[section].items()
        return {name: self.apply(entry) for name, entry in entries if self._holds(entry.get("Condition"))}

    def apply(self, value: Any) -> Any:
        if isinstance(value, list):
            return [applied for part in value if (applied := self.apply(part)) is not _NOTHING]
        if not isinstance(value, dict):
            return value
        name, argument = next(iter(value.items()), ("", None))
        if name in {"Ref", "Fn::If", "Fn::FindInMap", "Fn::Sub"}:
            return self._looked_up(name, argument)
        applied = {name: self.apply(part) for name, part in value.items()}
        return {name: part for name, part in applied.items() if part is not _NOTHING}

    def _looked_up(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return _NOTHING
            case "Ref", _:
                return self._values.get(argument, {"Ref": argument})
            case "Fn::If", [condition, yes, no]:
                return self.apply(yes if self._holds(condition) else no)
            case "Fn::FindInMap", [table, key, field]:
                return self._template["Mappings"][table][self.apply(key)][field]
        if not isinstance(argument, str):
            return {name: argument}
        for known, text in self._values.items():
            argument = argument.replace(f"${{{known}}}", text)
        return {name: argument} if "${" in argument else argument

    def _holds(self, condition: str | None) -> bool:
        return condition is None or self._is_true(self._template["Conditions"][condition])

    def _is_true(self, condition: Any) -> bool:
        match condition:
            case {"Fn::Not": [part]}:
                return not self._is_true(part)
            case {"Fn::And": parts}:
                return all(map(self._is_true, parts))
            case {"Condition": name}:
                return self._holds(name)
            case {"Fn::Equals": [left, right]}:
                return str(self._text(left)) == str(self._text(right))
        raise NotImplementedError(condition)

    def _text(self, value: Any) -> Any:
        """Return a side of a comparison. A list parameter is a text already, so there is nothing to join."""
        return self.apply(value["Fn::Join"][1] if isinstance(value, dict) and "Fn::Join" in value else value)
