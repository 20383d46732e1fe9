"""Many posts out of a few recorded ones: the same content under other ids, dates and counts, the same each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_NEWEST = datetime(2025, 10, 1, 12, tzinfo=UTC)
_STEP = timedelta(hours=3)  # 5,000 posts reach back 21 months


def published_at(index: int) -> datetime:
    """When synthetic post `index` came out; 0 is the newest."""
    return _NEWEST - index * _STEP


def published_text(index: int) -> str:
    """As Instagram, TikTok and X write it: with milliseconds."""
    return published_at(index).strftime("%Y-%m-%dT%H:%M:%S.000Z")
