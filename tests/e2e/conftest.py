"""Fixtures: one stack for the whole session, and a new project for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local import stack
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="session")
def running() -> Iterator[RunningStack]:
    """The stack that runs in this clone. If none runs, a new one is started here, and always stopped at the end.

    `make test` names its own stack (TRACKING_LOCAL_STACK), not the developer's.
    """
    with stack.borrowed(say=print) as state:
        for what in ("faults", "requests"):  # restarts the counts: sim_503x2 fails only at its first two requests
            httpx.delete(f"{state.simulator()}/control/{what}", trust_env=False).raise_for_status()
        running = RunningStack(state)
        yield running
        running.client.close()


@pytest.fixture
def project(running: RunningStack) -> Project:
    return Project(running)
