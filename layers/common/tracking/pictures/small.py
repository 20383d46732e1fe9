"""The small copy of a picture: decoded, made smaller, and encoded again.

The new file has the pixels alone: no EXIF with its places, no comments, no colour profile, no further frames. A picture
of strangers may try to exhaust our memory, so its size is read from its header before anything is decoded.

Pillow is imported at the first picture.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from tracking.pictures import Kind, PictureRefusedError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

AVATAR_PX = 96
"""Width and height. Pages show an avatar with 48 px at most, and screens have two pixels for each."""
THUMBNAIL_PX = 320
"""The longer side."""
MAX_PIXELS = 12_500_000
"""The most pixels of a picture: 4,000 x 3,000 and a little more. Decoded they take up to 300 MB, as a WebP."""
MAX_SIDE_PX = 20_000
"""Pillow keeps some hundred bytes for each row besides its pixels, so a picture one pixel wide may take most."""
MAX_SCANS = 32
"""The most passes of a JPEG. A progressive one has ten or so; each passes over all pixels, and takes a few bytes."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_JPEG = ("JPEG", "MPO")  # MPO: several in one file, of which the first counts
_QUALITY = 80
_REDUCIBLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_SCAN = b"\xff\xda"  # the marker before each scan; within the pixels' data an 0xFF has an 0x00 behind it


def shrunk(body: bytes, kind: Kind) -> bytes:
    """Return the small copy as WebP. Raises PictureRefusedError for anything that is no picture of a known format."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
                _refuse_bombs(picture, body)
                return _encoded(_resized(picture, kind))
    except PictureRefusedError:
        raise
    # A decoder of foreign data fails in many ways: OSError, ValueError, SyntaxError, struct.error, zlib.error ...
    except Exception as error:
        raise PictureRefusedError("unreadable", repr(error)[:200]) from error


def _refuse_bombs(picture: Picture, body: bytes) -> None:
    if picture.width * picture.height > MAX_PIXELS or max(picture.size) > MAX_SIDE_PX:
        raise PictureRefusedError("pixels", f"{picture.width} x {picture.height}")
    if picture.format in _JPEG and body.count(_SCAN) > MAX_SCANS:
        raise PictureRefusedError("scans")


def _resized(picture: Picture, kind: Kind) -> Picture:
    from PIL import ImageOps

    px = AVATAR_PX if kind is Kind.AVATAR else THUMBNAIL_PX
    picture.draft("RGB", (2 * px, 2 * px))  # a JPEG is decoded at an eighth to a whole of its size
    side = min(picture.size) if kind is Kind.AVATAR else max(picture.size)
    # First without a filter, and before anything makes a copy of the whole picture.
    less = picture.reduce(side // (2 * px)) if picture.mode in _REDUCIBLE and side >= 4 * px else picture
    upright = ImageOps.exif_transpose(less)
    shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    if kind is Kind.AVATAR:
        return ImageOps.fit(shown, (px, px))
    shown.thumbnail((px, px))
    return shown


def _encoded(small: Picture) -> bytes:
    out = io.BytesIO()
    small.save(out, "WEBP", quality=_QUALITY)  # Pillow writes EXIF, comments and profiles only if they are passed
    return out.getvalue()
