"""Social platforms: one module per platform, and one per provider from which platforms get their data.

contracts/platforms.json holds a platform's name, and the forms of its links and usernames. The platform's module has
the same name, and a function `build(setup: Setup) -> Platform`, which `tracking.wiring.platform` calls. To add a
platform: docs/howto/add-a-platform.md.

A platform turns a provider's answers into `Account` and `Video`. A provider sends HTTP requests and turns foreign
failures into `tracking.errors`. This module holds the types of all platforms. Platforms also share `addresses` (typed
usernames and links), `fields` (values in answers), `messages` (sentences for errors), `http` (one JSON call) and
`apify_pages` (an Apify run as pages of videos).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tracking.accounts import Account, Video
from tracking.clock import Clock
from tracking.document_limits import is_document_id

if TYPE_CHECKING:
    import httpx

    from tracking.settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The limits of one fetch: time and number of videos."""

    deadline: datetime  # aware UTC; no wait goes past it
    max_videos: int
    checkpoint: Callable[[], None] = lambda: None
    """Called between two calls to the platform. Raises when the answer is no longer needed."""
    resume_since: datetime | None = None
    """Start of the execution, set on a retry.

    An earlier try may have started something paid (an Apify run) at or after this moment. Look for it first.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedAccount:
    account: Account
    videos_ref: str
    """The place of the videos: an uploads playlist, a user id, a username or an Apify run.

    Only the platform's module reads this text. At most a few hundred characters, JSON-safe.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    videos: tuple[Video, ...]
    has_more: bool  # whether the platform has further pages
    unusable: tuple[str, ...] = ()  # ids, as the platform sent them, of other posts that cannot be read or requested


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The arguments of a module's function `build`."""

    http: httpx.Client
    settings: PlatformSettings
    key: Callable[[], str]  # returns the key of the platform's credential; may raise CredentialsError
    clock: Clock


class Platform(Protocol):
    def fetch_account(self, username: str, budget: Budget) -> FetchedAccount:
        """Find an account by a user's text: `@name`, a name, a profile or channel URL, an id.

        Raises InvalidJobError when the text cannot name an account of this platform, and other errors of
        `tracking.errors`. A private account is returned with `is_private`.
        """
        ...

    def fetch_videos(self, fetched: FetchedAccount, budget: Budget) -> Iterator[VideoPage]:
        """Yield pages of the account's videos, newest first if the platform can do that.

        It is lazy: the caller may stop between two pages. Raises AccountPrivateError for a private account.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedVideos:
    videos: tuple[Video, ...]
    is_complete: bool  # False: the platform has more, but a limit of time or number was reached
    unusable: tuple[str, ...] = ()  # ids of left-out videos, which cannot name a document


def collect_videos(pages: Iterator[VideoPage], budget: Budget, clock: Clock) -> FetchedVideos:
    """Take pages until there are no more, `max_videos` is reached, or the deadline has passed.

    A video that comes twice is kept once: at its first place, with its newest content. (Posts move between pages while
    they are read.) A video whose id cannot name a document is counted and left out. `has_more` on the last page means
    that the platform's module stopped early.
    """
    videos: dict[str, Video] = {}
    odd: dict[str, None] = {}
    unreadable: list[str] = []
    is_complete = True
    for page in pages:
        for video in page.videos:
            if is_document_id(video.video_id):
                videos[video.video_id] = video
            else:
                odd[video.video_id] = None
        unreadable += page.unusable
        number = len(videos)
        is_complete = not page.has_more and number <= budget.max_videos
        if number >= budget.max_videos or (page.has_more and clock.now() >= budget.deadline):
            break
        if page.has_more:
            budget.checkpoint()
    kept = tuple(videos.values())[: budget.max_videos]
    return FetchedVideos(videos=kept, is_complete=is_complete, unusable=(*odd, *unreadable))
