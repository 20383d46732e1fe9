"""The recorded answers, read from `tests/platform-samples`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from local.simulator.messages import Response

SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "platform-samples"


@cache
def sample(name: str) -> Any:
    """Parsed JSON of one file, e.g. `x/NatComm/user_tweets.json`. It is shared: copy what you change."""
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def recorded(name: str) -> Response:
    """A file of the form `{"status", "body"}` as an answer. Recorded headers belong to another day: left out."""
    content = sample(name)
    return Response.of_json(content["body"], content["status"])
