"""A simulator in this process, and a client with an accepted key for each of its APIs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local.simulator import running
from tests.integration.simulator.calls import Controlled

TIMEOUT_S = 10.0
# Plain HTTP needs no certificates, and loading them takes longer than most of these tests.
NO_CERTIFICATES = False


@pytest.fixture(scope="session")
def _address() -> Iterator[str]:
    with running(apify_run_seconds=0.0) as simulator:
        yield simulator.url


@pytest.fixture
def simulator(_address: str) -> Iterator[Controlled]:
    with httpx.Client(base_url=f"{_address}/control", timeout=TIMEOUT_S, verify=NO_CERTIFICATES) as control:
        controlled = Controlled(_address, control)
        controlled.reset()
        yield controlled


@pytest.fixture
def youtube(simulator: Controlled) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{simulator.url}/youtube/v3", params={"key": "k-1"}, timeout=TIMEOUT_S, verify=NO_CERTIFICATES
    ) as client:
        yield client


@pytest.fixture
def x(simulator: Controlled) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer b-1"}
    with httpx.Client(
        base_url=f"{simulator.url}/x/2", headers=headers, timeout=TIMEOUT_S, verify=NO_CERTIFICATES
    ) as client:
        yield client


@pytest.fixture
def apify(simulator: Controlled) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer t-1"}
    with httpx.Client(
        base_url=f"{simulator.url}/apify/v2", headers=headers, timeout=TIMEOUT_S, verify=NO_CERTIFICATES
    ) as client:
        yield client
