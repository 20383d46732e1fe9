"""Checks of an account: their verdicts, and how they run at the same time, each within its time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError

from local import LocalError
from tracking.errors import TrackingError
from tracking.settings import SettingsError

LIMIT_S = 20.0

# AWS names the same refusal differently from service to service:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_NOT_ALLOWED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"  # it works; the operator should know something
    WRONG = "wrong"
    UNKNOWN = "not known"  # we may not look, or an earlier check must pass first
    SKIPPED = "skipped"  # it makes no sense here


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `found`: one sentence, without any key. `mend`: how to mend it; may be empty."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


class FindingError(Exception):
    """Ends a check with another verdict than OK."""

    def __init__(self, verdict: Verdict, found: str, mend: str = "") -> None:
        super().__init__(found)
        self.verdict = verdict
        self.found = found
        self.mend = mend


def note(found: str, mend: str = "") -> FindingError:
    return FindingError(Verdict.NOTE, found, mend)


def wrong(found: str, mend: str = "") -> FindingError:
    return FindingError(Verdict.WRONG, found, mend)


def unknown(found: str, mend: str = "") -> FindingError:
    return FindingError(Verdict.UNKNOWN, found, mend)


def skipped(reason: str) -> FindingError:
    return FindingError(Verdict.SKIPPED, reason)


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `look` returns what is there if all is well, and raises FindingError otherwise."""

    name: str
    look: Callable[[], str]
    limit_s: float = LIMIT_S


def run(checks: Sequence[Check]) -> Iterator[Finding]:
    """Run all checks at the same time, and yield their findings in the order of the checks.

    A check that takes longer than its limit is wrong, and goes on in a thread that does not keep the program alive.
    """
    findings: dict[Check, Finding] = {}

    def note_finding(check: Check) -> None:
        findings[check] = finding_of(check)

    threads = [threading.Thread(target=note_finding, args=[check], daemon=True, name=check.name) for check in checks]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for check, thread in zip(checks, threads, strict=True):
        thread.join(max(0.0, begun + check.limit_s - time.monotonic()))
        late = Finding(check.name, Verdict.WRONG, f"no answer within {check.limit_s:.0f} s", "try again")
        yield findings.get(check, late)


def finding_of(check: Check) -> Finding:
    """Run a check. An error becomes one sentence."""
    try:
        return Finding(check.name, Verdict.OK, check.look())
    except Exception as error:  # noqa: BLE001 - a mistake in one check must not stop the others
        told = _told(error)
    return Finding(check.name, told.verdict, told.found, told.mend)


def _told(error: Exception) -> FindingError:
    match error:
        case FindingError():
            return error
        case ClientError() if error.response["Error"]["Code"] in _NOT_ALLOWED:
            mend = f"allow your AWS user the action {error.operation_name}, or look in the console"
            return unknown(f"AWS does not let you call {error.operation_name}", mend)
        case ClientError():
            said = error.response["Error"]
            return wrong(f"AWS refused {error.operation_name}: {said['Code']}, {said.get('Message', '')}".rstrip(", "))
        case BotoCoreError() | GoogleAuthError():
            return wrong(_first_line(error))
        case httpx.HTTPError():
            return wrong(f"no connection: {type(error).__name__}", "check the network, and the address")
        case GoogleAPICallError():
            return wrong(f"Google refused the call: {_first_line(error)}")
        case TrackingError() | SettingsError() | LocalError():
            return wrong(str(error))
    return wrong(f"the check itself failed: {type(error).__name__}", "report this")


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
