"""Synthetic names: every platform allows them, and the ids made from a name lead back to the name."""

from __future__ import annotations

import re

import pytest

from local.simulator import actors, x, youtube
from local.simulator.faults import Kind
from local.simulator.names import SimName, standing_fault

NAMES = [
    *(
        "sim_videos_0",
        "sim_videos_1",
        "sim_videos_501",
        "sim_videos_5000",
        "sim_videos_9999",
        "sim_slow_0",
        "sim_slow_30",
    ),
    *("sim_503x2", "sim_503x4", "sim_500x1", "sim_429x1", "sim_htmlx1", "sim_truncatedx1", "sim_503x99"),
    *("sim_private", "sim_suspended", "sim_empty", "sim_missing", "sim_hidden", "sim_nulls", "sim_quota"),
    *("sim_loop", "sim_other"),
]
LEGAL = {
    "x": r"[A-Za-z0-9_]{1,15}",
    "instagram": r"[A-Za-z0-9._]{1,30}",
    "tiktok": r"[A-Za-z0-9._]{2,24}",
    "youtube": r"[A-Za-z0-9._-]{3,30}",
}


def parsed(name: str) -> SimName:
    sim = SimName.parse(name)
    assert sim is not None, name
    return sim


@pytest.mark.parametrize("name", NAMES)
def test_synthetic_name_is_read_back_from_text_and_number(name: str) -> None:
    sim = parsed(name.upper())

    assert sim.text == name
    assert SimName.from_number(sim.number) == sim


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("platform", LEGAL)
def test_a_synthetic_name_is_legal_on_every_platform(name: str, platform: str) -> None:
    assert re.fullmatch(LEGAL[platform], name)


@pytest.mark.parametrize(
    "name",
    ["nasa", "sim_", "sim_videos", "sim_videos_007", "sim_videos_10000", "sim_503x0", "sim_private_2", "xsim_loop"],
)
def test_any_other_name_is_not_synthetic(name: str) -> None:
    assert SimName.parse(name) is None


@pytest.mark.parametrize("number", [-1, 40_000, 990_000, 10**9])
def test_a_number_that_no_name_has_is_no_account(number: int) -> None:
    assert SimName.from_number(number) is None


def test_repeating_name_carries_its_fault_and_its_times() -> None:
    fault = standing_fault("sim_503x4")

    assert fault is not None
    assert (fault.kind, fault.times) == (Kind.UNAVAILABLE, 4)


def test_a_name_that_only_counts_posts_carries_no_fault() -> None:
    assert standing_fault("sim_videos_501") is None


def test_ids_of_synthetic_accounts_and_posts_never_meet() -> None:
    ids: list[str] = []
    for name in ("sim_videos_20", "sim_videos_21", "sim_hidden", "sim_503x2"):
        user, channel = x.by_username(name), youtube.by_handle(name)
        picture, clip = actors.instagram_profile(name), actors.tiktok_profile(name)
        assert user
        assert channel
        assert picture
        assert clip
        ids += [user.data["id"], channel.item["id"], picture.head["id"], clip.head["id"], *channel.videos]
        ids += [post["id"] for post in (*user.pages[0]["data"], *picture.posts, *clip.posts)]

    assert len(set(ids)) == len(ids)
    assert all(int(entry) > 2**53 for entry in ids if entry.isdecimal())


def test_ids_alone_lead_back_to_their_account() -> None:
    user, channel = x.by_username("sim_videos_5000"), youtube.by_handle("@Sim_Videos_5000")
    assert user
    assert channel
    for built in (x._synthetic, youtube._synthetic):
        built.cache_clear()  # as in a simulator that was started again

    assert x.by_id(user.data["id"]) == user
    assert youtube.by_id(channel.item["id"]) == channel
    assert youtube.by_video(list(channel.videos)[4999]) == channel


def test_posts_of_a_synthetic_account_come_newest_first() -> None:
    profile = actors.instagram_profile("sim_videos_501")
    assert profile
    times = [post["timestamp"] for post in profile.posts]

    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 501
