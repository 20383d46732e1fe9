"""A stage: the values of its parameters, and the settings that the functions get from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import samconfig
from cli.doctor import stage
from cli.doctor.stage import Stage, read_stage
from local import LocalError
from tracking.platform_contract import CREDENTIALS

TEMPLATE: dict[str, Any] = yaml.load(
    """
Parameters:
  Project: {Type: String}
  Places: {Type: Number, Default: 10}
  Reserved: {Type: Number, Default: 0}
  Secret: {Type: String, Default: ""}
  Origins: {Type: CommaDelimitedList, Default: ""}
Mappings:
  Limits:
    "10": {Jobs: 3}
    "50": {Jobs: 15}
Conditions:
  HasSecret: !Not [!Equals [!Ref Secret, ""]]
  Reserves: !Not [!Equals [!Ref Reserved, 0]]
  HasOrigins: !Not [!Equals [!Join ["", !Ref Origins], ""]]
  Both: !And [!Condition HasSecret, !Condition Reserves]
  Either: !Or [!Condition HasSecret, !Condition Reserves]
Resources:
  Function:
    Properties:
      ReservedConcurrentExecutions: !If [Reserves, !Ref Reserved, !Ref AWS::NoValue]
      Environment:
        Variables:
          PROJECT: !Ref Project
          JOBS: !FindInMap [Limits, !Ref Places, Jobs]
          SECRET: !If [HasSecret, !Ref Secret, !Sub "${AWS::StackName}/key"]
          BUCKET: !Ref Bucket
          ARN: !GetAtt Bucket.Arn
          BOTH: !If [Both, both, not both]
          EITHER: !If [Either, either, neither]
          ORIGINS: !If [HasOrigins, !Join ["|", !Ref Origins], none]
""",
    stage._Loader,
)
CONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "of-developers"
region = "eu-west-1"
[prod.global.parameters]
stack_name = "account-tracking"
[prod.deploy.parameters]
region = "eu-north-1"
profile = "operator"
parameter_overrides = "Project=p-1 Secret='my key'"
[listed.deploy.parameters]
stack_name = "s"
region = "us-west-2"
parameter_overrides = ["Project=p-2", "Places=50"]
[odd.deploy.parameters]
stack_name = "s"
"""


@pytest.fixture(autouse=True)
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text(CONFIG)
    monkeypatch.setattr(samconfig, "FILE", config)


def made(**given: str) -> Stage:
    return Stage("prod", "account-tracking", "eu-north-1", given, template=TEMPLATE)


def test_a_stage_is_read_from_samconfig() -> None:
    found = replace(read_stage("prod"), template=TEMPLATE)
    assert (found.stack_name, found.region, found.profile) == ("account-tracking", "eu-north-1", "operator")
    assert found.given == {"Project": "p-1", "Secret": "my key"}
    assert read_stage("listed").given == {"Project": "p-2", "Places": "50"}
    assert read_stage("default").given == {}


@pytest.mark.parametrize("name", ["prd", "odd", "version"])
def test_an_unknown_or_unfinished_stage_is_one_sentence(name: str) -> None:
    with pytest.raises(LocalError, match=rf"no stage {name} with .*\. The stages are default, prod, listed, local\."):
        read_stage(name)


def test_values_come_from_samconfig_and_template() -> None:
    found = made(Project="p-1", Reserved="2")
    assert found.parameters == {"Project": "p-1", "Places": "10", "Reserved": "2", "Secret": "", "Origins": ""}
    assert (made().missing, made(Project="p").missing) == (["Project"], [])
    assert made(Projekt="p").misspelt == ["Projekt"]


def test_expressions_of_the_template_are_evaluated() -> None:
    assert made(Project="p-1")._environment("Function") == {
        "PROJECT": "p-1",
        "JOBS": "3",
        "SECRET": "account-tracking/key",
        "BUCKET": "${Bucket}",
        "ARN": "${known after the deployment}",
        "BOTH": "not both",
        "EITHER": "neither",
        "ORIGINS": "none",
    }
    changed = made(Project="p-1", Places="50", Secret="k", Reserved="5", Origins="https://a,https://b")
    environment = changed._environment("Function")
    assert (environment["JOBS"], environment["SECRET"], environment["BOTH"]) == ("15", "k", "both")
    assert environment["ORIGINS"] == "https://a|https://b"
    assert (changed.reserved_places, made().reserved_places) == (5, 0)


def test_settings_of_the_real_template_can_be_read() -> None:
    """The functions would start with these settings."""
    required = [name for name, entry in stage.read_template()["Parameters"].items() if "Default" not in entry]
    found = Stage("prod", "account-tracking", "eu-north-1", dict.fromkeys(required, "p-1"))
    assert (found.missing, found.misspelt) == ([], [])
    assert found.process.google_cloud_project == found.trigger.google_cloud_project == "p-1"
    assert all(found.process.key_secret(name) for name in CREDENTIALS)
    assert found.trigger.max_running_per_credential > 0
    assert found.kick_secret


def test_outputs_whose_condition_does_not_hold_are_not_expected() -> None:
    off = Stage("prod", "account-tracking", "eu-north-1", {})
    on = Stage("prod", "account-tracking", "eu-north-1", {"Pictures": "on"})
    assert "TriggerUrl" in off.outputs
    assert on.outputs - off.outputs == {"PicturesUrl", "PicturesRoleName"}
