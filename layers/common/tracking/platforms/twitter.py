"""X (Twitter) accounts and their posts, through the X API. Reposts of other accounts' posts are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tracking.accounts import Account, MediaType, Video
from tracking.errors import AccountPrivateError, ContractError
from tracking.platforms import Bounds, FetchedAccount, Setup, VideoPage
from tracking.platforms.addresses import read_username
from tracking.platforms.fields import (
    count,
    flag,
    hashtags,
    identifier,
    moment,
    obj,
    objects,
    quoted,
    seconds,
    text,
    title_of,
)
from tracking.platforms.messages import failure
from tracking.platforms.x_api import XApi
from tracking.sentences import say

_NAME = "X"
_REPOST = {"retweeted", "reposted"}
# X escapes only these characters in the text of posts.
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class Twitter:
    def __init__(self, api: XApi) -> None:
        self._api = api

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        name = parse_username(username)
        user = self._api.user(name, bounds)
        account = account_from(user, name)
        pinned_id = identifier(user.get("pinned_tweet_id")) or identifier(user.get("pinned_post_id"))
        return FetchedAccount(account=account, videos_ref=f"{account.platform_user_id}:{pinned_id}")

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage]:
        account = fetched.account
        if account.is_private:
            raise failure(AccountPrivateError, _NAME, account.username)
        user_id, _, pinned_id = fetched.videos_ref.partition(":")
        returned, token = _place(bounds)
        tokens = [token]
        remaining = bounds.max_videos - returned
        if remaining <= 0:
            yield VideoPage(videos=(), has_more=bool(token), cursor=bounds.cursor)
        while remaining > 0:
            page = self._api.posts_page(user_id, tokens[-1], remaining, bounds, account=account.username)
            token = text(obj(page.get("meta")).get("next_token"))
            if token and token in tokens:
                raise ContractError(say("samePage", service=_NAME, account=account.username))
            videos = videos_from(page, account, pinned_id)
            posts = objects(page.get("data"))
            ids = [post.get("id") for post in posts]
            unusable = tuple(quoted(post_id) for post_id in ids if not identifier(post_id))
            remaining -= len(posts)  # X charges for each post of a page, also for one that is left out
            cursor = f"{bounds.max_videos - remaining} {token}"
            yield VideoPage(videos=videos, has_more=bool(token), unusable=unusable, cursor=cursor)
            if not token:
                return
            tokens.append(token)


def _place(bounds: Bounds) -> tuple[int, str]:
    """Read the cursor: how many posts X has returned for the job, and X's token of the next page."""
    returned, space, token = bounds.cursor.partition(" ")
    return (int(returned), token) if space and returned.isdecimal() else (bounds.saved, bounds.cursor)


def build(setup: Setup) -> Twitter:
    return Twitter(XApi(setup, setup.settings.x_api_url))


def parse_username(typed: str) -> str:
    """Return the name without '@', as typed. Raises InvalidJobError if the text names no account."""
    return read_username(typed, "twitter")


def account_from(user: dict[str, Any], asked: str) -> Account:
    """Read the account. Raises ContractError if it is another user than the requested one."""
    user_id, username = identifier(user.get("id")), text(user.get("username"))
    if not user_id or username.casefold() != asked.casefold():
        raise ContractError(say("anotherAccount", service=_NAME, found="another account", account=asked))
    metrics = obj(user.get("public_metrics"))
    return Account(
        platform="twitter",
        platform_user_id=user_id,
        username=username,
        display_name=text(user.get("name")) or username,
        profile_url=f"https://x.com/{username}",
        avatar_url=_original_size(text(user.get("profile_image_url"))),
        bio=_unescaped(text(user.get("description"))),
        is_verified=flag(user.get("verified")),
        is_private=flag(user.get("protected")) is True,
        follower_count=count(metrics.get("followers_count")),
        following_count=count(metrics.get("following_count")),
        post_count=count(_either(metrics, "tweet_count", "post_count")),
    )


