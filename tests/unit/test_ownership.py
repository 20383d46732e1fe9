"""Two stacks on one database: the jobs belong to one of them, and the other's ticks do nothing."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from bench.lambda_context import FakeContext
from tests.harness import Harness
from tracking.adoption import OWNER
from tracking.executions import MemoryExecutions
from tracking.hints import Hints
from tracking.jobs import LEASE
from tracking.pauses import CONTROL_DOCUMENT
from tracking.store import DocumentWrite, StoredDocument
from tracking.store.memory import MemoryStore
from tracking.wiring import TriggerDeps
from trigger.app import handler
from trigger.control import OtherStackError
from trigger.tick import Tick, run_tick
from trigger.wake_messages import Wake

HERE, THERE = (f"arn:aws:states:{region}:000000000000:stateMachine:tracking" for region in ("eu-west-1", "us-east-1"))


class OfStack(MemoryExecutions):
    def __init__(self, machine: str) -> None:
        super().__init__()
        self.machine = machine


def tick(deps: TriggerDeps, wake: Wake | None = None) -> Tick:
    return run_tick(deps, lambda: math.inf, wake)


@pytest.fixture
def here(harness: Harness) -> TriggerDeps:
    """The stack whose tick has taken the jobs, and runs one."""
    deps = replace(harness.trigger_deps, executions=OfStack(HERE))
    harness.add_job()
    tick(deps)
    return deps


@pytest.fixture
def there(harness: Harness) -> TriggerDeps:
    return replace(harness.trigger_deps, executions=OfStack(THERE), hints=Hints())


def owner(harness: Harness) -> Any:
    return (harness.memory.get_document(CONTROL_DOCUMENT) or {}).get(OWNER)


@pytest.mark.usefixtures("here")
def test_first_tick_that_finds_a_job_takes_the_jobs(harness: Harness) -> None:
    assert owner(harness) == HERE


def test_owner_is_written_before_the_first_sweep(harness: Harness, here: TriggerDeps, there: TriggerDeps) -> None:
    """A project from before there were owners: the job runs, and nobody owns it."""
    tick(here)
    harness.memory.put_document(DocumentWrite(CONTROL_DOCUMENT, {OWNER: None}))
    tick(here)
    assert owner(harness) == HERE
    with pytest.raises(OtherStackError):
        tick(there)


def test_tick_without_jobs_takes_nothing_and_is_one_query(harness: Harness, there: TriggerDeps) -> None:
    tick(there)
    assert harness.memory.get_document(CONTROL_DOCUMENT) is None


@pytest.mark.parametrize("wake", [None, Wake(is_kick=True), Wake(ended=frozenset({("job1", 1)}))])
def test_ticks_of_another_stack_start_nothing(
    harness: Harness, here: TriggerDeps, there: TriggerDeps, wake: Wake | None
) -> None:
    job_id = harness.add_job()
    before = harness.document(job_id)
    with pytest.raises(OtherStackError) as refused:
        tick(there, wake)
    assert re.search(f"{HERE}.*{THERE}.*tracking owner --take", str(refused.value))
    assert harness.document(job_id) == before
    assert [started.job_id for started in tick(here).started] == [job_id]


def test_another_stack_does_not_repair_what_it_cannot_ask(
    harness: Harness, here: TriggerDeps, there: TriggerDeps
) -> None:
    """Its machine has no such execution, so the job would begin again while it runs."""
    job_id = harness.add_job()
    tick(here)
    harness.clock.advance((LEASE + timedelta(seconds=1)).total_seconds())
    before = harness.document(job_id)
    with pytest.raises(OtherStackError):
        tick(there)
    assert harness.document(job_id) == before


@pytest.mark.usefixtures("here")
def test_tick_of_another_stack_fails_so_that_its_alarm_rings(there: TriggerDeps) -> None:
    with pytest.raises(OtherStackError):
        handler({}, FakeContext(55), there)  # type: ignore[arg-type]


class Raced(MemoryStore):
    """Lets another stack tick between the first read of the control document and the write that follows."""

    other: TriggerDeps | None = None

    def get_stored(self, path: str) -> StoredDocument | None:
        found = super().get_stored(path)
        if self.other:
            other, self.other = self.other, None
            tick(other)
        return found


def test_two_new_stacks_at_once_have_one_owner(harness: Harness) -> None:
    """The slower one's write is refused. It reads again, and finds the owner."""
    store = Raced(harness.clock)
    harness.use(store)
    harness.add_job()
    slow, quick = (replace(harness.trigger_deps, executions=OfStack(name), hints=Hints()) for name in (HERE, THERE))
    store.other = quick
    with pytest.raises(OtherStackError):
        tick(slow)
    assert owner(harness) == THERE


@pytest.mark.parametrize("odd", [None, "", 7, ["x"]])
def test_owner_that_cannot_be_read_counts_as_none(harness: Harness, there: TriggerDeps, odd: Any) -> None:
    harness.memory.put_document(DocumentWrite(CONTROL_DOCUMENT, {OWNER: odd}))
    harness.add_job()
    tick(there)
    assert owner(harness) == THERE


def test_jobs_go_over_to_the_stack_that_an_operator_names(
    harness: Harness, here: TriggerDeps, there: TriggerDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running job stays with its execution, which its lease protects."""
    running = harness.add_job()
    tick(here)
    waiting = harness.add_job()
    monkeypatch.setattr(cli, "_store", lambda: harness.memory)
    assert HERE in CliRunner().invoke(cli.app, ["owner"]).output
    assert THERE in CliRunner().invoke(cli.app, ["owner", "--take", THERE]).output
    with pytest.raises(OtherStackError):
        tick(here)
    assert [started.job_id for started in tick(there).started] == [waiting]
    assert harness.document(running)["attempt"] == 1


@pytest.mark.parametrize("arn", ["", "tracking", "arn:aws:lambda:eu-west-1:1:function:f", f"{HERE}:live"])
def test_owner_is_the_arn_of_a_machine_or_refused(harness: Harness, monkeypatch: pytest.MonkeyPatch, arn: str) -> None:
    monkeypatch.setattr(cli, "_store", lambda: harness.memory)
    assert CliRunner().invoke(cli.app, ["owner", "--take", arn]).exit_code != 0
    assert owner(harness) is None


def test_without_an_owner_the_command_says_so(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_store", lambda: harness.memory)
    assert "No stack yet" in CliRunner().invoke(cli.app, ["owner"]).output
