"""contracts/sentences.json: the sentences of jobs. The functions are checked here, web/tests/unit/sentences.test.ts."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from local.paths import ROOT
from tests.doubles import START, FakePlatform
from tests.factories import account, videos
from tests.harness import CHAIN, Harness, lambda_cause
from tracking import jobs, sentences
from tracking.errors import AccountNotFoundError, RateLimitedError, StaleAttemptError, TrackingError
from tracking.jobs import Status
from tracking.outcomes import explain
from tracking.sentences import TEMPLATES, Sentence, from_cause, say

CONTRACT: dict[str, Any] = json.loads((ROOT / "contracts" / "sentences.json").read_text(encoding="utf-8"))
EXAMPLES: list[dict[str, Any]] = CONTRACT["examples"]
NOT_FOUND = say("accountNotFound", service="Instagram", account="nasaa")


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{number}-{one['code']}" for number, one in enumerate(EXAMPLES)])
def test_a_sentence_is_that_of_the_contract(example: dict[str, Any]) -> None:
    said = say(example["code"], **example["params"])
    assert said == Sentence(example["text"], example["code"], example["params"])


def test_every_sentence_has_an_example() -> None:
    assert {example["code"] for example in EXAMPLES} == TEMPLATES.keys()


def test_a_detail_is_a_whole_sentence() -> None:
    assert CONTRACT["details"]["codes"] == [code for code, template in TEMPLATES.items() if template == "{detail}"]


def test_a_time_is_written_in_utc_without_a_fraction() -> None:
    until = datetime(2026, 12, 1, 10, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    said = say("dailyLimitUntil", platform="YouTube", until=until)
    assert said.params == {"platform": "YouTube", "until": "2026-12-01T08:00:00Z"}
    assert said.text == "YouTube's daily limit is used up. Tracking resumes at 08:00 UTC."


def test_an_unknown_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("nobodySaysThis")


@pytest.mark.parametrize(
    "params", [{}, {"service": "X"}, {"service": "X", "account": "a", "more": 1}, {"account": "a"}]
)
def test_a_missing_or_unknown_parameter_is_an_error(params: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="the sentence accountNotFound has the parameters"):
        say("accountNotFound", **params)


# Who says what


def product() -> Iterator[tuple[Path, ast.Call]]:
    """Yield each call in the functions and their package."""
    for file in sorted([*(ROOT / "layers/common/tracking").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield file, node


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def is_text(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def test_every_sentence_that_the_functions_say_is_known() -> None:
    """The code is a literal or stands in the table of `platforms.messages`, and the parameters are those of it."""
    said = set()
    for file, call in product():
        if name_of(call) != "say" or file.name in {"sentences.py", "messages.py"}:
            continue
        code = ast.literal_eval(call.args[0])
        given = {keyword.arg for keyword in call.keywords}
        needed, known = (sentences.names_in(of(TEMPLATES[code])) for of in (sentences.without_options, str))
        assert given - {None} <= known, f"{file}:{call.lineno}"
        assert needed <= given, f"{file}:{call.lineno}"
        said.add(code)
    table = (ROOT / "layers/common/tracking/platforms/messages.py").read_text(encoding="utf-8")
    assert said | {code for code in TEMPLATES if f'"{code}"' in table} == TEMPLATES.keys()


def test_no_sentence_is_made_without_a_code() -> None:
    """Mypy lets nobody put a text where a `Sentence` belongs. Quiet errors are never written into a job."""
    makers = {file.name for file, call in product() if name_of(call) == "Sentence"}
    assert makers == {"sentences.py", "errors.py"}


def test_no_message_is_written_past_its_code() -> None:
    """Users' changes alone write a bare message, as their pages do. All changes are made in one module."""
    bare = set()
    for node in ast.walk(ast.parse((ROOT / "layers/common/tracking/jobs.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            bare |= {value for key, value in zip(node.keys, node.values, strict=True) if is_text(key, "message")}
        elif isinstance(node, ast.Call) and name_of(node) == "_change":
            bare |= {keyword.value for keyword in node.keywords if keyword.arg == "message"}
    assert {ast.unparse(value) for value in bare} == {
        "WAITING.text",
        "CANCELLED.text",
        "cut(sentence.text, MAX_SENTENCE_BYTES)",
    }


# In the job


def assert_told(document: dict[str, Any]) -> Sentence:
    """Check that the document's message is the sentence of its code, and return it."""
    said = say(document["messageCode"], **(document["messageParams"] or {}))
    assert said.text == document["message"]
    return said


def test_each_message_of_a_whole_job_has_its_code() -> None:
    harness = Harness(videos=videos(3))
    job: Any = harness.claimed_job()
    codes = [assert_told(harness.document(job["jobId"])).code]
    for state in CHAIN:
        job = harness.run_state(state, job)
        codes.append(assert_told(harness.document(job["jobId"])).code)
    assert codes == ["lookingUp", "found", "accountSaved", "fetched", "done"]


def test_an_errors_code_comes_through_the_state_machine(harness: Harness) -> None:
    """The machine passes a class name and a text. FailJob and, if FailJob cannot write, reconcile read the text."""
    job: Any = harness.claimed_job()
    harness.platform.failures = [AccountNotFoundError(NOT_FOUND)]
    with pytest.raises(AccountNotFoundError) as failed:
        harness.run_state("FetchAccount", job)
    assert failed.value.message == NOT_FOUND.text
    output = harness.fail_job(job, "AccountNotFoundError", lambda_cause(failed.value))
    assert output["cause"] == NOT_FOUND.text
    document = harness.document(job["jobId"])
    assert assert_told(document) == NOT_FOUND
    assert document["error"] == document["message"]


def test_a_retry_of_a_state_is_announced_with_its_code(harness: Harness) -> None:
    job: Any = harness.claimed_job()
    harness.platform.failures = [RateLimitedError(say("slowDown", service="X"))]
    with pytest.raises(RateLimitedError):
        harness.run_state("FetchAccount", job)
    assert assert_told(harness.document(job["jobId"])) == say("retrying", number=1)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (NOT_FOUND.to_cause(), NOT_FOUND),
        ("Instagram has no account named nasaa.", Sentence(NOT_FOUND.text)),
        (NOT_FOUND.to_cause().replace("accountNotFound", "ofTomorrow"), Sentence(NOT_FOUND.text)),
        (NOT_FOUND.to_cause().replace('"account"', '"name"'), Sentence(NOT_FOUND.text)),
        (
            NOT_FOUND.to_cause().replace("Instagram has", "Instagram had"),
            Sentence("Instagram had no account named nasaa."),
        ),
        ("Two\nlines", Sentence("Two\nlines")),
        ("One\n7", Sentence("One\n7")),
        ('One\n{"code": "waiting"}', Sentence('One\n{"code": "waiting"}')),
        ('One\n{"code": ["waiting"], "params": []}', Sentence("One")),
    ],
)
def test_a_causes_sentence(message: str, expected: Sentence) -> None:
    assert from_cause(message) == expected
    assert explain("ContractError", json.dumps({"errorMessage": message})) == ("ContractError", expected)


def test_a_quiet_error_stays_as_it_is() -> None:
    error: TrackingError = StaleAttemptError("The job waits again.")
    error.name_the_sentence()
    assert str(error) == error.message == "The job waits again."


@pytest.mark.parametrize(
    "said", [Sentence("Of an earlier version."), say("found", name="é" * 500)], ids=["no code", "long"]
)
def test_a_sentence_that_nobody_can_translate_has_no_code(said: Sentence) -> None:
    fields = jobs.note(START, said).fields
    assert (fields["messageCode"], fields["messageParams"]) == (None, None)
    assert fields["message"] == said.text


def test_a_code_may_be_older_than_its_message(harness: Harness) -> None:
    """A page that cancels or retries writes only the message. So a code counts if its English is the message."""
    job: Any = harness.claimed_job()
    change = jobs.cancel(Status.PROCESSING, harness.clock.now())
    harness.memory.touch(job["jobId"], **change.fields)
    document = harness.document(job["jobId"])
    assert (document["message"], document["messageCode"]) == ("Cancelled.", "lookingUp")
    assert say(document["messageCode"], **document["messageParams"]).text != document["message"]


@pytest.mark.parametrize("code", CONTRACT["writtenByPages"])
def test_what_pages_write_needs_no_code(code: str) -> None:
    contract = json.loads((ROOT / "contracts" / "job.json").read_text(encoding="utf-8"))
    written = {change["message"] for change in contract["changes"].values()}
    assert written == {say(known).text for known in CONTRACT["writtenByPages"]}
    assert not sentences.names_in(TEMPLATES[code])


def test_each_step_of_an_attempt_has_its_time() -> None:
    harness = Harness(videos=videos(3))
    harness.platform = FakePlatform(account(), videos(3))
    job: Any = harness.claimed_job()
    assert harness.document(job["jobId"])["steps"] is None
    times: dict[str, datetime] = {}
    for state, step in zip(CHAIN, [*jobs.STEPS.values(), None], strict=True):
        harness.clock.advance(7)
        job = harness.run_state(state, job)
        times |= {step: harness.clock.now()} if step else {}
        assert harness.document(job["jobId"])["steps"] == times
    assert times["videosFetched"] == datetime(2026, 3, 1, 12, 0, 21, tzinfo=UTC)
