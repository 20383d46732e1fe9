"""Synthetic accounts: their names, the numbers that stand for the names, and the dates of their posts.

A name says how its account behaves (the table is in the package's docstring). The ids of synthetic accounts and posts
are computed from the name, and the name can be computed from an id. So the simulator does not store what it served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from local.simulator.faults import Fault, Kind

ORDINARY_POSTS = 3  # posts of a synthetic account whose name gives no number

_COUNTED = ("videos", "slow")  # sim_{word}_{number}
_REPEATED = (Kind.UNAVAILABLE, Kind.BROKEN, Kind.RATE_LIMITED, Kind.HTML, Kind.TRUNCATED)  # sim_{word}x{times}
_PLAIN = tuple(kind for kind in Kind if kind not in (*_REPEATED, Kind.SLOW, Kind.NO_ROOM))  # sim_{word}
_WORDS: tuple[str, ...] = (*_COUNTED, *_REPEATED, *_PLAIN)
_NAME = re.compile(
    rf"sim_(?:({'|'.join(_COUNTED)})_(0|[1-9]\d{{0,3}})|({'|'.join(_REPEATED)})x([1-9]\d?)|({'|'.join(_PLAIN)}))",
    re.ASCII,
)
_ARGUMENTS = 10_000  # arguments have at most four digits
_LAST_POST = 10**12 - 1
_NEWEST = datetime(2025, 10, 1, 12, tzinfo=UTC)
_STEP = timedelta(hours=3)  # 5,000 posts reach back 21 months


def published_at(index: int) -> datetime:
    """Return the date of synthetic post `index`; 0 is the newest."""
    return _NEWEST - index * _STEP


def published_text(index: int) -> str:
    """Return the date as Instagram, TikTok and X write it: with milliseconds."""
    return published_at(index).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True, slots=True)
class SimName:
    """A synthetic name: `sim_videos_501` is `SimName("videos", 501)`. X allows all of them (up to 15 characters)."""

    word: str
    argument: int = 0

    @classmethod
    def parse(cls, username: str) -> Self | None:
        match = _NAME.fullmatch(username.lower())
        if match is None:
            return None
        return cls(match[1] or match[3] or match[5], int(match[2] or match[4] or 0))

    @classmethod
    def from_number(cls, number: int) -> Self | None:
        index, argument = divmod(number, _ARGUMENTS)
        if not 0 <= index < len(_WORDS):
            return None
        name = cls(_WORDS[index], argument)
        return name if cls.parse(name.text) == name else None

    @property
    def text(self) -> str:
        if self.word in _COUNTED:
            return f"sim_{self.word}_{self.argument}"
        return f"sim_{self.word}x{self.argument}" if self.word in _REPEATED else f"sim_{self.word}"

    @property
    def number(self) -> int:
        """A number of at most six digits, which `from_number` turns back into the name."""
        return _WORDS.index(self.word) * _ARGUMENTS + self.argument

    @property
    def account_digits(self) -> str:
        """18 digits. With one more digit in front, they are an account's id on X, Instagram and TikTok."""
        return f"{self.number:06d}{0:012d}"

    def post_digits(self, index: int) -> str:
        """Return 18 digits. Older posts have smaller numbers, as in ids made from the time. `index` 0 is the newest."""
        return f"{self.number:06d}{_LAST_POST - index:012d}"

    @property
    def post_count(self) -> int:
        return self.argument if self.word == "videos" else ORDINARY_POSTS


def standing_fault(username: str) -> Fault | None:
    """Return the fault that the name of a synthetic account stands for; None for any other name."""
    sim = SimName.parse(username)
    if sim is None or sim.word == "videos":
        return None
    if sim.word == "slow":
        return Fault(kind=Kind.SLOW, seconds=sim.argument)
    if sim.word in _REPEATED:
        return Fault(kind=Kind(sim.word), times=sim.argument, retry_after=1)
    return Fault(kind=Kind(sim.word))
