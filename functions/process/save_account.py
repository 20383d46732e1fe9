"""State SaveAccount: write the account's document."""

from __future__ import annotations

from typing import Any

from process.account_document import AccountDocument, commit_one, staged_account
from process.advancing import advance
from process.step import Step
from tracking.fence import Fence
from tracking.jobs import Progress
from tracking.sentences import say
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Write the account. Nothing is done if an earlier execution of the attempt has written it.

    Nor is anything done for a refresh: its end writes the account.
    """
    work = step.work
    if work.refresh or (work.part > 1 and work.progress >= Progress.ACCOUNT_SAVED):
        return work.to_state()
    account = staged_account(step, deps).account
    document = AccountDocument(step, account, deps.clock)

    def commit(account_write: DocumentWrite) -> Fence:
        return advance(step, deps, say("accountSaved"), [account_write], accountId=work.account_id)

    owned = commit_one([document.new, document.known], commit)  # try `new` first: it is the common case
    return work.after(owned, retries_used=step.retries_used).to_state()
