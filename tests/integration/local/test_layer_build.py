"""The layer, built by its own Makefile for Lambda and for this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT, clean_environment, host_python

HOST_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def build(artifacts: Path, **variables: str) -> tuple[Path, str]:
    """Return the folder that Lambda puts on its path, and the build's messages."""
    environment = clean_environment() | {"ARTIFACTS_DIR": str(artifacts), **variables}
    done = subprocess.run(
        ["make", "build-CommonLayer"],
        cwd=ROOT / "layers/common",
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return artifacts / "python", done.stderr


@pytest.fixture(scope="module")
def host_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = {"LAYER_PYTHON_VERSION": HOST_VERSION, "LAYER_PLATFORM": "host", "LAYER_PYTHON": host_python()}
    return build(tmp_path_factory.mktemp("host"), **settings)[0]


def in_layer(layer: Path, code: str) -> str:
    """Run code as a function runs: with only the layer and the standard library."""
    command = [host_python(), "-S", "-B", "-c", code]
    return subprocess.run(
        command, env={"PYTHONPATH": str(layer)}, capture_output=True, text=True, timeout=60, check=True
    ).stdout


IMPORT_ALL = """
import importlib, pkgutil, tracking
for module in pkgutil.walk_packages(tracking.__path__, "tracking."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name not in ("boto3", "botocore"):  # Lambda's own
            raise
    print(module.name)
"""


def test_layer_alone_imports_all_of_tracking(host_layer: Path) -> None:
    imported = in_layer(host_layer, IMPORT_ALL).split()
    assert {"tracking.jobs", "tracking.wiring", "tracking.store.firestore", "tracking.platforms"} <= set(imported)
    assert not any(name.startswith("cli") for name in imported)


def test_the_layer_has_the_platforms_contract(host_layer: Path) -> None:
    """The layer has the contract as a file, and `tracking` reads it. A symbolic link would be broken on Lambda."""
    shipped = host_layer / "tracking" / "platforms.json"
    assert not shipped.is_symlink()
    assert shipped.read_bytes() == (ROOT / "contracts" / "platforms.json").read_bytes()
    platforms = json.loads(shipped.read_text(encoding="utf-8"))["platforms"]
    assert in_layer(host_layer, "from tracking.jobs import PlatformName; print(*PlatformName)").split() == [*platforms]


def test_every_module_has_bytecode_that_needs_no_timestamp(host_layer: Path) -> None:
    sources = [file for file in host_layer.rglob("*.py") if "-" not in file.parent.name]
    without = [file for file in sources if not list(file.parent.glob(f"__pycache__/{file.stem}.cpython-*.pyc"))]
    assert len(sources) > 1000
    assert [file.name for file in without] == []
    some = next((host_layer / "tracking" / "__pycache__").glob("errors.*.pyc")).read_bytes()
    assert int.from_bytes(some[4:8], "little") == 0b01  # hash-based, unchecked: PEP 552


def test_layer_has_no_tests_programs_or_packages_of_lambda(host_layer: Path) -> None:
    assert [folder for folder in host_layer.rglob("*") if folder.is_dir() and folder.name in ("tests", "test")] == []
    for name in ("boto3", "botocore", "pydantic", "awslambdaric", "typer", "rich", "bin"):
        assert not (host_layer / name).exists()


def test_versions_can_be_asked_for_at_run_time(host_layer: Path) -> None:
    code = "from importlib.metadata import entry_points, version; print(version('google-cloud-firestore'))"
    assert in_layer(host_layer, code).strip() == "2.34.1"


def test_the_layer_for_lambda_is_of_arm64_and_small_enough(tmp_path: Path) -> None:
    layer, said = build(tmp_path)
    libraries = list(layer.rglob("*.so"))
    assert len(libraries) > 5
    # ELF: the machine is in bytes 18 and 19; 183 is AArch64.
    assert {int.from_bytes(library.read_bytes()[18:20], "little") for library in libraries} == {183}
    size_mb = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file()) / 1e6
    assert size_mb < 120  # Lambda's limit is 250, including the function
    compiled = {file.suffixes[-2] for file in layer.rglob("*.pyc")}
    assert compiled == {".cpython-313"} or "has no bytecode" in said


def test_build_without_the_targets_python_ships_no_bytecode(tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    for name in ("make", "sh", "mkdir", "cp", "rm", "find"):
        (fake / name).symlink_to(next(Path(p) / name for p in os.get_exec_path() if (Path(p) / name).exists()))
    (fake / "uv").write_text(f'#!/bin/sh\n[ "$1" = python ] && exit 2\nexec "{ROOT}/.venv/bin/uv" "$@"\n')
    (fake / "uv").chmod(0o755)
    settings = {"PATH": str(fake), "LAYER_PYTHON": str(sys.executable) if HOST_VERSION != "3.13" else "none"}
    layer, said = build(tmp_path / "layer", **settings)
    assert said.count("No Python 3.13 was found: the layer has no bytecode") == 1
    assert list(layer.rglob("*.pyc")) == []
