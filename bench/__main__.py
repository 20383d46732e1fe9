"""`python -m bench`: start the local stack unless it runs, measure, and print the table."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from google.api_core.exceptions import GoogleAPIError
from playwright.sync_api import Error as PlaywrightError
from rich.console import Console

from bench import (
    BenchError,
    accounts,
    chain,
    charts,
    claims,
    costs,
    crowd,
    executions,
    imports,
    news,
    page,
    pool,
    ticks,
)
from bench.refreshes import counted
from bench.table import Row, table
from local import LocalError, stack
from tracking.errors import TrackingError

_COULD_NOT: tuple[type[Exception], ...] = (
    OSError,
    PlaywrightError,
    BenchError,
    LocalError,
    TrackingError,
    BotoCoreError,
    ClientError,
    GoogleAPIError,
)

_out = Console(width=None if sys.stdout.isatty() else 180, highlight=False)
_err = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Measure:
    """One group of rows of the table. `what` names the rows, and says how long slow ones take."""

    what: str
    rows: Callable[[], list[Row]]


def main() -> int:
    """Return the exit code: 0 even if targets are missed, and 1 if something could not be measured."""
    rows: list[Row] = []
    try:
        with stack.borrowed(_say) as state:
            os.environ.update(state.environment())
            unmeasured = measure(_measures(state), rows, _say)
    except _COULD_NOT as error:
        unmeasured = [str(error)]
    except KeyboardInterrupt:
        return 130
    finally:
        _show(rows)
    for sentence in unmeasured:
        _err.print(f"error: {sentence}", style="red", markup=False)
    return int(bool(unmeasured))


def _measures(state: stack.State) -> list[Measure]:
    return [
        Measure("imports of cold starts", imports.rows),
        Measure("claims", claims.rows),
        Measure("a job's RPCs", lambda: chain.rows(state)),
        Measure("idle ticks", lambda: ticks.rows(state)),
        Measure("executions, a minute or so", lambda: executions.rows(state)),
        Measure("reads in a crowd", crowd.rows),
        Measure("a job's costs", lambda: costs.rows(state)),
        Measure("a refresh's calls, writes and costs", counted.rows),
        Measure("costs of webhooks and mail", news.rows),
        Measure("many jobs at once, a minute or so", lambda: pool.rows(state)),
        Measure("size of the web package", page.size_rows),
        Measure("charts", charts.rows),
        Measure("a long list of accounts", accounts.rows),
        Measure("the page, two minutes or so", lambda: page.rows(state)),
    ]


def measure(measures: Iterable[Measure], rows: list[Row], say: Callable[[str], None]) -> list[str]:
    """Take each measure and add its rows to `rows`. Return a sentence for each measure that failed.

    After a failed measure, the next ones still run. An unexpected error stops all; `rows` keeps the rows added before.
    """
    failures = []
    for one in measures:
        say(f"Measuring {one.what} ...")
        try:
            rows += one.rows()
        except _COULD_NOT as error:
            failures.append(f"{one.what} could not be measured: {error}")
    return failures


def _show(rows: list[Row]) -> None:
    if rows:
        _out.print(table(rows))
        missed = sum(not row.is_met for row in rows)
        _out.print(f"\n{len(rows) - missed} of {len(rows)} targets met.")


def _say(text: str) -> None:
    _err.print(text, style="dim")


if __name__ == "__main__":
    sys.exit(main())
