"""Each alarm of the template rings in its trouble, and none rings in a good hour with users' mistakes.

The handlers run in memory. What they print, and what AWS would count for them, is evaluated as CloudWatch does it.
"""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from bench.lambda_context import FakeContext
from local.paths import ROOT
from mail import app as mail
from notify.app import handler as notify
from reconcile.app import handler as reconcile
from tests.cloudwatch import Alarms, Metrics, State
from tests.factories import videos
from tests.harness import Harness, lambda_cause, spoil
from tests.mailing import Mailing, ready
from tests.metrics import published_metrics
from tests.notifying import URL, Notifying, Reply
from tracking import metrics
from tracking.clock import Clock
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    ContractError,
    CredentialsError,
    JobPausedError,
    PermanentError,
    PlatformUnavailableError,
    StoreUnavailableError,
    TrackingError,
)
from tracking.executions import ExecutionsUnavailableError, StartRefusedError
from tracking.jobs import PlatformName
from tracking.kick_auth import Callers, UnavailableError
from tracking.kick_wiring import KickDeps
from tracking.mail.post import NotSentError
from tracking.news_wiring import NotifyDeps
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.pauses import Pause, quota_used_up_until
from tracking.prices import PRICES
from tracking.refusals import GOOGLE
from tracking.sentences import Sentence
from tracking.store import DocumentWrite, JobSnapshot
from tracking.store.memory import MemoryStore
from tracking.wiring import ReconcileDeps
from trigger import kick
from trigger.app import handler as trigger
from trigger.tick import CLAIM_RESERVE_S
from trigger.wake_messages import KICK

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
        self.has_news_rule = True
        self.notifying = Notifying(clock=self.clock)
        self.queues = Queues()
        self._capsys = capsys
        self._finished: set[str] = set()

    def count(self, namespace: str, name: str, value: float = 1, **dimensions: str) -> None:
        """Count something, as AWS does."""
        self.metrics.put(self.clock.now(), f"AWS/{namespace}", name, value, **dimensions)

    def minute(self, *then: Callable[[], object]) -> None:
        """Let the minute's tick run, then the calls, 5 s apart. Evaluate the alarms when the minute is over."""
        ends_at = self.clock.now().timestamp() + 60
        self.count("SQS", "ApproximateNumberOfMessagesVisible", 0, QueueName="DeadLetterQueue")
        self.count("SQS", "ApproximateAgeOfOldestMessage", 0, QueueName="WakeQueue")
        for function in FUNCTIONS:
            self.count("Lambda", "Throttles", 0, FunctionName=function)
        if self.has_rule:
            self.count("Events", "Invocations", RuleName="TriggerFunctionTick")
            self.run_trigger({})
        if self.has_news_rule:
            self.count("Events", "Invocations", RuleName="NotifyFunctionMinute")
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
        newest = {"Resource": "TriggerFunction:live", "ExecutedVersion": "TriggerFunction.Version"}
        self.count("Lambda", "Errors", failed, FunctionName="TriggerFunction", **newest)
        took_ms = (self.clock.now() - began).total_seconds() * 1_000
        self.count("Lambda", "Duration", took_ms, FunctionName="TriggerFunction")

    def run_notify(self, deps: NotifyDeps | None = None) -> None:
        self.run("NotifyFunction", lambda: notify({}, FakeContext(), deps or self.notifying.deps))  # type: ignore[arg-type]

    def run(self, function: str, handle: Callable[[], object]) -> None:
        """Run a function once, and count whether it failed as Lambda does."""
        try:
            handle()
            failed = 0
        except TrackingError:
            failed = 1
        self.collect()
        self.count("Lambda", "Errors", failed, FunctionName=function)

    def kick(self, secret: Callable[[], str] = lambda: SECRET) -> int:
        """Kick, and wake the trigger if the kick is accepted. Return the HTTP status."""
        deps = KickDeps(Callers(None, lambda _refused: secret()), self.queues, "https://queue")
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
        except JobPausedError:  # the execution ends quietly
            pass
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
    AccountNotFoundError(Sentence("Instagram has no account named nasaa.")),
    AccountPrivateError(Sentence("This account is private.")),
    AccountSuspendedError(Sentence("This account is suspended.")),
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


