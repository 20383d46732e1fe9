"""An account and its videos, as a platform reports them.

A count is None, never 0, when the platform hides it or does not report it. "Video" means every post, of any media type.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Any, Self, TypeVar, get_args, get_origin, get_type_hints

from tracking.clock import to_rfc3339
from tracking.document_limits import MAX_ID_LENGTH, is_document_id
from tracking.errors import ContractError
from tracking.sentences import say

_R = TypeVar("_R", bound="_Record")


class MediaType(StrEnum):
    VIDEO = "video"
    IMAGE = "image"
    CAROUSEL = "carousel"
    TEXT = "text"


def camel_case(name: str) -> str:
    """Return the name as documents and states spell it: `postCount` for `post_count`."""
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


class _Record:
    """A frozen dataclass that becomes a Firestore document or JSON. Field names become camelCase."""

    __slots__ = ()

    def to_document(self) -> dict[str, Any]:
        """Return the Firestore fields. Times are datetimes."""
        return {camel_case(f.name): getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object. Times are RFC 3339 UTC strings."""
        return {
            name: to_rfc3339(value) if isinstance(value, datetime) else value
            for name, value in self.to_document().items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(_Record):
    """An account. Raises ContractError when its id cannot name a document."""

    platform: str
    platform_user_id: str
    username: str
    display_name: str
    profile_url: str
    avatar_url: str | None = None
    bio: str = ""
    is_verified: bool | None = None  # None: the platform has no such flag
    is_private: bool = False
    follower_count: int | None = None
    following_count: int | None = None
    post_count: int | None = None
    total_views: int | None = None

    def __post_init__(self) -> None:
        is_kept = self.platform_user_id and len(self.account_id) <= MAX_ID_LENGTH and is_document_id(self.account_id)
        if not is_kept:
            raise ContractError(say("unusableId"))

    @property
    def account_id(self) -> str:
        """The document's id. It is the same each time, so tracking an account twice updates one document."""
        return f"{self.platform}_{self.platform_user_id}"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the result of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
        return _checked(cls(**{f.name: data[camel_case(f.name)] for f in fields(cls)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(_Record):
    video_id: str  # the platform's id; the document has the same id
    url: str
    title: str
    caption: str
    thumbnail_url: str | None = None
    published_at: datetime | None = None
    duration_s: float | None = None
    media_type: MediaType
    view_count: int | None = None
    like_count: int | None = None
    comment_count: int | None = None
    share_count: int | None = None
    save_count: int | None = None
    hashtags: tuple[str, ...] = ()  # without '#', in order of appearance
    is_pinned: bool = False

    def to_document(self) -> dict[str, Any]:
        return _Record.to_document(self) | {"mediaType": str(self.media_type), "hashtags": list(self.hashtags)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the result of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
        values = {f.name: data[camel_case(f.name)] for f in fields(cls)}
        if values["published_at"] is not None:
            values["published_at"] = datetime.fromisoformat(values["published_at"])
        values |= {"media_type": MediaType(values["media_type"]), "hashtags": tuple(list.copy(values["hashtags"]))}
        return _checked(cls(**values))


def _checked(record: _R) -> _R:
    """Return the record if each value has its field's type and can be stored.

    Raises TypeError, ValueError or AttributeError otherwise.
    """
    for name, kinds in _kinds(type(record)).items():  # type: ignore[arg-type]  # any class can be hashed
        value = getattr(record, name)
        if type(value) not in kinds:
            raise TypeError(f"{name} is a {type(value).__name__}")
        for text in value if isinstance(value, tuple) else [value] * isinstance(value, str):
            text.encode()  # AttributeError if it is not a string; a ValueError for half a surrogate pair
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ValueError(f"{name} is larger than a number in Firestore may be")
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{name} is of no time zone")
    return record


@functools.cache
def _kinds(record: type[_Record]) -> dict[str, set[type]]:
    """Return the types that each field's value may have. Cached, because reading the type hints is slow."""
    kinds: dict[str, set[type]] = {}
    for name, hint in get_type_hints(record).items():
        alternatives = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        kinds[name] = {get_origin(kind) or kind for kind in alternatives}
        if float in kinds[name]:
            kinds[name].add(int)
    return kinds
