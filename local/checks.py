"""`make test`: every check of the project, one after another, up to the first that fails."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from local import aws, web
from local.paths import ROOT, SAM, VENV, WEB, clean_environment


@dataclass(frozen=True)
class Check:
    name: str
    command: list[str]


PYTHON = str(VENV / "bin" / "python")


def _ours(name: str, *arguments: str) -> list[str]:
    return [str(VENV / "bin" / name), *arguments]


def _web(script: str) -> list[str]:
    return ["npm", "--prefix", str(WEB), "run", "--silent", script]


def _emulated(command: list[str]) -> list[str]:
    return [PYTHON, "-m", "local.emulated", *command]


LINT = (
    Check("style", _ours("ruff", "check")),
    Check("format", _ours("ruff", "format", "--check")),
    Check("types", _ours("mypy")),
    Check("template, by SAM", [str(SAM / "bin" / "sam"), "validate", "--lint"]),
    Check("template, by cfn-lint", _ours("cfn-lint", "template.yaml")),
    Check("web style", _web("lint")),
    Check("web types", _web("typecheck")),
    Check("web package", _web("build")),
)
TESTS = (
    Check("unit tests", _ours("pytest", "tests/unit")),
    Check("web unit tests", _web("test")),
    Check("contract tests", _ours("pytest", "tests/contract")),
    Check("web emulator tests", _emulated(_web("test:emulator"))),
    Check("rules tests", _emulated(_web("test:rules"))),
    Check("rules, broken on purpose", _emulated(_web("test:mutation"))),
    Check("integration tests", _ours("pytest", "tests/integration")),
    Check("Chromium", [PYTHON, "-m", "local.browser"]),
    Check("e2e tests", _ours("pytest", "tests/e2e")),
)


def run(checks: tuple[Check, ...]) -> bool:
    """Whether all pass. Nothing of the user's AWS or Google accounts is within reach of what is run."""
    environment = clean_environment() | aws.client_environment("http://127.0.0.1:9")  # port 9: nobody answers
    environment |= {"TRACKING_LOCAL_STACK": "test-stack"}
    timings = []
    for check in checks:
        print(f"\n==> {check.name}: {' '.join(_relative(word) for word in check.command)}", flush=True)
        began = time.monotonic()
        code = subprocess.run(
            check.command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, check=False
        ).returncode
        timings.append((check.name, time.monotonic() - began))
        if code != 0:
            print(f"\nFAILED: {check.name} (exit code {code})", file=sys.stderr)
            break
    else:
        code = 0
    print("\n" + "\n".join(f"{seconds:7.1f} s  {name}" for name, seconds in timings), flush=True)
    return code == 0


def _relative(word: str) -> str:
    return word.removeprefix(f"{ROOT}/")


if __name__ == "__main__":
    if without_node := web.missing():
        sys.exit(f"error: {without_node}")
    try:
        sys.exit(not run(LINT if "--no-tests" in sys.argv else LINT + TESTS))
    except KeyboardInterrupt:
        sys.exit(130)
