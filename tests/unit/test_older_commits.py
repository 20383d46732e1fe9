"""ONLY_NEWER=1: a deployment that refuses to put an older commit over a newer one."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import typer.testing

import cli
from cli.deploy import releases, steps
from cli.deploy.stages import DeployError
from tests.deploying import FakePlace

MODULE = import_module("cli.deploy")  # the package `cli` has the function of this name
WHO = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]


class Repository:
    """A repository in which releases are built."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        command = ["git", *WHO, *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, name: str) -> str:
        self.git("commit", "--quiet", "--allow-empty", f"--message={name}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repository")
    monkeypatch.setattr(releases, "ROOT", made.folder)
    return made


@pytest.fixture
def place(tmp_path: Path) -> FakePlace:
    return FakePlace(tmp_path)


def deploy(place: FakePlace, *, only_newer: bool = True) -> str:
    """Deploy what is checked out. Return the commit that is live then."""
    place.clock.advance(1)
    steps.deploy(place, lambda step, result: None, lambda question: True, only_newer=only_newer)
    release = releases.live(place)
    assert release is not None
    return release.commit


def test_older_commit_is_refused_before_the_build(repository: Repository, place: FakePlace) -> None:
    older, newer = repository.commit("older"), repository.commit("newer")
    assert newer.startswith(deploy(place))
    repository.git("checkout", "--quiet", older)
    place.done.clear()
    with pytest.raises(DeployError, match=rf"^release: This commit, {older[:7]}, is older than the live release"):
        deploy(place)
    assert place.done == []
    assert older.startswith(deploy(place, only_newer=False))


def test_newer_and_equal_commits_are_deployed(repository: Repository, place: FakePlace) -> None:
    first = repository.commit("first")
    assert [first.startswith(deploy(place)) for _ in range(2)] == [True, True]
    second = repository.commit("second")
    assert second.startswith(deploy(place))


def test_uncommitted_release_counts_as_its_commit(repository: Repository, place: FakePlace) -> None:
    repository.commit("older")
    file = repository.folder / "file"
    file.write_text("1")
    repository.git("add", "file")
    repository.commit("newer")
    file.write_text("2")
    deploy(place)
    assert place.formation.values["Release"].endswith("-dirty")
    repository.git("checkout", "--quiet", "--force", "HEAD~")
    with pytest.raises(DeployError, match="is older than the live release"):
        deploy(place)


def test_commits_of_two_branches_replace_each_other(repository: Repository, place: FakePlace) -> None:
    base = repository.commit("base")
    repository.commit("one")
    deploy(place)
    repository.git("checkout", "--quiet", base)
    other = repository.commit("other")
    assert other.startswith(deploy(place))


def test_live_commit_of_elsewhere_refuses_nothing(
    repository: Repository, place: FakePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("elsewhere")
    deploy(place)
    other = Repository(tmp_path / "other")
    commit = other.commit("here")
    monkeypatch.setattr(releases, "ROOT", other.folder)
    assert commit.startswith(deploy(place))


def test_history_that_is_cut_off_is_refused(
    repository: Repository, place: FakePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its history, an older commit would look as if it came from elsewhere."""
    repository.commit("older")
    repository.commit("newer")
    deploy(place)
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.folder}", str(shallow))
    for folder in (shallow, tmp_path):
        monkeypatch.setattr(releases, "ROOT", folder)
        with pytest.raises(DeployError, match="fetch the whole history"):
            deploy(place)


@pytest.mark.parametrize("only_newer", [True, False])
def test_option_reaches_the_steps(
    repository: Repository, place: FakePlace, monkeypatch: pytest.MonkeyPatch, only_newer: bool
) -> None:
    repository.commit("older")
    repository.commit("newer")
    deploy(place)
    repository.git("checkout", "--quiet", "HEAD~")
    monkeypatch.setattr(MODULE, "_place", lambda stage: place)
    command = ["deploy", "--yes", *["--only-newer"] * only_newer, "--", "test"]
    assert typer.testing.CliRunner().invoke(cli.app, command).exit_code == (1 if only_newer else 0)
