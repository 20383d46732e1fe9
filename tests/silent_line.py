"""A TCP line that can go dead without a word, as a network forgets the connections of a frozen sandbox."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Line:
    """`address`: where it listens. Each connection is passed on to another port, until it is forgotten."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        self._port = port
        self._forgotten = 0  # the connections up to this number
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self.address = f"localhost:{self._listener.getsockname()[1]}"

    def forget(self) -> None:
        """Pass nothing on any more. Neither side hears of it. New connections work."""
        self._forgotten = self.connections

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                self.connections += 1
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(*ends, self.connections), daemon=True).start()

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pump(self, source: socket.socket, target: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                if number > self._forgotten:
                    target.sendall(content)


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    line = Line(port)
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    yield line
    line.close()
    thread.join()
