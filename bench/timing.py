"""Comparison of times on a machine that also does other work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median


def medians(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Return the median of each measure.

    Every round takes all measures. Their order alternates, so that noise affects all measures alike. An extra first
    round is not counted, since its caches are cold.
    """
    results: list[list[float]] = [[] for _ in measures]
    for number in range(1 + rounds):
        order = list(enumerate(measures))
        for index, measure in order if number % 2 else reversed(order):
            results[index].append(measure())
    return [median(result[1:]) for result in results]


def took_s(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
