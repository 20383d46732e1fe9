"""The workflows that deploy: who starts them, with which rights, in which order."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from local.paths import ROOT

WORKFLOWS = ROOT / ".github/workflows"
DEPLOY, STAGE = WORKFLOWS / "deploy.yml", WORKFLOWS / "deploy-stage.yml"
VARIABLES = {"AWS_ROLE", "AWS_REGION", "GOOGLE_PROVIDER", "GOOGLE_ACCOUNT"}


def load(path: Any) -> Any:
    """Return the workflow. YAML 1.1 reads the key `on` as true."""
    found = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in found.items()}


JOBS = load(DEPLOY)["jobs"]
(JOB,) = load(STAGE)["jobs"].values()
PUBLISH = WORKFLOWS / "publish-web.yml"
(PUBLISHING,) = load(PUBLISH)["jobs"].values()


def test_only_pushes_that_passed_ci_deploy() -> None:
    assert load(DEPLOY)["on"]["workflow_run"] == {"workflows": ["ci"], "types": ["completed"], "branches": ["main"]}
    condition = JOBS["staging"]["if"]
    assert "workflow_run.conclusion == 'success'" in condition
    assert "workflow_run.event == 'push'" in condition
    assert load(WORKFLOWS / "ci.yml")["name"] == "ci"


def test_production_follows_staging_with_the_same_commit() -> None:
    assert JOBS["prod"]["needs"] == "staging"
    assert "if" not in JOBS["prod"], "a condition of its own could run it after a failure"
    assert JOBS["prod"]["with"] == JOBS["staging"]["with"] | {"stage": "prod"}
    assert JOBS["prod"]["with"]["commit"] == "${{ github.event.workflow_run.head_sha }}"


def test_each_stage_has_its_environment_and_its_turn() -> None:
    assert JOB["environment"] == "${{ inputs.stage }}"
    assert JOB["concurrency"] == {"group": "deploy-${{ inputs.stage }}", "cancel-in-progress": False}
    assert {job["with"]["stage"] for job in JOBS.values()} == {"staging", "prod", "${{ inputs.stage }}"}
    assert {"staging", "prod"} <= tomllib.loads((ROOT / "samconfig.toml").read_text()).keys()


def test_environments_can_only_read_the_code_and_ask_for_tokens() -> None:
    rights = {"contents": "read", "id-token": "write"}
    assert [load(path)["permissions"] for path in (DEPLOY, STAGE)] == [{}, {}]
    assert [job["permissions"] for job in (*JOBS.values(), JOB)] == [rights] * 4


@pytest.mark.parametrize("path", [DEPLOY, STAGE, PUBLISH], ids=lambda path: path.name)
def test_no_secret_is_stored(path: Any) -> None:
    assert "secrets" not in path.read_text()


def test_accounts_come_from_the_environments_variables() -> None:
    text = STAGE.read_text()
    assert set(re.findall(r"\bvars\.(\w+)", text)) == VARIABLES
    assert all(name in (ROOT / "docs/deploy.md").read_text() for name in VARIABLES)


@pytest.mark.parametrize(("path", "at_least"), [(STAGE, 5), (PUBLISH, 2)], ids=["deploy", "publish"])
def test_actions_are_pinned_by_commit_and_name_their_version(path: Any, at_least: int) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    assert len(used) >= at_least
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", one)] == []


def test_commands_take_their_inputs_from_the_environment() -> None:
    """An expression inside a command would run whatever its value holds."""
    commands = [step["run"] for step in JOB["steps"] if "run" in step]
    assert commands == ['make "$TARGET" STAGE="$STAGE" YES=1 ONLY_NEWER=1']
    assert {job["with"]["target"] for job in JOBS.values()} == {"deploy", "rollback"}


def test_older_commit_is_refused_by_the_whole_history() -> None:
    (checkout,) = (step["with"] for step in JOB["steps"] if "actions/checkout" in step.get("uses", ""))
    assert checkout["fetch-depth"] == 0
    recipe = (ROOT / "Makefile").read_text().split("\ndeploy:")[1].split("\n\n")[0]
    assert "$(if $(ONLY_NEWER),--only-newer)" in recipe


def test_session_outlives_the_job() -> None:
    (aws,) = (step["with"] for step in JOB["steps"] if "configure-aws-credentials" in step.get("uses", ""))
    assert aws["role-duration-seconds"] >= JOB["timeout-minutes"] * 60
    assert f"MaxSessionDuration: {aws['role-duration-seconds']}" in (ROOT / "deploy/bootstrap.yaml").read_text()


def test_package_is_published_for_tags_alone_and_with_provenance() -> None:
    assert load(PUBLISH)["on"] == {"push": {"tags": ["web-v*"]}}
    assert PUBLISHING["if"] == "vars.PUBLISHES == 'true'"
    assert load(PUBLISH)["permissions"] == {}
    assert PUBLISHING["permissions"] == {"contents": "read", "id-token": "write"}
    commands = [step["run"] for step in PUBLISHING["steps"] if "run" in step]
    assert commands[-1] == "npm publish --provenance --access public"
    checks = ["npm run lint", "npm run typecheck", "npm test", "npm run build", "npm run check:package"]
    assert [one for one in commands if one in checks] == checks
    assert not any("${{" in one for one in commands), "an expression would run whatever its value holds"
