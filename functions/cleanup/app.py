"""Delete jobs that ended more than KEEP_FINISHED_DAYS ago. Accounts and videos stay. EventBridge runs this once a day.

The function reads every finished job. No query can find only the old jobs: ordering by a field skips documents without
this field. Each page is deleted separately, so nothing is lost when a run stops early or happens twice. The next run
continues from the place where the last one stopped.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from tracking import walks, wiring
from tracking.document_limits import is_document_id
from tracking.metrics import counting_refused_credentials
from tracking.store import CleanupStore, DocumentWrite

CONTROL_DOCUMENT = "trackingControl/cleanup"
RESERVE_MS = 60_000  # one page: its read, its delete and the write of the place, each with the client's retries

logger = Logger(service="cleanup")


@logger.inject_lambda_context(clear_state=True)
@counting_refused_credentials()
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.CleanupDeps | None = None) -> dict[str, Any]:
    """Return how many jobs were deleted, and whether all finished jobs were looked at."""
    deps = deps or wiring.cleanup()
    moment = deps.clock.now() - timedelta(days=deps.keep_finished_days)
    begin = _place(deps.store)
    looked_at, deleted, place = 0, 0, begin
    for page, old in walks.ended_before(deps.store, moment, deps.limits.finished_page_size, begin):
        deleted += deps.store.delete_jobs(old)
        looked_at += len(page)
        place = page[-1].job_id if page else place
        if context.get_remaining_time_in_millis() < RESERVE_MS:
            is_done = False
            break
    else:
        is_done, place = True, ""
    if place != begin:
        deps.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {"goesOnFrom": place}))
    logger.info("cleanup done", action="cleanup_done", looked_at=looked_at, deleted=deleted, is_done=is_done)
    return {"deleted": deleted, "isDone": is_done}


def _place(store: CleanupStore) -> str:
    """Return the job id at which the last run stopped, or "" if it reached the end."""
    place = (store.get_document(CONTROL_DOCUMENT) or {}).get("goesOnFrom")
    return place if isinstance(place, str) and is_document_id(place) else ""
