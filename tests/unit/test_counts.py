"""The nouns beside numbers."""

from __future__ import annotations

import pytest

from cli.counts import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 ticks"), (1, "1 tick"), (1.0, "1 tick"), (2, "2 ticks"), (1_200, "1,200 ticks")]
)
def test_one_thing_has_a_singular(count: float, said: str) -> None:
    assert counted(count, "tick") == said
