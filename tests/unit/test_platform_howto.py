"""docs/howto/add-a-platform.md: its list of files to change must include every file that names a platform today."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from local.paths import ROOT

HOWTO = (ROOT / "docs" / "howto" / "add-a-platform.md").read_text(encoding="utf-8")
FOR_MYPY = "layers/common/tracking/jobs.py"
"""Names platforms only for the type checker; the how-to says so."""
MAX_FILES = 12
TESTS = ("tests/", "web/tests/", "web/consumers/")
PROSE = (".md", ".lock")
DATA = r"^- `(?P<path>contracts/[^`]+)`"
STEP = re.compile(r"^(?P<number>\d+)\. `(?P<path>[^`]+)`", re.MULTILINE)
INSTEAD = re.compile(r"`(?P<path>[\w/.]+)`\s+instead\.")


def steps() -> list[str]:
    """Return the file of each step, in order."""
    return [step["path"] for step in STEP.finditer(HOWTO)]


def listed() -> set[str]:
    """Return every file in which the how-to says to write a platform's name: in its steps, or for tests and samples."""
    found = [*steps(), *INSTEAD.findall(HOWTO), *re.findall(DATA, HOWTO, re.MULTILINE)]
    return {real(path) for path in found}


def real(path: str) -> str:
    """Return the path from the root, with links resolved. Threads has no files yet: return TikTok's or X's."""
    path = path.replace("threads_api", "x_api").replace("threads", "tiktok")
    return str((ROOT / path).resolve().relative_to(ROOT.resolve()))


def code_of(file: Path) -> str:
    """Return the file's text without comments and docstrings. They may name any platform as an example."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".py":
        return ast.unparse(_Undocumented().visit(ast.parse(text)))
    if file.suffix in (".ts", ".tsx", ".css"):
        return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.DOTALL)
    if file.suffix in (".yaml", ".toml", ".rules") or file.name == "Makefile":
        return re.sub(r"(?m)^\s*(#|//).*$", "", text)
    return text


class _Undocumented(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Replace a string that stands alone by `...`, because such a string is only for readers."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Expr(ast.Constant(...)) if is_text else self.generic_visit(node)


def naming(name: str) -> set[str]:
    """Return the files with `name` in their code or path. Tests, samples and prose do not count."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = set()
    for path in files:
        file = ROOT / path
        if not path or path.startswith(TESTS) or path.endswith(PROSE) or not file.is_file():
            continue
        if name in path.lower() or name in code_of(file).lower():
            found.add(real(path))
    return found


def test_the_howto_has_at_most_twelve_steps_in_order() -> None:
    assert [int(step["number"]) for step in STEP.finditer(HOWTO)] == list(range(1, len(steps()) + 1))
    assert 8 <= len(set(steps())) <= MAX_FILES


def test_every_file_of_the_howto_exists() -> None:
    missing = [path for path in listed() if not (ROOT / path).is_file()]
    assert missing == []


@pytest.mark.parametrize("name", ["tiktok"])
def test_every_place_that_names_a_platform_is_in_the_howto(name: str) -> None:
    """A new platform would have to be added to any other file that lists the platforms."""
    found = naming(name)
    assert found - {FOR_MYPY} <= listed()
    assert FOR_MYPY in found
    assert f"`{FOR_MYPY}`" in HOWTO


def test_a_scattered_place_is_found(tmp_path: Path) -> None:
    scattered = tmp_path / "scattered.py"
    scattered.write_text('"""Of TikTok."""\nLIMITS = {"tiktok": 3}  # TikTok\n')
    assert "tiktok" in code_of(scattered)
    scattered.write_text('"""Of TikTok."""\nLIMITS = {}  # TikTok\nLIMIT = 3\n"""TikTok\'s."""\n')
    assert "tiktok" not in code_of(scattered).lower()


def test_the_howtos_lines_are_short() -> None:
    assert [line for line in HOWTO.splitlines() if len(line) > 100] == []
