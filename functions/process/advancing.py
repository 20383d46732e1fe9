"""The commit that ends a state's work: it writes the state's data and its progress together."""

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
    """Write the state's progress and `fields` to the job, together with `documents`.

    Raises as `fence.commit` does, and ValueError for a state that leads to no progress.
    """
    reaches = step.state.reaches
    if reaches is None:
        raise ValueError(f"{step.state.name} leads to no progress")
    change = jobs.advance(deps.clock.now(), reaches, message, **fields)
    return fence.commit(deps.store, step.fence, change, documents, reaches=reaches)
