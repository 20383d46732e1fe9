"""Milestones: round numbers of followers that an account passes upwards."""

from __future__ import annotations

from tracking.history.past import Past

FIRST = 1_000
STEPS = (1, 2.5, 5)
"""The first digits of milestones: 1,000, 2,500, 5,000, 10,000 ..."""

TOLD = "m"
"""A day's point has the milestone that was told on that day. The last fetch of a day replaces its count alone."""


def passed(past: Past, followers: int | None) -> int | None:
    """Return the largest milestone up to `followers`, if no known count reached it: those of the last 35 days.

    So an account that falls below a milestone and passes it again is told once, unless it was below it for 35 days. An
    account without a known count has passed none, because nobody knows what it had before.
    """
    recent = past.document.get("recentFollowers")
    before = [point.get(name) for point in past.account.values() for name in ("f", TOLD)]
    before += recent if isinstance(recent, list) else []
    highest = max((count for count in before if type(count) is int), default=None)
    milestone = _largest(followers) if followers is not None else None
    return milestone if milestone and highest is not None and highest < milestone else None


def _largest(count: int) -> int | None:
    """Return the largest milestone up to `count`, or None below the first."""
    if count < FIRST:
        return None
    unit = 10 ** (len(str(count)) - 1)
    return max(int(step * unit) for step in STEPS if step * unit <= count)
