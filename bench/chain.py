"""The database calls of one job, whose four states the process function runs on the local stack."""

from __future__ import annotations

import contextlib
import io
import logging
from datetime import UTC, datetime
from typing import Any

from bench.claims import pending_job
from bench.lambda_context import FakeContext
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from local import aws, stack
from process import app
from process.states import CHAIN
from tracking import wiring
from tracking.clock import SystemClock, to_rfc3339
from tracking.executions import MemoryExecutions
from tracking.settings import Limits, PlatformSettings
from tracking.staging import Staging
from tracking.staging.s3 import S3Objects
from tracking.store.firestore import FirestoreStore
from tracking.wiring import ProcessDeps, TriggerDeps
from trigger.tick import run_tick

_PLATFORM_PAGE = 50  # videos in a page of YouTube


def rows(state: stack.State) -> list[Row]:
    one_page, names = _job(state, _PLATFORM_PAGE)
    fitting, of_many = _job(state, Limits().documents_per_commit - 2)  # with two documents of their points
    commits = [name for name in of_many if name == "Commit"]
    return [
        Row(
            f"one job of {one_page} videos, the most of one page",
            len(names),
            Target(Relation.EXACTLY, 5, "RPCs"),
            " + ".join(names),
        ),
        Row(
            f"one job of {fitting} videos, the most that fit one commit",
            len(commits),
            Target(Relation.EXACTLY, 4, "commits"),
            f"and {len(of_many) - len(commits)} reads: the past, and between pages, whether it was cancelled",
        ),
    ]


def _job(state: stack.State, videos: int) -> tuple[int, list[str]]:
    """Run a job. Return the number of fetched videos, and the names of the calls to the database."""
    client = RecordedClient(RpcRecorder())
    execution, work = _claimed(client, f"sim_videos_{videos}")
    client.rpcs.taken()
    work = _through_the_states(execution, work, _process(client, state))
    return work["videosFetched"], client.rpcs.taken()


def _claimed(client: RecordedClient, username: str) -> tuple[str, dict[str, Any]]:
    """Create and claim a job. Return the ARN and the input of its execution."""
    store = FirestoreStore(client)
    store.create_job(pending_job() | {"username": username})
    executions = MemoryExecutions()
    run_tick(TriggerDeps(store, executions, SystemClock(), Limits(running=1, per_credential=1)))
    ((name, payload),) = executions.started.items()
    return executions.arn(name), dict(payload)


def _process(client: RecordedClient, state: stack.State) -> ProcessDeps:
    clock = SystemClock()
    settings = PlatformSettings(youtube_api_url=state.environment()["YOUTUBE_API_URL"])
    bucket = stack.outputs(state)["StagingBucketName"]
    return ProcessDeps(
        store=FirestoreStore(client),
        staging=Staging(S3Objects(aws.client("s3", state.aws()), bucket)),
        platform=lambda name: wiring.platform(name, settings, lambda _: "stand-in", clock),
        clock=clock,
        max_videos=settings.max_videos,
    )


def _through_the_states(execution: str, work: dict[str, Any], deps: ProcessDeps) -> dict[str, Any]:
    """Run all states, without their logs and metrics, and return the last output."""
    logging.getLogger(app.logger.name).setLevel(logging.CRITICAL)
    began = to_rfc3339(datetime.now(UTC))
    for state in CHAIN:
        event = {"state": state.name, "execution": execution, "executionStartedAt": began, "retryCount": 0, "job": work}
        with contextlib.redirect_stdout(io.StringIO()):
            work = app.handler(event, FakeContext(), deps)  # type: ignore[arg-type]
    return work
