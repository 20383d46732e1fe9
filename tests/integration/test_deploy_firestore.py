"""deploy-firestore.sh, with a stand-in for npx that prints its arguments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.firestore import FIREBASE_TOOLS
from local.paths import ROOT

SCRIPT = ROOT / "deploy-firestore.sh"
NEEDED = ("deploy-firestore.sh", "firebase.json", "firestore.rules", "firestore.indexes.json", "local/firestore.py")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with all programs of the script. Its npx prints the current folder and the arguments, one per line."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "sed", "env", "mktemp", "rm", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name in ("node", "npx"):
        (folder / name).write_text('#!/usr/bin/env bash\npwd\nprintf "%s\\n" "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the script and its files in another folder."""
    folder = tmp_path / "copy of it"
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def deploy(tools: Path, *arguments: str, script: Path = SCRIPT, database: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(tools / "bash"), str(script), *arguments]
    environment = {"PATH": str(tools), "FIRESTORE_DATABASE": database}
    return subprocess.run(command, cwd=tools, env=environment, capture_output=True, text=True, timeout=20, check=False)


def complaint(tools: Path, *arguments: str, script: Path = SCRIPT) -> str:
    """Return the one sentence that the script prints when it refuses. The script must not call npx."""
    done = deploy(tools, *arguments, script=script)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


def test_deploy_runs_the_pinned_tools_from_the_scripts_folder(tools: Path) -> None:
    done = deploy(tools, "acme-production", "--dry-run", "--message", "two words")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(ROOT),
        "--yes",
        f"firebase-tools@{FIREBASE_TOOLS}",
        "deploy",
        "--only",
        "firestore",
        "--project",
        "acme-production",
        "--dry-run",
        "--message",
        "two words",
    ]


def test_named_database_is_in_the_configuration(tools: Path, copy: Path) -> None:
    (tools / "npx").write_text('#!/usr/bin/env bash\ncat "${@: -1}"\nexit 3\n')
    done = deploy(tools, "acme-production", script=copy / "deploy-firestore.sh", database="tracking-eu")
    config = json.loads(done.stdout)["firestore"]
    assert config == {"database": "tracking-eu", "rules": "firestore.rules", "indexes": "firestore.indexes.json"}
    assert done.returncode == 3
    assert sorted(file.name for file in copy.glob("firebase.*")) == ["firebase.json"], "its configuration must not stay"


def test_impossible_database_is_refused(tools: Path) -> None:
    done = deploy(tools, "acme-production", database="Tracking")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not the id of a database" in done.stderr


def test_deploy_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)


def test_deploy_exits_with_the_tools_exit_code(tools: Path) -> None:
    (tools / "npx").write_text("#!/usr/bin/env bash\nexit 7\n")
    assert deploy(tools, "acme-production").returncode == 7


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_deploy_without_a_project_prints_its_usage(tools: Path, arguments: tuple[str, ...]) -> None:
    assert complaint(tools, *arguments).endswith("PROJECT_ID")


@pytest.mark.parametrize("project", ["", "Acme", "acme", "acme production", "acme-", "a" * 31])
def test_deploy_refuses_an_impossible_project_id(tools: Path, project: str) -> None:
    assert "is not the id of a project" in complaint(tools, project)


def test_deploy_refuses_an_emulator_project(tools: Path) -> None:
    assert "is a project of the emulators" in complaint(tools, "demo-tracking")


@pytest.mark.parametrize("program", ["node", "npx"])
def test_deploy_without_node_says_where_to_get_it(tools: Path, program: str) -> None:
    (tools / program).unlink()
    assert "https://nodejs.org" in complaint(tools, "acme-production")


@pytest.mark.parametrize("name", ["firebase.json", "firestore.rules", "firestore.indexes.json"])
def test_a_missing_file_is_named(tools: Path, copy: Path, name: str) -> None:
    (copy / name).unlink()
    said = complaint(tools, "acme-production", script=copy / "deploy-firestore.sh")
    assert said == f"error: {name} is missing beside this script."


@pytest.mark.parametrize("text", [None, "FIREBASE_TOOLS = latest()\n"])
def test_a_version_that_cannot_be_found_is_refused(tools: Path, copy: Path, text: str | None) -> None:
    (copy / "local/firestore.py").unlink()
    if text is not None:
        (copy / "local/firestore.py").write_text(text)
    assert "FIREBASE_TOOLS" in complaint(tools, "acme-production", script=copy / "deploy-firestore.sh")


def test_firebase_json_names_the_files_that_are_there() -> None:
    firestore = json.loads((ROOT / "firebase.json").read_text())["firestore"]
    assert firestore == {"rules": "firestore.rules", "indexes": "firestore.indexes.json"}
    assert all((ROOT / name).is_file() for name in firestore.values())
