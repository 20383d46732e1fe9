"""Instagram accounts and their posts, through an Apify actor (`apify/instagram-scraper`).

Two runs fetch the data: `details` for the account, `posts` for its posts. They begin together. A collaboration post
belongs to all its accounts, but has only one owner. The post's `inputUrl` shows for which account the post was fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from tracking.accounts import Account, MediaType, Video
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    ContractError,
    InvalidJobError,
    PermanentError,
    PlatformUnavailableError,
    TrackingError,
)
from tracking.platforms import Bounds, FetchedAccount, Setup, VideoPage, Waiting
from tracking.platforms.addresses import read_username
from tracking.platforms.apify import Apify, Run, Start, no_room
from tracking.platforms.apify_pages import Reading, collecting, video_pages
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
from tracking.sentences import say

_NAME = "Instagram"
_POST_PATH = re.compile(r"/(?:p|reels?|tv)/([A-Za-z0-9_-]+)")
_MEDIA_TYPES = {"Image": MediaType.IMAGE, "Video": MediaType.VIDEO, "Sidecar": MediaType.CAROUSEL}
_ERRORS: dict[str, type[TrackingError]] = {
    "not_found": AccountNotFoundError,
    "no_items": AccountNotFoundError,
    "restricted_page": AccountPrivateError,
}


class Instagram:
    def __init__(self, apify: Apify, actor: str = "apify~instagram-scraper") -> None:
        self._apify = apify
        self._actor = actor

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount | Waiting:
        """Begin both runs, so that they work at the same time, and read the one for the account."""
        name = parse_username(username)
        run = self._apify.begin([self._details(name), self._posts(name, bounds)], bounds, _was_blocked)
        if run is None:
            return no_room()
        if not run.is_finished:
            return collecting(_NAME)
        try:
            fetched = self._account_of(run, name, bounds)
        except PermanentError:
            self._abort_posts(bounds)
            raise
        if fetched.account.is_private:
            self._abort_posts(bounds)
        return fetched

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        if fetched.account.is_private:
            raise failure(AccountPrivateError, _NAME, fetched.account.username)
        name = fetched.videos_ref
        run = self._apify.begin([self._posts(name, bounds)], bounds, _was_blocked)
        if run is None:
            yield no_room()
            return
        yield from video_pages(self._apify, run, fetched.account, bounds, lambda items: reading_of(items, name))

    def abort_run(self, username: str, kind: str, run_id: str, since: datetime, deadline: datetime) -> None:
        if run_id:
            self._apify.abort(run_id, deadline)
        else:
            wanted = {"directUrls": [_profile_url(parse_username(username))], "resultsType": kind}
            self._apify.abort_since(since, self._actor, wanted, deadline)

    def _account_of(self, run: Run, name: str, bounds: Bounds) -> FetchedAccount:
        items = [] if run.has_failed else next(self._apify.item_pages(run, bounds))[0]
        profile = profile_in(items, name)
        if profile is None and run.status != "SUCCEEDED":
            raise failure(PlatformUnavailableError, _NAME, note=f"Apify run {run.run_id}: {run.status}")
        if profile is None:
            raise failure(AccountNotFoundError, _NAME, name)
        return FetchedAccount(account=account_from(profile, name), videos_ref=name)

    def _abort_posts(self, bounds: Bounds) -> None:
        """Stop the run for the posts. An error counts for nothing: the job ends soon, which stops the run again."""
        with suppress(TrackingError):
            if run_id := bounds.runs.ids.get("posts"):
                self._apify.abort(run_id, bounds.deadline)

    def _details(self, name: str) -> Start:
        return self._start(name, "details", 1)

    def _posts(self, name: str, bounds: Bounds) -> Start:
        return self._start(name, "posts", bounds.max_videos)

    def _start(self, name: str, results_type: str, limit: int) -> Start:
        actor_input = {
            "directUrls": [_profile_url(name)],
            "resultsType": results_type,
            "resultsLimit": limit,
            "addParentData": False,
        }
        return Start(kind=results_type, actor=self._actor, actor_input=actor_input, max_items=limit)


def build(setup: Setup) -> Instagram:
    apify = Apify(setup, setup.settings.apify_api_url)
    return Instagram(apify, setup.settings.apify_instagram_actor)


def parse_username(typed: str) -> str:
    """Return the name in lower case, as Instagram keeps it. Raises InvalidJobError if the text names no account."""
    return read_username(typed, "instagram").lower()


def profile_in(items: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """Return the requested profile from the items of a `details` run; None if there are no profiles.

    Raises the error of an error item, and ContractError if all profiles are of other accounts.
    """
    profiles = [item for item in items if kind_of_error(item) is None and not _is_post(item)]
    for profile in profiles:
        if (text(profile.get("username")).casefold() or _asked_in(profile)) == name:
            return profile
    if profiles:
        raise ContractError(say("anotherAccount", service=_NAME, found="another account", account=name))
    kinds = [kind for item in items if (kind := kind_of_error(item))]
    if kinds:
        raise failure(kinds[0], _NAME, name)
    return None


def account_from(profile: dict[str, Any], name: str) -> Account:
    username = text(profile.get("username")) or name
    return Account(
        platform="instagram",
        platform_user_id=identifier(profile.get("id")) or name,
        username=username,
        display_name=text(profile.get("fullName")) or username,
        profile_url=_profile_url(username),
        avatar_url=text(profile.get("profilePicUrlHD")) or text(profile.get("profilePicUrl")) or None,
        bio=text(profile.get("biography")),
        is_verified=flag(profile.get("verified")),
        is_private=flag(profile.get("private")) is True,
        follower_count=count(profile.get("followersCount")),
        following_count=count(profile.get("followsCount")),
        post_count=count(profile.get("postsCount")),
    )


def reading_of(items: list[dict[str, Any]], name: str) -> Reading:
    """Read the posts of `name` in a page of a `posts` run. For a public account, `no_items` means no posts."""
    posts = [item for item in items if kind_of_error(item) is None and not _is_profile(item)]
    own = [post for post in posts if _is_of(post, name)]
    if posts and not own:
        return Reading(
            (), ContractError(say("anotherAccount", service=_NAME, found="the posts of another account", account=name))
        )
    kinds = [kind for item in items if (kind := kind_of_error(item)) and not _says_no_posts(item)]
    error = failure(kinds[0], _NAME, name) if kinds else None
    read = [(post, _video_from(post)) for post in own]
    unusable = tuple(quoted(post.get("id")) for post, video in read if video is None)
    return Reading(tuple(video for _, video in read if video), error, unusable)


def kind_of_error(item: dict[str, Any]) -> type[TrackingError] | None:
    """Return the kind of error for an item in place of a profile or post; None for a good item."""
    error = item.get("error")
    if not error:
        return None
    if item.get("requestErrorMessages"):
        return PlatformUnavailableError  # Instagram blocked the actor
    if "restricted" in text(item.get("errorDescription")).casefold():
        return AccountPrivateError
    return _ERRORS.get(text(error), PlatformUnavailableError)


def _is_post(item: dict[str, Any]) -> bool:
    return bool(item.get("shortCode") or item.get("ownerUsername"))


def _is_profile(item: dict[str, Any]) -> bool:
    return "followersCount" in item or "latestPosts" in item


def _says_no_posts(item: dict[str, Any]) -> bool:
    return item.get("error") == "no_items" and kind_of_error(item) is AccountNotFoundError


def _was_blocked(items: list[dict[str, Any]]) -> bool:
    return bool(items) and all(kind_of_error(item) is PlatformUnavailableError for item in items)


def _is_of(post: dict[str, Any], name: str) -> bool:
    asked = _asked_in(post)
    if asked:
        return asked == name
    owner = text(post.get("ownerUsername")).casefold()
    makers = (text(maker.get("username")).casefold() for maker in objects(post.get("coauthorProducers")))
    return owner in ("", name) or name in makers


def _asked_in(item: dict[str, Any]) -> str:
    """Return the account in `inputUrl`, which may have a query; "" if it names none."""
    try:
        return parse_username(text(item.get("inputUrl")))
    except InvalidJobError:
        return ""


def _video_from(post: dict[str, Any]) -> Video | None:
    """Return the post as a video, or None if it has no id."""
    in_url = _POST_PATH.search(text(post.get("url")))
    code = text(post.get("shortCode")) or (in_url[1] if in_url else "")
    video_id = identifier(post.get("id")) or code
    if not video_id:
        return None
    caption = text(post.get("caption"))
    media_type = _media_type(post)
    return Video(
        video_id=video_id,
        url=f"https://www.instagram.com/p/{code}/" if code else text(post.get("url")),
        title=title_of(caption),
        caption=caption,
        thumbnail_url=_picture(post),
        published_at=moment(post.get("timestamp")),
        duration_s=seconds(post.get("videoDuration")),
        media_type=media_type,
        view_count=_view_count(post, media_type),
        like_count=count(post.get("likesCount")),
        comment_count=count(post.get("commentsCount")),
        hashtags=hashtags(post.get("hashtags"), caption),
        is_pinned=flag(post.get("isPinned")) is True,
    )


def _media_type(post: dict[str, Any]) -> MediaType:
    """Return the media type. Exports with selected fields lack `type`; then the other fields decide."""
    known = _MEDIA_TYPES.get(text(post.get("type")))
    if known is not None:
        return known
    product = text(post.get("productType"))
    if product == "carousel_container" or objects(post.get("childPosts")):
        return MediaType.CAROUSEL
    is_moving = product in ("clips", "igtv") or any(
        post.get(key) for key in ("videoUrl", "videoPlayCount", "videoViewCount", "videoDuration")
    )
    is_reel = re.search(r"/(?:reels?|tv)/", text(post.get("url"))) is not None
    return MediaType.VIDEO if is_moving or is_reel else MediaType.IMAGE


def _view_count(post: dict[str, Any], media_type: MediaType) -> int | None:
    """Return the number of plays, which Instagram shows too.

    Older output has only the number of views. A carousel has a 0 without a meaning, which becomes None.
    """
    plays, views = count(post.get("videoPlayCount")), count(post.get("videoViewCount"))
    if media_type is not MediaType.VIDEO:
        return plays or views or None
    return plays or views or (plays if plays is not None else views)


def _picture(post: dict[str, Any]) -> str | None:
    images = post.get("images")
    first_image = text(images[0]) if isinstance(images, list) and images else ""
    first_child = text(obj(next(iter(objects(post.get("childPosts"))), None)).get("displayUrl"))
    return text(post.get("displayUrl")) or first_image or first_child or None


def _profile_url(name: str) -> str:
    return f"https://www.instagram.com/{name}/"
