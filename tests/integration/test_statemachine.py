"""The state machine checked against the code: its states, the errors that it names, and its limits."""

from __future__ import annotations

from typing import Any

import pytest

from process import retrying
from process import states as table
from process.step import FUNCTION_RESERVE_S, SAVE_RESERVE_S, Then
from tracking import errors, outcomes
from tracking.errors import (
    JobCancelledError,
    JobPausedError,
    PermanentError,
    StaleAttemptError,
    TrackingError,
    TransientError,
)
from tracking.jobs import EXECUTION_TIMEOUT_S, LEASE
from tracking.platforms.http import HTTP_TIMEOUT_S
from tracking.store.firestore import RETRY_FOR_S, RPC_TIMEOUT_S

THROTTLED = "Lambda.TooManyRequestsException"
LEAVES = errors.leaves()
TRANSIENT = {leaf.__name__ for leaf in LEAVES if issubclass(leaf, TransientError)}
PERMANENT = {leaf.__name__ for leaf in LEAVES if issubclass(leaf, PermanentError)}
STOPPED = {
    JobCancelledError.__name__: "Cancelled",
    StaleAttemptError.__name__: "Superseded",
    JobPausedError.__name__: "Paused",
}
FAIL_JOB = table.FAIL_JOB.name
CHAIN = tuple(state.name for state in table.CHAIN)
WORKING = (*CHAIN, table.SAVE_SOME.name)
TASKS = (*WORKING, FAIL_JOB)
GO_ON = "GoOn"
FETCHING = {"FetchAccount": "AccountFetched?", "FetchVideos": "VideosFetched?"}


def retried(state: Any) -> set[str]:
    return {name for retrier in state["Retry"] for name in retrier["ErrorEquals"]}


def followers(state: Any) -> set[str]:
    further = [*state.get("Catch", []), *state.get("Choices", [])]
    named = [state.get("Next"), state.get("Default"), *(one["Next"] for one in further)]
    return {name for name in named if name}


def test_error_tree_is_the_one_the_definition_was_written_for() -> None:
    assert len(TRANSIENT) == 4
    assert len(PERMANENT) == 9
    assert {leaf.__name__ for leaf in LEAVES} == TRANSIENT | PERMANENT | set(STOPPED)


def test_definition_tasks_match_the_process_functions_states(definition: Any) -> None:
    tasks = {name for name, state in definition["States"].items() if state["Type"] == "Task"} - {GO_ON}
    assert tasks == set(TASKS) == set(table.STATES)
    for name in tasks:
        state = definition["States"][name]
        assert state["Resource"] == "arn:${Partition}:states:::lambda:invoke"
        assert state["Parameters"]["FunctionName"] == "${ProcessFunctionArn}"
        assert state["OutputPath"] == "$.Payload"


