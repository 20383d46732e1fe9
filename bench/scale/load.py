"""The parts of all quotas that jobs take, and their cost a day. The quotas and prices are in `quotas.json`.

Almost all quotas are counts a second. A job takes a fixed part of each, so that

    taken = fixed + jobs a day * peak / 86,400 * taken by one job a second
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from tracking.settings import Limits
from trigger.tick import MAX_PROCESSING_JOBS

TABLE: Mapping[str, Any] = json.loads(Path(__file__).with_name("quotas.json").read_text(encoding="utf-8"))

DAY_S = 86_400
SECRETS_KEPT_S = 300  # tracking.secrets_manager keeps a secret this long
SECRETS_A_PLACE = 2  # Firebase's and the platform's
QUERY_S = 0.02  # one query of Firestore, from the same continent
SERIAL_QUERIES = 4  # of a tick beside its walk: it reads the control document, queries jobs twice, writes the document
TICKS = 3  # at the same time, at most: two of wakes, and the one of the minute
TICK_S = 2  # from a message to the end of the tick that it wakes
HOLDER_BYTES = 110  # of one running job in the control document: its id, attempt, platform, time and version
RAMP_FROM = 500  # operations a second with which a new collection may begin; then half as much again in 5 minutes:
# https://cloud.google.com/firestore/docs/best-practices#ramping_up_traffic
RAMP_FACTOR, RAMP_STEP_MIN = 1.5, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The amounts that one job takes on average. The defaults of the two kinds are assumed, and not measured."""

    videos: float = 200
    transitions: float = 8
    invocations: float = 4  # of the states' function
    lambda_s: float = 4  # of all invocations together
    job_s: float = 6  # from the claim to the end
    writes: float = 7  # of the job's document: created, claimed, one for each state, and its expiry by the cleanup
    status_changes: float = 3  # pending, processing, completed
    scheduler_reads: float = 5
    s3_puts: float = 2
    s3_gets: float = 4
    log_kb: float = 8
    document_kb: float = 1.5  # of a video, on its way to Firestore
    memory_gb: float = 1

    @classmethod
    def mean(cls, first: Self, second: Self, share: float) -> Self:
        """Return the average job where `share` of the jobs, from 0 to 1, are like `second`."""
        return cls(
            **{
                one.name: getattr(first, one.name) * (1 - share) + getattr(second, one.name) * share
                for one in fields(cls)
            }
        )


API_JOB = Job()
"""YouTube or X: the platform answers at once."""
RUN_JOB = replace(API_JOB, transitions=14, invocations=6, lambda_s=5, job_s=45, writes=9)
"""Instagram or TikTok: two polls of an Apify run of 30 s, which no Lambda waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The jobs of a day, and the choices that decide which quotas and prices count."""

    job: Job
    jobs_a_day: float = 0
    peak: float = 3  # how much busier the busiest second is than the average one
    region: str = "large"  # of AWS: large or other
    database: str = "regional"  # Firestore's location: regional or multi
    busiest_share: float = 0.5  # of the jobs that share the busiest credential
    watchers: float = 1  # open pages that show the job
    wakes_a_tick: int = 10  # ends of jobs that one tick takes from the queue, at most

    @property
    def jobs_a_second(self) -> float:
        """Jobs that start in the busiest second."""
        return self.jobs_a_day * self.peak / DAY_S

    @property
    def writes_a_second(self) -> float:
        """Documents that are written to Firestore in the busiest second."""
        return self.jobs_a_second * documents_written(self.job)


def _taken(at: Situation) -> dict[str, tuple[float, float]]:
    """Return the part of each quota that is taken: by one job a second, and always."""
    job = at.job
    return {
        "startExecution": (1, 0),
        "stateTransition": (job.transitions, 0),
        "openExecutions": (job.job_s, 0),
        "lambdaNewAccount": (job.lambda_s, TICKS),
        "lambdaPlaces": (job.lambda_s, TICKS),
        "eventInvocations": (1, 0),
        "sqsInFlight": (TICK_S, 0),
        "putLogEvents": (job.invocations + 1, 0),
        "getSecretValue": (job.lambda_s * SECRETS_A_PLACE / SECRETS_KEPT_S, 0),
        "s3Put": (job.s3_puts, 0),
        "s3Get": (job.s3_gets, 0),
        "sequentialWrites": (1, 0),
        "sequentialStatus": (job.status_changes, 0),
        "controlDocument": (1 / at.wakes_a_tick, 1 / 60),  # 1 / 60: the tick of each minute
        "controlBytes": (job.job_s * HOLDER_BYTES, 0),
        "maxRunningJobs": (job.job_s, 0),
        "maxRunningPerCredential": (job.job_s * at.busiest_share, 0),
        "processingJobs": (job.job_s, 0),
        "walk": (QUERY_S * (at.busiest_share + SERIAL_QUERIES / at.wakes_a_tick), 0),
        "kicks": (1, 0),
    }


