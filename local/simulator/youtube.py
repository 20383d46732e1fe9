"""YouTube Data API v3: `/channels`, `/playlistItems`, `/videos`.

Error bodies that were not recorded follow https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from local.simulator import youtube_channels as channels
from local.simulator.faults import Fault, Kind
from local.simulator.messages import WRONG_KEY, Json, Refused, Request, Response, Subject, comma_list
from local.simulator.samples import recorded

_COMMON_PARTS = frozenset({"contentDetails", "id", "localizations", "snippet", "statistics", "status", "topicDetails"})
_PARTS = {
    "/channels": _COMMON_PARTS | {"auditDetails", "brandingSettings", "contentOwnerDetails"},
    "/playlistItems": frozenset({"contentDetails", "id", "snippet", "status"}),
    "/videos": _COMMON_PARTS
    | {"fileDetails", "liveStreamingDetails", "paidProductPlacementDetails", "player", "processingDetails"}
    | {"recordingDetails", "suggestions"},
}
_ALWAYS = ("kind", "etag", "id")
_PAGE_TOKEN = re.compile(rb"\x08((?:[\x80-\xff])*[\x00-\x7f])\x10([\x00\x01])", re.DOTALL)


class YouTubeApi:
    base = "/youtube/v3"

    def refusal(self, request: Request) -> Response | None:
        """The answer to a missing or wrong key (a missing one was not recorded: it gets the same answer)."""
        key = request.query.get("key") or request.headers.get("x-goog-api-key")
        return recorded("youtube/errors/api_key_not_valid_400.json") if not key or key == WRONG_KEY else None

    def subject(self, request: Request) -> Subject:
        return Subject("youtube", _username(request))

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("youtube/errors/quota_exceeded_403.json")
        if fault.kind is Kind.RATE_LIMITED:
            message = "Rate limit exceeded."
            return _error(429, message, "rateLimitExceeded", domain="usageLimits", state="RESOURCE_EXHAUSTED")
        if fault.kind is Kind.UNAVAILABLE:
            return _error(503, "The service is currently unavailable.", "backendError", state="UNAVAILABLE")
        return _error(500, "Internal error encountered.", "backendError", state="INTERNAL")

    def answer(self, request: Request, mode: Kind | None) -> Response:
        calls = {"/channels": self._channels, "/playlistItems": self._playlist_items, "/videos": self._videos}
        call = calls.get(request.path)
        if call is None or request.method != "GET":
            return Response.of_text("<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", 404, "text/html")
        return call(request, _parts(request), mode)

    def _channels(self, request: Request, parts: Collection[str], mode: Kind | None) -> Response:
        found = _asked_channels(request)
        if mode is Kind.OTHER:
            found = [_another_than(channel) for channel in found]
        if mode is Kind.SUSPENDED:
            return recorded("youtube/errors/channel_not_found_empty_items_200.json")
        if mode is Kind.MISSING or not found:
            return recorded("youtube/errors/channel_not_found_no_items_key_200.json")
        items = [_part(_seen(channel.item, mode), parts) for channel in found]
        return _list("channel", items, total=len(items), per_page=_max_results(request))

    def _playlist_items(self, request: Request, parts: Collection[str], mode: Kind | None) -> Response:
        if "playlistId" not in request.query:
            raise Refused(recorded("youtube/errors/no_filter_selected_400.json"))
        playlist = channels.playlist(request.query["playlistId"])
        if playlist is None or mode in (Kind.MISSING, Kind.SUSPENDED, Kind.EMPTY):
            return recorded("youtube/errors/playlist_not_found_404.json")
        if mode is Kind.PRIVATE:
            message = "The request is not properly authorized to retrieve the specified playlist."
            return _error(403, message, "playlistItemsNotAccessible", domain="youtube.playlistItem")
        size = _max_results(request)
        start = _start_of_page(request.query.get("pageToken"), size)
        end = start + size
        tokens: Json = {}
        if end < len(playlist.items):
            tokens["nextPageToken"] = page_token(end)
        elif mode is Kind.LOOP:
            tokens["nextPageToken"] = page_token(0)
        if start:
            tokens["prevPageToken"] = page_token(start, backwards=True)
        items = [_part(item, parts) for item in playlist.items[start:end]]
        return _list("playlistItem", items, total=playlist.total, per_page=size, **tokens)

    def _videos(self, request: Request, parts: Collection[str], mode: Kind | None) -> Response:
        if "id" not in request.query:
            raise Refused(recorded("youtube/errors/no_filter_selected_400.json"))
        found = []
        for video_id in _ids(request):
            channel = None if mode is Kind.MISSING else channels.by_video(video_id)
            if channel is not None:
                found.append(_part(_seen(channel.videos[video_id], mode), parts))
        return _list("video", found, total=len(found), per_page=len(found))


def _username(request: Request) -> str | None:
    if request.path == "/playlistItems":
        playlist = channels.playlist(request.query.get("playlistId", ""))
        return playlist.channel.handle if playlist and playlist.channel else None
    if request.path == "/videos":
        owners = (channels.by_video(video_id) for video_id in comma_list(request.query.get("id", "")))
        return next((owner.handle for owner in owners if owner), None)
    name = request.query.get("forHandle") or request.query.get("forUsername") or request.query.get("id")
    if not name:
        return None
    channel = channels.by_handle(name) or channels.by_id(name)
    return channel.handle if channel else name.removeprefix("@").lower()


def _asked_channels(request: Request) -> list[channels.Channel]:
    filters = [name for name in ("id", "forHandle", "forUsername") if name in request.query]
    if not filters:
        raise Refused(recorded("youtube/errors/missing_required_parameter_400.json"))
    if len(filters) > 1:
        message = f"Incompatible parameters specified in the request: {', '.join(filters)}"
        raise Refused(_error(400, message, "incompatibleParameters", domain="youtube.parameter"))
    if filters == ["forHandle"]:
        found = [channels.by_handle(request.query["forHandle"])]
    elif filters == ["forUsername"]:
        found = [channels.by_legacy_name(request.query["forUsername"])]
    else:
        found = [channels.by_id(channel_id) for channel_id in _ids(request)]
    return [channel for channel in found if channel]


def _another_than(channel: channels.Channel) -> channels.Channel:
    other = channels.by_handle("cspan" if channel.handle == "googledevelopers" else "googledevelopers")
    assert other is not None
    return other


def _parts(request: Request) -> Collection[str]:
    parts = comma_list(request.query.get("part", ""))
    if not parts:
        message = "Required parameter: part"
        raise Refused(_error(400, message, "missingRequiredParameter", domain="youtube.parameter", location="part"))
    for part in parts:
        if part not in _PARTS[request.path]:
            raise Refused(_error(400, f"'{part}'", "unknownPart", domain="youtube.part", location="part"))
    return parts


def _ids(request: Request) -> Sequence[str]:
    ids = comma_list(request.query["id"])
    if len(ids) > 50:
        message = "The request specifies an invalid filter parameter."
        raise Refused(_error(400, message, "invalidFilters", domain="youtube.parameter", location="id"))
    return list(dict.fromkeys(ids))


def _max_results(request: Request) -> int:
    text = request.query.get("maxResults", "5")
    if not text.isdecimal():
        message = f"Invalid value '{text}'. Values must be within the range: [0, 50]"
        raise Refused(_error(400, message, "invalidParameter", domain="global", location="maxResults"))
    return min(int(text), 50)


def page_token(position: int, *, backwards: bool = False) -> str:
    """The old, short form of the real API's token, as recorded: `CDIQAA` is 50, `CAoQAQ` the page before 10."""
    digits = bytearray()
    rest = position
    while rest > 0x7F:
        digits.append(rest & 0x7F | 0x80)
        rest >>= 7
    digits.append(rest)
    return base64.urlsafe_b64encode(b"\x08" + bytes(digits) + b"\x10" + bytes([backwards])).decode().rstrip("=")


