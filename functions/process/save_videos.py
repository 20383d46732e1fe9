"""State SaveVideos: write every video's document, and complete the job.

Every commit includes the job's document, so the fence protects each of them. The last commit also completes the job: it
writes the account and the ending's riders. Documents are named by the platform's ids, so saving them twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from process.account_document import AccountDocument, commit_one, staged_account
from process.step import Step
from tracking import endings, fence, jobs
from tracking.accounts import Account
from tracking.document_limits import fitted, message_bytes
from tracking.errors import TrackingError
from tracking.fence import Fence
from tracking.jobs import Change
from tracking.metrics import count_left_out
from tracking.store import MAX_BYTES_PER_COMMIT, DocumentWrite, WriteRefusedError
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

MAX_REFUSED = 50
"""The most videos of one account that Firestore may refuse. Finding one of them takes about 18 commits."""
BYTES_PER_COMMIT = MAX_BYTES_PER_COMMIT - 10_000  # the rest is for the job's document


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Save all videos.

    Raises WriteRefusedError after more than MAX_REFUSED refusals, because so many refusals suggest our own mistake.
    """
    work, now = step.work, deps.clock.now()
    account, videos = staged_account(step, deps).account, deps.staging.get_videos(step.execution_name).videos
    synced = {"lastSyncedAt": now, "lastJobId": work.job_id}
    writes = (
        DocumentWrite(f"{work.account_document}/videos/{video.video_id}", fitted(video.to_document()) | synced)
        for video in videos
    )
    saving = Saving(step, deps, account, len(videos))
    *earlier, last = in_commits(writes, *saving.room())
    for batch in earlier:
        saving.save(batch)
    saving.finish(last)
    if saving.missing:
        count_left_out(work.platform, saving.missing)
    _delete_staged(step, deps)
    return work.after(saving.fence, retries_used=step.retries_used).to_state()


class Saving:
    """The videos' commits, one by one. A video that Firestore refuses is left out and counted."""

    def __init__(self, step: Step, deps: ProcessDeps, account: Account, total: int) -> None:
        self.fence: Fence = step.fence
        self._step = step
        self._deps = deps
        self._account = account
        self._total = total
        self._saved = self._refused = 0

    @property
    def missing(self) -> int:
        """Videos that were left out: refused by Firestore now, or dropped earlier because of their ids."""
        return self._refused + self._step.work.videos_unusable

    def room(self) -> tuple[int, int]:
        """Return how many videos, and how many bytes of them, fit into the completing commit beside its other
        documents.
        """
        work, document = self._step.work, self._document(self._total)
        completing = endings.ending(
            work.job_id, work.to_state(), self._completion(self._total), self.fence.version, document.new
        )
        taken_bytes = sum(message_bytes(one.path, one.fields) for one in completing.companions)
        return self._deps.limits.videos_per_commit - len(completing.riders), BYTES_PER_COMMIT - taken_bytes

    def save(self, batch: Sequence[DocumentWrite]) -> None:
        saved = self._saved + len(batch)
        change = jobs.note(self._deps.clock.now(), f"Saved {saved:,} of {self._total:,} videos.")
        try:
            self.fence = fence.commit(self._deps.store, self.fence, change, batch)
        except WriteRefusedError as error:
            self._save_by_halves(batch, error)
        else:
            self._saved = saved

    def finish(self, last: Sequence[DocumentWrite]) -> None:
        try:
            self._complete(last)
        except WriteRefusedError as error:
            if not last:
                raise
            self._save_by_halves(last, error)
            self._complete([])

    def _save_by_halves(self, batch: Sequence[DocumentWrite], error: WriteRefusedError) -> None:
        """Find the refused videos by splitting the batch in halves, and save the rest."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self.save(batch[:middle])
            self.save(batch[middle:])
            return
        logger.warning("video refused", action="video_refused", path=batch[0].path, reason=str(error))
        self._refused += 1
        if self._refused > MAX_REFUSED:
            raise error

    def _complete(self, last: Sequence[DocumentWrite]) -> None:
        saved = self._saved + len(last)
        document, completion = self._document(saved), self._completion(saved)
        job = self._step.work.to_state()

        def complete(account: DocumentWrite) -> Fence:
            return fence.end(self._deps.store, self.fence, job, completion, account, last)

        # SaveAccount has just written the document, so try `known` first. It may have been deleted since then.
        self.fence = commit_one([document.known, document.new], complete)

    def _document(self, saved: int) -> AccountDocument:
        return AccountDocument(self._step, self._account, self._deps.clock, video_count=saved)

    def _completion(self, saved: int) -> Change:
        report = self._step.work.report(saved, self.missing)
        return jobs.complete(self._deps.clock.now(), report, self._account.account_id)


def in_commits(writes: Iterable[DocumentWrite], max_videos: int, max_bytes: int) -> Iterator[list[DocumentWrite]]:
    """Cut the writes into batches by number and by bytes. Yield at least one batch, which may be empty."""
    batch: list[DocumentWrite] = []
    batch_bytes = 0
    for write in writes:
        write_bytes = message_bytes(write.path, write.fields)
        if batch and (len(batch) == max_videos or batch_bytes + write_bytes > max_bytes):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(write)
        batch_bytes += write_bytes
    yield batch


def _delete_staged(step: Step, deps: ProcessDeps) -> None:
    """Delete the staged objects. An error is only logged: the job is complete, and the objects expire within a day."""
    try:
        deps.staging.delete(step.execution_name)
    except TrackingError as error:
        logger.info("staging kept", action="staging_kept", reason=error.message)
