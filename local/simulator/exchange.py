"""From a request to its answer: credentials, the journal, faults, then the platform's API itself."""

from __future__ import annotations

import threading
from typing import Protocol

from local.simulator.apify import ApifyApi
from local.simulator.control import Control
from local.simulator.faults import FAILURES, Fault, FaultBook, Kind
from local.simulator.journal import Journal
from local.simulator.messages import Refused, Request, Response, Subject
from local.simulator.names import SimName
from local.simulator.runs import Runs
from local.simulator.x import XApi
from local.simulator.youtube import YouTubeApi

_GATEWAY_PAGE = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""


class PlatformApi(Protocol):
    base: str  # the path that it is mounted at, version included

    def refusal(self, request: Request) -> Response | None:
        """The answer to missing or wrong credentials."""
        ...

    def subject(self, request: Request) -> Subject: ...

    def failure(self, fault: Fault) -> Response:
        """How this platform says 500, 503, 429 and "quota used up"."""
        ...

    def answer(self, request: Request, mode: Kind | None) -> Response:
        """May raise Refused. `mode` is how the account is met; None: as it is."""
        ...


def _standing_fault(username: str) -> Fault | None:
    sim = SimName.parse(username)
    return sim.standing_fault if sim else None


class Exchange:
    """Everything but the sockets. Safe to share between threads."""

    def __init__(self, *, apify_run_seconds: float, overview: str) -> None:
        self.stopping = threading.Event()  # cuts every delay short
        self.faults = FaultBook(_standing_fault)
        self.journal = Journal()
        self.runs = Runs(apify_run_seconds)
        self._control = Control(self.faults, self.journal, self.runs)
        self._platforms: tuple[PlatformApi, ...] = (YouTubeApi(), XApi(), ApifyApi(self.runs, self.stopping))
        self._overview = overview

    def respond(self, request: Request) -> Response:
        for platform in self._platforms:
            if request.path.startswith(f"{platform.base}/"):
                return self._journaled(platform, request)
        if request.path.startswith(f"{Control.base}/"):
            return self._control.answer(request.below(Control.base))
        match request.method, request.path:
            case "GET", "/":
                return Response.of_text(self._overview)
            case "GET", "/healthz":
                return Response.of_json({"status": "ok"})
        return Response.of_json({"error": "No API is mounted here; GET / lists them."}, 404)

    def _journaled(self, platform: PlatformApi, request: Request) -> Response:
        inner = request.below(platform.base)
        subject = platform.subject(inner)
        entry = self.journal.open(request, subject)
        refusal = platform.refusal(inner)
        faults = [] if refusal else self.faults.take(subject, inner)
        response = refusal or self._answer(platform, inner, faults)
        self.journal.close(entry, response.status, (fault.kind for fault in faults))
        return response

    def _answer(self, platform: PlatformApi, request: Request, faults: list[Fault]) -> Response:
        delay_s = sum(fault.seconds for fault in faults)
        if delay_s:
            self.stopping.wait(delay_s)
        fault = next((fault for fault in faults if fault.kind is not Kind.SLOW), None)
        if fault is not None and fault.kind in FAILURES:
            return _failure(platform, fault)
        try:
            response = platform.answer(request, fault.kind if fault else None)
        except Refused as refused:
            response = refused.response
        return response.truncated() if fault is not None and fault.kind is Kind.TRUNCATED else response


def _failure(platform: PlatformApi, fault: Fault) -> Response:
    if fault.kind is Kind.HTML:
        return Response.of_text(_GATEWAY_PAGE, fault.status or 502, "text/html")
    response = platform.failure(fault)
    # X never sends this header: its 429 says when in x-rate-limit-reset.
    if fault.retry_after_s is not None and "x-rate-limit-reset" not in response.headers:
        return response.with_headers({"Retry-After": str(fault.retry_after_s)})
    return response
