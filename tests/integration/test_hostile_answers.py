"""A server that holds a call, or fills the memory: the call ends by its limits, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from local.paths import ROOT
from tracking.clients import http_client
from tracking.clock import SystemClock
from tracking.errors import ContractError, PlatformUnavailableError
from tracking.platforms import Setup, http
from tracking.platforms.http import Credential, JsonApi
from tracking.settings import PlatformSettings

LIMIT_S = 1.0
CHUNK = 64_000

Serve = Callable[[socket.socket], None]


def drip_headers(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000):
        client.sendall(f"X-{number}: a\r\n".encode())
        time.sleep(0.1)


def drip_early_hints(client: socket.socket) -> None:
    for _ in range(1_000):
        client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        time.sleep(0.1)


def drip_body(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1_000):
        client.sendall(b" ")
        time.sleep(0.1)


def say_nothing(client: socket.socket) -> None:
    client.recv(1)
    time.sleep(100)


def send_without_end(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        client.sendall(f"{CHUNK:x}\r\n".encode() + b" " * CHUNK + b"\r\n")


def send_a_bomb(client: socket.socket) -> None:
    """Send a gigabyte of blanks, which gzip packs into a megabyte. It is packed piece by piece, to save memory here."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(1_000)) + packer.flush()
    assert len(bomb) < 1_100_000
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    client.sendall(head.encode() + bomb)


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Serve one call after another on a port of this machine, and yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        is_over = threading.Event()

        def accept() -> None:
            while not is_over.is_set():
                with contextlib.suppress(OSError):
                    client, _ = listening.accept()
                    clients.append(client)
                    threading.Thread(target=one, args=(client,), daemon=True).start()

        def one(client: socket.socket) -> None:
            with contextlib.suppress(OSError):
                serve(client)

        clients: list[socket.socket] = []
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            is_over.set()
            thread.join()
            for client in clients:
                client.close()


def call(address: str) -> None:
    clock = SystemClock()
    setup = Setup(http=http_client(), settings=PlatformSettings(), key=lambda: "key", clock=clock)
    api = JsonApi("X", address, setup, credential=lambda _: Credential(), errors=lambda _status, _body: None)
    api.call("GET", "/", clock.now() + timedelta(seconds=600))


@pytest.mark.parametrize("serve", [drip_headers, drip_early_hints, drip_body, say_nothing])
def test_a_server_that_drips_is_left_at_the_limit_of_a_call(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HTTP_TIMEOUT_S", LIMIT_S)
    began = time.monotonic()
    with serving(serve) as address, pytest.raises(PlatformUnavailableError):
        call(address)
    assert LIMIT_S <= time.monotonic() - began < 5 * LIMIT_S


@pytest.mark.parametrize("serve", [send_without_end, send_a_bomb])
def test_a_huge_answer_is_refused_and_takes_little_memory(serve: Serve) -> None:
    with serving(serve) as address:
        tracemalloc.start()
        try:
            with pytest.raises(ContractError) as refused:
                call(address)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert refused.value.__notes__ == ["GET /: more than 32,000,000 bytes"]
    assert peak < 200_000_000  # 32 MB that are read already, and one read of 64 KB, unpacked


# Reads three pages of a dataset. Each page has the most MB, and as many values as are accepted; the rest is one string.
# An emoji makes Python keep four bytes for each character of the text.
READ_THE_WORST_PAGES = """
import itertools, resource, sys
from datetime import timedelta

import httpx

from tracking.clock import SystemClock
from tracking.platforms import Bounds, Setup, http
from tracking.platforms.apify import Apify, Run
from tracking.settings import PlatformSettings

settings, clock, numbers = PlatformSettings(), SystemClock(), itertools.count(10)
DEPTH = 900
MOST = http._MAX_VALUES - 10

def nested():
    return (b'{"":' * DEPTH + b"0" + b"}" * DEPTH + b",") * (MOST // (DEPTH + 1))

def named():
    return b"".join(f'{{"\u0101{name:x}":"\u0101"}},'.encode() for name in range(MOST // 2))

objects = {"nested": nested, "named": named}[sys.argv[1]]()

def worst(number):
    start = f'[{number},'.encode() + objects + '"\U0001f600'.encode()
    return start + b"x" * (settings.max_answer_mb * 1_000_000 - len(start) - 2) + b'"]'

def serve(request):
    total = {"x-apify-pagination-total": "600"}
    return httpx.Response(200, headers=total, stream=httpx.ByteStream(worst(next(numbers))))

with httpx.Client(transport=httpx.MockTransport(serve)) as client:
    apify = Apify(Setup(http=client, settings=settings, key=lambda: "key", clock=clock), "https://apify.test")
    run = Run(run_id="r", status="SUCCEEDED", dataset_id="d", store_id="s", started_at=None)
    bounds = Bounds(deadline=clock.now() + timedelta(seconds=600), max_videos=5000)
    count = 0
    for items, _, _ in itertools.islice(apify.item_pages(run, bounds), 2):  # this server never ends
        count += len(items)
        del items
assert count > 2_000, count
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("objects", ["nested", "named"])
def test_worst_pages_of_a_dataset_fit_into_the_memory(objects: str) -> None:
    """The process function has 1,024 MB. A page is gone before the next one comes."""
    script = [sys.executable, "-c", READ_THE_WORST_PAGES, objects]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 800  # MB
