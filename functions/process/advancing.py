"""A state's commits. The one that ends its work writes the state's data and its progress together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from process import charging
from process.step import Step
from tracking import jobs
from tracking.errors import OvertakenError
from tracking.fence import Fence
from tracking.jobs import Job
from tracking.sentences import Sentence, say
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps


def advance(
    step: Step, deps: ProcessDeps, message: Sentence, documents: Sequence[DocumentWrite] = (), **fields: Any
) -> Fence:
    """Write the state's progress, `fields` and what it spent to the job, together with `documents`.

    Nobody watches a refresh, so its progress is not written: each write costs money, and there are many refreshes.
    Raises as `fence.commit` does, and ValueError for a state that leads to no progress.
    """
    reaches = step.state.reaches
    if reaches is None:
        raise ValueError(f"{step.state.name} leads to no progress")
    if step.work.refresh:
        now = deps.clock.now()
        return charging.commit(step, deps, jobs.note(now, message), documents) if documents else step.fence
    change = jobs.advance(deps.clock.now(), reaches, message, **fields)
    return charging.commit(step, deps, change, documents, reaches)


def is_past(step: Step, job: Job) -> bool:
    """Return whether a run of this state has ended its work."""
    return job.progress > step.work.progress


def not_past(step: Step) -> Callable[[Job], None]:
    """Return a check of a commit that is made before the state's work is done.

    It raises OvertakenError if another run of this state ended its work meanwhile. This run then came twice, or goes on
    after its time.
    """

    def check(job: Job) -> None:
        if is_past(step, job):
            raise OvertakenError(say("databaseTrouble", detail="The job is past this step."))

    return check
