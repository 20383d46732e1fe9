"""The stages of samconfig.toml: where each is deployed, and with which parameters of the template."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.paths import ROOT

SAMCONFIG = ROOT / "samconfig.toml"
LOCAL_STAGE = "local"


class DeployError(Exception):
    """The deployment stopped. The message says at what, and what to do."""


@dataclass(frozen=True)
class Stage:
    """One stage. `parameters`: the template's parameters that differ from their defaults."""

    name: str
    stack_name: str
    region: str
    parameters: Mapping[str, str]

    @property
    def project(self) -> str:
        """The Firebase project."""
        return self.parameters["GoogleCloudProject"]

    @property
    def database(self) -> str:
        """The Firestore database."""
        return self.parameters.get("FirestoreDatabase", "(default)")


def read_stage(name: str, file: Path = SAMCONFIG) -> Stage:
    """Return the stage `name`. DeployError when the file has no such stage, or lacks what a deployment needs."""
    config = _read(file)
    if name not in config.keys() - {"default", "version", LOCAL_STAGE}:
        known = sorted(key for key in config if key not in ("default", "version"))
        raise DeployError(f"There is no stage {name!r}: {file.name} has {', '.join(known)}.")
    where = config[name].get("global", {}).get("parameters", {})
    for key in ("stack_name", "region"):
        if not where.get(key):
            raise DeployError(f"{file.name} names no {key} in [{name}.global.parameters].")
    parameters = read_parameters(name, file)
    if not parameters.get("GoogleCloudProject"):
        raise DeployError(
            f'{file.name} names no Firebase project for {name}: add "GoogleCloudProject=YOUR_PROJECT" to the'
            f" parameter_overrides in [{name}.deploy.parameters]."
        )
    return Stage(name, where["stack_name"], where["region"], parameters)


def read_parameters(name: str, file: Path = SAMCONFIG) -> dict[str, str]:
    """Return the template's parameters of a stage, which the file lists as `["MaxRunningJobs=20", ...]`."""
    overrides = _read(file).get(name, {}).get("deploy", {}).get("parameters", {}).get("parameter_overrides", [])
    if not isinstance(overrides, list):
        raise DeployError(f'parameter_overrides in [{name}.deploy.parameters] must be a list: ["Name=value", ...].')
    parameters = {}
    for override in overrides:
        key, equals, value = str(override).partition("=")
        if not equals or not key.isalnum():
            raise DeployError(f"{override!r} in [{name}.deploy.parameters] must have the form Name=value.")
        parameters[key] = value
    return parameters


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{file.name} cannot be read: {error}.") from error
