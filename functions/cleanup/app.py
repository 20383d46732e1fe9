"""Once a day: finished jobs older than KEEP_FINISHED_DAYS are deleted, in pages. Accounts and videos stay.

Each page stands alone, so a run that ends early, or is run twice, loses nothing: the next one goes on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import wiring
from tracking.store import MAX_WRITES_PER_COMMIT

RESERVE_MS = 15_000  # one page's read and delete, at their time-outs' worst

logger = Logger(service="cleanup")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.CleanupDeps | None = None) -> dict[str, Any]:
    """How many were deleted, and whether that was all."""
    deps = deps or wiring.cleanup()
    created_before = deps.clock.now() - timedelta(days=deps.keep_finished_days)
    deleted, is_done = 0, False
    while not is_done and context.get_remaining_time_in_millis() > RESERVE_MS:
        page = deps.store.finished_jobs(created_before, MAX_WRITES_PER_COMMIT)
        deleted += deps.store.delete_jobs(page)
        is_done = len(page) < MAX_WRITES_PER_COMMIT
    logger.info("cleanup done", action="cleanup_done", deleted=deleted, is_done=is_done)
    return {"deleted": deleted, "isDone": is_done}
