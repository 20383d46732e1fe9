"""`python -m bench`: start the local stack unless it runs, measure, and print the table."""

from __future__ import annotations

import os
import sys

from botocore.exceptions import BotoCoreError, ClientError
from google.api_core.exceptions import GoogleAPIError
from rich.console import Console

from bench import BenchError, chain, claims, executions, imports, page, ticks
from bench.table import Row, table
from local import LocalError, stack
from tracking.errors import TrackingError

_COULD_NOT = (BenchError, LocalError, TrackingError, BotoCoreError, ClientError, GoogleAPIError)

_out = Console(width=None if sys.stdout.isatty() else 180, highlight=False)
_err = Console(stderr=True, highlight=False)


def main() -> int:
    """Return the exit code: 0 after a measurement, even if targets are missed, and 1 if measuring failed."""
    try:
        with stack.borrowed(_say) as state:
            rows = _measure(state)
    except _COULD_NOT as error:
        _err.print(f"error: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    _out.print(table(rows))
    missed = sum(not row.is_met for row in rows)
    _out.print(f"\n{len(rows) - missed} of {len(rows)} targets met.")
    return 0


def _measure(state: stack.State) -> list[Row]:
    os.environ.update(state.environment())
    rows: list[Row] = []
    for what, measure in (
        ("imports of cold starts", imports.rows),
        ("claims", claims.rows),
        ("a job's RPCs", lambda: chain.rows(state)),
        ("idle ticks", lambda: ticks.rows(state)),
        ("executions, a minute or so", lambda: executions.rows(state)),
        ("the page, two minutes or so", lambda: page.rows(state)),
    ):
        _say(f"Measuring {what} ...")
        rows += measure()
    return rows


def _say(text: str) -> None:
    _err.print(text, style="dim")


if __name__ == "__main__":
    sys.exit(main())
