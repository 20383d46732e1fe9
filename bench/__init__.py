"""`make bench`: one table of what we promise ourselves, each a ratio or a count that was measured within one run.

A ratio holds from machine to machine where milliseconds do not; the medians behind it are shown beside it.
"""

from __future__ import annotations


class BenchError(Exception):
    """Something did not go as it has to before its figures mean anything. The message names it."""
