"""Live progress bars of jobs, read from their documents as the panel does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from tracking.clock import Clock
from tracking.jobs import FINISHED, Job
from tracking.store import StateStore

_POLL_S = 0.25


def watch_jobs(
    store: StateStore,
    job_ids: Sequence[str],
    console: Console,
    clock: Clock,
    check: Callable[[Sequence[Job]], None] = lambda _: None,
) -> list[Job | None]:
    """Show the jobs until all have ended. Return each as it ended, or None for a deleted one.

    `check` is called with the unfinished jobs after each look. An exception from it ends the watching.
    """
    with Progress(
        TextColumn("{task.fields[name]}", table_column=Column(no_wrap=True, min_width=20, max_width=34), markup=False),
        BarColumn(bar_width=20, table_column=Column(no_wrap=True, min_width=20)),
        TextColumn("{task.percentage:>3.0f}%", table_column=Column(no_wrap=True, min_width=4)),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1), markup=False),
        console=console,
        expand=True,
    ) as progress:
        tasks = {job_id: progress.add_task("", total=100, name=job_id) for job_id in job_ids}
        ended: dict[str, Job | None] = {}
        while len(ended) < len(job_ids):
            left = []
            for job_id in job_ids:
                if job_id not in ended:
                    job = _show(store, job_id, progress, tasks[job_id], console)
                    if job is None or job.status in FINISHED:
                        ended[job_id] = job
                        progress.stop_task(tasks[job_id])
                    else:
                        left.append(job)
            check(left)
            clock.sleep(_POLL_S)
    return [ended[job_id] for job_id in job_ids]


def _show(store: StateStore, job_id: str, progress: Progress, task_id: TaskID, console: Console) -> Job | None:
    snapshot = store.get_job(job_id)
    if snapshot is None:
        progress.update(task_id, description="deleted")
        return None
    job = snapshot.parse()
    name, news = f"{job.platform.label} {job.username.strip()}", f"{job.status}: {job.message}"
    if not console.is_terminal and news != progress.tasks[task_id].description:
        # Bars cannot move in a file or a pipe, so each change is printed as a line.
        console.print(f"{job.progress:>3}%  {name}  {news}", markup=False, highlight=False, soft_wrap=True)
    progress.update(task_id, completed=job.progress, name=name, description=news)
    return job
