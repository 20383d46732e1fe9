"""Whole jobs on a second interpreter of the state machine (`tests.interpreted`). Each test compares the job's document.

MiniStack, which the end-to-end tests use, has no execution time-out and names a throttled function otherwise. moto has
what AWS has, so every error, time-out and end of the definition is here. docs/design.md lists the differences.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import botocore.session
import httpx
import pytest

from process import states
from process.retrying import MAX_RETRIES
from tests.harness import CHAIN
from tests.interpreted import InterpretedWorld, crash, driven, interpreter, refusal, shortened
from tracking import errors, jobs, outcomes
from tracking.errors import PermanentError, StoreUnavailableError, TrackingError, TransientError
from tracking.executions import ALREADY_EXISTS, StartRefusedError
from tracking.jobs import PlatformName, Status
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.sentences import Sentence, say
from trigger import wake_messages

POSTS = "sim_videos_3"
LARGE = "sim_videos_400"  # at two posts a second, the run takes longer than one execution
WRONG = (outcomes.INTERNAL_ERROR, "Something went wrong on our side; we have been told.")
TOOK_TOO_LONG = (outcomes.TIMED_OUT, "Tracking this account took too long and was stopped.")
THROTTLED = "TooManyRequestsException"
MAX_THROTTLED = 8

# The errors of a call to Lambda that a wait can mend. The first four are those that AWS says to retry; two are of the
# SDK that makes the call, and in no model. The others by their descriptions in Invoke's model ("wait", "in progress").
# https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
# https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
RETRIED_CALLS = (
    "ClientExecutionTimeoutException",
    "ServiceException",
    "AWSLambdaException",
    "SdkClientException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "CodeArtifactUserPendingException",
)
OF_THE_SDK = {"ClientExecutionTimeoutException", "AWSLambdaException", "SdkClientException"}
# The errors of a function that was killed or never came to run our code. All but the first, which Step Functions makes,
# are the `errorType` of Lambda's answer: https://github.com/aws/aws-lambda-runtime-interface-emulator (fatalerror.go)
RETRIED_CRASHES = ("Lambda.Unknown", "Sandbox.Failure", "Runtime.ExitError", "Runtime.OutOfMemory")
# The names of functions that cannot start, from the same source and from awslambdaric's lambda_runtime_exception.py.
# A retry would meet the same code: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
LASTING_CRASHES = (
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
    "Runtime.MalformedHandlerName",
    "Runtime.MarshalError",
    "Runtime.UnmarshalError",
    "Runtime.InvalidEntrypoint",
    "Runtime.InvalidWorkingDir",
    "Runtime.Unknown",
    "Extension.InitError",
    "Extension.ExitError",
    "Extension.Crash",
    "Extension.LaunchError",
    "Function.ResponseSizeTooLarge",
    "KeyError",
)
INVOKE = botocore.session.get_session().get_service_model("lambda").operation_model("Invoke")
CALL_ERRORS = {shape.name for shape in INVOKE.error_shapes}
LASTING_CALLS = sorted(CALL_ERRORS - {*RETRIED_CALLS, THROTTLED})
PERMANENT = [leaf for leaf in errors.leaves() if issubclass(leaf, PermanentError)]
TRANSIENT = [leaf for leaf in errors.leaves() if issubclass(leaf, TransientError)]

Begin = Callable[..., InterpretedWorld]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with interpreter() as client:
        yield client


@pytest.fixture
def begin(client: Any) -> Iterator[Begin]:
    """A function that makes a world. At the end, no invocation is held any longer."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(driven(InterpretedWorld(client, *args, **options)))


@pytest.fixture
def world(begin: Begin) -> InterpretedWorld:
    return begin()


def end(world: InterpretedWorld, job_id: str) -> tuple[Any, ...]:
    """Return what a job's document says of its end."""
    document = world.document(job_id)
    assert (document["leaseUntil"] is None) == (document["status"] != Status.PROCESSING)
    return document["status"], document.get("errorCode"), document.get("error")


