"""Small copies of pictures: of an account's avatar, and of the thumbnails of its newest videos.

The platforms' links expire, and their servers refuse many pages. A copy is small, lasts, and holds nothing but pixels:

    pictures.web      fetches a picture, from the platforms' own servers alone
    pictures.small    decodes it, and makes the small copy
    pictures.bucket   keeps the copies in S3; pages get them through CloudFront

Nobody can guess the name of a copy, because it holds a secret. So a copy needs no sign-in.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

MEDIA_TYPE = "image/webp"


class Kind(StrEnum):
    """A kind of picture. The value is the field of the document that describes the copy."""

    AVATAR = "avatar"
    THUMBNAIL = "thumbnail"

    @property
    def source_field(self) -> str:
        """The document's field with the platform's address of the picture."""
        return f"{self.value}Url"


class PictureRefusedError(Exception):
    """A picture cannot be copied. `reason` is a word for the log. The job is complete without the copy."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class PictureSource(Protocol):
    def fetch(self, url: str, hosts: tuple[str, ...]) -> bytes:
        """Return the picture as it is at `url`, a server of `hosts` or of a subdomain. Raises PictureRefusedError."""
        ...


class PictureStore(Protocol):
    """The kept copies by name. Raises StoreUnavailableError or CredentialsError."""

    def keep(self, name: str, body: bytes, since: datetime, now: datetime) -> datetime:
        """Store a copy, unless it was stored after `since`. Return when it was stored."""
        ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The field `avatar` of an account or `thumbnail` of a video."""

    url: str
    source: str  # digest of the platform's address, by which the next job knows that the picture is the same
    expires_at: datetime  # when the bucket deletes the copy

    @classmethod
    def from_field(cls, value: object) -> Self | None:
        """Read a document's field. Return None if it is missing or odd."""
        match value:
            case {"url": str(url), "source": str(source), "expiresAt": datetime() as expires_at}:
                return cls(url=url, source=source, expires_at=expires_at)
        return None

    def to_field(self) -> dict[str, Any]:
        return {"url": self.url, "source": self.source, "expiresAt": self.expires_at}

    def is_of(self, source: str, now: datetime, kept_for: timedelta) -> bool:
        """Return whether this is a copy of the picture, in the first half of its time."""
        return self.source == source and self.expires_at - now > kept_for / 2


def source_of(url: str) -> str:
    """Return a digest of the picture's address that stays while the picture does.

    Only the path counts. The server's name differs from one answer of a platform to the next, and the query holds a
    signature and its end.
    """
    try:
        path = urlsplit(url).path
    except ValueError:  # no address, so nothing will be fetched from it
        path = url
    return hashlib.sha256(path.encode(errors="replace")).hexdigest()[:32]


def name_of(key: bytes, document: str, body: bytes) -> str:
    """Return the name of the copy of a fetched picture.

    The same picture of the same document always has the same name, so storing it again changes nothing. Each document
    has copies of its own, so they can be deleted with it. Without the key nobody can find out which accounts are
    tracked. `document`: its path.
    """
    digest = hashlib.sha256(body).hexdigest()
    return f"{hmac.new(key, f'{document} {digest}'.encode(), hashlib.sha256).hexdigest()}.webp"
