"""Fields of platforms' answers: values of any type in, clean values out, never an exception.

Recorded answers hold nulls, strings and garbage in place of numbers or objects. A value that cannot be read becomes
None, "" or empty. The platform's module decides which values are required.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

_LARGEST_COUNT = 2**63 - 1  # what a Firestore integer holds
_TITLE_LENGTH = 100
# URLs are matched first, so their fragments are not read as hashtags. `&#39;` is an escaped character and "#1" is a
# number, so neither is a hashtag: a hashtag needs a character that is not a digit.
_HASHTAG = re.compile(r"https?://\S+|(?<!&)[#\uff03](\w*[^\W\d]\w*)")


def obj(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a string that can be stored. A half surrogate pair, left where a platform cut an emoji, is replaced."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def identifier(value: object) -> str:
    """Return an id as a string, even if it was sent as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value <= _LARGEST_COUNT else ""
    return text(value).strip()


def quoted(value: object) -> str:
    """Return an unusable value for the log."""
    return repr(value)[:100]


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def count(value: object) -> int | None:
    """Return a count sent as a number or decimal string; None for -1 (hidden), "", null, fractions and other values."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"[0-9]{1,19}", value) else None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST_COUNT else None


def seconds(value: object) -> float | None:
    """Return a length in seconds. Platforms send 0 for no length, so 0 becomes None."""
    return amount(value)


def amount(value: object) -> float | None:
    """Return a number over 0 that a document can hold, as an int if it is whole; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value <= _LARGEST_COUNT:  # False for NaN, too
        return None
    return int(value) if value == int(value) else value


def moment(value: object) -> datetime | None:
    """Return aware UTC from RFC 3339 or Unix seconds."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def title_of(caption: str) -> str:
    """Return the caption's first line that is not blank, cut at a word to at most 100 characters."""
    line = next((line.strip() for line in caption.splitlines() if line.strip()), "")
    if len(line) <= _TITLE_LENGTH:
        return line
    cut = line[: _TITLE_LENGTH - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > _TITLE_LENGTH // 2 else cut).rstrip() + "…"


def hashtags(given: object, *texts: str) -> tuple[str, ...]:
    """Return the platform's own list (strings or None) if there is one, otherwise the tags in the texts.

    Each tag appears once, without '#', in the order of appearance.
    """
    if isinstance(given, list):
        found: Iterable[str] = (text(tag).lstrip("#\uff03").strip() for tag in given)
    else:
        found = (tag for one in texts for tag in _HASHTAG.findall(one))
    first: dict[str, str] = {}
    for tag in found:
        first.setdefault(tag.casefold(), tag)
    first.pop("", None)
    return tuple(first.values())
