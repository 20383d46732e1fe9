"""`sam build` for this machine, and `sam deploy` to MiniStack."""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local import LocalError, aws
from local.adapt import ADAPTED_DEFINITION, adapt, adapt_definition, functions, write_bootstrap
from local.commands import exit_code, last_lines
from local.paths import BUILD, LOCAL, LOGS, ROOT, RUNTIME, SAM, STACK, VENV, clean_environment, digest_of, host_python

_SAM = str(SAM / "bin" / "sam")
BUCKET = "tracking-deployments"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
"""Needed by the roles, whose names are CloudFormation's, and by SAM's transform, which is a macro.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""
_SOURCES = ("template.yaml", "functions", "layers", "statemachine", "requirements/runtime.lock", "local/adapt.py")
_PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def build() -> None:
    """Build layer and functions for this machine's Python into `.local/build`, if a source has changed."""
    with (LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the tests' stack and the developer's stack share the built files
        sources = fingerprint()
        stamp = BUILD / ".built"
        if stamp.exists() and stamp.read_text() == sources:
            return
        stamp.unlink(missing_ok=True)
        _build_runtime()
        environment = clean_environment() | {
            "AWS_DEFAULT_REGION": aws.REGION,
            "LAYER_PYTHON_VERSION": _PYTHON_VERSION,
            "LAYER_PLATFORM": "host",
            "LAYER_PYTHON": host_python(),
        }
        command = [_SAM, "build", "--template-file", str(ROOT / "template.yaml"), "--build-dir", str(BUILD)]
        cache = LOCAL / f"sam-cache-{_PYTHON_VERSION}"  # SAM's own key covers the sources, not the Python
        _run("sam build", [*command, "--cache-dir", str(cache), "--cached", "--parallel"], environment)
        for name in functions(built_template()):
            layer = BUILD / "CommonLayer"
            write_bootstrap(BUILD / name, layer=layer, runtime=RUNTIME, python=host_python(), version=sources)
        stamp.write_text(sources)


def write_adapted(template: Path, variables: Mapping[str, str]) -> Path:
    """Write the built template for MiniStack, beside the built code. `variables` go to each function's environment."""
    template.write_text(yaml.safe_dump(adapt(built_template(), variables), sort_keys=False))
    definition = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())
    (BUILD / ADAPTED_DEFINITION).write_text(json.dumps(adapt_definition(definition)))
    return template


def deploy(address: str, variables: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Deploy the adapted template to the MiniStack at `address`. `variables` go to every function's environment."""
    template = write_adapted(BUILD / f"{STACK.name}.yaml", variables)
    aws.client("s3", address).create_bucket(Bucket=BUCKET)
    command = [_SAM, "deploy", "--template-file", str(template), "--stack-name", aws.STACK_NAME]
    command += ["--s3-bucket", BUCKET, "--region", aws.REGION, "--config-env", "local", "--no-progressbar"]
    command += ["--capabilities", *CAPABILITIES]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    environment = clean_environment() | aws.client_environment(address)
    _run("sam deploy", command, environment | {"SAM_CLI_POLL_DELAY": "0.5"})
    _limit_states(address)


def _limit_states(address: str) -> None:
    """Set the limit of the states, so that slow jobs leave places to other functions."""
    name = aws.physical_name(address, "ProcessFunction")
    aws.client("lambda", address).put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=aws.STATES)


def fingerprint() -> str:
    """Return a text that changes when a source, the Python or the path of the clone changes."""
    return digest_of(ROOT, _SOURCES, _PYTHON_VERSION, host_python(), str(ROOT))


def built_template() -> dict[str, Any]:
    """Return the template that `sam build` wrote. Its short forms (`!Ref`) are written out."""
    template = yaml.load((BUILD / "template.yaml").read_text(), yaml.CSafeLoader)
    return dict(template)


def secret_names() -> list[str]:
    """Return the names of the kick's secret and the platforms' keys. Firestore's emulator needs no credentials."""
    given = [properties["Environment"]["Variables"] for properties in functions(built_template()).values()]
    named = {name: value for variables in given for name, value in variables.items() if name.endswith("_SECRET")}
    del named["FIREBASE_CREDENTIALS_SECRET"]
    return sorted(value["Fn::Sub"].replace("${Stage}", aws.STAGE) for value in named.values())


def _build_runtime() -> None:
    """Install the packages of Lambda's own image into a folder beside the layer. The layer leaves them out."""
    shutil.rmtree(RUNTIME, ignore_errors=True)
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--target", str(RUNTIME), "--require-hashes"]
    command += ["--python", host_python(), "--only-binary=:all:", "-r", str(ROOT / "requirements/runtime.lock")]
    _run("installing the Lambda runtime", command)
    compile_all = [host_python(), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    _run("compiling the Lambda runtime", [*compile_all, str(RUNTIME)])


def _run(what: str, command: list[str], environment: Mapping[str, str] | None = None) -> None:
    log = LOGS / f"{what.replace(' ', '-')}.log"
    if exit_code(command, log, environment) != 0:
        raise LocalError(f"{what} failed.{last_lines(log, 20)}")
