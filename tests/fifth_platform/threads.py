"""A platform that no release has: its accounts need no network. `tracking.platforms.threads` in the tests' copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tracking.accounts import Account, MediaType, Video
from tracking.platforms import Bounds, FetchedAccount, Setup, VideoPage
from tracking.platforms.addresses import read_username

POSTED = datetime(2026, 2, 1, tzinfo=UTC)


class Threads:
    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key

    def fetch_account(self, username: str, bounds: Bounds) -> FetchedAccount:
        name = parse_username(username)
        account = Account(
            platform="threads",
            platform_user_id="7",
            username=name,
            display_name=f"{name}, by {self._key()}",
            profile_url=f"https://threads.example/@{name}",
        )
        return FetchedAccount(account=account, videos_ref=name)

    def fetch_videos(self, fetched: FetchedAccount, bounds: Bounds) -> Iterator[VideoPage]:
        post = Video(
            video_id="post1",
            url=f"{fetched.account.profile_url}/post/1",
            title="Hello",
            caption="Hello",
            published_at=POSTED,
            media_type=MediaType.TEXT,
        )
        yield VideoPage(videos=(post,), has_more=False)


def build(setup: Setup) -> Threads:
    return Threads(setup.key)


def parse_username(typed: str) -> str:
    return read_username(typed, "threads").lower()
