"""The spending of a job: the resources that its platform charges for, and their counter.

    a state asks the platform ──> Meter ──> the state's commit ──> `spent` in the job's document
                                            or, if the state fails, a commit of its own

The amounts of each commit are added to those in the document. So `spent` holds all states, retries and attempts of the
job, and a retry by its user keeps it. It can miss what a run of a state had spent when it was killed. It can count a
resource that the platform did not charge for: X charges for a resource once a day, and a lost request may not arrive.
"""

from __future__ import annotations

from collections.abc import Mapping

Spent = Mapping[str, float]
"""Amounts by the resource's name. Whole numbers, but for `usd`."""

RESOURCES = ("units", "posts", "users", "media", "runs", "results", "usd")
"""The names in `spent`, as contracts/job.json describes them."""


class Meter:
    """Counts what one run of a state spends, until a commit takes the amounts."""

    def __init__(self) -> None:
        self._amounts: dict[str, float] = {}

    def add(self, amounts: Spent) -> None:
        """Add amounts. Raises ValueError for a name that is not in RESOURCES."""
        if unknown := set(amounts) - set(RESOURCES):
            raise ValueError(f"no resources: {', '.join(sorted(unknown))}")
        self._amounts = total(self._amounts, {name: amount for name, amount in amounts.items() if amount})

    def take(self) -> dict[str, float]:
        """Return the amounts since the last call, and forget them."""
        taken, self._amounts = self._amounts, {}
        return taken


def total(one: Spent, other: Spent) -> dict[str, float]:
    """Return the sums by name."""
    return {**one, **{name: one.get(name, 0) + amount for name, amount in other.items()}}
