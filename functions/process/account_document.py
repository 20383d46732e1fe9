"""The account between the states: as FetchAccount staged it, and as SaveAccount and SaveVideos write its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from process.step import Step
from tracking.accounts import Account
from tracking.clock import Clock
from tracking.document_limits import fitted
from tracking.errors import ContractError, StoreUnavailableError
from tracking.fence import Fence
from tracking.platforms import FetchedAccount
from tracking.store import DocumentExistsError, DocumentMissingError, DocumentWrite
from tracking.wiring import ProcessDeps


def staged_account(step: Step, deps: ProcessDeps) -> FetchedAccount:
    """InvalidJobError where FetchAccount has not run; ContractError where it found another account."""
    account_id = step.work.tracked_account_id
    fetched = deps.staging.get_account(step.execution_name)
    if fetched.account.account_id != account_id:
        raise ContractError("What an earlier step fetched is another account.")
    return fetched


class AccountDocument:
    """Its two forms: `dateAdded` and `addedBy` are set once, when there is no document yet."""

    def __init__(self, step: Step, account: Account, clock: Clock, video_count: int | None = None) -> None:
        work, now = step.work, clock.now()
        self._path = work.account_document
        self._synced = fitted(account.to_document()) | {
            "accountType": work.account_type,
            "lastSyncedAt": now,
            "lastJobId": work.job_id,
        }
        if video_count is not None:
            self._synced["videoCount"] = video_count
        self._added = {"addedBy": work.user_id, "dateAdded": now}

    @property
    def new(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced | self._added, must_be_new=True)

    @property
    def known(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced, must_exist=True)


def commit_one(forms: Sequence[DocumentWrite], commit: Callable[[DocumentWrite], Fence]) -> Fence:
    """Commit with the form that fits, the likelier first. Whether there is a document may change between two tries."""
    for form in (*forms, *forms):
        try:
            return commit(form)
        except (DocumentExistsError, DocumentMissingError):
            continue
    raise StoreUnavailableError("Our database was busy with the same account.")
