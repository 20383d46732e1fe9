"""Checks of a deployed stack: its outputs, its rule, its ticks, a kick, and a probe job."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console

from cli.counts import counted
from cli.doctor.aws import client, needed_secret
from cli.doctor.checks import Check, FindingError, note, wrong
from cli.doctor.google import client_of
from cli.doctor.stage import Stack, Stage
from cli.watch import watch_jobs
from tracking import adoption, jobs, pauses
from tracking.clock import Clock
from tracking.jobs import OPEN, AccountType, Job, PlatformName, Status
from tracking.store import JobWrite, StaleVersionError
from tracking.store.firestore import FirestoreStore

WINDOW = timedelta(minutes=15)
LATENESS = timedelta(minutes=5)
"""The minute's tick comes within a minute after a deployment, and CloudWatch shows it some minutes later."""

KICK_LIMIT_S = 25.0  # a cold kick takes seconds; the gateway's own limit is 29 s
PROBE_LIMIT = timedelta(minutes=10)

_RULE = "TriggerFunctionTick"


def outputs(stage: Stage, stack: Stack) -> str:
    missing = sorted(stage.outputs - stack.outputs.keys())
    if missing:
        raise wrong(f"the stack has no output {', '.join(missing)}", "deploy this version")
    return f"{len(stack.outputs)} outputs; {stack.trigger_url}"


def rule(stage: Stage) -> str:
    """Look whether the tick's rule is on.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html
    """
    name = _resource(stage, _RULE)
    found = client("events").describe_rule(Name=name)
    if found["State"] == "DISABLED":
        mend = f"aws events enable-rule --name {name}; after a drain, the mapping of the wakes, too"
        raise wrong("the rule of the tick is disabled: nothing is repaired, and jobs wait for kicks", mend)
    return f"enabled, {found['ScheduleExpression']}"


