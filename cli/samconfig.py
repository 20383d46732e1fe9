"""The stages of samconfig.toml: where each is deployed, and with which parameters of the template."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local import LocalError
from local.paths import ROOT
from local.stack import State, deployment_parameters

FILE = ROOT / "samconfig.toml"
LOCAL = "local"
"""The stage of the local stack. Only its parameters are in the file."""


@dataclass(frozen=True, slots=True)
class Config:
    """One stage as the file describes it. `profile`: a profile of the AWS command line, or empty."""

    name: str
    stack_name: str
    region: str
    parameters: Mapping[str, str]
    profile: str = ""


def read(name: str) -> Config:
    """Return a stage: a table of the file with a stack_name and a region. LocalError if there is none of this name."""
    tables = {key: {**_options(table, "global"), **_options(table, "deploy")} for key, table in _tables().items()}
    stages = {key: options for key, options in tables.items() if options.get("stack_name") and options.get("region")}
    if name not in stages:
        known = ", ".join([*stages, LOCAL])
        raise LocalError(f"{FILE.name} has no stage {name} with a stack_name and a region. The stages are {known}.")
    options = stages[name]
    return Config(name, options["stack_name"], options["region"], parameters(name), options.get("profile", ""))


def parameters(name: str) -> dict[str, str]:
    """Return the parameters that the file gives to a stage: a list or a text of `Name=value`, as SAM accepts both."""
    given = _options(_tables().get(name), "deploy").get("parameter_overrides", [])
    found = {}
    for pair in shlex.split(given) if isinstance(given, str) else given:
        key, equals, value = str(pair).partition("=")
        if not equals or not key.isalnum():
            raise LocalError(f"{pair!r} in [{name}.deploy.parameters] of {FILE.name} must have the form Name=value.")
        found[key] = value.strip("\"'")
    return found


def local_parameters(state: State) -> dict[str, str]:
    """Return the parameters of the running local stack: those it cannot do without, and the file's, which win."""
    return deployment_parameters(state) | parameters(LOCAL)


def _tables() -> dict[str, Any]:
    try:
        return tomllib.loads(FILE.read_text())
    except tomllib.TOMLDecodeError as error:
        raise LocalError(f"{FILE.name} cannot be read: {error}.") from error


def _options(table: Any, command: str) -> dict[str, Any]:
    """Return a command's options. `table`: a stage, or the file's `version`."""
    return dict(table.get(command, {}).get("parameters", {})) if isinstance(table, dict) else {}
