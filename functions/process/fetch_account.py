"""State FetchAccount: fetch the account from the platform and stage it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from process import going_on, waiting
from process.advancing import advance
from process.fetching import Fetch
from process.step import Step, Then
from tracking.errors import IdentityChangedError
from tracking.jobs import Progress
from tracking.platforms import Waiting
from tracking.sentences import say
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    """Fetch the account, or wait for the platform.

    A further execution of the attempt first reads the job. If an earlier one has fetched the account, that is all: it
    is saved, or it is a refresh's and only staged.
    """
    if step.work.is_unread:
        step = _begun(step, deps)
        if step.work.progress >= Progress.ACCOUNT_SAVED or (step.work.refresh and step.work.account_id):
            return step.work.to_state() | {"then": str(Then.SAVE)}
    fetch = Fetch(step, deps)
    found = deps.platform(step.work.platform_name).fetch_account(step.work.username, fetch.bounds())
    step = fetch.step
    if isinstance(found, Waiting):
        return _wait(step, deps, found, has_written=fetch.has_written)
    if (order := step.work.order) and found.account.account_id != order.account_id:
        raise IdentityChangedError(say("nameTaken", platform=step.work.platform_name.label, name=order.username))
    found = deps.staging.put_account(step.work.staged_in or step.execution_name, found)
    message = say("found", name=found.account.display_name or found.account.username)
    owned = advance(step, deps, message)
    work = step.work.after(owned, retries_used=step.retries_used, account_id=found.account.account_id)
    return work.to_state() | {"then": str(Then.SAVE)}


def _begun(step: Step, deps: ProcessDeps) -> Step:
    """Return the step as the hand-over left the job. Of the job's retries, the last ones are this state's own."""
    work = going_on.begin(step, deps)
    retries = min(step.retry_count, work.retries_used)
    return replace(step, work=replace(work, retries_used=work.retries_used - retries), retries=retries)


def _wait(step: Step, deps: ProcessDeps, found: Waiting, *, has_written: bool) -> dict[str, Any]:
    room_s = waiting.room_s(step, deps)
    if not room_s:
        if found.is_refused or waiting.job_is_over(step, deps):
            raise waiting.give_up(step, deps, found)
        return going_on.hand_over(step, deps, found.message)
    seconds = min(waiting.wait_s(step, found), room_s)
    if has_written and not found.is_refused:  # the job still says "Looking up the account", which is true
        return waiting.quietly(step, seconds)
    return waiting.wait(step, deps, found.message, seconds)
