"""The table of results: a row for each fault at a point, with the ending of its job."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from tests.chaos.trials import Result


def table(results: Sequence[Result]) -> Table:
    drawn = Table("point", "fault", "ticks", "attempts", "status", "videos", "", box=None, pad_edge=False)
    for row in results:
        verdict = f"[bold red]{'; '.join(row.wrong)}[/]" if row.wrong else "[green]right[/]"
        drawn.add_row(row.point, row.fault, str(row.ticks), str(row.attempts), row.status, str(row.videos), verdict)
    return drawn
