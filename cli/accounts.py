"""`tracking accounts`: the tracked accounts of a project, and how much they grew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from tracking.document_limits import is_document_id
from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.store import Store, account_path

Accounts = Mapping[str, Mapping[str, Any]]
"""The documents of accounts, by id. They may be odd."""


class AccountError(Exception):
    """No account, or more than one, is what was asked for. The message is a sentence for the operator."""


def accounts_of(store: Store, org: str, project: str, platform: PlatformName | None = None) -> Accounts:
    """Return a project's accounts in the order of their names. Each costs one read."""
    if not (is_document_id(org) and is_document_id(project)):
        raise AccountError('The ids of organisations and projects are texts without "/".')
    found = store.get_documents(account_path(org, project, "any").rpartition("/")[0])
    wanted = {name: account for name, account in found.items() if platform in {None, account.get("platform")}}
    return dict(sorted(wanted.items(), key=lambda entry: (str(entry[1].get("username")).lower(), entry[0])))


def account_named(accounts: Accounts, name: str) -> str:
    """Return the id of the account with this id or user name. AccountError if there is none, or more than one."""
    if name in accounts:
        return name
    username = name.strip().removeprefix("@").lower()
    found = [key for key, account in accounts.items() if str(account.get("username")).lower() == username]
    if not found:
        raise AccountError(f"There is no account {name} in this project: `tracking accounts` lists them.")
    if len(found) > 1:
        raise AccountError(f"{name} is the name of {len(found)} accounts; give one of their ids: {', '.join(found)}.")
    return found[0]


def accounts_table(accounts: Accounts) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("name", "platform", "whose"):
        table.add_column(name, no_wrap=True)
    for name in ("followers", "7 days", "30 days"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("last refresh", no_wrap=True)
    for account in accounts.values():
        growth = account.get("growth")
        grown = growth if isinstance(growth, dict) else {}
        synced_at = account.get("lastSyncedAt")
        table.add_row(
            escape(" ".join(str(account.get("username")).split())),
            escape(_label(account.get("platform"))),
            {"my": "mine", "competitor": "competitor"}.get(str(account.get("accountType")), ""),
            number(account.get("followerCount")),
            number(grown.get("f7"), sign="+"),
            number(grown.get("f30"), sign="+"),
            f"{synced_at.astimezone():%d %b %Y %H:%M}" if isinstance(synced_at, datetime) else "",
        )
    return table


def number(value: object, sign: str = "") -> str:
    """Return a number's cell, which is empty for what is unknown. `sign`: "+" for a change."""
    return f"{value:{sign},}" if type(value) is int else ""


def _label(platform: object) -> str:
    return PLATFORMS[platform].label if isinstance(platform, str) and platform in PLATFORMS else str(platform)
