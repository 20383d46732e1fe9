"""The points of one fetch, and the documents' writes that keep them.

The writes set single entries of maps, so that the other days and the other videos of a document stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tracking.accounts import Account, Video
from tracking.document_limits import fitted
from tracking.history import growth, spikes, thinning
from tracking.history.days import day_key, day_of, month_of
from tracking.history.growth import Views
from tracking.history.past import VIDEOS_PER_PART, KnownVideo, Past, index_path, video_month_path
from tracking.jobs import Fields
from tracking.store import DocumentWrite

DIGEST_BYTES = 8
LARGEST_COUNT = 2**63 - 1
"""The largest number that Firestore can hold."""
LISTED_LATE = timedelta(days=1)
"""A video may be listed, or made public, so long after the time of its publication, and still be new."""
MISSED_FOR = timedelta(hours=20)
"""A video is gone if two fetches of all videos, a day apart, do not find it. One is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedVideo:
    """A video as this fetch found it: its document's fields with the figures, and its entry in the index."""

    video: Video
    fields: Fields
    entry: KnownVideo
    is_changed: bool  # whether its document is not as this fetch would write it


@dataclass(frozen=True)
class Points:
    """The points of one fetch of an account, or of one chunk of its videos.

    `is_whole`: whether these are all videos that the platform has, so that a known one which is not among them is
    missing. `tells_outliers`: whether outliers become events, so that the index remembers them.
    """

    account_path: str
    past: Past
    videos: Sequence[Video]
    now: datetime
    is_whole: bool = False
    tells_outliers: bool = False

    @cached_property
    def fetched(self) -> list[FetchedVideo]:
        videos = {video.video_id: video for video in self.videos}
        comparable = self._known_views() | {
            video_id: Views(one.published_at, one.media_type, one.view_count) for video_id, one in videos.items()
        }
        multipliers = growth.multipliers(comparable, videos, self.now)
        parts = self._parts_of(videos)
        levels = self._outlier_levels(videos, multipliers)
        return [
            self._fetched(one, multipliers[video_id], parts[video_id], levels[video_id])
            for video_id, one in videos.items()
        ]

    def is_new(self, video: Video) -> bool:
        """Return whether the video was published since the fetch before, as far as one can know.

        None is new for an account without a recent point: then all its videos are found for the first time.
        """
        last_at, published_at = self.past.last_at, video.published_at
        if video.video_id in self.past.videos or last_at is None or published_at is None:
            return False
        return published_at > last_at - LISTED_LATE

    @cached_property
    def outliers(self) -> dict[str, int]:
        """The levels that videos reach by this fetch, and that no event has told yet, by the videos' ids."""
        told = {video_id: known.outlier for video_id, known in self.past.videos.items()}
        return {
            one.video.video_id: one.entry.outlier
            for one in self.fetched
            if one.entry.outlier > told.get(one.video.video_id, 0)
        }

    def account_point(self, account: Account) -> Fields:
        """Return the account's point. Its videos are those of this fetch and those that were known before."""
        views = [entry.views for entry in self._present if entry.views is not None]
        return {
            "at": self.now,
            "f": account.follower_count,
            "g": account.following_count,
            "p": account.post_count,
            "v": account.total_views,
            "n": self._new_videos(),
            "tv": min(sum(views), LARGEST_COUNT) if views else None,
        }

    @cached_property
    def entries(self) -> dict[str, KnownVideo]:
        """The index of the account's videos as this fetch leaves it."""
        return {**self.past.videos, **self.missing, **{one.video.video_id: one.entry for one in self.fetched}}

    @cached_property
    def missing(self) -> dict[str, KnownVideo]:
        """The entries of videos that this fetch should have found, and did not."""
        if not self.is_whole:
            return {}
        lost = self.past.videos.keys() - {video.video_id for video in self.videos}
        known = {video_id: self.past.videos[video_id] for video_id in sorted(lost)}
        missed = {name: replace(entry, missing_since=entry.missing_since or self.now) for name, entry in known.items()}
        return {name: replace(entry, is_marked=self._is_gone(entry)) for name, entry in missed.items()}

    @property
    def is_sure(self) -> bool:
        """False while a missing video waits for the fetch that confirms it."""
        return all(self._is_gone(entry) for entry in self.missing.values())

    @property
    def number_of_videos(self) -> int:
        return len(self._present)

    @property
    def _present(self) -> list[KnownVideo]:
        return [entry for entry in self.entries.values() if not self._is_gone(entry)]

    def gone_writes(self) -> list[DocumentWrite]:
        """Return the writes that mark the videos which are gone. They stay, with their history."""
        return [
            DocumentWrite(f"{self.account_path}/videos/{video_id}", {"unavailableSince": entry.missing_since})
            for video_id, entry in self.newly_gone.items()
        ]

    @property
    def newly_gone(self) -> dict[str, KnownVideo]:
        """The entries of videos that are gone, and whose documents do not say so yet."""
        gone = {video_id: entry for video_id, entry in self.missing.items() if entry.is_marked}
        return {video_id: entry for video_id, entry in gone.items() if not self.past.videos[video_id].is_marked}

    def _is_gone(self, entry: KnownVideo) -> bool:
        return entry.missing_since is not None and entry.missing_since <= self.now - MISSED_FOR

    def figures(self, point: Mapping[str, Any]) -> Fields:
        """Return the figures of the account's document that lists order by and draw."""
        today = day_of(self.now)
        return {
            "growth": growth.of_account(self.past, point, today),
            "recentFollowers": growth.recent_followers(self.past, point, today),
            "spikes": spikes.of_account(self.past, point, today),
        }

    def account_write(self, point: Fields) -> DocumentWrite:
        today = day_of(self.now)
        month = month_of(today)
        fields: Fields = {"days": {day_key(today): point}, thinning.DUE: thinning.account_due(month)}
        return DocumentWrite(f"{self.account_path}/accountHistory/{month}", fields)

    def video_writes(self) -> Iterator[DocumentWrite]:
        """Yield a write for each part of the videos' history, and for each part of the index that changes."""
        today = day_of(self.now)
        points: dict[int, Fields] = {}
        entries: dict[int, Fields] = {}
        for one in self.fetched:
            video, entry = one.video, one.entry
            counts = [video.view_count, video.like_count, video.comment_count, video.share_count]
            points.setdefault(entry.part, {})[video.video_id] = {day_key(today): counts}
            known = self.past.videos.get(video.video_id)
            if known != entry:
                entries.setdefault(entry.part, {})[video.video_id] = _stored(entry, known)
        for video_id, entry in self.missing.items():
            if self.past.videos[video_id] != entry:
                entries.setdefault(entry.part, {})[video_id] = _stored(entry, None)
        if points and max(points) > max(self.past.parts, default=1):
            entries.setdefault(1, {})  # it holds the number of parts
        for part, of_part in points.items():
            month = month_of(today)
            fields: Fields = {"v": of_part, thinning.DUE: thinning.videos_due(month)}
            yield DocumentWrite(video_month_path(self.account_path, month, part), fields)
        for part, of_part in entries.items():
            fields = {"v": of_part} if of_part else {}  # an empty map would take the place of the whole one
            if part == 1:
                fields["of"] = max([*points, *self.past.parts])
            yield DocumentWrite(index_path(self.account_path, part), fields)

    def _fetched(self, video: Video, multiplier: float | None, part: int, level: int) -> FetchedVideo:
        known = self.past.videos.get(video.video_id)
        before = self.past.views.get(video.video_id, {})
        fields = fitted(video.to_document()) | growth.of_video(video.view_count, video.published_at, before, self.now)
        fields["multiplier"] = multiplier
        entry = KnownVideo(
            part=part,
            digest=_digest(fields),
            published_at=video.published_at,
            media_type=str(video.media_type),
            views=video.view_count,
            first_seen=known.first_seen if known else day_of(self.now),
            outlier=level,
        )
        at_ages = growth.at_ages(video.view_count, video.published_at, self.now)
        back: Fields = {"unavailableSince": None} if known and known.missing_since else {}
        is_changed = known is None or known.digest != entry.digest or bool(at_ages or back)
        return FetchedVideo(video=video, fields=fields | at_ages | back, entry=entry, is_changed=is_changed)

    def _outlier_levels(self, videos: Mapping[str, Video], multipliers: Mapping[str, float | None]) -> dict[str, int]:
        """Return the highest level that each video has reached: as it was told, or as this fetch tells it.

        The views of the fetch before say what a video had reached then, told or not. So nothing is told of all the
        outliers of an account when events are switched on, or when old videos are found. Nor is a settled video news
        that could not be compared before: all of an account's may be so when a platform begins to report views.
        """
        known = self.past.videos
        told = {video_id: known[video_id].outlier if video_id in known else 0 for video_id in videos}
        if not self.tells_outliers:
            return told
        levels = {video_id: growth.outlier_level(multiplier) for video_id, multiplier in multipliers.items()}
        higher = [video_id for video_id in videos if levels[video_id] > told[video_id]]
        compared = [video_id for video_id in higher if video_id in known]
        before = growth.multipliers(self._known_views(), compared, self.past.last_at or self.now)
        news = {
            video_id: levels[video_id]
            for video_id in higher
            if (
                self._is_higher(videos[video_id], levels[video_id], before[video_id])
                if video_id in known
                else self.is_new(videos[video_id])
            )
        }
        return told | news

    def _is_higher(self, video: Video, level: int, before: float | None) -> bool:
        """Return whether a known video has risen to this level since the fetch before."""
        if before is None:
            return video.published_at is not None and video.published_at > self.now - growth.SETTLED
        return level > growth.outlier_level(before)

    def _known_views(self) -> dict[str, Views]:
        return {
            video_id: Views(known.published_at, known.media_type, known.views)
            for video_id, known in self.past.videos.items()
        }

    def _parts_of(self, videos: Mapping[str, Video]) -> dict[str, int]:
        """Return the part of each video: as it is known, and for a new one the last part that has room."""
        parts = {video_id: self.past.videos[video_id].part for video_id in videos if video_id in self.past.videos}
        last = max(self.past.parts, default=1)
        number = self.past.parts[last]
        for video_id in videos:
            if video_id not in parts:
                if number >= VIDEOS_PER_PART:
                    last, number = last + 1, 0
                parts[video_id] = last
                number += 1
        return parts

    def _new_videos(self) -> int | None:
        """Return how many videos were found today for the first time, and are not older than the point before.

        None for the account's first day: then all its videos are found for the first time.
        """
        today = day_of(self.now)
        before = max((day for day in self.past.account if day < today), default=None)
        if before is None:
            return None
        new = [entry.published_at for entry in self.entries.values() if entry.first_seen == today]
        return sum(published_at is None or day_of(published_at) >= before for published_at in new)


def _stored(entry: KnownVideo, known: KnownVideo | None) -> Fields:
    """Return the entry's map. Most videos are never missing, so those fields are left out where nothing changes."""
    was_missing = known is not None and known.missing_since is not None
    missing = {"x": entry.missing_since, "u": entry.is_marked} if entry.missing_since or was_missing else {}
    outlier = {"o": entry.outlier} if entry.outlier else {}
    return {
        **missing,
        **outlier,
        "h": entry.digest,
        "t": entry.published_at,
        "m": entry.media_type,
        "w": entry.views,
        "s": entry.first_seen.isoformat() if entry.first_seen else None,
    }


def _digest(fields: Fields) -> str:
    text = json.dumps(fields, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
