"""The local stack's limit on function calls that the states make at the same time."""

from __future__ import annotations

from cfnlint.decode import cfn_yaml

from local import aws
from local.adapt import functions
from local.paths import ROOT


def test_the_states_leave_a_place_for_each_other_function() -> None:
    """Two wakes may tick beside the tick of the minute, two messages have pictures copied, and two hand events on.

    The minute of the refreshes is one of the others, and so is that of the notify function.
    """
    others = functions(cfn_yaml.load(str(ROOT / "template.yaml"))).keys() - {"ProcessFunction"}
    assert len(others) == 11
    assert aws.STATES + len(others) + 5 <= aws.CONCURRENCY
