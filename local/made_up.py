"""A made-up past: a year of points for accounts of the demo, before the day on which they were really added.

A project that was just set up has a history of one day, and its charts are empty. So `make demo` writes the points that
daily fetches of a year would have left, in the documents and by the builders of the product. They end at what the first
real fetch found, and are told by their days: a real account has no point of a day before its `dateAdded`.

    days        a year before the first real point, with a gap of some days
    account     accountHistory; its counts grow as `local.growing` says, with one big day
    videos      videoHistory, from each video's publication on, thinned as the daily cleanup would have done
    figures     the growth of account and videos, compared by the product with the points that are there now
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

from local import growing
from tracking.accounts import Account, MediaType, Video, camel_case
from tracking.history import thinning
from tracking.history.days import day_from, day_of
from tracking.history.past import Past, account_points, map_of
from tracking.history.points import Points
from tracking.jobs import Fields
from tracking.store import DocumentWrite, Store

DAYS = 365
GAP_DAYS = 5
_MOST_POSTS_A_DAY = 12.0


@dataclass(frozen=True, slots=True)
class _First:
    """The first real fetch of an account: the made-up days lead to it."""

    at: datetime
    account: Account
    videos: Sequence[Video]

    @property
    def day(self) -> date:
        return day_of(self.at)

    @property
    def name(self) -> str:
        return f"{self.account.platform}/{self.account.username.lower()}"


def write_past(store: Store, account_path: str, now: datetime) -> int:
    """Write the account's made-up points, and refresh its figures. Return the number of days with a point.

    Safe to run again: an account that has points before it was added stays as it is, with 0 days. So does one that has
    no real point yet. After a run that was killed, the next one writes the same points again.
    """
    document = store.get_document(account_path) or {}
    added, since = document.get("dateAdded"), day_from(map_of(document.get("growth")).get("since"))
    if not isinstance(added, datetime) or since is None or since < day_of(added):
        return 0
    first = _first_fetch(store, account_path, document, day_of(added))
    if first is None:
        return 0
    known = Past.read(store, account_path, [video.video_id for video in first.videos], first.day)
    days = [day for day in made_up_days(first.name) if first.day + timedelta(day) < day_of(added)]
    documents = _documents(account_path, first, known, days)
    for path, content in documents.items():
        store.put_document(DocumentWrite(path, _thinned(path, content, now)))
    _refresh_figures(store, account_path, first.day + timedelta(days[0]))
    return len(days)


def made_up_days(name: str) -> list[int]:
    """Return the days that have a point, as numbers below 0. For some days of the last months nothing was fetched."""
    gap = -40 - int(80 * growing.chance(name, "gap"))
    return [day for day in range(-DAYS, 0) if not gap <= day < gap + GAP_DAYS]


def _first_fetch(store: Store, account_path: str, document: Mapping[str, Any], added: date) -> _First | None:
    """Return the first real fetch, as its points tell it: what was fetched later does not count."""
    points = {day: point for day, point in _account_days(store, account_path) if day >= added}
    if not points:
        return None
    day = min(points)
    counts = _video_counts(store, account_path, day)
    videos = [_as_counted(video, counts[video.video_id]) for video in _videos(store, account_path, counts)]
    point = points[day]
    of_day = {"followerCount": point["f"], "followingCount": point["g"], "postCount": point["p"]}
    account = _account({**document, **of_day, "totalViews": point["v"]})
    return _First(point["at"], account, videos)


def _account_days(store: Store, account_path: str) -> Iterator[tuple[date, Mapping[str, Any]]]:
    for name, document in store.get_documents(f"{account_path}/accountHistory").items():
        if thinning.month_at(f"{account_path}/accountHistory/{name}"):
            yield from account_points(document, name).items()


def _video_counts(store: Store, account_path: str, day: date) -> dict[str, list[int | None]]:
    """Return the counts of the videos that have a point on this day."""
    month, key = f"{day:%Y-%m}", f"{day:%d}"
    documents = store.get_documents(f"{account_path}/videoHistory")
    of_month = [document for name, document in documents.items() if name[:7] == month]
    return {
        video_id: points[key]
        for document in of_month
        for video_id, points in map_of(document.get("v")).items()
        if key in points
    }


def _videos(store: Store, account_path: str, wanted: Mapping[str, object]) -> list[Video]:
    documents = store.get_documents(f"{account_path}/videos")
    return [_video(document | {"videoId": name}) for name, document in documents.items() if name in wanted]


def _account(document: Mapping[str, Any]) -> Account:
    return Account(**{one.name: document[camel_case(one.name)] for one in fields(Account)})


def _video(document: Mapping[str, Any]) -> Video:
    values = {one.name: document[camel_case(one.name)] for one in fields(Video)}
    values |= {"media_type": MediaType(values["media_type"]), "hashtags": tuple(values["hashtags"])}
    return Video(**values)


def _as_counted(video: Video, counts: Sequence[int | None]) -> Video:
    views, likes, comments, shares = counts
    return replace(video, view_count=views, like_count=likes, comment_count=comments, share_count=shares)


def _documents(account_path: str, first: _First, known: Past, days: Sequence[int]) -> dict[str, Fields]:
    """Return the documents of all made-up points, by path."""
    account, videos = _AccountPast(first), [_VideoPast(video, first.at) for video in first.videos]
    documents: dict[str, Fields] = {}
    for before, day in zip([None, *days], days, strict=False):
        present = [one.on(day) for one in videos if one.first <= day]
        ids = {video.video_id for video in present}
        past = Past(videos={name: one for name, one in known.videos.items() if name in ids}, parts=known.parts)
        points = Points(account_path, past, present, first.at + timedelta(days=day))
        point = points.account_point(account.on(day))
        # The builder counts videos that it sees for the first time. Posts of that time are not among the videos.
        point["n"] = None if before is None else account.posted(before, day)
        for write in (points.account_write(point), *points.video_writes()):
            if "/videoIndex/" not in write.path:  # it tells what the real fetch wrote
                _join(documents.setdefault(write.path, {}), write.fields)
    return documents


def _join(document: Fields, written: Fields) -> None:
    """Join maps at any depth, as the store does."""
    for key, value in written.items():
        if isinstance(value, dict):
            _join(document.setdefault(key, {}), value)
        else:
            document[key] = value


class _AccountPast:
    """The account on the days before its first real fetch."""

    def __init__(self, first: _First) -> None:
        account, name = first.account, first.name
        self._first = first
        self._levels = growing.past_levels(growing.account_gain(name), -DAYS)
        self._following = growing.changed_slowly(name, account.following_count or 0, -DAYS)
        a_day = _posts_a_day(first)
        posts = [growing.posts_on(name, day, a_day) for day in range(-DAYS, 1)]
        if account.post_count is None:
            posts = [_published_on(first, day) for day in range(-DAYS, 1)]
        self._posts = dict(zip(range(-DAYS, 1), accumulate(posts), strict=True))  # since the first day

    def on(self, day: int) -> Account:
        """Return the account as it was. Counts that are hidden were hidden then, too."""
        account, level = self._first.account, self._levels[day]
        followers, posts, views = account.follower_count, account.post_count, account.total_views
        return replace(
            account,
            follower_count=followers and growing.grown_followers(self._first.name, followers, level),
            following_count=None if account.following_count is None else self._following[day],
            post_count=posts and posts - self.posted(day, 0),
            total_views=views and growing.grown(views, level),
        )

    def posted(self, after: int, until: int) -> int:
        """Return how many posts it made after a day, and until another."""
        return self._posts[until] - self._posts[after]


def _published_on(first: _First, day: int) -> int:
    times = [video.published_at for video in first.videos if video.published_at]
    return sum((day_of(time) - first.day).days == day for time in times)


def _posts_a_day(first: _First) -> float:
    """Return how often the account posts, by the videos of the first real fetch."""
    times = sorted(video.published_at for video in first.videos if video.published_at)
    if len(times) < 2:
        return 0.0
    a_day = len(times) / max((times[-1] - times[0]) / growing.DAY, 1.0)
    return min(a_day, (first.account.post_count or 0) / 2 / DAYS, _MOST_POSTS_A_DAY)


class _VideoPast:
    """A video on the days before the first real fetch. `first`: the first of them on which it was there."""

    def __init__(self, video: Video, at: datetime) -> None:
        age = growing.age_days(video.published_at, at) if video.published_at else 2.0 * DAYS
        self._video = video
        self.first = max(-DAYS, math.ceil(-age))
        if self.first <= 0:
            gain = growing.post_gain(video.video_id, age)
            self._levels = growing.past_levels(gain, self.first, is_born=age < DAYS)

    def on(self, day: int) -> Video:
        video, level = self._video, self._levels[day]
        counts = (video.view_count, video.like_count, video.comment_count, video.share_count)
        return _as_counted(video, [count and growing.grown(count, level) for count in counts])


def _thinned(path: str, document: Fields, now: datetime) -> Fields:
    """Return the document as the daily cleanup would have left it by now. A year of an account keeps its days."""
    month, due = thinning.month_at(path), document[thinning.DUE]
    return thinning.of_videos(month, document, now) if month and "v" in document and due <= now else document


def _refresh_figures(store: Store, account_path: str, since: date) -> None:
    """Compare the newest real fetch with the past once more, and write what the product derives from it.

    The account is written last: its `since` says that the past is whole.
    """
    day, point = max(_account_days(store, account_path), key=lambda found: found[0])
    videos = _videos(store, account_path, _video_counts(store, account_path, day))
    past = Past.read(store, account_path, [video.video_id for video in videos], day)
    points = Points(account_path, past, videos, point["at"])
    for one in points.fetched:
        store.put_document(DocumentWrite(f"{account_path}/videos/{one.video.video_id}", one.fields))
    for write in points.video_writes():
        store.put_document(write)
    figures = points.figures(point)
    figures["growth"] |= {"since": since.isoformat()}
    store.put_document(DocumentWrite(account_path, figures))
