"""The payload of a test, which no event has."""

from __future__ import annotations

import json
from datetime import datetime

from tracking.clock import to_rfc3339
from tracking.webhooks import TEST_TYPE, Endpoint


def test_payload(endpoint: Endpoint, created_at: datetime) -> str:
    """Return what a test sends, as ASCII. It is the same each time, so a test that is sent again is the same test."""
    data = {"orgId": endpoint.org_id, "endpointId": endpoint.endpoint_id}
    told = {"type": TEST_TYPE, "timestamp": to_rfc3339(created_at), "data": data}
    return json.dumps(told, separators=(",", ":"))
