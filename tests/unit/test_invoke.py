"""Finding a function in the template."""

from __future__ import annotations

import pytest

from cli.invoke import find_function
from local import LocalError

TEMPLATE = {
    "Resources": {
        "ProcessFunction": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "process.app.handler"}},
        "StagingBucket": {"Type": "AWS::S3::Bucket"},
    },
}


@pytest.mark.parametrize("name", ["process", "ProcessFunction"])
def test_function_is_found_by_logical_id_and_short_name(name: str) -> None:
    assert find_function(TEMPLATE, name) == "ProcessFunction"


def test_unknown_function_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(LocalError, match="no function 'proces': it has process"):
        find_function(TEMPLATE, "proces")
