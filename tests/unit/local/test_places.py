"""The local stack's limit on function calls that the states make at the same time."""

from __future__ import annotations

from cfnlint.decode import cfn_yaml

from local import aws
from local.adapt import functions
from local.paths import ROOT


def test_the_states_leave_what_the_template_reserves() -> None:
    """A function without a reservation in the template needs one place, too."""
    others = functions(cfn_yaml.load(str(ROOT / "template.yaml")))
    del others["ProcessFunction"]
    wanted = [int(properties.get("ReservedConcurrentExecutions", 1)) for properties in others.values()]
    assert len(wanted) == 4
    assert aws.STATES + sum(wanted) <= aws.CONCURRENCY
