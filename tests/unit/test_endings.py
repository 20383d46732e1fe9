"""One module makes the changes that end a job, and one module makes their writes. No other module makes either."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.doubles import START
from tracking import endings, jobs
from tracking.jobs import ENDINGS, FINISHED, LEADS_TO, Change, ChangeKind, Status
from tracking.sentences import Sentence
from tracking.store import CompletingWrite, DocumentWrite, EndingWrite, JobWrite

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("functions", "layers/common/tracking") for path in (ROOT / folder).rglob("*.py")]
FAILURE = jobs.fail(Status.PROCESSING, START, Sentence("Why."), "ContractError")
COMPLETION = jobs.complete(START, Sentence("Done."), "tiktok_1")
ACCOUNT = DocumentWrite("accounts/tiktok_1", {"lastJobId": "job1"})


class Finder(ast.NodeVisitor):
    found = False

    def is_in(self, code: str) -> bool:
        self.found = False
        self.visit(ast.parse(code))
        return self.found


def modules_with(finder: Finder) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in SOURCES if finder.is_in(path.read_text())}


def _last_name(node: ast.expr) -> str:
    """Return the last name of an expression: `Status` for both `Status` and `jobs.Status`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


class Calls(Finder):
    """A finder of calls of a class or function with one of these names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def visit_Call(self, node: ast.Call) -> None:
        self.found |= _last_name(node.func) in self._names
        self.generic_visit(node)


class EndingStatuses(Finder):
    """A finder of statuses that end a job, outside of comparisons."""

    def visit_Compare(self, node: ast.Compare) -> None:
        """Skip comparisons, which write nothing."""

    def visit_Constant(self, node: ast.Constant) -> None:
        self.found |= node.value in (Status.COMPLETED, Status.FAILED)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.found |= _last_name(node.value) == "Status" and node.attr in (Status.COMPLETED.name, Status.FAILED.name)
        self.generic_visit(node)


class Texts(Finder):
    """A finder of a text, and of imports of the name that holds it."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name

    def visit_Constant(self, node: ast.Constant) -> None:
        self.found |= isinstance(node.value, str) and node.value.strip("/") == self._text

    def visit_alias(self, node: ast.alias) -> None:
        self.found |= node.name == self._name


def test_changes_are_made_in_one_module() -> None:
    assert modules_with(Calls("Change")) == {"layers/common/tracking/jobs.py"}


def test_ending_statuses_stand_in_one_module() -> None:
    of_deliveries = {"layers/common/tracking/webhooks/__init__.py"}  # their states have such a word, too
    assert modules_with(EndingStatuses()) - of_deliveries == {"layers/common/tracking/jobs.py"}


def test_ending_writes_are_built_in_one_module() -> None:
    assert modules_with(Calls("EndingWrite", "CompletingWrite")) == {"layers/common/tracking/endings.py"}


def test_only_stores_know_the_path_of_a_job() -> None:
    """A module without the path cannot end a job by a DocumentWrite."""
    stores = {f"layers/common/tracking/store/{name}.py" for name in ("__init__", "firestore", "memory")}
    named = modules_with(Texts("trackingJobs", "JOBS")) | modules_with(Texts("refreshJobs", "REFRESHES"))
    assert named == stores | {"layers/common/tracking/wiring.py"}  # it says which queue a store works on


@pytest.mark.parametrize(
    ("code", "finder"),
    [
        ("jobs.Change(kind, {})", Calls("Change")),
        ("store.commit(EndingWrite(a, b, c, ()))", Calls("EndingWrite", "CompletingWrite")),
        ("fields = {'status': 'failed'}", EndingStatuses()),
        ("write(status=Status.COMPLETED)", EndingStatuses()),
        ("write(status=jobs.Status.COMPLETED)", EndingStatuses()),
        ("DocumentWrite(f'trackingJobs/{job_id}', {})", Texts("trackingJobs", "JOBS")),
        ("from tracking.store.memory import JOBS", Texts("trackingJobs", "JOBS")),
    ],
)
def test_a_second_home_of_an_ending_is_found(code: str, finder: Finder) -> None:
    assert finder.is_in(code)


def test_endings_are_all_ends_but_a_users() -> None:
    assert {LEADS_TO[kind] for kind in ENDINGS} == FINISHED - {Status.CANCELLED}
    assert {FAILURE.kind, COMPLETION.kind} == ENDINGS


@pytest.mark.parametrize("change", [FAILURE, COMPLETION], ids=lambda change: change.kind)
def test_an_ordinary_write_ends_no_job(change: Change) -> None:
    with pytest.raises(ValueError, match=r"A job is (ended|completed) together with"):
        JobWrite("job1", change, "v")


@pytest.mark.parametrize("kind", sorted(set(ChangeKind) - ENDINGS))
def test_an_ending_write_takes_endings_alone(kind: ChangeKind) -> None:
    with pytest.raises(ValueError, match="ends no job"):
        endings.ending("job1", {}, Change(kind, {}), "v", news=False)
    with pytest.raises(ValueError, match="completes no job"):
        endings.ending("job1", {}, Change(kind, {"accountId": "tiktok_1"}), "v", ACCOUNT, news=False)


def test_an_account_goes_with_a_completion_alone() -> None:
    with pytest.raises(ValueError, match="together with its account"):
        endings.ending("job1", {}, COMPLETION, "v", news=False)
    with pytest.raises(ValueError, match="completes no job"):
        endings.ending("job1", {}, FAILURE, "v", ACCOUNT, news=False)


@pytest.mark.parametrize(
    "rider",
    [
        DocumentWrite("events/1", {}, must_be_new=True),
        DocumentWrite("events/1", {}, must_exist=True),
        DocumentWrite("events/1", {}, version="v"),
    ],
)
def test_a_rider_cannot_keep_a_job_from_ending(rider: DocumentWrite) -> None:
    with pytest.raises(ValueError, match="keep the job from ending"):
        EndingWrite("job1", FAILURE, "v", (rider,))
    with pytest.raises(ValueError, match="keep the job from ending"):
        CompletingWrite("job1", COMPLETION, "v", (rider,), ACCOUNT)


def test_nothing_rides_with_an_ending_without_news() -> None:
    assert endings.ending("job1", {}, FAILURE, "v", news=False).companions == ()
    assert endings.ending("job1", {}, COMPLETION, "v", ACCOUNT, news=False).companions == (ACCOUNT,)
