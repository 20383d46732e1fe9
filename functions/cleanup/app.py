"""Once a day: jobs that ended more than KEEP_FINISHED_DAYS ago are deleted, in pages. Accounts and videos stay.

Every finished job is read, since no query finds the old ones: an order by a field would skip documents that lack it.
Each page stands alone, so a run that ends early, or is run twice, loses nothing. The next one begins somewhere else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import walks, wiring

RESERVE_MS = 15_000  # one page's read and delete, at their time-outs' worst

logger = Logger(service="cleanup")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.CleanupDeps | None = None) -> dict[str, Any]:
    """How many were deleted, and whether that was all."""
    deps = deps or wiring.cleanup()
    ended_before = deps.clock.now() - timedelta(days=deps.keep_finished_days)
    pages = walks.finished_jobs(deps.store, walks.anywhere())
    looked_at, deleted, is_done = 0, 0, False
    while not is_done and context.get_remaining_time_in_millis() > RESERVE_MS:
        page = next(pages, None)
        if page is None:
            is_done = True
            continue
        looked_at += len(page)
        if old := [job for job in page if job.ended_at() < ended_before]:
            deleted += deps.store.delete_jobs(old)
    logger.info("cleanup done", action="cleanup_done", looked_at=looked_at, deleted=deleted, is_done=is_done)
    return {"deleted": deleted, "isDone": is_done}
