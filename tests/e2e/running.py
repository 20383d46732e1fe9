"""Access to the running stack by its addresses, like a front end, an operator or the AWS console."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import Client
from google.cloud.firestore_v1.base_query import FieldFilter

from local import aws, stack
from local.firestore import PROJECT
from local.stack import State
from tests.factories import job_document
from tracking.jobs import FINISHED, Status
from tracking.store import JobFilter, account_path
from tracking.store.firestore import FirestoreStore

JOB_LIMIT_S = 120.0
_T = TypeVar("_T")
Document = dict[str, Any]


def until(condition: Callable[[], _T | None], what: str, limit_s: float = JOB_LIMIT_S, every_s: float = 0.2) -> _T:
    """Call `condition` until it returns something other than None, and return that. AssertionError after the limit."""
    deadline = time.monotonic() + limit_s
    while (answer := condition()) is None:
        assert time.monotonic() < deadline, f"waited {limit_s:.0f} s in vain: {what}"
        time.sleep(every_s)
    return answer


class RunningStack:
    def __init__(self, state: State) -> None:
        self.state = state
        self.names = stack.outputs(state)
        with pytest.MonkeyPatch.context() as environment:  # the client reads the variable only when it is made
            environment.setenv("FIRESTORE_EMULATOR_HOST", state.firestore())
            self.client: Any = Client(project=PROJECT, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        self.store = FirestoreStore(self.client)
        self._functions = aws.client("lambda", state.aws())
        self._machine = aws.client("stepfunctions", state.aws())
        self._objects = aws.client("s3", state.aws())

    def tick(self) -> dict[str, int]:
        """Run the deployed trigger once. If Lambda has no free place, wait for one."""
        throttled = self._functions.exceptions.TooManyRequestsException

        def invoke() -> Any:
            try:
                return self._functions.invoke(FunctionName=self.names["TriggerFunctionName"], Payload=b"{}")
            except throttled:
                return None

        answer = until(invoke, "the trigger was throttled", limit_s=30)
        payload = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        return dict(payload)

    def refresh_tick(self) -> dict[str, int]:
        """Run the deployed refresh tick once, beside those of the minute."""
        name = aws.physical_name(self.state.aws(), "RefreshFunction")
        answer = self._functions.invoke(FunctionName=f"{name}:live", Payload=b"{}")
        payload = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        return dict(payload)

    @contextmanager
    def without_schedule(self) -> Iterator[None]:
        """Disable the rule of the minute's tick meanwhile."""
        events = aws.client("events", self.state.aws())
        (rule,) = (rule["Name"] for rule in events.list_rules()["Rules"] if "TriggerFunctionTick" in rule["Name"])
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    def job(self, job_id: str) -> Document:
        snapshot = self.store.get_job(job_id)
        assert snapshot is not None, f"{job_id} is gone"
        return snapshot.data

    def execution_names(self) -> list[str]:
        """Return the names of all executions that were ever started."""
        pages = self._machine.get_paginator("list_executions").paginate(stateMachineArn=self.names["StateMachineArn"])
        return [row["name"] for page in pages for row in page["executions"]]

    def readable_names(self) -> list[str]:
        """Return the names of all executions that were ever started, without their digests."""
        return [name.rpartition("-")[0] for name in self.execution_names()]

    def execution(self, arn: str) -> Execution:
        """Wait for the end of an execution, and return the execution. It ends a moment after its job."""

        def ended() -> Any:
            described = self._machine.describe_execution(executionArn=arn)
            return None if described["status"] == "RUNNING" else described

        described = until(ended, f"{arn} goes on running")
        pages = self._machine.get_paginator("get_execution_history").paginate(executionArn=arn)
        return Execution(described["name"], described["status"], [e for page in pages for e in page["events"]])

    def staged(self, job_id: str) -> list[str]:
        """Return the keys of a job's staging objects."""
        pages = self._objects.get_paginator("list_objects_v2").paginate(Bucket=self.names["StagingBucketName"])
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [key for key in keys if f"-{job_id}-" in key]

    def asked(self, platform: str, username: str) -> list[Document]:
        """Return the requests to the platform about an account, oldest first."""
        entries = httpx.get(f"{self.state.simulator()}/control/requests", trust_env=False).json()["requests"]
        return [entry for entry in entries if (entry["platform"], entry["username"]) == (platform, username)]


