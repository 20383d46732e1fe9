"""Failing platforms, refusals and private accounts: the retries and the sentences for the user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.e2e.running import Document, Execution, Project, RunningStack

FAILS_TWICE = ("youtube", "sim_503x2")
FAILS_FOUR_TIMES = ("twitter", "sim_503x4")
RATE_LIMITED = ("youtube", "sim_429x1")
GATEWAY_PAGE = ("twitter", "sim_htmlx1")
CUT_SHORT = ("youtube", "sim_truncatedx1")
PRIVATE = [("instagram", "sim_private"), ("twitter", "sim_private")]
REFUSED = {
    ("twitter", "sim_suspended"): ("AccountSuspendedError", "X has suspended the account sim_suspended."),
    PRIVATE[0]: ("AccountPrivateError", "The Instagram account sim_private is private."),
    PRIVATE[1]: ("AccountPrivateError", "The X account sim_private is private."),
    ("instagram", "sim_other"): ("ContractError", "Instagram answered with another account than sim_other."),
    ("youtube", "sim_loop"): ("ContractError", "YouTube sends the same page of sim_loop again and again."),
}
COMPLETED = {("youtube", "sim_empty"): 0, ("tiktok", "sim_nulls"): 3, ("instagram", "sim_hidden"): 3}
# At most 16 jobs, since states have 16 places: waiting for a place would count as a retry.
TRACKED = [FAILS_TWICE, FAILS_FOUR_TIMES, RATE_LIMITED, GATEWAY_PAGE, CUT_SHORT, *REFUSED, *COMPLETED]

Account = tuple[str, str]


@dataclass(frozen=True)
class Batch:
    project: Project
    documents: dict[Account, Document]
    executions: dict[Account, Execution]


@pytest.fixture(scope="module")
def batch(running: RunningStack) -> Batch:
    project = Project(running)
    ids = {(platform, username): project.add_job(username, platform) for platform, username in TRACKED}
    running.tick()
    ended = project.ended(list(ids.values()))
    documents = {account: ended[job_id] for account, job_id in ids.items()}
    executions = {account: running.execution(document["executionArn"]) for account, document in documents.items()}
    return Batch(project, documents, executions)


def test_two_503s_are_retried_with_backoff_and_job_completes(batch: Batch) -> None:
    document, execution = batch.documents[FAILS_TWICE], batch.executions[FAILS_TWICE]
    assert (document["status"], document["retryCount"]) == ("completed", 2)
    assert execution.status == "SUCCEEDED"
    assert execution.states.count("FetchAccount") == 1  # one state, three tries
    assert execution.failures == ["PlatformUnavailableError"] * 2
    first, second = execution.waits_s  # 1 s on this machine, then doubled; MiniStack adds no jitter
    assert first > 0.9
    assert second > 1.9


def test_four_503s_fail_the_job(batch: Batch) -> None:
    document, execution = batch.documents[FAILS_FOUR_TIMES], batch.executions[FAILS_FOUR_TIMES]
    assert (document["status"], document["errorCode"]) == ("failed", "PlatformUnavailableError")
    assert document["retryCount"] == 3
    assert document["error"] == "X is not available right now."
    assert execution.status == "FAILED"
    assert execution.failures == ["PlatformUnavailableError"] * 4
    assert execution.failure == ("PlatformUnavailableError", document["error"])


def test_retry_after_is_waited_for_in_place(running: RunningStack, batch: Batch) -> None:
    document = batch.documents[RATE_LIMITED]
    assert (document["status"], document["retryCount"]) == ("completed", 0)
    assert batch.executions[RATE_LIMITED].failures == []
    refused, accepted = (e for e in running.asked(*RATE_LIMITED) if e["path"].endswith("/channels"))
    assert (refused["status"], accepted["status"]) == (429, 200)
    waited = datetime.fromisoformat(accepted["time"]) - datetime.fromisoformat(refused["time"])
    assert waited.total_seconds() >= 1  # Retry-After: 1


def test_html_error_page_of_a_gateway_is_retried(batch: Batch) -> None:
    assert (batch.documents[GATEWAY_PAGE]["status"], batch.documents[GATEWAY_PAGE]["retryCount"]) == ("completed", 1)
    assert batch.executions[GATEWAY_PAGE].failures == ["PlatformUnavailableError"]


def test_an_answer_that_was_cut_short_is_asked_for_again(running: RunningStack, batch: Batch) -> None:
    assert batch.documents[CUT_SHORT]["status"] == "completed"
    assert batch.executions[CUT_SHORT].failures == []
    asked = [e["faults"] for e in running.asked(*CUT_SHORT) if e["path"].endswith("/channels")]
    assert asked == [["truncated"], []]


@pytest.mark.parametrize("account", REFUSED, ids="-".join)
def test_permanent_errors_fail_the_job_without_a_retry(batch: Batch, account: Account) -> None:
    document, execution = batch.documents[account], batch.executions[account]
    code, sentence = REFUSED[account]
    assert (document["status"], document["errorCode"], document["error"]) == ("failed", code, sentence)
    assert document["retryCount"] == 0
    assert execution.failures == [code]
    assert execution.failure == (code, sentence)


@pytest.mark.parametrize("account", PRIVATE, ids="-".join)
def test_a_private_account_is_saved_as_such_though_its_job_fails(batch: Batch, account: Account) -> None:
    saved = batch.project.account(batch.documents[account]["accountId"])
    assert (saved["username"], saved["isPrivate"]) == ("sim_private", True)
    assert batch.documents[account]["progress"] == 50


@pytest.mark.parametrize("account", COMPLETED, ids="-".join)
def test_accounts_that_hold_or_show_little_are_completed(batch: Batch, account: Account) -> None:
    document = batch.documents[account]
    assert (document["status"], document["retryCount"]) == ("completed", 0)
    assert len(batch.project.videos(document["accountId"])) == COMPLETED[account]


def test_hidden_counts_and_nulls_are_null_and_never_zero(batch: Batch) -> None:
    nulls = batch.project.account(batch.documents["tiktok", "sim_nulls"]["accountId"])
    assert (nulls["followerCount"], nulls["postCount"]) == (None, None)
    hidden = batch.project.videos(batch.documents["instagram", "sim_hidden"]["accountId"])
    assert {video["likeCount"] for video in hidden.values()} == {None}
