"""Loading the current rules into an emulator that already runs."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local import LocalError, firestore
from tracking.settings import DEFAULT_DATABASE

RULES = "rules_version = '2'; service cloud.firestore { match /databases/{db}/documents { %s } }"


@pytest.fixture
def rules(tmp_path: Path, emulator: str) -> Iterator[Path]:
    yield tmp_path / "some.rules"
    firestore.load_rules(emulator)


def status(emulator: str) -> int:
    """Read a document as a visitor who is not signed in, and return the answer's status."""
    documents = f"http://{emulator}/v1/projects/{firestore.PROJECT}/databases/(default)/documents"
    return httpx.get(f"{documents}/notes/1", trust_env=False).status_code


def test_changed_rules_hold_at_once(emulator: str, rules: Path) -> None:
    before = status(emulator)
    rules.write_text(RULES % "match /{any=**} { allow read; }")
    firestore.load_rules(emulator, rules)
    assert (before, status(emulator)) == (403, 404)


@pytest.mark.parametrize("database", [DEFAULT_DATABASE, "tracking-2"])
def test_our_rules_hold_in_a_named_database_too(emulator: str, database: str) -> None:
    """A signed-in user may ask for a job that is gone, and a visitor may not."""
    firestore.load_rules(emulator)
    claims = {"alg": "none"}, {"sub": "ada", "user_id": "ada", "aud": firestore.PROJECT}
    token = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in claims)
    job = f"http://{emulator}/v1/projects/{firestore.PROJECT}/databases/{database}/documents/trackingJobs/gone"
    answers = [
        httpx.get(job, headers=headers, trust_env=False, timeout=30).status_code
        for headers in ({}, {"Authorization": f"Bearer {token}."})
    ]
    assert answers == [403, 404]


def test_rules_that_cannot_be_read_are_refused_with_their_line(emulator: str, rules: Path) -> None:
    rules.write_text(RULES % "match /notes/{id} { allow read: if maybe(; }")
    with pytest.raises(LocalError, match=r"^some\.rules cannot be used: .*L1:"):
        firestore.load_rules(emulator, rules)
    assert status(emulator) == 403
