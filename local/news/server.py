"""The server of the receiver, the inbox and their page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import httpx
from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.news.mailbox import SEND, Mail, Mailbox
from local.news.receiver import Answer, Receiver

_PAGE = Path(__file__).parent / "page"
_FILES = {"/": "index.html", "/inbox.css": "inbox.css", "/inbox.js": "inbox.js", "/icon.svg": "icon.svg"}
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_MOST_BYTES = 12_000_000
"""Of a request. SES takes mails of up to 10 MB without asking."""
# The page loads nothing from elsewhere; mails lie in frames of their own.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'"
)
# A mail runs no script and loads nothing; its links open in a new tab.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


class Passed(NamedTuple):
    """The answer of the AWS stand-in."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


PassOn = Callable[[Request, bytes], Passed]
Press = Callable[[str], int]
"""Posts to the link of a List-Unsubscribe, and returns the status."""


class NewsServer:
    """The server without its sockets. Safe to share between threads. `pass_on`: calls SES behind it."""

    def __init__(self, pass_on: PassOn, press: Press, sleep: Callable[[float], None] = time.sleep) -> None:
        self.receiver = Receiver()
        self.mailbox = Mailbox()
        self._pass_on = pass_on
        self._press = press
        self._sleep = sleep
        self._calls: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/healthz"): lambda _: _json({"status": "ok"}),
            ("GET", "/state"): self._state,
            ("POST", "/webhooks"): self._receive,
            ("GET", "/webhooks"): self._received,
            ("DELETE", "/webhooks"): lambda _: _done(self.receiver.forget),
            ("GET", "/receivers"): lambda _: _json({"receivers": self.receiver.addresses()}),
            ("POST", "/receivers"): self._register,
            ("POST", "/behaviour"): self._behave,
            ("GET", "/mails"): lambda _: _json({"mails": [mail.to_json() for mail in self.mailbox.mails()]}),
            ("DELETE", "/mails"): lambda _: _done(self.mailbox.forget),
        }

    def respond(self, request: Request) -> Response:
        request.max_content_length = _MOST_BYTES
        if not _is_of_this_machine(request):
            return _json({"error": "Only pages of this server may ask."}, 403)
        if request.path.startswith("/v2/email/"):
            return self._send(request)
        if request.method == "GET" and request.path in _FILES:
            return _file(_FILES[request.path])
        if request.path.startswith("/mails/"):
            return self._of_mail(request)
        call = self._calls.get((request.method, request.path))
        if call is None:
            return _json({"error": "There is no such call: local/news/__init__.py lists them."}, 404)
        try:
            return call(request)
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    def _state(self, request: Request) -> Response:
        """Return all that the page shows, or 204 if it has it already: `since` is the `version` that it has."""
        version = f"{self.receiver.changes}-{self.mailbox.changes}"
        if request.args.get("since") == version:
            return Response(status=204)
        return _json(
            {
                "version": version,
                "mails": [mail.to_json() for mail in self.mailbox.mails()],
                "webhooks": [one.to_json() for one in self.receiver.received()],
                "receivers": self.receiver.addresses(),
            }
        )

    def _receive(self, request: Request) -> Response:
        url = request.args.get("url")
        if not url:
            raise ValueError("`url` says for whom the webhook is.")
        answer = self.receiver.receive(url, request.headers.items(), request.get_data())
        self._sleep(answer.delay_s)
        return Response(f"{answer.status}\n", answer.status, answer.headers, content_type="text/plain")

    def _received(self, request: Request) -> Response:
        return _json({"webhooks": [one.to_json() for one in self.receiver.received(request.args.get("url"))]})

    def _register(self, request: Request) -> Response:
        content = _content(request)
        url, secret = content.get("url"), content.get("secret")
        if not isinstance(url, str) or not url or not isinstance(secret, str):
            raise ValueError("A receiver has a url and a secret.")
        return _done(lambda: self.receiver.register(url, secret.strip()))

    def _behave(self, request: Request) -> Response:
        content = _content(request)
        url, answers = content.get("url"), content.get("answers")
        if not isinstance(url, str) or not url or not isinstance(answers, list):
            raise ValueError("A behaviour has a url and a list of answers.")
        found = [Answer.from_json(answer) for answer in answers]
        return _done(lambda: self.receiver.behave(url, found))

    def _send(self, request: Request) -> Response:
        body = request.get_data()
        passed = self._pass_on(request, body)
        if (request.method, request.path) == ("POST", SEND):
            self.mailbox.keep(body, passed.status, passed.body)
        return Response(passed.body, passed.status, passed.headers)

    def _of_mail(self, request: Request) -> Response:
        _, _, number, *rest = request.path.split("/")
        mail = self.mailbox.mail(int(number)) if number.isdecimal() else None
        if mail and (request.method, rest) == ("GET", ["html"]):
            return self._html(mail)
        if mail and (request.method, rest) == ("POST", ["unsubscribe"]) and mail.unsubscribe_url:
            return _json({"status": self._press(mail.unsubscribe_url)})
        return _json({"error": "There is no such mail, or it offers nothing like that."}, 404)

    @staticmethod
    def _html(mail: Mail) -> Response:
        answer = Response(f'<base target="_blank">{mail.html}', content_type="text/html; charset=utf-8")
        answer.headers["Content-Security-Policy"] = _MAIL_POLICY
        return answer


