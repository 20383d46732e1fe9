"""Usernames in contracts/usernames.json. The page checks each name first, and Python must give the same verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.factories import job
from tracking.errors import InvalidJobError
from tracking.jobs import PlatformName

TABLE = json.loads((Path(__file__).parents[3] / "contracts" / "usernames.json").read_text())
PARSERS: dict[PlatformName, Callable[[str], object]] = {
    name: import_module(f"tracking.platforms.{name}").parse_username for name in PlatformName
}


def rows() -> Iterator[tuple[PlatformName, str, str]]:
    """Yield (platform, typed text, verdict). The verdict is "ok" or a kind of refusal."""
    for platform in PlatformName:
        own = TABLE[platform]
        yield from ((platform, f"{own['site']}{page}/1", "not-a-profile") for page in own["pages"])
        for verdicts in (TABLE["everyPlatform"]["typed"], own["typed"]):
            for verdict, inputs in verdicts.items():
                yield from ((platform, typed, verdict) for typed in inputs)


def refusals_of(platform: PlatformName, typed: str) -> list[str]:
    """Return the sentences with which the job's check and the platform's check refuse the name."""
    checks: list[Callable[[], object]] = [
        lambda: job(username=typed, platform=str(platform)),
        lambda: PARSERS[platform](typed),
    ]
    sentences = []
    for check in checks:
        try:
            check()
        except InvalidJobError as error:
            sentences.append(error.message)
    return sentences


@pytest.mark.parametrize(("platform", "typed", "verdict"), list(rows()))
def test_a_typed_name_is_taken_or_refused_as_the_page_does(platform: PlatformName, typed: str, verdict: str) -> None:
    refusals = refusals_of(platform, typed)
    if verdict == "ok":
        assert refusals == []
    else:
        expected = TABLE["sentences"][verdict].replace("{name}", platform.label)
        assert any(expected in sentence for sentence in refusals), refusals


@pytest.mark.parametrize("typed", TABLE["invisible"]["typed"], ids=ascii)
def test_username_of_invisible_characters_is_refused(typed: str) -> None:
    with pytest.raises(InvalidJobError, match=r"^The job has no username\.$"):
        job(username=typed)
    for parse in PARSERS.values():
        with pytest.raises(InvalidJobError):
            parse(typed)


@pytest.mark.parametrize("typed", TABLE["invisible"]["visible"], ids=ascii)
def test_username_with_a_visible_character_is_accepted(typed: str) -> None:
    assert job(username=typed).username == typed


def test_typed_names_table_covers_platforms_and_refusals() -> None:
    assert {verdict for _, _, verdict in rows()} == {"ok", *TABLE["sentences"]}
    assert {platform for platform, _, verdict in rows() if verdict == "ok"} == set(PlatformName)
