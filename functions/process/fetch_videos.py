"""State FetchVideos: fetch the account's posts and stage them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from process.account_document import staged_account
from process.advancing import advance
from process.budget import budget_of
from process.step import Step
from tracking.platforms import collect_videos
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

LOGGED = 20  # unusable ids to log for one account


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Fetch until the end, the deadline or MAX_VIDEOS_PER_JOB.

    An incomplete result is kept. The job's message then shows that the platform has more.
    """
    work = step.work
    fetched = staged_account(step, deps)
    budget = budget_of(step, deps)
    pages = deps.platform(work.platform_name).fetch_videos(fetched, budget)
    result = collect_videos(pages, budget, deps.clock)
    for video_id in result.unusable[:LOGGED]:
        logger.warning("video unusable", action="video_unusable", video_id=video_id[:100])
    result = deps.staging.put_videos(step.execution_name, result)
    work = replace(
        work,
        videos_fetched=len(result.videos),
        videos_unusable=len(result.unusable),
        videos_total=fetched.account.post_count,
        is_complete=result.is_complete,
    )
    owned = advance(step, deps, f"Fetched {work.extent(work.videos_fetched)}.")
    return work.after(owned, retries_used=step.retries_used).to_state()
