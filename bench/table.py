"""The table of measured values, with their targets and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table


class Relation(StrEnum):
    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Target:
    """A target. `limit` is a float for a ratio, and an int for a count."""

    relation: Relation
    limit: float
    unit: str = ""

    def is_met(self, measured: float) -> bool:
        match self.relation:
            case Relation.AT_MOST:
                return measured <= self.limit
            case Relation.AT_LEAST:
                return measured >= self.limit
            case Relation.EXACTLY:
                return measured == self.limit

    def __str__(self) -> str:
        return f"{self.relation} {self.amount(self.limit)}"

    def amount(self, value: float) -> str:
        if isinstance(self.limit, int):
            return f"{value:,.0f} {self.unit}".rstrip()
        return f"{value:.2f}"


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    measured: float
    target: Target
    behind: str  # the figures behind the measured value

    @property
    def is_met(self) -> bool:
        return self.target.is_met(self.measured)


def table(rows: Iterable[Row]) -> Table:
    drawn = Table(box=None, pad_edge=False)
    drawn.add_column("what")
    drawn.add_column("measured", justify="right", no_wrap=True)
    drawn.add_column("target", justify="right", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    drawn.add_column("medians and counts behind it", style="dim")
    for row in rows:
        verdict = "[green]met[/]" if row.is_met else "[bold red]missed[/]"
        drawn.add_row(row.what, row.target.amount(row.measured), str(row.target), verdict, row.behind)
    return drawn