def passing_on(ses: str) -> PassOn:
    """Return a function that passes requests on to the SES at this address. An address that is silent answers 503."""
    client = httpx.Client(trust_env=False, timeout=30)

    def pass_on(request: Request, body: bytes) -> Passed:
        left_out = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in left_out]
        try:
            answer = client.request(
                request.method, f"{ses}{request.full_path.rstrip('?')}", headers=headers, content=body
            )
        except httpx.HTTPError as error:
            return Passed(503, [("Content-Type", "application/json")], json.dumps({"message": str(error)}).encode())
        kept = [(k, v) for k, v in answer.headers.items() if k.lower().startswith("x-amzn") or k == "content-type"]
        return Passed(answer.status_code, kept, answer.content)

    return pass_on


def press(url: str) -> int:
    """Post to a link as mail programs do, and return the status; 503 if nobody answers.

    MiniStack gives its APIs names that end in .localhost. Browsers know that this is the machine itself, and a name
    server may not.
    """
    link = httpx.URL(url)
    headers = {"Host": link.netloc.decode()}
    if link.host.endswith(".localhost"):
        link = link.copy_with(host="127.0.0.1")
    try:
        body = {"List-Unsubscribe": "One-Click"}
        return httpx.post(link, data=body, headers=headers, trust_env=False, timeout=30).status_code
    except httpx.HTTPError:
        return 503


@contextmanager
def running(ses: str, port: int = 0) -> Iterator[tuple[NewsServer, str]]:
    """Run the server in a thread of this process, and yield it with its address. `ses`: the address of the stand-in."""
    served = NewsServer(passing_on(ses), press)
    server = listening(served, port)
    thread = Thread(target=server.serve_forever, name="news", daemon=True)
    thread.start()
    try:
        yield served, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def listening(served: NewsServer, port: int) -> BaseWSGIServer:
    """Return a server that listens on this machine alone."""
    application = Request.application(served.respond)
    return make_server("127.0.0.1", port, application, threaded=True, request_handler=_Handler)


class _Handler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002  # the base class's
        """Write a line for what is sent. The page asks each second, and that would fill the log."""
        if self.command != "GET":
            self.log("info", '"%s %s" %s', self.command, self.path.partition("?")[0], code)


def _is_of_this_machine(request: Request) -> bool:
    """Return whether no foreign page asks: by a form, or under a name of its own that leads to this machine."""
    own = {f"{name}:{request.environ.get('SERVER_PORT')}" for name in ("127.0.0.1", "localhost")}
    origin = request.headers.get("Origin")
    return request.host in own and (origin is None or origin.removeprefix("http://") in own)


def _content(request: Request) -> dict[str, Any]:
    content = json.loads(request.get_data() or b"null")
    if not isinstance(content, dict):
        raise ValueError("The body is no JSON object.")  # noqa: TRY004  # a caller's mistake, answered by 400
    return content


def _json(content: Any, status: int = 200) -> Response:
    answer = Response(json.dumps(content), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _done(call: Callable[[], None]) -> Response:
    call()
    return Response(status=204)


def _file(name: str) -> Response:
    kind = _KINDS[name.rpartition(".")[2]]
    answer = Response((_PAGE / name).read_bytes(), content_type=f"{kind}; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Cache-Control"] = "no-cache"
    return answer
