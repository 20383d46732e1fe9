"""One stack for the whole session; each test has a project of its own on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local import stack
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="session")
def running() -> Iterator[RunningStack]:
    """The stack that runs in this clone, which goes on running; else one that is stopped at the end, however it comes.

    `make test` names another stack than the developer's (TRACKING_LOCAL_STACK).
    """
    with stack.borrowed(say=print) as state:
        for what in ("faults", "requests"):  # sim_503x2 fails twice and then never again: it counts anew from here
            httpx.delete(f"{state.simulator()}/control/{what}", trust_env=False).raise_for_status()
        running = RunningStack(state)
        yield running
        running.client.close()


@pytest.fixture
def project(running: RunningStack) -> Project:
    return Project(running)
