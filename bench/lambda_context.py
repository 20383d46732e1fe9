"""A stand-in for Lambda's context, for handlers that run outside of Lambda: here, and in the tests."""

from __future__ import annotations


class FakeContext:
    """The part of a LambdaContext that the functions and Powertools read. The remaining time never decreases."""

    function_name = "process"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:process"
    aws_request_id = "00000000-0000-0000-0000-000000000001"

    def __init__(self, remaining_s: float = 150) -> None:
        self._remaining_s = remaining_s

    def get_remaining_time_in_millis(self) -> int:
        return round(self._remaining_s * 1000)
