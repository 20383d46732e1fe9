"""Instagram: recorded profiles and posts, and known traps of its actor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import Replay, account_of, answer, fetch, run, sample
from tracking.accounts import MediaType
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    PlatformUnavailableError,
)
from tracking.platforms.instagram import account_from, profile_in, reading_of

NASA = sample("apify-instagram/nasa/details.json")
NO_ITEMS = sample("apify-instagram/errors/no_items.json")[0]
BLOCKED = NO_ITEMS | {"requestErrorMessages": ["Error: Request blocked, retrying it again with different session"]}


def instagram(details: Any = NASA, posts: Any = None, **headers: str) -> Replay:
    """Return a server with two runs: one of details, one of posts. The start request's input chooses the run."""

    def start(request: httpx.Request) -> httpx.Response:
        return answer({"data": run("SUCCEEDED", json.loads(request.content)["resultsType"])}, 201)

    replay = Replay().on(r"POST /v2/acts/apify~instagram-scraper/runs", start)
    for kind in ("details", "posts"):
        replay.on(f"GET /v2/actor-runs/{kind}", {"data": run("SUCCEEDED", kind)})
    replay.on("GET /v2/datasets/details-items/items", answer(details))
    return replay.on("GET /v2/datasets/posts-items/items", answer(posts or [], headers=headers))


def video(post: dict[str, Any]) -> Any:
    (only,) = reading_of([{"shortCode": "abc", "ownerUsername": "nasa"} | post], "nasa").videos
    return only


def test_a_whole_account_is_read() -> None:
    replay = instagram(posts=sample("apify-instagram/nasa/posts.json"), **{"X-Apify-Pagination-Total": "33"})
    account, fetched = fetch(replay.instagram(), "https://www.instagram.com/NASA/?hl=en", replay)
    assert account.to_json() == {
        "platform": "instagram",
        "platformUserId": "528817151",
        "username": "nasa",
        "displayName": "NASA",
        "profileUrl": "https://www.instagram.com/nasa/",
        "avatarUrl": "https://…",
        "bio": "Making the seemingly impossible, possible. ✨",
        "isVerified": True,
        "isPrivate": False,
        "followerCount": 104_423_132,
        "followingCount": 92,
        "postCount": 4_888,
        "totalViews": None,
    }
    assert len(fetched.videos) == 33
    assert fetched.is_complete
    assert sum(one.like_count or 0 for one in fetched.videos) == 13_339_202
    assert sum(one.comment_count or 0 for one in fetched.videos) == 60_476
    kinds = [one.media_type for one in fetched.videos]
    assert [kinds.count(kind) for kind in (MediaType.IMAGE, MediaType.CAROUSEL, MediaType.VIDEO)] == [20, 8, 5]
    assert [number for number, one in enumerate(fetched.videos) if one.is_pinned] == [0, 1, 8]
    first = fetched.videos[0]
    assert first.video_id == "3704867345111401598"
    assert first.url == "https://www.instagram.com/p/DNqVTidT0R-/"
    assert first.title == "Baby, I can see your halo 🌒😇"
    assert first.caption.endswith("#NASA #Moon #SpaceStation #Earth #Space #ISS")
    assert first.hashtags == ("NASA", "Moon", "SpaceStation", "Earth", "Space", "ISS")
    assert first.published_at == datetime(2025, 8, 22, 14, 57, 13, tzinfo=UTC)
    assert (first.like_count, first.comment_count, first.view_count) == (1_063_505, 3_453, None)
    reel = next(one for one in fetched.videos if one.video_id == "3728920013424895750")
    assert (reel.view_count, reel.duration_s, reel.like_count) == (4_967_366, 98.298, 165_265)


def test_both_runs_ask_by_link_with_the_wanted_limit() -> None:
    replay = instagram(posts=sample("apify-instagram/nasa/posts.json"))
    fetch(replay.instagram(), "nasa", replay, max_videos=40)
    first, second = (json.loads(request.content) for request in replay.asked("POST"))
    assert first["directUrls"] == second["directUrls"] == ["https://www.instagram.com/nasa/"]
    assert (first["resultsType"], second["resultsType"]) == ("details", "posts")
    assert second["resultsLimit"] == 40
    assert all(request.url.params["clean"] == "true" for request in replay.asked("GET /v2/datasets"))


@pytest.mark.parametrize(
    ("path", "username", "user_id", "followers", "posts"),
    [
        ("humansofny/details", "humansofny", "242598499", 12_613_771, 5_863),
        ("avengers/details_2019", "Avengers", "6622284809", 8_212_505, 274),
    ],
)
def test_other_profiles_are_read(path: str, username: str, user_id: str, followers: int, posts: int) -> None:
    replay = instagram(details=sample(f"apify-instagram/{path}.json"))
    account, fetched = fetch(replay.instagram(), username, replay)
    assert (account.platform_user_id, account.follower_count, account.post_count) == (user_id, followers, posts)
    assert account.is_verified is True
    assert fetched.videos == ()


