"""Numbers of things, as the commands print them."""

from __future__ import annotations


def counted(count: float, noun: str) -> str:
    """Return a whole number with its noun: "1 tick", "1,200 ticks"."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"
