"""The template and the state machine, parsed as they stand in the repository."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT


@pytest.fixture(scope="session")
def template() -> Any:
    """Short forms (`!Ref`, `!GetAtt`, `!Sub`) are written out."""
    return cfn_yaml.load(str(ROOT / "template.yaml"))


@pytest.fixture(scope="session")
def definition() -> Any:
    """The state machine before substitution."""
    return json.loads((ROOT / "statemachine/tracking.asl.json").read_text())
