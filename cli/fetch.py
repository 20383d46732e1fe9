"""`tracking fetch`: an account as a platform's module reads it. Needs neither Firestore nor AWS."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from tracking import paid_runs, wiring
from tracking.accounts import Video
from tracking.clock import Clock, SystemClock
from tracking.errors import (
    CredentialsError,
    InvalidJobError,
    PlatformUnavailableError,
    RateLimitedError,
    TrackingError,
)
from tracking.jobs import PlatformName
from tracking.paid_runs import Runs
from tracking.platform_contract import CREDENTIALS
from tracking.platforms import (
    Bounds,
    FetchedAccount,
    FetchedVideos,
    Platform,
    Refusal,
    RunBook,
    Waiting,
    collect_videos,
)
from tracking.sentences import Sentence
from tracking.settings import PlatformSettings, SettingsError

WAIT_S = 2
"""Seconds between two looks at a platform that needs time."""


def fetch(
    platform: Annotated[str, typer.Argument(help=f"One of: {', '.join(PlatformName)}.")],
    username: Annotated[str, typer.Argument(help="@name, name, profile URL or channel id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print account and videos as one JSON object.")] = False,
    timeout_s: Annotated[int, typer.Option("--timeout", help="Seconds after which fetching stops.")] = 240,
) -> None:
    """Fetch an account and its videos from the platform, and print them."""
    try:
        result = _fetch(platform, username, timeout_s)
    except (TrackingError, SettingsError) as error:
        if not as_json:
            raise
        print(json.dumps({"error": type(error).__name__, "message": str(error)}), file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(result, indent=2))  # ASCII, so that every terminal can show it
    else:
        _summarise(result)


def _fetch(platform: str, username: str, timeout_s: int) -> dict[str, Any]:
    settings = PlatformSettings.from_environment(os.environ)
    clock = SystemClock()
    name = _platform_name(platform)
    module = wiring.platform(name, settings, lambda credential: _variable(CREDENTIALS[credential]), clock)
    fetching = Fetching(module, username, settings.max_videos(name), clock, timeout_s)
    try:
        return fetching.everything()
    finally:
        fetching.stop(name)


class Fetching:
    """One fetch, from the first call to the last. It waits for a platform that needs time, as the machine does."""

    def __init__(self, module: Platform, username: str, max_videos: int, clock: Clock, timeout_s: int) -> None:
        self._module = module
        self._username = username
        self._clock = clock
        self._begun_at = clock.now()
        self._runs = RunBook()
        self._bounds = Bounds(
            deadline=self._begun_at + timedelta(seconds=timeout_s), max_videos=max_videos, runs=self._runs
        )
        self._is_complete = False

    def everything(self) -> dict[str, Any]:
        """Return the account and the videos. Raises PlatformUnavailableError if the time is up before the account."""
        while not isinstance(found := self._account(), FetchedAccount):
            if found and not self._wait(found):
                raise PlatformUnavailableError(Sentence("The platform needs more time."))
        videos: dict[str, Video] = {}
        while True:
            chunk = self._next_chunk(found)
            videos |= {video.video_id: video for video in chunk.videos}
            self._bounds = replace(self._bounds, cursor=chunk.cursor, saved=len(videos))
            is_over = chunk.is_last or self._clock.now() >= self._bounds.deadline
            if is_over or (chunk.waiting and not self._wait(chunk.waiting)):
                break
        self._is_complete = chunk.is_complete
        return {"account": found.account.to_json(), "videos": [video.to_json() for video in videos.values()]}

    def stop(self, name: PlatformName) -> None:
        """Stop the paid runs of a fetch that did not come to its end."""
        if not self._is_complete:
            runs = Runs(job_id="", platform=name, username=self._username, ids=self._runs.ids, since=self._begun_at)
            paid_runs.stop(lambda _name: self._module, runs, self._clock)

    def _account(self) -> FetchedAccount | Waiting | None:
        """Return the account, or None after a wait that the platform asked for."""
        try:
            return self._module.fetch_account(self._username, self._bounds)
        except RateLimitedError as refusal:
            self._wait_out(refusal)
            return None

    def _wait_out(self, refusal: Refusal) -> None:
        """Wait until the time that the refusal names. Raises the refusal if it names none that is in time."""
        retry_at = refusal.retry_at if isinstance(refusal, RateLimitedError) else None
        if retry_at is None or not self._clock.now() < retry_at < self._bounds.deadline:
            raise refusal
        self._clock.sleep((retry_at - self._clock.now()).total_seconds())

    def _next_chunk(self, found: FetchedAccount) -> FetchedVideos:
        bounds = replace(self._bounds, may_wait=self._left_s() > WAIT_S)
        chunk = collect_videos(self._module.fetch_videos(found, bounds), bounds, self._clock)
        if chunk.refusal is not None:
            self._wait_out(chunk.refusal)
        return chunk

    def _wait(self, waiting: Waiting) -> bool:
        """Wait for the platform. Return False if there is no time left for it."""
        if self._left_s() <= 0:
            return False
        self._clock.sleep(min(waiting.wait_s or WAIT_S, self._left_s()))
        return True

    def _left_s(self) -> float:
        return (self._bounds.deadline - self._clock.now()).total_seconds()


def _platform_name(text: str) -> PlatformName:
    """Return the platform by its name (`twitter`), or by its name for people (`X`)."""
    typed = text.strip().lower()
    for name in PlatformName:
        if typed in (name, name.label.lower()):
            return name
    raise InvalidJobError(Sentence(f"The platform must be one of: {', '.join(PlatformName)}."))


def _variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise CredentialsError(Sentence(f"{name} is not set."))
    return value


def _summarise(result: dict[str, Any]) -> None:
    console = Console()
    account, videos = result["account"], result["videos"]
    console.print(f"{account['displayName']}  {account['profileUrl']}", markup=False, highlight=False)
    for name in ("followerCount", "followingCount", "postCount", "totalViews"):
        console.print(f"  {name:<16}{'hidden' if account[name] is None else format(account[name], ',')}")
    console.print(f"  {len(videos):,} videos, the newest:")
    for video in videos[:5]:
        console.print(f"    {video['publishedAt'] or '':<22}{video['title'][:80]}", markup=False, highlight=False)
