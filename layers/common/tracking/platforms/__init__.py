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

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tracking.accounts import Account, Video
from tracking.clock import Clock
from tracking.document_limits import is_document_id
from tracking.errors import AllowanceSpentError, CredentialsError, QuotaExceededError, RateLimitedError
from tracking.sentences import Sentence
from tracking.spending import Meter

if TYPE_CHECKING:
    import httpx

    from tracking.settings import PlatformSettings


CHUNK = 5_000
"""Videos that are fetched, staged and saved together. A page may carry a chunk a little past this number."""


Ids = Mapping[str, str]

Refusal = RateLimitedError | QuotaExceededError | CredentialsError
"""The platform takes no request of ours for now, whichever account it concerns."""


@dataclass(slots=True)
class RunBook:
    """The paid runs of one attempt: their ids by kind. The id "" means that a start was about to be sent.

    `save` keeps the ids before the caller goes on, and returns the ids that are kept. These are others if another
    process began runs for the same attempt meanwhile: an invocation may come twice, or go on after its time. It raises
    when the job is no longer ours.
    """

    ids: dict[str, str] = field(default_factory=dict)
    save: Callable[[Ids], Ids] = lambda ids: ids

    def intend(self, *kinds: str) -> bool:
        """Note that runs of these kinds are about to be started. Return False if another process has noted runs."""
        return self.note(dict.fromkeys(kinds, ""))

    def note(self, ids: Ids) -> bool:
        """Note the ids of runs. Nothing is saved when they are known. Return False if others are kept; take those."""
        return self._keep({**self.ids, **ids})

    def settle(self, ids: Ids, refused: Collection[str]) -> bool:
        """Note ids as `note` does, and forget the intents of these kinds: their starts were certainly refused."""
        left = {kind: run_id for kind, run_id in self.ids.items() if run_id or kind not in refused}
        return self._keep({**left, **ids})

    def _keep(self, ours: dict[str, str]) -> bool:
        if ours == self.ids:
            return True
        self.ids = dict(self.save(ours))
        return self.ids == ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of one fetch: its time and number of videos, and what is known of earlier ones."""

    deadline: datetime  # aware UTC; no call begins after it
    max_videos: int  # of the whole job
    checkpoint: Callable[[], None] = lambda: None
    """Called between two calls to the platform. Raises when the answer is no longer needed."""
    runs: RunBook = field(default_factory=RunBook)
    runs_since: datetime | None = None
    """Start of the execution. A run whose id is "" in `runs` may have been started at or after this moment."""
    is_retry: bool = False  # an earlier run of this state failed; a paid run that failed may be replaced
    ends_at: datetime | None = None  # when the whole job ends; a paid run gets no more time
    stops_at: datetime | None = None  # older videos are not needed; None: all are
    cursor: str = ""  # where the videos go on; "": at the newest
    saved: int = 0  # videos before the cursor
    may_wait: bool = True  # whether the caller can come again after a `Waiting`
    chunk: int = CHUNK
    meter: Meter = field(default_factory=Meter)
    """Counts what the platform charges for. The providers add to it."""

    @property
    def remaining(self) -> int:
        """Return how many videos the job may still fetch."""
        return max(0, self.max_videos - self.saved)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedAccount:
    account: Account
    videos_ref: str
    """The place of the videos: an uploads playlist, a user id, a username or an Apify run.

    Only the platform's module reads this text. At most a few hundred characters, JSON-safe.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The platform needs time. The caller comes again later, with the same cursor."""

    message: Sentence  # for the user
    wait_s: int | None = None  # None: as the caller likes
    is_refused: bool = False  # the platform has no room for another run, so it has not even begun


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    videos: tuple[Video, ...]
    has_more: bool  # whether the platform has further pages
    cursor: str = ""  # where the next page begins, as the platform's module reads it
    goes_on: bool = False  # a paid run that goes on has found these videos
    unusable: tuple[str, ...] = ()  # ids, as the platform sent them, of other posts that cannot be read or requested


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The arguments of a module's function `build`."""

    http: httpx.Client
    settings: PlatformSettings
    key: Callable[[], str]  # returns the key of the platform's credential; may raise CredentialsError
    clock: Clock
    key_after: Callable[[str], str] = lambda refused: refused  # returns the key to use after this one was refused


