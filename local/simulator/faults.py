"""What goes wrong on purpose, for whom, and how often still."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from local.simulator.messages import Request, Subject

PLATFORMS = ("youtube", "twitter", "instagram", "tiktok")


class Kind(StrEnum):
    # The answer itself fails.
    UNAVAILABLE = "503"
    BROKEN = "500"
    RATE_LIMITED = "429"
    HTML = "html"  # a gateway's page, status 502 unless told otherwise
    TRUNCATED = "truncated"  # status 200, half of the JSON
    QUOTA = "quota"  # the caller's quota is used up
    # The answer is late.
    SLOW = "slow"
    # The answer is what the platform says of such an account.
    PRIVATE = "private"
    SUSPENDED = "suspended"
    EMPTY = "empty"  # no posts
    MISSING = "missing"
    HIDDEN = "hidden"  # counts hidden
    NULLS = "nulls"  # null where a number should be
    LOOP = "loop"  # pages lead back to the first one
    OTHER = "other"  # another account than asked for


FAILURES = frozenset({Kind.UNAVAILABLE, Kind.BROKEN, Kind.RATE_LIMITED, Kind.HTML, Kind.QUOTA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. None stands for: any platform, any account, any call, without end."""

    kind: Kind
    platform: str | None = None
    username: str | None = None  # lower case
    times: int | None = None
    seconds: float = 0.0  # of delay, for SLOW
    retry_after_s: int | None = None  # for RATE_LIMITED
    status: int | None = None  # for HTML
    path: str | None = None  # only calls whose path contains this

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises ValueError, with a sentence, for what it does not understand."""
        if not isinstance(data, Mapping):
            raise ValueError("A fault is one JSON object.")  # noqa: TRY004  # a mistake in a request, like the others
        known = {"kind", "platform", "username", "times", "seconds", "retry_after", "status", "path"}
        if unknown := sorted(data.keys() - known):
            raise ValueError(f"Unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}.")
        platform, username = data.get("platform"), data.get("username")
        if platform is not None and platform not in PLATFORMS:
            raise ValueError(f"Unknown platform {platform!r}; known are {', '.join(PLATFORMS)}.")
        if username is not None and not isinstance(username, str):
            raise ValueError(f"username must be text, not {username!r}.")
        if data.get("kind") not in set(Kind):
            raise ValueError(f"Unknown kind {data.get('kind')!r}; known are {', '.join(Kind)}.")
        return cls(
            kind=Kind(data["kind"]),
            platform=platform,
            username=username.lower().removeprefix("@") if username is not None else None,
            times=_whole("times", data.get("times")),
            seconds=_seconds(data.get("seconds", 0)),
            retry_after_s=_whole("retry_after", data.get("retry_after")),
            status=_whole("status", data.get("status")),
            path=data.get("path"),
        )

    def concerns(self, subject: Subject, request: Request) -> bool:
        return (
            self.platform in (None, subject.platform)
            and self.username in (None, subject.username)
            and (self.path in request.path if self.path else subject.meets_account or self.kind is Kind.SLOW)
        )


def _whole(name: str, value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"{name} must be a whole number, not {value!r}.")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"seconds must be a number, not {value!r}.")
    return float(value)


class _Entry:
    """A fault and how often it has happened."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.happened = 0

    def happens(self, subject: Subject, request: Request) -> bool:
        """Whether it happens now; if so, it is counted."""
        spent = self.fault.times is not None and self.happened >= self.fault.times
        if spent or not self.fault.concerns(subject, request):
            return False
        self.happened += 1
        return True


class FaultBook:
    """Faults in force, and how often each has happened. Safe to share between threads.

    `standing` gives the fault that a name carries by itself; it is counted per platform and name.
    """

    def __init__(self, standing: Callable[[str], Fault | None]) -> None:
        self._standing = standing
        self._lock = threading.Lock()
        self._told: list[_Entry] = []
        self._by_name: dict[Subject, _Entry | None] = {}

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._told.append(_Entry(fault))

    def clear(self) -> None:
        """Forget what was told, and let every name start again."""
        with self._lock:
            self._told.clear()
            self._by_name.clear()

    def take(self, subject: Subject, request: Request) -> list[Fault]:
        """The faults of this request: any number of delays, then at most one of another kind. They are counted."""
        taken: list[Fault] = []
        with self._lock:
            for entry in (*self._told, self._entry_of_name(subject)):
                if entry is not None and entry.happens(subject, request):
                    taken.append(entry.fault)
                    if entry.fault.kind is not Kind.SLOW:
                        break
        return taken

    def _entry_of_name(self, subject: Subject) -> _Entry | None:
        if subject.username is None:
            return None
        key = Subject(subject.platform, subject.username)
        if key not in self._by_name:
            fault = self._standing(subject.username)
            self._by_name[key] = _Entry(fault) if fault else None
        return self._by_name[key]
