"""TikTok: recorded items, and known traps of its actor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.platforms.replay import Replay, account_of, fetch, run, sample
from tracking.accounts import MediaType
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    PlatformUnavailableError,
)
from tracking.platforms import VideoPage, Waiting, collect_videos
from tracking.platforms.tiktok import reading_of
from tracking.sentences import say

FASHION = sample("apify-tiktok/fashion/items.json")
LUXURY = sample("apify-tiktok/loveluxury.com/items_nested_from_csv.json")
LIGHTBOX = sample("apify-tiktok/lcsign_lightbox/items_flattened.json")
EMPTY = sample("apify-tiktok/nasaofficial/profile_only_item.json")


def read(items: Any, username: str, **limits: Any) -> Any:
    replay = Replay().run_of(items)
    return fetch(replay.tiktok(), username, replay, **limits)


def test_a_whole_account_is_read_from_one_run() -> None:
    replay = Replay().run_of(FASHION)
    account, fetched = fetch(replay.tiktok(), "https://www.tiktok.com/@Fashion?lang=en", replay)
    shown = account.to_json()
    assert shown.pop("avatarUrl").startswith("https://p16-common-sign.tiktokcdn-us.com/tos-maliva-avt-0068/f36ead3c")
    assert shown == {
        "platform": "tiktok",
        "platformUserId": "6827101492735378438",
        "username": "fashion",
        "displayName": "Trending Fashion",
        "profileUrl": "https://www.tiktok.com/@fashion",
        "bio": "All the latest trends and inspiration.",
        "isVerified": True,
        "isPrivate": False,
        "followerCount": 140_300,
        "followingCount": 77,
        "postCount": 1_528,
        "totalViews": None,
    }
    (post,) = fetched.videos
    one = post.to_json()
    assert one.pop("thumbnailUrl").startswith(
        "https://p16-common-sign.tiktokcdn-us.com/tos-useast5-i-photomode-tx/e9d8"
    )
    assert one == {
        "videoId": "7262071210492595498",
        "url": "https://www.tiktok.com/@fashion/video/7262071210492595498",
        "title": "it\u2019s time for a closet cleanse✨ #cleaningyourcloset #closetcleanout #declutterwithme",
        "caption": "it\u2019s time for a closet cleanse✨ #cleaningyourcloset #closetcleanout #declutterwithme ",
        "publishedAt": "2023-07-31T19:45:27Z",
        "durationS": None,
        "mediaType": "carousel",
        "viewCount": 2_200_000,
        "likeCount": 222_000,
        "commentCount": 546,
        "shareCount": 4_636,
        "saveCount": 83_700,
        "hashtags": ["cleaningyourcloset", "closetcleanout", "declutterwithme"],
        "isPinned": True,
    }
    (start,) = replay.asked("POST")
    actor_input = json.loads(start.content)
    assert actor_input["profiles"] == ["fashion"]
    assert actor_input["profileScrapeSections"] == ["videos"]
    assert start.url.path == "/v2/acts/clockworks~tiktok-profile-scraper/runs"


def test_a_video_with_many_subtitles_is_read() -> None:
    account, fetched = read(sample("apify-tiktok/nba/items.json"), "nba")
    assert (account.platform_user_id, account.follower_count, account.post_count) == (
        "134941634731003904",
        25_200_000,
        13_100,
    )
    (video,) = fetched.videos
    assert (video.media_type, video.duration_s) == (MediaType.VIDEO, 73)
    assert (video.view_count, video.like_count, video.share_count, video.save_count, video.comment_count) == (
        4_600_000,
        177_300,
        4_127,
        4_688,
        799,
    )
    assert video.published_at == datetime(2025, 10, 18, 3, 58, 14, tzinfo=UTC)
    assert video.hashtags == ("nba", "basketball", "wemby", "victorwembanyama", "spurs")


def test_trap_photo_posts_have_no_length() -> None:
    _, fetched = read(sample("apify-tiktok/shaiie_foeva/items.json"), "shaiie_foeva")
    photo, video = fetched.videos
    assert (photo.media_type, photo.duration_s, photo.title) == (MediaType.IMAGE, None, "")
    assert (video.media_type, video.duration_s, video.view_count) == (MediaType.VIDEO, 74, 573_900)
    assert (photo.is_pinned, video.is_pinned) == (True, False)


def test_trap_an_account_without_videos_is_one_item_without_id() -> None:
    account, fetched = read(EMPTY, "nasaofficial")
    assert (account.platform_user_id, account.display_name) == ("6987048613642159109", "NASA")
    assert (account.follower_count, account.post_count) == (2_049, 0)
    assert fetched.videos == ()
    assert fetched.is_complete
    account, fetched = read(sample("apify-tiktok/errors/note_no_videos.json"), "empty_example")
    assert account.follower_count == 120
    assert fetched.videos == ()


def test_exports_without_ids_and_counts_of_the_author_are_read() -> None:
    account, fetched = read(LUXURY, "loveluxury.com")
    assert (account.username, account.follower_count, account.is_verified) == ("loveluxury.com", None, None)
    assert account.account_id == "tiktok_loveluxury.com"
    assert len(fetched.videos) == 17, "one of the 18 items comes twice"
    first = fetched.videos[0]
    assert first.video_id == "7207496431425375494"
    assert (first.view_count, first.like_count, first.duration_s) == (2_900_000, 85_300, 7)
    assert first.published_at == datetime(2023, 3, 6, 18, 7, 17, tzinfo=UTC)
    assert first.hashtags == ("blackoutfit", "chanelbag", "chanelclassicflap", "gwagon")


def test_flattened_exports_with_dotted_keys_are_read() -> None:
    account, fetched = read(LIGHTBOX, "@lcsign_lightbox")
    assert account.avatar_url is not None
    assert "94924983cb17490173d29d178f0e0c9d" in account.avatar_url
    assert len(fetched.videos) == 20
    assert [video.duration_s for video in fetched.videos][:4] == [None, 33, 32, 33]
    assert fetched.videos[0].video_id == "7538380968604749086"
    assert fetched.videos[0].view_count == 183_300
    assert fetched.videos[0].published_at is None


def test_reposts_of_other_peoples_videos_are_left_out() -> None:
    repost = FASHION[0] | {
        "id": "5",
        "fromProfileSection": "reposts",
        "authorMeta": {"name": "somebodyelse", "fans": 1},
        "webVideoUrl": "https://www.tiktok.com/@somebodyelse/video/5",
    }
    anonymous = {"id": "6", "fromProfileSection": "reposts", "input": "fashion"}
    account, fetched = read([repost, anonymous, *FASHION], "fashion")
    assert account.follower_count == 140_300
    assert [video.video_id for video in fetched.videos] == ["7262071210492595498"]


def test_another_account_than_asked_for_is_refused() -> None:
    with pytest.raises(ContractError, match="another account than nba"):
        read(FASHION, "nba")


def test_account_missing_from_the_dataset_is_not_found() -> None:
    with pytest.raises(AccountNotFoundError, match="TikTok has no account named nasa"):
        read([], "nasa")


def test_a_private_account_is_shown_and_its_videos_are_private() -> None:
    replay = Replay().run_of(sample("apify-tiktok/errors/note_profile_private.json"))
    fetched = account_of(replay.tiktok(), "private_example", replay.bounds())
    assert fetched.account.is_private
    assert (fetched.account.follower_count, fetched.account.post_count) == (120, 5)
    with pytest.raises(AccountPrivateError, match="TikTok account private_example is private"):
        next(replay.tiktok().fetch_videos(fetched, replay.bounds()))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"errorCode": "NOT_FOUND", "error": "?", "input": "nasa"}, AccountNotFoundError),
        ({"errorCode": "INVALID_URLS", "error": "?"}, AccountNotFoundError),
        ({"errorCode": "PROFILE_PRIVATE", "error": "Private"}, AccountPrivateError),
        ({"note": "Profile is private", "input": "nasa"}, AccountPrivateError),
        ({"error": "This profile/hashtag does not exist."}, AccountNotFoundError),
        ({"error": "Blocked by a captcha"}, PlatformUnavailableError),
        ({"errorCode": "SOMETHING_NEW"}, PlatformUnavailableError),
    ],
)
def test_an_error_item_without_profile_says_why(item: dict[str, Any], expected: type[Exception]) -> None:
    with pytest.raises(expected):
        read([item], "nasa")


def test_empty_profile_is_an_account_without_videos() -> None:
    account, fetched = read([{"errorCode": "PROFILE_EMPTY", "error": "Empty", "input": "nasa"}], "nasa")
    assert (account.username, account.follower_count) == ("nasa", None)
    assert fetched.videos == ()


def test_trap_error_items_between_good_ones_are_left_out() -> None:
    error = sample("apify-tiktok/errors/profile_does_not_exist.json")[0]
    _, fetched = read([error, *FASHION, error], "fashion")
    assert len(fetched.videos) == 1


def test_profile_is_read_from_the_unfinished_run_of_videos() -> None:
    """One run gives both the profile and the videos."""
    replay = Replay().run_of(([], FASHION), status="RUNNING")
    bounds = replay.bounds()
    assert replay.tiktok().fetch_account("fashion", bounds) == Waiting(message=say("collecting", platform="TikTok"))
    fetched = account_of(replay.tiktok(), "fashion", bounds)
    assert fetched.account.follower_count == 140_300
    replay.on("GET /v2/actor-runs/run1", {"data": run("SUCCEEDED")})
    assert len(collect_videos(replay.tiktok().fetch_videos(fetched, bounds), bounds, replay.clock).videos) == 1
    assert len(replay.asked("POST")) == 1


def test_a_failed_run_is_replaced_on_a_retry_alone() -> None:
    replay = Replay().run_of(FASHION)
    fetched = account_of(replay.tiktok(), "fashion", replay.bounds())
    replay.on("GET /v2/actor-runs/run1", {"data": run("FAILED")})
    with pytest.raises(PlatformUnavailableError):
        list(replay.tiktok().fetch_videos(fetched, replay.bounds()))
    assert len(replay.asked("POST")) == 1
    pages = list(replay.tiktok().fetch_videos(fetched, replay.bounds(is_retry=True)))
    assert isinstance(pages[0], VideoPage)
    assert len(pages[0].videos) == 1
    assert len(replay.asked("POST")) == 2


def test_a_slideshow_is_a_carousel_unless_it_has_one_picture() -> None:
    def kind(**post: Any) -> MediaType:
        (video,) = reading_of([{"id": "1", "input": "a"} | post], "a").videos
        return video.media_type

    assert kind(isSlideshow=True) is MediaType.CAROUSEL
    assert kind(isSlideshow=True, slideshowImageLinks=[{}, {}]) is MediaType.CAROUSEL
    assert kind(slideshowImageLinks=[{}]) is MediaType.IMAGE
    assert kind(isSlideshow=False) is MediaType.VIDEO


def test_ids_of_photo_links_are_read() -> None:
    link = "https://www.tiktok.com/@fashion/photo/7262071210492595498"
    (video,) = reading_of([{"webVideoUrl": link}], "fashion").videos
    assert video.video_id == "7262071210492595498"


def test_empty_dataset_of_a_cut_run_is_unavailable() -> None:
    """An empty dataset does not prove that the account is missing."""
    replay = Replay().run_of([], status="TIMED-OUT")
    with pytest.raises(PlatformUnavailableError):
        fetch(replay.tiktok(), "fashion", replay)
