"""An account that is fetched day after day, and the points that its documents hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.factories import account
from tests.harness import Harness
from tracking.accounts import Video
from tracking.history import thinning
from tracking.jobs import Fields
from tracking.store import DocumentWrite, Store

ACCOUNT = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151"


def track(harness: Harness, *, followers: int | None = 1_000, served: list[Video] | None = None) -> dict[str, Any]:
    """Run a whole job, and return the account's document."""
    harness.platform.account = account(follower_count=followers)
    if served is not None:
        harness.platform.videos = served
    harness.run_chain(harness.claimed_job())
    return harness.store.get_document(ACCOUNT) or {}


def points(harness: Harness) -> dict[str, dict[str, Any]]:
    """Return the account's points of single days, by day."""
    return {
        f"{month}-{day}": point
        for month, document in harness.store.get_documents(f"{ACCOUNT}/accountHistory").items()
        for day, point in document.get("days", {}).items()
    }


def video_points(harness: Harness, video_id: str) -> dict[str, list[int | None]]:
    return {
        f"{month[:7]}-{day}": counts
        for month, document in harness.store.get_documents(f"{ACCOUNT}/videoHistory").items()
        for day, counts in document["v"].get(video_id, {}).items()
    }


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(number) for number in range((last - first).days + 1)]


def point(day: date) -> Fields:
    """Return a point whose count tells its day."""
    return {"at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "f": day.toordinal()}


def put_days(store: Store, first: date, last: date) -> None:
    """Write the account's point and the one of a video `a` for each day, as fetches do."""
    for day in days(first, last):
        month, key = f"{day:%Y-%m}", f"{day:%d}"
        of_account: Fields = {"days": {key: point(day)}, thinning.DUE: thinning.account_due(month)}
        counts = [day.toordinal(), None, 1, 2]
        of_video: Fields = {"v": {"a": {key: counts}}, thinning.DUE: thinning.videos_due(month)}
        store.put_document(DocumentWrite(f"{ACCOUNT}/accountHistory/{month}", of_account))
        store.put_document(DocumentWrite(f"{ACCOUNT}/videoHistory/{month}", of_video))
