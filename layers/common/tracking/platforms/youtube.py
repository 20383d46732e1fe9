"""YouTube channels and their uploads, through the YouTube Data API."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tracking.accounts import Account, MediaType, Video
from tracking.errors import AccountNotFoundError, ContractError
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Bounds, FetchedAccount, Setup, VideoPage
from tracking.platforms.addresses import checked_username, not_a_username, read_address
from tracking.platforms.fields import count, flag, hashtags, moment, obj, quoted, seconds, text
from tracking.platforms.messages import failure
from tracking.platforms.youtube_data_api import PAGE_SIZE, YouTubeDataApi
from tracking.sentences import say

_NAME = "YouTube"
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # today's have 11 characters; an id of another form breaks the request
_CHANNEL_ID = re.compile(PLATFORMS["youtube"].account_paths["channel"])
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_UNIT_S = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True)
class ChannelName:
    kind: Literal["id", "handle", "user", "name"]  # "name": a handle or a legacy user name
    value: str  # a handle is without its '@'


class YouTube:
    def __init__(self, api: YouTubeDataApi) -> None:
        self._api = api

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        asked = parse_username(username)
        channel = self._find(asked, bounds)
        account = account_from(channel, asked)
        playlists = obj(obj(channel.get("contentDetails")).get("relatedPlaylists"))
        uploads = text(playlists.get("uploads")) or "UU" + account.platform_user_id.removeprefix("UC")
        return FetchedAccount(account=account, videos_ref=uploads)

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage]:
        """Yield a page of videos for each page of the uploads playlist.

        A channel without this playlist has no public video.
        """
        account = fetched.account.username
        tokens = [bounds.cursor]
        remaining = bounds.remaining
        while remaining > 0:
            try:
                ids, token = self._api.playlist_page(
                    fetched.videos_ref, tokens[-1], min(remaining, PAGE_SIZE), bounds, account=account
                )
            except AccountNotFoundError:
                return
            if token in tokens[1:]:
                raise ContractError(say("samePage", service=_NAME, account=account))
            askable = [video_id for video_id in ids if _VIDEO_ID.fullmatch(video_id)]
            found = {text(video.get("id")): video for video in self._api.videos(askable, bounds, account=account)}
            videos = tuple(video_from(found[video_id]) for video_id in askable if video_id in found)
            unusable = tuple(quoted(video_id) for video_id in ids if video_id not in askable)
            yield VideoPage(videos=videos, has_more=bool(token), unusable=unusable, cursor=token)
            if not token:
                return
            tokens.append(token)
            remaining -= len(videos)

    def _find(self, asked: ChannelName, bounds: Bounds) -> dict[str, Any]:
        filters = {
            "id": {"id": asked.value},
            "handle": {"forHandle": f"@{asked.value}"},
            "user": {"forUsername": asked.value},
            "name": {"forHandle": f"@{asked.value}", "forUsername": asked.value},
        }[asked.kind]
        for name, value in filters.items():
            if name == "forUsername" and not value.isascii():
                continue  # legacy names are ASCII only
            found = self._api.channels(name, value, bounds)
            for channel in found:
                if _is_asked(channel, name, asked.value):
                    return channel
            if found:
                raise ContractError(say("anotherAccount", service=_NAME, found="another channel", account=asked.value))
        raise failure(AccountNotFoundError, _NAME, asked.value)


def build(setup: Setup) -> YouTube:
    return YouTube(YouTubeDataApi(setup, setup.settings.youtube_api_url))


def parse_username(typed: str) -> ChannelName:
    """Read the channel's name. Raises InvalidJobError if the text names no channel; its message says why."""
    address = read_address(typed, "youtube")
    first, *rest = address.segments
    if first.startswith("@"):
        return ChannelName("handle", checked_username(first[1:], typed.strip(), "youtube"))
    if first.lower() == "channel" and rest:
        if not _CHANNEL_ID.fullmatch(rest[0]):
            raise not_a_username(rest[0], "youtube")
        return ChannelName("id", rest[0])
    if first.lower() in ("c", "user") and rest:
        value = checked_username(rest[0], typed.strip(), "youtube")
        return ChannelName("user" if first.lower() == "user" else "name", value)
    if _CHANNEL_ID.fullmatch(first):
        return ChannelName("id", first)
    return ChannelName("name", checked_username(first, typed.strip(), "youtube"))


def account_from(channel: dict[str, Any], asked: ChannelName) -> Account:
    snippet, statistics = obj(channel.get("snippet")), obj(channel.get("statistics"))
    channel_id = text(channel.get("id"))
    username = text(snippet.get("customUrl")).removeprefix("@") or asked.value
    is_hidden = flag(statistics.get("hiddenSubscriberCount")) is True
    return Account(
        platform="youtube",
        platform_user_id=channel_id,
        username=username,
        display_name=text(snippet.get("title")) or username,
        profile_url=f"https://www.youtube.com/channel/{channel_id}",
        avatar_url=_thumbnail(snippet, "high", "medium", "default"),
        bio=text(snippet.get("description")),
        follower_count=None if is_hidden else count(statistics.get("subscriberCount")),
        post_count=count(statistics.get("videoCount")),
        total_views=count(statistics.get("viewCount")),
    )


def video_from(item: dict[str, Any]) -> Video:
    video_id = text(item.get("id"))
    snippet, statistics = obj(item.get("snippet")), obj(item.get("statistics"))
    title, description = text(snippet.get("title")), text(snippet.get("description"))
    return Video(
        video_id=video_id,
        url=f"https://www.youtube.com/watch?v={video_id}",
        title=title,
        caption=description,
        thumbnail_url=_thumbnail(snippet, "maxres", "standard", "high", "medium", "default"),
        published_at=moment(snippet.get("publishedAt")),
        duration_s=duration_s(obj(item.get("contentDetails")).get("duration")),
        media_type=MediaType.VIDEO,
        view_count=count(statistics.get("viewCount")),
        like_count=count(statistics.get("likeCount")),
        comment_count=count(statistics.get("commentCount")),
        hashtags=hashtags(None, title, description),
    )


def duration_s(value: object) -> float | None:
    """Return the seconds of an ISO 8601 duration; None for `P0D`, which live and upcoming videos have."""
    match = _DURATION.fullmatch(text(value)) if len(text(value)) < 40 else None
    if match is None:
        return None
    return seconds(sum(float(amount) * _UNIT_S[unit] for unit, amount in match.groupdict(default="0").items()))


def _is_asked(channel: dict[str, Any], filter_name: str, value: str) -> bool:
    """Return whether this is the requested channel.

    A channel found by legacy user name is accepted, because the answer does not hold that name. So is a channel found
    by handle whose answer has no "customUrl". A "customUrl" may be older than the handle; then the channel's title must
    be the requested name.
    """
    channel_id, snippet = text(channel.get("id")), obj(channel.get("snippet"))
    if not _CHANNEL_ID.fullmatch(channel_id):
        return False
    if filter_name != "forHandle":
        return filter_name == "forUsername" or channel_id == value
    handle = text(snippet.get("customUrl"))
    return not handle or _plain(value) in (_plain(handle), _plain(text(snippet.get("title"))))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).removeprefix("@").replace(" ", "").casefold()


def _thumbnail(snippet: dict[str, Any], *sizes: str) -> str | None:
    thumbnails = obj(snippet.get("thumbnails"))
    return next((url for size in sizes if (url := text(obj(thumbnails.get(size)).get("url")))), None)
