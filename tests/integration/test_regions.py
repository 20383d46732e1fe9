"""CloudFormation may refuse a template with a resource type that the region does not know, whatever its conditions are.

AWS lists the types of each region, and cfn-lint brings these lists. `make nightly` lets cfn-lint itself check the
templates in all regions, which takes much longer: https://github.com/aws-cloudformation/cfn-lint
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from cfnlint.decode import cfn_yaml
from cfnlint.helpers import REGIONS

from local.paths import ROOT
from tests.expanded import expand

LISTS = Path(cfnlint.__file__).parent / "data/schemas/providers"
COPIED = "us-east-1"
"""The region whose list cfn-lint gives to regions for which AWS publishes none."""
DEPLOY = (ROOT / "docs/deploy.md").read_text()


def load(name: str) -> Any:
    return cfn_yaml.load(str(ROOT / name))


def types(resources: dict[str, Any]) -> set[str]:
    return {resource["Type"] for resource in resources.values()}


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The types that each region knows. Regions without a list of their own are left out."""
    found = {path.stem: set(json.loads(path.read_text())) for path in LISTS.glob("*-*.json")}
    return {region: listed for region, listed in found.items() if region == COPIED or listed != found[COPIED]}


def test_regions_without_a_list_are_named_in_the_docs(known: dict[str, set[str]]) -> None:
    """The promise to run everywhere ends there."""
    (sentence,) = re.findall(r"Nobody has looked at ([^.]+)\.", DEPLOY)
    assert set(re.findall(r"`([^`]+)`", sentence)) == set(REGIONS) - known.keys()


def test_every_region_knows_the_types_of_a_stage(known: dict[str, set[str]]) -> None:
    """All that the templates name, whatever its condition, and all that SAM makes of it."""
    named = types(load("template.yaml")["Resources"]) | types(load("deploy/bootstrap.yaml")["Resources"])
    wanted = {kind for kind in named if not kind.startswith("AWS::Serverless::")}
    key, sender = "arn:aws:kms:eu-west-1:000000000000:key/k", "news@acme.example"
    wanted |= types(expand(SecretsKmsKeyArn=key, Pictures="on", News="on", MailFrom=sender).resources)
    lacking = {region: wanted - listed for region, listed in known.items()}
    assert {region: missing for region, missing in lacking.items() if missing} == {}


def test_regions_without_pictures_are_named_in_the_docs(known: dict[str, set[str]]) -> None:
    """They do not know the types of the nested stack."""
    (sentence,) = re.findall(r"CloudFormation cannot make it in ([^.]+)\.", DEPLOY)
    nested = types(load("deploy/pictures.yaml")["Resources"])
    lacking = {region for region, listed in known.items() if not nested <= listed}
    assert set(re.findall(r"`([^`]+)`", sentence)) == lacking


def test_regions_without_mail_by_ses_are_named_in_the_docs(known: dict[str, set[str]]) -> None:
    (sentence,) = re.findall(r"SES's types in (.+?)\. There take", DEPLOY, re.S)
    nested = types(load("deploy/mail.yaml")["Resources"])
    lacking = {region for region, listed in known.items() if not nested <= listed}
    assert set(re.findall(r"`([^`]+)`", sentence)) == lacking


def test_budget_command_fits_its_template_and_region(known: dict[str, set[str]]) -> None:
    (command,) = re.findall(
        r"^aws cloudformation deploy --template-file deploy/budget.yaml(.*?)```", DEPLOY, re.M | re.S
    )
    budget = load("deploy/budget.yaml")
    assert set(re.findall(r"(\w+)=", command)) == budget["Parameters"].keys()
    (region,) = re.findall(r"--region (\S+)", command)
    assert types(budget["Resources"]) <= known[region]
    assert any(not types(budget["Resources"]) <= listed for listed in known.values()), "it could be in template.yaml"
