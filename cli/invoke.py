"""Run one function on one event, on the running stack: `make invoke FUNCTION=process EVENT=events/fetch-account.json`.

With Docker, AWS's own image can run it too: `make build`, then `sam local invoke ProcessFunction --docker-network host
--event events/fetch-account.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from local import LocalError, aws, build
from local.adapt import functions
from local.commands import exit_with
from local.firestore import PROJECT
from local.paths import BUILD
from local.stack import State
from process.work import Work
from tracking import jobs
from tracking.errors import InvalidJobError
from tracking.firestore_access import firestore_client
from tracking.jobs import AccountType, Fields, Job, Status
from tracking.naming import execution_name
from tracking.store import JOBS

_COPIED = ("Runtime", "Role", "Handler", "Timeout", "MemorySize", "Architectures")
_PLACE_LIMIT_S = 60


@dataclass(frozen=True)
class Invocation:
    """`payload`: the function's result, or Lambda's `{"errorType", "errorMessage", ...}` when `is_error`."""

    payload: Any
    is_error: bool
    log: str


def invoke(
    state: State,
    function: str,
    event: Mapping[str, Any],
    variables: Mapping[str, str] = MappingProxyType({}),
    timeout_s: int | None = None,
) -> Invocation:
    """Run `function` (`process`, `trigger`) once, cold. `variables` replace or complete the deployed variables.

    The call runs a copy of the function. So the call waits for no other call, and the deployed function does not
    change. `timeout_s` replaces the template's time-out. Raises LocalError when the function is unknown.
    """
    build.build()
    logical_id = find_function(build.built_template(), function)
    lambdas = aws.client("lambda", state.aws())
    deployed = lambdas.get_function_configuration(FunctionName=aws.physical_name(state.aws(), logical_id))
    settings = {name: deployed[name] for name in _COPIED} | ({"Timeout": timeout_s} if timeout_s else {})
    settings["Environment"] = {"Variables": {**deployed["Environment"]["Variables"], **variables}}
    with tempfile.TemporaryDirectory() as folder:
        code = Path(shutil.make_archive(f"{folder}/code", "zip", BUILD / logical_id)).read_bytes()
    name = f"invoke-{uuid4().hex}"
    lambdas.create_function(FunctionName=name, Code={"ZipFile": code}, **settings)
    try:
        answer = _when_there_is_a_place(lambdas, name, event)
    finally:
        lambdas.delete_function(FunctionName=name)
    return Invocation(json.load(answer["Payload"]), "FunctionError" in answer, _take_log(state, name))


def _when_there_is_a_place(lambdas: Any, name: str, event: Mapping[str, Any]) -> Any:
    deadline = time.monotonic() + _PLACE_LIMIT_S
    while True:
        try:
            return lambdas.invoke(FunctionName=name, Payload=json.dumps(event))
        except lambdas.exceptions.TooManyRequestsException as error:
            if time.monotonic() > deadline:
                raise LocalError(f"The stack had no place for the function in {_PLACE_LIMIT_S} s: {error}") from error
            time.sleep(0.2)


def _take_log(state: State, name: str) -> str:
    """Return the whole log, and delete it. The answer of `invoke` would hold only the last 4 KB of the log."""
    logs, group = aws.client("logs", state.aws()), f"/aws/lambda/{name}"
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"].rstrip() for page in pages for event in page["events"]]
    logs.delete_log_group(logGroupName=group)
    return "\n".join(lines) + "\n"


def find_function(template: Mapping[str, Any], name: str) -> str:
    """Return the function's logical id. `name`: the logical id itself (`KickFunction`), or the short name (`kick`)."""
    short = {logical_id.removesuffix("Function").lower(): logical_id for logical_id in functions(template)}
    if name not in short and name not in short.values():
        raise LocalError(f"The template has no function {name!r}: it has {', '.join(short)}.")
    return short.get(name, name)


def seed(client: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    """Write the job that the event names to Firestore, in the state in which the trigger leaves a claimed job.

    Keep a job that is already claimed for this attempt.
    Return the event with the execution that the job names. Without such a job, the fence would stop a state.
    Return the event unchanged if it names no job (a tick) or a malformed job. `client`: a Firestore client.
    """
    try:
        # A state's event holds the job; a status change holds the execution's input, as JSON.
        work = Work.from_state(event.get("job") or json.loads(event.get("detail", {}).get("input") or "{}"))
        fields = _waiting(work)
    except (InvalidJobError, ValueError, TypeError):
        return dict(event)
    document = client.collection(JOBS).document(work.job_id)
    found = document.get()
    known = found.to_dict() or {}
    if (known.get("status"), known.get("attempt")) != (Status.PROCESSING, work.attempt):
        document.set(fields | {"status": str(Status.CANCELLED)})  # a tick could claim a pending job
        attempt = Job.from_document(work.job_id, fields, document.get().create_time).next_attempt()
        claim = jobs.claim(attempt, datetime.now(UTC), _arn(event, execution_name(attempt)))
        document.update(claim.fields)
        found = document.get()
    name = execution_name(Job.from_document(work.job_id, found.to_dict(), found.create_time))
    if "detail" in event:
        return {**event, "detail": {**event["detail"], "executionArn": _arn(event, name), "name": name}}
    return {**event, "execution": _arn(event, name)}


def _waiting(work: Work) -> Fields:
    owner = {"org_id": work.org_id, "project_id": work.project_id, "user_id": work.user_id}
    kind, now = AccountType(work.account_type), datetime.now(UTC)
    fields = jobs.new(username=work.username, platform=work.platform_name, account_type=kind, now=now, **owner)
    return fields | {"attempt": work.attempt - 1}


def _arn(event: Mapping[str, Any], name: str) -> str:
    """Return the ARN of the execution `name`. Its state machine is the one in the event."""
    arn = str(event["detail"]["executionArn"] if "detail" in event else event["execution"])
    return f"{arn.rpartition(':')[0]}:{name}"


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not all(arguments):
        raise LocalError("Name a function and an event: make invoke FUNCTION=process EVENT=events/fetch-account.json")
    try:
        event = json.loads(Path(arguments[1]).read_text())
    except (OSError, ValueError) as error:
        raise LocalError(f"{arguments[1]} is not a JSON event: {error}.") from error
    state = State.load()
    if not state.is_up():
        raise LocalError("The local stack is not running, so nothing answers the function: start it with `make up`.")
    os.environ["FIRESTORE_EMULATOR_HOST"] = state.firestore()
    answer = invoke(state, arguments[0], seed(firestore_client(PROJECT), event))
    sys.stderr.write(answer.log)
    print(json.dumps(answer.payload, indent=2))
    return int(answer.is_error)


if __name__ == "__main__":
    exit_with(lambda: main(sys.argv[1:]))
