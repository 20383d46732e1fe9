"""Ids that a document may have, and those that it may not."""

from __future__ import annotations

import pytest

from tracking.limits import is_document_id

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
