"""State SaveVideos: write the document of every video in the last chunk, and complete the job.

The last commit also completes the job: it writes the account, the day's points and the ending's riders.
"""

from __future__ import annotations

from typing import Any

from process import stopping
from process.account_document import staged_account
from process.saving import Saving, chunk_writes, in_commits, points_of, unstage
from process.step import Step
from tracking.metrics import count_left_out
from tracking.sentences import say
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Save all videos of the chunk.

    Raises WriteRefusedError after more than MAX_REFUSED refusals, because so many refusals suggest our own mistake.
    """
    work = step.work
    if work.runs_go_on:  # not earlier: a state that fetches would begin a stopped run anew when it runs again
        stopping.stop_runs(step, deps)
    account = staged_account(step, deps).account
    videos = deps.staging.get_videos(step.execution_name, work.chunk).videos
    total = work.videos_saved + len(videos)
    points = points_of(step, deps, account, videos)
    saving = Saving(step, deps, account, points, lambda saved: say("saving", videos=saved, total=total))
    *earlier, last = in_commits(chunk_writes(step, deps, account, points), saving.room())
    for batch in earlier:
        saving.save(batch)
    # Without the fence, and before the index says that it was done: a second run writes the same.
    deps.store.update_each(points.gone_writes())
    saving.finish(last)
    if saving.left_out:
        count_left_out(work.platform, saving.left_out)
    unstage(
        lambda: deps.staging.delete_account(work.staged_in or step.execution_name),
        lambda: deps.staging.delete_videos(step.execution_name, work.chunk),
    )
    return work.after(saving.fence, retries_used=step.retries_used).to_state()