def test_every_state_can_be_reached_and_says_what_it_is_for(definition: Any) -> None:
    states, reached, ahead = definition["States"], set(), [definition["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(followers(states[name]))
    assert reached == set(states)
    assert all(state["Comment"].endswith(".") for state in states.values())
    assert definition["Comment"]


def test_the_states_follow_each_other_as_the_work_does(definition: Any) -> None:
    """A Choice's default is the way of a platform that needs no time."""
    states = definition["States"]
    walked = [definition["StartAt"]]
    while following := states[walked[-1]].get("Next") or states[walked[-1]].get("Default"):
        walked.append(following)
    assert [name for name in walked if name not in FETCHING.values()] == [*CHAIN, "Done"]
    assert {name: state["Type"] for name, state in states.items() if name not in TASKS} == {
        "AccountFetched?": "Choice",
        "WaitForAccount": "Wait",
        "VideosFetched?": "Choice",
        "WaitForVideos": "Wait",
        "GoOn": "Task",
        "GoesOn": "Succeed",
        "GoesOnLater": "Fail",
        "Throttled": "Fail",
        "Done": "Succeed",
        "Cancelled": "Succeed",
        "Superseded": "Succeed",
        "Paused": "Succeed",
        "Fail": "Fail",
        "FailUnrecorded": "Fail",
    }
    assert states[FAIL_JOB]["Next"] == "Fail"
    silent = [state.name for state in table.CHAIN if f"(progress {state.reaches})" not in states[state.name]["Comment"]]
    assert silent == []


@pytest.mark.parametrize("task", TASKS)
def test_only_transient_errors_are_retried(definition: Any, task: str) -> None:
    names = retried(definition["States"][task])
    assert names >= TRANSIENT
    assert not names & (PERMANENT | set(STOPPED))
    assert not names & {"States.ALL", "States.TaskFailed"}
    bases = {base.__name__ for base in (TrackingError, PermanentError, TransientError)}
    assert not names & bases  # Step Functions compares the class's name, never its base classes' names


@pytest.mark.parametrize("task", TASKS)
def test_a_retry_backs_off_with_jitter_and_a_ceiling(definition: Any, task: str) -> None:
    throttled, transient = definition["States"][task]["Retry"]
    assert throttled["ErrorEquals"] == [THROTTLED]
    assert THROTTLED not in transient["ErrorEquals"]
    assert transient["MaxAttempts"] == retrying.MAX_RETRIES == 3
    assert throttled["MaxAttempts"] > transient["MaxAttempts"]
    for retrier in (throttled, transient):
        assert retrier["JitterStrategy"] == "FULL"
        assert isinstance(retrier["BackoffRate"], float)
        assert retrier["BackoffRate"] > 1
        assert 0 < retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"] <= 60


def longest_waits_s(retrier: Any) -> list[float]:
    rate, most = retrier["BackoffRate"], retrier["MaxDelaySeconds"]
    return [min(retrier["IntervalSeconds"] * rate**number, most) for number in range(retrier["MaxAttempts"])]


@pytest.mark.parametrize("task", TASKS)
def test_retries_reach_a_minute_on_average(definition: Any, task: str) -> None:
    """FULL jitter takes half of each wait on average: (20 + 40 + 60) / 2 = 60 s. Throttling: (1 + 2 ... + 30) / 2."""
    throttled, transient = definition["States"][task]["Retry"]
    assert longest_waits_s(transient) == [20, 40, 60]
    assert sum(longest_waits_s(throttled)) / 2 == 60.5
    assert sum(longest_waits_s(transient)) < EXECUTION_TIMEOUT_S / 2


@pytest.mark.parametrize("task", TASKS)
def test_time_outs_of_lambda_and_of_the_state_are_tried_again(definition: Any, task: str) -> None:
    assert retried(definition["States"][task]) >= {
        "States.Timeout",
        "Sandbox.Timedout",
        "Runtime.ExitError",  # killed, for example out of memory
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
    }


@pytest.mark.parametrize("task", WORKING)
def test_stopped_job_ends_quietly_and_other_errors_fail_it(definition: Any, task: str) -> None:
    """Every other error leads to FailJob, which reports it to the user."""
    catchers = definition["States"][task]["Catch"]
    caught = [(tuple(catcher["ErrorEquals"]), catcher["Next"]) for catcher in catchers]
    quietly = [((name,), after) for name, after in STOPPED.items()]
    assert caught == [((THROTTLED,), "Throttled"), *quietly, (("States.ALL",), FAIL_JOB)]
    assert {catcher["ResultPath"] for catcher in catchers} == {"$.failure"}


def test_a_failed_job_is_a_failed_execution_with_the_same_words(definition: Any) -> None:
    states = definition["States"]
    assert (states["Fail"]["ErrorPath"], states["Fail"]["CausePath"]) == ("$.error", "$.cause")
    caught = [(c["ErrorEquals"], c["Next"]) for c in states[FAIL_JOB]["Catch"]]
    assert caught == [([THROTTLED], "Throttled"), (["States.ALL"], "FailUnrecorded")]
    assert [c["ResultPath"] for c in states[FAIL_JOB]["Catch"]] == ["$.failure", "$.unrecorded"]
    unrecorded = states["FailUnrecorded"]
    named = f"States.Format('{outcomes.UNRECORDED}{{}}', $.failure.Error)"
    assert (unrecorded["ErrorPath"], unrecorded["CausePath"]) == (named, "$.failure.Cause")


@pytest.mark.parametrize("task", TASKS)
def test_task_input_holds_state_execution_and_retry_count(definition: Any, task: str) -> None:
    assert definition["States"][task]["Parameters"]["Payload"] == {
        "state.$": "$$.State.Name",
        "execution.$": "$$.Execution.Id",
        "executionStartedAt.$": "$$.Execution.StartTime",
        "retryCount.$": "$$.State.RetryCount",
        "job.$": "$",
    }


# Waiting and going on


def test_each_choice_has_a_way_for_every_value_of_then(definition: Any) -> None:
    states = definition["States"]
    for fetching, choice in FETCHING.items():
        assert states[fetching]["Next"] == choice
    ways = {
        name: {rule["StringEquals"]: rule["Next"] for rule in states[name]["Choices"]} for name in FETCHING.values()
    }
    assert ways == {
        "AccountFetched?": {Then.WAIT: "WaitForAccount", Then.GO_ON: GO_ON},
        "VideosFetched?": {Then.WAIT: "WaitForVideos", Then.SAVE_SOME: "SaveSomeVideos", Then.GO_ON: GO_ON},
    }
    assert {rule["Variable"] for name in FETCHING.values() for rule in states[name]["Choices"]} == {"$.then"}
    assert set(ways["VideosFetched?"]) | {Then.SAVE} == set(Then)


def test_a_wait_is_as_long_as_its_state_says(definition: Any) -> None:
    states = definition["States"]
    waits = {name: state for name, state in states.items() if state["Type"] == "Wait"}
    assert {name: (state["SecondsPath"], state["Next"]) for name, state in waits.items()} == {
        "WaitForAccount": ("$.waitS", "FetchAccount"),
        "WaitForVideos": ("$.waitS", "FetchVideos"),
    }
    assert states["SaveSomeVideos"]["Next"] == "FetchVideos"


def test_going_on_starts_the_same_machine_by_name_and_input(definition: Any) -> None:
    """The input is nothing but what the sweep would start, so both start the same execution."""
    go_on = definition["States"][GO_ON]
    assert go_on["Resource"] == "arn:${Partition}:states:::states:startExecution"
    assert go_on["Parameters"] == {
        "StateMachineArn.$": "$$.StateMachine.Id",
        "Name.$": "$.next.name",
        "Input.$": "$.next.input",
    }
    assert (go_on["ResultPath"], go_on["Next"]) == (None, "GoesOn")
    never, often = go_on["Retry"]
    exists = "StepFunctions.ExecutionAlreadyExistsException"
    assert (never["ErrorEquals"], never["MaxAttempts"]) == ([exists], 0)
    assert sum(longest_waits_s(often)) < SAVE_RESERVE_S
    caught = [(c["ErrorEquals"], c["Next"]) for c in go_on["Catch"]]
    assert caught == [([exists], "GoesOn"), (["States.ALL"], "GoesOnLater")]


def test_throttled_execution_fails_with_the_code_that_gives_back(definition: Any) -> None:
    assert definition["States"]["Throttled"]["Error"] == outcomes.THROTTLED


# Limits


@pytest.mark.parametrize("task", TASKS)
def test_limits_nest_from_one_call_to_the_lease(definition: Any, template: Any, task: str) -> None:
    function_s = template["Resources"]["ProcessFunction"]["Properties"]["Timeout"]
    state_s = definition["States"][task]["TimeoutSeconds"]
    limits = [HTTP_TIMEOUT_S + FUNCTION_RESERVE_S, function_s, state_s, EXECUTION_TIMEOUT_S, LEASE.total_seconds()]
    assert limits == sorted(set(limits))
    assert definition["TimeoutSeconds"] == EXECUTION_TIMEOUT_S


def test_page_of_two_calls_fits_into_the_functions_reserve() -> None:
    """A page that begins at the last moment may take two calls, and one commit follows."""
    assert 2 * HTTP_TIMEOUT_S < FUNCTION_RESERVE_S
    assert 2 * RPC_TIMEOUT_S + RETRY_FOR_S < FUNCTION_RESERVE_S


def test_saving_fits_into_what_the_execution_keeps() -> None:
    assert 2 * RPC_TIMEOUT_S + RETRY_FOR_S < SAVE_RESERVE_S
    assert FUNCTION_RESERVE_S + SAVE_RESERVE_S < EXECUTION_TIMEOUT_S


def test_execution_of_the_slowest_tick_ends_within_its_lease(template: Any) -> None:
    """The claim's lease begins before the start, so the tick's whole time counts."""
    tick_s = template["Resources"]["TriggerFunction"]["Properties"]["Timeout"]
    assert tick_s + EXECUTION_TIMEOUT_S < LEASE.total_seconds()