def test_nothing_rings_without_any_data(capsys: pytest.CaptureFixture[str]) -> None:
    """The first deployment, until the first tick has run. The alarms may be created long before the rule."""
    cloud = Cloud(capsys)
    for _ in range(30):
        cloud.clock.advance(60)
        cloud.alarms.evaluate(cloud.clock.now())
    assert cloud.alarms.rung == []
    assert cloud.alarms.states["NoTicksAlarm"] is State.INSUFFICIENT_DATA


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
        cloud.fail_next(ContractError(Sentence("Instagram answered something strange.")))
        cloud.add_jobs()
        cloud.minute(cloud.finish)


def failures_level_by_an_outage(cloud: Cloud) -> None:
    for _ in range(10):
        cloud.add_jobs()
        cloud.minute()
        for job in list(cloud.harness.executions.started.values())[-1:]:
            error = PlatformUnavailableError(Sentence("Instagram is not available right now."))
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


NO_KEY = CredentialsError(Sentence("Our key for Instagram is not accepted."))


def credentials_of_a_platform(cloud: Cloud) -> None:
    cloud.fail_next(NO_KEY)
    cloud.add_jobs()
    cloud.minute(cloud.finish)


def credentials_of_a_platform_for_long(cloud: Cloud) -> None:
    """The platform is paused. One job tries the key about every six minutes."""
    cloud.add_jobs(3)
    for _ in range(60):
        cloud.harness.platform.failures[:] = [NO_KEY] * 3
        cloud.minute(cloud.finish)
    assert cloud.alarms.rung.count("CredentialsAlarm") == 1


class Refusing(MemoryStore):
    def __init__(self, clock: Clock, error: Exception) -> None:
        super().__init__(clock)
        self._error = error

    def open_jobs(self, limit: int) -> list[JobSnapshot]:
        raise self._error


def credentials_of_google(cloud: Cloud) -> None:
    refused = CredentialsError(Sentence("Our credentials for Firestore are not accepted."))
    cloud.harness.use(Refusing(cloud.clock, refused))
    cloud.minute()


def credentials_in_a_kick(cloud: Cloud) -> None:
    def refuse() -> str:
        raise UnavailableError("RefreshError", refused=GOOGLE)

    assert cloud.kick(refuse) == 503
    cloud.minute()


def platform_spend(cloud: Cloud) -> None:
    """X charges half a cent for a post: 51 jobs of 200 posts are 51 dollars."""
    cloud.harness.platform.charges = {"posts": 200}
    cloud.add_jobs(26, platform="twitter")
    cloud.minute(cloud.finish)  # two calls of the platform in each job


def trigger_errors(cloud: Cloud) -> None:
    cloud.harness.use(Refusing(cloud.clock, StoreUnavailableError(Sentence("Our database did not answer."))))
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
        raise StoreUnavailableError(Sentence("Our credentials could not be read just now."))

    for _ in range(15):
        cloud.minute(lambda: cloud.kick(unavailable))


def dead_letters(cloud: Cloud) -> None:
    """Reconcile fails on an event. Lambda calls it twice more, and gives the event to the function's destination."""

    class Down(MemoryStore):
        def commit(self, *_arguments: Any, **_more: Any) -> str:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

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


def oldest_news(cloud: Cloud) -> None:
    """Each run finds an event that has been due for long."""
    for _ in range(20):
        event_id = cloud.notifying.add_event()
        due_at = cloud.clock.now() - timedelta(minutes=11)
        cloud.notifying.store.put_document(DocumentWrite(f"outbox/{event_id}", {"dueAt": due_at}))
        cloud.minute(cloud.run_notify)


def no_news(cloud: Cloud) -> None:
    for number in range(30):
        cloud.has_news_rule = number < 10
        cloud.minute()


def notify_errors(cloud: Cloud) -> None:
    def down(_now: Any, _limit: int) -> Any:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    cloud.notifying.store.due_events = down  # type: ignore[method-assign, assignment]
    for _ in range(4):
        cloud.minute(cloud.run_notify)


def endpoints_off(cloud: Cloud) -> None:
    """The receivers of five organisations answer 410."""
    for number in range(5):
        cloud.notifying.add_endpoint(org=f"org{number}")
        cloud.notifying.receivers.replies[URL] = Reply(410)
        cloud.notifying.add_event(org=f"org{number}")
        cloud.minute(cloud.run_notify)


def notify_throttles(cloud: Cloud) -> None:
    for _ in range(15):
        cloud.count("Lambda", "Throttles", FunctionName="NotifyFunction")
        cloud.minute()