def completed(world: InterpretedWorld, job_id: str, posts: int = 3) -> bool:
    document = world.document(job_id)
    assert end(world, job_id) == (Status.COMPLETED, None, None)
    assert (document["progress"], document["message"]) == (100, f"Done: {posts:,} videos saved.")
    assert len(world.saved(job_id)) == posts
    return True


def one_execution(world: InterpretedWorld) -> dict[str, Any]:
    (execution,) = world.described()
    return execution


def raised(execution: dict[str, Any]) -> tuple[Any, ...]:
    return execution["status"], execution.get("error"), execution.get("cause")


# A job that succeeds


@pytest.mark.parametrize("platform", PlatformName)
def test_job_of_each_platform_completes(world: InterpretedWorld, platform: PlatformName) -> None:
    job_id = world.track(platform, "sim_videos_50")
    assert completed(world, job_id, 50)
    document, execution = world.document(job_id), one_execution(world)
    assert (document["attempt"], document["retryCount"], document["executionArn"]) == (1, 0, execution["executionArn"])
    assert (document["startedAt"], document["completedAt"]) == (execution["startDate"], world.clock.now())
    assert raised(execution) == (ExecutionStatus.SUCCEEDED, None, None)
    is_run = platform in ("instagram", "tiktok")
    assert world.waited_s == ([10, 20] if is_run else [])
    assert [name for name in dict.fromkeys(world.states(execution)) if name in CHAIN] == [*CHAIN]
    assert len(world.states(execution)) <= (13 if is_run else 7)


# Errors that a retry may mend


@pytest.mark.parametrize("name", RETRIED_CALLS)
def test_call_error_in_each_state_is_retried(world: InterpretedWorld, name: str) -> None:
    for state in CHAIN:
        world.plan(state, refusal(name))
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    assert world.document(job_id)["retryCount"] == 0, "no run of ours failed"
    assert len(world.waited_s) == len(CHAIN)


@pytest.mark.parametrize("name", RETRIED_CRASHES)
def test_crash_in_each_state_is_retried(world: InterpretedWorld, name: str) -> None:
    for state in CHAIN:
        world.plan(state, crash(name))
    assert completed(world, world.track("youtube", POSTS))


@pytest.mark.parametrize("name", RETRIED_CALLS)
def test_call_error_that_stays_fails_after_three_retries(world: InterpretedWorld, name: str) -> None:
    world.plan("SaveAccount", *[refusal(name)] * (MAX_RETRIES + 1))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *WRONG)
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, *WRONG)
    assert len(world.waited_s) == MAX_RETRIES
    assert all(waited <= most for waited, most in zip(world.waited_s, (20, 40, 60), strict=True))


@pytest.mark.parametrize("leaf", TRANSIENT)
def test_transient_error_that_stays_ends_with_its_code(world: InterpretedWorld, leaf: type[TransientError]) -> None:
    """The error comes from outside of the handler, so a rate limit pauses nothing here."""
    world.plan("FetchVideos", *[leaf(Sentence("It did not answer."))] * (MAX_RETRIES + 1))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, leaf.__name__, "It did not answer.")
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, leaf.__name__, "It did not answer.")
    assert len(world.waited_s) == MAX_RETRIES


@pytest.mark.parametrize("failures", [1, MAX_RETRIES, MAX_RETRIES + 1])
def test_platform_that_fails_is_asked_four_times(world: InterpretedWorld, failures: int) -> None:
    job_id = world.track("youtube", f"sim_503x{failures}")
    if failures <= MAX_RETRIES:
        assert completed(world, job_id)
        assert world.document(job_id)["retryCount"] == failures
    else:
        assert end(world, job_id)[:2] == (Status.FAILED, "PlatformUnavailableError")


# Errors that last


def test_every_error_of_invoke_is_judged() -> None:
    assert {THROTTLED, *LASTING_CALLS, *(set(RETRIED_CALLS) - OF_THE_SDK)} == CALL_ERRORS
    assert len(LASTING_CALLS) > 30


