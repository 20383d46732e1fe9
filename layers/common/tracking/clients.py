"""The clients of AWS and of the platforms, with their time-outs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


def aws_client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=32,
        ),
    )


@functools.cache
def http_client() -> httpx.Client:
    """Return the one HTTP client of all platforms. `platforms.http` sets time-outs at each call."""
    import httpx

    # The simulator and the tests serve platforms on this machine's own addresses, which a proxy cannot reach.
    here = {"all://127.0.0.1": None, "all://localhost": None}
    return httpx.Client(headers={"User-Agent": "account-tracking"}, mounts=here)
