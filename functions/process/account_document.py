"""Read the account that FetchAccount staged, and build the write of its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from process.step import Step
from tracking.accounts import Account
from tracking.clock import Clock
from tracking.document_limits import fitted
from tracking.errors import ContractError, StoreUnavailableError
from tracking.fence import Fence
from tracking.jobs import Fields
from tracking.platforms import FetchedAccount
from tracking.sentences import say
from tracking.store import DocumentExistsError, DocumentMissingError, DocumentWrite
from tracking.wiring import ProcessDeps


def staged_account(step: Step, deps: ProcessDeps) -> FetchedAccount:
    """Return the account that FetchAccount staged.

    Raises InvalidJobError if FetchAccount has not run, and ContractError if another account is staged.
    """
    account_id = step.work.tracked_account_id
    fetched = deps.staging.get_account(step.work.staged_in or step.execution_name)
    if fetched.account.account_id != account_id:
        raise ContractError(say("damagedStep", problem="another account"))
    return fetched


class AccountDocument:
    """The account's document in two forms: `new` also sets `dateAdded` and `addedBy`, `known` leaves them unchanged.

    `figures`: what only the end of a job knows, `videoCount` and `growth`.
    """

    def __init__(self, step: Step, account: Account, clock: Clock, figures: Fields | None = None) -> None:
        work, now = step.work, clock.now()
        self._path = work.account_document
        self._synced = fitted(account.to_document()) | {
            "accountType": work.account_type,
            "lastSyncedAt": now,
            "lastJobId": work.job_id,
            **(figures or {}),
        }
        self._added = {"addedBy": work.user_id, "dateAdded": now}

    @property
    def new(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced | self._added, must_be_new=True)

    @property
    def known(self) -> DocumentWrite:
        return DocumentWrite(self._path, self._synced, must_exist=True)


def commit_one(forms: Sequence[DocumentWrite], commit: Callable[[DocumentWrite], Fence]) -> Fence:
    """Commit with the first form that fits. Put the likelier form first.

    Each form is tried twice, because the document may be created or deleted between two tries. Raises
    StoreUnavailableError when none fits.
    """
    for form in (*forms, *forms):
        try:
            return commit(form)
        except (DocumentExistsError, DocumentMissingError):
            continue
    raise StoreUnavailableError(say("databaseTrouble", detail="Our database was busy with the same account."))
