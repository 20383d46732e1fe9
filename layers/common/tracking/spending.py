"""The spending of a job: the resources that its platform charges for, and their counter.

    a state asks the platform ──> Meter ──> the state's commit ──> `spent` in the job's document
                                            or, if the state fails, a commit of its own

The amounts of each commit are added to those in the document. So `spent` holds all states, retries and attempts of the
job, and a retry by its user keeps it. It can miss what a run of a state had spent when it was killed. It can count a
resource that the platform did not charge for: X charges for a resource once a day, and a lost request may not arrive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tracking.errors import AllowanceSpentError
from tracking.sentences import Sentence

Spent = Mapping[str, float]
"""Amounts by the resource's name. Whole numbers, but for `usd`."""

RESOURCES = ("units", "posts", "users", "media", "runs", "results", "usd")
"""The names in `spent`, as contracts/job.json describes them."""

TOLERANCE = 1e-9
"""Of sums of dollars, which are floating point."""


class Meter:
    """Counts what one run of a state spends, until a commit takes the amounts. It can hold a refresh to its allowance.

    Before each request the provider says what the request may cost at most, by `check`. So nothing is ever spent beyond
    the allowance.
    """

    def __init__(self) -> None:
        self._amounts: dict[str, float] = {}
        self._all: dict[str, float] = {}  # since the begin of the run
        self._cost: Callable[[Spent], float] | None = None
        self._left = math.inf
        self._refusal: Sentence | None = None

    def limit(self, cost: Callable[[Spent], float], left: float, refusal: Sentence) -> None:
        """Hold the run to what is left of an allowance. `cost`: returns the amounts in the allowance's unit."""
        self._cost, self._left, self._refusal = cost, left, refusal

    @property
    def is_limited(self) -> bool:
        return self._refusal is not None

    def check(self, at_most: Spent) -> None:
        """Raise AllowanceSpentError if a request that costs so much at most could exceed the allowance."""
        is_over = self._cost is not None and self._cost(total(self._all, at_most)) > self._left + TOLERANCE
        if is_over and self._refusal is not None:
            raise AllowanceSpentError(self._refusal)

    def check_once(self) -> None:
        """Raise AllowanceSpentError if a thing must not be paid again, because the allowance has it once."""
        if self._refusal is not None:
            raise AllowanceSpentError(self._refusal)

    def add(self, amounts: Spent) -> None:
        """Add amounts. Raises ValueError for a name that is not in RESOURCES."""
        if unknown := set(amounts) - set(RESOURCES):
            raise ValueError(f"no resources: {', '.join(sorted(unknown))}")
        spent = {name: amount for name, amount in amounts.items() if amount}
        self._amounts, self._all = total(self._amounts, spent), total(self._all, spent)

    def take(self) -> dict[str, float]:
        """Return the amounts since the last call, and forget them."""
        taken, self._amounts = self._amounts, {}
        return taken


def total(one: Spent, other: Spent) -> dict[str, float]:
    """Return the sums by name."""
    return {**one, **{name: one.get(name, 0) + amount for name, amount in other.items()}}
