"""The steps of a deployment that call other programs for a real account, with stand-ins for these programs."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.deploy import places
from cli.deploy.firestore_indexes import wanted_indexes
from cli.deploy.places import Account
from cli.deploy.stages import DeployError, Stage

PARAMETERS = {"GoogleCloudProject": "acme-staging", "FirestoreDatabase": "tracking-eu"}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account whose npx and sam print their arguments, and the variables that name accounts."""
    script = (
        '#!/usr/bin/env bash\necho "$(basename "$0") $*"\nenv | grep -E "^(AWS|GOOGLE|FIRE|ACME)"\nexit "${CODE:-0}"\n'
    )
    (tmp_path / "bin").mkdir()
    for name in ("npx", "node", "sam"):
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(places, "_SAM", str(tmp_path / "bin/sam"))
    monkeypatch.setattr(places, "_LOGS", tmp_path)
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_PROFILE", "CODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/keys/federation.json")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "another-project")
    stage = Stage("staging", "tracking-staging", "eu-west-1", PARAMETERS)
    return Account(stage, boto3.Session(region_name="eu-west-1"), "versions", "arn:aws:iam::1:role/execution")


def log(tmp_path: Path, name: str) -> list[str]:
    return (tmp_path / f"{name}.log").read_text().splitlines()


def ready(parent: str) -> list[Any]:
    """Return all indexes of the file, as Google's client does."""
    database, _, collection = parent.rpartition("/")
    assert database == "projects/acme-staging/databases/tracking-eu/collectionGroups"
    return [
        SimpleNamespace(
            state=SimpleNamespace(name="READY"),
            fields=[SimpleNamespace(field_path=path, order=SimpleNamespace(name=order)) for path, order in fields],
        )
        for of_collection, fields in wanted_indexes()
        if of_collection == collection
    ]


def test_firestore_of_the_stage_is_deployed(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "google.cloud.firestore_admin_v1.FirestoreAdminClient", lambda: SimpleNamespace(list_indexes=ready)
    )
    assert account.prepare_firestore() == f"rules deployed, all {len(wanted_indexes())} indexes READY"
    command, *environment = log(tmp_path, "deploy-firestore")
    assert " deploy --only firestore --project acme-staging --config ./firebase." in command
    assert command.endswith(" --non-interactive")
    assert "GOOGLE_APPLICATION_CREDENTIALS=/keys/federation.json" in environment
    assert not any(line.startswith("GOOGLE_CLOUD_PROJECT") for line in environment)


def test_failed_deployment_of_firestore_shows_what_was_said(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "2")
    with pytest.raises(DeployError, match=r"(?s)deploy-firestore\.sh acme-staging failed\. The end of .*npx --yes"):
        account.prepare_firestore()


def test_build_and_check_do_not_see_the_account(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme")
    account.build()
    account.check()
    assert log(tmp_path, "sam-build")[0].startswith("sam build ")
    assert not any("acme" in line for name in ("sam-build", "sam-validate") for line in log(tmp_path, name))


def test_package_goes_to_the_bucket_of_the_account(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme")
    (tmp_path / "packaged.yaml").write_text("Resources: {}\n")
    assert account.package(Path("built.yaml"), "staging/code") == {"Resources": {}}
    command, *environment = log(tmp_path, "sam-package")
    assert "--s3-bucket versions --s3-prefix staging/code" in command
    assert {"AWS_PROFILE=acme", "AWS_REGION=eu-west-1"} <= set(environment)