def throttles(function: str) -> Callable[[Cloud], None]:
    def trouble(cloud: Cloud) -> None:
        for _ in range(15):
            cloud.count("Lambda", "Throttles", FunctionName=function)
            cloud.minute()

    return trouble


def mail_errors(cloud: Cloud) -> None:
    """SES refuses the account, as in its sandbox."""
    mailing = Mailing(clock=cloud.clock)
    mailing.office.failures = [NotSentError("MessageRejected: Email address is not verified.", is_about_us=True)]
    mailing.happen(ready())
    cloud.minute(lambda: mail.handler({}, FakeContext(), mailing.deps))  # type: ignore[arg-type]


def mail_function_errors(cloud: Cloud) -> None:
    mailing = Mailing(clock=cloud.clock)

    def down(*_: Any) -> Any:
        raise StoreUnavailableError(Sentence("Our database did not answer."))

    mailing.store.due_documents = down
    for _ in range(4):
        cloud.minute(lambda: cloud.run("MailFunction", lambda: mail.handler({}, FakeContext(), mailing.deps)))  # type: ignore[arg-type]


def reputation(metric: str, rate: float) -> Callable[[Cloud], None]:
    def trouble(cloud: Cloud) -> None:
        for _ in range(60):
            cloud.metrics.put(cloud.clock.now(), "AWS/SES", f"Reputation.{metric}", rate, **CONFIGURATION_SET)
            cloud.minute()

    return trouble


CONFIGURATION_SET = {"ses:configuration-set": "AWS::StackName"}
ALARMS = {name: found for name, found in TEMPLATE["Resources"].items() if found["Type"].endswith("Alarm")}
# But for the pictures': no job waits for them, and a message that found no place comes again.
FUNCTIONS = [
    name
    for name, found in TEMPLATE["Resources"].items()
    if found["Type"] == "AWS::Serverless::Function" and "Condition" not in found
]
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
    ("CredentialsAlarm", credentials_of_a_platform_for_long),
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
    ("MailErrorsAlarm", mail_errors),
    ("MailFunctionErrorsAlarm", mail_function_errors),
    ("BounceRateAlarm", reputation("BounceRate", 0.05)),
    ("ComplaintRateAlarm", reputation("ComplaintRate", 0.001)),
    ("OldestNewsAlarm", oldest_news),
    ("NoNewsAlarm", no_news),
    ("NotifyErrorsAlarm", notify_errors),
    ("EndpointsOffAlarm", endpoints_off),
    ("NotifyThrottlesAlarm", notify_throttles),
    *(("ThrottlesAlarm", throttles(function)) for function in FUNCTIONS),
]


@pytest.mark.parametrize(("alarm", "trouble"), TROUBLES, ids=lambda value: getattr(value, "__name__", value))
def test_an_alarm_rings_in_its_trouble_and_alone(cloud: Cloud, alarm: str, trouble: Callable[[Cloud], None]) -> None:
    trouble(cloud)
    assert set(cloud.alarms.rung) == {alarm}


def test_every_alarm_that_tells_somebody_has_a_trouble() -> None:
    telling = {name for name, found in ALARMS.items() if "AlarmActions" in found["Properties"]}
    assert {alarm for alarm, _ in TROUBLES} == telling


def one_tick_fails(cloud: Cloud) -> None:
    cloud.harness.use(Refusing(cloud.clock, StoreUnavailableError(Sentence("Our database did not answer."))))
    cloud.minute(lambda: cloud.run_trigger({}))


def one_internal_error(cloud: Cloud) -> None:
    def fail() -> None:
        (job,) = cloud.harness.executions.started.values()
        cloud.harness.fail_job(dict(job), "ZeroDivisionError", "division by zero")

    cloud.add_jobs()
    cloud.minute(fail)


DEPLOYMENTS = {"TriggerVersionErrorsAlarm": one_tick_fails, "InternalErrorsAlarm": one_internal_error}
"""Alarms that take a deployment back, and tell nobody."""


@pytest.mark.parametrize("alarm", DEPLOYMENTS)
def test_one_error_takes_a_deployment_back_and_tells_nobody(cloud: Cloud, alarm: str) -> None:
    DEPLOYMENTS[alarm](cloud)
    assert cloud.alarms.states[alarm] is State.ALARM
    assert cloud.alarms.rung == []


