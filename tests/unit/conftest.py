"""Settings of unit tests. They use only memory: opening a socket is an error without the mark `enable_socket`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

# Each run tries the same examples, so a new failure comes from the change. `make nightly` uses `long` to try more.
settings.register_profile("short", max_examples=100, stateful_step_count=50, deadline=None, derandomize=True)
settings.register_profile(
    "long",
    max_examples=3_000,
    stateful_step_count=60,
    deadline=None,
    print_blob=True,
)
settings.load_profile("short")


@pytest.fixture(autouse=True)
def _memory_only(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("enable_socket"):
        yield
        return
    disable_socket(allow_unix_socket=True)  # an event loop needs a pair of Unix sockets to wake itself
    yield
    enable_socket()
