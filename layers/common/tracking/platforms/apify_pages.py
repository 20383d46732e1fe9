"""Turn an Apify run into pages of videos, even if the run is not finished when the time is up."""

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
    """The content of one page of a dataset."""

    videos: tuple[Video, ...]
    error: TrackingError | None  # from an item in place of a video; raised only if the run has no video
    unusable: tuple[str, ...] = ()  # ids of posts that cannot be read


def video_pages(
    apify: Apify, run: Run, account: Account, budget: Budget, read: Callable[[list[dict[str, Any]]], Reading]
) -> Iterator[VideoPage]:
    """Wait for the run, then read it page by page.

    A run may still be going when the time is up, or its own time-out may cut it off. Such a run gives the items found
    so far, and its last page has `has_more`. Raises PlatformUnavailableError if there are no items; a retry continues
    with the same run.
    """
    name = PROPER_NAMES[account.platform]
    run = apify.wait(run, budget)
    if run.has_failed:
        raise failure(PlatformUnavailableError, name, note=f"Apify run {run.run_id}: {run.status}")
    number, error = 0, None
    for items, has_more in apify.item_pages(run, budget):
        reading = read(items)
        del items  # before the next page comes: see `item_pages`
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
    """Return whether the actor stopped at the requested number, so that the account has more posts than the dataset."""
    return number >= budget.max_videos and (account.post_count is None or account.post_count > number)
