"""From an Apify run to pages of videos, in whatever state the run is when time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tracking.accounts import Account, Video
from tracking.errors import PlatformUnavailableError, TrackingError
from tracking.platforms import Budget, VideoPage
from tracking.platforms.apify import Apify, Run
from tracking.platforms.messages import PROPER_NAMES, failure


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page of a dataset holds."""

    videos: tuple[Video, ...]
    error: TrackingError | None  # of an item that stands where a video should; counts when there is no video at all
    unusable: tuple[str, ...] = ()  # ids of posts that cannot be read


def video_pages(
    apify: Apify, run: Run, account: Account, budget: Budget, read: Callable[[list[dict[str, Any]]], Reading]
) -> Iterator[VideoPage]:
    """Wait for the run, then read it page by page.

    A run that is still going when time is up, or was cut by its own time-out, gives what it has, and its last
    page says that there is more. PlatformUnavailableError when it has nothing: a retry takes it up again.
    """
    name = PROPER_NAMES[account.platform]
    run = apify.wait(run, budget)
    if run.has_failed:
        raise failure(PlatformUnavailableError, name, note=f"Apify run {run.run_id}: {run.status}")
    number, error = 0, None
    for items, has_more in apify.item_pages(run, budget):
        reading = read(items)
        if reading.videos and not number and not run.is_finished:
            apify.abort(run, budget)
        number += len(reading.videos)
        error = error or reading.error
        if not number and not has_more:
            if error is not None:
                raise error
            if run.status != "SUCCEEDED":
                raise failure(PlatformUnavailableError, name, note=f"Apify run {run.run_id}: {run.status}, no items")
        is_cut = run.status != "SUCCEEDED" or _is_limited(number, account, budget)
        yield VideoPage(videos=reading.videos, has_more=has_more or is_cut, unusable=reading.unusable)


def _is_limited(number: int, account: Account, budget: Budget) -> bool:
    """Whether the actor stopped at the number it was asked for: the dataset's end is not the account's then."""
    return number >= budget.max_videos and (account.post_count is None or account.post_count > number)
