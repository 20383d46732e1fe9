"""The local stack, whose functions run the handlers of `tests.chaos.functions`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from local import aws
from local.paths import ROOT, STACK
from tests.chaos.plan import Plan
from tests.e2e.running import Document, RunningStack
from tracking.jobs import FINISHED, Status

FUNCTIONS = ("trigger", "process", "reconcile", "cleanup", "notify", "mail")
DOUBLED = 2


@dataclass(frozen=True, slots=True)
class Execution:
    arn: str
    name: str
    status: str


class ChaosHarness:
    def __init__(self, running: RunningStack, plan: Plan, names: Mapping[str, str], lease_s: float) -> None:
        self.running = running
        self.plan = plan
        self.lease_s = lease_s
        self._names = names  # of the functions, by package
        self._machine = running.names["StateMachineArn"]
        self._lambda = aws.client("lambda", running.state.aws())
        self._states = aws.client("stepfunctions", running.state.aws())
        self._events = aws.client("events", running.state.aws())

    def invoke(self, function: str, event: Mapping[str, Any]) -> Document:
        """Wait for a free place, and invoke a function. Return its result, or `{"errorType": ...}`."""
        while True:
            try:
                answer = self._lambda.invoke(
                    FunctionName=f"{self._names[function]}:{aws.ALIAS}", Payload=json.dumps(event)
                )
            except self._lambda.exceptions.TooManyRequestsException:
                time.sleep(0.2)
                continue
            return dict(json.load(answer["Payload"]))

    def tick(self, times: int = DOUBLED, **event: Any) -> list[Document]:
        """Run this many ticks at the same moment, and return their results."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.invoke("trigger", event), range(times)))

    def job(self, job_id: str) -> Document:
        return self.running.job(job_id)

    def executions(self) -> list[Execution]:
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
        return [Execution(e["executionArn"], e["name"], e["status"]) for page in pages for e in page["executions"]]

    def stop(self, arn: str) -> None:
        self._states.stop_execution(executionArn=arn, error="Stopped", cause="An operator pressed Stop.")

    def describe(self, arn: str) -> Document:
        return dict(self._states.describe_execution(executionArn=arn))

    def scale_waits(self, factor: float) -> None:
        """Multiply the waits of Retry by the factor, with a setting of MiniStack."""
        url = f"{self.running.state.aws()}/_ministack/config"
        httpx.post(url, json={"stepfunctions._SFN_WAIT_SCALE": factor}, trust_env=False).raise_for_status()

    def simulate(self, **fault: Any) -> None:
        """Plan a fault of a platform. The simulator's docstring lists the kinds."""
        url = f"{self.running.state.simulator()}/control/faults"
        httpx.post(url, json=fault, trust_env=False).raise_for_status()

    def forget_simulated(self) -> None:
        httpx.delete(f"{self.running.state.simulator()}/control/faults", trust_env=False).raise_for_status()

    def deliver_events(self, *, are_delivered: bool) -> None:
        """Switch on or off whether the reconcile function gets the events of ended executions."""
        change = self._events.enable_rule if are_delivered else self._events.disable_rule
        change(Name=self.rule("ReconcileFunctionExecutionEnded"))

    def rule(self, name: str) -> str:
        return next(str(r["Name"]) for r in self._events.list_rules()["Rules"] if name in r["Name"])


def needs_a_tick(job: Document) -> bool:
    """Return whether only a tick can move the job on: the job is pending, or its lease has run out."""
    if job["status"] == Status.PENDING:
        return True
    lease = job.get("leaseUntil")
    return job["status"] == Status.PROCESSING and (lease is None or lease < datetime.now(UTC))


def is_settled(job: Document) -> bool:
    return job["status"] in FINISHED


@contextmanager
def chaos_harness(
    running: RunningStack, *, lease_s: float, wait_scale: float, **settings: int
) -> Iterator[ChaosHarness]:
    """Prepare the stack for faults and restore it at the end.

    Inside the block, the scheduled ticks, the wakes and the runs of what tells news are off.

    `settings`: settings of the trigger to change, such as `max_running_jobs`.
    """
    folder = STACK / "chaos"
    shutil.rmtree(folder, ignore_errors=True)
    plan = Plan(folder)
    plan.create()
    variables = {"CHAOS_FOLDER": str(folder), "CHAOS_LEASE_S": str(lease_s), "LOCAL_PYTHONPATH": str(ROOT)}
    variables |= {name.upper(): str(value) for name, value in settings.items()}
    functions, events = (aws.client(service, running.state.aws()) for service in ("lambda", "events"))
    names = {package: aws.physical_name(running.state.aws(), f"{package.title()}Function") for package in FUNCTIONS}
    before = {name: functions.get_function_configuration(FunctionName=name) for name in names.values()}
    harness = ChaosHarness(running, plan, names, lease_s)
    ours = ("TriggerFunctionTick", "WakeRule", "NotifyFunction", "NewsRule", "MailFunction")
    rules = [harness.rule(name) for name in ours]
    try:
        harness.forget_simulated()
        for rule in rules:
            events.disable_rule(Name=rule)
        harness.scale_waits(wait_scale)
        for package, name in names.items():
            handler = f"tests.chaos.functions.{package}.handler"
            _configure(functions, name, handler, _variables(before[name]) | variables)
        yield harness
    finally:
        for name, was in before.items():
            _configure(functions, name, was["Handler"], _variables(was))
        harness.scale_waits(1.0)
        harness.forget_simulated()
        harness.deliver_events(are_delivered=True)
        for rule in rules:
            events.enable_rule(Name=rule)


def _configure(functions: Any, name: str, handler: str, variables: Mapping[str, str]) -> None:
    """Publish a version with this handler and these variables, and make it the one that is called."""
    functions.update_function_configuration(
        FunctionName=name, Handler=handler, Environment={"Variables": dict(variables)}
    )
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=aws.ALIAS, FunctionVersion=version)


def _variables(configuration: Mapping[str, Any]) -> dict[str, str]:
    return dict(configuration["Environment"]["Variables"])
