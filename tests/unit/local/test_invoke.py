"""How a function is found in the template, and how the emulator's answer is read."""

from __future__ import annotations

import pytest

from local import LocalError
from local.invoke import find_function, read_answer

TEMPLATE = {
    "Parameters": {"Project": {"Type": "String"}, "MaxVideos": {"Type": "Number", "Default": 5000}},
    "Resources": {
        "ProcessFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "process.app.handler",
                "MemorySize": 1024,
                "Timeout": 150,
                "Environment": {
                    "Variables": {"MAX": {"Ref": "MaxVideos"}, "BUCKET": {"Ref": "StagingBucket"}, "PLAIN": "as it is"}
                },
            },
        },
        "StagingBucket": {"Type": "AWS::S3::Bucket"},
    },
}


@pytest.mark.parametrize("name", ["process", "ProcessFunction"])
def test_a_function_is_found_by_its_logical_id_and_by_its_short_name(name: str) -> None:
    found = find_function(TEMPLATE, name)
    assert (found.logical_id, found.handler) == ("ProcessFunction", "process.app.handler")
    assert (found.memory_mb, found.timeout_s) == (1024, 150)


def test_variables_are_resolved_as_far_as_the_template_can_tell() -> None:
    assert find_function(TEMPLATE, "process").variables == {
        "MAX": "5000",
        "BUCKET": "StagingBucket",
        "PLAIN": "as it is",
    }


def test_an_unknown_function_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(LocalError, match="no function 'proces': it has process"):
        find_function(TEMPLATE, "proces")


def test_what_a_function_returns_is_no_error() -> None:
    answer = read_answer(b'{"videoCount": 5}', "the log")
    assert (answer.payload, answer.is_error, answer.log) == ({"videoCount": 5}, False, "the log")


def test_an_exception_keeps_its_class_name() -> None:
    answer = read_answer(b'{"errorType": "AccountNotFoundError", "errorMessage": "No such account."}', "")
    assert answer.is_error
    assert answer.payload["errorType"] == "AccountNotFoundError"


def test_a_time_out_is_known_by_its_sentence_though_it_is_no_json() -> None:
    answer = read_answer(b"Task timed out after 3.00 seconds", "")
    assert answer.is_error
    assert answer.payload == {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3.00 seconds"}


def test_any_other_text_is_an_error_too() -> None:
    answer = read_answer(b"<html>", "")
    assert answer.is_error
    assert answer.payload == {"errorType": "Runtime.Unknown", "errorMessage": "<html>"}
