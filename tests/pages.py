"""A reader of the project's pages: their lines, links, paths and excerpts of code.

`python -m tests.pages` lists the excerpts of the tour, and marks each excerpt that its file no longer contains.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from local.paths import ROOT

TOUR = ROOT / "docs/tour.md"
# Folders that a path in a page may be relative to.
BASES = ("", "functions", "layers/common", "layers/common/tracking", "web", "web/src")
SAMPLES = ROOT / "tests/platform-samples"

_FENCE = re.compile(r"^ *```", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SOURCE = re.compile(r'<(?:img|source)[^>]* (?:src|srcset)="([^"]+)"')
_PATH = re.compile(r"`((?:[\w.-]+/){2,}|(?:[\w.-]+/)+[\w.-]+\.(?:py|tsx?|md|json|ya?ml|toml|rules|sh|css|lock|txt))`")
_TARGET = re.compile(r"^make ([a-z]+)\b", re.MULTILINE)
_COMMAND = re.compile(r"^(?:\.venv/bin/)?tracking ([a-z]+)", re.MULTILINE)
_EXCERPT = re.compile(r"^\[[^\]]+\]\(([^)]+)\):\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return "".join(_FENCE.split(self.text)[::2])

    @property
    def code(self) -> str:
        """The blocks of code, and the text between backticks."""
        spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", self.prose)]
        return "\n".join([*_FENCE.split(self.text)[1::2], *spans])

    def long_lines(self, limit: int) -> list[str]:
        """Lines of prose beyond `limit` characters. Tables, and the addresses of links, may be longer."""
        lines = [line for line in self.prose.splitlines() if not line.startswith("|")]
        return [line for line in lines if len(re.sub(r"https?://\S+", "", _LINK.sub("]", line))) > limit]

    @property
    def links(self) -> list[str]:
        """The links to files and headings, without those to other sites."""
        targets = [*_LINK.findall(self.prose), *_SOURCE.findall(self.prose)]
        return [target for target in targets if "://" not in target]

    def broken_links(self) -> list[str]:
        """Links to files or headings that do not exist."""
        return [target for target in self.links if not self._leads_somewhere(target)]

    def links_out_of(self, inside: Collection[Path]) -> list[str]:
        """Links to files that are neither in `inside` nor in a folder that is."""
        files = {target: (self.path.parent / target.partition("#")[0]).resolve() for target in self.links}
        return [target for target, file in files.items() if not any(file.is_relative_to(one) for one in inside)]

    def _leads_somewhere(self, target: str) -> bool:
        name, _, anchor = target.partition("#")
        file = self.path.parent / name if name else self.path
        return file.exists() and (not anchor or anchor in anchors(file))

    def missing_paths(self) -> list[str]:
        """Return the paths between backticks that lead to no file.

        Two kinds are left out: files that `make` writes, in folders that begin with a dot, and the files of Threads, an
        example in the how-to.
        """
        elsewhere = (".", "account-tracking/")  # installed folders, and the entries of the web package
        named = [path for path in _PATH.findall(self.prose) if not path.startswith(elsewhere) and "threads" not in path]
        bases = [self.path.parent, *(ROOT / base for base in BASES), SAMPLES, *SAMPLES.iterdir()]
        return [path for path in named if not any((base / path).exists() for base in bases)]

    def targets(self) -> set[str]:
        """The targets of `make` that the page's code names."""
        return set(_TARGET.findall(self.code))

    def commands(self) -> set[str]:
        """The commands of `tracking` that the page's code names."""
        return set(_COMMAND.findall(self.code))


def pages() -> list[Page]:
    """Return the pages of the root, of docs/ and of the web package."""
    return [
        Page(path)
        for pattern in ("*.md", "docs/**/*.md", "web/*.md", "web/docs/*.md", "web/examples/*/*.md")
        for path in sorted(ROOT.glob(pattern))
    ]


def anchors(page: Path) -> set[str]:
    """The headings' anchors, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", Page(page).prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@dataclass(frozen=True)
class Excerpt:
    """A block of code of the tour, and the file that it is taken from."""

    file: Path
    text: str
    line: int  # of the tour

    @property
    def found_at(self) -> int | None:
        """The line of the file where the excerpt begins, at any indentation. None if the file does not contain it."""
        wanted = self.text.splitlines()
        lines = self.file.read_text().splitlines() if self.file.is_file() else []
        for first in range(len(lines) - len(wanted) + 1):
            if dedent("\n".join(lines[first : first + len(wanted)])).splitlines() == wanted:
                return first + 1
        return None


def excerpts(tour: str) -> Iterator[Excerpt]:
    """Yield each block of code below a line with only a link to a file and a colon: `[claim.py](../functions/...):`."""
    for found in _EXCERPT.finditer(tour):
        yield Excerpt((TOUR.parent / found[1]).resolve(), found[2], tour.count("\n", 0, found.start()) + 1)


def main() -> int:
    """Print the excerpts. Return the exit code: 1 if an excerpt is out of date."""
    stale = 0
    for excerpt in excerpts(TOUR.read_text()):
        stale += excerpt.found_at is None
        place = f"line {excerpt.found_at}" if excerpt.found_at else "NOT FOUND: copy it anew"
        print(f"docs/tour.md:{excerpt.line:<4} {excerpt.file.relative_to(ROOT)}: {place}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
