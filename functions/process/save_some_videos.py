"""State SaveSomeVideos: write the document of every video in a chunk that is not the last one."""

from __future__ import annotations

from typing import Any

from process.account_document import staged_account
from process.saving import Saving, chunk_writes, in_commits, points_of
from process.step import Step
from tracking.metrics import count_left_out
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Save the chunk and say so. The work then begins at the next chunk.

    The staged chunk stays, because this state may run again. FetchVideos deletes it.
    Raises WriteRefusedError as SaveVideos does.
    """
    work = step.work
    account = staged_account(step, deps).account
    videos = deps.staging.get_videos(step.execution_name, work.chunk).videos
    points = points_of(step, deps, account, videos)
    saving = Saving(step, deps, account, points, work.so_far)
    for batch in in_commits(chunk_writes(step, deps, account, points), saving.room()):
        saving.save(batch)
    if saving.left_out:
        count_left_out(work.platform, saving.left_out)
    work = work.after(
        saving.fence,
        retries_used=step.retries_used,
        chunk=work.chunk + 1,
        videos_saved=saving.saved,
        videos_missing=saving.missing,
        videos_fetched=0,
        videos_unusable=0,
    )
    return work.to_state()
