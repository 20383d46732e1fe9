"""docs/operations.md, checked against the template and the code.

It explains each alarm, status, error code and log line.
"""

from __future__ import annotations

import re

import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT
from tests.metrics import published_metrics
from tracking import errors, jobs, outcomes
from tracking.jobs import Status
from trigger.app import KICKED_START_WITHIN_S, START_WITHIN_S

PAGE = (ROOT / "docs/operations.md").read_text()
TEMPLATE = cfn_yaml.load(str(ROOT / "template.yaml"))
RESOURCES, PARAMETERS = TEMPLATE["Resources"], TEMPLATE["Parameters"]
ALARMS = {name for name, resource in RESOURCES.items() if "AlarmActions" in resource["Properties"]}
ALARMS |= {  # they take a deployment back
    alarm["Ref"]
    for resource in RESOURCES.values()
    if "DeploymentPreference" in resource["Properties"]
    for alarm in resource["Properties"]["DeploymentPreference"]["Alarms"]["Fn::If"][1]
}
QUIET = {"JobCancelledError", "StaleAttemptError", "JobPausedError"}
CODES = {leaf.__name__ for leaf in errors.leaves()} - QUIET
CODES |= {outcomes.TIMED_OUT, outcomes.INTERNAL_ERROR, outcomes.ABORTED, jobs.LEASE_EXPIRED}
CODE = [path for folder in ("functions", "layers/common/tracking") for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCES = "".join(path.read_text() for path in CODE)
ACTIONS = set(re.findall(r"""\baction"?[=:] ?"(\w+)\"""", SOURCES))


def rows(heading: str) -> set[str]:
    """Return the names in the first column of a section's table."""
    chapter = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", chapter, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("Alarms", ALARMS), ("Statuses", set(Status)), ("Error codes", CODES), ("Metrics", set(published_metrics()))],
    ids=["alarms", "statuses", "error codes", "metrics"],
)
def test_page_explains_each_name_and_no_other(heading: str, expected: set[str]) -> None:
    assert rows(heading) == expected


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_page_explains_each_log_line(action: str) -> None:
    assert re.search(rf"^\|[^|]*`{action}`", PAGE, re.MULTILINE)


def test_each_log_line_that_the_page_explains_exists() -> None:
    chapter = PAGE.split("\n## Log lines\n")[1].split("\n## ")[0]
    first_cells = "".join(re.findall(r"^\|([^|]+)\|", chapter, re.MULTILINE))
    named = set(re.findall(r"`(\w+)`", first_cells))
    assert len(named) > 10
    assert named <= ACTIONS


@pytest.mark.parametrize("name", sorted(QUIET))
def test_error_code_section_names_each_quiet_ending(name: str) -> None:
    """A quiet ending is not a failure, so the page names it outside of the table of codes."""
    assert f"`{name}`" in PAGE.split("\n## Error codes\n")[1]


def test_tested_codes_are_all_that_explain_can_give() -> None:
    for code in CODES - {outcomes.ABORTED, jobs.LEASE_EXPIRED}:
        assert outcomes.explain(code, "")[0] == code
    assert outcomes.explain("ZeroDivisionError", "")[0] == outcomes.INTERNAL_ERROR


def test_page_says_whose_fault_counts_as_ours() -> None:
    level = next(line for line in PAGE.splitlines() if "`FailedByUs` |" in line)
    assert set(re.findall(r"`(\w+)`", level)) == outcomes.NOT_OUR_FAULT | {"FailedByUs"}


@pytest.mark.parametrize("parameter", ["MaxPausedHours", "MaxPlatformUsdPerDay"])
def test_page_names_the_defaults_of_the_alarms(parameter: str) -> None:
    assert f"`{parameter}` ({PARAMETERS[parameter]['Default']})" in PAGE


def test_page_names_the_levels_as_the_code_has_them() -> None:
    chapter = PAGE.split("\n## Service levels\n")[1].split("\n## ")[0]
    kicked, every = re.findall(r"start within (\d+) s", chapter)
    assert (int(kicked), int(every)) == (KICKED_START_WITHIN_S, START_WITHIN_S)
