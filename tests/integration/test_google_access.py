"""deploy/google-access.sh, with stand-ins for gcloud and aws that remember what was made, and record every call."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT
from tracking.google_credentials import _credentials_from

SCRIPT = ROOT / "deploy/google-access.sh"
FUNCTIONS = ("functions", "acme-production", "account-tracking", "account-tracking/prod/firebase")
PIPELINE = ("pipeline", "acme-production", "prod", "acme/tracking")
ROLES = ["account-tracking-TriggerFunctionRole-1A2B", "account-tracking-ProcessFunctionRole-3C4D"]
POOL = "projects/4711/locations/global/workloadIdentityPools/account-tracking"

# The configuration is what gcloud 528.0.0 writes for these arguments.
_STAND_IN = """\
#!{python}
import json, pathlib, sys

here, (program, *words) = pathlib.Path(__file__).parent, [pathlib.Path(__file__).name, *sys.argv[1:]]
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([program, *words]) + "\\n")
made = here / "made"
flags = dict(word.lstrip("-").split("=", 1) for word in words if word.startswith("--") and "=" in word)


def key(verb):
    return made / ("-".join(words[: words.index(verb)]) + "-" + words[words.index(verb) + 1].split("@")[0])


if program == "aws":
    if words[0] == "sts":
        print("123456789012")
    elif words[0] == "cloudformation":
        print({roles!r})
    elif words[1] == "describe-secret":
        sys.exit(not (made / "secret").exists())
    else:
        (made / "secret").write_text(pathlib.Path(words[-1].removeprefix("file://")).read_text())
elif words[:2] == ["projects", "describe"]:
    print("4711")
