"""`/control/...`: how tests and people tell the simulator what should go wrong, and ask what it was asked."""

from __future__ import annotations

import json

from local.simulator.faults import Fault, FaultBook
from local.simulator.journal import Journal
from local.simulator.messages import Request, Response
from local.simulator.runs import Runs


class Control:
    base = "/control"

    def __init__(self, faults: FaultBook, journal: Journal, runs: Runs) -> None:
        self._faults = faults
        self._journal = journal
        self._runs = runs

    def answer(self, request: Request) -> Response:
        match request.method, request.path:
            case "POST", "/faults":
                return self._add_fault(request)
            case "DELETE", "/faults":
                self._faults.clear()
            case "GET", "/requests":
                return Response.of_json({"requests": self._journal.entries()})
            case "DELETE", "/requests":
                self._journal.clear()
            case "DELETE", "/runs":
                self._runs.clear()
            case _:
                return Response.of_json({"error": f"No such control call: {request.method} {request.path}"}, 404)
        return Response(204, b"")

    def _add_fault(self, request: Request) -> Response:
        try:
            self._faults.add(Fault.from_json(json.loads(request.body)))
        except ValueError as error:
            return Response.of_json({"error": str(error)}, 400)
        return Response(204, b"")
