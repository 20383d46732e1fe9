"""Each alarm of the template rings in its trouble, and none rings in a good hour with users' mistakes.

The handlers run in memory. What they print, and what AWS would count for them, is evaluated as CloudWatch does it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from bench.lambda_context import FakeContext
from local.paths import ROOT
from reconcile.app import handler as reconcile
from tests.cloudwatch import Alarms, Metrics, State
from tests.factories import videos
from tests.harness import Harness, lambda_cause, spoil
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    PermanentError,
    PlatformUnavailableError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.executions import ExecutionsUnavailableError, StartRefusedError
from tracking.jobs import PlatformName
from tracking.kick_auth import Callers, UnavailableError
from tracking.pauses import Pause, quota_used_up_until
from tracking.store import JobSnapshot
from tracking.store.memory import MemoryStore
from tracking.wiring import KickDeps, ReconcileDeps
from trigger import kick
from trigger.app import handler as trigger
from trigger.wake import KICK

TEMPLATE = cfn_yaml.load(str(ROOT / "template.yaml"))
TOPIC = {"AlarmTopicArn": "arn:aws:sns:eu-west-1:000000000000:alarms"}
SECRET = "secret-of-the-tests"
NOBODY = 10_000
"""A number of jobs that no test has."""


class Queues:
    """The client of SQS, which takes each message, or raises."""

    error: Exception | None = None

    def send_message(self, **_message: str) -> None:
        if self.error:
            raise self.error


class Cloud:
    """The functions with their alarms. Each `minute` ends with an evaluation."""

    def __init__(self, capsys: pytest.CaptureFixture[str], running: int = NOBODY, **parameters: Any) -> None:
        self.harness = Harness(running=running, per_credential=running, videos=videos(3))
        self.clock = self.harness.clock
        self.metrics = Metrics()
        self.alarms = Alarms(TEMPLATE, self.metrics, TOPIC | parameters)
        self.has_rule = True  # whether the minute's rule is enabled
        self.queues = Queues()
        self._capsys = capsys
        self._finished: set[str] = set()

    def count(self, namespace: str, name: str, value: float = 1, **dimensions: str) -> None:
        """Count something, as AWS does."""
        self.metrics.put(self.clock.now(), f"AWS/{namespace}", name, value, **dimensions)

    def minute(self, *then: Callable[[], object]) -> None:
        """Let the minute's tick run, then the calls, 5 s apart. Evaluate the alarms when the minute is over."""
        ends_at = self.clock.now().timestamp() + 60
        if self.has_rule:
            self.count("Events", "Invocations", RuleName="TriggerFunctionTick")
            self.run_trigger({})
        for call in then:
            self.clock.advance(5)
            call()
            self.collect()
        self.clock.advance(ends_at - self.clock.now().timestamp())
        self.alarms.evaluate(self.clock.now())

    def collect(self) -> None:
        self.metrics.put_printed(self.clock.now(), self._capsys.readouterr().out)

    def run_trigger(self, event: dict[str, Any]) -> None:
        began = self.clock.now()
        try:
            trigger(event, FakeContext(), self.harness.trigger_deps)  # type: ignore[arg-type]
            failed = 0
        except (TrackingError, RuntimeError):
            failed = 1
        self.collect()
        self.count("Lambda", "Errors", failed, FunctionName="TriggerFunction")
        took_ms = (self.clock.now() - began).total_seconds() * 1_000
        self.count("Lambda", "Duration", took_ms, FunctionName="TriggerFunction")

    def kick(self, secret: Callable[[], str] = lambda: SECRET) -> int:
        """Kick, and wake the trigger if the kick is accepted. Return the HTTP status."""
        deps = KickDeps(Callers(None, secret), self.queues, "https://queue")
        answer = kick.handler({"headers": {"x-trigger-secret": SECRET}}, FakeContext(), deps)  # type: ignore[arg-type]
        self.collect()
        self.count("ApiGateway", "5xx", answer["statusCode"] >= 500, ApiId="KickApi")
        if answer["statusCode"] == 202:
            self.wake(KICK)
        return int(answer["statusCode"])

    def wake(self, *bodies: dict[str, Any]) -> None:
        if bodies:
            self.run_trigger({"Records": [{"body": json.dumps(body)} for body in bodies]})

    def finish(self, *, wakes: bool = True) -> None:
        """Let each execution come to its end: its states run, and its end wakes the trigger."""
        ended = []
        for name, job in list(self.harness.executions.started.items()):
            if name not in self._finished:
                self._finished.add(name)
                self._run(dict(job))
                ended.append({"detail": {"input": json.dumps(dict(job))}})
        self.collect()
        if wakes:
            self.wake(*ended)

    def _run(self, job: dict[str, Any]) -> None:
        try:
            self.harness.run_chain(job)
        except PermanentError as error:
            self.count("States", "ExecutionsFailed", StateMachineArn="TrackingStateMachine")
            self.harness.fail_job(job, type(error).__name__, lambda_cause(error))

    def add_jobs(self, number: int = 1, **fields: Any) -> None:
        for _ in range(number):
            self.harness.add_job(**fields)

    def fail_next(self, *errors: Exception) -> None:
        self.harness.platform.failures.extend(errors)


