"""X API v2: https://docs.x.com/x-api. See docs/platform-contracts.md, section 2.

X is renaming parameters and keys. We send the old parameters, which X still accepts. We read the old and the new keys.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

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
from tracking.platforms.http import Answer, Credential, JsonApi
from tracking.platforms.messages import failure
from tracking.spending import Spent

SMALLEST_PAGE, LARGEST_PAGE = 5, 100
MEDIA_OF_A_POST = 4
"""At most: https://docs.x.com/x-api/media/introduction"""

USER_FIELDS = ("description", "pinned_tweet_id", "profile_image_url", "protected", "public_metrics", "verified")
POST_FIELDS = ("attachments", "author_id", "created_at", "entities", "public_metrics", "referenced_tweets")
MEDIA_FIELDS = ("duration_ms", "preview_image_url", "public_metrics", "type", "url")
"""The fields that we ask for beside those that X always sends.

docs/platform-contracts.md, section 2.1, says what each is for.

X charges for each post, user and medium that it returns (https://docs.x.com/x-api/getting-started/pricing). So a page
expands media alone: only a medium has a picture, a length and the views of a video. An `author_id` is a field of the
post and costs nothing; its expansion would return, and charge for, the author once more with each page.
"""
_POST_PARAMS = {
    "exclude": "retweets",
    "tweet.fields": ",".join(POST_FIELDS),
    "expansions": "attachments.media_keys",
    "media.fields": ",".join(MEDIA_FIELDS),
}

PROBLEMS: dict[str, type[TrackingError]] = {
    "resource-not-found": AccountNotFoundError,
    "not-authorized-for-resource": AccountPrivateError,
    "usage-capped": QuotaExceededError,
    "credits": QuotaExceededError,
}
"""Errors by the last path segment of a problem's `type`. The host in `type` does not count, because X has changed it.
https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

TITLES: dict[str, type[TrackingError]] = {
    "Not Found Error": AccountNotFoundError,
    "Authorization Error": AccountPrivateError,
    "UsageCapExceeded": QuotaExceededError,
    "CreditsDepleted": QuotaExceededError,
}

_STATUSES: dict[int, type[TrackingError]] = {
    401: CredentialsError,
    402: QuotaExceededError,
    403: CredentialsError,
    429: RateLimitedError,
}


class XApi:
    def __init__(self, setup: Setup, base_url: str) -> None:
        self._api = JsonApi(
            "X",
            base_url,
            setup,
            credential=lambda key: Credential(headers={"Authorization": f"Bearer {key}"}),
            errors=kind_of_refusal,
            is_about_key=is_about_key,
            price=resources_of,
        )

    def user(self, username: str, bounds: Bounds) -> dict[str, Any]:
        """Return the user's object. X answers with status 200 and no user for missing and suspended accounts."""
        path = f"/users/by/username/{quote(username, safe='')}"
        params = {"user.fields": ",".join(USER_FIELDS)}
        answer = self._api.call(
            "GET", path, bounds.deadline, params=params, account=username, meter=bounds.meter, at_most={"users": 1}
        )
        body: dict[str, Any] = answer.body
        user = obj(body.get("data"))
        if not user:
            raise failure(_kind_of_problems(body), self._api.name, username, note=f"no data for {username}")
        return user

    def posts_page(self, user_id: str, page_token: str, size: int, bounds: Bounds, *, account: str) -> dict[str, Any]:
        """Return one page: `data`, `includes`, `meta`.

        A page may have `errors` beside `data`. They concern posts and media of other accounts.
        """
        number = max(SMALLEST_PAGE, min(size, LARGEST_PAGE))
        params: dict[str, str | int] = {**_POST_PARAMS, "max_results": number}
        if page_token:
            params["pagination_token"] = page_token
        path = f"/users/{quote(user_id, safe='')}/tweets"
        answer = self._api.call(
            "GET",
            path,
            bounds.deadline,
            params=params,
            account=account,
            meter=bounds.meter,
            at_most={"posts": number, "media": number * MEDIA_OF_A_POST},
        )
        body: dict[str, Any] = answer.body
        data = body.get("data")
        is_empty_page = data is None and isinstance(body.get("meta"), dict) and not body.get("errors")
        if not isinstance(data, list) and not is_empty_page:
            raise failure(_kind_of_problems(body), self._api.name, account, note=f"no data for user {user_id}")
        return body


def resources_of(answer: Answer | None) -> Spent:
    """Return the resources that X charges for: all that it returned, wherever they stand in the answer."""
    body = obj(answer.body) if answer is not None and answer.is_success else {}
    data, includes = body.get("data"), obj(body.get("includes"))
    return {
        "posts": len(objects(data)) + len(objects(includes.get("tweets"))),
        "users": int(bool(obj(data))) + len(objects(includes.get("users"))),
        "media": len(objects(includes.get("media"))),
    }


def kind_of_refusal(status: int, body: Any) -> type[TrackingError] | None:
    if status < 400 or status >= 500:
        return None
    known = _kind_of(obj(body))
    if status == 400 and any("username" in obj(error.get("parameters")) for error in objects(obj(body).get("errors"))):
        return AccountNotFoundError  # X refuses a name that no account can have
    if known is QuotaExceededError or status == 404:
        return known
    return _STATUSES.get(status)


def is_about_key(body: Any) -> bool:
    """Return whether X refuses our app or its plan: https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
    problem = obj(body)
    return bool(problem.get("reason")) or _type_of(problem) in {"client-forbidden", "unsupported-authentication"}


def _kind_of_problems(body: dict[str, Any]) -> type[TrackingError]:
    kinds = (_kind_of(error) for error in objects(body.get("errors")))
    return next((kind for kind in kinds if kind), ContractError)


def _kind_of(problem: dict[str, Any]) -> type[TrackingError] | None:
    """Return the kind of error.

    X reports a suspended user with the `type` of a missing user, so title and detail are checked first.
    """
    title, detail = text(problem.get("title")), text(problem.get("detail"))
    if "suspended" in detail.casefold():
        return AccountSuspendedError
    by_type = PROBLEMS.get(_type_of(problem))
    if title == "Forbidden" and by_type is AccountNotFoundError:
        return AccountSuspendedError
    return TITLES.get(title) or by_type


def _type_of(problem: dict[str, Any]) -> str:
    return text(problem.get("type")).rstrip("/").rpartition("/")[2]
