"""The stages of samconfig.toml: where each is deployed, and with which parameters of the template."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local import LocalError
from local.paths import ROOT

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
    """Return a stage. LocalError if the file has no such stage, or not all of it."""
    stages = _stages()
    if name not in stages or name == LOCAL:
        known = ", ".join(one for one in stages if one != LOCAL)
        raise LocalError(f"{FILE.name} has no stage {name or 'without a name'}. There are {known}, and {LOCAL}.")
    options = {**_options(stages[name], "global"), **_options(stages[name], "deploy")}
    if not options.get("stack_name") or not options.get("region"):
        raise LocalError(f"{FILE.name} names no stack_name or no region for {name}.")
    return Config(name, options["stack_name"], options["region"], parameters(name), options.get("profile", ""))


def parameters(name: str) -> dict[str, str]:
    """Return the parameters that the file gives to a stage: a list or a text of `Name=value`, as SAM accepts both."""
    given = _options(_stages().get(name, {}), "deploy").get("parameter_overrides", [])
    found = {}
    for pair in shlex.split(given) if isinstance(given, str) else given:
        key, equals, value = str(pair).partition("=")
        if not equals or not key.isalnum():
            raise LocalError(f"{pair!r} in [{name}.deploy.parameters] of {FILE.name} must have the form Name=value.")
        found[key] = value.strip("\"'")
    return found


def _stages() -> dict[str, Any]:
    try:
        config = tomllib.loads(FILE.read_text())
    except tomllib.TOMLDecodeError as error:
        raise LocalError(f"{FILE.name} cannot be read: {error}.") from error
    return {key: entry for key, entry in config.items() if key != "version"}


def _options(stage: Mapping[str, Any], command: str) -> dict[str, Any]:
    return dict(stage.get(command, {}).get("parameters", {}))
