"""The costs of a job on AWS and Firestore: everything billed is counted while one job of each platform runs."""

from __future__ import annotations

import json

from bench.bill import QUEUE_REQUESTS, TICK_GB, Bill, FutureClock, invocation, process_deps, quiet, walk
from bench.claims import pending_job
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from local import aws, stack
from tracking.executions import MemoryExecutions
from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.settings import Limits
from tracking.staging.s3 import S3Objects
from tracking.store.firestore import FirestoreStore
from tracking.wiring import TriggerDeps
from trigger.app import handler as trigger_handler

POSTS = 50
JOBS = 1_000
MOST_USD, MOST_USD_OF_RUNS = 0.35, 0.5  # for platforms that answer at once, and for those that are asked by Apify runs


def rows(state: stack.State) -> list[Row]:
    return [
        _row(state, name, MOST_USD_OF_RUNS if PLATFORMS[name].credential == "apify" else MOST_USD)
        for name in PlatformName
    ]


def _row(state: stack.State, name: PlatformName, most_usd: float) -> Row:
    _job(state, name)  # warms imports and connections
    bill = _job(state, name)
    return Row(
        f"US dollars for {JOBS:,} jobs of {name.label}, {POSTS} posts, without the platform's own price",
        bill.usd() * JOBS,
        Target(Relation.AT_MOST, most_usd),
        str(bill),
    )


def _job(state: stack.State, name: PlatformName) -> Bill:
    """Let one job go through a wake of the trigger and through the state machine. Return what it used."""
    bill, clock, client = Bill(), FutureClock(), RecordedClient(RpcRecorder())
    store, executions = FirestoreStore(client), MemoryExecutions()
    trigger = TriggerDeps(store, executions, clock, Limits(running=1, per_credential=1))
    job = pending_job() | {"platform": str(name), "username": f"sim_videos_{POSTS}"}
    before = store.create_job(job)
    with quiet():
        trigger_handler({}, FakeContext(), trigger)  # type: ignore[arg-type]  # this job holds the only slot
    client.collection("trackingJobs").document(before).update({"status": "cancelled"})
    store.create_job(job)
    client.rpcs.taken()
    (ended,) = executions.started.values()
    body = json.dumps({"detail": {"input": json.dumps(ended), "output": "{}"}})
    with invocation(bill, TICK_GB):
        trigger_handler({"Records": [{"body": body}]}, FakeContext(), trigger)  # type: ignore[arg-type]
    bill.used["sqsRequest"] += QUEUE_REQUESTS
    (execution, payload) = next((key, job) for key, job in executions.started.items() if job != ended)
    s3 = S3Objects(aws.client("s3", state.aws()), stack.outputs(state)["StagingBucketName"])
    deps = process_deps(client, s3, clock, name, bill)
    walk(executions.arn(execution), dict(payload), deps, clock, bill)
    bill.used["firestoreRead"] += client.rpcs.reads
    bill.used["firestoreWrite"] += client.rpcs.written
    return bill