def _start_of_page(token: str | None, size: int) -> int:
    if not token:
        return 0
    try:
        match = _PAGE_TOKEN.fullmatch(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        match = None
    if match is None:
        message = "The request specifies an invalid page token."
        raise Refused(_error(400, message, "invalidPageToken", domain="youtube.parameter", location="pageToken"))
    position = 0
    for place, digit in enumerate(match[1]):
        position |= (digit & 0x7F) << 7 * place
    return max(position - size, 0) if match[2] == b"\x01" else position


def _part(item: Json, parts: Collection[str]) -> Json:
    return {key: item[key] for key in chain(_ALWAYS, parts) if key in item}


def _seen(item: Json, mode: Kind | None) -> Json:
    """A channel or video with its counts hidden, emptied or null, as the mode says."""
    statistics: Json = dict(item["statistics"])
    if mode is Kind.HIDDEN:
        hidden = {"subscriberCount", "likeCount", "commentCount"}
        statistics = {name: count for name, count in statistics.items() if name not in hidden}
        if "hiddenSubscriberCount" in statistics:
            statistics["hiddenSubscriberCount"] = True
    elif mode is Kind.NULLS:
        statistics = {name: value if isinstance(value, bool) else None for name, value in statistics.items()}
    elif mode is Kind.EMPTY and "videoCount" in statistics:
        statistics["videoCount"] = "0"
    return item | {"statistics": statistics}


def _list(kind: str, items: Sequence[Json], *, total: int, per_page: int, **tokens: str) -> Response:
    return Response.of_json(
        {
            "kind": f"youtube#{kind}ListResponse",
            "etag": "simulated",
            **tokens,
            "items": items,
            "pageInfo": {"totalResults": total, "resultsPerPage": per_page},
        }
    )


def _error(
    code: int,
    message: str,
    reason: str,
    *,
    domain: str = "global",
    location: str | None = None,
    state: str | None = None,
) -> Response:
    entry: dict[str, str] = {"message": message, "domain": domain, "reason": reason}
    if location:
        entry |= {"location": location, "locationType": "parameter"}
    error: Mapping[str, object] = {"code": code, "message": message, "errors": [entry]}
    return Response.of_json({"error": {**error, **({"status": state} if state else {})}}, code)
