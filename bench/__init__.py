"""`make bench`: a table of our targets for speed, number of calls and size, each measured within one run.

Targets are ratios or counts, since these hold on every machine, while milliseconds do not. The table shows the medians
behind each ratio.
"""

from __future__ import annotations


class BenchError(Exception):
    """Something did not go as it has to before its figures mean anything. The message names it."""
