"""How checks run, and how their errors become one sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from google.api_core.exceptions import PermissionDenied
from google.auth.exceptions import RefreshError

from cli.doctor.checks import Check, Verdict, finding_of, note, run, skipped, unknown, wrong
from local import LocalError
from tracking.errors import StoreUnavailableError
from tracking.sentences import Sentence


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}}, "GetSecretValue")


def ends_with(error: Exception) -> Callable[[], str]:
    def look() -> str:
        raise error

    return look


ERRORS = [
    (note("Found.", "Mend."), Verdict.NOTE, "Found."),
    (wrong("Found."), Verdict.WRONG, "Found."),
    (unknown("Found."), Verdict.UNKNOWN, "Found."),
    (skipped("Found."), Verdict.SKIPPED, "Found."),
    (refused("AccessDenied"), Verdict.UNKNOWN, "AWS does not let you call GetSecretValue"),
    (refused("AccessDeniedException"), Verdict.UNKNOWN, "AWS does not let you call GetSecretValue"),
    (refused("ThrottlingException"), Verdict.WRONG, "AWS refused GetSecretValue: ThrottlingException, No."),
    (NoCredentialsError(), Verdict.WRONG, "Unable to locate credentials"),
    (RefreshError("a\nb"), Verdict.WRONG, "a b"),  # type: ignore[no-untyped-call]
    (PermissionDenied("Missing permissions."), Verdict.WRONG, "Google refused the call: 403 Missing permissions."),  # type: ignore[no-untyped-call]
    (httpx.ConnectError("secret in the address"), Verdict.WRONG, "no connection: ConnectError"),
    (StoreUnavailableError(Sentence("Firestore does not answer.")), Verdict.WRONG, "Firestore does not answer."),
    (LocalError("The stack is down."), Verdict.WRONG, "The stack is down."),
    (KeyError("a secret"), Verdict.WRONG, "the check itself failed: KeyError"),
]


@pytest.mark.parametrize(("error", "verdict", "found"), ERRORS, ids=lambda value: type(value).__name__)
def test_each_error_of_a_check_is_one_sentence(error: Exception, verdict: Verdict, found: str) -> None:
    finding = finding_of(Check("name", ends_with(error)))
    assert (finding.verdict, finding.found.rstrip(".")) == (verdict, found.rstrip("."))
    assert "secret" not in f"{finding.found}{finding.mend}"


def test_a_slow_check_is_wrong_and_does_not_stop_the_others() -> None:
    """The checks run at the same time, so the last one is not late. The findings keep the order of the checks."""
    hanging = threading.Event()
    checks = [
        Check("first", lambda: "a"),
        Check("hangs", lambda: str(hanging.wait(30)), limit_s=0.2),
        Check("waits", lambda: str(hanging.wait(0.1))),
    ]
    begun = time.monotonic()
    findings = list(run(checks))
    hanging.set()
    assert time.monotonic() - begun < 5
    assert [finding.name for finding in findings] == ["first", "hangs", "waits"]
    assert [finding.verdict for finding in findings] == [Verdict.OK, Verdict.WRONG, Verdict.OK]
    assert findings[1].found == "no answer within 0 s"
