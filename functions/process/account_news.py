"""News of an account and its videos, as events of the outbox. With News=off there are none.

Each event is in the commit that writes what it tells: an account's with its document, a video's with or before its
entry in the index. So the next fetch finds it told.

    first fetch of an account    everything is new, and nothing is news
    later ones                   renamed, recovered, a spike, a milestone; videos published, outliers, videos vanished
    a refresh that failed        unavailable
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from process.step import Step
from tracking import refreshes
from tracking.accounts import Account
from tracking.clock import to_rfc3339
from tracking.events import Event, EventType, event_id, short
from tracking.history import milestones, spikes
from tracking.history.days import day_of
from tracking.history.past import map_of
from tracking.history.points import FetchedVideo, Points
from tracking.jobs import Fields
from tracking.refreshes import Order
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps

MOST_VIDEOS = 20
"""The videos that one event names. It has the number of all."""
MAX_URL_LENGTH = 500
"""A longer link is left out: half of it leads nowhere."""


def of_account(
    step: Step, deps: ProcessDeps, account: Account, points: Points, point: Mapping[str, Any]
) -> list[DocumentWrite]:
    """Return the events to write with the account's document at the end of a job. `point`: of this fetch."""
    if not deps.news:
        return []
    told = dict(_of_account(step, account, points, point))
    return [_write(step, one, account.username, points.now, data) for one, data in told.items()]


def told_by_point(deps: ProcessDeps, account: Account, points: Points) -> Fields:
    """Return what the account's point says of its news: a milestone, so that no other fetch of the day tells it."""
    milestone = milestones.passed(points.past, account.follower_count) if deps.news else None
    return {milestones.TOLD: milestone} if milestone else {}


def of_videos(step: Step, deps: ProcessDeps, account: Account, points: Points) -> list[DocumentWrite]:
    """Return the events to write before the index of this chunk's videos."""
    if not deps.news:
        return []
    told: dict[EventType, list[Fields]] = {
        EventType.VIDEO_PUBLISHED: [_video(one) for one in points.fetched if points.is_new(one.video)],
        EventType.VIDEO_OUTLIER: [
            _video(one) | {"multiplier": one.fields["multiplier"], "level": points.outliers[one.video.video_id]}
            for one in points.fetched
            if one.video.video_id in points.outliers
        ],
        EventType.VIDEO_VANISHED: [
            {"videoId": video_id, "publishedAt": _moment(points.entries[video_id].published_at)}
            for video_id in points.newly_gone
        ],
    }
    return [
        _write(step, one, account.username, points.now, {"total": len(found), "videos": found[:MOST_VIDEOS]}, of=found)
        for one, found in told.items()
        if found
    ]


def of_failure(step: Step, deps: ProcessDeps, order: Order, account: DocumentWrite) -> list[DocumentWrite]:
    """Return the event of a refresh that failed, if `account`, its write of the account, says a new reason."""
    if not deps.news or "unavailableSince" not in account.fields:
        return []
    since: datetime = account.fields["unavailableSince"]
    data = {"accountId": order.account_id, "reason": account.fields["unavailable"]}
    return [_write(step, EventType.ACCOUNT_UNAVAILABLE, order.username, since, data)]


def _of_account(
    step: Step, account: Account, points: Points, point: Mapping[str, Any]
) -> Iterator[tuple[EventType, Fields]]:
    known, order = points.past.document, step.work.order
    asked_at = known.get("refreshAskedAt")
    if order and isinstance(asked_at, datetime) and step.work.job_id == refreshes.job_id(points.account_path, asked_at):
        counts = {"followerCount": account.follower_count, "postCount": account.post_count}
        yield EventType.ACCOUNT_REFRESHED, counts | {"totalViews": account.total_views}
    if order and account.username != order.username:
        yield EventType.ACCOUNT_RENAMED, {"before": short(order.username), "after": short(account.username)}
    if isinstance(reason := known.get("unavailable"), str):
        yield EventType.ACCOUNT_RECOVERED, {"reason": reason, "since": _moment(known.get("unavailableSince"))}
    if found := _new_spikes(points, point):
        yield EventType.ACCOUNT_SPIKE, {"spikes": found}
    if milestone := point.get(milestones.TOLD):
        yield EventType.ACCOUNT_MILESTONE, {"followers": milestone, "followerCount": account.follower_count}


def _new_spikes(points: Points, point: Mapping[str, Any]) -> Fields:
    """Return the spikes of today, by kind, that no earlier fetch of this day has told."""
    today, known = day_of(points.now), map_of(points.past.document.get("spikes"))
    return {
        kind: spike
        for kind, spike in spikes.of_account(points.past, point, today).items()
        if map_of(spike).get("day") == today.isoformat() and map_of(known.get(kind)).get("day") != spike["day"]
    }


def _write(
    step: Step, type_: EventType, username: str, at: datetime, data: Fields, of: Sequence[Fields] = ()
) -> DocumentWrite:
    """Return the write of an event. `of`: all videos that it tells of.

    They are a part of the id. A state that was killed between two parts of the index tells the rest when it runs again,
    and that must not take the place of what it told before.
    """
    work = step.work
    told_by = " ".join([step.execution_name, *(one["videoId"] for one in of)])
    of_account = {
        "orgId": work.org_id,
        "projectId": work.project_id,
        "accountId": work.account_id,
        "platform": work.platform,
        "username": short(username),
    }
    # A chunk's number is a part of the id, because each chunk has videos of its own.
    chunk = work.chunk if type_.startswith("tracking.video.") else 1
    return Event(
        event_id=event_id(work.job_id, work.attempt, told_by, type_, chunk),
        type=type_,
        org_id=work.org_id,
        project_id=work.project_id,
        user_id=None,
        occurred_at=at,
        data=of_account | data,
    ).to_write()


def _video(one: FetchedVideo) -> Fields:
    video = one.video
    return {
        "videoId": video.video_id,
        "url": video.url if len(video.url) <= MAX_URL_LENGTH else None,
        "title": short(video.title),
        "mediaType": str(video.media_type),
        "publishedAt": _moment(video.published_at),
        "viewCount": video.view_count,
    }


def _moment(value: object) -> str | None:
    return to_rfc3339(value) if isinstance(value, datetime) else None
