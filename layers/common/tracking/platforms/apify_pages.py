"""Turn an Apify run into pages of videos, even while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tracking.accounts import Account, Video
from tracking.errors import PlatformUnavailableError, TrackingError
from tracking.platforms import Bounds, VideoPage, Waiting
from tracking.platforms.apify import Apify, Run
from tracking.platforms.messages import PROPER_NAMES, failure
from tracking.sentences import say


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one page of a dataset."""

    videos: tuple[Video, ...]
    error: TrackingError | None  # from an item in place of a video; raised only if the run has no video
    unusable: tuple[str, ...] = ()  # ids of posts that cannot be read


ENOUGH = 1_000
"""New items of a run that goes on which are worth reading and saving before it ends."""


def video_pages(
    apify: Apify, run: Run, account: Account, bounds: Bounds, read: Callable[[list[dict[str, Any]]], Reading]
) -> Iterator[VideoPage | Waiting]:
    """Read the run page by page, from `bounds.cursor` on: the number of items that were read before.

    While the run goes on, its items are read when there are enough of them, or when the caller cannot wait any more.
    A `Waiting` then follows. The run's own time-out may cut it off, or it may fail after some videos were fetched. Such
    a run gives what it has, and its last page has `has_more`. Raises PlatformUnavailableError if there is nothing; a
    retry begins another run.
    """
    name = PROPER_NAMES[account.platform]
    begin = int(bounds.cursor or 0)
    if run.has_failed and not begin:
        raise failure(PlatformUnavailableError, name, note=f"Apify run {run.run_id}: {run.status}")
    if not run.is_finished:
        found = apify.number_of_items(run, bounds)
        if found == begin or (found - begin < ENOUGH and bounds.may_wait):
            yield collecting(name, found, account.post_count)
            return
    number, error = 0, None
    for items, offset, has_more in apify.item_pages(run, bounds, begin):
        reading = read(items)
        del items  # before the next page comes: see `item_pages`
        number += len(reading.videos)
        error = error or reading.error
        if not number and not has_more and not begin and run.is_finished:
            if error is not None:
                raise error
            if run.status != "SUCCEEDED":
                raise failure(PlatformUnavailableError, name, note=f"Apify run {run.run_id}: {run.status}, no items")
        is_cut = run.status != "SUCCEEDED" or _is_limited(bounds.saved + number, account, bounds)
        yield VideoPage(
            videos=reading.videos,
            has_more=has_more or is_cut,
            cursor=str(offset),
            goes_on=not run.is_finished,
            unusable=reading.unusable,
        )
    if not run.is_finished:
        yield collecting(name, offset, account.post_count)


def collecting(name: str, found: int = 0, total: int | None = None) -> Waiting:
    """Return the answer for a run that goes on. `name`: the platform's name for people. `found`: its items so far."""
    if found and total and total > found:
        return Waiting(message=say("collectingOf", platform=name, posts=found, total=total))
    return Waiting(message=say("collecting", platform=name, posts=found or None))


def _is_limited(number: int, account: Account, bounds: Bounds) -> bool:
    """Return whether the actor stopped at the requested number, so that the account has more posts than the dataset."""
    return number >= bounds.max_videos and (account.post_count is None or account.post_count > number)
