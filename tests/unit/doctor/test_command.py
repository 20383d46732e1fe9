"""The command `tracking doctor --aws`: its arguments, its lines, and its exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import cli
from cli import samconfig
from cli.doctor import aws, deployed, google, platforms
from cli.doctor.checks import Check, FindingError, note, skipped, unknown, wrong
from cli.doctor.stage import Stack, Stage
from local.paths import ROOT
from local.stack import Part, State
from tests.doubles import START
from tracking.jobs import PlatformName

MODULE = import_module("cli.doctor")  # the package `cli` has the function of this name
GIVEN = {"GoogleCloudProject": "p-1", "Stage": "prod"}
STACK = Stack("CREATE_COMPLETE", START, {}, "https://kick/trigger")
Looks = dict[str, FindingError | str]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "FIRESTORE_EMULATOR_HOST",
        "FIREBASE_AUTH_EMULATOR_HOST",
    ):
        monkeypatch.setenv(name, "")


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str]]]:
    """A function that runs the command with these results of checks. Returns the exit code and the lines."""

    def run(
        looks: Looks, *arguments: str, stack: Stack | None = None, given: dict[str, str] = GIVEN
    ) -> tuple[int, list[str]]:
        def look(result: FindingError | str) -> str:
            if isinstance(result, FindingError):
                raise result
            return result

        stage = Stage(
            "prod", "account-tracking", "eu-west-1", {**given}, template={"Parameters": {name: {} for name in GIVEN}}
        )
        monkeypatch.setattr(MODULE, "read_stage", lambda _name: stage)
        monkeypatch.setattr(aws, "credentials", lambda _region: look(looks.get("AWS credentials", "me")))
        monkeypatch.setattr(aws, "find_stack", lambda _stage: stack)
        others = [Check(name, lambda result=result: look(result)) for name, result in looks.items()]  # type: ignore[misc]
        monkeypatch.setattr(aws, "checks", lambda *_: [check for check in others if check.name != "AWS credentials"])
        for module in (google, platforms, deployed):
            monkeypatch.setattr(module, "checks", lambda *_: [])
        result = CliRunner().invoke(cli.app, ["doctor", "--aws", "--stage", "prod", *arguments])
        return result.exit_code, result.stdout.splitlines()

    return run


def test_each_check_is_one_line_with_how_to_mend_it(ended: Callable[..., tuple[int, list[str]]]) -> None:
    long = "a " * 100
    code, lines = ended(
        {"one": "found", "two": note("low", "more"), "three": wrong(long, "do [this]"), "four": skipped("no")}
    )
    assert lines == [
        "ok        AWS credentials     me",
        "ok        stack               account-tracking is not deployed yet",
        "ok        parameters          samconfig.toml gives 2 of 2; each has a value",
        "ok        one                 found",
        "note      two                 low -> more",
        f"wrong     three               {long} -> do [this]",
        "skipped   four                no",
        "7 checks: 4 ok, 1 note, 1 wrong, 1 skipped.",
    ]
    assert code == 1


@pytest.mark.parametrize("finding", [note("low"), unknown("may not look"), skipped("no")])
def test_only_a_wrong_check_is_a_failure(ended: Callable[..., tuple[int, list[str]]], finding: FindingError) -> None:
    assert ended({"one": finding})[0] == 0


def test_without_credentials_nothing_else_is_checked(ended: Callable[..., tuple[int, list[str]]]) -> None:
    code, lines = ended({"AWS credentials": wrong("expired", "sign in"), "one": "found"})
    assert (code, lines) == (1, ["wrong     AWS credentials     expired -> sign in", "1 check: 1 wrong."])


def test_without_parameters_the_settings_are_not_known(ended: Callable[..., tuple[int, list[str]]]) -> None:
    code, lines = ended({"one": "found"}, given={"Stage": "prod"})
    assert code == 1
    assert "no value for GoogleCloudProject -> samconfig.toml, [prod.deploy.parameters]: " in lines[2]
    assert len(lines) == 4
    assert "parameters that template.yaml lacks: Stag" in ended({}, given={**GIVEN, "Stag": "prod"})[1][2]


def test_the_local_stacks_parameters_are_read(
    ended: Callable[..., tuple[int, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make deploy STAGE=local` deploys with them."""

    class Running(State):
        def is_up(self) -> bool:
            return True

        def environment(self) -> dict[str, str]:
            return {}

        @classmethod
        def load(cls, file: Path = tmp_path) -> State:
            del file
            return cls({"simulator": Part("http://127.0.0.1:1", None)})

    monkeypatch.setattr(MODULE, "State", Running)
    monkeypatch.setattr(samconfig, "FILE", tmp_path / "samconfig.toml")
    samconfig.FILE.write_text('[local.deploy.parameters]\nparameter_overrides = ["KeepFinishedDay=8"]')
    code, lines = ended({}, "--stage", "local")
    assert (code, lines[2].split(": ")[1]) == (1, "KeepFinishedDay -> correct them")


def test_a_missing_stack_is_wrong_if_it_must_be_deployed(ended: Callable[..., tuple[int, list[str]]]) -> None:
    assert ended({}, "--deployed")[0] == 1
    assert ended({}, "--deployed", stack=STACK)[0] == 0


REFUSED = [
    (["--stage", "prd"], {}, "samconfig.toml has no stage prd "),
    (["--stage", "prod"], {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL would lead the checks away"),
    (["--stage", "prod"], {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}, "FIRESTORE_EMULATOR_HOST would lead the checks"),
    (["--stage", "prod"], {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL_STS would lead the checks"),
    ([], {}, "--aws needs a stage of samconfig.toml"),
    (["--stage", "prod", "--probe", "youtube"], {}, "A probe is a platform and an account"),
    (["--stage", "prod", "--probe", "facebook:nasa"], {}, "A probe is a platform and an account"),
]


@pytest.mark.parametrize(
    "arguments", [["--stage", "prod"], ["--deployed"], ["--platform", "youtube"], ["--probe", "x"]]
)
def test_options_of_an_account_need_aws(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli.app, ["doctor", *arguments])
    assert str(result.exception) == "--stage, --deployed, --platform and --probe need --aws."


@pytest.mark.parametrize(("arguments", "variables", "sentence"), REFUSED)
def test_wrong_arguments_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    """Otherwise the checks of a stage would look at the local stack, and pass."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(cli.app, ["doctor", "--aws", *arguments])
    assert str(result.exception).startswith(sentence)


def test_operations_page_explains_each_check_and_no_other() -> None:
    stage = Stage("prod", "account-tracking", "eu-west-1", GIVEN, stack=STACK)
    every = list(PlatformName)
    http = httpx.Client()
    made = [*aws.checks(stage, ["youtube", "x", "apify"]), *google.checks(stage, http), *platforms.checks(stage, every)]
    made += deployed.checks(stage, http)
    names = {"AWS credentials", "stack", "parameters", "probe of youtube", *(check.name for check in made)}
    chapter = (ROOT / "docs/operations.md").read_text().split("\n## Check before and after\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\|([^|]+)\|", chapter, re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)} == names
