"""The runner of `make test`: lanes, their output, and how they end. A check is a small program in these tests."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from local.paths import WEB
from tests import checks
from tests.checks import Check, one, run

# Creates the file `ready` when it runs, and the file `cleaned` when it can clean up before it ends.
STOPPABLE = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
try:
    (folder / "ready").touch()
    time.sleep(60)
finally:
    (folder / "cleaned").touch()
"""
AFTER_READY = """
import pathlib, sys, time
while not (pathlib.Path(sys.argv[1]) / "ready").exists():
    time.sleep(0.02)
print("what went wrong")
sys.exit(3)
"""


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LOGS", tmp_path / "logs")


def check(name: str, script: str, folder: Path | None = None) -> Check:
    return Check(name, [sys.executable, "-c", script, str(folder)])


def test_passing_lanes_show_output_and_times(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([(check("first", "print('one')"), check("second", "print('two')")), (check("other", ""),)])
    said = capfd.readouterr().out
    assert said.index("one\n") < said.index("two\n")
    rows = [line.split(" s  ")[1] for line in said.splitlines() if " s  " in line]
    assert (sorted(rows[:3]), rows[3]) == (["first", "other", "second"], "in all")


def test_failing_check_ends_the_other_lanes_cleanly(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lanes = [
        (check("bad", AFTER_READY, tmp_path), check("never", "raise SystemError")),
        (check("slow", STOPPABLE, tmp_path),),
    ]
    assert not run(lanes)
    said = capfd.readouterr()
    assert (tmp_path / "cleaned").exists()
    assert "what went wrong" in said.out
    assert "bad: exit code 3" in said.out
    assert "slow: stopped" in said.out
    assert "never" not in said.out
    assert said.err == "\nFAILED: bad (exit code 3)\n"


def test_checks_that_keep_going_all_run_and_name_each_failure(capfd: pytest.CaptureFixture[str]) -> None:
    lane = (check("one", "raise SystemExit(1)"), check("two", "print('ran')"), check("three", "raise SystemExit(3)"))
    assert not run([lane], keep_going=True)
    said = capfd.readouterr()
    assert "ran\n" in said.out
    assert said.err == "\nFAILED: one (exit code 1), three (exit code 3)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_all_lanes_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    def interrupt() -> None:
        while not (tmp_path / "ready").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run([(check("slow", STOPPABLE, tmp_path),)])
    thread.join()
    assert (tmp_path / "cleaned").exists()


@pytest.mark.parametrize(
    ("target", "end"),
    [
        ("tests/unit/test_fence.py", ["tests/unit/test_fence.py"]),
        ("tests/unit/test_fence.py::test_x", ["tests/unit/test_fence.py::test_x"]),
        ("refused", ["tests", "-k", "refused"]),
        ("fence refused", ["tests", "-k", "fence and refused"]),
        ("fence and refused", ["tests", "-k", "fence and refused"]),
        ("fence or  lease", ["tests", "-k", "fence or  lease"]),
        ("(fence)", ["tests", "-k", "(fence)"]),
        ("web/tests/unit/panel.test.tsx", ["--project", "unit", "tests/unit/panel.test.tsx"]),
        ("web/tests/mocked/indexes.test.ts", ["--project", "mocked", "tests/mocked/indexes.test.ts"]),
        ("tests/rules/rules.test.ts", ["--project", "rules", "tests/rules/rules.test.ts"]),
    ],
)
def test_one_test_is_found_by_path_or_words(target: str, end: list[str]) -> None:
    command = one(target)
    assert command[-len(end) :] == end
    assert ("local.emulated" in command) == ("rules" in target)


def test_web_projects_that_scripts_name_have_tests() -> None:
    """With several projects, vitest passes although one of them has no test."""
    scripts = json.loads((WEB / "package.json").read_text())["scripts"]
    named = set(re.findall(r"--project[= ](\S+)", " ".join(scripts.values())))
    config = (WEB / "vite.config.ts").read_text().partition("projects: [")[2]
    lists = re.findall(r"name: ('\w+')|\.\.\.\[([^\]]+)\]\.map\(\(name\)", config)
    defined = set(re.findall(r"'(\w+)'", " ".join(map(" ".join, lists))))
    assert named == defined == {"unit", "mocked", "rules", "mutation", "emulator"}
    for project in named:
        endings = (".test.ts", ".test.tsx") if project == "unit" else (".test.ts",)
        files = (WEB / "tests" / project).rglob("*.test.ts*")
        assert any(file.name.endswith(endings) for file in files), f"web/tests/{project} has no test"
