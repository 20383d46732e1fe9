"""`tracking costs`: what jobs and refreshes spent at their platforms, added up from their documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rich.markup import escape
from rich.table import Table

from tracking.platform_contract import PLATFORMS
from tracking.prices import estimated_usd
from tracking.spending import RESOURCES, total
from tracking.store import JobSnapshot

_SHOWN = tuple(name for name in RESOURCES if name != "usd")
_MISSING = "(none)"  # of a malformed job


class By(StrEnum):
    PLATFORM = "platform"
    ORG = "org"

    @property
    def field(self) -> str:
        """The field of the job's document."""
        return "platform" if self is By.PLATFORM else "orgId"


@dataclass(slots=True)
class Cost:
    """The sum of what some jobs spent."""

    jobs: int = 0
    refreshes: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    usd: float = 0.0  # said by the provider, or estimated

    def add(self, data: Mapping[str, Any]) -> None:
        """Add the document of a job or a refresh. It may be malformed: whatever is no amount is passed over."""
        noted = data.get("spent")
        amounts = {name: amount for name in RESOURCES if (amount := _amount(noted, name))}
        is_refresh = data.get("refreshOrder") is not None
        self.jobs, self.refreshes = self.jobs + (not is_refresh), self.refreshes + is_refresh
        self.spent = total(self.spent, amounts)
        self.usd += estimated_usd(str(data.get("platform")), amounts)

    def to_json(self) -> dict[str, Any]:
        return {"jobs": self.jobs, "refreshes": self.refreshes, "spent": self.spent, "usd": round(self.usd, 4)}


def added_up(jobs: Iterable[JobSnapshot], by: By) -> dict[str, Cost]:
    """Return the costs by platform or organisation, the most expensive first."""
    costs: dict[str, Cost] = {}
    for job in jobs:
        name = job.data.get(by.field)
        costs.setdefault(name if isinstance(name, str) and name else _MISSING, Cost()).add(job.data)
    return dict(sorted(costs.items(), key=lambda entry: (-entry[1].usd, entry[0])))


def sum_of(costs: Iterable[Cost]) -> Cost:
    every = Cost()
    for cost in costs:
        every.jobs += cost.jobs
        every.refreshes += cost.refreshes
        every.spent = total(every.spent, cost.spent)
        every.usd += cost.usd
    return every


def table_of(costs: Mapping[str, Cost], by: By) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(by, no_wrap=True)
    for name in ("jobs", "refreshes", *_SHOWN, "US dollars"):
        table.add_column(name, no_wrap=True, justify="right")
    for name, cost in costs.items():
        label = PLATFORMS[name].label if by is By.PLATFORM and name in PLATFORMS else name
        table.add_row(escape(label), *_cells(cost))
    table.add_row("all", *_cells(sum_of(costs.values())))
    return table


def _cells(cost: Cost) -> list[str]:
    amounts = [f"{cost.spent[name]:,.0f}" if name in cost.spent else "" for name in _SHOWN]
    return [f"{cost.jobs:,}", f"{cost.refreshes:,}" if cost.refreshes else "", *amounts, f"{cost.usd:,.2f}"]


def _amount(noted: object, name: str) -> float:
    amount = noted.get(name) if isinstance(noted, dict) else None
    return amount if isinstance(amount, int | float) and not isinstance(amount, bool) and amount > 0 else 0
