"""X: recorded users and timelines, and known traps of its API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.platforms.replay import Replay, answer, fetch, sample
from tracking.accounts import MediaType
from tracking.errors import (
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    QuotaExceededError,
)

USER = "GET /2/users/by/username/"
POSTS = r"GET /2/users/\d+/tweets"


def user(**changes: Any) -> dict[str, Any]:
    return {"data": sample("x/NatComm/user_by_username.json")["data"] | changes}


def timeline(*posts: dict[str, Any], next_token: str | None = None, **includes: Any) -> dict[str, Any]:
    meta = {"result_count": len(posts)} | ({"next_token": next_token} if next_token else {})
    return {"data": list(posts), "includes": includes, "meta": meta}


def only_video(post: dict[str, Any], **includes: Any) -> Any:
    replay = Replay().on(USER, user()).on(POSTS, timeline({"id": "1", "text": "t"} | post, **includes))
    return fetch(replay.twitter(), "natcomm", replay)[1].videos[0]


def test_a_whole_account_is_read() -> None:
    replay = Replay().on(USER, user()).on(POSTS, sample("x/NatComm/user_tweets.json"))
    account, fetched = fetch(replay.twitter(), "https://twitter.com/NatComm", replay)
    assert account.to_json() == {
        "platform": "twitter",
        "platformUserId": "17880989",
        "username": "NatComm",
        "displayName": "NCA",
        "profileUrl": "https://x.com/NatComm",
        "avatarUrl": "https://pbs.twimg.com/profile_images/1110927896435150849/M16LTNRp.png",
        "bio": "The National Communication Association is a scholarly society that enables & supports its "
        "members\u2019 Communication research & teaching.",
        "isVerified": True,
        "isPrivate": False,
        "followerCount": 12_326,
        "followingCount": 1_057,
        "postCount": 12_049,
        "totalViews": None,
    }
    assert len(fetched.videos) == 8
    assert fetched.is_complete
    first = fetched.videos[0]
    assert first.video_id == "1400195521868931072"
    assert first.url == "https://x.com/NatComm/status/1400195521868931072"
    assert first.title.startswith("At a basic level, whitewashing in film and television is")
    assert (first.like_count, first.share_count, first.comment_count) == (6, 3, 0)
    assert (first.view_count, first.save_count, first.duration_s) == (None, None, None)
    assert first.media_type is MediaType.TEXT
    request = replay.asked(POSTS)[0]
    assert request.url.path == "/2/users/17880989/tweets"
    assert request.url.params["exclude"] == "retweets"
    assert request.url.params["max_results"] == "100"


def test_recorded_timeline_is_read_to_its_empty_last_page() -> None:
    replay = Replay().on(USER, sample("x/wunpini_fm/user_by_username.json"))
    pages = [sample(f"x/wunpini_fm/user_tweets_page{n}.json") for n in (1, 2)]
    replay.on(POSTS, *pages, sample("x/shapes/last_page_empty.json"))
    account, fetched = fetch(replay.twitter(), "@Wunpini_FM", replay)
    assert (account.platform_user_id, account.follower_count, account.post_count) == ("460255655", 13_496, 190_034)
    assert len(fetched.videos) == (97 - 59) + (99 - 84), "reposts of others are not the account's"
    assert fetched.videos[0].video_id == "1400167232353804293"
    assert fetched.videos[-1].video_id == "1399398773118406657"
    assert fetched.is_complete
    tokens = [request.url.params.get("pagination_token") for request in replay.asked(POSTS)]
    assert tokens == [None, pages[0]["meta"]["next_token"], pages[1]["meta"]["next_token"]]
    by_id = {video.video_id: video for video in fetched.videos}
    raw = {post["id"]: post for page in pages for post in page["data"]}
    for video_id, video in by_id.items():
        metrics = raw[video_id]["public_metrics"]
        assert video.like_count == metrics["like_count"]
        assert video.share_count == metrics["retweet_count"]
        assert video.comment_count == metrics["reply_count"]


def test_replies_and_quotes_are_the_accounts_own_posts() -> None:
    replay = Replay().on(USER, sample("x/ICASECAC/user_by_username.json"))
    replay.on(POSTS, sample("x/ICASECAC/user_tweets.json"))
    account, fetched = fetch(replay.twitter(), "ICASECAC", replay)
    assert account.display_name == "ICA Student & Early Career Members"
    ids = ["1399386327792095238", "1399386075739693060", "1399043008339877892", "1399005777138962433"]
    assert [video.video_id for video in fetched.videos] == ids
    assert fetched.videos[3].hashtags == ("ica21", "commtwitter", "secac")
    assert fetched.videos[0].published_at is not None


def test_an_answer_with_default_fields_alone_is_read() -> None:
    replay = Replay().on(USER, sample("x/Twitter/user_by_username_minimal.json"))
    minimal = sample("x/Twitter/user_tweets_minimal.json")
    del minimal["body"]["meta"]["next_token"]
    replay.on(POSTS, minimal)
    account, fetched = fetch(replay.twitter(), "twitter", replay)
    assert (account.platform_user_id, account.username, account.follower_count) == ("783214", "Twitter", None)
    assert (account.is_verified, account.avatar_url, account.bio) == (None, None, "")
    assert [video.video_id for video in fetched.videos] == ["1577730467436138524", "1565318587736285184"]
    assert fetched.videos[0].title == "whoa, it works"
    assert fetched.videos[0].like_count is None


def test_counted_impressions_and_the_pinned_post_are_read() -> None:
    recorded = sample("x/TwitterDev/tweet_2023_verified_type.json")
    replay = Replay().on(USER, {"data": recorded["includes"]["users"][0] | {"pinned_tweet_id": "1603823063690199040"}})
    account, fetched = fetch(replay.on(POSTS, recorded).twitter(), "TwitterDev", replay)
    (video,) = fetched.videos
    assert (video.view_count, video.like_count, video.share_count, video.comment_count) == (139_075, 745, 104, 37)
    assert video.published_at == datetime(2022, 12, 16, 18, 43, 10, tzinfo=UTC)
    assert video.is_pinned
    assert account.is_verified is True


def test_trap_a_videos_views_and_length_stand_with_its_medium() -> None:
    recorded = sample("x/shapes/tweet_with_video.json")
    replay = Replay().on(USER, {"data": recorded["includes"]["users"][0]}).on(POSTS, recorded)
    _, fetched = fetch(replay.twitter(), "igorbrigadir", replay)
    (video,) = fetched.videos
    assert video.media_type is MediaType.VIDEO
    assert (video.view_count, video.duration_s) == (19_059, 71.292)
    assert video.thumbnail_url is not None
    assert video.thumbnail_url.endswith("7VaQu-AvReI8RHkv.jpg")
    assert not video.is_pinned


@pytest.mark.parametrize(
    ("keys", "media", "expected"),
    [
        ([], [], MediaType.TEXT),
        (["3_1"], [{"media_key": "3_1", "type": "photo", "url": "u"}], MediaType.IMAGE),
        (["16_1"], [{"media_key": "16_1", "type": "animated_gif"}], MediaType.VIDEO),
        (["3_1", "7_2"], [{"media_key": "7_2", "type": "video"}], MediaType.CAROUSEL),
        (["3_1"], [], MediaType.IMAGE),
        (["7_1"], [], MediaType.VIDEO),
    ],
)
def test_media_type_comes_from_media_or_else_its_keys(
    keys: list[str], media: list[dict[str, Any]], expected: MediaType
) -> None:
    assert only_video({"attachments": {"media_keys": keys}}, media=media).media_type is expected


def test_trap_suspended_looks_like_not_found_by_its_type() -> None:
    replay = Replay().on(USER, sample("x/errors/user_by_username_suspended_200.json"))
    with pytest.raises(AccountSuspendedError, match="X has suspended the account suspendedexample"):
        replay.twitter().fetch_account("suspendedexample", replay.bounds())


def test_trap_zero_impressions_are_unknown() -> None:
    assert only_video({"public_metrics": {"impression_count": 0, "like_count": 0}}).view_count is None
    assert only_video({"public_metrics": {"impression_count": 0, "like_count": 0}}).like_count == 0


def test_trap_empty_page_without_data_may_not_be_the_last() -> None:
    replay = Replay().on(USER, user())
    empty = {"meta": {"result_count": 0, "next_token": "T1"}}
    replay.on(POSTS, empty, timeline({"id": "1", "text": "t"}))
    _, fetched = fetch(replay.twitter(), "NatComm", replay)
    assert len(fetched.videos) == 1
    replay = Replay().on(USER, user()).on(POSTS, sample("x/shapes/empty_page_no_data.json"))
    _, fetched = fetch(replay.twitter(), "NatComm", replay)
    assert fetched.videos == ()
    assert fetched.is_complete


def test_trap_errors_beside_data_do_not_spoil_it() -> None:
    page = timeline({"id": "1", "text": "t"}) | {"errors": [{"title": "Authorization Error", "section": "includes"}]}
    replay = Replay().on(USER, user()).on(POSTS, page)
    assert len(fetch(replay.twitter(), "NatComm", replay)[1].videos) == 1


def test_trap_the_monthly_cap_is_a_quota_and_not_a_wait() -> None:
    capped = answer({"title": "UsageCapExceeded"}, 429, {"x-rate-limit-reset": "1795435300"})
    replay = Replay().on(USER, user()).on(POSTS, capped)
    with pytest.raises(QuotaExceededError):
        fetch(replay.twitter(), "NatComm", replay)
    assert replay.clock.sleeps == []


def test_trap_new_names_of_fields_are_read_like_the_old_ones() -> None:
    new = {"public_metrics": {"post_count": 7, "followers_count": 1}, "pinned_post_id": "1"}
    posts = timeline(
        {"id": "1", "text": "own", "public_metrics": {"repost_count": 3}},
        {"id": "2", "text": "other's", "referenced_posts": [{"type": "reposted", "id": "9"}]},
        {"id": "3", "text": "other's", "referenced_posts": [{"type": "retweeted", "id": "9"}]},
    )
    replay = Replay().on(USER, user(**new)).on(POSTS, posts)
    account, fetched = fetch(replay.twitter(), "NatComm", replay)
    assert account.post_count == 7
    (video,) = fetched.videos
    assert video.is_pinned
    assert video.share_count == 3


def test_escaped_text_is_unescaped_once_and_only_what_x_escapes() -> None:
    video = only_video({"text": "a &amp; b &lt;3 &amp;lt; AT&T &copy"})
    assert video.caption == "a & b <3 &lt; AT&T &copy"


def test_a_protected_account_is_shown_and_its_posts_are_private() -> None:
    replay = Replay().on(USER, sample("x/shapes/user_protected_masked.json"))
    fetched = replay.twitter().fetch_account("protected_example", replay.bounds())
    assert fetched.account.is_private
    assert fetched.account.follower_count == 105
    with pytest.raises(AccountPrivateError, match="protected_example is private"):
        next(replay.twitter().fetch_videos(fetched, replay.bounds()))
    assert replay.asked(POSTS) == []


def test_another_user_than_asked_for_is_refused() -> None:
    replay = Replay().on(USER, user())
    with pytest.raises(ContractError, match="another account than nasa"):
        replay.twitter().fetch_account("nasa", replay.bounds())


def test_foreign_timeline_is_refused_and_foreign_post_skipped() -> None:
    replay = Replay().on(USER, user()).on(POSTS, timeline({"id": "1", "author_id": "5"}))
    with pytest.raises(ContractError, match="another account"):
        fetch(replay.twitter(), "NatComm", replay)
    replay.on(POSTS, timeline({"id": "1", "author_id": "5"}, {"id": "2", "author_id": "17880989"}))
    assert [video.video_id for video in fetch(replay.twitter(), "NatComm", replay)[1].videos] == ["2"]


def test_a_page_token_that_comes_again_is_a_breach_of_contract() -> None:
    replay = Replay().on(USER, user()).on(POSTS, timeline({"id": "1"}, next_token="T"))
    with pytest.raises(ContractError, match="same page"):
        fetch(replay.twitter(), "NatComm", replay)
    assert len(replay.asked(POSTS)) == 2


@pytest.mark.parametrize(("wanted", "asked"), [(1, "5"), (60, "60"), (5_000, "100")])
def test_no_more_is_asked_for_than_is_wanted_and_allowed(wanted: int, asked: str) -> None:
    replay = Replay().on(USER, user()).on(POSTS, timeline({"id": "1"}))
    fetch(replay.twitter(), "NatComm", replay, max_videos=wanted)
    assert replay.asked(POSTS)[0].url.params["max_results"] == asked


def test_a_suspended_app_is_a_matter_of_our_credentials() -> None:
    body = {"title": "Forbidden", "detail": "Your App has been suspended.", "type": "about:blank", "status": 403}
    replay = Replay().on("GET", answer(body, 403))
    with pytest.raises(CredentialsError):
        fetch(replay.twitter(), "nasa", replay)
