"""The clients of AWS and of the platforms, with their time-outs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


def aws_client(service: str, read_timeout_s: float = 10, tries: int = 3) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=3,
            read_timeout=read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": tries},
            max_pool_connections=32,
        ),
    )


@functools.cache
def http_client() -> httpx.Client:
    """Return the one HTTP client of all platforms. `platforms.http` sets time-outs at each call."""
    import httpx

    from tracking.platforms.call_limit import limited

    # Only encodings that cannot unpack to much more than they are: `platforms.http` refuses all others.
    headers = {"User-Agent": "account-tracking", "Accept-Encoding": "gzip, deflate"}
    # The simulator and the tests serve platforms on this machine's own addresses, which a proxy cannot reach.
    here = {"all://127.0.0.1": None, "all://localhost": None}
    return limited(httpx.Client(headers=headers, mounts=here))