_OURS: Mapping[str, float] = {
    "maxRunningJobs": Limits().running,
    "maxRunningPerCredential": Limits().per_credential,
    "processingJobs": MAX_PROCESSING_JOBS,
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota in a situation."""

    name: str
    what: str
    owner: str
    limit: float
    taken: float
    binds_at: float  # jobs a day

    @property
    def share(self) -> float:
        return self.taken / self.limit


def quotas(at: Situation) -> list[Quota]:
    """Return all quotas, and first the one that binds at the fewest jobs a day."""
    found = []
    taken = _taken(at)
    for name, entry in TABLE["quotas"].items():
        limit = _OURS.get(name) or _chosen(entry["limit"], at.region)
        by_job, always = taken[name]
        binds_at = (limit - always) / by_job * DAY_S / at.peak
        found.append(
            Quota(name, entry["what"], entry["owner"], limit, always + by_job * at.jobs_a_second, binds_at),
        )
    return sorted(found, key=lambda quota: quota.binds_at)


def platform_limits(job: Job, runs_a_job: float = 2, run_s: float = 30, run_gb: float = 1) -> dict[str, float]:
    """Return the most jobs a day with one key, by the platform's quota. They are spread evenly over the day."""
    limit = {name: entry["limit"] for name, entry in TABLE["platforms"].items()}
    return {
        "youtubeUnits": limit["youtubeUnits"] / (1 + 2 * math.ceil(job.videos / 50)),
        "xPosts": limit["xPosts"] / 30 / job.videos,
        "xUsers": limit["xUsers"] * DAY_S / 900,
        "apifyMemory": limit["apifyMemory"] / run_gb * DAY_S / run_s / runs_a_job,
    }


def documents_written(job: Job) -> float:
    """Return the documents of one job that are written: itself, its account twice, and its videos."""
    return job.writes + 2 + job.videos


def dollars(at: Situation) -> dict[str, float]:
    """Return the dollars of one day by part, without what the platforms cost."""
    job, jobs = at.job, at.jobs_a_day
    usd = {name: _chosen(entry["usd"], at.database) for name, entry in TABLE["prices"].items()}
    traces = min(jobs, DAY_S + 0.05 * jobs)  # X-Ray's own rule: one a second, and one in twenty of the rest
    # Each status of the job on each page; the scheduler; cleanup, which then deletes the job.
    reads = at.watchers * job.writes + job.scheduler_reads + 1
    return {
        "Firestore, videos written": jobs * job.videos * usd["firestoreWrite"],
        "Firestore, jobs and accounts written": jobs * (job.writes + 2) * usd["firestoreWrite"],
        "Firestore, read and deleted": jobs * (reads * usd["firestoreRead"] + usd["firestoreDelete"]),
        "Step Functions": jobs * job.transitions * usd["transition"],
        "Lambda": jobs * (job.lambda_s * job.memory_gb * usd["gbSecond"] + job.invocations * usd["invocation"]),
        "data to Firestore": jobs * (job.videos * job.document_kb + job.writes) / 1e6 * usd["gbOut"],
        "CloudWatch Logs and X-Ray": jobs * job.log_kb / 1e6 * usd["logGb"] + traces * usd["trace"],
        "S3": jobs * (job.s3_puts * usd["s3Put"] + job.s3_gets * usd["s3Get"]),
        "SQS and Secrets Manager": jobs
        * (3 * usd["sqsRequest"] + job.lambda_s * SECRETS_A_PLACE / SECRETS_KEPT_S * usd["secretCall"]),
    }


def ramp_minutes(operations_a_second: float) -> float:
    """Return how long Firestore's traffic must grow to this rate from 500 operations a second."""
    steps = math.log(max(1.0, operations_a_second / RAMP_FROM), RAMP_FACTOR)
    return math.ceil(round(steps, 6)) * RAMP_STEP_MIN


def _chosen(value: float | Mapping[str, float], key: str) -> float:
    return value[key] if isinstance(value, Mapping) else value
