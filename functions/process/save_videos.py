"""State SaveVideos: write every video's document, and complete the job. 70 -> 100.

Each commit carries the job's document, so that it is fenced like any other; the last one carries the completion.
Documents are named by the platform's ids: saving them a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aws_lambda_powertools import Logger

from process.step import Step
from tracking import fence, jobs
from tracking.errors import StoreUnavailableError
from tracking.jobs import Progress
from tracking.store import MAX_BYTES_PER_COMMIT, MAX_WRITES_PER_COMMIT, DocumentWrite, size_bytes
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

VIDEOS_PER_COMMIT = MAX_WRITES_PER_COMMIT - 2  # beside the job's document and the account's
BYTES_PER_COMMIT = MAX_BYTES_PER_COMMIT - 10_000


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    work, now = step.work, deps.clock.now()
    synced = {"lastSyncedAt": now, "lastJobId": work.job_id}
    videos = (
        DocumentWrite(f"{work.account_document}/videos/{video.video_id}", video.to_document() | synced)
        for video in deps.staging.get_videos(work.staged_videos)
    )
    *earlier, last = in_commits(videos)
    owned, saved = work.fence, 0
    for batch in earlier:
        saved += len(batch)
        message = f"Saved {saved:,} of {work.videos_fetched:,} videos."
        owned = fence.commit(deps.store, owned, jobs.note(deps.clock.now(), message), batch)
    owned = fence.commit(
        deps.store,
        owned,
        jobs.complete(deps.clock.now(), f"Done: {work.extent} saved."),
        [DocumentWrite(work.account_document, synced | {"videoCount": work.videos_fetched}), *last],
        reaches=Progress.VIDEOS_SAVED,
    )
    _forget(step, deps)
    return work.after(owned, retries_used=step.retries_used).to_state()


def in_commits(writes: Iterable[DocumentWrite]) -> Iterator[list[DocumentWrite]]:
    """Cut by number and by bytes; at least one list, which may be empty."""
    batch: list[DocumentWrite] = []
    batch_bytes = 0
    for write in writes:
        write_bytes = size_bytes(write)
        if batch and (len(batch) == VIDEOS_PER_COMMIT or batch_bytes + write_bytes > BYTES_PER_COMMIT):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(write)
        batch_bytes += write_bytes
    yield batch


def _forget(step: Step, deps: ProcessDeps) -> None:
    """The job is complete; staging objects that cannot be deleted now expire within a day."""
    try:
        deps.staging.delete(step.work.staged_account, step.work.staged_videos)
    except StoreUnavailableError as error:
        logger.info("staging kept", action="staging_kept", reason=error.message)
