"""The name that a person reads of an organisation: `name` of its document, which is the app's own, or else its id."""

from __future__ import annotations

from tracking.jobs import Fields
from tracking.mail.digest import cleaned


def organisation_path(org_id: str) -> str:
    return f"organizations/{org_id}"


def organisation_name(org_id: str, fields: Fields | None) -> str:
    """Return the name. `fields`: of the organisation's document, if there is one."""
    return cleaned((fields or {}).get("name")) or cleaned(org_id)
