"""The commit that ends a state's work: its data, and the progress of its row, together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from process.step import Step
from tracking import fence, jobs
from tracking.fence import Fence
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps


def advance(
    step: Step, deps: ProcessDeps, message: str, documents: Sequence[DocumentWrite] = (), **fields: Any
) -> Fence:
    """Write the state's progress and `fields` to the job, and `documents` with them. Raises as `fence.commit` does.

    ValueError for a state that leads to no progress.
    """
    reaches = step.state.reaches
    if reaches is None:
        raise ValueError(f"{step.state.name} leads to no progress")
    change = jobs.advance(deps.clock.now(), reaches, message, **fields)
    return fence.commit(deps.store, step.fence, change, documents, reaches=reaches)
