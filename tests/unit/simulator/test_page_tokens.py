"""YouTube's page tokens, against recorded ones."""

from __future__ import annotations

import pytest

from local.simulator.youtube import page_token


@pytest.mark.parametrize(("position", "token"), [(10, "CAoQAA"), (50, "CDIQAA")])
def test_a_token_is_the_recorded_one(position: int, token: str) -> None:
    assert page_token(position) == token
