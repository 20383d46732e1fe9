"""Addresses that get no mail any more: `mailSuppressions/{sha256 of the address in lower case}`

The address itself is not kept.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from tracking.store import DocumentWrite

BOUNCE = "bounce"
COMPLAINT = "complaint"


def suppression_path(address: str) -> str:
    return f"mailSuppressions/{hashlib.sha256(address.strip().lower().encode()).hexdigest()}"


def suppression(address: str, reason: str, at: datetime) -> DocumentWrite:
    """Return the write that suppresses an address. Made again, it changes the reason and the time alone."""
    return DocumentWrite(suppression_path(address), {"reason": reason, "at": at})