def test_users_mistakes_take_no_deployment_back(cloud: Cloud) -> None:
    for typo in TYPOS:
        cloud.fail_next(typo)
        cloud.add_jobs()
        cloud.minute(cloud.finish)
        assert cloud.alarms.states["InternalErrorsAlarm"] is State.OK


def test_every_alarm_of_a_deployment_has_its_error() -> None:
    functions = [TEMPLATE["Resources"][name]["Properties"] for name in FUNCTIONS]
    preferences = [function["DeploymentPreference"] for function in functions if "DeploymentPreference" in function]
    watched = [preference["Alarms"]["Fn::If"][1] for preference in preferences]
    assert {alarm["Ref"] for alarms in watched for alarm in alarms} == set(DEPLOYMENTS)


# Troubles that are none


def one_late_start(cloud: Cloud) -> None:
    """A cold start. One of few jobs is a large share, and no reason to wake anybody."""
    for lateness_s in (0, 9, 0):
        cloud.minute(late_kick(cloud, lateness_s), cloud.finish)


def one_failure(cloud: Cloud) -> None:
    cloud.fail_next(ContractError(Sentence("Instagram answered something strange.")))
    for _ in range(3):
        cloud.add_jobs()
        cloud.minute(cloud.finish)


def a_batch_beyond_the_limits(cloud: Cloud) -> None:
    """Jobs wait half an hour for a place, and each end of an execution wakes the trigger."""
    cloud.harness.limits = type(cloud.harness.limits)(running=2, per_credential=2)
    cloud.add_jobs(58)
    cloud.minute(cloud.kick)
    for _ in range(29):
        cloud.minute(cloud.finish)
    assert len(cloud.harness.executions.started) == 58


def a_short_pause(cloud: Cloud) -> None:
    until = cloud.clock.now() + timedelta(minutes=15)
    pause = Pause(platform=PlatformName.YOUTUBE, until=until, reason="RateLimitedError")
    cloud.harness.store.put_document(pause.to_write())
    cloud.add_jobs(20, platform="youtube")
    for _ in range(30):
        cloud.minute(cloud.finish)
    assert len(cloud.harness.executions.started) == 20


def a_lost_execution(cloud: Cloud) -> None:
    """Its lease runs out, and the next tick repairs the job."""
    cloud.add_jobs()
    cloud.minute()
    for name in cloud.harness.executions.started:
        cloud.harness.executions.outcomes[name] = Outcome(status=ExecutionStatus.NEVER_STARTED)
    for _ in range(10):
        cloud.minute()
    assert len(cloud.harness.executions.started) == 2


def one_failed_tick(cloud: Cloud) -> None:
    cloud.harness.use(Refusing(cloud.clock, StoreUnavailableError(Sentence("Our database did not answer."))))
    cloud.minute()
    cloud.harness.use(MemoryStore(cloud.clock))
    for _ in range(5):
        cloud.minute()


def moderate_spending(cloud: Cloud) -> None:
    cloud.harness.platform.charges = {"posts": 200}
    cloud.add_jobs(24, platform="twitter")  # 48 dollars
    cloud.minute(cloud.finish)


CALM = [
    one_late_start,
    one_failure,
    a_batch_beyond_the_limits,
    a_short_pause,
    a_lost_execution,
    one_failed_tick,
    moderate_spending,
]


@pytest.mark.parametrize("calm", CALM, ids=lambda calm: calm.__name__)
def test_no_alarm_rings_for_what_recovers(cloud: Cloud, calm: Callable[[Cloud], None]) -> None:
    calm(cloud)
    assert cloud.alarms.rung == []


def test_a_slow_burn_rings_by_the_slow_rule_alone(cloud: Cloud) -> None:
    kicked_starts_level_slowly(cloud)
    states = cloud.alarms.states
    assert (states["KickedStartsBurn6h"], states["KickedStartsBurn30m"]) == (State.ALARM, State.ALARM)
    assert states["KickedStartsBurn1h"] is State.OK


def test_an_alarm_ends_with_its_trouble(cloud: Cloud) -> None:
    trigger_errors(cloud)
    assert cloud.alarms.states["TriggerErrorsAlarm"] is State.ALARM
    cloud.harness.use(MemoryStore(cloud.clock))
    for _ in range(5):
        cloud.minute()
    assert State.ALARM not in cloud.alarms.states.values()


