"""Many jobs at once on the local stack, compared with a perfect pool of workers.

A perfect pool needs `ceil(jobs / slots)` times as long as one job alone. What ours needs more is the time in which
slots are idle, and in which the jobs compete for this machine.
"""

from __future__ import annotations

import math
import time
from datetime import datetime
from statistics import median
from uuid import uuid4

from google.cloud.firestore_v1 import Client

from bench import BenchError
from bench.claims import pending_job
from bench.table import Relation, Row, Target
from local import aws, firestore, stack
from tracking.jobs import OPEN, Status
from tracking.settings import Limits
from tracking.store import JOBS

SIZES = (
    (30, "sim_slow_1", "platform answering after 1 s", 1.5),
    (60, "sim_videos_10", "platform answering at once", 3.0),
)
ALONE = 5

_POLL_S = 0.2
_LIMIT_S = 300


def rows(state: stack.State) -> list[Row]:
    return [_row(state, *size) for size in SIZES]


def _row(state: stack.State, number: int, username: str, platform: str, limit: float) -> Row:
    slots = Limits().per_credential
    _took_s(state, slots, username)  # starts a worker for each slot, so that all that is compared is warm
    alone = median(_took_s(state, 1, username) for _ in range(ALONE))
    took = _took_s(state, number, username)
    perfect = math.ceil(number / slots) * alone
    return Row(
        f"{number} jobs of one credential, {slots} slots / a perfect pool, {platform}",
        took / perfect,
        Target(Relation.AT_MOST, limit),
        f"{took:.1f} s / {perfect:.1f} s; one job alone {alone:.2f} s",
    )


def _took_s(state: stack.State, number: int, username: str) -> float:
    """Write the jobs at once, wake the trigger, and return the seconds from the first start to the last end."""
    database = Client(project=firestore.PROJECT)
    documents = [database.collection(JOBS).document() for _ in range(number)]
    batch = database.batch()
    for document in documents:
        batch.create(document, pending_job() | {"username": username, "projectId": f"bench-{uuid4().hex}"})
    batch.commit()
    aws.client("lambda", state.aws()).invoke(FunctionName=stack.outputs(state)["TriggerFunctionName"], Payload=b"{}")
    deadline = time.monotonic() + _LIMIT_S
    while True:
        jobs = [found.to_dict() or {} for found in database.get_all(documents)]
        if not any(job["status"] in OPEN for job in jobs):
            break
        if time.monotonic() > deadline:
            raise BenchError(f"After {_LIMIT_S} s, some of {number} jobs had not ended.")
        time.sleep(_POLL_S)
    if any(job["status"] != Status.COMPLETED for job in jobs):
        raise BenchError("A job did not complete.")
    batch = database.batch()
    for document in documents:
        batch.delete(document)
    batch.commit()
    starts: list[datetime] = [job["startedAt"] for job in jobs]
    ends: list[datetime] = [job["completedAt"] for job in jobs]
    return (max(ends) - min(starts)).total_seconds()
