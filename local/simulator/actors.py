"""The Apify actors served: what input each takes, and the dataset items that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local.simulator import instagram, tiktok
from local.simulator.faults import Kind
from local.simulator.messages import Json

_INSTAGRAM_TYPES = ("details", "posts")


class InvalidInputError(ValueError):
    """The actor's input schema does not allow this input."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one run is to do. `usernames` are in lower case."""

    usernames: Sequence[str]
    items: Callable[[Kind | None], Sequence[Json]]


@dataclass(frozen=True, slots=True)
class Actor:
    actor_id: str
    name: str  # owner~name
    platform: str
    accept: Callable[[Json], Work]  # raises InvalidInputError


def _names(run_input: Json, key: str, username_of: Callable[[str], str | None]) -> list[tuple[str, str]]:
    """(what was asked, the username in it) for each entry of a list that must not be empty."""
    asked = run_input.get(key)
    if not isinstance(asked, list) or not asked or not all(isinstance(entry, str) for entry in asked):
        raise InvalidInputError(f"Field input.{key} must be a list of strings that is not empty")
    pairs = [(entry, username_of(entry)) for entry in asked]
    if unreadable := [entry for entry, name in pairs if name is None]:
        raise InvalidInputError(f"Field input.{key} has an item that is not understood: {unreadable[0]}")
    return [(entry, name) for entry, name in pairs if name is not None]


def _limit(run_input: Json, key: str) -> int | None:
    value: Any = run_input.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidInputError(f"Field input.{key} must be a whole number of at least 1")
    return value


def _instagram_scraper(run_input: Json) -> Work:
    names = _names(run_input, "directUrls", instagram.username_of)
    kind, limit = run_input.get("resultsType", "posts"), _limit(run_input, "resultsLimit")
    if kind not in _INSTAGRAM_TYPES:
        raise InvalidInputError(f"Field input.resultsType must be one of {', '.join(_INSTAGRAM_TYPES)} here")

    def items(mode: Kind | None) -> list[Json]:
        if kind == "details":
            return [item for url, name in names for item in instagram.details_items(name, url, mode)]
        return [item for url, name in names for item in instagram.post_items(name, url, limit, mode)]

    return Work([name.lower() for _, name in names], items)


def _instagram_profile_scraper(run_input: Json) -> Work:
    names = _names(run_input, "usernames", lambda name: name.strip().removeprefix("@") or None)

    def items(mode: Kind | None) -> list[Json]:
        urls = [(name, f"https://www.instagram.com/{name}/") for _, name in names]
        return [item for name, url in urls for item in instagram.details_items(name, url, mode)]

    return Work([name.lower() for _, name in names], items)


def _tiktok_scraper(run_input: Json) -> Work:
    names = _names(run_input, "profiles", tiktok.username_of)
    limit = _limit(run_input, "resultsPerPage")

    def items(mode: Kind | None) -> list[Json]:
        return [item for asked, name in names for item in tiktok.items(name, asked, limit, mode)]

    return Work([name.lower() for _, name in names], items)


_ACTORS = (
    Actor("shu8hvrXbJbY3Eb9W", "apify~instagram-scraper", "instagram", _instagram_scraper),
    Actor("dSCLg0C3YEZ83HzYX", "apify~instagram-profile-scraper", "instagram", _instagram_profile_scraper),
    Actor("0FXVyOXXEmdGcV88a", "clockworks~tiktok-profile-scraper", "tiktok", _tiktok_scraper),
    Actor("GdWCkxBtKWOsKjdch", "clockworks~tiktok-scraper", "tiktok", _tiktok_scraper),
)


def find_actor(reference: str) -> Actor | None:
    """By id or by `owner~name`."""
    return next((actor for actor in _ACTORS if reference in (actor.actor_id, actor.name)), None)
