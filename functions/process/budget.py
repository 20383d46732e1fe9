"""The limits of one fetch from a platform, and the record of the paid runs that it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from process import waiting
from process.step import Step
from tracking import fence, jobs
from tracking.platforms import Budget, RunBook
from tracking.wiring import ProcessDeps


@dataclass(slots=True)
class Fetch:
    """One fetch for a step. `step` moves on with each commit, and holds the ids of paid runs as soon as they are known.

    The checkpoint raises if the job was cancelled or lost, so no further call is made for it.
    """

    step: Step
    deps: ProcessDeps
    has_written: bool = field(default=False, init=False)

    def budget(self) -> Budget:
        step, work = self.step, self.step.work
        return Budget(
            deadline=step.deadline,
            max_videos=self.deps.max_videos_per_job,
            checkpoint=lambda: _check(self.step, self.deps),
            runs=RunBook(dict(work.runs), self._save),
            runs_since=step.execution_started_at,
            is_retry=step.retry_count > 0,
            ends_at=step.job_ends_at(self.deps.max_job),
            cursor=work.cursor,
            saved=work.videos_saved,
            may_wait=waiting.room_s(step, self.deps) > 0,
            chunk=self.deps.limits.videos_per_chunk,
        )

    def _save(self, runs: Mapping[str, str]) -> None:
        change = jobs.record(self.deps.clock.now(), runs)
        owned = fence.commit(self.deps.store, self.step.fence, change)
        self.step = replace(self.step, work=self.step.work.after(owned, runs=dict(runs)))
        self.has_written = True


def _check(step: Step, deps: ProcessDeps) -> None:
    fence.current(deps.store, step.fence)
