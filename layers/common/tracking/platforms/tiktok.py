"""TikTok accounts and their videos, through an Apify actor (`clockworks/tiktok-profile-scraper`).

One run fetches both. Each video repeats the profile as `authorMeta`. Only reposts of other accounts' videos have
another author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tracking.accounts import Account, MediaType, Video
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    InvalidJobError,
    PlatformUnavailableError,
    TrackingError,
)
from tracking.platforms import Bounds, FetchedAccount, Setup, VideoPage, Waiting
from tracking.platforms.addresses import read_username
from tracking.platforms.apify import Apify, Run, Start, no_room
from tracking.platforms.apify_pages import Reading, collecting, video_pages
from tracking.platforms.fields import count, flag, hashtags, identifier, moment, obj, quoted, seconds, text, title_of
from tracking.platforms.messages import failure
from tracking.sentences import say

_NAME = "TikTok"
_VIDEO_PATH = re.compile(r"/@(?P<author>[^/]+)/(?:video|photo)/(?P<id>\d+)")
_ERROR_CODES: dict[str, type[TrackingError]] = {
    "NOT_FOUND": AccountNotFoundError,
    "INVALID_URLS": AccountNotFoundError,
    "PROFILE_PRIVATE": AccountPrivateError,
}
_EMPTY = "PROFILE_EMPTY"
_KIND = "videos"  # of the only run


class TikTok:
    def __init__(self, apify: Apify, actor: str = "clockworks~tiktok-profile-scraper") -> None:
        self._apify = apify
        self._actor = actor

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount | Waiting:
        """Begin the run. Its first item is enough, because each item has the profile."""
        name = parse_username(username)
        run = self._run(name, bounds)
        if run is None:
            return no_room()
        if run.status == "READY":
            return collecting(_NAME)
        items = [] if run.has_failed else self._apify.first_items(run, bounds)
        account = account_in(items, name)
        if account is not None:
            return FetchedAccount(account=account, videos_ref=run.run_id)
        if not run.is_finished:
            return collecting(_NAME)
        if run.status == "SUCCEEDED":
            bounds.meter.add({"results": len(items), "usd": run.usd or 0})
            raise refusal_in(items, name)
        raise failure(PlatformUnavailableError, _NAME, note=f"Apify run {run.run_id}: {run.status}")

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        """Read the run that `fetch_account` began. If that run failed, a retry may begin another."""
        account = fetched.account
        if account.is_private:
            raise failure(AccountPrivateError, _NAME, account.username)
        name = account.username.casefold()
        if _KIND not in bounds.runs.ids:
            bounds.runs.note({_KIND: fetched.videos_ref})
        run = self._run(name, bounds)
        if run is None:
            yield no_room()
            return
        yield from video_pages(self._apify, run, account, bounds, lambda items: reading_of(items, name))

    def abort_run(self, username: str, kind: str, run_id: str, since: datetime, deadline: datetime) -> None:  # noqa: ARG002
        if run_id:
            self._apify.abort(run_id, deadline)
        else:
            self._apify.abort_since(since, self._actor, {"profiles": [parse_username(username)]}, deadline)

    def _run(self, name: str, bounds: Bounds) -> Run | None:
        return self._apify.begin([self._start(name, bounds)], bounds, _was_blocked)

    def _start(self, name: str, bounds: Bounds) -> Start:
        actor_input = {
            "profiles": [name],
            "resultsPerPage": bounds.max_videos,
            "profileSorting": "latest",
            "excludePinnedPosts": False,
            "profileScrapeSections": ["videos"],
            "shouldDownloadVideos": False,
            "shouldDownloadCovers": False,
            "shouldDownloadSubtitles": False,
            "shouldDownloadSlideshowImages": False,
            "shouldDownloadAvatars": False,
        }
        return Start(kind=_KIND, actor=self._actor, actor_input=actor_input, max_items=bounds.max_videos)


def build(setup: Setup) -> TikTok:
    apify = Apify(setup, setup.settings.apify_api_url)
    return TikTok(apify, setup.settings.apify_tiktok_actor)


def parse_username(typed: str) -> str:
    """Return the name in lower case, as TikTok keeps it. Raises InvalidJobError if the text names no account."""
    return read_username(typed, "tiktok").lower()


def account_in(items: list[dict[str, Any]], name: str) -> Account | None:
    """Return the requested account from the first item that has it, or None if no item has it."""
    nested = [_nested(item) for item in items]
    is_private = any(kind_of_error(item) is AccountPrivateError for item in nested)
    for item in nested:
        if obj(item.get("authorMeta")) and _author(item) == name:
            return account_from(item, name, is_private=is_private)
    if any(text(item.get("errorCode")) == _EMPTY for item in nested):
        return account_from({}, name, is_private=False)
    return None


def refusal_in(items: list[dict[str, Any]], name: str) -> TrackingError:
    """Build the error for a finished run that does not have the account."""
    kinds = [kind for item in items if (kind := kind_of_error(_nested(item)))]
    if items and not kinds:
        return ContractError(say("anotherAccount", service=_NAME, found="another account", account=name))
    return failure(kinds[0] if kinds else AccountNotFoundError, _NAME, name)


def account_from(item: dict[str, Any], name: str, *, is_private: bool) -> Account:
    author = obj(item.get("authorMeta"))
    username = text(author.get("name")) or name
    return Account(
        platform="tiktok",
        platform_user_id=identifier(author.get("id")) or name,
        username=username,
        display_name=text(author.get("nickName")) or username,
        profile_url=f"https://www.tiktok.com/@{username}",
        avatar_url=text(author.get("originalAvatarUrl")) or text(author.get("avatar")) or None,
        bio=text(author.get("signature")),
        is_verified=flag(author.get("verified")),
        is_private=is_private or flag(author.get("privateAccount")) is True,
        follower_count=count(author.get("fans")),
        following_count=count(author.get("following")),
        post_count=count(author.get("video")),
    )


def reading_of(items: list[dict[str, Any]], name: str) -> Reading:
    """Read the account's own videos in a page of the run. An item without a video gives the error."""
    nested = [_nested(item) for item in items]
    kinds = [kind for item in nested if (kind := kind_of_error(item))]
    own = [item for item in nested if _author(item) == name]
    videos = tuple(video for item in own if (video := _video_from(item, name)))
    unusable = tuple(quoted(item["id"]) for item in own if "id" in item and not _video_id(item))
    return Reading(videos, failure(kinds[0], _NAME, name) if kinds else None, unusable)


