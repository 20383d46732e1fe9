"""Node and Chromium: the versions that are accepted, and the error message if there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import LocalError, browser, web
from local.paths import WEB


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, says: str = "", code: int = 0) -> Path:
    made = folder / name
    made.write_text(f"#!/bin/sh\necho {says}\nexit {code}\n")
    made.chmod(0o755)
    return made


def node(folder: Path, version: str) -> None:
    program(folder, "node", version)
    program(folder, "npm")


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.12.0", "v24.0.0", "v26.1.0"])
def test_a_node_that_serves_is_not_missing(path: Path, version: str) -> None:
    node(path, version)
    assert web.missing() == ""


@pytest.mark.parametrize("version", ["v18.20.0", "v20.18.3", "v21.7.0", "v22.11.0", "v23.5.0", "nonsense"])
def test_another_node_is_named_with_those_that_serve(path: Path, version: str) -> None:
    node(path, version)
    assert f"is Node {version.removeprefix('v')}, which cannot" in web.missing()
    assert "install Node 20.19, 22.12, or 24 and later" in web.missing()


def test_the_package_asks_for_the_same_node() -> None:
    assert json.loads((WEB / "package.json").read_text())["engines"]["node"] == "^20.19.0 || ^22.12.0 || >=24.0.0"


def test_set_up_without_node_says_one_sentence_and_goes_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.prepare()
    said = capsys.readouterr().err
    assert said == f"note: {web.missing()}\n"
    assert "Node is not installed" in said


def test_without_node_there_is_no_page_to_build(path: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"^Node is not installed"):
        web.build_page(tmp_path / "page")


def test_packages_are_installed_again_only_for_another_node(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules, commands = tmp_path / "node_modules", []
    modules.mkdir()
    monkeypatch.setattr(web, "_MODULES", modules)
    monkeypatch.setattr(web, "ROOT", tmp_path)
    monkeypatch.setattr(web, "install", lambda command, *_: commands.append(command))
    node(path, "v20.19.0")
    web.prepare()
    web.prepare()
    node(path, "v24.0.0")
    web.prepare()
    assert [command[:2] for command in commands] == [["npm", "ci"]] * 2
    assert web.is_ready()


def test_a_failed_install_leaves_the_tools_unready(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise LocalError("no network")

    monkeypatch.setattr(web, "_MODULES", tmp_path)
    monkeypatch.setattr(web, "ROOT", tmp_path)
    monkeypatch.setattr(web, "install", fail)
    node(path, "v20.19.0")
    with pytest.raises(LocalError):
        web.prepare()
    assert not web.is_ready()


def test_the_browser_is_the_first_that_runs(tmp_path: Path, path: Path) -> None:
    program(path, "chromium", "wants to be a snap", code=1)
    chrome = program(path, "google-chrome")
    assert browser.find(tmp_path) == chrome


def test_a_macs_chrome_is_found(tmp_path: Path, path: Path) -> None:
    folder = tmp_path / "Google Chrome.app/Contents/MacOS"
    folder.mkdir(parents=True)
    chrome = program(folder, "Google Chrome")
    assert browser.find(tmp_path) == chrome


def test_a_browser_that_playwright_fetched_is_found(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_BROWSERS", tmp_path)
    folder = tmp_path / "chromium_headless_shell-1200/chrome-headless-shell-linux64"
    folder.mkdir(parents=True)
    shell = program(folder, "chrome-headless-shell")
    program(folder, "chrome_crashpad_handler")
    assert browser.find(tmp_path / "Applications") == shell


def test_without_a_browser_one_sentence_says_how_to_get_one(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_BROWSERS", tmp_path)
    monkeypatch.setattr(browser, "_MACOS", ())
    with pytest.raises(
        LocalError, match=r"^There is no Chromium that runs: run `python -m local\.browser`, or install"
    ):
        browser.chromium()