@pytest.mark.parametrize("name", LASTING_CALLS)
def test_lasting_call_error_fails_the_job_at_once(world: InterpretedWorld, name: str) -> None:
    world.plan("FetchVideos", refusal(name, 400))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *WRONG)
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, *WRONG)
    assert world.waited_s == []


@pytest.mark.parametrize("name", LASTING_CRASHES)
def test_function_that_cannot_start_fails_the_job_at_once(world: InterpretedWorld, name: str) -> None:
    world.plan("FetchAccount", crash(name))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *WRONG)
    assert world.waited_s == []


@pytest.mark.parametrize("leaf", PERMANENT)
def test_permanent_error_ends_with_its_code(world: InterpretedWorld, leaf: type[PermanentError]) -> None:
    world.plan("FetchAccount", leaf(Sentence("A sentence for people.")))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, leaf.__name__, "A sentence for people.")
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, leaf.__name__, "A sentence for people.")
    assert world.waited_s == []


@pytest.mark.parametrize(
    ("username", "code"),
    [
        ("sim_missing", "AccountNotFoundError"),
        ("sim_suspended", "AccountSuspendedError"),
    ],
)
def test_platforms_own_refusal_reaches_the_user(world: InterpretedWorld, username: str, code: str) -> None:
    job_id = world.track("twitter", username)
    document = world.document(job_id)
    assert end(world, job_id)[:2] == (Status.FAILED, code)
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, code, document["error"])


def test_answer_over_the_limit_of_a_state_fails_the_job(world: InterpretedWorld) -> None:
    """moto catches `States.DataLimitExceeded`. On AWS nothing does, and reconcile writes the same to the job."""
    world.plan("FetchAccount", lambda event: event["job"] | {"then": "save", "much": "x" * 256 * 1024})
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *WRONG)
    uncaught = Outcome(status=ExecutionStatus.FAILED, error="States.DataLimitExceeded", cause="too large")
    code, sentence = outcomes.explain_end(uncaught)
    assert (code, sentence.text) == WRONG


# Throttling


def test_throttled_state_waits_and_uses_no_retry(world: InterpretedWorld) -> None:
    for state in CHAIN:
        world.plan(state, *[refusal(THROTTLED, 429)] * MAX_THROTTLED)
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    assert world.document(job_id)["retryCount"] == 0
    assert len(world.waited_s) == MAX_THROTTLED * len(CHAIN)


@pytest.mark.parametrize("state", CHAIN)
def test_job_without_a_place_goes_back_to_the_queue(world: InterpretedWorld, state: str) -> None:
    world.plan(state, *[refusal(THROTTLED, 429)] * (MAX_THROTTLED + 1))
    job_id = world.track("youtube", POSTS)
    assert one_execution(world)["error"] == outcomes.THROTTLED
    document = world.document(job_id)
    assert (end(world, job_id), document.get("expiries", 0)) == ((Status.PENDING, None, None), 0)
    world.tick()
    world.ended()
    assert completed(world, job_id)
    assert world.document(job_id)["attempt"] == 2


def refuse(world: InterpretedWorld, times: int) -> None:
    """Let the platform answer the first calls with 429, and no time at which to come back."""
    left = [httpx.Response(429, json={})] * times
    world.instead = lambda _path: left.pop() if left else None


def test_throttling_is_not_counted_as_a_refusal_of_the_platform(world: InterpretedWorld) -> None:
    """`$$.State.RetryCount` is 3 when the platform first answers with 429. The platform is not paused for that."""
    world.plan("FetchAccount", *[refusal(THROTTLED, 429)] * MAX_RETRIES)
    refuse(world, 1)
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    assert world.document(job_id)["retryCount"] == 1
    assert [event["retryCount"] for event in world.invoked if event["state"] == "FetchAccount"] == [0, 1, 2, 3, 4]
    assert paused(world) == {}


# Time-outs


