"""YouTube: recorded channels and videos, and known traps of its API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import Replay, answer, fetch, sample
from tracking.accounts import MediaType
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    CredentialsError,
    QuotaExceededError,
)
from tracking.platforms.youtube import duration_s

GOOGLE = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
C_SPAN = "UCb--64Gl51jIEVE-GLDAVTg"


def google(videos: Any = None, playlist: Any = None, channel: str = "channel") -> Replay:
    folder = "youtube/GoogleDevelopers"
    replay = Replay().on("GET /youtube/v3/channels", sample(f"{folder}/{channel}.json"))
    replay.on("GET /youtube/v3/playlistItems", playlist or sample(f"{folder}/uploads_page1.json"))
    return replay.on("GET /youtube/v3/videos", videos or sample(f"{folder}/videos_assembled.json"))


def items(ids: list[str], token: str = "") -> dict[str, Any]:
    listed = [{"contentDetails": {"videoId": one}} for one in ids]
    return {"items": listed} | ({"nextPageToken": token} if token else {})


def all_shown(request: httpx.Request) -> httpx.Response:
    return answer({"items": [{"id": one, "snippet": {"title": one}} for one in request.url.params["id"].split(",")]})


def test_a_whole_channel_is_read() -> None:
    replay = google()
    account, fetched = fetch(replay.youtube(), " @GoogleDevelopers ", replay)
    assert account.to_json() == {
        "platform": "youtube",
        "platformUserId": GOOGLE,
        "username": "googledevelopers",
        "displayName": "Google for Developers",
        "profileUrl": f"https://www.youtube.com/channel/{GOOGLE}",
        "avatarUrl": "https://yt3.ggpht.com/fca_HuJ99xUxflWdex0XViC3NfctBFreIl8y4i9z411asnGTWY-Ql3MeH_ybA4kNaOjY7kyA="
        "s800-c-k-c0x00ffffff-no-rj",
        "bio": "Subscribe to join a community of creative developers and learn the latest in Google technology — from "
        "AI and cloud, to mobile and web.\n\nExplore more at developers.google.com\n\n",
        "isVerified": None,
        "isPrivate": False,
        "followerCount": 2_300_000,
        "followingCount": None,
        "postCount": 5_783,
        "totalViews": 234_084_903,
    }
    ids = ["UZ4n1n13crI", "gwA0TqSN6lg", "bbWUwPHnBTc", "ddkIt_sW8bo", "SZ-4NHXSoBI"]
    assert [video.video_id for video in fetched.videos] == ids
    assert fetched.is_complete
    first = fetched.videos[0].to_json()
    assert first.pop("caption").startswith("Website → https://dval.dev\n\nDiscover dval.dev")
    assert first == {
        "videoId": "UZ4n1n13crI",
        "url": "https://www.youtube.com/watch?v=UZ4n1n13crI",
        "title": "Unleash Your Web Development Potential with dval.dev",
        "thumbnailUrl": "https://i.ytimg.com/vi/UZ4n1n13crI/maxresdefault.jpg",
        "publishedAt": "2023-07-21T19:00:27Z",
        "durationS": 21 * 60 + 50,
        "mediaType": "video",
        "viewCount": 880_045,
        "likeCount": 61_890,
        "commentCount": 11_590,
        "shareCount": None,
        "saveCount": None,
        "hashtags": ["MyDomain"],
        "isPinned": False,
    }
    channels, playlist, videos = replay.requests
    assert channels.url.params["forHandle"] == "@GoogleDevelopers"
    assert playlist.url.params["playlistId"] == "UU_x5XG1OV2P6uZZ5FSM9Ttw"
    assert playlist.url.params["maxResults"] == "50"
    assert videos.url.params["id"] == ",".join(ids)


def test_an_old_channel_without_handle_is_read() -> None:
    replay = Replay().on("GET /youtube/v3/channels", sample("youtube/C-SPAN/channel.json"))
    replay.on("GET /youtube/v3/playlistItems", sample("youtube/C-SPAN/uploads_page1_assembled.json"))
    replay.on("GET /youtube/v3/videos", sample("youtube/C-SPAN/videos.json"))
    account, fetched = fetch(replay.youtube(), f"https://www.youtube.com/channel/{C_SPAN}", replay)
    assert (account.username, account.display_name) == (C_SPAN, "C-SPAN")
    assert (account.follower_count, account.post_count, account.total_views) == (87_842, 4_885, 112_841_566)
    (video,) = fetched.videos
    assert video.video_id == "oBM7DIeMsP0"
    assert video.published_at == datetime(2015, 9, 24, 17, 6, 7, tzinfo=UTC)
    assert (video.duration_s, video.view_count, video.like_count, video.comment_count) == (3_233, 458_565, 3_481, 3_021)
    assert video.thumbnail_url == "https://i.ytimg.com/vi/oBM7DIeMsP0/hqdefault.jpg"


@pytest.mark.parametrize(
    ("path", "typed", "followers"),
    [
        ("GoogleDevelopers/channel_2018_branding", "GoogleDevelopers", 1_613_009),
        ("GoogleDevelopers/channel_2019_exact_counts", GOOGLE, None),
        ("GoogleDevelopers/channel_snippet_statistics", GOOGLE, None),
        ("GoogleDevelopers/channels_two_ids", GOOGLE, 2_260_000),
        ("BBCLearningEnglish/channel", "youtube.com/user/bbclearningenglish", 2_850_000),
    ],
)
def test_channels_of_other_years_and_parts_are_read(path: str, typed: str, followers: int | None) -> None:
    recorded = sample(f"youtube/{path}.json")
    replay = Replay().on("GET /youtube/v3/channels", recorded)
    fetched = replay.youtube().fetch_account(typed, replay.bounds())
    by_id = {item["id"]: item for item in recorded["items"]}
    expected = followers or int(by_id[GOOGLE]["statistics"]["subscriberCount"])
    assert fetched.account.follower_count == expected
    assert fetched.videos_ref == "UU" + fetched.account.platform_user_id[2:]


def test_every_recorded_video_has_its_own_counts() -> None:
    recorded = sample("youtube/videos/videos_list_34_full_parts.json")["items"]
    ids = [item["id"] for item in recorded]
    replay = google(videos={"items": recorded[::-1]}, playlist=items(ids))
    _, fetched = fetch(replay.youtube(), GOOGLE, replay)
    assert len(fetched.videos) == 34
    for video, raw in zip(fetched.videos, recorded, strict=True):
        assert video.video_id == raw["id"], "joined by id, in the playlist's order"
        assert str(video.view_count) == raw["statistics"]["viewCount"]
        assert str(video.like_count) == raw["statistics"]["likeCount"]
        assert video.media_type is MediaType.VIDEO


def test_trap_not_found_is_an_answer_of_status_200() -> None:
    for name in ("channel_not_found_empty_items_200", "channel_not_found_no_items_key_200"):
        replay = Replay().on("GET", sample(f"youtube/errors/{name}.json"))
        with pytest.raises(AccountNotFoundError, match="YouTube has no account named nosuch"):
            replay.youtube().fetch_account("nosuch", replay.bounds())


def test_trap_missing_and_hidden_counts_are_unknown_and_not_zero() -> None:
    channel = sample("youtube/GoogleDevelopers/channel.json")
    channel["items"][0]["statistics"] = {"hiddenSubscriberCount": True, "subscriberCount": "0", "videoCount": "0"}
    replay = google(videos={"items": [{"id": "a", "statistics": {"viewCount": "0"}}]}, playlist=items(["a"]))
    replay.on("GET /youtube/v3/channels", channel)
    account, fetched = fetch(replay.youtube(), GOOGLE, replay)
    assert (account.follower_count, account.post_count, account.total_views) == (None, 0, None)
    (video,) = fetched.videos
    assert (video.view_count, video.like_count, video.comment_count) == (0, None, None)
    assert (video.published_at, video.duration_s, video.thumbnail_url) == (None, None, None)


def test_trap_a_403_may_be_the_quota() -> None:
    replay = google(playlist=answer(sample("youtube/errors/quota_exceeded_403.json")))
    with pytest.raises(QuotaExceededError, match="quota at YouTube"):
        fetch(replay.youtube(), GOOGLE, replay)


def test_trap_private_and_deleted_videos_are_skipped() -> None:
    playlist = sample("youtube/PhuongMyChi/playlist_with_private_video.json")
    del playlist["nextPageToken"]

    def without_private(request: httpx.Request) -> httpx.Response:
        shown = [one for one in request.url.params["id"].split(",") if one != "57n0NsA7bAk"]
        return answer({"items": [{"id": one} for one in shown]})

    replay = google(videos=without_private, playlist=playlist)
    _, fetched = fetch(replay.youtube(), GOOGLE, replay)
    assert len(fetched.videos) == len(playlist["items"]) - 1
    assert "57n0NsA7bAk" not in {video.video_id for video in fetched.videos}


def test_trap_published_at_comes_from_the_video() -> None:
    """A playlist item has a `publishedAt` too: the time when the video was added to the list."""
    playlist = {"items": [{"snippet": {"publishedAt": "2020-01-01T00:00:00Z", "resourceId": {"videoId": "a"}}}]}
    replay = google(videos={"items": [{"id": "a", "snippet": {"publishedAt": "2010-05-05T05:05:05Z"}}]})
    replay.on("GET /youtube/v3/playlistItems", playlist)
    _, fetched = fetch(replay.youtube(), GOOGLE, replay)
    assert fetched.videos[0].published_at == datetime(2010, 5, 5, 5, 5, 5, tzinfo=UTC)


def test_a_found_channel_without_uploads_playlist_has_no_videos() -> None:
    replay = google(playlist=sample("youtube/errors/playlist_not_found_404.json"))
    _, fetched = fetch(replay.youtube(), GOOGLE, replay)
    assert fetched.videos == ()
    assert fetched.is_complete


@pytest.mark.parametrize(
    ("iso", "expected"),
    [
        ("PT58S", 58),
        ("PT1H17M31S", 4_651),
        ("P1DT2H", 93_600),
        ("P1W", 604_800),
        ("PT1.5S", 1.5),
        ("P0D", None),
        ("PT0S", None),
        ("PT", None),
        ("", None),
        ("1:30", None),
        (None, None),
        (90, None),
        ("PT" + "9" * 5_000 + "S", None),
    ],
)
def test_durations_are_iso_8601(iso: object, expected: float | None) -> None:
    assert duration_s(iso) == expected


def test_pages_are_followed_to_the_last_one_lazily() -> None:
    replay = google(videos=all_shown)
    pages = [items([f"v{n}" for n in range(start, start + 50)], token) for start, token in ((0, "T1"), (50, "T2"))]
    replay.on("GET /youtube/v3/playlistItems", *pages, items(["v99", "v100"]))
    bounds = replay.bounds()
    platform = replay.youtube()
    walk = platform.fetch_videos(platform.fetch_account(GOOGLE, bounds), bounds)
    assert replay.asked("GET /youtube/v3/playlistItems") == []
    assert [(len(page.videos), page.has_more) for page in walk] == [(50, True), (50, True), (2, False)]
    tokens = [request.url.params.get("pageToken") for request in replay.asked("GET /youtube/v3/playlistItems")]
    assert tokens == [None, "T1", "T2"]


def test_no_more_is_asked_for_than_is_wanted() -> None:
    replay = google(videos=all_shown)
    replay.on("GET /youtube/v3/playlistItems", items([f"v{n}" for n in range(50)], "T1"), items(["w1", "w2"], "T2"))
    _, fetched = fetch(replay.youtube(), GOOGLE, replay, max_videos=52)
    assert len(fetched.videos) == 52
    assert not fetched.is_complete
    sizes = [request.url.params["maxResults"] for request in replay.asked("GET /youtube/v3/playlistItems")]
    assert sizes == ["50", "2"]


def test_a_page_token_that_comes_again_is_a_breach_of_contract() -> None:
    replay = google(videos=all_shown)
    replay.on("GET /youtube/v3/playlistItems", items(["a"], "T1"), items(["b"], "T2"), items(["c"], "T1"))
    with pytest.raises(ContractError, match="same page"):
        fetch(replay.youtube(), GOOGLE, replay)


@pytest.mark.parametrize("typed", ["UCaaaaaaaaaaaaaaaaaaaaaa", "@somebodyelse", "somebodyelse"])
def test_another_channel_than_asked_for_is_refused(typed: str) -> None:
    replay = google()
    with pytest.raises(ContractError, match="another channel"):
        replay.youtube().fetch_account(typed, replay.bounds())


def test_channel_with_an_older_custom_url_matches_by_title() -> None:
    replay = google(channel="channel_2018_branding")
    channel = sample("youtube/GoogleDevelopers/channel_2018_branding.json")["items"][0]["snippet"]
    assert (channel["customUrl"], channel["title"]) == ("googledevelopers", "Google Developers")
    renamed = sample("youtube/GoogleDevelopers/channel_2018_branding.json")
    renamed["items"][0]["snippet"]["customUrl"] = "googlecode"
    replay = Replay().on("GET /youtube/v3/channels", renamed)
    assert replay.youtube().fetch_account("@GoogleDevelopers", replay.bounds()).account.platform_user_id == GOOGLE


@pytest.mark.parametrize("details", [[{"reason": "API_KEY_SERVICE_BLOCKED"}], []])
def test_forbidden_channel_means_that_the_key_is_bad(details: list[Any]) -> None:
    body = {"error": {"errors": [{"reason": "forbidden"}], "details": details, "status": "PERMISSION_DENIED"}}
    replay = Replay().on("GET /youtube/v3/channels", answer(body, 403))
    with pytest.raises(CredentialsError):
        replay.youtube().fetch_account("@GoogleDevelopers", replay.bounds())


def test_forbidden_videos_mean_private_unless_the_key_is_bad() -> None:
    for details, expected in (
        ([], AccountPrivateError),
        ([{"reason": "API_KEY_HTTP_REFERRER_BLOCKED"}], CredentialsError),
    ):
        body = {"error": {"errors": [{"reason": "forbidden"}], "details": details}}
        replay = google()
        replay.on("GET /youtube/v3/playlistItems", answer(body, 403))
        with pytest.raises(expected):
            fetch(replay.youtube(), GOOGLE, replay)


def test_channel_without_a_handle_is_the_one_asked_for() -> None:
    replay = Replay().on("GET /youtube/v3/channels", sample("youtube/C-SPAN/channel.json"))
    account = replay.youtube().fetch_account("@C-SPAN", replay.bounds()).account
    assert (account.platform_user_id, account.username) == (C_SPAN, "C-SPAN")


def test_bare_name_is_tried_as_handle_then_as_user_name() -> None:
    replay = Replay().on("GET /youtube/v3/channels", {"items": []}, sample("youtube/C-SPAN/channel.json"))
    fetched = replay.youtube().fetch_account("CSPAN", replay.bounds())
    assert fetched.account.platform_user_id == C_SPAN
    assert fetched.account.username == "CSPAN"
    first, second = replay.requests
    assert first.url.params["forHandle"] == "@CSPAN"
    assert second.url.params["forUsername"] == "CSPAN"


def test_a_typed_handle_is_never_taken_for_a_legacy_user_name() -> None:
    replay = Replay().on("GET /youtube/v3/channels", {"items": []})
    with pytest.raises(AccountNotFoundError):
        replay.youtube().fetch_account("@CSPAN", replay.bounds())
    assert len(replay.requests) == 1
