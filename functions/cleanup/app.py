"""Delete jobs that ended more than KEEP_FINISHED_DAYS ago and what lies below removed accounts, and thin the history.

EventBridge runs this once a day. Accounts and videos stay until people remove them (`cleanup.removals`);
`cleanup.thinning` says what becomes of their points.

A job that ended later gets its `expireAt`, at which Firestore's TTL policy may delete it. Nobody else sets this field,
so the one setting rules both. Jobs that ended before this system came are left alone (`tracking.adoption`), and so are
all jobs if another stack works on them: that stack's setting counts.

The function reads every finished job. No query can find only the old jobs: ordering by a field skips documents without
this field. Each page is deleted separately, so nothing is lost when a run stops early or happens twice. The next run
continues from the place where the last one stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cleanup.removals import Removed, remove
from cleanup.thinning import Thinned, thin
from tracking import adoption, jobs, pauses, refusals, walks, wiring
from tracking.document_limits import is_document_id
from tracking.store import CleanupStore, DocumentWrite, JobSnapshot, JobWrite

CONTROL_DOCUMENT = "trackingControl/cleanup"
GOES_ON_FROM = "goesOnFrom"
RESERVE_MS = 80_000
"""Time for one page: its read, its writes, its delete and the write of the place, with the client's retries.

A document of the history needs less, unless Firestore is slow. Being cut off costs nothing there.
"""

logger = Logger(service="cleanup")


@logger.inject_lambda_context(clear_state=True)
@refusals.told("cleanup", logger)
def handler(event: dict[str, Any], context: LambdaContext, deps: wiring.CleanupDeps | None = None) -> dict[str, Any]:
    """Return how many jobs were deleted, and whether the run came to its end."""

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() >= RESERVE_MS

    deps = deps or wiring.cleanup()
    now, kept_for = deps.clock.now(), timedelta(days=deps.keep_finished_days)
    control = deps.store.get_document(pauses.CONTROL_DOCUMENT)
    if deps.machine and adoption.owner(control) not in {"", deps.machine}:
        logger.warning("not cleaned up", action="cleanup_left", reason=f"The jobs are of {adoption.owner(control)}.")
        return {"deleted": 0, "isDone": False}
    ours_since = adoption.adopted_from(control, now)
    begin = _place(deps.store)
    looked_at, deleted, left_alone, place = 0, 0, 0, begin
    for page in walks.finished_jobs(deps.store, deps.limits.finished_page_size, begin):
        ours = [job for job in page if ours_since is None or job.ended_at() >= ours_since]
        old = [job for job in ours if job.ended_at() < now - kept_for]
        deleted += deps.store.delete_jobs(old)
        _set_expiry(deps, [job for job in ours if job.ended_at() >= now - kept_for], kept_for)
        looked_at, left_alone = looked_at + len(page), left_alone + len(page) - len(ours)
        place = page[-1].job_id if page else place
        if not has_time():
            is_done = False
            break
    else:
        is_done, place = True, ""
    if place != begin:
        deps.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {GOES_ON_FROM: place}))
    removed, history = Removed(), Thinned()
    if is_done:
        removed = remove(deps.store, now, deps.limits.due_page_size, has_time)
        is_done = removed.is_done
    if is_done:
        history = thin(deps.store, now, deps.limits.due_page_size, has_time)
        is_done = history.is_done
    counts = {"looked_at": looked_at, "deleted": deleted, "left_alone": left_alone, "is_done": is_done}
    counts |= {"thinned": history.documents, "not_thinned": history.left}
    counts |= {"removed": removed.accounts, "removed_documents": removed.documents}
    counts |= {"tracked_again": removed.kept, "not_removed": removed.left}
    logger.info("cleanup done", extra={"action": "cleanup_done", **counts})
    return {"deleted": deleted, "isDone": is_done}


def _set_expiry(deps: wiring.CleanupDeps, kept: Sequence[JobSnapshot], kept_for: timedelta) -> None:
    """Write `expireAt` where it is missing or counts from something else than the job's end.

    The end is written, too: without it the end would be the last write, which is this one. A job that changed
    meanwhile, or that Firestore lets nobody write, has its turn tomorrow.
    """
    changes = [(job, jobs.keep(deps.clock.now(), job.ended_at(), job.ended_at() + kept_for)) for job in kept]
    unset = [(job, change) for job, change in changes if job.data.get("expireAt") != change.fields["expireAt"]]
    deps.store.write_each([JobWrite(job.job_id, change, job.version) for job, change in unset])


def _place(store: CleanupStore) -> str:
    """Return the job id at which the last run stopped, or "" if it reached the end."""
    place = (store.get_document(CONTROL_DOCUMENT) or {}).get(GOES_ON_FROM)
    return place if isinstance(place, str) and is_document_id(place) else ""