def test_a_high_definition_picture_is_preferred() -> None:
    account = account_from(sample("apify-instagram/avengers/details_2019.json")[0], "avengers")
    assert account.avatar_url is not None
    assert "s320x320" in account.avatar_url
    assert account_from({"profilePicUrl": "small"}, "a").avatar_url == "small"


def test_trap_hidden_likes_are_unknown() -> None:
    posts = sample("apify-instagram/theluxurycloset/posts_hidden_likes.json")
    videos = reading_of(posts, "theluxurycloset").videos
    assert [one.like_count for one in videos] == [None, None, None]
    assert [one.comment_count for one in videos] == [6, 3, 2]


def test_trap_collaborations_with_another_owner_are_kept() -> None:
    posts = sample("apify-instagram/natgeo/posts.json")
    videos = {one.video_id: one for one in reading_of(posts, "natgeo").videos}
    assert len(videos) == 31
    assert videos["3744912467597320217"].like_count == 885_537  # owner: chrishemsworth
    assert videos["3744912467597320217"].view_count == 18_582_267
    assert "3746120652399906523" in videos  # owner: natgeohistory
    casaludica = reading_of(sample("apify-instagram/casaludica/posts.json"), "casaludica").videos
    assert [one.like_count for one in casaludica] == [830, 9, 354, 8, 11, 16, 208, 7, 16]


def test_posts_are_matched_by_input_url_or_coauthors() -> None:
    """The input URL may have a query. A post that names no account is kept."""
    asked = {"shortCode": "a", "ownerUsername": "other", "inputUrl": "https://www.instagram.com/NASA/?hl=en"}
    made = {"shortCode": "b", "ownerUsername": "other", "coauthorProducers": [{"username": "NASA"}]}
    unknown = {"shortCode": "c"}
    foreign = {"shortCode": "d", "ownerUsername": "nasa", "inputUrl": "https://www.instagram.com/esa/"}
    stranger = {"shortCode": "e", "ownerUsername": "esa"}
    reading = reading_of([asked, made, unknown, foreign, stranger], "nasa")
    assert [one.video_id for one in reading.videos] == ["a", "b", "c"]
    assert reading.error is None


def test_another_accounts_posts_are_refused() -> None:
    replay = instagram(posts=sample("apify-instagram/natgeo/posts.json"))
    with pytest.raises(ContractError, match="posts of another account than nasa"):
        fetch(replay.instagram(), "nasa", replay)


def test_another_account_than_asked_for_is_refused() -> None:
    replay = instagram(details=sample("apify-instagram/humansofny/details.json"))
    with pytest.raises(ContractError, match="another account than nasa"):
        fetch(replay.instagram(), "nasa", replay)


def test_posts_are_no_profiles_and_profiles_are_no_posts() -> None:
    posts = sample("apify-instagram/natgeo/posts.json")
    assert profile_in(posts, "natgeo") is None
    assert reading_of([*sample("apify-instagram/nasa/details.json")], "nasa").videos == ()


def test_a_profile_without_a_name_is_known_by_what_was_asked() -> None:
    nameless = {key: value for key, value in NASA[0].items() if key != "username"}
    assert profile_in([nameless], "nasa") == nameless
    with pytest.raises(ContractError):
        profile_in([nameless], "esa")
    with pytest.raises(ContractError):
        profile_in([{"followersCount": 3}], "nasa")


def test_trap_images_and_carousels_have_no_view_count() -> None:
    """A carousel's zero means "not counted"; a video's zero is a count."""
    assert video({"type": "Image"}).view_count is None
    assert video({"type": "Sidecar", "videoPlayCount": 0}).view_count is None
    assert video({"type": "Video", "videoPlayCount": 0}).view_count == 0
    assert video({"type": "Video", "videoPlayCount": 0, "videoViewCount": 5}).view_count == 5
    assert video({"type": "Video", "videoViewCount": 482_810}).view_count == 482_810
    assert video({"type": "Video", "videoPlayCount": 9, "videoViewCount": 5}).view_count == 9
    assert video({"type": "Video"}).view_count is None


def test_posts_without_an_id_use_the_code_in_their_link() -> None:
    """An export of chosen fields has no id."""
    posts = sample("apify-instagram/louisvuitton/posts_overview_fields.json")
    videos = reading_of(posts, "louisvuitton").videos
    assert len(videos) == 12
    assert videos[0].video_id == "DVQktqsDbXe"
    assert videos[0].url == "https://www.instagram.com/p/DVQktqsDbXe/"
    assert videos[0].hashtags == ("JenniferConnelly", "LVSS26", "NicolasGhesquiere", "LouisVuitton")
    assert videos[0].media_type is MediaType.IMAGE


