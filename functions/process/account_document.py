"""The account between the states: as FetchAccount staged it, and as SaveAccount and SaveVideos write its document."""

from __future__ import annotations

from typing import Any

from process.step import Step
from tracking.accounts import Account
from tracking.clock import Clock
from tracking.errors import ContractError, InvalidJobError
from tracking.limits import fitted
from tracking.platforms import FetchedAccount
from tracking.store import DocumentWrite
from tracking.wiring import ProcessDeps


def staged_account(step: Step, deps: ProcessDeps) -> FetchedAccount:
    """InvalidJobError where FetchAccount has not run; ContractError where it found another account."""
    if not step.work.account_id:
        raise InvalidJobError("The state's input lacks the account that an earlier state should have set.")
    fetched = deps.staging.get_account(step.execution_name)
    if fetched.account.account_id != step.work.account_id:
        raise ContractError("What an earlier step fetched is another account.")
    return fetched


class AccountDocument:
    """Both writes of it: `dateAdded` and `addedBy` are set once, when there is no document yet."""

    def __init__(self, step: Step, account: Account, clock: Clock, **counts: Any) -> None:
        work, now = step.work, clock.now()
        self._path = work.account_document
        self._synced = fitted(account.to_document()) | {
            "accountType": work.account_type,
            "lastSyncedAt": now,
            "lastJobId": work.job_id,
            **counts,
        }
        self._added = {"addedBy": work.user_id, "dateAdded": now}

    @property
    def new(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced | self._added, must_be_new=True)

    @property
    def known(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced, must_exist=True)
