"""The command line of `python -m bench.refreshes`. `--help` names every number that can be changed."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from bench.refreshes.counted import count
from bench.refreshes.load import Load, amounts, dollars, quota_accounts, running_jobs, spent_a_day
from bench.refreshes.simulation import Days, Found, simulate
from local.emulated import emulator
from tracking.jobs import AccountType, PlatformName
from tracking.refreshes import Cadence
from tracking.settings import Limits

WIDTH = 130
EMULATOR = "FIRESTORE_EMULATOR_HOST"
FIXED = [cadence for cadence in Cadence if cadence not in (Cadence.OFF, Cadence.AUTO)]


def main(arguments: Sequence[str] | None = None, out: Console | None = None) -> int:
    """Print the table. Return the exit code."""
    asked = _parser().parse_args(arguments)
    out = out or Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    places = Limits(running=running_jobs(asked.lambda_places), per_credential=asked.per_credential)
    if asked.simulate is not None:
        days = Days(
            accounts=asked.simulate,
            limits=places,
            days=asked.days,
            cadence=asked.cadence,
            off=timedelta(days=asked.days_off),
        )
        _show_simulation(days, simulate(days), out)
        return 0
    with _emulator():
        loads = [
            Load(
                platform=platform,
                accounts=asked.accounts,
                cadence=asked.cadence,
                account_type=asked.account_type,
                changed=asked.changed,
                limits=places,
                counted=count(platform, asked.posts),
            )
            for platform in asked.platform
        ]
    changed = f"of which {asked.changed:g} change" if asked.changed else "of which none changes"
    out.print(f"{asked.accounts:,} accounts of each platform, {asked.posts} posts, {changed}; {asked.cadence}.")
    _show("a month takes", loads, amounts, out, "{:,.0f}")
    _show("dollars a month", loads, _with_sum, out, "{:,.2f}")
    _show("spent at the platform a day", loads, spent_a_day, out, "{:,.0f}")
    _show_limits(loads, out, asked.lambda_places)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.refreshes", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000, help="of each platform (100000)")
    parser.add_argument("--posts", type=int, default=50, help="of an account (50)")
    parser.add_argument("--changed", type=float, default=0, help="videos whose document a refresh changes (0)")
    parser.add_argument("--cadence", type=Cadence, choices=FIXED, default=Cadence.DAILY, help="(daily)")
    parser.add_argument("--account-type", type=AccountType, choices=[*AccountType], default=AccountType.COMPETITOR)
    parser.add_argument("--platform", type=PlatformName, nargs="+", choices=[*PlatformName], default=[*PlatformName])
    parser.add_argument("--lambda-places", type=int, choices=[50, 1_000], default=1_000, help="LambdaPlaces (1000)")
    parser.add_argument(
        "--per-credential", type=int, default=Limits().per_credential, help="MaxRunningPerCredential (10)"
    )
    parser.add_argument("--simulate", type=int, nargs="?", const=10_000, metavar="ACCOUNTS", help="step the tick")
    parser.add_argument("--days", type=int, default=7, help="of the simulation (7)")
    parser.add_argument("--days-off", type=int, default=0, help="days in its middle in which nothing runs (0)")
    return parser


@contextlib.contextmanager
def _emulator() -> Iterator[None]:
    """Use the running emulator, or start one."""
    if EMULATOR in os.environ:
        yield
        return
    with emulator() as address:
        os.environ[EMULATOR] = address
        yield


def _with_sum(load: Load) -> dict[str, float]:
    parts = dollars(load)
    return parts | {"all": sum(parts.values())}


def _show(title: str, loads: Sequence[Load], of: Callable[[Load], dict[str, float]], out: Console, form: str) -> None:
    found = [of(load) for load in loads]
    shown = _table(title, loads)
    for name in dict.fromkeys(name for one in found for name in one):
        shown.add_row(name, *(form.format(one[name]) if name in one else "" for one in found))
    out.print("\n", shown, sep="")


def _show_limits(loads: Sequence[Load], out: Console, places: int) -> None:
    shown = _table(f"limits, with LambdaPlaces={places}", loads)
    shown.add_row("due a minute", *(f"{one.a_minute:,.1f}" for one in loads))
    shown.add_row("slots of refreshes", *(str(one.slots) for one in loads))
    shown.add_row("seconds of a refresh", *(f"{one.lasts_s:.1f}" for one in loads))
    shown.add_row("starts a minute, at most", *(f"{one.starts_a_minute:,.0f}" for one in loads))
    shown.add_row("accounts that the slots allow", *(f"{one.slot_accounts:,.0f}" for one in loads))
    shown.add_row("allowed by the slots", *(_allowed(one.starts_a_minute >= one.a_minute) for one in loads))
    shown.add_row("MaxRunningPerCredential for it", *(str(one.limit_needed or "none") for one in loads))
    shown.add_row("accounts that one key's quota allows", *(_number(quota_accounts(one)) for one in loads))
    shown.add_row("allowed by the quota", *(_quota(one) for one in loads))
    out.print("\n", shown, sep="")


def _show_simulation(days: Days, found: Found, out: Console) -> None:
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_row("accounts of all platforms, days, days off", f"{days.accounts:,}, {days.days}, {days.off.days}")
    shown.add_row("refreshes started", f"{found.starts.total():,}")
    shown.add_row("due moments without a refresh, with two", f"{len(found.missed):,}, {len(found.twice):,}")
    shown.add_row("the busiest minute / the mean of its hour", f"{found.busiest:.2f}")
    running = ", ".join(f"{name} {number}" for name, number in sorted(found.most_running.items()))
    shown.add_row("most at the same time, by credential", running)
    if days.off:
        most = max(found.overdue_by_account.values(), default=0)
        shown.add_row("accounts overdue afterwards, refreshes of each", f"{len(found.overdue_by_account):,}, {most}")
        shown.add_row("time until none was overdue", str(found.made_up_in))
    shown.add_row("looks", f"{found.looks:,}")
    shown.add_row("this machine's time", f"{found.took_s:,.0f} s")
    out.print(shown)


def _number(number: float) -> str:
    return "not known" if math.isinf(number) else f"{number:,.0f}"


def _quota(load: Load) -> str:
    allowed = quota_accounts(load)
    return _number(allowed) if math.isinf(allowed) else _allowed(allowed >= load.accounts)


def _allowed(is_allowed: bool) -> str:
    return "yes" if is_allowed else "[bold red]no[/]"


def _table(title: str, loads: Sequence[Load]) -> Table:
    shown = Table(box=None, pad_edge=False)
    shown.add_column(title, no_wrap=True)
    for load in loads:
        shown.add_column(load.platform.label, justify="right")
    return shown


if __name__ == "__main__":
    sys.exit(main())
