"""Paid runs: nothing that costs money at a platform goes on after its job has ended.

    before a start     the job's document says which run is about to begin: its id is ""
    after the answer   the document holds the run's id; a retry takes up this run
    the job ends       whoever ends it, or finds that it ended, stops its runs

Each run also has a time-out, and a limit of paid results, which hold if nobody can stop it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracking import parts
from tracking.clock import Clock
from tracking.errors import CredentialsError, InvalidJobError, TrackingError
from tracking.jobs import Job, PlatformName, Status
from tracking.platforms import PaidPlatform, Platform
from tracking.store import StateStore

LONGEST_STOP = timedelta(seconds=10)
"""The longest that we wait before a repeated call. One call takes at most 30 s."""

Platforms = Callable[[PlatformName], Platform]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The paid runs of one job, as somebody knows them."""

    job_id: str
    platform: str
    username: str
    ids: Mapping[str, str]  # by kind; "": it was about to begin
    since: datetime  # a run without an id was begun at or after this moment


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStopped:
    """A run that could not be stopped. Its own limits end it."""

    job_id: str
    kind: str
    run_id: str
    reason: str


def of(job: Job, now: datetime) -> Runs:
    """Return the runs in a job's document."""
    return Runs(
        job_id=job.job_id,
        platform=job.platform,
        username=job.username,
        ids=job.runs,
        since=job.started_at or now - timedelta(hours=1),
    )


def stop(platforms: Platforms, runs: Runs, clock: Clock) -> list[NotStopped]:
    """Stop runs. An id "" is looked up. Errors are not raised: return the runs that could not be stopped."""
    try:
        module = _paid(platforms, runs.platform) if runs.ids else None
    except CredentialsError as error:  # we have no access to the platform
        return [
            NotStopped(job_id=runs.job_id, kind=kind, run_id=run_id, reason=error.message)
            for kind, run_id in runs.ids.items()
        ]
    if module is None:
        return []
    failed = []
    for kind, run_id in runs.ids.items():
        try:
            module.abort_run(runs.username, kind, run_id, runs.since, clock.now() + LONGEST_STOP)
        except TrackingError as error:
            failed.append(NotStopped(job_id=runs.job_id, kind=kind, run_id=run_id, reason=error.message))
    return failed


def stop_lost(
    store: StateStore, platforms: Platforms, runs: Runs, clock: Clock, *, execution: str, part: int
) -> list[NotStopped]:
    """Stop the runs of an execution that stops. The document may be gone, or newer than what the execution knows.

    The runs go on while the job is `processing` with the same claim: a further execution reads them, or the sweep will
    find the job. `execution`: the name of the attempt's `part`th execution. Raises StoreUnavailableError when the
    document cannot be read: only a retry can then find all runs.
    """
    if _paid(platforms, runs.platform) is None:
        return []
    job = _of_claim(store, runs.job_id, execution, part)
    if job is not None and job.status is Status.PROCESSING:
        return []
    return stop(platforms, _with_those_of(job, runs), clock)


def with_known(store: StateStore, platforms: Platforms, runs: Runs, *, execution: str, part: int) -> Runs:
    """Return `runs` with those in the job's document, if its claim is the execution's. Raises StoreUnavailableError.

    Whoever gives a job back calls this first: the job's next claim clears its runs, and may come at once.
    """
    if _paid(platforms, runs.platform) is None:
        return runs
    return _with_those_of(_of_claim(store, runs.job_id, execution, part), runs)


def _of_claim(store: StateStore, job_id: str, execution: str, part: int) -> Job | None:
    job = _read(store, job_id)
    return job if job is not None and parts.is_of_same_claim(job, execution, part) else None


def _with_those_of(job: Job | None, runs: Runs) -> Runs:
    return replace(runs, ids={**runs.ids, **job.runs}, since=job.started_at or runs.since) if job else runs


def _paid(platforms: Platforms, name: str) -> PaidPlatform | None:
    """Return the platform if it has paid runs."""
    if name not in set(PlatformName):
        return None
    module = platforms(PlatformName(name))
    return module if isinstance(module, PaidPlatform) else None


def _read(store: StateStore, job_id: str) -> Job | None:
    """Return the job, or None if it is gone or malformed: the caller then goes by what it knows."""
    snapshot = store.get_job(job_id)
    try:
        return snapshot.parse() if snapshot else None
    except InvalidJobError:
        return None
