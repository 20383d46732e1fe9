"""Firestore's limits: allowed document ids, and texts and fields that are cut to fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.document_limits import cut, fitted, is_document_id, stored_bytes

FINE = ("a", "job1", "_", "__x", "x__", "_x_", "...", ".a", " ", "a b", "é", "🚀", "x" * 1_500, "é" * 750)
REFUSED = (
    *("", ".", "..", "/", "../x", "a/b", "/a", "a/"),
    *("__x__", "__", "___", "____", "__\n__", "__🚀__"),
    *("x" * 1_501, "é" * 750 + "x", "🚀" * 376),
    *("\ud83d", "x\ude80", "\udcff"),
)


def shown(value: str) -> str:
    return ascii(value)[:20]


@pytest.mark.parametrize("value", FINE, ids=shown)
def test_a_document_may_have_this_id(value: str) -> None:
    assert is_document_id(value)


@pytest.mark.parametrize("value", REFUSED, ids=shown)
def test_no_document_may_have_this_id(value: str) -> None:
    assert not is_document_id(value)


@given(st.text(max_size=40), st.integers(3, 60))
def test_a_text_is_cut_between_characters(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short.encode()) <= max(limit, 3)
    if short != text:
        assert short.endswith("…")
        assert text.startswith(short.removesuffix("…"))
        assert len(text.encode()) > limit
        assert limit - len(short.encode()) < 4


@given(
    st.dictionaries(st.sampled_from("abcd"), st.one_of(st.text(max_size=400), st.lists(st.text(max_size=40)))),
    st.integers(60, 400),
)
def test_what_is_fitted_fits_and_is_the_head_of_what_was(fields: dict[str, Any], limit: int) -> None:
    small = fitted(fields, limit)
    assert stored_bytes(small) <= limit
    assert small.keys() == fields.keys()
    if stored_bytes(fields) <= limit:
        assert small == fields
