"""The limits of one fetch from a platform, and the record of the paid runs that it starts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from process import charging, waiting
from process.advancing import not_past
from process.step import Step
from tracking import budgets, fence, jobs
from tracking.jobs import Job
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Bounds, Ids, RunBook
from tracking.refreshes import Mode
from tracking.wiring import ProcessDeps


class _RunsChangedError(Exception):
    """Another process has begun paid runs for the same attempt."""


@dataclass(slots=True)
class Fetch:
    """One fetch for a step. `step` moves on with each commit, and holds the ids of paid runs as soon as they are known.

    The checkpoint raises if the job was cancelled or lost, so no further call is made for it.
    """

    step: Step
    deps: ProcessDeps
    has_written: bool = field(default=False, init=False)

    def bounds(self) -> Bounds:
        step, work = self.step, self.step.work
        max_videos, stops_at = self.deps.max_videos(work.platform_name), None
        if (order := work.order) and order.mode is Mode.INCREMENTAL:
            max_videos = min(max_videos, PLATFORMS[work.platform_name].refresh_posts)
            stops_at = order.stops_at(self.deps.clock.now())
        if order and order.allowance is not None:
            max_videos = budgets.posts_of_runs(work.platform_name, order.allowance, max_videos)
        return Bounds(
            deadline=step.deadline,
            max_videos=max_videos,
            stops_at=stops_at,
            checkpoint=lambda: _check(self.step, self.deps),
            runs=RunBook(dict(work.runs), self._save),
            runs_since=step.attempt_started_at,
            is_retry=step.retry_count > 0,
            ends_at=step.job_ends_at(self.deps.max_job),
            cursor=work.cursor,
            saved=work.videos_saved,
            may_wait=waiting.room_s(step, self.deps) > 0,
            chunk=self.deps.limits.videos_per_chunk,
            meter=step.meter,
        )

    def _save(self, runs: Ids) -> Ids:
        """Write the ids to the job. If its ids are no longer those that we knew, keep them and write nothing."""
        known = self.step.work.runs
        kept = runs

        def check(job: Job) -> None:
            not_past(self.step)(job)
            if dict(job.runs) != known:
                raise _RunsChangedError

        try:
            owned = charging.commit(self.step, self.deps, jobs.record(self.deps.clock.now(), runs), check=check)
        except _RunsChangedError:
            owned, job = fence.current(self.deps.store, self.step.fence)
            kept = job.runs
        self.step = replace(self.step, work=self.step.work.after(owned, runs=dict(kept)))
        self.has_written = True
        return kept


def _check(step: Step, deps: ProcessDeps) -> None:
    fence.current(deps.store, step.fence)
