"""The command line of `python -m bench.scale`. `--help` names every number that can be changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from bench.scale.load import (
    API_JOB,
    RUN_JOB,
    TABLE,
    Job,
    Quota,
    Situation,
    dollars,
    platform_limits,
    quotas,
    ramp_minutes,
)
from bench.scale.simulation import MEAN_S, Result, Scenario, simulate

VOLUMES = (10_000, 1_000_000, 10_000_000)
WIDTH = 140
RAISED_FIRST = ("our setting", "new account")
"""Owners of limits that are small on purpose, and that an operator raises before anything else."""


def main(arguments: Sequence[str] | None = None, out: Console | None = None) -> int:
    """Print the tables, or run the simulation. Return the exit code."""
    asked = _parser().parse_args(arguments)
    out = out or Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    if asked.simulate is not None:
        result = simulate(
            Scenario(
                jobs=asked.simulate,
                organisations=asked.organisations,
                slots_per_credential=asked.slots,
                step_s=asked.step_s,
                wakes_a_tick=asked.wakes_a_tick,
            )
        )
        _show_simulation(result, out)
        return 0
    job = replace(Job.mean(API_JOB, RUN_JOB, asked.share_of_runs), videos=asked.videos)
    at = [
        Situation(
            job=job,
            jobs_a_day=jobs_a_day,
            peak=asked.peak,
            region=asked.region,
            database=asked.database,
            watchers=asked.watchers,
            wakes_a_tick=asked.wakes_a_tick,
        )
        for jobs_a_day in asked.jobs_per_day
    ]
    _show_quotas(at, out)
    _show_platforms(job, out)
    _show_dollars(at, out)
    if asked.sources:
        _show_sources(out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--jobs-per-day", type=_count, nargs="+", default=VOLUMES, metavar="N")
    parser.add_argument("--peak", type=float, default=3, help="the busiest second over the average one (3)")
    parser.add_argument("--videos", type=_count, default=200, help="videos of a job (200)")
    parser.add_argument("--share-of-runs", type=float, default=0.5, help="jobs that need an Apify run, 0 to 1 (0.5)")
    parser.add_argument("--watchers", type=float, default=1, help="open pages that show a job (1)")
    parser.add_argument("--wakes-a-tick", type=_count, default=10, help="ended jobs that one tick takes, at most (10)")
    parser.add_argument("--region", choices=["large", "other"], default="large", help="of AWS")
    parser.add_argument("--database", choices=["regional", "multi"], default="regional", help="Firestore's location")
    parser.add_argument("--sources", action="store_true", help="print where each number was read")
    parser.add_argument("--simulate", type=_count, nargs="?", const=100_000, metavar="JOBS", help="step the scheduler")
    parser.add_argument("--organisations", type=_count, default=10_000, help="of the simulation (10000)")
    parser.add_argument("--slots", type=_count, default=500, help="of each credential in the simulation (500)")
    parser.add_argument("--step-s", type=_count, default=2, help="of the simulation, from wake to wake (2)")
    return parser


def _count(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _show_quotas(at: Sequence[Situation], out: Console) -> None:
    out.print(f"Jobs a day, with {at[0].peak:g} times as many in the busiest second, and their shares of each quota:")
    shown = _table("quota", "limit", "whose", "binds at", *(f"{one.jobs_a_day:,.0f}" for one in at))
    by_volume = [{quota.name: quota for quota in quotas(one)} for one in at]
    for quota in quotas(at[0]):
        shares = [_share(of_volume[quota.name]) for of_volume in by_volume]
        shown.add_row(quota.what, f"{quota.limit:,.0f}", quota.owner, _three_digits(quota.binds_at), *shares)
    out.print(shown)
    out.print()
    for one in at:
        need = ramp_minutes(one.writes_a_second)
        out.print(
            f"{one.jobs_a_day:,.0f} jobs a day, {one.jobs_a_second:,.1f} a second at the peak: {_first(quotas(one))} "
            f"Firestore gets {one.writes_a_second:,.0f} writes a second, after {need:.0f} minutes of growing.",
            soft_wrap=True,
        )


def _first(all_quotas: Sequence[Quota]) -> str:
    bound = [quota for quota in all_quotas if quota.share > 1]
    settings = [quota.what for quota in bound if quota.owner in RAISED_FIRST]
    others = [quota.what for quota in bound if quota.owner not in RAISED_FIRST]
    raised = f"raise {len(settings)} settings and quotas of a new account; then " if settings else ""
    if not others:
        return f"{raised}nothing binds."
    more = f" (and {len(others) - 1} more)" if others[1:] else ""
    return f"{raised}{others[0]} binds first{more}."


def _show_platforms(job: Job, out: Console) -> None:
    shown = _table("the platforms bind long before, for each key", "limit", "jobs a day")
    for name, jobs_a_day in platform_limits(job).items():
        entry = TABLE["platforms"][name]
        shown.add_row(entry["what"], f"{entry['limit']:,}", _three_digits(jobs_a_day))
    out.print("\n", shown, sep="")


def _show_dollars(at: Sequence[Situation], out: Console) -> None:
    shown = _table("dollars a day, the platforms' prices apart", *(f"at {one.jobs_a_day:,.0f}" for one in at))
    days = [dollars(one) for one in at]
    for part in days[0]:
        shown.add_row(part, *(f"{day[part]:,.2f}" for day in days))
    shown.add_row("all", *(f"{sum(day.values()):,.2f}" for day in days))
    thousand = (sum(day.values()) / one.jobs_a_day * 1_000 for day, one in zip(days, at, strict=True))
    shown.add_row("for 1,000 jobs", *(f"{usd:,.2f}" for usd in thousand))
    out.print("\n", shown, sep="")


def _show_sources(out: Console) -> None:
    out.print()
    for entry in (entry for group in ("quotas", "platforms", "prices") for entry in TABLE[group].values()):
        out.print(f"{entry['what']}: {entry['seen']}, {entry['source']}", soft_wrap=True)
        if "note" in entry:
            out.print(f"    {entry['note']}", soft_wrap=True)


def _show_simulation(result: Result, out: Console) -> None:
    scenario = result.scenario
    shown = _table(f"{scenario.jobs:,} jobs of {scenario.organisations:,} organisations", "")
    shown.add_row("jobs started", f"{result.started:,}")
    shown.add_row("slots, for all credentials together", f"{scenario.slots:,}")
    shown.add_row("simulated time, and ticks", f"{result.simulated} / {result.ticks:,}")
    shown.add_row("starts a minute: average, and a perfect pool's", _starts(result))
    shown.add_row("most rounds that an organisation waited for a start", f"{result.rounds}")
    shown.add_row("longest wait of an organisation for a start", f"{result.longest_wait}")
    shown.add_row("documents read for each started job", f"{result.reads_a_job:.2f}")
    for call, documents in result.reads.most_common():
        shown.add_row(f"  {call}", f"{documents / result.started:.2f}")
    shown.add_row("documents written for each started job", f"{result.writes / result.started:.2f}")
    shown.add_row("requests for each started job", f"{result.requests.total() / result.started:.2f}")
    shown.add_row("this machine's time", f"{result.took_s:,.0f} s")
    out.print(shown)


def _starts(result: Result) -> str:
    return f"{result.starts_a_minute:,.0f} / {result.scenario.slots * 60 / MEAN_S:,.0f}"


def _table(*columns: str) -> Table:
    shown = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        is_text = number == 0 or column == "whose"
        shown.add_column(column, justify="left" if is_text else "right", no_wrap=number == 0)
    return shown


def _share(quota: Quota) -> str:
    text = f"{quota.share:.0%}" if quota.share < 10 else f"{quota.share:,.0f} x"
    return f"[bold red]{text}[/]" if quota.share > 1 else text


def _three_digits(number: float) -> str:
    places = max(0, len(f"{number:.0f}") - 3)
    return f"{round(number, -places):,.0f}"


if __name__ == "__main__":
    sys.exit(main())