@pytest.mark.parametrize("state", [*CHAIN, states.FAIL_JOB.name])
def test_state_time_out_is_retried(world: InterpretedWorld, state: str) -> None:
    world.plan(state, TimeoutError())
    if state == states.FAIL_JOB.name:
        world.plan("FetchAccount", errors.ContractError(Sentence("Odd.")))
        assert end(world, world.track("youtube", POSTS)) == (Status.FAILED, "ContractError", "Odd.")
    else:
        assert completed(world, world.track("youtube", POSTS))


@pytest.mark.parametrize("error", [TimeoutError(), crash("Sandbox.Timedout")], ids=["state", "function"])
def test_time_out_that_stays_ends_with_our_own_code(world: InterpretedWorld, error: Exception) -> None:
    """A Fail state may not report `States.Timeout`: moto turns that into `States.Runtime`."""
    world.plan("SaveVideos", *[error] * (MAX_RETRIES + 1))
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *TOOK_TOO_LONG)
    assert raised(one_execution(world)) == (ExecutionStatus.FAILED, *TOOK_TOO_LONG)


class Held:
    """An invocation that waits until it is let go, and then runs."""

    def __init__(self, world: InterpretedWorld) -> None:
        self._world = world
        self._go, self._done = threading.Event(), threading.Event()

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self._go.wait(10)
        try:
            return self._world.invoke(event)
        finally:
            self._done.set()

    def let_go(self) -> None:
        self._go.set()
        assert self._done.wait(10)


def written(world: InterpretedWorld) -> dict[str, Any]:
    """Return all documents, without what a late call to the platform adds: its costs are counted."""
    documents = {path: dict(one.data) for path, one in world.store._documents.items()}  # type: ignore[attr-defined]
    for document in documents.values():
        for name in ("spent", "updatedAt"):
            document.pop(name, None)
    return documents


def test_function_that_outlives_its_state_writes_nothing(begin: Begin) -> None:
    """moto's own time-out, on the real clock. The function goes on when its retry has completed the job."""
    world = begin(shortened(FetchAccount=1))
    held = Held(world)
    world.plan("FetchAccount", held)
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    before = written(world)
    held.let_go()
    assert written(world) == before


def test_execution_time_out_fails_the_job(begin: Begin) -> None:
    world = begin(shortened(execution=2))
    held = Held(world)
    world.plan("FetchAccount", held)
    job_id = world.track("youtube", POSTS)
    assert raised(one_execution(world)) == (ExecutionStatus.TIMED_OUT, None, None)
    assert end(world, job_id) == (Status.FAILED, *TOOK_TOO_LONG)
    before = written(world)
    held.let_go()
    assert written(world) == before


# Lost replies


@pytest.mark.parametrize("name", ["ClientExecutionTimeoutException", "SdkClientException"])
@pytest.mark.parametrize("state", CHAIN)
def test_lost_reply_of_a_finished_function_repeats_nothing(world: InterpretedWorld, state: str, name: str) -> None:
    def lose(event: dict[str, Any]) -> dict[str, Any]:
        world.invoke(event)
        raise refusal(name)

    world.plan(state, lose)
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    assert world.document(job_id)["retryCount"] == 0


@pytest.mark.parametrize("state", CHAIN)
def test_function_whose_reply_was_lost_may_still_run(world: InterpretedWorld, state: str) -> None:
    """Lambda runs it once more, after the end of the job. The fence refuses its commit."""
    lost: list[dict[str, Any]] = []

    def lose(event: dict[str, Any]) -> dict[str, Any]:
        lost.append(event)
        raise refusal("ClientExecutionTimeoutException")

    world.plan(state, lose)
    job_id = world.track("youtube", POSTS)
    assert completed(world, job_id)
    before = written(world)
    with suppress(TrackingError):  # its staged input is gone, or the job is
        world.invoke(lost[0])
    assert written(world) == before


# Ends that are not the job's


