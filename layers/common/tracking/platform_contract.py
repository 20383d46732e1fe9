"""The facts about each platform, from `contracts/platforms.json`.

The file lies beside this module and is read once, on import. The file says nothing about fetching. A platform's own
module in `tracking.platforms` does the fetching.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

CONTRACT = Path(__file__).with_name("platforms.json")


@dataclass(frozen=True, kw_only=True)
class PlatformContract:
    """One platform's entry. `fields` in the file describes each field. Patterns are compiled at their first use."""

    label: str
    credential: str
    quota_reset_hour_utc: int | None
    refresh_posts: int
    refresh_hours: int
    has_ids: bool
    hosts: tuple[str, ...]
    short_link_hosts: tuple[str, ...]
    example: str
    username: str
    any_script: bool
    username_rule: str
    account_paths: Mapping[str, str]
    pages: tuple[str, ...]
    posts: tuple[str, ...]
    post_parts: int

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Read an entry. TypeError names a missing or unknown field."""
        fields: dict[str, Any] = {
            re.sub(r"(?=[A-Z])", "_", name).lower(): tuple(value) if isinstance(value, list) else value
            for name, value in entry.items()
        }
        return cls(**fields)

    @cached_property
    def username_pattern(self) -> re.Pattern[str]:
        return re.compile(self.username)

    @cached_property
    def pages_pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.pages)), re.IGNORECASE)

    def is_site(self, host: str) -> bool:
        """Return whether `host`, in lower case, is one of the platform's sites or a subdomain."""
        return any(host == site or host.endswith(f".{site}") for site in self.hosts)

    def is_short_link(self, host: str) -> bool:
        return any(re.fullmatch(pattern, host) for pattern in self.short_link_hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshBudget:
    """How a platform's budget of refreshes counts. `refreshBudgets` in the file describes it."""

    unit: str  # "units" or "usd"
    account: Mapping[str, float]
    post: Mapping[str, float]


def _read(
    file: Path,
) -> tuple[dict[str, PlatformContract], dict[str, str], dict[str, tuple[str, ...]], dict[str, RefreshBudget]]:
    contract = json.loads(file.read_text(encoding="utf-8"))
    platforms = {name: PlatformContract.from_json(entry) for name, entry in contract["platforms"].items()}
    picture_hosts = {name: tuple(contract["pictureHosts"].get(name, ())) for name in platforms}
    budgets = {name: RefreshBudget(**contract["refreshBudgets"][name]) for name in platforms}
    return platforms, contract["credentials"], picture_hosts, budgets


PLATFORMS, CREDENTIALS, PICTURE_HOSTS, REFRESH_BUDGETS = _read(CONTRACT)
"""PLATFORMS: the entries by name, in the file's order.

CREDENTIALS: for each credential, the environment variable of its key, such as `APIFY_TOKEN`. The command line reads the
key from this variable. A Lambda function reads the name of a secret from the variable `APIFY_TOKEN_SECRET`.

PICTURE_HOSTS: the sites of each platform's pictures, by name. A platform without any has no copies of its pictures.

REFRESH_BUDGETS: how each platform's budget of refreshes counts, by name.
"""
