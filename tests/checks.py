"""The checks of `make lint`, `make test`, `make nightly` and `make one`. A failure ends all but the nightly checks.

    python -m tests.checks lint|test|nightly
    python -m tests.checks one TEST

The checks of a lane run one after another. Lanes run at the same time, since the tests of a stack mostly wait.
A check's output is shown when the check ends, so that lanes do not mix. Until then it is in `.local/checks/`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import aws, web
from local.commands import popen, signals_as_interrupts, signals_deferred
from local.paths import LOCAL, ROOT, SAM, VENV, WEB, clean_environment

PYTHON = str(VENV / "bin" / "python")
LOGS = LOCAL / "checks"
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # emulators run only for minutes, so less compilation saves a quarter
STOP_LIMIT_S = 60.0  # enough for a check to stop its stack


@dataclass(frozen=True)
class Check:
    """A command. `stack`: the folder in `.local` of the stack that it may start. No two lanes start the same stack."""

    name: str
    command: list[str]
    stack: str = "test-stack"


Lane = tuple[Check, ...]


def _ours(name: str, *arguments: str) -> list[str]:
    return [str(VENV / "bin" / name), *arguments]


def _web(script: str) -> list[str]:
    return ["npm", "--prefix", str(WEB), "run", "--silent", script]


def _emulated(command: list[str]) -> list[str]:
    return [PYTHON, "-m", "local.emulated", *command]


OF_A_STAGE = ["template.yaml", "deploy/bootstrap.yaml"]  # deployed in the region of the stage, whichever it is
PACKAGE = Check("web package", _web("build"))
CHROMIUM = Check("Chromium", [PYTHON, "-m", "local.browser"])
LINT: Lane = (
    Check("style", _ours("ruff", "check")),
    Check("format", _ours("ruff", "format", "--check")),
    Check("imports", _ours("lint-imports", "--no-cache", "--no-logo")),
    Check("web style", _web("lint")),
    Check("types", _ours("mypy")),
    Check("template, by SAM", [str(SAM / "bin" / "sam"), "validate", "--lint"]),
    Check(
        "templates, by cfn-lint",
        _ours("cfn-lint", *OF_A_STAGE, "deploy/pictures.yaml", "deploy/mail.yaml", "deploy/budget.yaml"),
    ),
    Check("shell style", _ours("shellcheck", "deploy-firestore.sh", "deploy/google-access.sh", ".ci/run")),
    Check("web types", _web("typecheck")),
    PACKAGE,
    Check("web package, packed", _web("check:package")),
)
# Most tests sometimes wait, so two cores can run three lanes. The lanes take about the same time.
TEST: tuple[Lane, ...] = (
    (
        *LINT,
        Check("unit tests", _ours("pytest", "tests/unit")),
        CHROMIUM,
        Check("browser tests", _ours("pytest", "tests/e2e/browser"), "browser-stack"),
    ),
    (
        Check("e2e tests", _ours("pytest", "tests/e2e", "--ignore", "tests/e2e/browser")),
        Check("web unit tests", _web("test")),
    ),
    (
        Check("web tests on Firestore's emulator", _emulated(_web("test:firestore"))),
        Check("integration tests", _ours("pytest", "tests/integration"), "integration-stack"),
        Check("contract tests", _ours("pytest", "tests/contract")),
    ),
)
LONG = ["--hypothesis-profile=long", "--timeout=3600"]
NIGHTLY: tuple[Lane, ...] = (
    (
        Check("template, by Checkov", [PYTHON, "-m", "tests.template_security"]),
        Check(
            "templates in all regions, by cfn-lint", _ours("cfn-lint", "--regions", "ALL_REGIONS", "--", *OF_A_STAGE)
        ),
        PACKAGE,  # the apps install it
        Check("web package in others' apps", _web("check:apps")),
        Check("rules, each clause broken", _emulated(_web("test:mutation"))),
        Check("job life, 3,000 examples", _ours("pytest", "tests/unit/test_job_life.py", *LONG)),
        CHROMIUM,  # the gallery's test needs it
        Check("tests marked nightly", _ours("pytest", "tests", "-m", "nightly")),
        Check("chaos", [PYTHON, "-m", "tests.chaos"], "chaos-stack"),
        Check("soak", [PYTHON, "-m", "tests.chaos.soak"], "chaos-stack"),
    ),
)


class Running:
    """A running check: a process that leads its own process group and writes to a file."""

    def __init__(self, check: Check) -> None:
        """Start the check. It cannot reach the user's AWS and Google accounts."""
        environment = clean_environment() | aws.client_environment("http://127.0.0.1:9")  # port 9: nobody answers
        environment |= {"TRACKING_LOCAL_STACK": check.stack, "JAVA_TOOL_OPTIONS": JAVA, "PYTHONUNBUFFERED": "1"}
        self.check = check
        self.log = LOGS / f"{re.sub(r'[^a-z0-9]+', '-', check.name.lower())}.log"
        self._began = time.monotonic()
        self._process = popen(check.command, self.log, environment, ROOT)

    def code(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.poll()

    def took(self, verdict: str = "") -> str:
        """Return the row of the summary. `verdict` says how the check ended; it is empty for a pass."""
        row = f"{time.monotonic() - self._began:7.1f} s  {self.check.name}"
        return f"{row}: {verdict}" if verdict else row

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def show(self) -> None:
        """Print the command and its output."""
        command = " ".join(word.removeprefix(f"{ROOT}/") for word in self.check.command)
        print(f"\n==> {self.check.name}: {command}\n{self.log.read_text(errors='replace')}", end="", flush=True)


def run(lanes: Sequence[Lane], *, keep_going: bool = False) -> bool:
    """Run the lanes, and return whether all checks pass. A failure ends the others like Ctrl-C, unless `keep_going`."""
    began = time.monotonic()
    running: dict[int, Running] = {}
    rows: list[str] = []
    failed: list[str] = []
    try:
        with signals_as_interrupts():
            for row, failure in _ended(lanes, running):
                rows.append(row)
                failed += [failure] if failure else []
                if failed and not keep_going:
                    break
    finally:
        with signals_deferred():
            _stop(running.values())
            rows += [one.took("stopped") for one in running.values()]
            print("\n" + "\n".join(rows) + f"\n{time.monotonic() - began:7.1f} s  in all", flush=True)
    if failed:
        print(f"\nFAILED: {', '.join(failed)}", file=sys.stderr)
    return not failed


def _ended(lanes: Sequence[Lane], running: dict[int, Running]) -> Iterator[tuple[str, str]]:
    """Run the lanes. Yield each ended check's row, and its name and exit code if it failed.

    `running` holds each lane's running check.
    """
    left = [deque(lane) for lane in lanes]
    while running or any(left):
        for number, lane in enumerate(left):
            if lane and number not in running:
                with signals_deferred():
                    running[number] = Running(lane.popleft())
        for number, one in list(running.items()):
            code = one.code()
            if code is not None:
                del running[number]
                one.show()
                verdict = f"exit code {code}" if code else ""
                yield one.took(verdict), f"{one.check.name} ({verdict})" if code else ""
        time.sleep(0.1)


def _stop(running: Collection[Running]) -> None:
    """End checks as Ctrl-C does, so that they stop their own programs; kill those that do not end in time."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for one in running:
            if one.code() is None:
                one.signal(number)
        deadline = time.monotonic() + STOP_LIMIT_S
        while any(one.code() is None for one in running) and time.monotonic() < deadline:
            time.sleep(0.1)


def one(target: str) -> list[str]:
    """Return the command that runs tests. `target`: a Python or vitest file, a pytest id, or words for pytest's -k."""
    if not target:
        sys.exit("error: name a test: make one T=tests/unit/test_fence.py")
    path = Path(target.removeprefix("web/"))
    if path.suffix not in (".ts", ".tsx"):
        is_path = Path(target.partition("::")[0]).exists()
        return _ours("pytest", *([target] if is_path else ["tests", "-k", _expression(target)]))
    project = path.parts[1]  # tests/<project>/...
    command = ["npm", "--prefix", str(WEB), "exec", "--", "vitest", "run", "--root", str(WEB)]
    command += ["--project", project, str(path)]
    return command if project in ("unit", "mocked") else _emulated(command)


def _expression(words: str) -> str:
    """Return an expression for pytest's -k: plain words must all be in a test's name; an expression is unchanged."""
    split = words.split()
    is_expression = not {"and", "or", "not"}.isdisjoint(split) or "(" in words
    return words if is_expression else " and ".join(split)


CHECKS: dict[str, Sequence[Lane]] = {"lint": [LINT], "test": TEST, "nightly": NIGHTLY}


if __name__ == "__main__":
    if without_node := web.missing():
        sys.exit(f"error: {without_node}")
    try:
        if sys.argv[1] == "one":
            sys.exit(subprocess.run(one(sys.argv[2]), env=clean_environment(), cwd=ROOT, check=False).returncode)
        sys.exit(not run(CHECKS[sys.argv[1]], keep_going=sys.argv[1] == "nightly"))
    except KeyboardInterrupt:
        sys.exit(130)