def test_cancelled_job_ends_quietly(world: InterpretedWorld) -> None:
    def cancel_first(event: dict[str, Any]) -> dict[str, Any]:
        job_id = event["job"]["jobId"]
        world.store.touch(job_id, status="cancelled")  # type: ignore[attr-defined]
        return world.invoke(event)

    world.plan("SaveAccount", cancel_first)
    job_id = world.track("youtube", POSTS)
    document = world.document(job_id)
    assert (document["status"], document["progress"]) == (Status.CANCELLED, 30)
    execution = one_execution(world)
    assert (raised(execution), world.states(execution)[-1]) == ((ExecutionStatus.SUCCEEDED, None, None), "Cancelled")


def test_job_that_moved_on_is_left_alone(world: InterpretedWorld) -> None:
    def edit_first(event: dict[str, Any]) -> dict[str, Any]:
        world.store.touch(event["job"]["jobId"], username="sim_videos_2", progress=0)  # type: ignore[attr-defined]
        return world.invoke(event)

    world.plan("FetchVideos", edit_first)
    job_id = world.track("youtube", POSTS)
    document = world.document(job_id)
    assert (document["status"], document["username"]) == (Status.PROCESSING, "sim_videos_2")
    execution = one_execution(world)
    assert (raised(execution), world.states(execution)[-1]) == ((ExecutionStatus.SUCCEEDED, None, None), "Superseded")


def paused(world: InterpretedWorld) -> dict[str, Any]:
    control = world.store.get_document("trackingControl/platforms") or {}
    return {name: pause["reason"] for name, pause in control.items() if isinstance(pause, dict) and "reason" in pause}


@pytest.mark.parametrize(
    ("username", "refusals", "reason", "retries"),
    [("sim_quota", 0, "QuotaExceededError", 0), (POSTS, MAX_RETRIES + 1, "RateLimitedError", MAX_RETRIES)],
)
def test_refused_platform_is_paused(
    world: InterpretedWorld, username: str, refusals: int, reason: str, retries: int
) -> None:
    refuse(world, refusals)
    job_id = world.track("youtube", username)
    document = world.document(job_id)
    assert (document["status"], document["progress"], document["leaseUntil"]) == (Status.PENDING, 0, None)
    assert paused(world) == {"youtube": reason}
    execution = one_execution(world)
    assert (raised(execution), world.states(execution)[-1]) == ((ExecutionStatus.SUCCEEDED, None, None), "Paused")
    assert len(world.waited_s) == retries


def test_operators_stop_fails_the_job(world: InterpretedWorld) -> None:
    def stop_first(event: dict[str, Any]) -> dict[str, Any]:
        world.client.stop_execution(executionArn=event["execution"])
        return world.invoke(event)

    world.plan("SaveAccount", stop_first)
    job_id = world.track("youtube", POSTS)
    assert one_execution(world)["status"] == ExecutionStatus.ABORTED
    assert end(world, job_id) == (Status.FAILED, outcomes.ABORTED, "An operator stopped this job.")


# FailJob that fails


def unrecorded(world: InterpretedWorld, *failures: Exception, of: Exception) -> str:
    """Track an account whose first state fails with `of`, and whose FailJob fails, too. Return the job's id."""
    world.plan("FetchAccount", *[of] * (MAX_RETRIES + 1))
    world.plan(states.FAIL_JOB.name, *failures)
    return world.track("youtube", POSTS)


@pytest.mark.parametrize(
    "failure",
    [StoreUnavailableError(Sentence("Our database did not answer.")), TimeoutError(), crash("Runtime.OutOfMemory")],
    ids=["store", "time-out", "memory"],
)
@pytest.mark.parametrize(
    ("of", "reported", "code"),
    [
        (errors.ContractError(Sentence("Odd.")), "Unrecorded.ContractError", ("ContractError", "Odd.")),
        (TimeoutError(), "Unrecorded.States.Timeout", TOOK_TOO_LONG),
        (crash("Runtime.ImportModuleError"), "Unrecorded.Runtime.ImportModuleError", WRONG),
    ],
    ids=["error", "time-out", "import"],
)
def test_unrecorded_error_is_recorded_by_reconcile(
    world: InterpretedWorld, failure: Exception, of: Exception, reported: str, code: tuple[str, str]
) -> None:
    """The job gets the error of the state that failed, not that of FailJob."""
    job_id = unrecorded(world, *[failure] * (MAX_RETRIES + 1), of=of)
    execution = one_execution(world)
    assert (execution["status"], execution["error"]) == (ExecutionStatus.FAILED, reported)
    assert end(world, job_id) == (Status.FAILED, *code)


