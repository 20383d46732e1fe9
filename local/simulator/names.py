"""Names of synthetic accounts, and numbers that carry them.

A name says how its account behaves (the table is in the package's docstring). Ids of synthetic accounts and
posts are made from the name alone and can be read back, so the simulator needs no memory of what it served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from local.simulator.faults import Fault, Kind

ORDINARY_POSTS = 3  # posts of a synthetic account whose name does not say

_COUNTED = ("videos", "slow")  # sim_{word}_{number}
_REPEATED = (Kind.UNAVAILABLE, Kind.BROKEN, Kind.RATE_LIMITED, Kind.HTML, Kind.TRUNCATED)  # sim_{word}x{times}
_PLAIN = (  # sim_{word}
    Kind.PRIVATE,
    Kind.SUSPENDED,
    Kind.EMPTY,
    Kind.MISSING,
    Kind.HIDDEN,
    Kind.QUOTA,
    Kind.LOOP,
    Kind.OTHER,
    Kind.NULLS,
    "recorded",
)
_WORDS: tuple[str, ...] = (*_COUNTED, *_REPEATED, *_PLAIN)
_NAME = re.compile(
    rf"sim_(?:(?P<counted>{'|'.join(_COUNTED)})_(?P<number>0|[1-9]\d{{0,3}})"
    rf"|(?P<repeated>{'|'.join(_REPEATED)})x(?P<times>[1-9]\d?)"
    rf"|(?P<plain>{'|'.join(_PLAIN)}))",
    re.ASCII,
)
_ARGUMENTS = 10_000  # arguments have at most four digits
_LAST_POST = 10**12 - 1


@dataclass(frozen=True, slots=True)
class SimName:
    """`sim_videos_501` is `SimName("videos", 501)`. Each such name is legal on all platforms (X: 15 characters)."""

    word: str
    argument: int = 0

    @classmethod
    def parse(cls, username: str) -> Self | None:
        match = _NAME.fullmatch(username.lower())
        if match is None:
            return None
        word = match["counted"] or match["repeated"] or match["plain"]
        return cls(word, int(match["number"] or match["times"] or 0))

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
        """At most six digits; `from_number` reads it back."""
        return _WORDS.index(self.word) * _ARGUMENTS + self.argument

    @property
    def account_digits(self) -> str:
        """18 digits. With one more before them, an account's id on X, Instagram and TikTok."""
        return f"{self.number:06d}{0:012d}"

    def post_digits(self, index: int) -> str:
        """18 digits, smaller for older posts, as ids made from clocks are. `index` 0 is the newest."""
        return f"{self.number:06d}{_LAST_POST - index:012d}"

    @property
    def post_count(self) -> int:
        return self.argument if self.word == "videos" else ORDINARY_POSTS

    @property
    def standing_fault(self) -> Fault | None:
        """What stands upon this account from the start, until it has happened often enough."""
        if self.word == "slow":
            return Fault(kind=Kind.SLOW, seconds=self.argument)
        if self.word in _REPEATED:
            return Fault(kind=Kind(self.word), times=self.argument, retry_after_s=1)
        return Fault(kind=Kind(self.word)) if self.word in set(Kind) else None
