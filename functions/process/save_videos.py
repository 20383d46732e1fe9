"""State SaveVideos: write every video's document, and complete the job. 70 -> 100.

Each commit carries the job's document, so that it is fenced like any other; the last one carries the completion and
the account. Documents are named by the platform's ids: saving them a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from process.account_document import AccountDocument, staged_account
from process.step import Step
from tracking import fence, jobs
from tracking.accounts import Account
from tracking.errors import StoreUnavailableError
from tracking.fence import Fence
from tracking.limits import fitted
from tracking.store import (
    MAX_BYTES_PER_COMMIT,
    MAX_WRITES_PER_COMMIT,
    DocumentMissingError,
    DocumentWrite,
    WriteRefusedError,
    size_bytes,
)
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

VIDEOS_PER_COMMIT = MAX_WRITES_PER_COMMIT - 2  # beside the job's document and the account's
BYTES_PER_COMMIT = MAX_BYTES_PER_COMMIT - 10_000  # beside the job's; the account's own are taken off, too


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    work, now = step.work, deps.clock.now()
    account = staged_account(step, deps).account
    synced = {"lastSyncedAt": now, "lastJobId": work.job_id}
    videos = (
        DocumentWrite(f"{work.account_document}/videos/{video.video_id}", fitted(video.to_document()) | synced)
        for video in deps.staging.get_videos(step.execution_name)
    )
    account_bytes = size_bytes(AccountDocument(step, account, deps.clock).new)
    saving = Saving(step, deps, account)
    *earlier, last = in_commits(videos, BYTES_PER_COMMIT - account_bytes)
    for batch in earlier:
        saving.save(batch)
    saving.finish(last)
    _forget(step, deps)
    return work.after(saving.fence, retries_used=step.retries_used).to_state()


class Saving:
    """The videos' way into the database, commit by commit; one that the database refuses is left out and counted."""

    def __init__(self, step: Step, deps: ProcessDeps, account: Account) -> None:
        self.fence: Fence = step.fence
        self._step = step
        self._deps = deps
        self._account = account
        self._saved = self._refused = 0

    def save(self, batch: Sequence[DocumentWrite]) -> None:
        saved = self._saved + len(batch)
        fields = jobs.note(self._deps.clock.now(), f"Saved {saved:,} of {self._step.work.videos_fetched:,} videos.")
        try:
            self.fence = fence.commit(self._deps.store, self.fence, fields, batch)
        except WriteRefusedError as error:
            self._save_the_others(batch, error)
        else:
            self._saved = saved

    def _save_the_others(self, batch: Sequence[DocumentWrite], error: WriteRefusedError) -> None:
        """The refused one is found by halves."""
        if len(batch) == 1:
            self._refused += 1
            logger.warning("video refused", action="video_refused", path=batch[0].path, reason=str(error))
            return
        middle = len(batch) // 2
        self.save(batch[:middle])
        self.save(batch[middle:])

    def finish(self, last: Sequence[DocumentWrite]) -> None:
        try:
            self._complete(last)
        except WriteRefusedError as error:
            if not last:
                raise
            self._save_the_others(last, error)
            self._complete([])

    def _complete(self, last: Sequence[DocumentWrite]) -> None:
        saved = self._saved + len(last)
        document = AccountDocument(self._step, self._account, self._deps.clock, videoCount=saved)
        message = self._step.work.report(saved, self._refused)
        completion = jobs.complete(self._deps.clock.now(), message, self._account.account_id)

        def complete(account: DocumentWrite) -> Fence:
            return fence.complete(self._deps.store, self.fence, completion, account, last)

        try:
            self.fence = complete(document.known)
        except DocumentMissingError:  # somebody deleted it since it was saved
            self.fence = complete(document.new)


def in_commits(writes: Iterable[DocumentWrite], max_bytes: int = BYTES_PER_COMMIT) -> Iterator[list[DocumentWrite]]:
    """Cut by number and by bytes; at least one list, which may be empty."""
    batch: list[DocumentWrite] = []
    batch_bytes = 0
    for write in writes:
        write_bytes = size_bytes(write)
        if batch and (len(batch) == VIDEOS_PER_COMMIT or batch_bytes + write_bytes > max_bytes):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(write)
        batch_bytes += write_bytes
    yield batch


def _forget(step: Step, deps: ProcessDeps) -> None:
    """The job is complete; staging objects that cannot be deleted now expire within a day."""
    try:
        deps.staging.delete(step.execution_name)
    except StoreUnavailableError as error:
        logger.info("staging kept", action="staging_kept", reason=error.message)
