"""Fixtures: the template and the state machine, parsed from the repository's files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT


@pytest.fixture(scope="session")
def template() -> Any:
    """The template with its short forms (`!Ref`, `!GetAtt`, `!Sub`) written out."""
    return cfn_yaml.load(str(ROOT / "template.yaml"))


@pytest.fixture(scope="session")
def definition() -> Any:
    """The state machine before substitution."""
    return json.loads((ROOT / "statemachine/tracking.asl.json").read_text())
