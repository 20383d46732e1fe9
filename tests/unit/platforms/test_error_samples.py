"""Recorded and documented error responses: the class of our error for each file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.platforms.replay import SAMPLES, Replay, answer, fetch, sample
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    PlatformUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    TrackingError,
)

YOUTUBE: dict[str, type[TrackingError]] = {
    "access_not_configured_403": CredentialsError,
    "api_key_not_valid_400": CredentialsError,
    "channel_not_found_empty_items_200": AccountNotFoundError,
    "channel_not_found_no_items_key_200": AccountNotFoundError,
    "key_invalid_400": CredentialsError,
    "missing_required_parameter_400": ContractError,
    "no_filter_selected_400": ContractError,
    "permission_denied_403": CredentialsError,  # the reason is SERVICE_UNAVAILABLE, but the status is 403
    "playlist_not_found_404": AccountNotFoundError,
    "quota_exceeded_403": QuotaExceededError,
}
X_USER: dict[str, type[TrackingError]] = {
    "credits_depleted_402": QuotaExceededError,
    "invalid_request_400": ContractError,
    "too_many_requests_429": RateLimitedError,
    "too_many_requests_429_legacy_body": RateLimitedError,
    "unauthorized_401": CredentialsError,
    "user_by_username_not_found_200": AccountNotFoundError,
    "user_by_username_suspended_200": AccountSuspendedError,
    "user_suspended_200": AccountSuspendedError,
    "users_by_partial_not_found_200": AccountNotFoundError,  # a list of other users instead of one user
}
X_POSTS: dict[str, type[TrackingError]] = {
    "user_suspended_200": AccountSuspendedError,
    "user_tweets_protected_200": AccountPrivateError,
    "user_tweets_user_not_found_200": AccountNotFoundError,
    "unauthorized_401": CredentialsError,
}
APIFY: dict[str, type[TrackingError]] = {
    "actor_memory_limit_402": RateLimitedError,
    "actor_not_found_404": ContractError,
    "insufficient_permissions_403": CredentialsError,
    "invalid_input_400": ContractError,
    "invalid_token_401": CredentialsError,
    "monthly_usage_hard_limit_403": QuotaExceededError,
    "not_enough_usage_402": QuotaExceededError,
    "rate_limit_exceeded_429": RateLimitedError,
    "record_not_found_404": ContractError,
    "run_failed_400": PlatformUnavailableError,
    "run_timeout_exceeded_408": PlatformUnavailableError,
    "token_not_provided_401": CredentialsError,
    "user_or_token_not_found_401": CredentialsError,
}
INSTAGRAM: dict[str, tuple[str, type[TrackingError]]] = {
    "no_items": ("this_account_does_not_exist_example", AccountNotFoundError),
    "post_not_found": ("example", AccountNotFoundError),
    "profile_not_found": ("this_account_does_not_exist_example", AccountNotFoundError),
    "restricted_profile": ("restricted_example", AccountPrivateError),
}
TIKTOK: dict[str, tuple[str, type[TrackingError] | None]] = {
    "profile_does_not_exist": ("howtogpt.co", AccountNotFoundError),
    "note_profile_private": ("private_example", AccountPrivateError),
    "note_no_videos": ("empty_example", None),
}


@pytest.mark.parametrize(
    ("folder", "tables"),
    [
        ("youtube", [YOUTUBE]),
        ("x", [X_USER, X_POSTS]),
        ("apify-api", [APIFY]),
        ("apify-instagram", [INSTAGRAM]),
        ("apify-tiktok", [TIKTOK]),
    ],
)
def test_every_error_sample_has_its_row_here(folder: str, tables: list[dict[str, Any]]) -> None:
    named = {name for table in tables for name in table}
    assert {path.stem for path in (SAMPLES / folder / "errors").iterdir()} == named


@pytest.mark.parametrize(("name", "expected"), YOUTUBE.items())
def test_a_refusal_of_youtube_is_known(name: str, expected: type[TrackingError]) -> None:
    replay = Replay().on("GET /youtube/v3/channels", sample(f"youtube/errors/{name}.json"))
    with pytest.raises(expected) as refused:
        fetch(replay.youtube(), "@nosuchchannel", replay)
    assert type(refused.value) is expected
    assert "YouTube" in refused.value.message
    assert "<a href" not in refused.value.message


@pytest.mark.parametrize(("name", "expected"), X_USER.items())
def test_a_refusal_of_x_to_show_a_user_is_known(name: str, expected: type[TrackingError]) -> None:
    replay = Replay().on("GET /2/users/by/username/", sample(f"x/errors/{name}.json"))
    with pytest.raises(expected) as refused:
        fetch(replay.twitter(), "somebody", replay)
    assert type(refused.value) is expected
    assert "X" in refused.value.message


@pytest.mark.parametrize(("name", "expected"), X_POSTS.items())
def test_a_refusal_of_x_to_show_posts_is_known(name: str, expected: type[TrackingError]) -> None:
    replay = Replay().on("GET /2/users/by/username/", sample("x/NatComm/user_by_username.json"))
    replay.on("GET /2/users/17880989/tweets", sample(f"x/errors/{name}.json"))
    with pytest.raises(expected):
        fetch(replay.twitter(), "NatComm", replay)


NO_ROOM = "actor_memory_limit_402"  # no error at a start: the job waits, see test_apify.py


@pytest.mark.parametrize(("name", "expected"), [(name, kind) for name, kind in APIFY.items() if name != NO_ROOM])
def test_a_refusal_of_apify_to_start_a_run_is_known(name: str, expected: type[TrackingError]) -> None:
    replay = Replay().on("POST /v2/acts/apify~instagram-scraper/runs", sample(f"apify-api/errors/{name}.json"))
    with pytest.raises(expected) as refused:
        fetch(replay.instagram(), "nasa", replay)
    assert type(refused.value) is expected
    assert "Instagram" in refused.value.message


@pytest.mark.parametrize(("name", "expected"), APIFY.items())
def test_a_refusal_of_apify_to_give_items_is_known(name: str, expected: type[TrackingError]) -> None:
    replay = Replay().run_of([]).on("GET /v2/datasets/", sample(f"apify-api/errors/{name}.json"))
    with pytest.raises(expected):
        fetch(replay.tiktok(), "nasa", replay)


@pytest.mark.parametrize(("name", "username", "expected"), [(k, *v) for k, v in INSTAGRAM.items()])
def test_an_error_item_of_instagram_is_known(name: str, username: str, expected: type[TrackingError]) -> None:
    replay = Replay().run_of(sample(f"apify-instagram/errors/{name}.json"))
    with pytest.raises(expected, match=f"Instagram.*{username}"):
        fetch(replay.instagram(), username, replay)


@pytest.mark.parametrize(("name", "username", "expected"), [(k, *v) for k, v in TIKTOK.items() if v[1]])
def test_an_error_item_of_tiktok_is_known(name: str, username: str, expected: type[TrackingError]) -> None:
    replay = Replay().run_of(sample(f"apify-tiktok/errors/{name}.json"))
    with pytest.raises(expected, match=f"TikTok.*{username}"):
        fetch(replay.tiktok(), username, replay)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("run_failed", PlatformUnavailableError), ("run_aborted", PlatformUnavailableError)],
)
@pytest.mark.parametrize("make", ["instagram", "tiktok"])
def test_a_run_that_ended_badly_is_unavailable(name: str, expected: type[TrackingError], make: str) -> None:
    recorded = sample(f"apify-api/{name}.json")
    replay = Replay().on("POST", answer(recorded, 201)).on("GET /v2/datasets", answer([]))
    with pytest.raises(expected):
        fetch(getattr(replay, make)(), "nasa", replay)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("rateLimitExceeded", RateLimitedError),
        ("userRateLimitExceeded", RateLimitedError),
        ("dailyLimitExceeded", QuotaExceededError),
        ("ipRefererBlocked", CredentialsError),
        ("channelForbidden", AccountPrivateError),
        ("playlistItemsNotAccessible", AccountPrivateError),
        ("somethingNew", CredentialsError),
    ],
)
def test_a_403_of_youtube_means_what_its_reason_says(reason: str, expected: type[TrackingError]) -> None:
    body = {"error": {"code": 403, "message": "m", "errors": [{"domain": "d", "reason": reason, "message": "m"}]}}
    with pytest.raises(expected):
        fetch((replay := Replay().on("GET", answer(body, 403))).youtube(), "@nasa", replay)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"title": "Client Forbidden", "reason": "client-not-enrolled"}, CredentialsError),
        (429, {"title": "UsageCapExceeded", "period": "Monthly"}, QuotaExceededError),
        (429, {"type": "https://api.x.com/2/problems/usage-capped"}, QuotaExceededError),
        (429, "slow down", RateLimitedError),
        (404, "<html>", ContractError),
        (503, "<html>", PlatformUnavailableError),
        (400, {"errors": [{"parameters": {"username": ["a-b"]}}], "title": "Invalid Request"}, AccountNotFoundError),
        (200, {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]}, AccountNotFoundError),
        (200, {"errors": [{"type": "https://api.x.com/2/problems/not-authorized-for-resource"}]}, AccountPrivateError),
        (200, {"errors": [{"title": "New", "detail": "User has been suspended: [a]."}]}, AccountSuspendedError),
        (200, {"errors": [{"title": "Never Seen"}]}, ContractError),
        (200, {}, ContractError),
    ],
)
def test_other_refusals_of_x_are_known(status: int, body: Any, expected: type[TrackingError]) -> None:
    with pytest.raises(expected):
        fetch((replay := Replay().on("GET", answer(body, status))).twitter(), "nasa", replay)


def refused_by_youtube(reason: str) -> dict[str, Any]:
    return {"error": {"code": 403, "message": "m", "errors": [{"domain": "d", "reason": reason, "message": "m"}]}}


CLIENT_FORBIDDEN = {"title": "Client Forbidden", "type": "https://api.x.com/2/problems/client-forbidden"}
KEYS = [
    # platform, refusal, whether it stops all jobs of the platform
    ("youtube", sample("youtube/errors/api_key_not_valid_400.json"), True),
    ("youtube", sample("youtube/errors/key_invalid_400.json"), True),
    ("youtube", sample("youtube/errors/access_not_configured_403.json"), True),
    ("youtube", answer(refused_by_youtube("ipRefererBlocked"), 403), True),
    ("youtube", answer(refused_by_youtube("somethingNew"), 403), False),
    ("youtube", sample("youtube/errors/permission_denied_403.json"), False),
    ("youtube", answer("no", 401), True),
    ("twitter", sample("x/errors/unauthorized_401.json"), True),
    ("twitter", answer({"title": "Client Forbidden", "reason": "client-not-enrolled"}, 403), True),
    ("twitter", answer(CLIENT_FORBIDDEN, 403), True),
    ("twitter", answer({"title": "Forbidden", "detail": "Not for you."}, 403), False),
    ("twitter", answer("<html>", 403), False),
    ("instagram", sample("apify-api/errors/invalid_token_401.json"), True),
    ("instagram", sample("apify-api/errors/insufficient_permissions_403.json"), True),
]


@pytest.mark.parametrize(("platform", "refusal", "stops"), KEYS)
def test_only_a_refused_key_stops_the_platform(platform: str, refusal: Any, stops: bool) -> None:
    """A 403 that does not name our key may concern one account, and must not stop the jobs of others."""
    replay = Replay().on("GET", refusal).on("POST", refusal)
    with pytest.raises(CredentialsError) as refused:
        fetch(getattr(replay, platform)(), "nasa", replay)
    assert refused.value.stops_platform is stops


def test_sentences_name_the_platform_and_the_account() -> None:
    replay = Replay().run_of(sample("apify-instagram/errors/profile_not_found.json"))
    with pytest.raises(AccountNotFoundError) as missing:
        replay.instagram().fetch_account("@Nasaa", replay.bounds())
    assert missing.value.message == "Instagram has no account named nasaa."
