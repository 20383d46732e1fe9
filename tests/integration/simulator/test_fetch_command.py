"""`tracking fetch` on the simulator: its limits are those of the functions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from tests.integration.simulator.calls import Controlled


def fetch(simulator: Controlled, platform: str, **limits: str) -> list[Any]:
    """Fetch an account of 320 posts, and return them."""
    places = {"YOUTUBE_API_URL": f"{simulator.url}/youtube/v3", "X_API_URL": f"{simulator.url}/x/2"}
    keys = {"YOUTUBE_API_KEY": "k-1", "X_BEARER_TOKEN": "b-1"}
    done = CliRunner().invoke(cli.app, ["fetch", platform, "sim_videos_320", "--json"], env=places | keys | limits)
    assert done.exit_code == 0, done.output
    videos: list[Any] = json.loads(done.stdout)["videos"]
    return videos


@pytest.mark.parametrize(
    ("platform", "limits", "number"),
    [
        ("youtube", {}, 320),
        ("youtube", {"MAX_VIDEOS_YOUTUBE": "60"}, 60),
        ("twitter", {}, 200),
        ("twitter", {"MAX_VIDEOS_TWITTER": "310"}, 310),
        ("twitter", {"MAX_VIDEOS_YOUTUBE": "60"}, 200),
    ],
)
def test_each_platform_is_fetched_to_its_own_limit(
    simulator: Controlled, platform: str, limits: dict[str, str], number: int
) -> None:
    assert len(fetch(simulator, platform, **limits)) == number
