"""A stage: what samconfig.toml, template.yaml and the deployed stack say about it.

A parameter's value is the one of samconfig.toml, otherwise the template's default, as for `make deploy`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import yaml

from cli import samconfig
from cli.samconfig import LOCAL
from local import LocalError
from local.paths import ROOT
from tracking.settings import ProcessSettings, TriggerSettings


class _Loader(yaml.SafeLoader):
    """A safe loader that also reads CloudFormation's short forms."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def read_template() -> dict[str, Any]:
    """Return template.yaml with its short forms written out: `!Ref X` is {"Ref": "X"}, `!Sub` is {"Fn::Sub": ...}."""
    parsed: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a safe loader
    return parsed


@dataclass(frozen=True, slots=True)
class Stack:
    """The deployed stack, as CloudFormation describes it."""

    status: str
    since: datetime  # of the last deployment
    outputs: Mapping[str, str]
    trigger_url: str
    """The address of `POST /trigger`: the output, except on the local stack, whose output only browsers can resolve."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    stack_name: str
    region: str
    given: Mapping[str, str] = field(default_factory=dict)  # the parameters in samconfig.toml
    profile: str = ""
    stack: Stack | None = None
    template: Mapping[str, Any] = field(default_factory=read_template, repr=False)

    @property
    def is_local(self) -> bool:
        return self.name == LOCAL

    @property
    def parameters(self) -> dict[str, str]:
        """Return the value of each parameter that has one."""
        known = self.template["Parameters"]
        defaults = {name: _text(entry["Default"]) for name, entry in known.items() if "Default" in entry}
        return {name: value for name, value in {**defaults, **self.given}.items() if name in known}

    @property
    def missing(self) -> list[str]:
        return sorted(self.template["Parameters"].keys() - self.parameters.keys())

    @property
    def misspelt(self) -> list[str]:
        return sorted(self.given.keys() - self.template["Parameters"].keys())

    @property
    def process(self) -> ProcessSettings:
        """Return the settings that the process function gets. Raises SettingsError."""
        return ProcessSettings.from_environment(self._environment("ProcessFunction"))

    @property
    def trigger(self) -> TriggerSettings:
        """Return the settings that the trigger gets. Raises SettingsError."""
        return TriggerSettings.from_environment(self._environment("TriggerFunction"))

    @property
    def kick_secret(self) -> str:
        return self._environment("KickFunction")["KICK_SECRET"]

    @property
    def signing_secret(self) -> str:
        """Return the name of the secret that signs webhooks, or "" if they are off."""
        is_on = self._holds({"Condition": "HasNews"})
        return self._environment("NotifyFunction")["SIGNING_SECRET"] if is_on else ""

    @property
    def reserved_places(self) -> int:
        """Return the sum of the places that the template reserves for its functions."""
        of_resources = (resource.get("Properties", {}) for resource in self.template["Resources"].values())
        places = (self._value(properties.get("ReservedConcurrentExecutions")) for properties in of_resources)
        return sum(map(int, filter(None, places)))

    @property
    def outputs(self) -> set[str]:
        """Return the names of the outputs that a stack with these parameters has."""
        outputs = self.template["Outputs"].items()
        return {name for name, output in outputs if "Condition" not in output or self._holds(output)}

    def _environment(self, function: str) -> dict[str, str]:
        variables = self.template["Resources"][function]["Properties"]["Environment"]["Variables"]
        return {name: self._value(value) for name, value in variables.items()}

    def _value(self, node: Any) -> str:
        """Evaluate an expression of the template. What only the deployment knows becomes its name, as `${Bucket}`.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
        """
        match node:
            case {"Ref": "AWS::NoValue"} | None:
                return ""
            case {"Ref": name}:
                return self._named(name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:.]+)\}", lambda found: self._named(found[1]), text)
            case {"Fn::If": [condition, then, otherwise]}:
                return self._value(then if self._holds({"Condition": condition}) else otherwise)
            case {"Fn::FindInMap": [table, row, column]}:
                return _text(self.template["Mappings"][table][self._value(row)][self._value(column)])
            case {"Fn::Join": [separator, list(parts)]}:
                return str(separator).join(map(self._value, parts))
            case {"Fn::Join": [separator, a_list]}:
                return self._value(a_list).replace(",", separator)
            case dict() | list():
                return "${known after the deployment}"
        return _text(node)

    def _named(self, name: str) -> str:
        known = {"AWS::Region": self.region, "AWS::StackName": self.stack_name} | self.parameters
        return known.get(name, f"${{{name}}}")

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": str(name)}:  # an output or a resource has it among other keys
                return self._holds(self.template["Conditions"][name])
            case {"Fn::Equals": [one, other]}:
                return self._value(one) == self._value(other)
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": list(parts)}:
                return all(map(self._holds, parts))
            case {"Fn::Or": list(parts)}:
                return any(map(self._holds, parts))
        raise LocalError("template.yaml has a condition that `tracking doctor` cannot read.")


def read_stage(name: str) -> Stage:
    """Read a stage from samconfig.toml. LocalError if it is not there."""
    config = samconfig.read(name)
    return Stage(name, config.stack_name, config.region, config.parameters, config.profile)


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
