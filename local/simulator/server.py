"""The simulator as a server: routes, faults, the journal of requests, and sockets."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule, RuleFactory, Submount
from werkzeug.test import EnvironBuilder

from local.simulator import pictures
from local.simulator.apify import ApifyApi, Run
from local.simulator.faults import FAILURES, Fault, FaultBook, Kind
from local.simulator.messages import Call, Json, Request, answer, page
from local.simulator.names import standing_fault
from local.simulator.today import RECORDED, Today
from local.simulator.x import XApi
from local.simulator.youtube import YouTubeApi
from tracking.clock import Clock, SystemClock

Api = YouTubeApi | XApi | ApifyApi
_GATEWAY_PAGE = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""


class Simulator:
    """The simulator without its sockets. Safe to share between threads."""

    def __init__(
        self,
        apify_run_seconds: float,
        overview: str,
        clock: Clock | None = None,
        apify_items_per_second: float | None = None,
    ) -> None:
        self.url = ""
        self.stopping = threading.Event()  # ends every delay early
        self._faults = FaultBook(standing_fault)
        self._today = RECORDED
        self._journal: list[Json] = []  # of the requests, oldest first
        self._apify = ApifyApi(apify_run_seconds, self.stopping, clock or SystemClock(), apify_items_per_second)
        apis: tuple[Api, ...] = (YouTubeApi(), XApi(), self._apify)
        own: Mapping[tuple[str, str], Callable[[Request], Response | None]] = {
            ("GET", "/"): lambda _: page(overview, kind="text/plain"),
            ("GET", "/healthz"): lambda _: answer({"status": "ok"}),
            ("GET", "/pictures"): pictures.respond,
            ("POST", "/control/faults"): self._add_fault,
            ("DELETE", "/control/faults"): lambda _: self._faults.clear(),
            ("GET", "/control/requests"): lambda _: answer({"requests": [*self._journal]}),
            ("DELETE", "/control/requests"): lambda _: self._journal.clear(),
            ("DELETE", "/control/runs"): lambda _: self._apify.runs.clear(),
            ("GET", "/control/day"): lambda _: answer(self._today.to_json()),
            ("POST", "/control/day"): self._set_day,
            ("DELETE", "/control/day"): lambda _: self._begin_again(),
        }
        rules: list[RuleFactory] = [Rule(path, methods=[method], endpoint=own[method, path]) for method, path in own]
        for api in apis:
            calls = [Rule(path, methods=[method], endpoint=(api, call)) for (method, path), call in api.calls.items()]
            rules.append(Submount(api.base, [*calls, Rule("/<path:_>", endpoint=(api, None))]))
        self._routes = Map(rules, merge_slashes=False).bind("simulator")

    @property
    def apify_runs(self) -> list[Run]:
        """All runs so far, the oldest first."""
        return [*self._apify.runs]

    def respond(self, request: Request) -> Response:
        request.today = self._today
        try:
            endpoint, named = self._routes.match(request.path, request.method)
        except HTTPException:
            return answer({"error": "There is no such call; GET / lists the calls and the faults."}, 404)
        if isinstance(endpoint, tuple):
            api, call = endpoint
            return self._journaled(api, request, call, named if call else {})
        return endpoint(request) or Response(status=204)

    def _journaled(self, api: Api, request: Request, call: Call | None, named: Mapping[str, str]) -> Response:
        """Add the request to the journal, answer it, and then add the answer's status to its entry."""
        subject = api.subject(request, **named)
        entry: Json = {
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "method": request.method,
            "path": request.path,
            "query": masked_query(request),
            "body": request.get_json(force=True, silent=True),
            "platform": subject.platform,
            "username": subject.username,
            "faults": [],
            "status": None,
        }
        self._journal.append(entry)
        refusal = api.refusal(request)
        faults = [] if refusal else self._faults.take(subject, request.path)
        response = refusal or self._answer(api, request, call, named, faults)
        entry.update(status=response.status_code, faults=[str(fault.kind) for fault in faults])
        return response

    def _answer(
        self, api: Api, request: Request, call: Call | None, named: Mapping[str, str], faults: list[Fault]
    ) -> Response:
        if delay_s := sum(fault.seconds for fault in faults):
            self.stopping.wait(delay_s)
        fault = next((fault for fault in faults if fault.kind is not Kind.SLOW), None)
        if fault and fault.kind in FAILURES:
            return _failure(api, fault)
        try:
            response = call(request, fault and fault.kind, **named) if call else api.unknown()
        except HTTPException as refused:
            response = refused.get_response(request.environ)
        if fault and fault.kind is Kind.TRUNCATED:
            response.set_data(response.get_data()[: len(response.get_data()) // 2])
        return response

    def _set_day(self, request: Request) -> Response | None:
        try:
            self._today = Today.from_json(json.loads(request.get_data()))
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        return None

    def _begin_again(self) -> None:
        self._today = RECORDED

    def _add_fault(self, request: Request) -> Response | None:
        try:
            self._faults.add(Fault.from_json(json.loads(request.get_data())))
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        return None


def _failure(api: Api, fault: Fault) -> Response:
    if fault.kind is Kind.HTML:
        return page(_GATEWAY_PAGE, fault.status or 502)
    response = api.failure(fault)
    # X never sends Retry-After. Its 429 gives the time in x-rate-limit-reset.
    if fault.retry_after is not None and "x-rate-limit-reset" not in response.headers:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def masked_query(request: Request) -> dict[str, str]:
    return {name: "***" if name in ("key", "token") else value for name, value in request.query.items()}


class _Handler(BaseHTTPRequestHandler):
    """A handler that keeps connections open, as the platforms do. Werkzeug's own server closes each of them."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "PlatformSimulator"
    disable_nagle_algorithm = True
    wbufsize = -1  # status, headers and body are sent together

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = EnvironBuilder(self.path, method=self.command, headers=[*self.headers.items()], data=body)
        request = Request(sent.get_environ())
        response = self.server.simulator.respond(request)
        self.send_response(response.status_code)
        for name, value in response.get_wsgi_headers(request.environ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.get_data())
        query = urlencode(masked_query(request), safe="*,@")
        self.server.log(f"{request.method} {request.path}{'?' if query else ''}{query} -> {response.status_code}")

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # names given by the base class

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Write nothing: the base class would write the whole request line, keys included."""


class _Server(ThreadingHTTPServer):
    """A server that ends at once: it closes open connections without waiting, and joins every thread."""

    daemon_threads = False  # joined by server_close
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulator, log: Callable[[str], None]) -> None:
        self.simulator = simulator
        self.log = log
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print errors of the simulator. A client that closes its connection is not such an error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.simulator.stopping.set()
        self.shutdown()
        for connection in self._connections.copy():
            with suppress(OSError):  # closed by the other side
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


@contextmanager
def running(
    port: int = 0,
    *,
    apify_run_seconds: float = 1.0,
    log: Callable[[str], None] = lambda _line: None,
) -> Iterator[Simulator]:
    """Run a simulator in a thread of this process. Port 0 takes any free port. OSError if the port is taken."""
    from local import simulator

    served = Simulator(apify_run_seconds, simulator.__doc__ or "")
    server = _Server(("127.0.0.1", port), served, log)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator")
    thread.start()
    try:
        yield served
    finally:
        server.stop()
        thread.join()
