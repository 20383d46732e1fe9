"""Social platforms: one module per platform, and one per provider that platforms get their data from.

What a platform is called, and what its links and usernames look like, stands in contracts/platforms.json. Its module
here has its name, and registers itself by a function `build(setup: Setup) -> Platform`, which
`tracking.wiring.platform` calls. To add one: docs/howto/add-a-platform.md.

A platform turns a provider's answers into `Account` and `Video`; a provider speaks HTTP and turns foreign
failures into `tracking.errors`. This module holds what all platforms have in common; beside it stand what they
share: `addresses` (what people type), `fields` (what platforms send), `messages` (what people read when it goes
wrong), `http` (one JSON call) and `apify_pages` (an Apify run as pages of videos).
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
    """How long and how much one fetch may take."""

    deadline: datetime  # aware UTC; no wait goes past it
    max_videos: int
    checkpoint: Callable[[], None] = lambda: None
    """Called between two calls to the platform; raises when nobody wants the answer any more."""
    resume_since: datetime | None = None
    """Set when an earlier try of the same step may have begun something paid (an Apify run) at or after this
    moment: look for it before beginning another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedAccount:
    account: Account
    videos_ref: str
    """Where the platform module finds the videos: an uploads playlist, a user id, an Apify dataset. Opaque to
    everyone else; at most a few hundred characters, JSON-safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    videos: tuple[Video, ...]
    has_more: bool  # whether the platform holds further pages after this one
    unusable: tuple[str, ...] = ()  # ids of further posts, as sent, that cannot be read or asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a platform is built from, by the function `build` of its module."""

    http: httpx.Client
    settings: PlatformSettings
    key: Callable[[], str]  # of the platform's credential; may raise CredentialsError
    clock: Clock


class Platform(Protocol):
    def fetch_account(self, username: str, budget: Budget) -> FetchedAccount:
        """Look an account up by what a person typed: `@name`, a name, a profile or channel URL, an id.

        InvalidJobError when the text cannot name an account of this platform; the errors of
        `tracking.errors` otherwise. A private account is returned, with `is_private`.
        """
        ...

    def fetch_videos(self, fetched: FetchedAccount, budget: Budget) -> Iterator[VideoPage]:
        """Pages of the account's videos, newest first as far as the platform goes; lazy, so that the caller
        may stop between two pages. AccountPrivateError for a private account."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedVideos:
    videos: tuple[Video, ...]
    is_complete: bool  # False: the platform has more; the time or the number of videos ran out
    unusable: tuple[str, ...] = ()  # the ids of others, which cannot name a document


def collect_videos(pages: Iterator[VideoPage], budget: Budget, clock: Clock) -> FetchedVideos:
    """Take pages until there are no more, `max_videos` is reached, or the deadline has come.

    A video that comes twice (posts shift between pages while they are read) is kept once, first place,
    newest content. One whose id cannot name a document is counted and left out. A last page that says `has_more`
    was cut short by its platform module.
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
