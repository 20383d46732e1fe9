"""Names of executions: one for each claim of a job.

The digest covers the document's creation time, so a job that is deleted and created again gets new names:

    document "X", created at 12:00 ── attempt 1, claim a7… ──> tiktok-loveluxury-X-1-5f0c…
                                   └─ attempt 2, claim 90… ──> tiktok-loveluxury-X-2-b1e4…
    document "X", deleted and created again at 13:00
                                   ── attempt 1, claim 3c… ──> tiktok-loveluxury-X-1-d977…
                                   └─ its second execution ──> tiktok-loveluxury-X-1_2-07ce…

An attempt whose platform needs longer than one execution lasts goes on in further ones. They have numbers, the part.

The digest also covers the fields that an execution uses. If one of these fields is edited, the name changes, and no
execution has the new name.
"""

from __future__ import annotations

import hashlib
import json
import re

from tracking.jobs import Job

MAX_NAME_LENGTH = 80
_ID_LENGTH = 20  # the length of Firestore's own ids
_DIGEST_LENGTH = 20  # hex digits: 80 bits


def execution_name(job: Job) -> str:
    """Return `{platform}-{username}-{job id}-{attempt}-{digest}`, at most 80 characters of `0-9A-Za-z-_`.

    From the attempt's second execution on, the attempt is `{attempt}_{part}`. The name of a refresh begins with `r-`.
    The digest alone makes the name unique, so the readable parts may be cut.
    """
    claim: list[str | int] = [
        job.job_id,
        job.document_created_at.isoformat(),
        job.attempt,
        job.claim_id,
        job.org_id,
        job.project_id,
        job.user_id,
        job.username,
        job.platform,
        job.account_type,
    ]
    attempt = str(job.attempt)
    if job.part > 1:
        claim.append(job.part)
        attempt += f"_{job.part}"
    if job.refresh:
        claim.append(json.dumps(job.refresh, sort_keys=True))
    digest = hashlib.sha256(json.dumps(claim).encode()).hexdigest()[:_DIGEST_LENGTH]
    tail = f"-{readable(job.job_id)[:_ID_LENGTH]}-{attempt}-{digest}"
    head = f"{'r-' if job.refresh else ''}{job.platform}-{readable(_last_part(job.username)).strip('-')}"
    return head[: MAX_NAME_LENGTH - len(tail)] + tail


def is_execution_name(name: str) -> bool:
    """Return whether the name has today's form. Older versions of this system used names without a digest."""
    return digest_in(name) is not None


def digest_in(name: str) -> str | None:
    """Return the digest of an execution's name, or None if the text has not the form of one."""
    found = re.fullmatch(rf".+-([0-9a-f]{{{_DIGEST_LENGTH}}})", name)
    return found[1] if found else None


def _last_part(username: str) -> str:
    """Return the account's name from a link, without the query."""
    return re.split(r"[?#]", username.strip())[0].rstrip("/").rpartition("/")[2]


def readable(text: str) -> str:
    """Return the text with `-` in place of all but `0-9A-Za-z-_`."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in text)
