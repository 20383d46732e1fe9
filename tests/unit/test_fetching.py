"""`tracking fetch`: it waits for the platforms itself, and leaves no paid run behind."""

from __future__ import annotations

import pytest

from cli.fetch import Fetching
from tests.simulated import World
from tracking.errors import PlatformUnavailableError, RateLimitedError
from tracking.jobs import PlatformName

APIFY = [PlatformName.INSTAGRAM, PlatformName.TIKTOK]


def fetching(world: World, name: PlatformName, username: str, timeout_s: int = 240) -> Fetching:
    return Fetching(world.platform(name), username, 5_000, world.clock, timeout_s)


@pytest.mark.parametrize("name", PlatformName)
def test_a_whole_account_is_fetched(name: PlatformName) -> None:
    world = World(run_s=30)
    found = fetching(world, name, "sim_videos_120").everything()
    assert found["account"]["platform"] == name
    assert len({video["videoId"] for video in found["videos"]}) == 120


@pytest.mark.parametrize("name", APIFY)
def test_a_run_that_goes_on_is_read_as_it_grows(name: PlatformName) -> None:
    world = World(run_s=10, items_per_s=60)
    found = fetching(world, name, "sim_videos_5000").everything()
    assert len({video["videoId"] for video in found["videos"]}) == 5_000
    assert len(world.runs) <= 2


@pytest.mark.parametrize("name", APIFY)
def test_at_the_end_of_its_time_a_fetch_prints_what_it_has(name: PlatformName) -> None:
    world = World(run_s=10, items_per_s=5)
    one = fetching(world, name, "sim_videos_5000", timeout_s=60)
    assert 150 < len(one.everything()["videos"]) < 260
    one.stop(name)
    assert world.unfinished_runs() == []


@pytest.mark.parametrize("name", APIFY)
def test_a_fetch_without_an_account_in_time_stops_its_runs(name: PlatformName) -> None:
    world = World(run_s=100_000)
    one = fetching(world, name, "sim_videos_50")
    with pytest.raises(PlatformUnavailableError):
        one.everything()
    one.stop(name)
    assert world.unfinished_runs() == []


def test_refusal_in_the_middle_is_an_error() -> None:
    world = World()
    world.fault(kind="429", platform="youtube", path="/videos")
    with pytest.raises(RateLimitedError):
        fetching(world, PlatformName.YOUTUBE, "sim_videos_120").everything()


@pytest.mark.parametrize("path", ["/channels", "/videos"])
def test_wait_that_the_platform_asks_for_is_waited(path: str) -> None:
    world = World()
    world.fault(kind="429", platform="youtube", path=path, times=1, retry_after=60)
    began = world.clock.now()
    assert len(fetching(world, PlatformName.YOUTUBE, "sim_videos_120").everything()["videos"]) == 120
    assert (world.clock.now() - began).total_seconds() > 60