@pytest.mark.parametrize("times", [0, 1], ids=["FailJob has access", "FailJob is refused, too"])
def test_job_that_lost_its_database_is_left_to_the_sweep(world: InterpretedWorld, times: int) -> None:
    """Google refused our key in the state. The user has done nothing wrong: the job begins again."""
    refused = errors.CredentialsError(say("databaseRefusesUs", detail="It is no longer ours."), credential="google")
    refused.name_the_sentence()  # as the handler does
    job_id = unrecorded(world, *[refused] * times, of=refused)
    execution = one_execution(world)
    assert (execution["status"], execution["error"]) == (ExecutionStatus.FAILED, "Unrecorded.CredentialsError")
    assert end(world, job_id) == (Status.PROCESSING, None, None)


def test_refusal_of_another_is_told_though_firestore_is_away(world: InterpretedWorld) -> None:
    """S3 refused us, and FailJob could not write that. Reconcile does: to begin again would not help."""
    away = StoreUnavailableError(Sentence("Our database did not answer."))
    refused = errors.CredentialsError(Sentence("Our staging storage refuses us."), credential="aws")
    job_id = unrecorded(world, *[away] * (MAX_RETRIES + 1), of=refused)
    assert end(world, job_id) == (Status.FAILED, "CredentialsError", "Our staging storage refuses us.")


def test_broken_function_is_told_though_nothing_of_it_runs(world: InterpretedWorld) -> None:
    job_id = unrecorded(world, crash("Runtime.ImportModuleError"), of=crash("Runtime.ImportModuleError"))
    assert end(world, job_id) == (Status.FAILED, *WRONG)
    assert world.waited_s == []


def test_fail_job_without_a_place_gives_the_job_back(world: InterpretedWorld) -> None:
    throttled = [refusal(THROTTLED, 429)] * (MAX_THROTTLED + 1)
    job_id = unrecorded(world, *throttled, of=errors.ContractError(Sentence("Odd.")))
    assert one_execution(world)["error"] == outcomes.THROTTLED
    assert end(world, job_id) == (Status.PENDING, None, None)


# Waiting and going on


@pytest.mark.parametrize("seconds", [90, None])
def test_rate_limit_in_the_middle_is_waited_for(world: InterpretedWorld, seconds: int | None) -> None:
    pages: list[str] = []

    def instead(path: str) -> httpx.Response | None:
        pages.extend([path] if path.endswith("/playlistItems") else [])
        if len(pages) != 3 or not path.endswith("/playlistItems"):
            return None
        return httpx.Response(429, headers={"Retry-After": str(seconds)} if seconds else {}, json={})

    world.instead = instead
    job_id = world.track("youtube", "sim_videos_200")
    assert completed(world, job_id, 200)
    assert world.document(job_id)["retryCount"] == 0
    assert sum(world.waited_s) == pytest.approx(seconds or 60, abs=2)
    assert "WaitForVideos" in world.states(one_execution(world))


def test_large_account_goes_on_in_further_executions(begin: Begin) -> None:
    world = begin(run_s=10, items_per_s=1)
    job_id = world.track("tiktok", LARGE)
    assert completed(world, job_id, 400)
    executions = world.described()
    assert {execution["status"] for execution in executions} == {ExecutionStatus.SUCCEEDED}
    document = world.document(job_id)
    assert (document["attempt"], document["part"], document["executionArn"]) == (
        1,
        len(executions),
        executions[-1]["executionArn"],
    )
    assert [world.states(one)[-1] for one in executions] == ["GoesOn"] * (len(executions) - 1) + ["Done"]
    assert [wake_messages.goes_on(one["output"]) for one in executions] == [True] * (len(executions) - 1) + [False]
    assert len(executions) > 2


