"""The table of states: the code and files that must agree with it, and a new state in it."""

from __future__ import annotations

import ast
import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bench.lambda_context import FakeContext
from local.paths import ROOT
from process import app, states
from process.advancing import advance
from process.states import CHAIN, FAIL_JOB, SAVE_SOME, STATES
from process.step import State, Step
from tests.chaos import late, points
from tests.harness import Harness
from tests.machine import DEFINITION, SimulatedExecutions
from tests.truth import STEPS
from tracking.errors import ContractError, PlatformUnavailableError
from tracking.jobs import Progress
from tracking.sentences import Sentence
from tracking.wiring import ProcessDeps

FUNCTIONS = ROOT / "functions"
MODULES = {state.run.__module__ for state in STATES.values()}
CHECKED = cast("Progress", 60)  # stands in for a new member of Progress between ACCOUNT_SAVED and VIDEOS_FETCHED


# Other code and files agree with the table


def test_each_state_reaches_more_than_the_one_before() -> None:
    """A retried state does not repeat its commit if the job already has its progress: so no two may share one."""
    reached = [Progress.CREATED, *(state.reaches for state in CHAIN)]
    assert reached == sorted(Progress)
    assert [state.completes for state in CHAIN] == [False, False, False, True]
    assert (FAIL_JOB.reaches, FAIL_JOB.completes) == (None, False)
    assert (SAVE_SOME.reaches, SAVE_SOME.completes) == (Progress.ACCOUNT_SAVED, False)


def test_the_table_holds_each_name_once() -> None:
    assert tuple(STATES.values()) == (*CHAIN, SAVE_SOME, FAIL_JOB)


def test_the_import_contract_names_each_state() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (independent,) = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    assert set(independent) == MODULES


def literals(source: Path) -> Iterator[str]:
    """Yield the string literals of a module, except its docstrings."""
    tree = ast.parse(source.read_text())
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def test_no_other_module_of_the_functions_names_a_state() -> None:
    names = re.compile("|".join(STATES))
    table = Path(states.__file__)
    sources = [source for source in FUNCTIONS.rglob("*.py") if source != table]
    assert len(sources) > 15
    assert [(source.name, text) for source in sources for text in literals(source) if names.search(text)] == []
    assert sorted(text for text in literals(table) if names.search(text)) == sorted(STATES)


