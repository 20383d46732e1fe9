"""`make bench`: one table of what we promise ourselves, each a ratio or a count that was measured within one run.

A ratio holds from machine to machine where milliseconds do not; the medians behind it are shown beside it.
"""
