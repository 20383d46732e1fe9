"""Test doubles for what a function uses: its clock and its platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracking.accounts import Account, Video
from tracking.errors import AccountPrivateError
from tracking.platforms import Bounds, FetchedAccount, VideoPage, Waiting
from tracking.sentences import Sentence

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class ManualClock:
    """A clock that a test moves by hand. A sleep moves it too, and returns at once."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


@dataclass(slots=True)
class FakePlatform:
    """A platform with one account. Each call raises the next of `failures`, if any. A page takes `page_s` seconds.

    A call costs `charges`, also if it fails.
    """

    account: Account
    videos: Sequence[Video] = ()
    page_size: int = 50
    failures: list[Exception] = field(default_factory=list)
    refusals: dict[int, Exception] = field(default_factory=dict)  # in the middle, by the number of the first video
    clock: ManualClock | None = None
    page_s: float = 0
    charges: dict[str, float] = field(default_factory=dict)
    calls: list[tuple[str, Bounds]] = field(default_factory=list)

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        self._called(f"fetch_account {username}", bounds)
        return FetchedAccount(account=self.account, videos_ref=f"videos-of-{self.account.platform_user_id}")

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage | Waiting]:
        self._called(f"fetch_videos {fetched.videos_ref}", bounds)
        if fetched.account.is_private:
            raise AccountPrivateError(Sentence("This account is private."))
        begin = int(bounds.cursor or 0)
        for first in range(begin, max(len(self.videos), begin + 1), self.page_size):
            if first in self.refusals:
                raise self.refusals.pop(first)
            if self.clock:
                self.clock.advance(self.page_s)
            last = first + self.page_size
            has_more = last < len(self.videos)
            yield VideoPage(videos=tuple(self.videos[first:last]), has_more=has_more, cursor=str(last))

    def _called(self, what: str, bounds: Bounds) -> None:
        self.calls.append((what, bounds))
        bounds.meter.add(self.charges)
        if self.failures:
            raise self.failures.pop(0)