def imported(source: Path) -> set[str]:
    """Return the modules that a module imports, `from package import module` included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_states_module_imports_no_other_states(module: str) -> None:
    source = FUNCTIONS / f"{module.replace('.', '/')}.py"
    assert imported(source) & MODULES == set()


def test_every_state_has_an_event() -> None:
    """`make invoke` runs one state on its event."""
    events = {file.stem: json.loads(file.read_text()) for file in (ROOT / "events").iterdir()}
    named = {name: event["state"] for name, event in events.items() if "state" in event}
    assert set(named.values()) == set(STATES)
    assert {re.sub(r"\B([A-Z])", r"-\1", name).lower(): name for name in STATES}.items() <= named.items()


def test_the_fault_injection_has_points_of_every_state() -> None:
    owners = {point.name.partition(".")[0] for point in points.STATES}
    assert owners - {"reconcile"} == set(STATES)
    assert {point.name.partition(".")[0] for point in points.TICKS} == {"tick"}
    assert {point.partition(".")[0] for point in late.COMMITS} == {state.name for state in CHAIN}


def test_the_rules_of_the_job_life_know_every_state() -> None:
    steps = list(STEPS.values())
    assert list(STEPS) == [state.name for state in CHAIN]
    assert [found for found, _ in steps[1:]] == [left for _, left in steps[:-1]]
    assert (steps[0][0], steps[-1][1]) == (Progress.CREATED, Progress.VIDEOS_SAVED)


# A new state


def with_check_account() -> dict[str, Any]:
    """Return the definition with a state CheckAccount between SaveAccount and FetchVideos."""
    definition = copy.deepcopy(DEFINITION)
    tasks = definition["States"]
    tasks["CheckAccount"] = copy.deepcopy(tasks["SaveAccount"])
    tasks["SaveAccount"]["Next"] = "CheckAccount"
    return definition


def test_a_new_state_is_retried_and_its_job_goes_on(harness: Harness) -> None:
    """A state needs only a row and a place in the definition. This one fails once, and the job's message says so."""
    failures = [PlatformUnavailableError(Sentence("Instagram did not answer."))]
    told: list[tuple[int, int, str]] = []

    def check_account(step: Step, deps: ProcessDeps) -> dict[str, Any]:
        document = harness.document(step.work.job_id)
        told.append((document["progress"], document["retryCount"], document["message"]))
        if failures:
            raise failures.pop()
        owned = advance(step, deps, Sentence("Account checked."))
        return step.work.after(owned, retries_used=step.retries_used).to_state()

    harness.executions = SimulatedExecutions(harness.clock, with_check_account())
    table = STATES | {"CheckAccount": State("CheckAccount", check_account, CHECKED)}
    job_id = harness.add_job()
    harness.tick()
    (execution,) = harness.executions.running.values()
    progress = []
    while execution.is_running:
        execution.advance(lambda event: app.handler(event, FakeContext(), harness.process_deps, table))  # type: ignore[arg-type]
        progress.append(harness.document(job_id)["progress"])
    assert told == [
        (50, 0, "Account saved."),
        (50, 1, "That did not work at once; trying again (retry 1)."),
    ]
    assert progress == [30, 50, 50, 60, 70, 100]
    document = harness.document(job_id)
    assert (document["status"], document["retryCount"]) == ("completed", 1)
    assert execution.status == "SUCCEEDED"


def test_a_state_without_a_row_fails_its_job_with_a_sentence(harness: Harness) -> None:
    harness.executions = SimulatedExecutions(harness.clock, with_check_account())
    job_id = harness.add_job()
    harness.tick()
    (execution,) = harness.executions.running.values()
    while execution.is_running:
        execution.advance(lambda event: app.handler(event, FakeContext(), harness.process_deps))  # type: ignore[arg-type]
    document = harness.document(job_id)
    assert (document["status"], document["errorCode"]) == ("failed", "InvalidJobError")
    assert document["error"] == "No module does the work of a state 'CheckAccount'."


def test_a_state_after_the_completion_fails_its_execution(harness: Harness) -> None:
    """No state may come there. Its commit would undo the completion, so it is refused. Operators see the failure."""

    def check_account(step: Step, deps: ProcessDeps) -> dict[str, Any]:
        return step.work.after(advance(step, deps, Sentence("Account checked."))).to_state()

    definition = copy.deepcopy(DEFINITION)
    tasks = definition["States"]
    tasks["CheckAccount"] = copy.deepcopy(tasks["SaveVideos"])
    tasks["SaveVideos"]["Next"] = "CheckAccount"
    harness.executions = SimulatedExecutions(harness.clock, definition)
    table = STATES | {"CheckAccount": State("CheckAccount", check_account, Progress.VIDEOS_SAVED)}
    job_id = harness.add_job()
    harness.tick()
    (execution,) = harness.executions.running.values()
    errors: list[str] = []

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        try:
            return app.handler(event, FakeContext(), harness.process_deps, table)  # type: ignore[arg-type]
        except ValueError as error:
            errors.append(str(error))
            raise ContractError(
                Sentence("As little retried as a ValueError.")
            ) from error  # this machine knows only our errors

    while execution.is_running:
        execution.advance(invoke)
    assert errors == ["advance: the job is completed, and no later state may write to it"]
    assert execution.status == "FAILED"
    document = harness.document(job_id)
    assert (document["status"], document["progress"], document["error"]) == ("completed", 100, None)
