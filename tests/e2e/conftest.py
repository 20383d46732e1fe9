"""Fixtures: one stack for the whole session, and a project of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local import stack
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="session")
def running() -> Iterator[RunningStack]:
    """The stack that runs in this clone, or else one that is started here and always stopped at the end.

    `make test` names a stack of its own (TRACKING_LOCAL_STACK), not the developer's.
    """
    with stack.borrowed(say=print) as state:
        for what in ("faults", "requests"):  # sim_503x2 fails at its first two requests only; count from 0 again here
            httpx.delete(f"{state.simulator()}/control/{what}", trust_env=False).raise_for_status()
        running = RunningStack(state)
        yield running
        running.client.close()


@pytest.fixture
def project(running: RunningStack) -> Project:
    return Project(running)
