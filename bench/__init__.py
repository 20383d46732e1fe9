"""`make bench`: a table of our targets for speed, number of calls and size, each measured within one run.

Targets are ratios or counts, since these hold on every machine, while milliseconds do not. The table shows the medians
behind each ratio.
"""

from __future__ import annotations


class BenchError(Exception):
    """The measured work failed, so its figures would mean nothing. The message says why."""
