"""YouTube Data API v3: https://developers.google.com/youtube/v3/docs. See docs/platform-contracts.md, section 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    QuotaExceededError,
    RateLimitedError,
    TrackingError,
)
from tracking.platforms import Bounds, Setup
from tracking.platforms.fields import obj, objects, text
from tracking.platforms.http import Credential, ErrorTable, JsonApi
from tracking.platforms.messages import failure

PAGE_SIZE = 50  # the maximum of playlistItems.list and videos.list
UNITS_PER_REQUEST = 1
"""The price of channels.list, playlistItems.list and videos.list. A refused request costs the same.
https://developers.google.com/youtube/v3/determine_quota_cost
"""
_PRICE = {"units": UNITS_PER_REQUEST}

REASONS: dict[str, type[TrackingError]] = {
    "quotaExceeded": QuotaExceededError,
    "dailyLimitExceeded": QuotaExceededError,
    "dailyLimitExceededUnreg": QuotaExceededError,
    "rateLimitExceeded": RateLimitedError,
    "userRateLimitExceeded": RateLimitedError,
    "keyInvalid": CredentialsError,
    "keyExpired": CredentialsError,
    "API_KEY_INVALID": CredentialsError,
    "accessNotConfigured": CredentialsError,
    "SERVICE_DISABLED": CredentialsError,
    "ipRefererBlocked": CredentialsError,
    "channelNotFound": AccountNotFoundError,
    "playlistNotFound": AccountNotFoundError,
    "videoNotFound": AccountNotFoundError,
    "channelClosed": AccountNotFoundError,
    "channelSuspended": AccountSuspendedError,
    "channelForbidden": AccountPrivateError,
    "playlistItemsNotAccessible": AccountPrivateError,
}
"""Errors by Google's reason, from `error.errors[].reason` or `error.details[].reason`.
https://developers.google.com/youtube/v3/docs/errors
"""


class YouTubeDataApi:
    def __init__(self, setup: Setup, base_url: str) -> None:
        def api(errors: ErrorTable) -> JsonApi:
            return JsonApi(
                "YouTube",
                base_url,
                setup,
                credential=lambda key: Credential(params={"key": key}),
                errors=errors,
                is_about_key=is_about_key,
                price=lambda _: _PRICE,
            )

        self._channels = api(kind_of_refusal)
        self._posts = api(kind_of_refusal_of_posts)

    def channels(self, filter_name: str, value: str, bounds: Bounds) -> list[dict[str, Any]]:
        """Return channels by `id`, `forHandle` or `forUsername`; an empty list if there are none."""
        params = {"part": "snippet,statistics,contentDetails", filter_name: value}
        answer = self._channels.call(
            "GET", "/channels", bounds.deadline, params=params, account=value, meter=bounds.meter, at_most=_PRICE
        )
        return _listed(answer.body)

    def playlist_page(
        self, playlist_id: str, page_token: str, size: int, bounds: Bounds, *, account: str
    ) -> tuple[list[str], str]:
        """Return one page's video ids, in order and each once, and the next page's token ("" on the last page).

        Raises AccountNotFoundError if the playlist does not exist.
        """
        params: dict[str, str | int] = {
            "part": "snippet,contentDetails",
            "playlistId": playlist_id,
            "maxResults": min(size, PAGE_SIZE),
        }
        if page_token:
            params["pageToken"] = page_token
        body = self._posts_call("/playlistItems", params, bounds, account)
        ids = dict.fromkeys(map(_video_id, _listed(body)))
        return [video_id for video_id in ids if video_id], text(body.get("nextPageToken"))

    def videos(self, ids: list[str], bounds: Bounds, *, account: str) -> list[dict[str, Any]]:
        """Return the public data of these videos, in any order. Private and deleted videos are left out."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), PAGE_SIZE):
            chunk = ",".join(ids[start : start + PAGE_SIZE])
            params = {"part": "snippet,statistics,contentDetails", "id": chunk}
            found += _listed(self._posts_call("/videos", params, bounds, account))
        return found

    def _posts_call(self, path: str, params: Mapping[str, str | int], bounds: Bounds, account: str) -> dict[str, Any]:
        answer = self._posts.call(
            "GET", path, bounds.deadline, params=params, account=account, meter=bounds.meter, at_most=_PRICE
        )
        body: dict[str, Any] = answer.body
        return body


def _listed(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return `items`. YouTube leaves the field out if there are none."""
    items = body.get("items")
    if items is not None and not isinstance(items, list):
        raise failure(ContractError, "YouTube", note="items is no list")
    return objects(items)


def kind_of_refusal(status: int, body: Any) -> type[TrackingError] | None:
    """Return the kind of error. For a bad key Google says `forbidden`, and `details` name the problem."""
    if status < 400 or status >= 500:
        return None
    known = next((REASONS[reason] for reason in _reasons(body) if reason in REASONS), None)
    if is_about_key(body) or (known is None and status in (401, 403)):
        return CredentialsError
    return known


def is_about_key(body: Any) -> bool:
    reasons = _reasons(body)
    is_named = any(reason.startswith("API_KEY_") or REASONS.get(reason) is CredentialsError for reason in reasons)
    return is_named or "API key not valid" in text(obj(obj(body).get("error")).get("message"))


def kind_of_refusal_of_posts(status: int, body: Any) -> type[TrackingError] | None:
    """Return the kind of error for the videos of a channel that was found.

    Here `forbidden` means that the videos are private. A channel itself is never private.
    """
    kind = kind_of_refusal(status, body)
    is_private = _reasons(body) == ["forbidden"] and kind is CredentialsError
    return AccountPrivateError if is_private else kind


def _reasons(body: Any) -> list[str]:
    error = obj(obj(body).get("error"))
    return [text(entry.get("reason")) for key in ("errors", "details") for entry in objects(error.get(key))]


def _video_id(item: dict[str, Any]) -> str:
    resource = obj(obj(item.get("snippet")).get("resourceId"))
    return text(obj(item.get("contentDetails")).get("videoId")) or text(resource.get("videoId"))
