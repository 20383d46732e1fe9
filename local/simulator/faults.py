"""Faults that the simulator makes on purpose: their kind, the account, and how often they happen."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, Self

from local.simulator.messages import Json, Subject
from tracking.jobs import PlatformName


class Kind(StrEnum):
    # The answer itself fails.
    UNAVAILABLE = "503"
    BROKEN = "500"
    RATE_LIMITED = "429"
    HTML = "html"  # a gateway's page; its status is 502 unless the fault has another
    TRUNCATED = "truncated"  # status 200, half of the JSON
    QUOTA = "quota"  # the caller's quota is used up
    # The answer is late.
    SLOW = "slow"
    # The answer is the one that the platform gives for such an account.
    PRIVATE = "private"
    SUSPENDED = "suspended"
    EMPTY = "empty"  # no posts
    MISSING = "missing"
    HIDDEN = "hidden"  # counts hidden
    NULLS = "nulls"  # null where a number should be
    LOOP = "loop"  # pages lead back to the first one
    OTHER = "other"  # another account than the one asked for
    # A start fails, on Apify alone.
    NO_ROOM = "no-room"  # other runs use all memory of the caller's plan


_TYPES: Mapping[str, tuple[UnionType | type, str]] = {
    "username": (str, "text"),
    "seconds": (int | float, "a number"),
    **dict.fromkeys(("times", "retry_after", "status"), (int, "a whole number")),
}
FAILURES = frozenset({Kind.UNAVAILABLE, Kind.BROKEN, Kind.RATE_LIMITED, Kind.HTML, Kind.QUOTA, Kind.NO_ROOM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault. None stands for any platform, any account or any call. If `times` is None, the fault never ends."""

    kind: Kind
    platform: str | None = None
    username: str | None = None  # lower case
    times: int | None = None
    seconds: float = 0  # of delay, for SLOW
    retry_after: int | None = None  # seconds, for RATE_LIMITED
    status: int | None = None  # for HTML
    path: str | None = None  # only calls whose path contains this

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read the fault in a control call. ValueError, with a sentence, for an unknown field or value."""
        if not isinstance(data, dict):
            raise ValueError("A fault is one JSON object.")  # noqa: TRY004  # a mistake in a request, like the others
        if unknown := sorted(data.keys() - set(cls.__slots__)):
            raise ValueError(f"Unknown field {unknown[0]!r}; known are {', '.join(sorted(cls.__slots__))}.")
        for name, known in (("kind", tuple(Kind)), ("platform", (None, *PlatformName))):
            if data.get(name) not in known:
                raise ValueError(f"Unknown {name} {data.get(name)!r}; known are {', '.join(filter(None, known))}.")
        for name, (kinds, wanted) in _TYPES.items():
            value = data.get(name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
            if value is not None and not (isinstance(value, kinds) and (is_number or kinds is str)):
                raise ValueError(f"{name} must be {wanted}, not {value!r}.")
        username = data.get("username") and data["username"].lower().removeprefix("@")
        return cls(**{**data, "kind": Kind(data["kind"]), "username": username})

    def concerns(self, subject: Subject, path: str) -> bool:
        return (
            self.platform in (None, subject.platform)
            and self.username in (None, subject.username)
            and (self.path in path if self.path else subject.meets_account or self.kind is Kind.SLOW)
        )


class FaultBook:
    """The active faults, and how often each has happened. Safe to share between threads.

    `standing` returns the fault that a synthetic name stands for. Such a fault is counted per platform and name.
    """

    def __init__(self, standing: Callable[[str], Fault | None]) -> None:
        self._standing = standing
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self._happened: Counter[object] = Counter()  # by index in the list, or by platform and name

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        """Forget the added faults, and start the count of every name again."""
        with self._lock:
            self._planned.clear()
            self._happened.clear()

    def take(self, subject: Subject, path: str) -> list[Fault]:
        """Count and return the faults of this request: all delays, and at most one of another kind."""
        standing = self._standing(subject.username) if subject.username else None
        taken: list[Fault] = []
        with self._lock:
            for key, fault in (*enumerate(self._planned), ((subject.platform, subject.username), standing)):
                if fault and fault.concerns(subject, path) and self._happened[key] != fault.times:
                    self._happened[key] += 1
                    taken.append(fault)
                    if fault.kind is not Kind.SLOW:
                        break
        return taken


def with_counts(entry: Json, counts: Collection[str], mode: Kind | None) -> Json:
    """Return the entry with its counts left out (HIDDEN), null (NULLS), or as they are."""
    if mode is Kind.HIDDEN:
        return {name: value for name, value in entry.items() if name not in counts}
    return entry | {name: None for name in counts if name in entry} if mode is Kind.NULLS else entry
