"""Server of the demo page's files: `python -m local.page PORT FOLDER`, on this machine alone.

Texts are compressed, as by the hosts of real pages. So a measurement on a slow network shows what users would see.
"""

from __future__ import annotations

import gzip
import io
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

_TEXTS = {".html", ".js", ".css", ".svg"}


class PageHandler(SimpleHTTPRequestHandler):
    """Sends the files of a folder; texts with gzip, if the browser takes that."""

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
