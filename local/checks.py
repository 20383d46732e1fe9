"""`make test`: every check of the project, one after another, up to the first that fails."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from local import aws
from local.paths import ROOT, SAM, VENV, clean_environment


@dataclass(frozen=True)
class Check:
    name: str
    command: list[str]


def _ours(name: str, *arguments: str) -> list[str]:
    return [str(VENV / "bin" / name), *arguments]


LINT = (
    Check("style", _ours("ruff", "check")),
    Check("format", _ours("ruff", "format", "--check")),
    Check("types", _ours("mypy")),
    Check("template, by SAM", [str(SAM / "bin" / "sam"), "validate", "--lint"]),
    Check("template, by cfn-lint", _ours("cfn-lint", "template.yaml")),
)
TESTS = tuple(
    Check(f"{tier} tests", _ours("pytest", f"tests/{tier}")) for tier in ("unit", "contract", "integration", "e2e")
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
    try:
        sys.exit(not run(LINT if "--no-tests" in sys.argv else LINT + TESTS))
    except KeyboardInterrupt:
        sys.exit(130)
