"""The sentences that the real commands print when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local import LocalError, firestore
from local.paths import ROOT


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def make(target: str, path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `make` with this PATH and no other variable."""
    command = [str(shutil.which("make")), "--no-print-directory", target, "PYTHON=python3"]
    return subprocess.run(
        command, cwd=ROOT, env={"PATH": path, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def path_with(tmp_path: Path, *names: str) -> str:
    """Return a PATH that holds only these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(str(shutil.which(name)))
    return str(folder)


def test_a_machine_without_python_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    done = make("up", path_with(tmp_path, "sh"))
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("error: python3 was not found: install Python 3.11 or later")


def test_a_python_that_is_too_old_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    path = path_with(tmp_path, "sh")
    program(Path(path), "python3", "exit 1")
    done = make("up", path)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("error: python3 is older than Python 3.11, or does not run")


def test_unreachable_registry_is_one_sentence_and_no_stamp(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "local", clone / "local", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", clone / "requirements")
    shutil.copy(ROOT / "pyproject.toml", clone)
    environment = os.environ | {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    command = [shutil.which("python3") or "python3", "-m", "local.environments"]
    no_config = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}
    done = subprocess.run(
        command, cwd=clone, env=environment | no_config, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(told) == 1
    assert "requirements/uv.lock could not be installed: the package registry cannot be reached" in told[0]
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv/.ready").exists()


def test_old_java_is_told_with_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "jdk", "java", """echo 'openjdk version "1.8.0_402"' >&2""")
    monkeypatch.setenv("PATH", str(tmp_path / "jdk"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(firestore, "find_jar", lambda *_: tmp_path / "emulator.jar")
    monkeypatch.setattr(firestore, "java_needed", lambda _: 11)
    with pytest.raises(LocalError, match=r"needs Java 11, and .*/jdk/java is Java 8: install"):
        firestore.command(8080)


def test_a_java_that_does_not_run_is_told(tmp_path: Path) -> None:
    program(tmp_path / "jdk", "java", "echo 'The operation could not be completed.' >&2; exit 1")
    with pytest.raises(LocalError, match="does not run"):
        firestore.find_java(str(tmp_path / "jdk"))


def test_the_java_of_java_home_comes_before_the_one_on_path(tmp_path: Path) -> None:
    program(tmp_path / "on-path", "java", """echo 'openjdk version "17.0.1"' >&2""")
    (tmp_path / "home").mkdir()
    program(tmp_path / "home/bin", "java", """echo 'openjdk version "21.0.1"' >&2""")
    assert firestore.find_java(str(tmp_path / "on-path"), str(tmp_path / "home"))[1] == 21


def test_failed_fetch_of_the_emulator_is_one_sentence(tmp_path: Path) -> None:
    program(tmp_path / "node", "npx", "echo 'Error: getaddrinfo ENOTFOUND' >&2; exit 2")
    with pytest.raises(LocalError, match="could not be fetched by firebase-tools: check the network"):
        firestore.fetch_jar(tmp_path / "home", str(tmp_path / "node"))


def test_start_without_java_leaves_nothing_running(tmp_path: Path) -> None:
    name = "stack-of-test-set-up"
    environment = os.environ | {"PATH": path_with(tmp_path, "sh"), "TRACKING_LOCAL_STACK": name, "JAVA_HOME": ""}
    environment.pop("FIRESTORE_EMULATOR_HOST", None)
    try:
        done = subprocess.run(
            [str(ROOT / ".venv/bin/python"), "-m", "cli", "local", "up"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("error: Java is not installed")
        assert not (ROOT / ".local" / name / "state.json").exists()
    finally:
        shutil.rmtree(ROOT / ".local" / name, ignore_errors=True)