elif "create-cred-config" in words:
    account, provider = flags["service-account"], words[words.index("create-cred-config") + 1]
    pathlib.Path(flags["output-file"]).write_text(json.dumps({{
        "universe_domain": "googleapis.com",
        "type": "external_account",
        "audience": "//iam.googleapis.com/" + provider,
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {{
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url":
                "https://sts.{{region}}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        }},
        "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            + account + ":generateAccessToken",
    }}))
elif "describe" in words:
    if not key("describe").exists():
        sys.exit(1)
    print(key("describe").read_text())
else:
    for verb in ("update-aws", "update-oidc", "undelete"):
        if verb in words and not key(verb).exists():
            sys.exit(1)
    for verb in ("create", "create-aws", "create-oidc", "undelete"):
        if verb in words:
            key(verb).write_text("ACTIVE")
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with all programs of the script; gcloud and aws are stand-ins."""
    folder = tmp_path / "bin"
    (folder / "made").mkdir(parents=True)
    for name in ("bash", "env", "mktemp", "rm"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name in ("gcloud", "aws"):
        (folder / name).write_text(_STAND_IN.format(python=sys.executable, roles="\t".join(ROLES)))
        (folder / name).chmod(0o755)
    return folder


def run(tools: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(tools / "bash"), str(SCRIPT), *arguments]
    return subprocess.run(
        command, cwd=tools, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60, check=False
    )


def calls(tools: Path) -> list[list[str]]:
    file = tools / "calls"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def changes(tools: Path) -> list[str]:
    """Return the calls that change something, as text."""
    reading = {"describe", "describe-stacks", "describe-secret", "get-caller-identity", "create-cred-config"}
    return [" ".join(call) for call in calls(tools) if reading.isdisjoint(call)]


def flag(text: str, name: str) -> str:
    return text.split(f"--{name}=")[1].split(" --")[0]


def test_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)


def test_functions_roles_may_act_as_one_service_account(tools: Path) -> None:
    done = run(tools, *FUNCTIONS)
    assert done.returncode == 0, done.stderr
    lent = [change for change in changes(tools) if "roles/iam.workloadIdentityUser" in change]
    assert [flag(change, "member") for change in lent] == [
        f"principalSet://iam.googleapis.com/{POOL}/attribute.aws_role/{role}" for role in ROLES
    ]
    assert all("tracking-functions@acme-production.iam.gserviceaccount.com" in change for change in lent)


def test_functions_get_firestore_and_the_look_at_users_only(tools: Path) -> None:
    run(tools, *FUNCTIONS)
    given = [flag(change, "role") for change in changes(tools) if "projects add-iam-policy-binding" in change]
    assert given == ["roles/datastore.user", "roles/firebaseauth.viewer"]


def test_aws_provider_trusts_one_account(tools: Path) -> None:
    run(tools, *FUNCTIONS)
    (provider,) = (change for change in changes(tools) if " create-aws " in change)
    assert flag(provider, "account-id") == "123456789012"
    assert "attribute.aws_role=assertion.arn.extract('assumed-role/{role}/')" in provider


def test_secret_holds_a_configuration_that_functions_accept(tools: Path) -> None:
    run(tools, *FUNCTIONS)
    config = json.loads((tools / "made/secret").read_text())
    assert config["audience"] == f"//iam.googleapis.com/{POOL}/providers/aws-123456789012"
    assert _credentials_from(config).service_account_email.startswith("tracking-functions@")  # type: ignore[attr-defined]
    assert not [*tools.glob("**/google.json")], "the file must not stay"


def test_second_run_makes_nothing_again(tools: Path) -> None:
    run(tools, *FUNCTIONS)
    (tools / "calls").unlink()
    assert run(tools, *FUNCTIONS).returncode == 0
    assert [change for change in changes(tools) if " create" in change or "undelete" in change] == []
    assert any("put-secret-value" in change for change in changes(tools))


def test_deleted_pool_is_brought_back(tools: Path) -> None:
    run(tools, *PIPELINE)
    (tools / "made/iam-workload-identity-pools-account-tracking").write_text("DELETED")
    (tools / "calls").unlink()
    run(tools, *PIPELINE)
    assert any("workload-identity-pools undelete account-tracking" in change for change in changes(tools))


def test_pipeline_is_one_environment_of_one_repository(tools: Path) -> None:
    done = run(tools, *PIPELINE)
    assert done.returncode == 0, done.stderr
    (provider,) = (change for change in changes(tools) if " create-oidc " in change)
    assert flag(provider, "attribute-condition") == "assertion.repository == 'acme/tracking'"
    assert flag(provider, "issuer-uri") == "https://token.actions.githubusercontent.com"
    (lent,) = (change for change in changes(tools) if "roles/iam.workloadIdentityUser" in change)
    assert flag(lent, "member") == f"principal://iam.googleapis.com/{POOL}/subject/repo:acme/tracking:environment:prod"
    assert f"GOOGLE_PROVIDER={POOL}/providers/github" in done.stdout
    assert "GOOGLE_ACCOUNT=tracking-pipeline@acme-production.iam.gserviceaccount.com" in done.stdout


@pytest.mark.parametrize("state", ["ACTIVE", "DELETED"])
def test_existing_provider_trusts_the_repository_named_last(tools: Path, state: str) -> None:
    run(tools, *PIPELINE[:-1], "acme/old-name")
    (provider,) = (tools / "made").glob("*providers-github")
    provider.write_text(state)
    (tools / "calls").unlink()
    assert run(tools, *PIPELINE).returncode == 0
    *undeleted, updated = (change for change in changes(tools) if " providers " in change)
    assert [" undelete github " in change for change in undeleted] == [True] * (state == "DELETED")
    assert " update-oidc github " in updated
    assert flag(updated, "attribute-condition") == "assertion.repository == 'acme/tracking'"


def test_pipeline_may_deploy_rules_and_indexes_only(tools: Path) -> None:
    run(tools, *PIPELINE)
    given = [flag(change, "role") for change in changes(tools) if "projects add-iam-policy-binding" in change]
    assert given == [
        "roles/firebaserules.admin",
        "roles/datastore.indexAdmin",
        "roles/serviceusage.serviceUsageConsumer",
    ]


@pytest.mark.parametrize("arguments", [FUNCTIONS, PIPELINE])
def test_dry_run_prints_the_commands_and_runs_none(tools: Path, arguments: tuple[str, ...]) -> None:
    done = run(tools, "--dry-run", *arguments)
    assert (done.returncode, calls(tools)) == (0, [])
    run(tools, *arguments)
    printed = [line for line in done.stdout.splitlines() if line.startswith(("gcloud", "aws"))]
    one_role_for_two = len(ROLES) - 1 if arguments == FUNCTIONS else 0
    config = 1 if arguments == FUNCTIONS else 0
    assert len(printed) == len(changes(tools)) - one_role_for_two + config


REFUSED = [
    ((), "usage"),
    (("functions", "acme-production"), "usage"),
    (("both", "acme-production", "a", "b"), "usage"),
    (("functions", "Acme", "a", "b"), "'Acme' is not the id of a project"),
    (("pipeline", "acme-production", "prod", "acme"), "'acme' is not OWNER/REPOSITORY"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_bad_arguments_are_refused_before_any_change(tools: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(tools, *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert changes(tools) == []


@pytest.mark.parametrize("program", ["gcloud", "aws"])
def test_missing_program_is_named(tools: Path, program: str) -> None:
    (tools / program).unlink()
    done = run(tools, *FUNCTIONS)
    assert done.returncode == 1
    assert f"{program} is not installed" in done.stderr


def test_stack_without_roles_is_told(tools: Path) -> None:
    text = (tools / "aws").read_text()
    (tools / "aws").write_text(text.replace(repr("\t".join(ROLES)), repr("None")))
    done = run(tools, *FUNCTIONS)
    assert done.returncode == 1
    assert "names no roles" in done.stderr
    assert changes(tools) == []


def test_failing_command_stops_the_script(tools: Path) -> None:
    (tools / "gcloud").write_text((tools / "gcloud").read_text() + '\nif "services" in words: sys.exit(7)\n')
    done = run(tools, *FUNCTIONS)
    assert done.returncode == 7
    assert not any("pools create" in change for change in changes(tools))
