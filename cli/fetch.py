"""`tracking fetch`: an account as a platform's module reads it. Needs neither Firestore nor AWS."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from tracking import wiring
from tracking.clock import SystemClock
from tracking.errors import CredentialsError, InvalidJobError, TrackingError
from tracking.jobs import PlatformName
from tracking.platform_contract import CREDENTIALS
from tracking.platforms import Budget, collect_videos
from tracking.settings import PlatformSettings, SettingsError


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
    budget = Budget(deadline=clock.now() + timedelta(seconds=timeout_s), max_videos=settings.max_videos_per_job)
    fetched = module.fetch_account(username, budget)
    videos = collect_videos(module.fetch_videos(fetched, budget), budget, clock).videos
    return {"account": fetched.account.to_json(), "videos": [video.to_json() for video in videos]}


def _platform_name(text: str) -> PlatformName:
    """Return the platform by its name (`twitter`), or by its name for people (`X`)."""
    typed = text.strip().lower()
    for name in PlatformName:
        if typed in (name, name.label.lower()):
            return name
    raise InvalidJobError(f"The platform must be one of: {', '.join(PlatformName)}.")


def _variable(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise CredentialsError(f"{name} is not set.")
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
