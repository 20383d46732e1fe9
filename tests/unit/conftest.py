"""Unit tests touch memory only: a socket is an error, unless the test is marked `enable_socket`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _memory_only(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("enable_socket"):
        yield
        return
    disable_socket(allow_unix_socket=True)  # a pair of those is how event loops wake themselves
    yield
    enable_socket()
