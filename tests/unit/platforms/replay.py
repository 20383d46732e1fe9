"""Platforms in memory: recorded responses at the real paths, and a clock that a test moves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tracking.errors import PlatformUnavailableError
from tracking.platforms import (
    Bounds,
    FetchedAccount,
    FetchedVideos,
    Platform,
    RunBook,
    Setup,
    Waiting,
    collect_videos,
)
from tracking.platforms.apify import Apify
from tracking.platforms.instagram import Instagram
from tracking.platforms.tiktok import TikTok
from tracking.platforms.twitter import Twitter
from tracking.platforms.x_api import XApi
from tracking.platforms.youtube import YouTube
from tracking.platforms.youtube_data_api import YouTubeDataApi
from tracking.settings import PlatformSettings

SAMPLES = Path(__file__).parents[2] / "platform-samples"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "s3cret-key-0123456789"


class FakeClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.current = now
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.current

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.current += timedelta(seconds=seconds)


def sample(path: str) -> Any:
    return json.loads((SAMPLES / path).read_text())


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return a response with JSON or text. If a sample has `status` and `body`, the response gets them."""
    if isinstance(content, dict) and {"status", "body"} <= content.keys():
        # The recorded length and encoding do not fit the copy.
        kept = {k: v for k, v in content.get("headers", {}).items() if not k.startswith("content-")}
        return answer(content["body"], content["status"], kept)
    if isinstance(content, str):
        return httpx.Response(status, text=content, headers=headers)
    return httpx.Response(status, json=content, headers=headers)


Step = Any  # a response, the content of a response, an exception to raise, or a function that takes the request


@dataclass
class Replay:
    """A server with routes. The newest route that matches a request answers it.

    A route returns its steps in turn, and repeats the last one. If no route matches, the response is a 404 with HTML.
    """

    clock: FakeClock = field(default_factory=FakeClock)
    requests: list[httpx.Request] = field(default_factory=list)
    routes: list[tuple[str, list[Step]]] = field(default_factory=list)

    def on(self, pattern: str, *steps: Step) -> Replay:
        """Add a route. `pattern`: a regular expression for the beginning of `METHOD /path?query`."""
        self.routes.insert(0, (pattern, list(steps)))
        return self

    def asked(self, pattern: str) -> list[httpx.Request]:
        return [request for request in self.requests if re.match(pattern, _line(request))]

    def setup(self, key: Callable[[], str] = lambda: KEY, **settings: Any) -> Setup:
        http = httpx.Client(transport=httpx.MockTransport(self._handle))
        return Setup(http=http, settings=PlatformSettings(**settings), key=key, clock=self.clock)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        for pattern, steps in self.routes:
            if re.match(pattern, _line(request)):
                step = steps.pop(0) if len(steps) > 1 else steps[0]
                return _response(step, request)
        return httpx.Response(404, text="<html><body>Not Found</body></html>")

    def youtube(self, key: Callable[[], str] = lambda: KEY) -> YouTube:
        return YouTube(YouTubeDataApi(self.setup(key), "https://youtube.test/youtube/v3"))

    def twitter(self, key: Callable[[], str] = lambda: KEY) -> Twitter:
        return Twitter(XApi(self.setup(key), "https://x.test/2/"))

    def apify(self, key: Callable[[], str] = lambda: KEY) -> Apify:
        return Apify(self.setup(key), "https://apify.test/v2")

    def instagram(self, key: Callable[[], str] = lambda: KEY) -> Instagram:
        return Instagram(self.apify(key))

    def tiktok(self, key: Callable[[], str] = lambda: KEY) -> TikTok:
        return TikTok(self.apify(key))

    def bounds(self, seconds: float = 60, max_videos: int = 10_000, **fields: Any) -> Bounds:
        deadline = self.clock.now() + timedelta(seconds=seconds)
        return Bounds(deadline=deadline, max_videos=max_videos, **fields)

    def retry(self, *kinds: str, since: datetime = NOON - timedelta(seconds=60)) -> Bounds:
        """Return the bounds of a retry. An earlier try, after `since`, was about to begin runs of these kinds."""
        return self.bounds(runs=RunBook(dict.fromkeys(kinds, "")), runs_since=since, is_retry=True)

    def run_of(self, items: Any, status: str = "SUCCEEDED", run_id: str = "run1", **headers: str) -> Replay:
        """Add the routes of a run and its dataset. `items`: the items, or a tuple with the items of each response."""
        steps = items if isinstance(items, tuple) else (items,)
        self.on(r"POST /v2/acts/[^/]+/runs", answer({"data": run(status, run_id)}, 201))
        self.on(rf"GET /v2/actor-runs/{run_id}\b", {"data": run(status, run_id)})
        self.on(rf"GET /v2/datasets/{run_id}-items/items", *(answer(step, headers=headers) for step in steps))
        return self


def run(status: str, run_id: str = "run1", started_at: datetime = NOON) -> dict[str, Any]:
    """Return the recorded run with another id and status."""
    recorded: dict[str, Any] = sample("apify-api/run_succeeded.json")["data"]
    return recorded | {
        "id": run_id,
        "status": status,
        "startedAt": started_at.isoformat().replace("+00:00", "Z"),
        "defaultDatasetId": f"{run_id}-items",
        "defaultKeyValueStoreId": f"{run_id}-store",
    }


def account_of(platform: Platform, username: str, bounds: Bounds) -> FetchedAccount:
    """Fetch the account from a platform that needs no time. A run that has not ended then never ends."""
    found = platform.fetch_account(username, bounds)
    if isinstance(found, Waiting):
        raise PlatformUnavailableError(found.message)
    return found


def fetch(platform: Platform, username: str, replay: Replay, **limits: Any) -> tuple[Any, FetchedVideos]:
    """Fetch the account and then its videos."""
    bounds = replay.bounds(**limits)
    fetched = account_of(platform, username, bounds)
    collected = collect_videos(platform.fetch_videos(fetched, bounds), bounds, replay.clock)
    if collected.refusal is not None:
        raise collected.refusal
    return fetched.account, collected


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a JSON document, lists and objects included."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from leaves_of(inner, (*path, key))


def _line(request: httpx.Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def _response(step: Step, request: httpx.Request) -> httpx.Response:
    if callable(step):
        step = step(request)
    if isinstance(step, Exception):
        raise step
    if isinstance(step, httpx.Response):  # a response can be read once; steps repeat
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)
    return answer(step)
