"""YouTube channels: recorded ones, and synthetic ones by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from local.simulator.messages import Json, sample
from local.simulator.names import SimName, published_at

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
