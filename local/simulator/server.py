"""The simulator on a socket."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from local.simulator.exchange import Exchange
from local.simulator.faults import Fault
from local.simulator.journal import masked_query
from local.simulator.messages import Json, Request

Log = Callable[[str], None]


class _Server(ThreadingHTTPServer):
    """Ends at once: open connections are shut rather than waited for, and every thread is joined."""

    daemon_threads = False  # joined by server_close
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], exchange: Exchange, log: Log) -> None:
        self.exchange = exchange
        self.log = log
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no news; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.exchange.stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._connections:
                _shut(connection)
        self.server_close()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "PlatformSimulator"
    disable_nagle_algorithm = True
    wbufsize = -1  # status, headers and body leave together

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request.from_target(self.command, self.path, dict(self.headers.items()), body)
        response = self.server.exchange.respond(request)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
        query = urlencode(masked_query(request), safe="*,@")
        self.server.log(f"{request.method} {request.path}{'?' if query else ''}{query} -> {response.status}")

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # names given by the base class

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """The base class would write the whole request line, keys included."""


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator, for tests in the same process."""

    url: str
    exchange: Exchange

    @property
    def youtube_url(self) -> str:
        return f"{self.url}/youtube/v3"

    @property
    def x_url(self) -> str:
        return f"{self.url}/x/2"

    @property
    def apify_url(self) -> str:
        return f"{self.url}/apify/v2"

    def fault(self, kind: str, **fields: Any) -> None:
        """What `POST /control/faults` takes; raises ValueError for what it would refuse."""
        self.exchange.faults.add(Fault.from_json({"kind": kind, **fields}))

    def clear_faults(self) -> None:
        self.exchange.faults.clear()

    def requests(self, **matching: object) -> list[Json]:
        """What was asked, oldest first; `requests(platform="tiktok", method="POST")` is the TikTok runs started."""
        entries = self.exchange.journal.entries()
        return [entry for entry in entries if all(entry[key] == value for key, value in matching.items())]

    def clear_requests(self) -> None:
        self.exchange.journal.clear()

    def reset(self) -> None:
        """As after a start: no faults told, none counted, no requests, no runs."""
        self.clear_faults()
        self.clear_requests()
        self.exchange.runs.clear()


def _silent(_line: str) -> None:
    """No access log."""


@contextmanager
def running(
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    apify_run_seconds: float = 1.0,
    log: Log = _silent,
) -> Iterator[Simulator]:
    """A simulator in a thread of this process, on a free port unless told. Raises OSError if the port is taken."""
    from local import simulator

    exchange = Exchange(apify_run_seconds=apify_run_seconds, overview=simulator.__doc__ or "")
    server = _Server((host, port), exchange, log)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator")
    thread.start()
    try:
        yield Simulator(f"http://{host}:{server.server_port}", exchange)
    finally:
        server.stop()
        thread.join()
