"""Fixtures: the template and the state machine, parsed from the repository's files, and S3 (moto)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from cfnlint.decode import cfn_yaml
from moto import mock_aws

from local.paths import ROOT


@pytest.fixture(scope="session")
def template() -> Any:
    """The template with its short forms (`!Ref`, `!GetAtt`, `!Sub`) written out."""
    return cfn_yaml.load(str(ROOT / "template.yaml"))


@pytest.fixture(scope="session")
def definition() -> Any:
    """The state machine before substitution."""
    return json.loads((ROOT / "statemachine/tracking.asl.json").read_text())


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto's S3, with an empty bucket for staging and one for pictures."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        for bucket in ("staging", "pictures"):
            client.create_bucket(Bucket=bucket)
        yield client
