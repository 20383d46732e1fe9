"""YouTube Data API v3: `/channels`, `/playlistItems`, `/videos`.

Error bodies that were not recorded follow https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import NoReturn

from werkzeug import Response
from werkzeug.exceptions import abort

from local import growing
from local.simulator.faults import Fault, Kind, with_counts
from local.simulator.messages import WRONG_KEY, Calls, Json, Request, Subject, answer, page, recorded, sample
from local.simulator.names import SimName, published_at
from local.simulator.today import RECORDED, NewPost, Today, grown_counts, grown_followers

_INDEX_SPAN = 10**5
_VIDEO_COUNTS = ("viewCount", "likeCount", "commentCount")
_COMMON = "contentDetails id localizations snippet statistics status topicDetails"
_PARTS = {
    "channels": f"{_COMMON} auditDetails brandingSettings contentOwnerDetails".split(),
    "playlistItems": ["contentDetails", "id", "snippet", "status"],
    "videos": f"{_COMMON} fileDetails liveStreamingDetails paidProductPlacementDetails player processingDetails "
    "recordingDetails suggestions".split(),
}


@dataclass(frozen=True, slots=True)
class Channel:
    handle: str  # lower case, without "@"
    item: Json  # as channels.list returns it, with every known part
    uploads: Sequence[Json]  # playlist items, newest first
    videos: Mapping[str, Json]  # by id, as videos.list returns them
    total: int  # pageInfo.totalResults of the uploads


@cache
def _recorded() -> dict[str, Channel]:
    """Return the recorded channels by handle. C-SPAN was recorded before handles existed; its handle is `@CSPAN`."""
    google = ("googledevelopers", "GoogleDevelopers", "uploads_page1.json", "videos_assembled.json")
    cspan = ("cspan", "C-SPAN", "uploads_page1_assembled.json", "videos.json")
    return {files[0]: _recorded_channel(*files) for files in (google, cspan)}


def _recorded_channel(handle: str, folder: str, uploads: str, videos: str) -> Channel:
    first = sample(f"youtube/{folder}/{uploads}")
    item = sample(f"youtube/{folder}/channel.json")["items"][0]
    by_id = {video["id"]: video for video in sample(f"youtube/{folder}/{videos}")["items"]}
    return Channel(handle, item, first["items"], by_id, first["pageInfo"]["totalResults"])


def by_handle(handle: str, today: Today = RECORDED) -> Channel | None:
    """Find a channel by its handle, with or without "@", in any case."""
    name = handle.removeprefix("@").lower()
    sim = SimName.parse(name)
    return _synthetic(sim) if sim else by_legacy_name(name, today)


def by_legacy_name(name: str, today: Today = RECORDED) -> Channel | None:
    """Find a channel by its user name. Only channels made before 2014 have one."""
    found = _recorded().get(name.lower().replace("c-span", "cspan"))
    return found and _on(found, today)


def by_id(channel_id: str, today: Today = RECORDED) -> Channel | None:
    if channel_id.startswith("UCsim_"):
        return by_handle(channel_id[2:].rstrip("A").rstrip("-"), today)
    return next((_on(channel, today) for channel in _recorded().values() if channel.item["id"] == channel_id), None)


def by_uploads(playlist_id: str, today: Today = RECORDED) -> Channel | None:
    return by_id(f"UC{playlist_id[2:]}", today) if playlist_id.startswith("UU") else None


def by_video(video_id: str, today: Today = RECORDED) -> Channel | None:
    """Find the channel of a video."""
    owners = [_on(channel, today) for channel in _recorded().values()]
    if re.fullmatch(r"sm[0-9a-f]{9}", video_id) and (sim := SimName.from_number(int(video_id[2:], 16) // _INDEX_SPAN)):
        owners.append(_synthetic(sim))
    return next((owner for owner in owners if video_id in owner.videos), None)


def _on(channel: Channel, today: Today) -> Channel:
    """Return a recorded channel as it is on a day."""
    if not today.day:
        return channel
    name, known = f"youtube/{channel.handle}", [*channel.videos.values()]
    gone = today.gone(name, {video["id"]: video["snippet"]["publishedAt"] for video in known})
    new = [_new_video(channel, post, post.template(known)) for post in today.new_posts(name)]
    videos = [*new, *(_older_video(video, today) for video in known if video["id"] not in gone)]
    new_uploads = [_upload(video, 0) for video in new]
    uploads = [_older_upload(upload, today) for upload in channel.uploads if _video_of(upload) not in gone]
    level, more = today.level_of_account(name), len(new) - len(gone)
    statistics = channel.item["statistics"]
    of_new = sum(int(video["statistics"]["viewCount"]) for video in new)
    grown = {"viewCount": str(growing.grown(int(statistics["viewCount"]), level) + of_new)}
    grown["videoCount"] = str(int(statistics["videoCount"]) + more)
    if "subscriberCount" in statistics:
        grown["subscriberCount"] = grown_followers(name, statistics["subscriberCount"], level)
    return replace(
        channel,
        item=channel.item | {"statistics": statistics | grown},
        uploads=[*new_uploads, *uploads],
        videos={video["id"]: video for video in videos},
        total=channel.total + more,
    )


def _older_video(video: Json, today: Today) -> Json:
    published = video["snippet"]["publishedAt"]
    counts = grown_counts(video["statistics"], _VIDEO_COUNTS, today.level_of_post(video["id"], published))
    snippet = video["snippet"] | {"publishedAt": today.older(published)}
    return video | {"snippet": snippet, "statistics": video["statistics"] | counts}


def _older_upload(upload: Json, today: Today) -> Json:
    parts = {"snippet": "publishedAt", "contentDetails": "videoPublishedAt"}
    times = {part: {key: today.older(upload[part][key])} for part, key in parts.items() if key in upload[part]}
    return upload | {part: upload[part] | time for part, time in times.items()}


def _new_video(channel: Channel, post: NewPost, template: Json) -> Json:
    snippet, title = template["snippet"], post.title(template["snippet"]["title"])
    changes: Json = {"title": title, "publishedAt": post.published("seconds"), "channelId": channel.item["id"]}
    if "localized" in snippet:
        changes["localized"] = snippet["localized"] | {"title": title}
    counts = grown_counts(template["statistics"], _VIDEO_COUNTS, post.level)
    statistics = template["statistics"] | counts
    return template | {"id": f"d{post.token:010x}"[:11], "snippet": snippet | changes, "statistics": statistics}


def _video_of(upload: Json) -> str:
    video_id: str = upload["snippet"]["resourceId"]["videoId"]
    return video_id


@lru_cache(maxsize=32)
def _synthetic(sim: SimName) -> Channel:
    # The id contains the name, so `by_id` can find it. Real ids end in A, Q, g or w, and so does this one.
    channel_id, title = f"UC{sim.text.ljust(21, '-')}A", f"Simulated channel {sim.text}"
    base: Json = _recorded()["googledevelopers"].item
    description = base["snippet"]["description"]
    changes = {"title": title, "customUrl": f"@{sim.text}", "localized": {"title": title, "description": description}}
    item = base | {
        "id": channel_id,
        "snippet": base["snippet"] | changes,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{channel_id[2:]}"}},
        "statistics": base["statistics"] | {"videoCount": str(sim.post_count)},
    }
    videos = [_video(sim, index, channel_id, title) for index in range(sim.post_count)]
    uploads = [_upload(video, position) for position, video in enumerate(videos)]
    return Channel(sim.text, item, uploads, {video["id"]: video for video in videos}, len(uploads))


def _video(sim: SimName, index: int, channel_id: str, title: str) -> Json:
    templates: Sequence[Json] = sample("youtube/videos/videos_list_34_full_parts.json")["items"]
    template, video_id = templates[index % len(templates)], f"sm{sim.number * _INDEX_SPAN + index:09x}"
    snippet: Json = template["snippet"]
    changes = {
        "channelId": channel_id,
        "channelTitle": title,
        "title": f"{snippet['title']} ({index + 1})",
        "publishedAt": published_at(index).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "thumbnails": {
            size: image | {"url": image["url"].replace(template["id"], video_id)}
            for size, image in snippet["thumbnails"].items()
        },
    }
    views = str(int(template["statistics"]["viewCount"]) + index)
    statistics = template["statistics"] | {"viewCount": views}
    return template | {"id": video_id, "snippet": snippet | changes, "statistics": statistics}


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
        """Return the answer to a missing or wrong key. Only the answer to a wrong key was recorded, so both get it."""
        is_known = request.query.get("key", "") not in ("", WRONG_KEY)
        return None if is_known else recorded("youtube/errors/api_key_not_valid_400.json")

    def subject(self, request: Request, /, **_named: str) -> Subject:
        name = request.query.get("forHandle") or request.query.get("forUsername") or ""
        if request.path.endswith("/channels"):
            name = name or request.query.get("id", "")
            owners = [by_handle(name, request.today), by_id(name, request.today)]
        else:
            owners = [by_uploads(request.query.get("playlistId", ""), request.today)]
            owners += [by_video(video_id, request.today) for video_id in request.listed("id")]
        known = next((owner.handle for owner in owners if owner), None)
        return Subject("youtube", known or name.removeprefix("@").lower() or None)

    def failure(self, fault: Fault) -> Response:
        match fault.kind:
            case Kind.QUOTA:
                return recorded("youtube/errors/quota_exceeded_403.json")
            case Kind.RATE_LIMITED:
                return _error(429, "rateLimitExceeded", "Rate limit exceeded.", state="RESOURCE_EXHAUSTED")
            case Kind.UNAVAILABLE:
                return _error(503, "backendError", "The service is currently unavailable.", state="UNAVAILABLE")
        return _error(500, "backendError", "Internal error encountered.", state="INTERNAL")

    def unknown(self) -> Response:
        return page("<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", 404)


def _channels(request: Request, mode: Kind | None) -> Response:
    _check_parts(request)
    found = _asked_channels(request)
    if mode is Kind.OTHER:
        names = ("cspan" if channel.handle == "googledevelopers" else "googledevelopers" for channel in found)
        found = [_recorded()[name] for name in names]
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
    channel = by_uploads(request.query["playlistId"], request.today)
    if channel is None or mode in (Kind.MISSING, Kind.SUSPENDED, Kind.EMPTY):
        return recorded("youtube/errors/playlist_not_found_404.json")
    if mode is Kind.PRIVATE:
        message = "The request is not properly authorized to retrieve the specified playlist."
        return _error(403, "playlistItemsNotAccessible", message)
    token = re.fullmatch(r"sim([0-9]+)", request.query.get("pageToken", "sim0"))
    if token is None:
        _refuse("invalidPageToken", "pageToken")
    start, size = int(token[1]), _max_results(request)
    end, tokens = start + size, {}
    if end < len(channel.uploads) or mode is Kind.LOOP:
        tokens["nextPageToken"] = f"sim{end if end < len(channel.uploads) else 0}"
    return _list(request, "playlistItem", channel.uploads[start:end], total=channel.total, per_page=size, **tokens)


def _videos(request: Request, mode: Kind | None) -> Response:
    _check_parts(request)
    if "id" not in request.query:
        return recorded("youtube/errors/no_filter_selected_400.json")
    asked = [] if mode is Kind.MISSING else _ids(request)
    owners = {video_id: by_video(video_id, request.today) for video_id in asked}
    found = [_seen(owner.videos[video_id], mode) for video_id, owner in owners.items() if owner]
    return _list(request, "video", found, total=len(found), per_page=len(found))


def _asked_channels(request: Request) -> list[Channel]:
    filters = [name for name in ("id", "forHandle", "forUsername") if name in request.query]
    if not filters:
        abort(recorded("youtube/errors/missing_required_parameter_400.json"))
    if len(filters) > 1:
        _refuse("incompatibleParameters", ",".join(filters))
    if filters == ["id"]:
        found = [by_id(channel_id, request.today) for channel_id in _ids(request)]
    else:
        find = by_handle if filters == ["forHandle"] else by_legacy_name
        found = [find(request.query[filters[0]], request.today)]
    return [channel for channel in found if channel]


def _check_parts(request: Request) -> None:
    if not request.listed("part"):
        _refuse("missingRequiredParameter", "part")
    if not set(request.listed("part")) <= set(_PARTS[request.path.rpartition("/")[2]]):
        _refuse("unknownPart", "part")


def _ids(request: Request) -> Sequence[str]:
    if len(request.listed("id")) > 50:
        _refuse("invalidFilters", "id")
    return list(dict.fromkeys(request.listed("id")))


def _max_results(request: Request) -> int:
    text = request.query.get("maxResults", "5")
    return min(int(text), 50) if text.isdecimal() else _refuse("invalidParameter", "maxResults")


def _seen(item: Json, mode: Kind | None) -> Json:
    """Return a channel or video with its counts left out, zero or null, as the kind says."""
    statistics: Json = item["statistics"]
    if mode is Kind.HIDDEN:
        flags = {name: True for name in ("hiddenSubscriberCount",) if name in statistics}
        statistics = with_counts(statistics, ("subscriberCount", "likeCount", "commentCount"), mode) | flags
    elif mode is Kind.NULLS:
        statistics = with_counts(statistics, statistics.keys() - {"hiddenSubscriberCount"}, mode)
    elif mode is Kind.EMPTY and "videoCount" in statistics:
        statistics = statistics | {"videoCount": "0"}
    return item | {"statistics": statistics}


def _list(request: Request, kind: str, items: Sequence[Json], *, total: int, per_page: int, **tokens: str) -> Response:
    keys = ("kind", "etag", "id", *request.listed("part"))
    shown = [{key: item[key] for key in keys if key in item} for item in items]
    counts = {"totalResults": total, "resultsPerPage": per_page}
    body = {"kind": f"youtube#{kind}ListResponse", "etag": "simulated", **tokens, "items": shown, "pageInfo": counts}
    return answer(body)


def _refuse(reason: str, parameter: str) -> NoReturn:
    message = f"The request specifies no value or an invalid one for {parameter}."
    abort(_error(400, reason, message, parameter=parameter))


def _error(code: int, reason: str, message: str, *, parameter: str = "", state: str = "") -> Response:
    entry = {"message": message, "domain": "youtube.parameter" if parameter else "global", "reason": reason}
    entry |= {"location": parameter, "locationType": "parameter"} if parameter else {}
    error = {"code": code, "message": message, "errors": [entry]}
    return answer({"error": error | ({"status": state} if state else {})}, code)
