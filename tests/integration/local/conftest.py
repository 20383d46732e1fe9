"""One stack for all tests that fill or break a stack. These tests share it, since a start takes 20 s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.running import RunningStack
from tests.integration.local.commands import remove, state_of, tell

NAME = "local-tests-stack"


@pytest.fixture(scope="session")
def name() -> Iterator[str]:
    """Yield the name of the stack's folder. The stack is stopped after the last test."""
    remove(NAME)
    yield NAME
    tell(NAME, "down")
    remove(NAME)


@pytest.fixture
def running(name: str) -> Iterator[RunningStack]:
    """Yield the stack with all parts alive. A part that an earlier test has killed is started again."""
    said = tell(name, "up")
    assert "Stop it with" in said, said
    running = RunningStack(state_of(name))
    yield running
    running.client.close()
