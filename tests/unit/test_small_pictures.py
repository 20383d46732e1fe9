"""Small copies: their size and form, what they leave out, and pictures that are made to exhaust a decoder."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures import opened, picture
from tracking.pictures import Kind, PictureRefusedError, small
from tracking.pictures.small import MAX_PIXELS, MAX_SCANS, MAX_SIDE_PX, shrunk

FORMS = [("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG")]
FORMS += [("RGB", "WEBP"), ("RGBA", "WEBP"), ("P", "GIF")]


def refusal(body: bytes) -> str:
    with pytest.raises(PictureRefusedError) as refused:
        shrunk(body, Kind.THUMBNAIL)
    return refused.value.reason


@pytest.mark.parametrize(("mode", "form"), FORMS)
@pytest.mark.parametrize("size", [(1280, 720), (96, 96), (3000, 1500)])
def test_avatar_is_the_middle_and_has_96_pixels(mode: str, form: str, size: tuple[int, int]) -> None:
    copy = opened(shrunk(picture(size, mode, form), Kind.AVATAR))
    assert (copy.format, copy.size) == ("WEBP", (96, 96))
    seen = copy.convert("RGB")
    left, right = seen.getpixel((20, 48)), seen.getpixel((76, 48))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    if mode not in ("L", "1"):
        assert left[0] > 200 > 60 > left[2]
        assert right[2] > 200 > 60 > right[0]
    assert left != right


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1280, 720), (320, 180)), ((720, 1280), (180, 320)), ((100, 50), (100, 50)), ((3000, 1), (320, 1))],
)
def test_thumbnail_keeps_its_shape_and_is_not_blown_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert opened(shrunk(picture(size), Kind.THUMBNAIL)).size == expected


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_large_picture_stays_sharp(form: str) -> None:
    """It is first made smaller without a filter, which must leave enough: stripes of 3 % of the width stay apart."""
    striped = Image.new("RGB", (3200, 1600))
    for first in range(0, 3200, 200):
        striped.paste("white", (first, 0, first + 100, 1600))
    out = io.BytesIO()
    striped.save(out, form)
    copy = opened(shrunk(out.getvalue(), Kind.THUMBNAIL)).convert("L")
    assert copy.size == (320, 160)
    row = [copy.getpixel((x, 80)) for x in range(4, 320, 10)]
    assert all(isinstance(light, int) and light > 200 for light in row[::2])
    assert all(isinstance(light, int) and light < 55 for light in row[1::2])


def test_copy_is_small() -> None:
    noise = Image.effect_noise((1280, 720), 60).convert("RGB")  # the hardest to pack
    out = io.BytesIO()
    noise.save(out, "JPEG")
    assert len(shrunk(out.getvalue(), Kind.AVATAR)) < 8_000
    assert len(shrunk(out.getvalue(), Kind.THUMBNAIL)) < 40_000


def test_copy_has_no_place_comment_or_profile() -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x8825] = "SECRET", {1: "N", 2: (48.0, 51.0, 29.0)}
    options: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": b"SECRET profile", "comment": b"SECRET"}
    copy = shrunk(picture(**options), Kind.AVATAR)
    notes = PngInfo()
    notes.add_text("Comment", "SECRET")
    assert b"SECRET" not in copy + shrunk(picture(form="PNG", pnginfo=notes), Kind.AVATAR)
    assert opened(copy).info.keys() <= {"loop", "background", "timestamp", "duration"}
    assert not opened(copy).getexif()


def test_picture_is_shown_upright() -> None:
    """A camera turns the picture by a note in the EXIF, which the copy has no longer."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: the left half is on top
    copy = opened(shrunk(picture((640, 360), exif=exif.tobytes()), Kind.THUMBNAIL)).convert("RGB")
    assert copy.size == (180, 320)
    top, bottom = copy.getpixel((90, 40)), copy.getpixel((90, 280))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200
    assert bottom[2] > 200


def test_first_of_several_frames_counts() -> None:
    frames = [Image.new("P", (200, 200), number) for number in range(50)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    copy = opened(shrunk(out.getvalue(), Kind.AVATAR))
    assert getattr(copy, "n_frames", 1) == 1


# Bombs


def webp_with_canvas(width: int, height: int) -> bytes:
    """Return a WebP file of a hundred bytes that says how large it would be."""
    frame = picture((8, 8), form="WEBP", lossless=True)[12:]
    place = bytes(6) + (7).to_bytes(3, "little") * 2 + b"\1\0\0\0"
    parts = [(b"VP8X", b"\2\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))]
    parts += [(b"ANIM", bytes(6)), (b"ANMF", place + frame)]
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_with_frame(width: int, height: int) -> bytes:
    """Return a GIF whose screen has one pixel, and whose frame is larger."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x4c\1\0;"


def png_with_size(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("maker", [webp_with_canvas, gif_with_frame, png_with_size])
@pytest.mark.parametrize("size", [(5_000, 5_000), (16_000, 16_000)])
def test_huge_picture_is_refused_before_it_is_decoded(
    maker: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = maker(*size)
    monkeypatch.setattr(small, "_resized", lambda *_: pytest.fail("it would be decoded"))
    assert refusal(body) in {"pixels", "unreadable"}


def test_picture_of_the_most_pixels_is_taken() -> None:
    assert opened(shrunk(picture((MAX_PIXELS // 2_000, 2_000)), Kind.AVATAR)).size == (96, 96)
    assert refusal(picture((MAX_PIXELS // 2_000 + 1, 2_000))) == "pixels"


@pytest.mark.parametrize("size", [(1, MAX_SIDE_PX + 1), (MAX_SIDE_PX + 1, 1)])
def test_picture_that_is_one_pixel_wide_is_refused(size: tuple[int, int]) -> None:
    """Each row costs memory besides its pixels: 12,400,000 rows took 450 MB."""
    assert refusal(png_with_size(*size)) == "pixels"


def test_jpeg_of_very_many_scans_is_refused() -> None:
    """Each scan of some bytes makes the decoder pass over all pixels again."""
    body = picture(progressive=True)
    head, scan = body[: (at := body.rindex(b"\xff\xda"))], body[at:-2]
    assert shrunk(body, Kind.AVATAR)
    assert refusal(head + scan * MAX_SCANS * 2 + b"\xff\xd9") == "scans"


def test_png_with_a_text_that_unpacks_to_much_is_refused() -> None:
    notes = PngInfo()
    notes.add_text("bomb", "x" * 100_000_000, zip=True)
    body = picture((8, 8), form="PNG", pnginfo=notes)
    assert len(body) < 200_000
    assert refusal(body) == "unreadable"


# Files that are no pictures


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"\0\0\0\x18ftypheic",
        picture(form="BMP"),
        picture(form="TIFF"),
        picture(form="PPM"),
        picture(mode="RGBA", form="ICO"),
        picture()[:1_000],
        picture(form="PNG")[:200],
    ],
)
def test_file_of_another_form_is_refused(body: bytes) -> None:
    assert refusal(body) == "unreadable"


BODIES = [picture((64, 48), form=form) for form in ("JPEG", "PNG", "WEBP", "GIF")]


@given(st.sampled_from(BODIES), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=8))
def test_damaged_file_is_a_copy_or_a_refusal(body: bytes, damages: list[tuple[int, int]]) -> None:
    damaged = bytearray(body)
    for place, value in damages:
        damaged[place % len(damaged)] = value
    with suppress(PictureRefusedError):
        assert opened(shrunk(bytes(damaged), Kind.AVATAR)).size == (96, 96)
