"""Server of the demo page: `python -m local.page PORT FOLDER`, on this machine alone.

GET  /...   the page's files. Texts are compressed, as by the hosts of real pages. So a measurement on a slow network
            shows what users would see
POST /day   lets a day pass (`local.passing`), for this page alone: {"day": 3, "fetched": 4, "waiting": 0}, or
            {"error": a sentence}
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from local import LocalError
from tracking.errors import TrackingError

_TEXTS = {".html", ".js", ".css", ".svg"}


def pass_day() -> Mapping[str, int]:
    from local import passing, stack  # Google's client loads slowly, and the page is to be there at once

    return passing.pass_day(stack.running())._asdict()


class PageHandler(SimpleHTTPRequestHandler):
    """Sends the files of a folder; texts with gzip, if the browser takes that. `pass_day`: what `POST /day` calls."""

    server: ThreadingHTTPServer

    def __init__(self, *args: Any, pass_day: Callable[[], Mapping[str, int]] = pass_day, **kwargs: Any) -> None:
        self._pass_day = pass_day
        super().__init__(*args, **kwargs)  # handles the request

    def do_POST(self) -> None:  # the base class calls it by this name
        if self.path != "/day":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "There is nothing to post to here."})
        elif not self._is_own_page():
            self._answer(HTTPStatus.FORBIDDEN, {"error": "Only the demo page may let a day pass."})
        else:
            self._answer(*self._passed())

    def _is_own_page(self) -> bool:
        """Return whether our page asks. Browsers name the page that asks in `Origin`, and no page can change that."""
        port = self.server.server_port
        own = {f"http://{name}:{port}" for name in ("127.0.0.1", "localhost")}
        return self.headers.get("Origin") in own and f"http://{self.headers.get('Host')}" in own

    def _passed(self) -> tuple[HTTPStatus, Mapping[str, Any]]:
        try:
            return HTTPStatus.OK, self._pass_day()
        except (LocalError, TrackingError) as error:
            return HTTPStatus.CONFLICT, {"error": str(error)}
        except Exception:  # noqa: BLE001  # the page shows a sentence, and the log has the rest
            traceback.print_exc()
            sentence = "The day did not pass: `.venv/bin/tracking local logs page` says why."
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": sentence}

    def _answer(self, status: HTTPStatus, content: Mapping[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (takes_gzip and file.suffix in _TEXTS and file.is_file()):
            return super().send_head()
        body = gzip.compress(file.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        # The names of the assets contain a digest of their content; those of other files stay when they change.
        self.send_header("Cache-Control", "max-age=31536000" if file.parent.name == "assets" else "no-cache")
        self.end_headers()
        return io.BytesIO(body)


def main(port: str, folder: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", int(port)), partial(PageHandler, directory=folder)) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
