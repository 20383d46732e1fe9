"""The calls with which a client of each platform reads a whole account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Controlled:
    """A running simulator and its control calls."""

    url: str
    control: httpx.Client

    def fault(self, kind: str, **fields: Any) -> None:
        self.control.post("/faults", json={"kind": kind, **fields}).raise_for_status()

    def requests(self, **matching: object) -> list[Any]:
        """Return the matching requests, oldest first: `requests(platform="tiktok", method="POST")`."""
        entries = self.control.get("/requests").raise_for_status().json()["requests"]
        return [entry for entry in entries if all(entry[key] == matching[key] for key in matching)]

    def reset(self) -> None:
        """Return to the state after a start: no faults, no counts, no requests, no runs."""
        for what in ("faults", "requests", "runs"):
            self.control.delete(f"/{what}").raise_for_status()


INSTAGRAM = "/acts/apify~instagram-scraper/runs"
TIKTOK = "/acts/clockworks~tiktok-profile-scraper/runs"
ALL_PARTS = "snippet,statistics,contentDetails"
TWEET_FIELDS = "created_at,public_metrics,attachments,author_id,referenced_tweets"


def channel(youtube: httpx.Client, handle: str) -> Any:
    answer = youtube.get("/channels", params={"part": ALL_PARTS, "forHandle": handle})
    return answer.raise_for_status().json()["items"][0]


def upload_pages(youtube: httpx.Client, handle: str, size: int = 50) -> Iterator[Any]:
    uploads = channel(youtube, handle)["contentDetails"]["relatedPlaylists"]["uploads"]
    params = {"part": "snippet,contentDetails", "playlistId": uploads, "maxResults": str(size)}
    while True:
        page = youtube.get("/playlistItems", params=params).raise_for_status().json()
        yield page
        if "nextPageToken" not in page:
            return
        params["pageToken"] = page["nextPageToken"]


def user(x: httpx.Client, name: str) -> Any:
    fields = "created_at,public_metrics,protected"
    return x.get(f"/users/by/username/{name}", params={"user.fields": fields}).raise_for_status().json()


def tweet_pages(x: httpx.Client, name: str, **more: str) -> Iterator[Any]:
    params = {"max_results": "100", "tweet.fields": TWEET_FIELDS, **more}
    user_id = user(x, name)["data"]["id"]
    while True:
        page = x.get(f"/users/{user_id}/tweets", params=params).raise_for_status().json()
        yield page
        if "next_token" not in page.get("meta", {}):
            return
        params["pagination_token"] = page["meta"]["next_token"]


def instagram_input(username: str, kind: str = "posts") -> dict[str, Any]:
    return {"directUrls": [f"https://www.instagram.com/{username}/"], "resultsType": kind}


def tiktok_input(username: str) -> dict[str, Any]:
    return {"profiles": [username], "resultsPerPage": 10_000, "profileScrapeSections": ["videos"]}


def run(apify: httpx.Client, path: str, run_input: dict[str, Any]) -> Any:
    """Start a run and wait for its end."""
    answer = apify.post(path, json=run_input, params={"waitForFinish": "5"})
    return answer.raise_for_status().json()["data"]


def item_pages(apify: httpx.Client, finished: Any, size: int = 1000) -> Iterator[list[Any]]:
    offset, total = 0, 1
    while offset < total:
        params = {"offset": str(offset), "limit": str(size), "clean": "true"}
        answer = apify.get(f"/datasets/{finished['defaultDatasetId']}/items", params=params).raise_for_status()
        total = int(answer.headers["X-Apify-Pagination-Total"])
        yield answer.json()
        offset += size


def items(apify: httpx.Client, path: str, run_input: dict[str, Any]) -> list[Any]:
    return [item for page in item_pages(apify, run(apify, path, run_input)) for item in page]
