"""`python -m tests.chaos [WORDS]`: try all points, or the points whose name contains one of the words.

The exit code is 1 if any result is wrong.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console

from local import LocalError, stack
from tests.chaos import cleaning, late, mailing, points, telling, trials
from tests.chaos.chaos_harness import ChaosHarness, chaos_harness
from tests.chaos.points import Trial
from tests.chaos.report import table
from tests.chaos.trials import Result
from tests.e2e.running import RunningStack

LEASE_S = 4.0
WAIT_SCALE = 0.1  # factor for the waits of Retry
WAVE = 6  # jobs at the same time; each may take two of the 16 places that states have
FOOTER = """\
Ticks come two at the same moment; a job that needs more than one waited for its lease, or was renewed while it worked.
A lease lasts 4 s instead of 360, the waits of Retry are a tenth, and where a tick has to see a full page, a page is one
job. Nothing else of the product is changed.
Events of executions that failed or were stopped come from MiniStack, by way of the deployed rule. It has no time-out of
an execution: the TIMED_OUT events are made as AWS documents them, and given to the reconcile function directly."""
out = Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def main(words: Sequence[str]) -> int:
    limits = {"max_running_jobs": 500, "max_running_per_credential": 500}
    try:
        with (
            stack.borrowed(_say) as state,
            chaos_harness(RunningStack(state), lease_s=LEASE_S, wait_scale=WAIT_SCALE, **limits) as harness,
        ):
            return _report(harness, words)
    except LocalError as error:
        out.print(f"error: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _report(harness: ChaosHarness, words: Sequence[str]) -> int:
    began, results = time.monotonic(), list(_run_all(harness, words))
    out.print(table(results))
    untried = sorted({call["point"] for call in harness.plan.calls()} - {result.point for result in results})
    wrong = sum(bool(result.wrong) for result in results)
    most = max(result.ticks for result in results)
    out.print(f"\n{len(results)} trials, {wrong} wrong; at most {most} ticks; {time.monotonic() - began:.0f} s.")
    out.print(FOOTER, soft_wrap=True)
    if untried and not words:
        out.print(f"[bold red]Calls that no fault was tried at: {', '.join(untried)}[/]")
    return int(bool(wrong or (untried and not words)))


def _run_all(harness: ChaosHarness, words: Sequence[str]) -> Iterator[Result]:
    every = points.trials([*points.STATES, *points.TICKS])
    waves = list(_waves([t for t in every if not words or any(word in t.point.name for word in words)]))
    for number, wave in enumerate(waves, 1):
        _say(f"{number} of {len(waves)}: {', '.join(dict.fromkeys(trial.point.name for trial in wave))} ...")
        yield from _said(trials.run(harness, wave))
    if not words or "late" in words:
        for first in range(0, len(late.LATE), WAVE):
            _say("Late writers ...")
            yield from _said(late.run(harness, late.LATE[first : first + WAVE]))
    if not words or "cleanup" in words:
        _say("Cleanup ...")
        yield from _said(cleaning.run(harness))
    if not words or "notify" in words:
        _say("Webhooks ...")
        yield from _said(telling.run(harness))
    if not words or "mail" in words:
        _say("Mail ...")
        yield from _said(mailing.run(harness))


def _said(results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        if result.wrong:
            _say(f"    wrong: {result}")
        yield result


def _waves(every: Sequence[Trial]) -> Iterator[list[Trial]]:
    """Split the trials into groups that may run at the same time.

    Trials that stop an execution get their own waves, since no job in a wave gets a tick while an event is awaited.
    """
    for stops in (False, True):
        together = [trial for trial in every if not trial.is_alone and trial.point.stops is stops]
        for first in range(0, len(together), WAVE):
            yield together[first : first + WAVE]
    yield from ([trial] for trial in every if trial.is_alone)


def _say(text: str) -> None:
    out.print(text, style="dim", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
