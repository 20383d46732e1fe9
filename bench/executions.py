"""Real executions on the local stack: the speed of parallel jobs, and the size of their states."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

from google.cloud.firestore_v1 import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from bench import BenchError
from bench.claims import ORG, pending_job
from bench.table import Relation, Row, Target
from bench.timing import took_s
from local import aws, firestore, stack
from tracking import jobs
from tracking.executions import StepFunctionsExecutions
from tracking.jobs import Job, Status
from tracking.naming import execution_name
from tracking.store import JOBS
from trigger.claim import Claim

JOBS_COMPARED = 10
PARALLEL_ROUNDS = 3
LATENCY_S = 1
VIDEOS = 5000

_POLL_S = 0.05
_LIMIT_S = 120


@dataclass(frozen=True)
class Machine:
    """The deployed state machine, and the database that its functions write to."""

    arn: str
    client: Any  # boto3's client of Step Functions
    database: Client

    @classmethod
    def of(cls, state: stack.State) -> Machine:
        arn = stack.outputs(state)["StateMachineArn"]
        return cls(arn, aws.client("stepfunctions", state.aws()), Client(project=firestore.PROJECT))

    def claimed(self, username: str, count: int = 1) -> list[Claim]:
        """Create claimed jobs, in the state that a tick leaves right before it starts their executions.

        The jobs are never pending, since the stack's own tick could claim a pending job. Each job has its own project,
        so that no two jobs write the same document.
        """
        return [self._claimed(username) for _ in range(count)]

    def _claimed(self, username: str) -> Claim:
        now = datetime.now(UTC)
        document = self.database.collection(JOBS).document()
        fields = pending_job() | {"username": username, "projectId": f"bench-{uuid4().hex}"}
        created = document.create(fields | {"status": Status.CANCELLED})
        job = Job.from_document(document.id, fields, created.update_time).next_attempt()
        name = execution_name(job)
        written = document.update(jobs.claim(job, now, self._executions.arn(name)).fields)
        return Claim(job, written.update_time.rfc3339(), name, waited_s=0.0)

    def run(self, claims: Sequence[Claim]) -> list[str]:
        """Start all executions, wait until all have succeeded, and return their ARNs."""
        for claim in claims:
            self._executions.start(claim.execution_name, claim.payload())
        arns = [self._executions.arn(claim.execution_name) for claim in claims]
        for arn in arns:
            self._await(arn)
        return arns

    def history(self, arn: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def forget_jobs(self) -> None:
        """Delete the bench's jobs, since the stack may keep running."""
        batch = self.database.batch()
        for document in self.database.collection(JOBS).where(filter=FieldFilter("orgId", "==", ORG)).stream():
            batch.delete(document.reference)
        batch.commit()

    @property
    def _executions(self) -> StepFunctionsExecutions:
        return StepFunctionsExecutions(self.client, self.arn)

    def _await(self, arn: str) -> None:
        deadline = time.monotonic() + _LIMIT_S
        while (status := self.client.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            if time.monotonic() > deadline:
                raise BenchError(f"{arn} was still running after {_LIMIT_S} s.")
            time.sleep(_POLL_S)
        if status != "SUCCEEDED":
            raise BenchError(f"{arn} ended as {status}.")


def largest_state_bytes(history: Sequence[Mapping[str, Any]]) -> int:
    """Return the size of the largest input or output in an execution's history."""
    details = [value for event in history for value in event.values() if isinstance(value, dict)]
    return max(len(detail[name].encode()) for detail in details for name in ("input", "output") if name in detail)


def rows(state: stack.State) -> list[Row]:
    machine = Machine.of(state)
    try:
        return [_parallel_row(machine), _largest_state_row(machine)]
    finally:
        machine.forget_jobs()


def _parallel_row(machine: Machine) -> Row:
    def parallel_s() -> float:
        claims = machine.claimed(f"sim_slow_{LATENCY_S}", JOBS_COMPARED)
        return took_s(lambda: machine.run(claims))

    def sequential_s() -> float:
        claims = machine.claimed(f"sim_slow_{LATENCY_S}", JOBS_COMPARED)
        return took_s(lambda: [machine.run([claim]) for claim in claims])

    parallel_s()  # starts one worker for each parallel job, so that all compared runs are warm
    first = parallel_s()
    sequential = sequential_s()
    parallel = median([first, *(parallel_s() for _ in range(PARALLEL_ROUNDS - 1))])
    return Row(
        f"{JOBS_COMPARED} jobs one after another / in parallel, warm, platform answering after {LATENCY_S} s",
        sequential / parallel,
        Target(Relation.AT_LEAST, 5.0),
        f"{sequential:.1f} s / {parallel:.1f} s",
    )


def _largest_state_row(machine: Machine) -> Row:
    (arn,) = machine.run(machine.claimed(f"sim_videos_{VIDEOS}"))
    return Row(
        f"largest state of a job of {VIDEOS:,} videos",
        largest_state_bytes(machine.history(arn)),
        Target(Relation.AT_MOST, 16_384, "bytes"),
        "all inputs and outputs in the execution's history",
    )
