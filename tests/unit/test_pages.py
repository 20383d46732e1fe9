"""The pages, checked against the project: short lines, links that resolve, and names and excerpts that still exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

import cli
from local.paths import ROOT, WEB
from tests.pages import TOUR, Excerpt, Page, excerpts, pages

LINE_LIMIT = 100
README = Page(ROOT / "README.md")
README_LIMIT = 120
EXCERPT_LIMIT = 12
PICTURE_LIMIT_BYTES = 200_000
DECISIONS = Page(ROOT / "docs/decisions.md")
DESIGN = Page(ROOT / "docs/design.md")

each_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
each_excerpt = pytest.mark.parametrize(
    "excerpt", [*excerpts(TOUR.read_text())], ids=lambda excerpt: f"{excerpt.file.name}-{excerpt.line}"
)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def packed_files() -> list[Path]:
    """Return the files and folders of the web package that npm packs. It packs the README unasked."""
    return [WEB / name for name in ["README.md", *json.loads((WEB / "package.json").read_text())["files"]]]


def packed_pages() -> list[Page]:
    return [page for page in pages() if any(page.path.is_relative_to(one) for one in packed_files())]


@each_page
def test_page_lines_are_short(page: Page) -> None:
    assert page.long_lines(LINE_LIMIT) == []


@each_page
def test_page_links_resolve(page: Page) -> None:
    assert page.broken_links() == []


@pytest.mark.parametrize("page", packed_pages(), ids=lambda page: page.name)
def test_link_of_the_npm_package_stays_inside_it(page: Page) -> None:
    assert page.links_out_of(packed_files()) == []


@each_page
def test_page_paths_exist(page: Page) -> None:
    assert page.missing_paths() == []


@each_page
def test_page_names_make_targets_that_exist(page: Page) -> None:
    assert page.targets() <= make_targets()


@each_page
def test_page_names_commands_that_exist(page: Page) -> None:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, typer.core.TyperGroup)
    assert page.commands() <= group.commands.keys()


def test_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= README_LIMIT


def test_readme_flow_names_every_task_state() -> None:
    states = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())["States"]
    tasks = {name for name, state in states.items() if state["Type"] == "Task"}
    assert len(tasks) > 2
    flow = README.text.split("```mermaid\n")[1].split("```")[0]
    assert tasks <= set(re.findall(r"\w+", flow))


def test_pictures_of_the_machine_name_each_state_but_choices() -> None:
    states = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())["States"]
    pictures = "".join(re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", DESIGN.text, re.DOTALL))
    assert {name for name, state in states.items() if state["Type"] != "Choice"} <= set(re.findall(r"\w+", pictures))


def test_pictures_are_small() -> None:
    pictures = [*(ROOT / "docs/images").iterdir()]
    assert len(pictures) >= 2
    assert [picture.name for picture in pictures if picture.stat().st_size > PICTURE_LIMIT_BYTES] == []


@each_excerpt
def test_tour_excerpt_is_in_its_file(excerpt: Excerpt) -> None:
    assert excerpt.found_at is not None, "copy it anew: `python -m tests.pages` lists the excerpts"
    assert len(excerpt.text.splitlines()) <= EXCERPT_LIMIT


def test_every_code_block_of_the_tour_is_an_excerpt() -> None:
    tour = TOUR.read_text()
    assert tour.count("\n```\n") == len([*excerpts(tour)]) > 5


def test_decisions_are_numbered_and_say_what_became_false() -> None:
    _, *chapters = re.split(r"^## ", DECISIONS.text, flags=re.MULTILINE)
    assert [int(chapter.split(".")[0]) for chapter in chapters] == list(range(1, len(chapters) + 1))
    assert [chapter.splitlines()[0] for chapter in chapters if "\n**Since then.** " not in chapter] == []
