"""State FetchAccount: fetch the account from the platform and stage it."""

from __future__ import annotations

from typing import Any

from process.advancing import advance
from process.budget import budget_of
from process.step import Step
from tracking.wiring import ProcessDeps


def run(step: Step, deps: ProcessDeps) -> dict[str, Any]:
    work = step.work
    fetched = deps.platform(work.platform_name).fetch_account(work.username, budget_of(step, deps))
    fetched = deps.staging.put_account(step.execution_name, fetched)
    message = f"Found {fetched.account.display_name or fetched.account.username}."
    owned = advance(step, deps, message)
    return work.after(owned, retries_used=step.retries_used, account_id=fetched.account.account_id).to_state()
