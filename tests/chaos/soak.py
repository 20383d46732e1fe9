"""`python -m tests.chaos.soak [JOBS]`: jobs of all kinds, doubled ticks, killed workers.

The exit code is 1 if any job is wrong.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import psutil
from google.cloud.firestore_v1.base_query import FieldFilter
from rich.console import Console

from local import LocalError, stack
from tests.chaos.chaos_harness import ChaosHarness, chaos_harness
from tests.chaos.fates import Fate, PlannedJob, planned_jobs
from tests.chaos.figures import Figures, Tracked, examine, table
from tests.e2e.running import Project, RunningStack
from tracking import jobs
from tracking.jobs import FINISHED, OPEN, Status
from tracking.store import JOBS, JobWrite, StaleVersionError

LIMIT_S = 900.0
LEASE_S = 15.0
WAIT_SCALE = 0.1
RUNNING = 20  # jobs at most; the states have 16 places, and an ended job counts as running until the next tick
TICK_EVERY_S = 2.0
KILL_EVERY_S = 4.0
START_S = 15.0  # the longest start of a worker on a busy machine
PER_PROJECT = 100
SEED = 20261123
out = Console(width=None if sys.stdout.isatty() else 160, highlight=False)


def main(arguments: Sequence[str]) -> int:
    count = int(arguments[0]) if arguments else 2000
    limits = {"max_running_jobs": RUNNING, "max_running_per_credential": RUNNING}
    try:
        with (
            stack.borrowed(_say) as state,
            chaos_harness(RunningStack(state), lease_s=LEASE_S, wait_scale=WAIT_SCALE, **limits) as harness,
        ):
            figures = soak(harness, count)
    except LocalError as error:
        out.print(f"error: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    out.print(table(count, figures))
    for sentence in figures.wrong:
        out.print(f"wrong: {sentence}", style="red", markup=False)
    out.print(f"{len(figures.wrong)} wrong." if figures.wrong else "Nothing lost, nothing twice.")
    return int(bool(figures.wrong))


def soak(harness: ChaosHarness, count: int) -> Figures:
    figures, chance = Figures(), random.Random(SEED)
    tracked = _write_jobs(harness, planned_jobs(count, chance))
    began, done = time.monotonic(), threading.Event()
    with ThreadPoolExecutor(3) as pool:
        helpers = [
            pool.submit(_every, TICK_EVERY_S, done, lambda: _tick(harness, figures)),
            pool.submit(_every, KILL_EVERY_S, done, lambda: _kill(harness, figures, chance)),
            pool.submit(_every, 0.3, done, lambda: _cancel_running(harness, tracked)),
        ]
        try:
            _await_ends(harness, len(tracked), began)
        finally:
            done.set()
        for helper in helpers:
            helper.result()
    figures.wall_s = time.monotonic() - began
    examine(harness, tracked, figures)
    return figures


def _write_jobs(harness: ChaosHarness, wanted: Sequence[PlannedJob]) -> list[Tracked]:
    """Add the jobs as front ends do. Cancel the jobs that the plan cancels while they are pending."""
    tracked: list[Tracked] = []
    for first in range(0, len(wanted), PER_PROJECT):
        project = Project(harness.running)
        for planned in wanted[first : first + PER_PROJECT]:
            job_id = project.add_job(planned.username, planned.platform, **planned.job)
            tracked.append(Tracked(planned, project, job_id))
            if planned.fate is Fate.FLAKY:
                harness.simulate(kind="503", platform=planned.platform, username=planned.username, times=2)
            if planned.fate is Fate.CANCELLED_PENDING:
                _cancel(harness, job_id)
    return tracked


def _cancel(harness: ChaosHarness, job_id: str) -> None:
    """Cancel a job as a user's client does. A job that has ended meanwhile stays as it is."""
    snapshot = harness.running.store.get_job(job_id)
    assert snapshot is not None
    if snapshot.data["status"] in FINISHED:
        return
    cancel = jobs.cancel(Status(snapshot.data["status"]), datetime.now(UTC))
    try:
        harness.running.store.commit(JobWrite(job_id, cancel, snapshot.version))
    except StaleVersionError:
        _cancel(harness, job_id)


def _every(seconds: float, done: threading.Event, act: Callable[[], None]) -> None:
    while not done.wait(seconds):
        act()


def _tick(harness: ChaosHarness, figures: Figures) -> None:
    answers = harness.tick()
    figures.ticks += len(answers)
    figures.failed_ticks += sum("errorType" in answer for answer in answers)


def _kill(harness: ChaosHarness, figures: Figures, chance: random.Random) -> None:
    """Kill one of MiniStack's workers at a random moment.

    Workers that are still starting are spared. A kill of such a worker would make MiniStack end all other workers of
    the function, which AWS does not do.
    """
    part = harness.running.state.parts["aws"].process
    assert part is not None
    workers = [worker for worker in psutil.Process(part.pid).children() if _age_s(worker) > START_S]
    if workers:
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            chance.choice(workers).kill()
        figures.kills += 1


def _age_s(worker: psutil.Process) -> float:
    """Return the age of a worker in seconds, or 0 if it has ended."""
    with suppress(psutil.NoSuchProcess):
        if worker.status() != psutil.STATUS_ZOMBIE:
            return time.time() - worker.create_time()
    return 0.0


def _cancel_running(harness: ChaosHarness, tracked: Sequence[Tracked]) -> None:
    wanted = {one.job_id for one in tracked if one.planned.fate is Fate.CANCELLED_PROCESSING}
    for snapshot in harness.running.store.processing_jobs(RUNNING * 2):
        if snapshot.job_id in wanted:
            _cancel(harness, snapshot.job_id)


def _await_ends(harness: ChaosHarness, count: int, began: float) -> None:
    """Wait until no job is open or the limit passes. Unfinished jobs are reported later."""
    said = began
    is_open = harness.running.client.collection(JOBS).where(filter=FieldFilter("status", "in", sorted(OPEN)))
    while time.monotonic() - began < LIMIT_S:
        left = int(is_open.count().get()[0][0].value)  # Firestore counts them, so that no documents are read
        if not left:
            return
        if time.monotonic() - said > 15:
            said = time.monotonic()
            _say(f"{said - began:4.0f} s: {left} of {count} left")
        time.sleep(1)


def _say(text: str) -> None:
    out.print(text, style="dim", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
