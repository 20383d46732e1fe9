"""Loading the current rules into an emulator that already runs."""

from __future__ import annotations

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


def status(emulator: str, database: str = DEFAULT_DATABASE) -> int:
    """Read a document as a visitor who is not signed in, and return the answer's status."""
    documents = f"http://{emulator}/v1/projects/{firestore.PROJECT}/databases/{database}/documents"
    return httpx.get(f"{documents}/notes/1", trust_env=False).status_code


def test_changed_rules_hold_at_once(emulator: str, rules: Path) -> None:
    before = status(emulator)
    rules.write_text(RULES % "match /{any=**} { allow read; }")
    firestore.load_rules(emulator, rules)
    assert (before, status(emulator)) == (403, 404)


def test_rules_hold_in_a_named_database(emulator: str) -> None:
    assert status(emulator, "tracking-2") == 403


def test_rules_that_cannot_be_read_are_refused_with_their_line(emulator: str, rules: Path) -> None:
    rules.write_text(RULES % "match /notes/{id} { allow read: if maybe(; }")
    with pytest.raises(LocalError, match=r"^some\.rules cannot be used: .*L1:"):
        firestore.load_rules(emulator, rules)
    assert status(emulator) == 403
