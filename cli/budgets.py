"""`tracking budgets` and `tracking refresh`: what refreshes may still spend today, and a refresh at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.accounts import AccountError
from tracking.budgets import Budgets, Closed, end_of_day, limits_in, unit_of
from tracking.jobs import Fields, PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import Cadence

MOST_ORGS = 20
"""Organisations in the table: those with the most refreshes."""
BETWEEN_PRESSES = timedelta(hours=1)
"""Between a fetch, or a press, and the next press of a member."""


def budgets_table(fields: Mapping[str, Any], now: datetime, org: str | None = None) -> Table:
    """Return the table of today's budgets. `org`: show this organisation alone."""
    found = Budgets(fields, limits_in(fields), now)
    until = f"{end_of_day(now).astimezone():%d %b %H:%M}"
    table = Table(box=None, pad_edge=False)
    table.add_column("budget", no_wrap=True)
    for name in ("used", "reserved", "limit"):
        table.add_column(name, no_wrap=True, justify="right")
    for name in ("of", "state", "until"):
        table.add_column(name, no_wrap=True)
    for platform in () if org else PlatformName:
        unit, limit = unit_of(platform), found.limits.of(platform)
        closed = found.closed(platform, PLATFORMS[platform].refresh_posts)
        amounts = (_amount(value, unit) for value in (found.used[platform], found.reserved_at(platform), limit))
        of = "units" if unit == "units" else "US dollars"
        table.add_row(platform.label, *amounts, of, _state(closed), until if closed else "")
    by_number = sorted(found.orgs.items(), key=lambda entry: (-entry[1], entry[0]))
    for name, number in [(org, found.orgs.get(org, 0))] if org else by_number[:MOST_ORGS]:
        closed = found.closed_org(name)
        most = _amount(found.limits.org_refreshes, "units")
        table.add_row(escape(name), f"{number:,}", "", most, "refreshes", _state(closed), until if closed else "")
    return table


def pressing(account: Mapping[str, Any], now: datetime, *, anyway: bool) -> Fields:
    """Return the fields that make an account due, as a member's press does.

    Raises AccountError if nobody refreshes it. So it does, unless `anyway`, if that is useless or too early.
    """
    name = str(account.get("username"))
    if account.get("refreshCadence") == Cadence.OFF:
        raise AccountError(f"The refreshes of {name} are off. A member can choose a cadence.")
    reason = account.get("unavailable")
    if isinstance(reason, str) and not anyway:
        raise AccountError(f"{name} cannot be refreshed: {reason}. --anyway looks for it again.")
    moments = [account.get("lastSyncedAt"), account.get("refreshAskedAt")]
    last = max((moment for moment in moments if isinstance(moment, datetime)), default=None)
    if last is not None and now - last < BETWEEN_PRESSES and not anyway:
        minutes = math.ceil((last + BETWEEN_PRESSES - now) / timedelta(minutes=1))
        raise AccountError(
            f"{name} was fetched or asked for within the last hour. In {minutes} min it may be again; --anyway does it."
        )
    return {"nextRefreshAt": now, "refreshAskedAt": now}


def _state(closed: Closed | None) -> str:
    return {None: "open", Closed.PLANNED: "spent, but for presses", Closed.ALL: "spent"}[closed]


def _amount(amount: float, unit: str) -> str:
    if amount == math.inf:
        return "none"
    return f"{amount:,.0f}" if unit == "units" else f"{amount:,.2f}"