def ticks(stage: Stage, stack: Stack) -> str:
    """Count the ticks of the last minutes, and those that failed; only those after the last deployment.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html,
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    trigger, now = _resource(stage, "TriggerFunction"), datetime.now(UTC)
    since = max(now - WINDOW, stack.since)
    if stage.is_local:  # MiniStack counts no rules, so all ticks count, those of wakes too
        begun = _sum("AWS/Lambda", "Invocations", "FunctionName", trigger, since)
    else:
        begun = _sum("AWS/Events", "Invocations", "RuleName", _resource(stage, _RULE), since)
    failed = _sum("AWS/Lambda", "Errors", "FunctionName", trigger, since)
    minutes = counted(round((now - since).total_seconds() / 60), "minute")
    if failed:
        told = f"{counted(failed, 'tick')} failed within {minutes}, {begun:.0f} began"
        raise wrong(told, "read the trigger's log; docs/operations.md, TriggerErrorsAlarm")
    if not begun and now - stack.since < LATENESS:
        raise note(f"no tick since the deployment {minutes} ago", "look again in five minutes")
    if not begun:
        raise wrong(f"no tick within {minutes}", "see the check `rule`, and the dead letters")
    if not _sum("AWS/Lambda", "Invocations", "FunctionName", trigger, since):  # a call without a place is no error
        told = f"{counted(begun, 'tick')} began within {minutes}, and Lambda ran none"
        if now - stack.since < LATENESS:
            raise note(told, "look again in five minutes")
        raise wrong(told, "Lambda has no place for them: docs/operations.md, ThrottlesAlarm")
    return f"{counted(begun, 'tick')} began within {minutes}, none failed"


def _sum(namespace: str, metric: str, dimension: str, value: str, since: datetime) -> float:
    points = client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def _resource(stage: Stage, logical_id: str) -> str:
    """Return the name of a resource of the stack."""
    found = client("cloudformation").describe_stack_resource(StackName=stage.stack_name, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def owner(stage: Stage, stack: Stack) -> str:
    """Look which stack works on the jobs of this database: the ticks of all others stop."""
    control = FirestoreStore(client_of(stage)).get_document(pauses.CONTROL_DOCUMENT)
    named, ours = adoption.owner(control), stack.outputs.get("StateMachineArn", "")
    if not named:
        return "no stack yet: the first tick takes the jobs"
    if named != ours:
        raise wrong(f"{named} works on the jobs, so the ticks of this stack stop", f"tracking owner --take {ours}")
    return "this stack works on the jobs"


def kick(stage: Stage, url: str, http: httpx.Client) -> str:
    """Send a kick with the secret, as a program does. It makes one tick more."""
    begun = time.monotonic()
    answer = http.post(url, headers={"X-Trigger-Secret": _kick_value(stage)}, timeout=KICK_LIMIT_S)
    took_s = time.monotonic() - begun
    log = "read the kick's log; docs/operations.md, When kicks fail"
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise wrong("401: the kick refuses the secret", log)
    if answer.status_code != httpx.codes.ACCEPTED:
        raise wrong(f"the kick answered {answer.status_code}", log)
    return f"202 after {took_s:.1f} s"


def _kick_value(stage: Stage) -> str:
    return needed_secret(stage.kick_secret).split()[0]


def probe(
    stage: Stage, platform: PlatformName, username: str, http: httpx.Client, console: Console, clock: Clock
) -> str:
    """Track a public account as a page would, and delete everything afterwards.

    The job belongs to an organisation of its own, which has no members, so no page shows it. It costs what any job of
    the platform costs.
    """
    client_ = client_of(stage)
    store = FirestoreStore(client_)
    org_id = f"doctor-{uuid4().hex[:12]}"
    begun = clock.now()
    fields = jobs.new(
        org_id=org_id,
        project_id="probe",
        user_id="doctor",
        username=username,
        platform=platform,
        account_type=AccountType.COMPETITOR,
        now=begun,
    )
    Job.from_document("new", fields, begun)  # refuses a bad username before a job is created
    job_id = store.create_job(fields)
    try:
        if stage.stack is not None:
            with contextlib.suppress(FindingError, httpx.HTTPError):  # without a kick the minute's tick starts the job
                kick(stage, stage.stack.trigger_url, http)
        (job,) = watch_jobs(store, [job_id], console, clock, partial(_end_at, begun + PROBE_LIMIT, clock))
        took_s = (clock.now() - begun).total_seconds()
        return _judged(job, took_s)
    finally:
        _delete(store, client_, org_id, job_id, clock)


def _end_at(deadline: datetime, clock: Clock, left: Sequence[Job]) -> None:
    if left and clock.now() >= deadline:
        minutes = PROBE_LIMIT.total_seconds() / 60
        told = f"the job is {left[0].status} at {left[0].progress} % after {minutes:.0f} minutes: {left[0].message}"
        raise wrong(told, "see docs/operations.md, A job stays pending")


def _judged(job: Job | None, took_s: float) -> str:
    if job is None:
        raise wrong("somebody deleted the probe's job")
    if job.status is not Status.COMPLETED:
        mend = f"docs/operations.md, Error codes: {job.error_code}" if job.error_code else ""
        raise wrong(f"{job.status} after {took_s:.0f} s: {job.message}", mend)
    return f"completed after {took_s:.0f} s: {job.message} Deleted again."


def _delete(store: FirestoreStore, client_: Any, org_id: str, job_id: str, clock: Clock) -> None:
    """Delete the job and what it saved. A job that has not ended is cancelled first, which stops its paid runs."""
    snapshot = store.get_job(job_id)
    if snapshot is not None and snapshot.parse().status in OPEN:
        with contextlib.suppress(StaleVersionError):
            store.commit(JobWrite(job_id, jobs.cancel(snapshot.parse().status, clock.now()), snapshot.version))
    elif snapshot is not None:
        store.delete_jobs([snapshot])
    client_.recursive_delete(client_.collection(f"organizations/{org_id}/projects"))


def checks(stage: Stage, http: httpx.Client) -> list[Check]:
    """Return the checks of the deployed stack; none if there is no stack."""
    if stage.stack is None:
        return []
    return [
        Check("outputs", partial(outputs, stage, stage.stack)),
        Check("rule", partial(rule, stage)),
        Check("ticks", partial(ticks, stage, stage.stack)),
        Check("owner", partial(owner, stage, stage.stack)),
        Check("kick", partial(kick, stage, stage.stack.trigger_url, http), limit_s=KICK_LIMIT_S + 5),
    ]


def probes(
    stage: Stage, asked: Sequence[tuple[PlatformName, str]], http: httpx.Client, console: Console, clock: Clock
) -> Iterator[Check]:
    """Yield a check for each probe. They run one after another, and have limits of their own."""
    for platform, username in asked:
        yield Check(f"probe of {platform}", partial(probe, stage, platform, username, http, console, clock))
