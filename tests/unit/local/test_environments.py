"""Shell variables that our programs inherit, Python environments that are ready, and lock files that agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local import aws
from local.environments import Environment
from local.paths import ROOT, clean_environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    lock = tmp_path / "some.lock"
    lock.write_text("a==1\n")
    made = Environment("some tools", tmp_path / "venv", lock)
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    return made


def test_an_environment_without_its_stamp_is_not_ready(environment: Environment) -> None:
    assert not environment.is_ready()


def test_an_environment_is_ready_until_its_lock_changes(environment: Environment) -> None:
    environment.mark_ready()
    was_ready = environment.is_ready()
    environment.lock.write_text("a==2\n")
    assert (was_ready, environment.is_ready()) == (True, False)


def test_an_environment_that_was_moved_is_not_ready(environment: Environment, tmp_path: Path) -> None:
    environment.mark_ready()
    environment.path.rename(tmp_path / "moved")
    assert not Environment(environment.name, tmp_path / "moved", environment.lock).is_ready()


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "PYTHONPATH",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "UV_PYTHON",
        "PIP_TARGET",
        "NODE_ENV",
    ],
)
def test_variables_of_other_projects_do_not_reach_our_programs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "of another project")
    assert name not in clean_environment()


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "HTTPS_PROXY", "SSL_CERT_FILE"])
def test_the_way_to_the_package_registry_is_the_users_to_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "as the user says")
    assert clean_environment()[name] == "as the user says"


def test_functions_inherit_only_the_path_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    given = aws.ministack_environment(4566, Path("/stack"))
    assert {"HTTPS_PROXY", "SECRET_OF_MINE"}.isdisjoint(given)
    assert given["BIND_HOST"] == "127.0.0.1"
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", (ROOT / lock).read_text(), re.MULTILINE))


LOCKS = [str(path.relative_to(ROOT)) for path in (ROOT / "requirements").glob("*.lock")]
LOCKS.append("layers/common/requirements.txt")


@pytest.mark.parametrize("lock", ["layers/common/requirements.txt", "requirements/runtime.lock"])
def test_deployed_versions_are_the_tested_ones(lock: str) -> None:
    tested = pins("requirements/dev.lock")
    differing = {name: version for name, version in pins(lock).items() if tested.get(name, version) != version}
    assert differing == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_lock_names_a_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert pins(lock)
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert re.search(r"https?://|^--", text, re.MULTILINE) is None


@pytest.mark.parametrize("package", ["boto3", "botocore", "pydantic", "awslambdaric", "typer", "rich", "pytest"])
def test_layer_leaves_out_packages_of_lambda_and_developers(package: str) -> None:
    assert package not in pins("layers/common/requirements.txt")


def test_proxy_is_not_asked_for_this_machines_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intranet.example")
    assert clean_environment()["no_proxy"] == "intranet.example,127.0.0.1,localhost"