def kind_of_error(item: dict[str, Any]) -> type[TrackingError] | None:
    """Return the kind of error for an item without a video; None for a video, and for an account without videos."""
    code, error, note = text(item.get("errorCode")), item.get("error"), text(item.get("note")).casefold()
    if _video_id(item) or code == _EMPTY:
        return None
    if "is private" in note:
        return AccountPrivateError
    if code in _ERROR_CODES:
        return _ERROR_CODES[code]
    if not error and not code:
        return None
    return AccountNotFoundError if "not exist" in text(error).casefold() else PlatformUnavailableError


def _was_blocked(items: list[dict[str, Any]]) -> bool:
    return bool(items) and all(kind_of_error(_nested(item)) is PlatformUnavailableError for item in items)


def _author(item: dict[str, Any]) -> str:
    """Return the item's account in lower case: from the profile, else from the link, else from the run's input."""
    in_link = _VIDEO_PATH.search(text(item.get("webVideoUrl")))
    author = text(obj(item.get("authorMeta")).get("name")) or (in_link["author"] if in_link else "")
    if author or item.get("fromProfileSection") == "reposts":
        return author.casefold()
    try:
        return parse_username(text(item.get("input")))
    except InvalidJobError:
        return ""


def _video_from(item: dict[str, Any], name: str) -> Video | None:
    """Return the item's video, or None if it has none."""
    video_id = _video_id(item)
    if not video_id:
        return None
    caption, meta = text(item.get("text")), obj(item.get("videoMeta"))
    return Video(
        video_id=video_id,
        url=f"https://www.tiktok.com/@{name}/video/{video_id}",
        title=title_of(caption),
        caption=caption,
        thumbnail_url=text(meta.get("originalCoverUrl")) or text(meta.get("coverUrl")) or None,
        published_at=moment(item.get("createTimeISO")) or moment(item.get("createTime")),
        duration_s=seconds(meta.get("duration")),
        media_type=_media_type(item),
        view_count=count(item.get("playCount")),
        like_count=count(item.get("diggCount")),
        comment_count=count(item.get("commentCount")),
        share_count=count(item.get("shareCount")),
        save_count=count(item.get("collectCount")),
        hashtags=hashtags(_tag_names(item.get("hashtags")), caption),
        is_pinned=flag(item.get("isPinned")) is True,
    )


def _video_id(item: dict[str, Any]) -> str:
    in_link = _VIDEO_PATH.search(text(item.get("webVideoUrl")))
    return identifier(item.get("id")) or (in_link["id"] if in_link else "")


def _media_type(item: dict[str, Any]) -> MediaType:
    links = item.get("slideshowImageLinks")
    number = len(links) if isinstance(links, list) else 0
    if flag(item.get("isSlideshow")) is not True and not number:
        return MediaType.VIDEO
    return MediaType.IMAGE if number == 1 else MediaType.CAROUSEL


def _tag_names(tags: object) -> list[object] | None:
    """Return the names of hashtags. TikTok sends each as an object with a `name`."""
    return [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else None


def _nested(item: dict[str, Any]) -> dict[str, Any]:
    """Return the item with the dotted keys of a flattened export (`authorMeta.name`) as nested objects again."""
    nested: dict[str, Any] = {}
    for key, value in item.items():
        outer, dot, inner = key.partition(".")
        if dot:
            nested[outer] = {**obj(nested.get(outer)), inner: value}
        else:
            nested.setdefault(key, value)
    return nested