def test_an_item_that_nothing_identifies_is_left_out() -> None:
    posts = [{"ownerUsername": "nasa", "caption": "?", "url": "https://www.instagram.com/nasa/"}, {"id": "7"}]
    assert [one.video_id for one in reading_of(posts, "nasa").videos] == ["7"]


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ({"productType": "clips"}, MediaType.VIDEO),
        ({"productType": "carousel_container"}, MediaType.CAROUSEL),
        ({"childPosts": [{"type": "Image"}]}, MediaType.CAROUSEL),
        ({"videoUrl": "https://v"}, MediaType.VIDEO),
        ({"url": "https://www.instagram.com/reel/abc/"}, MediaType.VIDEO),
        ({"type": "Unheard"}, MediaType.IMAGE),
    ],
)
def test_a_missing_type_is_told_from_what_else_is_there(post: dict[str, Any], expected: MediaType) -> None:
    assert video(post).media_type is expected


def test_posts_of_other_sources_are_read() -> None:
    (post,) = reading_of(sample("apify-instagram/natgeo/single_post.json"), "natgeo").videos
    assert (post.video_id, post.like_count, post.comment_count) == ("3923124318436838545", 55_952, 110)
    posts = sample("apify-instagram/nike/search_posts.json")
    (nike,) = reading_of(posts, "nike").videos
    assert (nike.view_count, nike.duration_s, nike.media_type) == (506_507, 44.75, MediaType.VIDEO)
    (sportswear,) = reading_of(posts, "nikesportswear").videos
    assert sportswear.thumbnail_url == "https://scontent.cdninstagram.com/.../729869204_n.jpg"


def test_a_private_account_is_shown_and_its_posts_run_is_stopped() -> None:
    replay = instagram(details=sample("apify-instagram/shapes/private_profile_details.json"))
    replay.on("POST /v2/actor-runs/posts/abort", {"data": run("ABORTING")})
    fetched = account_of(replay.instagram(), "private_example", replay.bounds())
    assert fetched.account.is_private
    assert (fetched.account.follower_count, fetched.account.post_count) == (312, 57)
    with pytest.raises(AccountPrivateError, match="private_example is private"):
        next(replay.instagram().fetch_videos(fetched, replay.bounds()))
    assert len(replay.asked("POST /v2/acts/")) == 2
    assert len(replay.asked("POST /v2/actor-runs/posts/abort")) == 1


def test_trap_public_account_with_an_empty_run_has_no_posts() -> None:
    for posts in ([], [NO_ITEMS]):
        account, fetched = fetch((replay := instagram(posts=posts)).instagram(), "nasa", replay)
        assert account.username == "nasa"
        assert fetched.videos == ()
        assert fetched.is_complete


def test_run_without_a_profile_means_account_not_found() -> None:
    replay = instagram(details=[])
    with pytest.raises(AccountNotFoundError, match="Instagram has no account named nasa"):
        fetch(replay.instagram(), "nasa", replay)


def test_a_blocked_request_may_be_tried_again() -> None:
    for replay in (instagram(details=[BLOCKED]), instagram(posts=[BLOCKED])):
        with pytest.raises(PlatformUnavailableError, match="Instagram is not available"):
            fetch(replay.instagram(), "nasa", replay)


def test_trap_error_items_between_good_ones_are_left_out() -> None:
    posts = sample("apify-instagram/nasa/posts.json")[:2]
    replay = instagram(posts=[BLOCKED, posts[0], NO_ITEMS, posts[1]])
    assert len(fetch(replay.instagram(), "nasa", replay)[1].videos) == 2
    assert profile_in([NO_ITEMS, NASA[0]], "nasa") == NASA[0]


@pytest.mark.parametrize("error", ["restricted_page", "not_found"])
def test_a_restricted_profile_is_private_by_either_of_its_names(error: str) -> None:
    item = sample("apify-instagram/errors/restricted_profile.json")[0] | {"error": error}
    replay = instagram(details=[item])
    with pytest.raises(AccountPrivateError):
        fetch(replay.instagram(), "restricted_example", replay)


def test_account_gone_before_its_posts_is_not_found() -> None:
    replay = instagram(posts=sample("apify-instagram/errors/profile_not_found.json"))
    with pytest.raises(AccountNotFoundError):
        fetch(replay.instagram(), "nasa", replay)


def test_run_that_hits_its_limit_is_not_complete() -> None:
    """The result is complete only if the account has no more posts than the limit."""
    posts = sample("apify-instagram/nasa/posts.json")[:3]
    replay = instagram(posts=posts)
    _, fetched = fetch(replay.instagram(), "nasa", replay, max_videos=3)
    assert not fetched.is_complete, "4,888 posts are told"
    replay = instagram(details=[NASA[0] | {"postsCount": 3}], posts=posts)
    _, fetched = fetch(replay.instagram(), "nasa", replay, max_videos=3)
    assert fetched.is_complete


def test_what_is_handed_from_state_to_state_is_small() -> None:
    fetched = account_of(instagram().instagram(), "nasa", Replay().bounds())
    assert json.loads(json.dumps(fetched.videos_ref)) == "nasa"
