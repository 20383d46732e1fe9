"""YouTube Data API v3: `/channels`, `/playlistItems`, `/videos`.

Error bodies that were not recorded follow https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NoReturn

from werkzeug import Response
from werkzeug.exceptions import abort

from local.simulator.faults import Fault, Kind, with_counts
from local.simulator.messages import WRONG_KEY, Calls, Json, Request, Subject, answer, page, recorded, sample
from local.simulator.names import SimName, published_at

_COMMON = "contentDetails id localizations snippet statistics status topicDetails"
_PARTS = {
    "channels": f"{_COMMON} auditDetails brandingSettings contentOwnerDetails".split(),
    "playlistItems": ["contentDetails", "id", "snippet", "status"],
    "videos": f"{_COMMON} fileDetails liveStreamingDetails paidProductPlacementDetails player processingDetails "
    "recordingDetails suggestions".split(),
}
_PAGE_TOKEN = re.compile(rb"\x08((?:[\x80-\xff])*[\x00-\x7f])\x10\x00", re.DOTALL)


_INDEX_SPAN = 10**5


@dataclass(frozen=True, slots=True)
class Channel:
    handle: str  # lower case, without "@"
    item: Json  # as channels.list gives it, with every part known
    uploads: Sequence[Json]  # playlist items, newest first
    videos: Mapping[str, Json]  # by id, as videos.list gives them
    total: int  # pageInfo.totalResults of the uploads


@cache
def _recorded() -> dict[str, Channel]:
    """By handle. C-SPAN's recording is older than handles; the one it has today is `@CSPAN`."""
    google = ("googledevelopers", "GoogleDevelopers", "uploads_page1.json", "videos_assembled.json")
    cspan = ("cspan", "C-SPAN", "uploads_page1_assembled.json", "videos.json")
    return {files[0]: _recorded_channel(*files) for files in (google, cspan)}


def _recorded_channel(handle: str, folder: str, uploads: str, videos: str) -> Channel:
    page = sample(f"youtube/{folder}/{uploads}")
    return Channel(
        handle=handle,
        item=sample(f"youtube/{folder}/channel.json")["items"][0],
        uploads=page["items"],
        videos={video["id"]: video for video in sample(f"youtube/{folder}/{videos}")["items"]},
        total=page["pageInfo"]["totalResults"],
    )


def by_handle(handle: str) -> Channel | None:
    """With or without "@", in any case."""
    name = handle.removeprefix("@").lower()
    if known := _recorded().get({"c-span": "cspan"}.get(name, name)):
        return known
    sim = SimName.parse(name)
    return _synthetic(sim) if sim else None


def by_legacy_name(name: str) -> Channel | None:
    """Only channels of before 2014 have such a name."""
    return _recorded().get({"c-span": "cspan"}.get(name.lower(), name.lower()))


def by_id(channel_id: str) -> Channel | None:
    for channel in _recorded().values():
        if channel.item["id"] == channel_id:
            return channel
    return by_handle(channel_id[2:].rstrip("A").rstrip("-")) if channel_id.startswith("UCsim_") else None


def by_uploads(playlist_id: str) -> Channel | None:
    return by_id(f"UC{playlist_id[2:]}") if playlist_id.startswith("UU") else None


