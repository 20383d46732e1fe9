"""State FetchVideos: fetch the account's posts and stage them, chunk by chunk.

the platform still works ────────────────────> wait         ──> here again
a chunk of videos, and more is to come ──────> saveSome     ──> here again, after the chunk
no time left in this execution ──────────────> goOn         ──> a further execution
no more, or a limit of number or time ───────> save         ──> the last chunk completes the job
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from process import going_on, waiting
from process.account_document import staged_account
from process.advancing import advance
from process.fetching import Fetch
from process.saving import unstage
from process.step import Step, Then
from tracking import pauses, refusals
from tracking.clock import to_rfc3339
from tracking.errors import CredentialsError, PlatformUnavailableError, QuotaExceededError, RateLimitedError
from tracking.pauses import Pause
from tracking.platforms import FetchedVideos, Refusal, Waiting, collect_videos
from tracking.sentences import Sentence, say
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

LOGGED = 20  # unusable ids to log for one chunk
UNNAMED_HOLD = timedelta(minutes=1)  # if a platform that refuses us in the middle names no time, or one that is past


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Fetch the next chunk, or wait.

    An incomplete result is kept. The job's message then shows that the platform has more.
    """
    output = _fetch(step, deps)
    if step.work.chunk > 1 and output["then"] != Then.WAIT:
        unstage(lambda: deps.staging.delete_videos(step.execution_name, step.work.chunk - 1))
    return output


def _fetch(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    if retry_at := _retry_at(step):
        if deps.clock.now() < retry_at:
            return _hold(step, deps, retry_at)
        step = replace(step, work=replace(step.work, retry_at=None))
    if step.work.chunk > 1 and not waiting.room_s(step, deps) and not waiting.job_is_over(step, deps):
        return going_on.hand_over(step, deps, step.work.so_far())
    account = staged_account(step, deps)
    step = replace(step, work=replace(step.work, videos_total=account.account.post_count))
    fetch = Fetch(step, deps)
    bounds = fetch.bounds()
    pages = deps.platform(step.work.platform_name).fetch_videos(account, bounds)
    chunk = collect_videos(pages, bounds, deps.clock)
    step = fetch.step
    if chunk.cursor == bounds.cursor and chunk.videos:
        chunk = replace(chunk, is_last=True)  # the platform names no place from which to go on
    return _decide(step, deps, chunk)


def _decide(step: Step, deps: ProcessDeps, chunk: FetchedVideos) -> dict[str, Any]:
    has_some = bool(chunk.videos or step.work.videos_saved)
    if chunk.refusal is not None:
        if not has_some:
            raise chunk.refusal
        step, chunk = _refused(step, deps, chunk, chunk.refusal)
    if not chunk.is_last and waiting.job_is_over(step, deps):
        if not has_some:
            raise PlatformUnavailableError(say("unavailable", service=step.work.platform_name.label))
        chunk = replace(chunk, is_last=True, is_complete=False)
    if chunk.is_last or chunk.videos:
        return _stage(step, deps, chunk)
    step = replace(step, work=replace(step.work, cursor=chunk.cursor))
    if retry_at := _retry_at(step):
        return _hold(step, deps, retry_at)
    return _wait(step, deps, chunk.waiting)


def _refused(step: Step, deps: ProcessDeps, chunk: FetchedVideos, error: Refusal) -> tuple[Step, FetchedVideos]:
    """Note how long the platform refuses us. If that is longer than the job may last, the chunk is the last one."""
    now, reason = deps.clock.now(), type(error).__name__
    outlasts_job = False
    match error:
        case QuotaExceededError():
            until, outlasts_job = pauses.quota_used_up_until(step.work.platform_name, now), True
        case CredentialsError():
            until = now + pauses.CREDENTIALS_PAUSE
            refusals.tell("process", logger, error, step.work.credential)
        case RateLimitedError(retry_at=named):
            until = named if named and named > now else now + UNNAMED_HOLD
    outlasts_job = outlasts_job or until >= step.job_ends_at(deps.max_job)
    outlasts_execution = outlasts_job or until > step.fetching_ends_at
    logger.warning("refused in the middle", action="refused_in_the_middle", error_code=reason)
    work = replace(step.work, retry_at=to_rfc3339(until), pause_reason=reason if outlasts_execution else None)
    return replace(step, work=work), replace(chunk, is_last=outlasts_job or chunk.is_last)


def _stage(step: Step, deps: ProcessDeps, chunk: FetchedVideos) -> dict[str, Any]:
    """Stage the chunk. The last one is a step forward; the others are only kept until they are saved."""
    for video_id in chunk.unusable[:LOGGED]:
        logger.warning("video unusable", action="video_unusable", video_id=video_id[:100])
    goes_on = chunk.goes_on  # though nobody will read its items
    chunk = deps.staging.put_videos(step.execution_name, step.work.chunk, chunk)
    work = replace(
        step.work,
        cursor=chunk.cursor,
        videos_fetched=len(chunk.videos),
        videos_unusable=len(chunk.unusable),
        is_complete=chunk.is_complete,
    )
    step = replace(step, work=work)
    if not chunk.is_last:
        work = work.after(step.fence, retries_used=step.retries_used)
        return work.to_state() | {"then": str(Then.SAVE_SOME)}
    owned = advance(step, deps, work.fetched(), _pause(step, deps))
    work = work.after(owned, retries_used=step.retries_used, pause_reason=None, runs_go_on=goes_on)
    return work.to_state() | {"then": str(Then.SAVE)}


def _wait(step: Step, deps: ProcessDeps, found: Waiting | None) -> dict[str, Any]:
    """Come again when the platform had some time, in this execution or in the next one."""
    room_s = waiting.room_s(step, deps)
    if room_s:
        message = found.message if found else step.work.so_far()
        return waiting.wait(step, deps, message, min(waiting.wait_s(step, found) if found else 1, room_s))
    if found and found.is_refused and not step.work.videos_saved:
        raise waiting.give_up(step, deps, found)
    return going_on.hand_over(step, deps, _progress_message(step, found))


def _hold(step: Step, deps: ProcessDeps, retry_at: datetime) -> dict[str, Any]:
    """Make no call before the time that the platform named. The job keeps its place meanwhile."""
    message = step.work.so_far(until=retry_at)
    room_s = waiting.room_s(step, deps)
    if not room_s or step.work.pause_reason:
        return going_on.hand_over(step, deps, message, _pause(step, deps))
    return waiting.wait(step, deps, message, min(waiting.seconds_until(deps, retry_at), room_s))


def _progress_message(step: Step, found: Waiting | None) -> Sentence:
    return found.message if found and not step.work.videos_saved else step.work.so_far()


def _pause(step: Step, deps: ProcessDeps) -> list[DocumentWrite]:
    """Return the pause of the platform, if the refusal lasts longer than this execution."""
    retry_at, reason = _retry_at(step), step.work.pause_reason
    if retry_at is None or reason is None:
        return []
    until = pauses.rate_limited_until(retry_at, deps.clock.now())
    return pauses.with_copy(Pause(platform=step.work.platform_name, until=until, reason=reason).to_write())


def _retry_at(step: Step) -> datetime | None:
    return datetime.fromisoformat(step.work.retry_at) if step.work.retry_at else None
