"""Usernames and links as people type them, for each platform."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tracking.errors import InvalidJobError
from tracking.platforms import instagram, tiktok, twitter, youtube
from tracking.platforms.youtube import ChannelName

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nasa", "nasa"),
        ("@nasa", "nasa"),
        ("  NASA\n", "nasa"),
        ("\u00a0nasa ", "nasa"),
        ("nasa/", "nasa"),
        ("@National.Geo_1", "national.geo_1"),
        ("explore", "explore"),
        ("https://www.instagram.com/nasa/", "nasa"),
        ("http://instagram.com/nasa", "nasa"),
        ("instagram.com/nasa", "nasa"),
        ("www.instagram.com/NASA?hl=en#top", "nasa"),
        ("HTTPS://WWW.INSTAGRAM.COM/Nasa", "nasa"),
        ("m.instagram.com/nasa/", "nasa"),
        ("//instagram.com/nasa", "nasa"),
        ("https://instagram.com:443/nasa", "nasa"),
        ("https://www.instagram.com/nasa/reels/", "nasa"),
        ("https://www.instagram.com/nasa/tagged", "nasa"),
        ("https://www.instagram.com/@nasa", "nasa"),
        ("https://www.instagram.com//nasa//?igsh=MzRlODBiNWFlZA==", "nasa"),
        ("instagr.am/nasa", "nasa"),
        ("a" * 30, "a" * 30),
    ],
)
def test_instagram_takes_names_and_profile_links(typed: str, name: str) -> None:
    assert instagram.parse_username(typed) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("fashion", "fashion"),
        ("@Fashion ", "fashion"),
        ("loveluxury.com", "loveluxury.com"),
        ("@loveluxury.com/", "loveluxury.com"),
        ("https://www.tiktok.com/@nba", "nba"),
        ("tiktok.com/@nba?lang=en", "nba"),
        ("m.tiktok.com/@nba/", "nba"),
        ("https://www.tiktok.com/@nba/live", "nba"),
        ("https://www.tiktok.com/%40nba", "nba"),
        ("https://www.tiktok.com/nba", "nba"),
    ],
)
def test_tiktok_takes_names_and_profile_links(typed: str, name: str) -> None:
    assert tiktok.parse_username(typed) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("TwitterDev", "TwitterDev"),
        (" @TwitterDev ", "TwitterDev"),
        ("x.com/TwitterDev", "TwitterDev"),
        ("https://twitter.com/TwitterDev/", "TwitterDev"),
        ("https://mobile.twitter.com/TwitterDev?s=20", "TwitterDev"),
        ("https://x.com/TwitterDev/with_replies", "TwitterDev"),
        ("https://www.x.com/@TwitterDev", "TwitterDev"),
        ("i", "i"),
    ],
)
def test_x_takes_names_and_profile_links_of_both_its_hosts(typed: str, name: str) -> None:
    assert twitter.parse_username(typed) == name


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("googledevelopers", "name", "googledevelopers"),
        (" @GoogleDevelopers ", "handle", "GoogleDevelopers"),
        (CHANNEL, "id", CHANNEL),
        (f"https://www.youtube.com/channel/{CHANNEL}", "id", CHANNEL),
        (f"youtube.com/channel/{CHANNEL}/videos?view=0", "id", CHANNEL),
        (f"/channel/{CHANNEL}", "id", CHANNEL),
        (f"https://music.youtube.com/channel/{CHANNEL}", "id", CHANNEL),
        (CHANNEL.lower(), "name", CHANNEL.lower()),
        ("https://m.youtube.com/@GoogleDevelopers", "handle", "GoogleDevelopers"),
        ("youtube.com/@handle/videos", "handle", "handle"),
        ("@handle/videos", "handle", "handle"),
        ("https://www.youtube.com/user/GoogleDevelopers", "user", "GoogleDevelopers"),
        ("https://www.youtube.com/c/C-SPAN", "name", "C-SPAN"),
        ("https://www.youtube.com/GoogleDevelopers", "name", "GoogleDevelopers"),
        ("https://www.youtube.com/@%E6%9D%B1%E4%BA%AC", "handle", "東京"),
        ("@Phương-Mỹ.Chi", "handle", "Phương-Mỹ.Chi"),
        ("@हिन्दी", "handle", "हिन्दी"),
    ],
)
def test_youtube_takes_handles_ids_old_names_and_channel_links(typed: str, kind: str, value: str) -> None:
    assert youtube.parse_username(typed) == ChannelName(kind, value)  # type: ignore[arg-type]


PARSERS: dict[str, Callable[[str], object]] = {
    "Instagram": instagram.parse_username,
    "TikTok": tiktok.parse_username,
    "X": twitter.parse_username,
    "YouTube": youtube.parse_username,
}


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "@",
        " @ ",
        "/",
        "na sa",
        "nasa🚀",
        "na\x00sa",
        "na\u200bsa",
        "<script>",
        "nasa?",
        "x" * 10_000,
        None,
        7,
    ],
    ids=repr,
)
def test_text_without_an_account_is_refused_in_a_sentence(name: str, typed: str) -> None:
    """The sentence is short. It names the platform, except where nothing was typed."""
    with pytest.raises(InvalidJobError) as refused:
        PARSERS[name](typed)
    assert name in refused.value.message or refused.value.message == "Enter a username."
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 250


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Instagram", "https://www.instagram.com/p/DNqVTidT0R-/"),
        ("Instagram", "https://www.instagram.com/reel/DNqVTidT0R-/"),
        ("Instagram", "https://www.instagram.com/nasa/p/DNqVTidT0R-/"),
        ("Instagram", "instagram.com/explore/tags/nasa"),
        ("Instagram", "https://www.instagram.com/stories/nasa/123"),
        ("Instagram", "https://www.instagram.com/"),
        ("Instagram", "instagram.com"),
        ("TikTok", "https://www.tiktok.com/@nba/video/7562406072955309343"),
        ("TikTok", "https://www.tiktok.com/@nba/photo/7562406072955309343"),
        ("TikTok", "https://vm.tiktok.com/ZMabc123/"),
        ("TikTok", "https://www.tiktok.com/tag/nba"),
        ("TikTok", "https://www.tiktok.com/@"),
        ("X", "https://x.com/NASA/status/1364275610764201984"),
        ("X", "https://x.com/i/lists/1"),
        ("X", "twitter.com/search?q=nasa"),
        ("YouTube", "https://www.youtube.com/watch?v=oBM7DIeMsP0"),
        ("YouTube", "https://youtu.be/oBM7DIeMsP0"),
        ("YouTube", "youtube.com/shorts/oBM7DIeMsP0"),
        ("YouTube", "https://www.youtube.com/playlist?list=UU_x5XG1OV2P6uZZ5FSM9Ttw"),
    ],
)
def test_link_to_no_profile_is_refused_with_an_example(name: str, typed: str) -> None:
    with pytest.raises(InvalidJobError, match=f"not the link of a profile on {name}.*such as https://"):
        PARSERS[name](typed)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("Instagram", "https://www.youtube.com/@nasa", "link to YouTube, but the job is for Instagram"),
        ("TikTok", "instagram.com/nasa", "link to Instagram, but the job is for TikTok"),
        ("YouTube", "https://x.com/nasa", "link to X, but the job is for YouTube"),
        ("X", "https://www.tiktok.com/@nasa", "link to TikTok, but the job is for X"),
        (
            "X",
            "https://x.com.evil.test/nasa",
            r'^"x.com.evil.test" is not supported.*and X\.$',
        ),
        (
            "Instagram",
            "https://instagram.com@evil.test/nasa",
            r'^"evil.test" is not supported.*and X\.$',
        ),
        (
            "Instagram",
            "nasa.gov/instagram",
            r'^"nasa.gov" is not supported.*and X\.$',
        ),
        ("Instagram", "ftp://instagram.com/nasa", "not a link"),
        ("Instagram", "https://[instagram.com/nasa", "not a link"),
        ("YouTube", "https://www.youtube.com/channel/UCshort", "cannot be a username on YouTube"),
    ],
)
def test_a_link_to_another_site_is_refused_by_name(name: str, typed: str, sentence: str) -> None:
    with pytest.raises(InvalidJobError, match=sentence):
        PARSERS[name](typed)


def test_link_with_a_control_character_is_refused() -> None:
    for parse in PARSERS.values():
        with pytest.raises(InvalidJobError, match="not plain text"):
            parse("https://instagram.com/na\nsa")


def test_names_have_a_greatest_length() -> None:
    for name, length in (("Instagram", 50), ("TikTok", 50), ("X", 50), ("YouTube", 100)):
        PARSERS[name]("a" * length)
        with pytest.raises(InvalidJobError):
            PARSERS[name]("a" * (length + 1))
