"""State SaveAccount: write the account's document. 30 -> 50."""

from __future__ import annotations

from typing import Any

from process.step import Step
from tracking import fence, jobs
from tracking.fence import Fence
from tracking.jobs import Progress
from tracking.store import DocumentExistsError, DocumentWrite
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    work = step.work
    account = deps.staging.get_account(work.staged_account).account
    now = deps.clock.now()
    synced = account.to_document() | {
        "accountType": work.account_type,
        "lastSyncedAt": now,
        "lastJobId": work.job_id,
    }
    added = {"addedBy": work.user_id, "dateAdded": now}

    def commit(account_write: DocumentWrite) -> Fence:
        fields = jobs.advance(now, Progress.ACCOUNT_SAVED, "Account saved.", accountId=work.account_id)
        return fence.commit(deps.store, work.fence, fields, [account_write], reaches=Progress.ACCOUNT_SAVED)

    try:
        # New accounts are the common case, and cost no read.
        owned = commit(DocumentWrite(work.account_document, synced | added, must_be_new=True))
    except DocumentExistsError:
        owned = commit(DocumentWrite(work.account_document, synced))
    return work.after(owned, retries_used=step.retries_used).to_state()