@pytest.fixture
def cloud(capsys: pytest.CaptureFixture[str]) -> Cloud:
    return Cloud(capsys)


TYPOS = [
    AccountNotFoundError("Instagram has no account named nasaa."),
    AccountPrivateError("This account is private."),
    AccountSuspendedError("This account is suspended."),
]


def test_nothing_rings_from_the_first_deployment_on(cloud: Cloud) -> None:
    """An hour with two jobs a minute. Three of four fail by their users' mistakes."""

    def use() -> None:
        cloud.add_jobs(platform="twitter")
        cloud.add_jobs(username="")  # malformed
        if cloud.clock.now().minute % 2:
            cloud.fail_next(TYPOS[cloud.clock.now().minute // 2 % len(TYPOS)])

    cloud.harness.platform.charges = {"posts": 3, "users": 1}
    for _ in range(60):
        cloud.minute(use, cloud.kick, cloud.finish)
    cloud.minute(cloud.finish)
    assert cloud.alarms.rung == []
    assert State.ALARM not in cloud.alarms.states.values()
    statuses = [job["status"] for job in cloud.harness.memory.get_documents("trackingJobs").values()]
    assert {status: statuses.count(status) for status in set(statuses)} == {"completed": 30, "failed": 90}


# The service levels


def late_kick(cloud: Cloud, lateness_s: float) -> Callable[[], None]:
    def kicked() -> None:
        cloud.add_jobs()
        cloud.clock.advance(lateness_s)
        cloud.kick()

    return kicked


def kicked_starts_level(cloud: Cloud) -> None:
    for _ in range(20):
        cloud.minute(late_kick(cloud, 9), cloud.finish)


def kicked_starts_level_slowly(cloud: Cloud) -> None:
    """One of ten: for the faster rule it must be one of seven."""
    for number in range(60):
        cloud.minute(late_kick(cloud, 0 if number % 10 else 9), cloud.finish)


def refuse_starts(cloud: Cloud) -> None:
    def refuse(name: str, payload: Any) -> None:
        raise StartRefusedError("ThrottlingException")

    cloud.harness.executions.start = refuse  # type: ignore[method-assign]


def starts_level(cloud: Cloud) -> None:
    refuse_starts(cloud)
    cloud.add_jobs()
    for _ in range(10):
        cloud.minute()


def failures_level(cloud: Cloud) -> None:
    for _ in range(10):
        cloud.fail_next(ContractError("Instagram answered something strange."))
        cloud.add_jobs()
        cloud.minute(cloud.finish)


def failures_level_by_an_outage(cloud: Cloud) -> None:
    for _ in range(10):
        cloud.add_jobs()
        cloud.minute()
        for job in list(cloud.harness.executions.started.values())[-1:]:
            error = PlatformUnavailableError("Instagram is not available right now.")
            cloud.harness.fail_job(dict(job), type(error).__name__, lambda_cause(error))
        cloud.collect()


# The other alarms


def overdue_leases(cloud: Cloud) -> None:
    def unavailable(name: str) -> Any:
        raise ExecutionsUnavailableError(name)

    cloud.harness.executions.outcome = unavailable  # type: ignore[method-assign]
    cloud.add_jobs()
    for _ in range(10):
        cloud.minute()


def longest_wait(cloud: Cloud) -> None:
    """The only place is taken by a job that never ends."""
    cloud.harness.limits = type(cloud.harness.limits)(running=1, per_credential=1)
    cloud.add_jobs(2)
    for _ in range(50):
        cloud.minute()


def paused_platform(cloud: Cloud) -> None:
    cloud.add_jobs(platform="youtube")
    until = quota_used_up_until(PlatformName.YOUTUBE, cloud.clock.now())
    pause = Pause(platform=PlatformName.YOUTUBE, until=until, reason="QuotaExceededError")
    cloud.harness.store.put_document(pause.to_write())
    for _ in range(4 * 60):
        cloud.minute()


NO_KEY = CredentialsError("Our key for Instagram is not accepted.")


def credentials_of_a_platform(cloud: Cloud) -> None:
    cloud.fail_next(NO_KEY)
    cloud.add_jobs()
    cloud.minute(cloud.finish)


class Refusing(MemoryStore):
    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        raise CredentialsError("Firestore does not accept our credentials.")


def credentials_of_google(cloud: Cloud) -> None:
    cloud.harness.use(Refusing(cloud.clock))
    cloud.minute()


def credentials_in_a_kick(cloud: Cloud) -> None:
    def refuse() -> str:
        raise UnavailableError("RefreshError")

    assert cloud.kick(refuse) == 503
    cloud.minute()


def platform_spend(cloud: Cloud) -> None:
    """X charges half a cent for a post: 51 jobs of 200 posts are 51 dollars."""
    cloud.harness.platform.charges = {"posts": 200}
    cloud.add_jobs(26, platform="twitter")
    cloud.minute(cloud.finish)  # two calls of the platform in each job


def trigger_errors(cloud: Cloud) -> None:
    class Down(MemoryStore):
        def open_jobs(self, limit: int) -> list[JobSnapshot]:
            raise StoreUnavailableError("Our database did not answer.")

    cloud.harness.use(Down(cloud.clock))
    for _ in range(4):
        cloud.minute()


def no_ticks(cloud: Cloud) -> None:
    for _ in range(5):
        cloud.minute()
    cloud.has_rule = False
    for _ in range(15):
        cloud.minute()


def slow_ticks(cloud: Cloud) -> None:
    class Slow(MemoryStore):
        def open_jobs(self, limit: int) -> list[JobSnapshot]:
            cloud.clock.advance(36)
            return super().open_jobs(limit)

    cloud.harness.use(Slow(cloud.clock))
    for _ in range(15):
        cloud.minute()


def missed_wakes(cloud: Cloud) -> None:
    cloud.harness.limits = type(cloud.harness.limits)(running=2, per_credential=2)
    cloud.add_jobs(40)
    for _ in range(15):
        cloud.minute(lambda: cloud.finish(wakes=False))


def waiting_wakes(cloud: Cloud) -> None:
    """The mapping of the queue is disabled: messages wait until they are forgotten, after 120 s."""
    for number in range(15):
        cloud.count("SQS", "ApproximateAgeOfOldestMessage", min(120, 60 * number + 60), QueueName="WakeQueue")
        cloud.minute()


def kick_failures(cloud: Cloud) -> None:
    def unavailable() -> str:
        raise StoreUnavailableError("Our credentials could not be read just now.")

    for _ in range(15):
        cloud.minute(lambda: cloud.kick(unavailable))


def dead_letters(cloud: Cloud) -> None:
    """Reconcile fails on an event. Lambda calls it twice more, and gives the event to the function's destination."""

    class Down(MemoryStore):
        def commit(self, *_arguments: Any, **_more: Any) -> str:
            raise StoreUnavailableError("Our database did not answer.")

    job = cloud.harness.claimed_job()
    execution = cloud.harness.executions.arn(cloud.harness.execution_of(job))
    detail = {"executionArn": execution, "status": "ABORTED", "input": json.dumps(job)}
    deps = ReconcileDeps(Down(cloud.clock), cloud.clock, cloud.harness.process_deps.platform)
    with pytest.raises(StoreUnavailableError):
        reconcile({"detail": detail}, FakeContext(), deps)  # type: ignore[arg-type]
    config = TEMPLATE["Resources"]["ReconcileFunction"]["Properties"]["EventInvokeConfig"]
    queue = config["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    cloud.count("SQS", "ApproximateNumberOfMessagesVisible", QueueName=queue)
    cloud.minute()


def unwritable_jobs(cloud: Cloud) -> None:
    spoil(cloud.harness.memory, cloud.harness.add_job())
    for _ in range(15):
        cloud.minute()


def throttles(function: str) -> Callable[[Cloud], None]:
    def trouble(cloud: Cloud) -> None:
        for _ in range(15):
            cloud.count("Lambda", "Throttles", FunctionName=function)
            cloud.minute()

    return trouble


FUNCTIONS = [name for name, found in TEMPLATE["Resources"].items() if found["Type"] == "AWS::Serverless::Function"]
TROUBLES: list[tuple[str, Callable[[Cloud], None]]] = [
    ("KickedStartsLevelAlarm", kicked_starts_level),
    ("KickedStartsLevelAlarm", kicked_starts_level_slowly),
    ("StartsLevelAlarm", starts_level),
    ("FailuresLevelAlarm", failures_level),
    ("FailuresLevelAlarm", failures_level_by_an_outage),
    ("OverdueLeasesAlarm", overdue_leases),
    ("LongestWaitAlarm", longest_wait),
    ("PausedPlatformAlarm", paused_platform),
    ("CredentialsAlarm", credentials_of_a_platform),
    ("CredentialsAlarm", credentials_of_google),
    ("CredentialsAlarm", credentials_in_a_kick),
    ("PlatformSpendAlarm", platform_spend),
    ("TriggerErrorsAlarm", trigger_errors),
    ("NoTicksAlarm", no_ticks),
    ("SlowTicksAlarm", slow_ticks),
    ("MissedWakesAlarm", missed_wakes),
    ("WaitingWakesAlarm", waiting_wakes),
    ("KickFailuresAlarm", kick_failures),
    ("DeadLettersAlarm", dead_letters),
    ("UnwritableJobsAlarm", unwritable_jobs),
    *(("ThrottlesAlarm", throttles(function)) for function in FUNCTIONS),
]


@pytest.mark.parametrize(("alarm", "trouble"), TROUBLES, ids=lambda value: getattr(value, "__name__", value))
def test_an_alarm_rings_in_its_trouble_and_alone(cloud: Cloud, alarm: str, trouble: Callable[[Cloud], None]) -> None:
    trouble(cloud)
    assert set(cloud.alarms.rung) == {alarm}
