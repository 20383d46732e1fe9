"""Fixtures: one stack for the whole session, and a new project for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local import stack
from local.day_counter import DayCounter
from local.simulator.today import RECORDED
from tests.e2e.running import Project, RunningStack


@pytest.fixture(scope="session")
def running() -> Iterator[RunningStack]:
    """The stack that runs in this clone. If none runs, a new one is started here, and always stopped at the end.

    `make test` names its own stack (TRACKING_LOCAL_STACK), not the developer's.
    """
    with stack.borrowed(say=print) as state:
        # Restarts the counts, since sim_503x2 fails only at its first two requests. Tests expect what was recorded.
        for what in ("faults", "requests", "day"):
            httpx.delete(f"{state.simulator()}/control/{what}", trust_env=False).raise_for_status()
        running = RunningStack(state)
        yield running
        running.client.close()
        DayCounter(state.firestore(), state.simulator()).restore()  # of a developer's own stack


@pytest.fixture
def project(running: RunningStack) -> Project:
    return Project(running)


@pytest.fixture
def counter(running: RunningStack) -> Iterator[DayCounter]:
    """The day counter at day 0. At the end it has the day of a developer's own stack again, and the simulator day 0."""
    counter = DayCounter(running.state.firestore(), running.state.simulator())
    before = counter.today()
    counter.set(RECORDED)
    yield counter
    counter.set(before)
    httpx.delete(f"{running.state.simulator()}/control/day", trust_env=False).raise_for_status()