# The definitions

LEVELS = {
    # the alarm's parts: the share that may be bad
    "KickedStarts": 0.01,
    "Starts": 0.001,
    "Failures": 0.01,
}
BURNS = {"1h": (3_600, 14.4), "5m": (300, 14.4), "6h": (21_600, 6.0), "30m": (1_800, 6.0)}
"""Windows in seconds, with their rates: https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_levels_parts_are_its_windows_and_rates(level: str) -> None:
    for window, (seconds, rate) in BURNS.items():
        part = ALARMS[f"{level}Burn{window}"]["Properties"]
        stats = [query["MetricStat"] for query in part.get("Metrics", []) if "MetricStat" in query] or [part]
        assert {stat["Period"] for stat in stats} == {seconds}
        assert part["Threshold"] == pytest.approx(rate * LEVELS[level])
        assert ("Metrics" in part) == (window in ("1h", "6h"))  # the longer window needs three bad ones
    rule = " ".join(ALARMS[f"{level}LevelAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"].split())
    pairs = ("1h", "5m"), ("6h", "30m")
    fast, slow = (f'(ALARM("${{{level}Burn{a}}}") AND ALARM("${{{level}Burn{b}}}"))' for a, b in pairs)
    assert rule == f"{fast} OR {slow}"


def test_alarms_cost_what_the_decision_says() -> None:
    """Each metric of an alarm costs, and each composite alarm: https://aws.amazon.com/cloudwatch/pricing/

    Those of news and mail are left out: decisions of their own have them.
    """
    always = [alarm for alarm in ALARMS.values() if alarm.get("Condition") not in ("HasNews", "HasMail", "SendsMail")]
    plain = [alarm["Properties"] for alarm in always if alarm["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = sum(
        len([query for query in alarm.get("Metrics", [alarm]) if "Expression" not in query]) for alarm in plain
    )
    composites = len(always) - len(plain)
    assert (metrics, composites) == (46, 3)
    assert f"{metrics} metrics in alarms" in (ROOT / "docs/decisions.md").read_text()


def test_a_slow_tick_is_one_that_stops_claiming() -> None:
    timeout_s = TEMPLATE["Resources"]["TriggerFunction"]["Properties"]["Timeout"]
    assert ALARMS["SlowTicksAlarm"]["Properties"]["Threshold"] == (timeout_s - CLAIM_RESERVE_S) * 1_000


def test_each_stack_has_a_namespace_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Powertools' name of the variable; the template sets it."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "AccountTracking/staging")
    assert runpy.run_path(metrics.__file__)["NAMESPACE"] == "AccountTracking/staging"
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    assert runpy.run_path(metrics.__file__)["NAMESPACE"] == "AccountTracking"


def test_the_pauses_of_every_platform_are_watched() -> None:
    queries = ALARMS["PausedPlatformAlarm"]["Properties"]["Metrics"]
    watched = [query["MetricStat"]["Metric"]["Dimensions"] for query in queries if "MetricStat" in query]
    assert watched == [[{"Name": "platform", "Value": name}] for name in PlatformName]


def test_spending_is_counted_by_the_list_prices() -> None:
    factors = {}
    for query in ALARMS["PlatformSpendAlarm"]["Properties"]["Metrics"]:
        if found := re.fullmatch(r"(\w+) \* ([0-9.]+)", query.get("Expression", "")):
            factors[found[1].replace("_", ".", 1)] = float(found[2])
    assert factors == {name: price.usd for name, price in PRICES.items() if price.usd}


def test_functions_publish_every_metric_of_ours_that_is_watched() -> None:
    watched = {metric for space, metric in watched_metrics() if space == OURS}
    assert [space for space, _ in watched_metrics() if space != OURS and not space.startswith("AWS/")] == []
    assert len(watched) >= 10
    assert watched <= set(published_metrics())


OURS = {"Fn::Sub": "AccountTracking/${AWS::StackName}"}


def watched_metrics() -> Iterator[tuple[Any, str]]:
    """Yield the namespace and the name of each metric in an alarm."""
    for properties in (alarm["Properties"] for alarm in ALARMS.values()):
        queries = [query["MetricStat"]["Metric"] for query in properties.get("Metrics", []) if "MetricStat" in query]
        for metric in queries or [properties] * ("MetricName" in properties):
            yield metric["Namespace"], metric["MetricName"]