def videos_from(page: dict[str, Any], account: Account, pinned_id: str) -> tuple[Video, ...]:
    """Return the page's posts by the account itself: with replies and quotes, without reposts.

    Raises ContractError if all posts of the page are by other accounts.
    """
    media = {text(medium.get("media_key")): medium for medium in objects(obj(page.get("includes")).get("media"))}
    posts = [post for post in objects(page.get("data")) if identifier(post.get("id"))]
    own = [post for post in posts if identifier(post.get("author_id")) in ("", account.platform_user_id)]
    if posts and not own:
        raise ContractError(
            say("anotherAccount", service=_NAME, found="the posts of another account", account=account.username)
        )
    return tuple(_video_from(post, media, account.username, pinned_id) for post in own if not _is_repost(post))


def _video_from(post: dict[str, Any], media: dict[str, dict[str, Any]], username: str, pinned_id: str) -> Video:
    post_id = identifier(post.get("id"))
    caption = _unescaped(text(post.get("text")))
    metrics, entities = obj(post.get("public_metrics")), obj(post.get("entities"))
    keys = _media_keys(post)
    shown = [media[key] for key in keys if key in media]
    moving = next((medium for medium in shown if medium.get("type") in ("video", "animated_gif")), {})
    given_tags = [tag.get("tag") for tag in objects(entities.get("hashtags"))] or None
    return Video(
        video_id=post_id,
        url=f"https://x.com/{username}/status/{post_id}",
        title=title_of(caption),
        caption=caption,
        thumbnail_url=next((url for medium in shown if (url := _picture(medium))), None),
        published_at=moment(post.get("created_at")),
        duration_s=_duration_s(moving),
        media_type=_media_type(keys, media),
        view_count=_view_count(metrics, moving),
        like_count=count(metrics.get("like_count")),
        comment_count=count(metrics.get("reply_count")),
        share_count=count(_either(metrics, "retweet_count", "repost_count")),
        save_count=count(metrics.get("bookmark_count")),
        hashtags=hashtags(given_tags, caption),
        is_pinned=bool(pinned_id) and post_id == pinned_id,
    )


def _media_keys(post: dict[str, Any]) -> list[str]:
    keys = obj(post.get("attachments")).get("media_keys")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _media_type(keys: list[str], media: dict[str, dict[str, Any]]) -> MediaType:
    """Return the media type. If `includes` lacks the medium, the key's first number is the type: 3 is a photo."""
    if not keys:
        return MediaType.TEXT
    if len(keys) > 1:
        return MediaType.CAROUSEL
    kind = text(obj(media.get(keys[0])).get("type"))
    is_photo = kind == "photo" if kind else keys[0].startswith("3_")
    return MediaType.IMAGE if is_photo else MediaType.VIDEO


def _view_count(metrics: dict[str, Any], moving: dict[str, Any]) -> int | None:
    """Return a video's own views, otherwise impressions.

    X reports 0 impressions for a post that is older than the counting of impressions; the result is then None.
    """
    views = count(obj(moving.get("public_metrics")).get("view_count"))
    return views if views is not None else count(metrics.get("impression_count")) or None


def _duration_s(moving: dict[str, Any]) -> float | None:
    duration_ms = seconds(moving.get("duration_ms"))
    return None if duration_ms is None else seconds(duration_ms / 1000)


def _picture(medium: dict[str, Any]) -> str:
    return text(medium.get("preview_image_url")) or text(medium.get("url"))


def _is_repost(post: dict[str, Any]) -> bool:
    return any(ref.get("type") in _REPOST for ref in objects(_either(post, "referenced_tweets", "referenced_posts")))


def _either(data: dict[str, Any], old: str, new: str) -> object:
    """Return the value with the old name or the new one."""
    return data[old] if data.get(old) is not None else data.get(new)


def _original_size(url: str) -> str | None:
    """Return the address of the picture as uploaded. With the suffix `_normal` it would be 48 pixels wide."""
    return re.sub(r"_normal(\.\w+)$", r"\1", url) or None


def _unescaped(escaped: str) -> str:
    for escape, char in _ESCAPES:
        escaped = escaped.replace(escape, char)
    return escaped