def test_account_that_takes_long_goes_on_too(begin: Begin) -> None:
    world = begin(run_s=250)
    job_id = world.track("instagram", POSTS)
    assert completed(world, job_id)
    first, second = world.described()
    assert world.states(first)[-3:] == ["AccountFetched?", "GoOn", "GoesOn"]
    assert (world.states(second)[-1], world.document(job_id)["part"]) == ("Done", 2)


def go_on(begin: Begin, *replies: str) -> tuple[InterpretedWorld, str]:
    """Track a large account, with these errors as replies to its hand-overs. Return the world and the job's id."""
    world = begin(run_s=10, items_per_s=2)
    world.hand_overs = [refusal(code, 400) for code in replies]
    return world, world.track("tiktok", LARGE)


def test_refused_hand_over_is_tried_again(begin: Begin) -> None:
    world, job_id = go_on(begin, *["ThrottlingException"] * 4)
    assert completed(world, job_id, 400)


def test_hand_over_whose_reply_was_lost_counts_as_started(begin: Begin) -> None:
    world, job_id = go_on(begin, ALREADY_EXISTS)
    assert completed(world, job_id, 400)


def test_hand_over_that_fails_is_started_by_the_sweep(begin: Begin) -> None:
    world, job_id = go_on(begin, *["ThrottlingException"] * 5)
    execution = one_execution(world)
    assert (execution["status"], execution["error"]) == (ExecutionStatus.FAILED, "NotStarted")
    assert world.states(execution)[-1] == "GoesOnLater"
    assert (world.document(job_id)["status"], world.document(job_id)["part"]) == (Status.PROCESSING, 2)
    world.clock.advance(jobs.LEASE.total_seconds())
    world.tick()
    world.ended()
    assert completed(world, job_id, 400)
    assert world.document(job_id)["attempt"] == 1


# Names and inputs


def test_same_start_is_accepted_and_another_input_is_refused(world: InterpretedWorld) -> None:
    """The first execution has ended, and AWS then refuses its name; `StepFunctionsExecutions` compares the inputs."""
    world.track("youtube", POSTS)
    started = one_execution(world)
    work = world.invoked[0]["job"]
    world.executions.start(started["name"], work)
    with pytest.raises(StartRefusedError, match=ALREADY_EXISTS):
        world.executions.start(started["name"], work | {"username": "other"})
    assert len(world.described()) == 1


def test_sweeps_question_is_answered(world: InterpretedWorld) -> None:
    world.plan("FetchAccount", errors.ContractError(Sentence("Odd.")))
    world.track("youtube", POSTS)
    name = one_execution(world)["name"]
    failed = Outcome(status=ExecutionStatus.FAILED, error="ContractError", cause="Odd.")
    assert world.executions.outcome(name) == failed
    assert world.executions.outcome(f"{name}0") == Outcome(status=ExecutionStatus.NEVER_STARTED)


def test_no_code_that_ends_an_execution_begins_like_awss_own() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation"""
    codes = {leaf.__name__ for leaf in errors.leaves()} | {"KeyError", "Lambda.Unknown", "States.Runtime", ""}
    told = {outcomes.explain(name, "")[0] for name in codes | outcomes.TIME_OUTS}
    assert not [code for code in (*told, outcomes.UNRECORDED, outcomes.THROTTLED) if code.startswith("States.")]


def test_moto_names_an_answer_without_a_type_otherwise(world: InterpretedWorld) -> None:
    """AWS reports `Lambda.Unknown`, which is retried. docs/design.md lists the differences."""
    failure = crash("Lambda.Unknown")
    del failure.payload["errorType"]
    world.plan("FetchAccount", failure)
    job_id = world.track("youtube", POSTS)
    assert end(world, job_id) == (Status.FAILED, *WRONG)
