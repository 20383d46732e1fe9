"""What each platform is: `contracts/platforms.json`, which lies beside this module and is read once, on import.

Nothing here is about fetching; that is a platform's own module in `tracking.platforms`.
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
    """One platform's entry; `fields` in the file describes each. Patterns are compiled when they are first needed."""

    label: str
    credential: str
    quota_reset_hour_utc: int | None
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
        """TypeError names a field that is missing or not known."""
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
        """Whether `host`, in lower case, is one of the platform's sites or a subdomain."""
        return any(host == site or host.endswith(f".{site}") for site in self.hosts)

    def is_short_link(self, host: str) -> bool:
        return any(re.fullmatch(pattern, host) for pattern in self.short_link_hosts)


def _read(file: Path) -> tuple[dict[str, PlatformContract], dict[str, str]]:
    contract = json.loads(file.read_text(encoding="utf-8"))
    platforms = {name: PlatformContract.from_json(entry) for name, entry in contract["platforms"].items()}
    return platforms, contract["credentials"]


PLATFORMS, CREDENTIALS = _read(CONTRACT)
"""Platforms by name, in the file's order; and of each credential the name of its key: in the environment of a
command line as it is, in that of a function with `_SECRET` after it, for the name of the secret that holds it."""