@dataclass(frozen=True)
class Execution:
    name: str
    status: str
    events: list[Document]

    def of_type(self, kind: str) -> list[Document]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def states(self) -> list[str]:
        """The names of the entered states, in order."""
        return [e["stateEnteredEventDetails"]["name"] for e in self.events if "stateEnteredEventDetails" in e]

    @property
    def work(self) -> list[str]:
        """The names of the entered states, each once: a state that waits for a platform is entered again and again."""
        return list(dict.fromkeys(self.states))

    @property
    def failure(self) -> tuple[str, str]:
        """The error and the cause of a failed execution."""
        details = self.of_type("ExecutionFailed")[0]["executionFailedEventDetails"]
        return details["error"], details["cause"]

    @property
    def failures(self) -> list[str]:
        """The error of each failed try."""
        return [event["taskFailedEventDetails"]["error"] for event in self.of_type("TaskFailed")]

    @property
    def waits_s(self) -> list[float]:
        """The time between each failed try and the next, in seconds."""
        tries = [e for e in self.events if e["type"] in ("TaskFailed", "TaskScheduled")]
        pairs = [(a, b) for a, b in pairwise(tries) if (a["type"], b["type"]) == ("TaskFailed", "TaskScheduled")]
        return [(b["timestamp"] - a["timestamp"]).total_seconds() for a, b in pairs]

    @property
    def largest_payload_bytes(self) -> int:
        details = [v for e in self.events for v in e.values() if isinstance(v, dict)]
        texts = [d[name] for d in details for name in ("input", "output", "parameters") if name in d]
        return max(len(text.encode()) for text in texts)


@dataclass
class Project:
    """A project that only one test uses, separate from other tests and from people who use the stack."""

    stack: RunningStack
    org_id: str = field(default_factory=lambda: f"org-{uuid4().hex}")
    project_id: str = field(default_factory=lambda: f"project-{uuid4().hex}")

    def add_job(self, username: str, platform: str = "youtube", **overrides: Any) -> str:
        """Add a job with exactly the fields that front ends write. An override of None leaves its field out."""
        scope = {"orgId": self.org_id, "projectId": self.project_id, "userId": "user-1", "createdAt": datetime.now(UTC)}
        fields = job_document(**(scope | {"username": username, "platform": platform} | overrides))
        return self.stack.store.create_job(fields)

    def ended(self, job_ids: Sequence[str], limit_s: float = JOB_LIMIT_S) -> dict[str, Document]:
        """Wait until all jobs have ended, and return their documents by id.

        Further ticks start jobs that the limits hold back. Jobs are read by id, since a malformed job may have no
        organisation.
        """

        def all_ended() -> dict[str, Document] | None:
            documents = {job_id: self.stack.job(job_id) for job_id in job_ids}
            if all(document["status"] in FINISHED for document in documents.values()):
                return documents
            if any(document["status"] == Status.PENDING for document in documents.values()):
                self.stack.tick()
            return None

        return until(all_ended, "jobs did not end", limit_s)

    def job_ids(self) -> set[str]:
        return {snapshot.job_id for snapshot in self.stack.store.list_jobs(JobFilter(org_id=self.org_id), 100)}

    def accounts(self) -> dict[str, Document]:
        return self.stack.store.get_documents(account_path(self.org_id, self.project_id, "-").rpartition("/")[0])

    def account(self, account_id: str) -> Document:
        found = self.stack.store.get_document(account_path(self.org_id, self.project_id, account_id))
        assert found is not None, f"{account_id} was not saved"
        return found

    def videos(self, account_id: str) -> dict[str, Document]:
        return self.stack.store.get_documents(self._videos_path(account_id))

    def count_videos(self, account_id: str) -> int:
        """Return the number of an account's videos. Firestore counts them, so that no documents are read."""
        return int(self.stack.client.collection(self._videos_path(account_id)).count().get()[0][0].value)

    def _videos_path(self, account_id: str) -> str:
        return f"{account_path(self.org_id, self.project_id, account_id)}/videos"

    @contextmanager
    def listening(self) -> Iterator[dict[str, list[int]]]:
        """Collect the progress of each job from now on, through a listener like the panel's."""
        seen: dict[str, list[int]] = defaultdict(list)

        def changed(_documents: object, changes: list[Any], _at: object) -> None:
            for change in changes:
                seen[change.document.id].append(change.document.get("progress"))

        jobs = self.stack.client.collection("trackingJobs").where(filter=FieldFilter("orgId", "==", self.org_id))
        watch = jobs.on_snapshot(changed)
        try:
            yield seen
        finally:
            watch.unsubscribe()
