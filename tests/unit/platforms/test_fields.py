"""Readers of single values: any type goes in, a clean value comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.platforms.fields import count, hashtags, identifier, moment, seconds, text, title_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (12, 12),
        ("12", 12),
        ("0", 0),
        (12.0, 12),
        (2**63 - 1, 2**63 - 1),
        (-1, None),  # Instagram's value for a hidden number
        ("-1", None),
        ("", None),
        (None, None),
        (True, None),
        (12.5, None),
        (2**63, None),  # more than a Firestore integer can hold
        ("9" * 5_000, None),
        (float("nan"), None),
        (float("inf"), None),
        ("²", None),
        ("1,000", None),
        ([], None),
        ({}, None),
    ],
)
def test_a_count_is_a_number_or_unknown(value: object, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2005-11-19T03:35:38.000Z", datetime(2005, 11, 19, 3, 35, 38, tzinfo=UTC)),
        ("2007-08-23T00:34:43Z", datetime(2007, 8, 23, 0, 34, 43, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (1690832727, datetime(2023, 7, 31, 19, 45, 27, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (1e300, None),
        (float("nan"), None),
        ("0001-01-01T00:00:00+10:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_a_moment_is_aware_utc_or_unknown(value: object, expected: datetime | None) -> None:
    assert moment(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(73, 73), (98.298, 98.298), (20.0, 20), (0, None), (-3, None), ("73", None), (float("nan"), None), (True, None)],
)
def test_a_length_is_positive_and_whole_where_it_is_whole(value: object, expected: float | None) -> None:
    assert seconds(value) == expected
    assert type(seconds(value)) is type(expected)


def test_half_a_surrogate_pair_in_text_is_replaced() -> None:
    """UTF-8 cannot hold half a pair, and so Firestore cannot either."""
    assert text("cut \ud83d") == "cut \ufffd"
    assert text("whole \U0001f407") == "whole \U0001f407"
    assert text(None) == text(5) == text([]) == ""


def test_an_id_may_come_as_a_number() -> None:
    assert identifier(7562406072955309343) == "7562406072955309343"
    assert identifier(" 460255655 ") == "460255655"
    assert identifier(True) == identifier(1.5) == identifier(None) == ""


@pytest.mark.parametrize(
    ("given", "caption", "expected"),
    [
        (["NASA", "#Moon", "nasa", "", None], "#ignored", ("NASA", "Moon")),
        ([], "#ignored", ()),
        (None, "Say #Hello to #NASA and #hello again, #nasa_1", ("Hello", "NASA", "nasa_1")),
        (None, "#1 of 3 &#39;quoted&#39; https://a.test/page#part \uff03日本語", ("日本語",)),
        ("garbage", "#a#b", ("a", "b")),
    ],
)
def test_hashtags_come_from_their_field_or_else_the_caption(
    given: Any, caption: str, expected: tuple[str, ...]
) -> None:
    assert hashtags(given, caption) == expected


def test_title_is_the_first_nonempty_line_cut_at_a_word() -> None:
    assert title_of("\n  \n First line \nsecond") == "First line"
    assert title_of("") == ""
    long = title_of("word " * 40)
    assert long == "word " * 18 + "word…"
    assert len(title_of("x" * 300)) == 100
