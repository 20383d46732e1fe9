"""Rules of wording that a program can check: beginnings of docstrings and comments, and lengths of test names.

The rules are those of CONTRIBUTING.md: a docstring begins with a verb or with the noun that it defines.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

import pytest

from local.paths import ROOT

MAX_TEST_NAME = 60
PYTHON_FOLDERS = ["bench", "cli", "functions", "layers", "local", "tests"]
WEB_FOLDERS = ["web/demo", "web/src", "web/tests"]

_QUESTION = re.compile(r"(What|Who|Where|Whoever|Whose)\b", re.IGNORECASE)
_DOC_COMMENT = re.compile(r"/\*\*[\s*]*(?P<text>[^*]+)")
_TEST_CALL = re.compile(r"(?<![\w.])(?:it|test)(?P<modifiers>(?:\.\w+)*)\(")
_STRING = re.compile(r"""\s*(?P<quote>['"`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
_TAKES_A_TABLE = re.compile(r"\.(each|for|skipIf|runIf)$")


def files(folders: list[str], *suffixes: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file below the folders."""
    for folder in folders:
        assert (ROOT / folder).is_dir(), f"{folder} is gone: name the folder that has its files now"
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT)
            if path.suffix in suffixes:
                yield str(name), path.read_text()


@functools.cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring: of the module, a class, a function or an attribute."""
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for statement in node.body:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value.strip()


def python_tests(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each test function."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield node.lineno, node.name


def doc_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each `/** ... */` comment of TypeScript."""
    for found in _DOC_COMMENT.finditer(source):
        yield line_of(source, found.start()), found["text"].strip()


def vitest_titles(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the title of each `it` and `test`. A template literal is yielded as it is written."""
    for call in _TEST_CALL.finditer(source):
        start = call.end()
        if _TAKES_A_TABLE.search(call["modifiers"]):
            start = end_of_call(source, start) + 1  # after the bracket that opens the second call
        if title := _STRING.match(source, start):
            yield line_of(source, call.start()), title["text"]


def end_of_call(source: str, start: int) -> int:
    """Return the place after the bracket that closes a call. The call's arguments begin at `start`."""
    depth = 1
    while depth:
        if string := _STRING.match(source, start):
            start = string.end()
            continue
        depth += {"(": 1, ")": -1}.get(source[start], 0)
        start += 1
    return start


def line_of(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def places(found: Iterator[tuple[str, int, str]]) -> list[str]:
    """Return a line of text for each finding, in the format of a compiler's messages."""
    return [f"{path}:{line}: {text.splitlines()[0]}" for path, line, text in found]


def test_docstrings_begin_with_no_question_word() -> None:
    found = ((path, *one) for path, source in files(PYTHON_FOLDERS, ".py") for one in docstrings(source))
    assert places(one for one in found if _QUESTION.match(one[2])) == []


def test_python_test_names_have_at_most_60_characters() -> None:
    found = ((path, *one) for path, source in files(PYTHON_FOLDERS, ".py") for one in python_tests(source))
    assert places(one for one in found if len(one[2]) > MAX_TEST_NAME) == []


def test_doc_comments_begin_with_no_question_word() -> None:
    found = ((path, *one) for path, source in files(WEB_FOLDERS, ".ts", ".tsx") for one in doc_comments(source))
    assert places(one for one in found if _QUESTION.match(one[2])) == []


def test_vitest_titles_have_at_most_60_characters() -> None:
    found = ((path, *one) for path, source in files(["web/tests"], ".ts", ".tsx") for one in vitest_titles(source))
    assert places(one for one in found if len(one[2]) > MAX_TEST_NAME) == []


# The functions above find everything that they should find


def test_docstrings_are_found_at_every_place() -> None:
    source = (
        '"""Module."""\nA = 1\n"""Attribute."""\nclass B:\n    """Class."""\n    def f():\n        """Function."""\n'
    )
    assert set(docstrings(source)) == {(1, "Module."), (3, "Attribute."), (5, "Class."), (7, "Function.")}


def test_python_tests_are_found_in_classes_too() -> None:
    source = "def test_a(): ...\nclass TestB:\n    async def test_c(self): ...\ndef helper(): ...\n"
    assert set(python_tests(source)) == {(1, "test_a"), (3, "test_c")}


def test_doc_comments_are_found_on_one_line_and_on_many() -> None:
    source = "/** One line. */\nconst a = 1 /* no doc */\n  /**\n   * Many\n   * lines.\n   */"
    assert [(line, text.split("\n")[0].strip()) for line, text in doc_comments(source)] == [
        (1, "One line."),
        (3, "Many"),
    ]


TITLES = [
    ("it('plain', () => {})", "plain"),
    ('test("it\'s", () => {})', "it's"),
    ("test(\n  'on the next line',", "on the next line"),
    ("it(`with ${a(')')} inside`, f)", "with ${a(')')} inside"),
    ("test.each([[')', 1], ['(', f()]])('of a table', f)", "of a table"),
    ("it.skipIf(slow(1)).each([1])('of both', f)", None),  # a chain of two calls is not read; no test has one
    ("it.only('alone', f)", "alone"),
]


@pytest.mark.parametrize(("source", "title"), TITLES)
def test_vitest_titles_are_read(source: str, title: str | None) -> None:
    assert [text for _, text in vitest_titles(source)] == ([title] if title else [])


@pytest.mark.parametrize("text", ["What it is.", "Who writes.", "Where it lies.", "Whoever asks.", "Whose turn it is."])
def test_question_words_are_recognised(text: str) -> None:
    assert _QUESTION.match(text)
    assert not _QUESTION.match(f"The sentence: {text}")
    assert not _QUESTION.match("Wholly other words")