class Platform(Protocol):
    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount | Waiting:
        """Find an account by a user's text: `@name`, a name, a profile or channel URL, an id.

        Never waits for a paid run: returns `Waiting` while it works. Raises InvalidJobError when the text cannot name
        an account of this platform, and other errors of `tracking.errors`. A private account is returned with
        `is_private`.
        """
        ...

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        """Yield pages of the account's videos from `bounds.cursor` on, newest first if the platform can do that.

        A `Waiting` is the last that it yields. It is lazy: the caller may stop between two pages. Raises
        AccountPrivateError for a private account.
        """
        ...


@runtime_checkable
class PaidPlatform(Platform, Protocol):
    """A platform whose data comes from paid runs, which go on, and cost money, until somebody aborts them."""

    def abort_run(self, username: str, kind: str, run_id: str, since: datetime, deadline: datetime) -> None:
        """Abort a run. `run_id` "": look for a run of this account that began at or after `since`.

        Raises an error of `tracking.errors`. A run that has ended stays as it is.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedVideos:
    """A chunk of an account's videos."""

    videos: tuple[Video, ...]
    is_complete: bool  # False: the platform has more, but a limit of time or number was reached
    unusable: tuple[str, ...] = ()  # ids of left-out videos, which cannot name a document
    cursor: str = ""  # where the next chunk begins
    is_last: bool = True  # False: the next chunk can be fetched from the cursor on
    goes_on: bool = False  # a paid run goes on
    waiting: Waiting | None = None  # why fetching stopped
    refusal: Refusal | None = None  # why fetching stopped


def collect_videos(pages: Iterator[VideoPage | Waiting], bounds: Bounds, clock: Clock) -> FetchedVideos:
    """Take pages until there are no more, `max_videos` or the chunk's size is reached, or the deadline has passed.

    It also stops, and keeps the pages so far, when the platform needs time or refuses us, and when a refresh may spend
    no more. A video that comes twice is
    kept once: at its first place, with its newest content. (Posts move between pages while they are read.) A video
    whose id cannot name a document is counted and left out. `has_more` on the last page means that the platform's
    module stopped early.
    """
    videos: dict[str, Video] = {}
    odd: dict[str, None] = {}
    unreadable: list[str] = []
    cursor, is_complete, is_last, goes_on = bounds.cursor, True, True, False
    waiting: Waiting | None = None
    refusal: Refusal | None = None
    try:
        for page in pages:
            if isinstance(page, Waiting):
                waiting, is_complete, is_last, goes_on = page, False, False, True
                break
            for video in page.videos:
                if is_document_id(video.video_id):
                    videos[video.video_id] = video
                else:
                    odd[video.video_id] = None
            unreadable += page.unusable
            cursor, number, goes_on = page.cursor, len(videos), page.goes_on
            is_complete = not page.has_more and number <= bounds.remaining
            if number >= bounds.remaining or _is_past(page, bounds.stops_at):
                break
            if page.has_more and (number >= bounds.chunk or clock.now() >= bounds.deadline):
                is_last = False
                break
            if page.has_more:
                bounds.checkpoint()
    except (RateLimitedError, QuotaExceededError, CredentialsError) as error:
        # Of a paid run nobody knows how it stands now. Stopping one that has ended does nothing.
        refusal, is_complete, is_last, goes_on = _of_platform(error), False, False, True
    except AllowanceSpentError:
        is_complete, goes_on = False, False
    return FetchedVideos(
        videos=tuple(videos.values())[: bounds.remaining],
        is_complete=is_complete,
        unusable=(*odd, *unreadable),
        cursor=cursor,
        is_last=is_last,
        goes_on=goes_on,
        waiting=waiting,
        refusal=refusal,
    )


def _is_past(page: VideoPage, moment: datetime | None) -> bool:
    """Return whether the page has come to videos older than this. Pinned ones stand at the top, however old."""
    dates = [video.published_at for video in page.videos if video.published_at and not video.is_pinned]
    return moment is not None and any(date < moment for date in dates)


def _of_platform(error: Refusal) -> Refusal:
    """Return the refusal. Raise it if it concerns one account, or another key than the platform's."""
    if isinstance(error, CredentialsError) and not error.stops_platform:
        raise error
    return error