def by_video(video_id: str) -> Channel | None:
    """The channel whose video this is."""
    for channel in _recorded().values():
        if video_id in channel.videos:
            return channel
    try:
        sim = SimName.from_number(int(video_id.removeprefix("sm"), 16) // _INDEX_SPAN)
    except ValueError:
        return None
    owner = _synthetic(sim) if sim else None
    return owner if owner and video_id in owner.videos else None


def another_than(channel: Channel) -> Channel:
    return _recorded()["cspan" if channel.handle == "googledevelopers" else "googledevelopers"]


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> Channel:
    # Readable and reversible. Real ids end in A, Q, g or w, so these do, too.
    channel_id = f"UC{sim.text.ljust(21, '-')}A"
    title = f"Simulated channel {sim.text}"
    videos = [_owned(_varied(sim, index), channel_id, title) for index in range(sim.post_count)]
    uploads = [_upload(video, position) for position, video in enumerate(videos)]
    item = _channel_item(sim, channel_id, title, len(videos))
    return Channel(sim.text, item, uploads, {video["id"]: video for video in videos}, len(uploads))


def _templates() -> Sequence[Json]:
    items: Sequence[Json] = sample("youtube/videos/videos_list_34_full_parts.json")["items"]
    return items


def _channel_item(sim: SimName, channel_id: str, title: str, video_count: int) -> Json:
    base: Json = _recorded()["googledevelopers"].item
    snippet = base["snippet"] | {"title": title, "customUrl": f"@{sim.text}"}
    snippet["localized"] = {"title": title, "description": snippet["description"]}
    return base | {
        "id": channel_id,
        "snippet": snippet,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{channel_id[2:]}"}},
        "statistics": base["statistics"] | {"videoCount": str(video_count)},
    }


def _owned(video: Json, channel_id: str, title: str) -> Json:
    return video | {"snippet": video["snippet"] | {"channelId": channel_id, "channelTitle": title}}


def _varied(sim: SimName, index: int) -> Json:
    template = _templates()[index % len(_templates())]
    video_id = f"sm{sim.number * _INDEX_SPAN + index:09x}"
    thumbnails = {
        size: image | {"url": image["url"].replace(template["id"], video_id)}
        for size, image in template["snippet"]["thumbnails"].items()
    }
    return template | {
        "id": video_id,
        "snippet": template["snippet"]
        | {
            "title": f"{template['snippet']['title']} ({index + 1})",
            "publishedAt": published_at(index).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "thumbnails": thumbnails,
        },
        "statistics": template["statistics"] | {"viewCount": str(int(template["statistics"]["viewCount"]) + index)},
    }


def _upload(video: Json, position: int) -> Json:
    snippet = video["snippet"]
    kept = ("publishedAt", "channelId", "title", "description", "thumbnails", "channelTitle")
    of_playlist = {
        "playlistId": f"UU{snippet['channelId'][2:]}",
        "position": position,
        "resourceId": {"kind": "youtube#video", "videoId": video["id"]},
        "videoOwnerChannelTitle": snippet["channelTitle"],
        "videoOwnerChannelId": snippet["channelId"],
    }
    return {
        "kind": "youtube#playlistItem",
        "etag": video["etag"],
        "id": f"UPLOAD-{video['id']}",
        "snippet": {key: snippet[key] for key in kept} | of_playlist,
        "contentDetails": {"videoId": video["id"], "videoPublishedAt": snippet["publishedAt"]},
    }


class YouTubeApi:
    base = "/youtube/v3"

    def __init__(self) -> None:
        calls = {"channels": _channels, "playlistItems": _playlist_items, "videos": _videos}
        self.calls: Calls = {("GET", f"/{name}"): call for name, call in calls.items()}

    def refusal(self, request: Request) -> Response | None:
        """The answer to a missing or wrong key (a missing one was not recorded: it gets the same answer)."""
        is_known = request.query.get("key", "") not in ("", WRONG_KEY)
        return None if is_known else recorded("youtube/errors/api_key_not_valid_400.json")

    def subject(self, request: Request, /, **_named: str) -> Subject:
        name = request.query.get("forHandle") or request.query.get("forUsername") or ""
        if request.path.endswith("/channels"):
            name = name or request.query.get("id", "")
            owners = [by_handle(name), by_id(name)]
        else:
            owners = [by_uploads(request.query.get("playlistId", ""))]
            owners += [by_video(video_id) for video_id in request.listed("id")]
        known = next((owner.handle for owner in owners if owner), None)
        return Subject("youtube", known or name.removeprefix("@").lower() or None)

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("youtube/errors/quota_exceeded_403.json")
        if fault.kind is Kind.RATE_LIMITED:
            return _error(429, "Rate limit exceeded.", "rateLimitExceeded", "usageLimits", state="RESOURCE_EXHAUSTED")
        if fault.kind is Kind.UNAVAILABLE:
            return _error(503, "The service is currently unavailable.", "backendError", state="UNAVAILABLE")
        return _error(500, "Internal error encountered.", "backendError", state="INTERNAL")

    def unknown(self) -> Response:
        return page("<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", 404)


def _channels(request: Request, mode: Kind | None) -> Response:
    _check_parts(request)
    found = _asked_channels(request)
    if mode is Kind.OTHER:
        found = [another_than(channel) for channel in found]
    if mode is Kind.SUSPENDED:
        return recorded("youtube/errors/channel_not_found_empty_items_200.json")
    if mode is Kind.MISSING or not found:
        return recorded("youtube/errors/channel_not_found_no_items_key_200.json")
    items = [_seen(channel.item, mode) for channel in found]
    return _list(request, "channel", items, total=len(items), per_page=_max_results(request))


def _playlist_items(request: Request, mode: Kind | None) -> Response:
    _check_parts(request)
    if "playlistId" not in request.query:
        return recorded("youtube/errors/no_filter_selected_400.json")
    channel = by_uploads(request.query["playlistId"])
    if channel is None or mode in (Kind.MISSING, Kind.SUSPENDED, Kind.EMPTY):
        return recorded("youtube/errors/playlist_not_found_404.json")
    if mode is Kind.PRIVATE:
        message = "The request is not properly authorized to retrieve the specified playlist."
        return _error(403, message, "playlistItemsNotAccessible", "youtube.playlistItem")
    size, start = _max_results(request), _start_of_page(request.query.get("pageToken"))
    end, tokens = start + size, {}
    if end < len(channel.uploads):
        tokens["nextPageToken"] = page_token(end)
    elif mode is Kind.LOOP:
        tokens["nextPageToken"] = page_token(0)
    items = channel.uploads[start:end]
    return _list(request, "playlistItem", items, total=channel.total, per_page=size, **tokens)


def _videos(request: Request, mode: Kind | None) -> Response:
    _check_parts(request)
    if "id" not in request.query:
        return recorded("youtube/errors/no_filter_selected_400.json")
    owners = {} if mode is Kind.MISSING else {video_id: by_video(video_id) for video_id in _ids(request)}
    found = [_seen(owner.videos[video_id], mode) for video_id, owner in owners.items() if owner]
    return _list(request, "video", found, total=len(found), per_page=len(found))


def _asked_channels(request: Request) -> list[Channel]:
    filters = [name for name in ("id", "forHandle", "forUsername") if name in request.query]
    if not filters:
        abort(recorded("youtube/errors/missing_required_parameter_400.json"))
    if len(filters) > 1:
        _refuse(f"Incompatible parameters specified in the request: {', '.join(filters)}", "incompatibleParameters")
    if filters == ["forHandle"]:
        found = [by_handle(request.query["forHandle"])]
    elif filters == ["forUsername"]:
        found = [by_legacy_name(request.query["forUsername"])]
    else:
        found = [by_id(channel_id) for channel_id in _ids(request)]
    return [channel for channel in found if channel]


def _check_parts(request: Request) -> None:
    known = _PARTS[request.path.rpartition("/")[2]]
    if not request.listed("part"):
        _refuse("Required parameter: part", "missingRequiredParameter", "part")
    for part in request.listed("part"):
        if part not in known:
            _refuse(f"'{part}'", "unknownPart", "part", domain="youtube.part")


def _ids(request: Request) -> Sequence[str]:
    if len(request.listed("id")) > 50:
        _refuse("The request specifies an invalid filter parameter.", "invalidFilters", "id")
    return list(dict.fromkeys(request.listed("id")))


def _max_results(request: Request) -> int:
    text = request.query.get("maxResults", "5")
    if not text.isdecimal():
        message = f"Invalid value '{text}'. Values must be within the range: [0, 50]"
        _refuse(message, "invalidParameter", "maxResults", domain="global")
    return min(int(text), 50)


def page_token(position: int) -> str:
    """The old, short form of the real API's token, as recorded: `CDIQAA` is 50."""
    digits = bytearray()
    rest = position
    while rest > 0x7F:
        digits.append(rest & 0x7F | 0x80)
        rest >>= 7
    return base64.urlsafe_b64encode(b"\x08" + bytes([*digits, rest]) + b"\x10\x00").decode().rstrip("=")


def _start_of_page(token: str | None) -> int:
    if not token:
        return 0
    try:
        match = _PAGE_TOKEN.fullmatch(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        match = None
    if match is None:
        _refuse("The request specifies an invalid page token.", "invalidPageToken", "pageToken")
    return sum((digit & 0x7F) << 7 * place for place, digit in enumerate(match[1]))


def _seen(item: Json, mode: Kind | None) -> Json:
    """A channel or video with its counts hidden, emptied or null, as the mode says."""
    statistics: Json = item["statistics"]
    if mode is Kind.HIDDEN:
        statistics = with_counts(statistics, ("subscriberCount", "likeCount", "commentCount"), mode)
        statistics |= {name: True for name in ("hiddenSubscriberCount",) if name in statistics}
    elif mode is Kind.NULLS:
        statistics = with_counts(statistics, statistics.keys() - {"hiddenSubscriberCount"}, mode)
    elif mode is Kind.EMPTY and "videoCount" in statistics:
        statistics = statistics | {"videoCount": "0"}
    return item | {"statistics": statistics}


def _list(request: Request, kind: str, items: Sequence[Json], *, total: int, per_page: int, **tokens: str) -> Response:
    keys = ("kind", "etag", "id", *request.listed("part"))
    body = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": "simulated",
        **tokens,
        "items": [{key: item[key] for key in keys if key in item} for item in items],
        "pageInfo": {"totalResults": total, "resultsPerPage": per_page},
    }
    return answer(body)


def _refuse(message: str, reason: str, location: str = "", *, domain: str = "youtube.parameter") -> NoReturn:
    abort(_error(400, message, reason, domain, location=location))


def _error(
    code: int, message: str, reason: str, domain: str = "global", *, location: str = "", state: str = ""
) -> Response:
    place = {"location": location, "locationType": "parameter"} if location else {}
    entry = {"message": message, "domain": domain, "reason": reason} | place
    error = {"code": code, "message": message, "errors": [entry]}
    return answer({"error": error | ({"status": state} if state else {})}, code)
