"""One stack for all tests that need a running one of their own, to fill or to break: a start takes 20 s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.running import RunningStack
from tests.integration.local.commands import remove, state_of, tell

NAME = "local-tests-stack"


@pytest.fixture(scope="session")
def name() -> Iterator[str]:
    """The folder of the stack, which is stopped after the last test."""
    remove(NAME)
    yield NAME
    tell(NAME, "down")
    remove(NAME)


@pytest.fixture
def running(name: str) -> Iterator[RunningStack]:
    """The stack, with all parts alive: what a test has killed is started again for the next."""
    said = tell(name, "up")
    assert "Stop it with" in said, said
    running = RunningStack(state_of(name))
    yield running
    running.client.close()
